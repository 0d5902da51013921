//! The command line: people and tokens beside a running service, the first start, and what is never
//! written to a log.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::people::{PASSWORD, client_with};
use crate::support::{Asker, Database, Kind, SECRET, TOKEN};

/// The program with a database of its own.
struct Program {
    database: Database,
    folder: std::path::PathBuf,
}

impl Program {
    async fn new(kind: Kind) -> Self {
        let folder = std::env::temp_dir().join(format!("approval-app-cli-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { database: Database::create(kind).await, folder }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_approval-app"));
        command.args(args).current_dir(&self.folder).env("APPROVAL_DATABASE_URL", &self.database.url);
        command
    }

    fn run(&self, args: &[&str], input: &str) -> Output {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// What a command that must succeed prints.
    fn said(&self, args: &[&str], input: &str) -> String {
        let output = self.run(args, input);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// What a command that must fail complains of.
    fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args, "");
        assert!(!output.status.success(), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn serve(&self, log: &str) -> Service {
        let mut child = self
            .command(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .env("APPROVAL_GITLAB_URL", "http://127.0.0.1:9")
            .env("APPROVAL_GITLAB_TOKEN", TOKEN)
            .env("APPROVAL_HMAC_SECRET", SECRET)
            .env("RUST_LOG", log)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = child.stderr.take().unwrap();
        let logged = std::thread::spawn(move || {
            let mut text = Vec::new();
            errors.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = said
            .by_ref()
            .find_map(|line| line.split_once("reviewers open").map(|(_, rest)| rest.trim().to_owned()));
        let base = first.expect("it says where").trim_end_matches('/').to_owned();
        Service { base, said: Box::new(said), logged: Some(logged), child }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // What is left in the folder for temporary files hurts nobody.
        let _left = std::fs::remove_dir_all(&self.folder);
    }
}

struct Service {
    base: String,
    said: Box<dyn Iterator<Item = String>>,
    logged: Option<std::thread::JoinHandle<String>>,
    child: Child,
}

impl Service {
    /// The set-up link's secret, which stands on a line of its own.
    fn set_up(&mut self) -> String {
        let line = self.said.find(|line| line.contains("/welcome#")).expect("there is a set-up link");
        line.split_once('#').unwrap().1.to_owned()
    }

    fn asker(&self, http: reqwest::Client) -> Asker {
        Asker { http, base: self.base.clone(), cookie: None }
    }

    fn bearer(&self, token: &str) -> Asker {
        self.asker(client_with("authorization", &format!("Bearer {token}")))
    }

    /// Stops it and returns what it logged.
    fn stop(mut self) -> String {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        for _line in self.said.by_ref() {}
        self.child.wait().unwrap();
        self.logged.take().unwrap().join().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Already gone, if all went well.
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
    }
}

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

/// A log that programs read: each line stands for itself, and those of a request have its id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_of_the_log_is_json_and_a_requests_lines_have_its_id() {
    let program = Program::new(Kind::Sqlite).await;
    let mut service = program.serve("debug,approval_app=trace");
    let link = service.set_up();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = http
        .get(format!("{}/api/v1/checks?q=a-secret-question", service.base))
        .header("x-request-id", "the-request")
        .header("authorization", "Bearer aat_a-token-of-nobody");
    assert_eq!(asked.send().await.unwrap().status(), 401);
    let call = http.post(format!("{}/status_check", service.base)).header("x-request-id", "the-call");
    let call = call.header("x-gitlab-signature", "a-wrong-signature").body("{\"token\": \"of-a-body\"}");
    assert!(call.send().await.unwrap().status().is_client_error());
    let log = service.stop();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert!(lines.len() > 5, "{log}");
    for line in &lines {
        let word = |key: &str| line[key].as_str().unwrap_or_else(|| panic!("no {key}: {line}"));
        assert!(line.is_object() && word("timestamp").ends_with('Z'), "{line}");
        assert!(["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&word("level")), "{line}");
        assert!(!word("target").is_empty() && !word("message").is_empty(), "{line}");
    }
    for (id, status) in [("the-request", 401), ("the-call", 422)] {
        let own: Vec<&Value> = lines.iter().filter(|line| line["request_id"] == id).collect();
        let answered = own.iter().find(|line| line["message"] == "answered");
        let answered = answered.unwrap_or_else(|| panic!("{id} is in no line: {log}"));
        assert_eq!(
            (&answered["status"], &answered["target"]),
            (&json!(status), &json!("approval_app::http::middleware"))
        );
    }
    let secrets = [
        &link,
        "a-secret-question",
        "aat_a-token-of-nobody",
        "a-wrong-signature",
        "of-a-body",
        TOKEN,
        SECRET,
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

/// The first start prints a link, the next one the same; it makes the first administrator, and then
/// there is none. On the way many secrets are made; none of them is in the log, at whatever level.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_start_prints_a_link_and_no_log_holds_a_secret() {
    let program = Program::new(Kind::Sqlite).await;
    let mut service = program.serve("info");
    let link = service.set_up();
    let mut logs = service.stop();
    let mut service = program.serve("trace");
    assert_eq!(service.set_up(), link, "the same after a restart");
    let stranger = service.asker(reqwest::Client::builder().no_proxy().build().unwrap());
    let given = json!({"token": link, "name": "Ada", "email": "ada@example.com", "password": PASSWORD});
    let sent = stranger.http.post(format!("{}/api/v1/links/accept", service.base)).json(&given);
    let ada = Asker::begun(&service.base, sent.send().await.unwrap()).await.expect("set up");
    let (_, made) = ada.post("tokens", &json!({"name": "t", "scopes": ["checks:read"]})).await;
    let token = made["secret"].as_str().unwrap().to_owned();
    assert_eq!(service.bearer(&token).get("checks").await.0, 200);
    let (_, invited) = ada
        .post(
            "people",
            &json!({"name": "Rob", "email": "rob@example.com", "roles": ["viewer"], "all_projects": true}),
        )
        .await;
    let invitation = invited["link"]["url"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    let wrong = json!({"email": "ada@example.com", "password": "a-wrong-password-typed"});
    assert_eq!(stranger.post("session", &wrong).await.0, 401);
    let misplaced = json!({"email": "a-password-in-the-wrong-field", "password": PASSWORD});
    assert_eq!(stranger.post("session", &misplaced).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(
        ada.put("account/password", &json!({"current": PASSWORD, "new": "another-long-password"})).await.0,
        204
    );
    assert_eq!(stranger.post("links/inspect", &json!({"token": invitation})).await.0, 200);
    let broken = stranger
        .http
        .post(format!("{}/api/v1/session", service.base))
        .header("content-type", "application/json");
    let broken = broken.body(r#"{"email": "x", "password": "cut-off-password"#).send().await.unwrap();
    let answer: Value = broken.json().await.unwrap();
    assert!(!answer.to_string().contains("cut-off"), "{answer}");
    let cookie = ada.cookie.clone().unwrap().split_once('=').unwrap().1.to_owned();
    let key = std::fs::read_to_string(program.database.file().with_file_name("secret.key")).unwrap();
    logs.push_str(&service.stop());
    assert!(logs.lines().count() > 20, "there is a log");
    for secret in [
        link.as_str(),
        PASSWORD,
        &cookie,
        &token,
        &invitation,
        "a-wrong-password-typed",
        "a-password-in-the-wrong-field",
        "another-long-password",
        "cut-off-password",
        TOKEN,
        SECRET,
        key.trim(),
    ] {
        let leak = logs.lines().find(|line| line.contains(secret));
        assert!(leak.is_none(), "a secret is in the log: {leak:?}");
    }
    let mut service = program.serve("info");
    let more: Vec<String> = {
        Command::new("kill").arg(service.child.id().to_string()).status().unwrap();
        service.said.by_ref().collect()
    };
    assert!(more.iter().all(|line| !line.contains("/welcome#")), "there is an administrator: {more:?}");
    // Nor is any in the database, where nothing needs it in clear.
    let stored = std::fs::read(program.database.file()).unwrap();
    for secret in [link.as_str(), PASSWORD, &cookie, &token, &invitation, "another-long-password"] {
        assert!(
            !stored.windows(secret.len()).any(|window| window == secret.as_bytes()),
            "a secret is stored"
        );
    }
}

/// As the first process of a container it would have to be killed otherwise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_waits_for_another_replica_can_be_stopped() {
    use diesel::connection::SimpleConnection as _;
    use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _};

    #[derive(QueryableByName)]
    struct Waiting {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let program = Program::new(Kind::Postgres).await;
    let mut other = PgConnection::establish(&program.database.url).unwrap();
    // As a replica that changes the schema.
    other.batch_execute("SELECT pg_advisory_lock(7205462041)").unwrap();
    let mut child = program
        .command(&["serve", "--listen", "127.0.0.1:0", "--secret-key", &"k".repeat(32)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while diesel::sql_query(waits).get_result::<Waiting>(&mut other).unwrap().count == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it does not wait");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    // The lock is not let go of before it has ended.
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    assert_eq!(status.code(), Some(0));
    drop(other);
}
