//! A GitLab that misbehaves, and what stays well meanwhile.

mod support;

use std::time::{Duration, Instant};

use gitlab_sandbox::{Fault, Status};
use reqwest::Method;
use serde_json::json;

use self::support::World;

async fn get_user(world: &World) -> reqwest::Result<reqwest::Response> {
    let url = format!("{}/api/v4/user", world.gitlab.url());
    world.http.get(url).header("PRIVATE-TOKEN", support::TOKEN).send().await
}

async fn post_answer(world: &World) -> reqwest::Result<reqwest::Response> {
    let url = format!("{}/api/v4{}/status_check_responses", world.gitlab.url(), world.mr_path());
    let head = world.gitlab.head(world.project, world.iid);
    let body = json!({ "external_status_check_id": world.rule, "sha": head, "status": "passed" });
    world.http.post(url).header("PRIVATE-TOKEN", support::TOKEN).json(&body).send().await
}

#[tokio::test]
async fn down_and_back() {
    let world = World::new().await;
    world.gitlab.set_fault(Some(Fault::Down));
    assert!(get_user(&world).await.is_err());
    assert!(post_answer(&world).await.is_err());
    assert!(world.gitlab.requests().is_empty(), "nobody was there to log them");
    assert_eq!(world.gitlab.status(world.project, world.iid, world.rule), Status::Pending);
    let page = world.http.get(world.gitlab.url()).send().await.unwrap();
    assert_eq!(page.status(), 200, "the page stays");
    world.gitlab.set_fault(None);
    assert_eq!(get_user(&world).await.unwrap().status(), 200);
}

#[tokio::test]
async fn dropped_connections_with_and_without_the_work() {
    let world = World::new().await;
    world.gitlab.set_fault(Some(Fault::DropConnection));
    assert!(post_answer(&world).await.is_err());
    assert_eq!(world.gitlab.status(world.project, world.iid, world.rule), Status::Pending);
    world.gitlab.set_fault(Some(Fault::DropAfterWork));
    assert!(post_answer(&world).await.is_err());
    assert_eq!(world.gitlab.status(world.project, world.iid, world.rule), Status::Passed);
    assert_eq!(get_user(&world).await.unwrap().status(), 200, "reads are answered");
    assert!(world.gitlab.refused().is_empty());
    assert!(world.gitlab.requests().iter().any(|request| request.status.is_none()));
}

#[tokio::test]
async fn answers_that_say_no() {
    let world = World::new().await;
    let cases = [
        (Fault::ServerError, 500, r#"{"message":"500 Internal Server Error"}"#),
        (Fault::TokenRevoked, 401, r#"{"message":"401 Unauthorized"}"#),
        (Fault::Unlicensed, 401, r#"{"message":"401 Unauthorized"}"#),
        (Fault::Forbidden, 403, r#"{"message":"403 Forbidden"}"#),
        (Fault::RateLimited { retry_after_seconds: 7 }, 429, "Retry later"),
    ];
    for (fault, code, text) in cases {
        world.gitlab.set_fault(Some(fault.clone()));
        let reply = World::reply(post_answer(&world).await.unwrap()).await;
        assert_eq!((reply.code, reply.text.as_str()), (code, text));
        let retry_after = if code == 429 { "7" } else { "" };
        assert_eq!(reply.header("retry-after"), retry_after);
        let reads = get_user(&world).await.unwrap().status().as_u16();
        assert_eq!(reads, if fault == Fault::Unlicensed { 200 } else { code });
    }
    assert_eq!(world.gitlab.status(world.project, world.iid, world.rule), Status::Pending);
}

#[tokio::test]
async fn slow_answers_still_come() {
    let world = World::new().await;
    world.gitlab.set_fault(Some(Fault::Slow(Duration::from_millis(120))));
    let start = Instant::now();
    assert_eq!(post_answer(&world).await.unwrap().status(), 201);
    assert!(start.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn head_moves_under_the_next_answer_only() {
    let world = World::new().await;
    let old = world.gitlab.head(world.project, world.iid);
    world.gitlab.set_fault(Some(Fault::HeadMoves));
    assert_eq!(get_user(&world).await.unwrap().status(), 200);
    let reply = World::reply(post_answer(&world).await.unwrap()).await;
    let head = world.gitlab.head(world.project, world.iid);
    assert_ne!(head, old);
    assert_eq!(reply.code, 409);
    assert!(reply.text.contains(&head));
    assert_eq!(world.gitlab.fault(), None);
    assert_eq!(post_answer(&world).await.unwrap().status(), 201);
    world.gitlab.settle().await;
    let pushed = world.receiver.arrived().pop().unwrap().json();
    assert_eq!(pushed["object_attributes"]["last_commit"]["id"], head, "the push was announced");
}

#[tokio::test]
async fn a_fault_for_some_requests_heals() {
    let world = World::new().await;
    world.gitlab.set_fault_for(Fault::ServerError, 2);
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(get_user(&world).await.unwrap().status().as_u16());
    }
    assert_eq!(codes, [500, 500, 200]);
    assert_eq!(world.gitlab.fault(), None);
    assert_eq!(world.gitlab.refused().len(), 2);
    assert_eq!(world.gitlab.request_count(), 3);
}

#[tokio::test]
async fn a_stopped_sandbox_is_gone() {
    let world = World::new().await;
    world.gitlab.stop().await;
    assert!(world.api_fails(Method::GET, "/user").await);
}

impl World {
    async fn api_fails(&self, method: Method, path: &str) -> bool {
        let url = format!("{}/api/v4{path}", self.gitlab.url());
        self.http.request(method, url).send().await.is_err()
    }
}
