//! `POST status_check_responses`: every row of the answer table, the order of checks, and rows that are only added.

mod support;

use gitlab_sandbox::{AccessLevel, Source, Status};
use reqwest::Method;
use serde_json::{Value, json};

use self::support::World;

fn answer(world: &World, changes: &[(&str, Value)]) -> Value {
    let mut body = json!({
        "external_status_check_id": world.rule,
        "sha": world.gitlab.head(world.project, world.iid),
        "status": "passed",
    });
    for (key, value) in changes {
        body[key] = value.clone();
    }
    body
}

async fn post(world: &World, token: &str, body: Value) -> support::Reply {
    let path = format!("{}/status_check_responses", world.mr_path());
    world.api_as(token, Method::POST, &path, Some(body)).await
}

#[tokio::test]
async fn created_with_the_merge_request_and_the_check() {
    let world = World::new().await;
    let reply = world.answer("passed").await;
    assert_eq!(reply.code, 201);
    assert!(reply.body["id"].is_i64());
    assert_eq!(reply.body["merge_request"]["iid"], world.iid);
    assert_eq!(reply.body["merge_request"]["sha"], world.gitlab.head(world.project, world.iid));
    assert_eq!(
        reply.body["external_status_check"],
        json!({ "id": world.rule, "name": "Change approval", "external_url": world.receiver.url("/hook") })
    );
    assert_eq!(world.gitlab.status(world.project, world.iid, world.rule), Status::Passed);
}

#[tokio::test]
async fn parameters_that_are_missing_or_wrong() {
    let world = World::new().await;
    let cases = [
        (json!({ "external_status_check_id": 1, "status": "passed" }), "sha is missing"),
        (
            json!({ "external_status_check_id": 1, "sha": "x", "status": "approved" }),
            "status does not have a valid value",
        ),
        (
            json!({ "external_status_check_id": 1, "sha": "x" }),
            "status is missing, status does not have a valid value",
        ),
        (json!({ "sha": "x", "status": "passed" }), "external_status_check_id is missing"),
        (
            json!({ "external_status_check_id": "x", "sha": "x", "status": "passed" }),
            "external_status_check_id is invalid",
        ),
    ];
    for (body, error) in cases {
        let reply = post(&world, support::TOKEN, body).await;
        assert_eq!((reply.code, reply.body), (400, json!({ "error": error })));
    }
}

#[tokio::test]
async fn tokens_that_are_missing_unknown_revoked_or_expired() {
    let world = World::new().await;
    let url = format!("{}/api/v4{}/status_check_responses", world.gitlab.url(), world.mr_path());
    let bare = World::reply(world.http.post(url).json(&answer(&world, &[])).send().await.unwrap()).await;
    assert_eq!((bare.code, bare.body), (401, json!({ "message": "401 Unauthorized" })));
    world.gitlab.add_token("old", "old-bot", AccessLevel::Developer, &["api"]);
    world.gitlab.set_token_expiry("old", Some("2026-03-02"));
    world.gitlab.add_token("gone", "gone-bot", AccessLevel::Developer, &["api"]);
    world.gitlab.revoke_token("gone");
    for token in ["unknown", "old", "gone"] {
        let reply = post(&world, token, answer(&world, &[])).await;
        assert_eq!((reply.code, reply.body), (401, json!({ "message": "401 Unauthorized" })), "{token}");
    }
}

#[tokio::test]
async fn who_may_answer() {
    let world = World::new().await;
    let gitlab = &world.gitlab;
    let people = [
        ("outsider", AccessLevel::None, 404),
        ("guest", AccessLevel::Guest, 403),
        ("reporter", AccessLevel::Reporter, 403),
        ("developer", AccessLevel::Developer, 201),
        ("maintainer", AccessLevel::Maintainer, 201),
        ("owner", AccessLevel::Owner, 201),
        // The author of the merge request, but no Developer: the policy hides the way.
        ("sam-sample", AccessLevel::Reporter, 404),
    ];
    for (name, access, code) in people {
        gitlab.add_token(name, name, access, &["api"]);
        assert_eq!(post(&world, name, answer(&world, &[])).await.code, code, "{name}");
    }
    gitlab.add_token("reads", "reads", AccessLevel::Developer, &["read_api"]);
    let reply = post(&world, "reads", answer(&world, &[])).await;
    assert_eq!((reply.code, &reply.body["error"]), (403, &json!("insufficient_scope")));
}

#[tokio::test]
async fn the_author_may_answer_as_a_developer() {
    let world = World::new().await;
    world.gitlab.add_token("sam", "sam-sample", AccessLevel::Developer, &["api"]);
    assert_eq!(post(&world, "sam", answer(&world, &[])).await.code, 201);
    let rows = world.gitlab.responses(world.project, world.iid);
    assert_eq!(rows.last().unwrap().by, "sam-sample");
}

