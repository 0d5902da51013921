//! The page, its control API, the samples, the state file, and starting from every kind of runtime.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic, as the test itself may")]

mod support;

use std::net::TcpStream;

use gitlab_sandbox::{Sandbox, SandboxConfig, Status};
use serde_json::{Value, json};

use self::support::{Receiver, World};

async fn control(world: &World, path: &str, body: Value) -> support::Reply {
    let url = format!("{}/sandbox/{path}", world.gitlab.url());
    World::reply(world.http.post(url).json(&body).send().await.unwrap()).await
}

async fn state(world: &World) -> Value {
    let url = format!("{}/sandbox/state", world.gitlab.url());
    World::reply(world.http.get(url).send().await.unwrap()).await.body
}

#[tokio::test]
async fn the_page_is_whole_and_asks_nobody_else() {
    let world = World::new().await;
    for (path, words) in [
        ("/", "not a real GitLab"),
        ("/sandbox/style.css", "light-dark("),
        ("/sandbox/script.js", "/sandbox/state"),
    ] {
        let reply = world.http.get(format!("{}{path}", world.gitlab.url())).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        let policy = reply.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'"));
        let text = reply.text().await.unwrap();
        assert!(text.contains(words), "{path}");
        assert!(!text.contains("https://"), "{path} names another host");
    }
}

#[tokio::test]
async fn links_of_the_application_lead_to_the_merge_request() {
    let world = World::new().await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = format!("{}/demo/storefront/-/merge_requests/{}", world.gitlab.url(), world.iid);
    for tail in ["", "/diffs"] {
        let reply = http.get(format!("{url}{tail}")).send().await.unwrap();
        assert_eq!(reply.status(), 302);
        assert_eq!(reply.headers()["location"], format!("/#mr-{}-{}", world.project, world.iid));
    }
    let commit =
        http.get(format!("{}/demo/storefront/-/commit/abc", world.gitlab.url())).send().await.unwrap();
    assert_eq!(commit.headers()["location"], "/");
}

#[tokio::test]
async fn everything_can_be_steered() {
    let world = World::new().await;
    let at = format!("merge_requests/{}/{}", world.project, world.iid);
    let done = |reply: &support::Reply| assert_eq!(reply.code, 200, "{}", reply.text);
    let sha = control(&world, &format!("{at}/push"), json!({})).await.body["sha"].clone();
    assert_eq!(sha, world.gitlab.head(world.project, world.iid));
    for (action, body) in [
        ("title", json!({ "value": "New title" })),
        ("target_branch", json!({ "value": "release/1" })),
        ("labels", json!({ "value": ["bug"] })),
        ("close", json!({})),
        ("reopen", json!({})),
        ("approve", json!({})),
        ("unapprove", json!({})),
        ("answer", json!({ "rule": world.rule, "status": "failed" })),
        ("retry", json!({ "rule": world.rule })),
        ("auto_merge", json!({ "on": true })),
        ("answer", json!({ "rule": world.rule, "status": "passed", "user": "somebody" })),
    ] {
        done(&control(&world, &format!("{at}/{action}"), body).await);
    }
    let state = state(&world).await;
    let one = &state["merge_requests"][0];
    assert_eq!((&one["title"], &one["state"]), (&json!("New title"), &json!("merged")));
    assert_eq!(
        (&one["checks"][0]["status"], &one["checks"][0]["by"]),
        (&json!("passed"), &json!("somebody"))
    );
    let refused = control(&world, &format!("{at}/merge"), json!({})).await;
    assert_eq!(refused.code, 409);
    assert_eq!(control(&world, &format!("{at}/dance"), json!({})).await.code, 404);
    assert_eq!(control(&world, "merge_requests/9/9/push", json!({})).await.code, 404);
    assert_eq!(control(&world, &format!("{at}/title"), json!({})).await.code, 400);
}

#[tokio::test]
async fn faults_calls_and_projects_from_the_page() {
    let world = World::new().await;
    assert_eq!(control(&world, "fault", json!({ "fault": "down" })).await.code, 200);
    assert_eq!(state(&world).await["fault"], "down");
    control(&world, "fault", json!({ "fault": null })).await;
    assert_eq!(state(&world).await["fault"], Value::Null);
    assert_eq!(control(&world, "fault", json!({ "fault": "bored" })).await.code, 400);
    let project = control(&world, "projects", json!({ "path": "demo/fresh" })).await.body["id"].clone();
    let rule = json!({ "name": "Check", "url": world.receiver.url("/fresh"), "branches": ["main"] });
    control(&world, &format!("projects/{project}/rules"), rule).await;
    control(&world, &format!("projects/{project}/gate"), json!({ "on": false })).await;
    control(&world, "calls", json!({ "paused": true })).await;
    let made =
        control(&world, "merge_requests", json!({ "project": project, "title": "From the page" })).await;
    assert_eq!(made.body["iid"], 1);
    assert_eq!(state(&world).await["held"][0]["action"], "open");
    world.receiver.forget();
    control(&world, "calls", json!({ "release": "reversed", "paused": false })).await;
    world.gitlab.settle().await;
    assert_eq!(world.receiver.arrived()[0].path, "/fresh");
    world.pass_seconds(121);
    assert_eq!(control(&world, "cron", json!({})).await.body["failed"], 2);
}

