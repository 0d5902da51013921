//! People and tokens, made on the command line beside a running service.

use serde_json::json;

use crate::support::Kind;
use crate::support::people::PASSWORD;

use super::Program;

const CREATE: [&str; 9] = [
    "user",
    "create",
    "--name",
    "Ada Admin",
    "--email",
    "ada@example.com",
    "--role",
    "administrator",
    "--role",
];

async fn people_and_tokens(kind: Kind) {
    let program = Program::new(kind).await;
    let mut args = CREATE.to_vec();
    args.extend(["reviewer", "--password-stdin"]);
    // Before the first start, and then beside the running service.
    program.said(&args, &format!("{PASSWORD}\n"));
    assert!(program.refused(&args[..args.len() - 1]).contains("address"), "taken");
    let service = program.serve("info");
    let token = program.said(
        &[
            "token",
            "create",
            "--name",
            "script",
            "--scope",
            "checks:read",
            "--scope",
            "admin",
            "--expires",
            "90d",
        ],
        "",
    );
    assert!(token.starts_with("aat_") && token.lines().count() == 1, "{token}");
    let script = service.bearer(&token);
    assert_eq!(script.get("checks").await.0, 200);
    let (_, me) = script.get("session").await;
    assert_eq!((&me["name"], &me["permissions"]), (&json!("Ada Admin"), &json!(["checks:read", "admin"])));
    assert!(me["expires_at"].is_string());
    let link = program
        .said(&["user", "create", "--name", "Rob", "--email", "rob@example.com", "--role", "reviewer"], "");
    let secret = link.split_once("/approval-apps/welcome#").expect("a link").1;
    let stranger = service.asker(reqwest::Client::builder().no_proxy().build().unwrap());
    assert_eq!(stranger.post("links/inspect", &json!({"token": secret})).await.1["kind"], "invitation");
    program.said(&["user", "reset-link", "rob@example.com"], "");
    assert_eq!(stranger.post("links/inspect", &json!({"token": secret})).await.0, 404, "replaced");
    let listed = program.said(&["user", "list"], "");
    assert!(listed.contains("ada@example.com\tAda Admin\treviewer,administrator\tactive"), "{listed}");
    assert!(listed.contains("rob@example.com\tRob\treviewer\tinvited"), "{listed}");
    program.said(&["user", "disable", "rob@example.com"], "");
    assert!(program.said(&["user", "list"], "").contains("\toff"));
    assert!(program.refused(&["user", "disable", "ada@example.com"]).contains("administrator"));
    let listed = program.said(&["token", "list"], "");
    assert!(listed.contains("script\tAda Admin\tchecks:read admin"), "{listed}");
    assert!(!listed.contains(&token));
    program.said(&["token", "revoke", listed.split('\t').next().unwrap()], "");
    assert_eq!(script.get("checks").await.0, 401);
    program.said(
        &[
            "user",
            "create",
            "--name",
            "Second",
            "--email",
            "second@example.com",
            "--role",
            "administrator",
            "--password-stdin",
        ],
        PASSWORD,
    );
    let refused = program.refused(&["token", "create", "--name", "x", "--scope", "admin"]);
    assert!(refused.contains("ada@example.com, second@example.com"), "{refused}");
    let second = program
        .said(&["token", "create", "--name", "x", "--scope", "admin", "--for", "second@example.com"], "");
    assert_eq!(service.bearer(&second).get("people").await.0, 200);
    assert!(
        program
            .refused(&[
                "token",
                "create",
                "--name",
                "x",
                "--scope",
                "checks:decide",
                "--for",
                "second@example.com"
            ])
            .contains("person")
    );
    assert!(
        program
            .refused(&["token", "create", "--name", "x", "--scope", "checks:all"])
            .contains("checks:decide")
    );
    let weak = program.run(
        &[
            "user",
            "create",
            "--name",
            "W",
            "--email",
            "w@example.com",
            "--role",
            "viewer",
            "--password-stdin",
        ],
        "short\n",
    );
    assert!(!weak.status.success());
    program.said(&["secrets", "rotate"], "");
    assert_eq!(service.bearer(&second).get("people").await.0, 200);
    service.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_only_looks_makes_no_database() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let program = Program::new(kind).await;
        for looking in [
            &["user", "list"][..],
            &["token", "list"],
            &["audit", "export"],
            &["user", "disable", "a@example.com"],
        ] {
            let why = program.refused(looking);
            assert!(
                why.contains("there is no database of this program at") && why.contains("yet"),
                "{looking:?}: {why}"
            );
        }
        let examined = program.run(&["doctor"], "");
        let found = String::from_utf8(examined.stdout).unwrap();
        assert!(
            !examined.status.success() && found.contains("FAIL  database: there is no database"),
            "{found}"
        );
        assert!(found.contains("start the service, or say where it is"), "{found}");
        assert!(found.contains("GitLab"), "the rest is looked at: {found}");
        if matches!(kind, Kind::Sqlite) {
            assert!(!program.database.file().exists());
        }
        program.said(
            &["user", "create", "--name", "Ada", "--email", "ada@example.com", "--role", "administrator"],
            "",
        );
        assert!(program.said(&["user", "list"], "").contains("ada@example.com"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_tokens_are_made_beside_a_running_service_on_sqlite() {
    people_and_tokens(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_tokens_are_made_beside_a_running_service_on_postgresql() {
    people_and_tokens(Kind::Postgres).await;
}