#[tokio::test]
async fn things_that_are_not_there() {
    let world = World::new().await;
    let other = world.gitlab.create_project("demo/other");
    let foreign = world.gitlab.create_rule(other, "x", "http://127.0.0.1:9/x", None);
    let not_found = json!({ "message": "404 Not found" });
    let reply =
        post(&world, support::TOKEN, answer(&world, &[("external_status_check_id", json!(foreign))])).await;
    assert_eq!((reply.code, &reply.body), (404, &not_found));
    let path = format!("/projects/{}/merge_requests/99/status_check_responses", world.project);
    let reply = world.api(Method::POST, &path, Some(answer(&world, &[]))).await;
    assert_eq!((reply.code, &reply.body), (404, &not_found));
    let reply = world
        .api(Method::POST, "/projects/99/merge_requests/1/status_check_responses", Some(json!({})))
        .await;
    assert_eq!((reply.code, reply.body), (404, json!({ "message": "404 Project Not Found" })));
}

#[tokio::test]
async fn a_stale_sha_names_head() {
    let world = World::new().await;
    let old = world.gitlab.head(world.project, world.iid);
    let new = world.gitlab.push(world.project, world.iid);
    let rows = world.gitlab.responses(world.project, world.iid).len();
    for sha in [old.as_str(), "notarealsha", ""] {
        let reply = world.answer_for(sha, "passed").await;
        let message = format!("SHA does not match HEAD of source branch: {new}");
        assert_eq!((reply.code, reply.body), (409, json!({ "message": message })));
    }
    assert_eq!(world.gitlab.responses(world.project, world.iid).len(), rows);
    let refused = world.gitlab.refused();
    assert_eq!(refused.len(), 3);
    assert_eq!(refused[0].code, 409);
    assert!(refused[0].sent.contains(&old));
}

#[tokio::test]
async fn the_order_of_checks() {
    let world = World::new().await;
    let gitlab = &world.gitlab;
    gitlab.add_token("guest", "guest", AccessLevel::Guest, &["api"]);
    let stale_and_foreign =
        answer(&world, &[("external_status_check_id", json!(9_999)), ("sha", json!("x"))]);
    // The merge request's policy comes before the check, the check before the sha.
    assert_eq!(post(&world, "guest", stale_and_foreign.clone()).await.code, 403);
    assert_eq!(post(&world, support::TOKEN, stale_and_foreign).await.code, 404);
    // Parameters come before the policy, the licence before the parameters.
    assert_eq!(post(&world, "guest", json!({})).await.code, 400);
    gitlab.set_licensed(world.project, false);
    let reply = post(&world, "guest", json!({})).await;
    assert_eq!((reply.code, reply.body), (401, json!({ "message": "401 Unauthorized" })));
    // And a project that one cannot see comes before its licence.
    gitlab.add_token("outsider", "outsider", AccessLevel::None, &["api"]);
    assert_eq!(post(&world, "outsider", json!({})).await.code, 404);
}

#[tokio::test]
async fn rows_are_only_added_and_the_newest_counts() {
    let world = World::new().await;
    for status in ["passed", "failed", "pending", "passed", "passed"] {
        assert_eq!(world.answer(status).await.code, 201);
    }
    let rows = world.gitlab.responses(world.project, world.iid);
    let shown: Vec<_> = rows.iter().map(|row| (row.source, row.status)).collect();
    assert_eq!(
        shown,
        [
            (Source::Creation, Status::Pending),
            (Source::Api, Status::Passed),
            (Source::Api, Status::Failed),
            (Source::Api, Status::Pending),
            (Source::Api, Status::Passed),
            (Source::Api, Status::Passed),
        ]
    );
    assert!(rows.windows(2).all(|pair| pair[0].id < pair[1].id));
    assert_eq!(rows.last().unwrap().by, "approval-bot");
}

#[tokio::test]
async fn closed_and_merged_merge_requests_still_take_answers() {
    let world = World::new().await;
    world.gitlab.close(world.project, world.iid);
    assert_eq!(world.answer("passed").await.code, 201);
    world.gitlab.reopen(world.project, world.iid);
    world.gitlab.merge_forced(world.project, world.iid).unwrap();
    assert_eq!(world.answer("failed").await.code, 201);
}

#[tokio::test]
async fn forms_paths_bearer_tokens_and_stray_question_marks() {
    let world = World::new().await;
    let head = world.gitlab.head(world.project, world.iid);
    let url = format!(
        "{}/api/v4/projects/demo%2Fstorefront/merge_requests/{}/status_check_responses?",
        world.gitlab.url(),
        world.iid
    );
    let form =
        [("external_status_check_id", world.rule.to_string()), ("sha", head), ("status", "passed".into())];
    let sent = world.http.post(url).bearer_auth(support::TOKEN).form(&form).send().await.unwrap();
    assert_eq!(sent.status(), 201);
    let url = format!("{}/api/v4/user?", world.gitlab.url());
    let user = world.http.get(url).header("private-token", support::TOKEN).send().await.unwrap();
    assert_eq!(World::reply(user).await.body["username"], "approval-bot");
}