#[tokio::test]
async fn foreign_pages_cannot_steer() {
    let world = World::new().await;
    let url = format!("{}/sandbox/fault", world.gitlab.url());
    let reply = world.http.post(url).body(r#"{"fault":"down"}"#).send().await.unwrap();
    assert_eq!(reply.status(), 415);
    assert_eq!(world.gitlab.fault(), None);
}

#[tokio::test]
async fn samples_are_made_once_and_call_the_application() {
    let world = World::new().await;
    let clock = support::clock();
    let gitlab = Sandbox::start(support::config(&clock)).await.unwrap();
    world.receiver.forget();
    gitlab.seed_samples(&world.receiver.url(""), Some("secret"));
    gitlab.settle().await;
    let projects = gitlab.projects();
    let count: usize = projects.iter().map(|project| gitlab.merge_requests(*project).len()).sum();
    assert_eq!((projects.len(), count), (2, 8));
    let arrived = world.receiver.arrived();
    assert_eq!(arrived.len(), 16);
    assert!(arrived.iter().all(|call| call.path.starts_with("/approval-apps/status_check")));
    assert!(arrived.iter().all(|call| call.header("x-gitlab-signature").is_some()));
    let elsewhere = Receiver::start();
    gitlab.seed_samples(&elsewhere.url("/"), None);
    gitlab.settle().await;
    assert_eq!(world.receiver.arrived().len(), 16);
    gitlab.push(projects[0], 1);
    gitlab.settle().await;
    assert_eq!(elsewhere.arrived().len(), 2);
}

#[tokio::test]
async fn the_world_outlives_a_restart() {
    let folder = std::env::temp_dir().join(format!("gitlab-sandbox-test-{}", std::process::id()));
    let file = folder.join("world.json");
    let clock = support::clock();
    let config =
        SandboxConfig { state_file: Some(file.clone()), sample_data: true, ..support::config(&clock) };
    let before = Sandbox::start(config.clone()).await.unwrap();
    let project = before.projects()[0];
    let rule = before.create_rule(project, "Check", "http://127.0.0.1:9/check", Some("secret"));
    let sha = before.push(project, 1);
    before.stop().await;
    drop(before);
    let after = Sandbox::start(config.clone()).await.unwrap();
    assert_eq!(after.head(project, 1), sha);
    assert_eq!(after.status(project, 1, rule), Status::Pending);
    assert_eq!(after.projects().len(), 2, "samples are not made twice");
    let next = after.create_rule(project, "Another", "http://127.0.0.1:9/another", None);
    assert!(next > rule);
    after.stop().await;
    std::fs::write(&file, "not json").unwrap();
    assert!(Sandbox::start(config).await.is_err(), "a broken file is not overwritten");
    std::fs::remove_dir_all(folder).unwrap();
}

async fn starts_and_answers() {
    let gitlab = Sandbox::start(SandboxConfig { cron: true, ..SandboxConfig::default() }).await.unwrap();
    let reply = reqwest::get(format!("{}/sandbox/state", gitlab.url())).await.unwrap();
    assert_eq!(reply.status(), 200);
    gitlab.stop().await;
    let address = gitlab.url().trim_start_matches("http://").to_owned();
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_a_runtime_of_many_threads() {
    starts_and_answers().await;
}

#[tokio::test]
async fn from_a_runtime_of_one_thread() {
    starts_and_answers().await;
}

#[test]
fn from_an_actix_runtime() {
    actix_web::rt::System::new().block_on(starts_and_answers());
}

#[tokio::test]
async fn the_last_handle_stops_it() {
    let clock = support::clock();
    let gitlab = Sandbox::start(support::config(&clock)).await.unwrap();
    let url = gitlab.url();
    let other = gitlab.clone();
    drop(gitlab);
    assert!(reqwest::get(&url).await.is_ok());
    let last = other.stopped();
    drop(other);
    last.await;
    assert!(reqwest::get(&url).await.is_err());
}

#[tokio::test]
async fn an_address_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = SandboxConfig { listen: taken.local_addr().unwrap(), ..SandboxConfig::default() };
    assert!(Sandbox::start(config).await.is_err());
}
