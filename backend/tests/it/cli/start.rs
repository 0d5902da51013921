//! The first start, what is never written to a log, and a start that waits.

use std::process::{Command, Stdio};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::people::PASSWORD;
use crate::support::{Asker, Kind, SECRET, TOKEN};

use super::Program;

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
