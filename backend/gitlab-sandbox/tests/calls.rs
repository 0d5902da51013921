//! The calls that the sandbox makes: when, to whom, with what, and what it does about trouble.

mod support;

use std::time::Duration;

use gitlab_sandbox::{CallAnswer, NewMergeRequest, Sandbox, SandboxConfig, sign};
use serde_json::json;

use self::support::{Receiver, World};

#[tokio::test]
async fn headers_body_and_signature() {
    let world = World::new().await;
    let call = world.receiver.arrived().remove(0);
    assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/hook"));
    assert_eq!(call.header("content-type"), Some("application/json"));
    assert_eq!(call.header("user-agent"), Some("Ruby"));
    assert_eq!(call.header("accept"), Some("*/*"));
    assert_eq!(call.header("x-gitlab-signature"), Some(sign("secret", &call.body).as_str()));
    for absent in ["x-gitlab-event", "x-gitlab-token", "x-gitlab-instance", "webhook-id", "idempotency-key"] {
        assert_eq!(call.header(absent), None, "{absent}");
    }
    let sent = world.gitlab.calls().remove(0);
    assert_eq!(sent.body, call.body);
    assert_eq!(sent.answer, CallAnswer::Status(200));
    let body = call.json();
    assert_eq!(body["object_kind"], "merge_request");
    assert_eq!(body["project"]["id"], world.project);
    assert_eq!(body["object_attributes"]["action"], "open");
    assert_eq!(body["object_attributes"]["iid"], world.iid);
    assert_eq!(body["object_attributes"]["last_commit"]["id"], world.gitlab.head(world.project, world.iid));
    assert_eq!(body["object_attributes"]["updated_at"], "2026-03-02 09:30:00 UTC");
    assert_eq!(
        body["external_approval_rule"],
        json!({ "id": world.rule, "name": "Change approval", "external_url": world.receiver.url("/hook") })
    );
}

#[tokio::test]
async fn without_a_secret_there_is_no_signature() {
    let world = World::new().await;
    world.gitlab.set_rule_secret(world.project, world.rule, None);
    world.gitlab.set_rule_url(world.project, world.rule, &world.receiver.url("/hook?key=in-the-url"));
    world.receiver.forget();
    world.gitlab.edit_title(world.project, world.iid, "Another title");
    world.gitlab.settle().await;
    let call = world.receiver.arrived().remove(0);
    assert_eq!(call.header("x-gitlab-signature"), None);
    let url = call.json()["external_approval_rule"]["external_url"].clone();
    assert_eq!(url, world.receiver.url("/hook?key=in-the-url"), "in full, with its query");
}

#[tokio::test]
async fn each_event_has_its_action() {
    let world = World::new().await;
    let (project, iid, gitlab) = (world.project, world.iid, &world.gitlab);
    gitlab.edit_title(project, iid, "New");
    gitlab.settle().await;
    gitlab.edit_title(project, iid, "New");
    gitlab.set_labels(project, iid, &["bug"]);
    gitlab.settle().await;
    gitlab.approve(project, iid, "rita-review");
    gitlab.settle().await;
    gitlab.close(project, iid);
    gitlab.settle().await;
    gitlab.push(project, iid);
    gitlab.close(project, iid);
    gitlab.reopen(project, iid);
    gitlab.settle().await;
    gitlab.merge_forced(project, iid).unwrap();
    gitlab.settle().await;
    let actions: Vec<_> = world.receiver.actions().into_iter().map(Option::unwrap).collect();
    assert_eq!(actions, ["open", "update", "update", "approved", "close", "reopen", "merge"]);
    let arrived = world.receiver.arrived();
    assert_eq!(
        arrived[1].json()["changes"]["title"],
        json!({ "previous": "Change a thing", "current": "New" })
    );
    let reopened = arrived[5].json();
    assert_eq!(
        reopened["object_attributes"]["last_commit"]["id"],
        gitlab.head(project, iid),
        "pushed while closed"
    );
}

#[tokio::test]
async fn approvals_by_their_completeness() {
    let world = World::new().await;
    let (project, iid, gitlab) = (world.project, world.iid, &world.gitlab);
    gitlab.set_approval_rules(project, 1, true);
    world.receiver.forget();
    for step in 0..4 {
        match step {
            0 => gitlab.approve(project, iid, "rita-review"),
            1 => gitlab.unapprove(project, iid, "rita-review"),
            2 => gitlab.approve(project, iid, "noor-nobody"),
            _ => drop(gitlab.push(project, iid)),
        }
        gitlab.settle().await;
    }
    let mut seen: Vec<_> = world.receiver.arrived().iter().map(support::Arrived::json).collect();
    let last_two: Vec<_> = seen.split_off(3);
    let action = |call: &serde_json::Value| call["object_attributes"]["action"].as_str().unwrap().to_owned();
    assert_eq!(seen.iter().map(action).collect::<Vec<_>>(), ["approved", "unapproved", "approved"]);
    assert_eq!(last_two.len(), 2, "a push with approvals makes two calls");
    let reset = last_two.iter().find(|call| action(call) == "unapproved").unwrap();
    assert_eq!(reset["object_attributes"]["system"], true);
    assert_eq!(reset["object_attributes"]["system_action"], "approvals_reset_on_push");
}

#[tokio::test]
async fn a_push_calls_once_per_open_merge_request_of_the_branch() {
    let world = World::new().await;
    let (project, gitlab) = (world.project, &world.gitlab);
    let new = |target: &str| NewMergeRequest {
        source_branch: "shared".into(),
        target_branch: target.into(),
        ..NewMergeRequest::default()
    };
    let first = gitlab.create_merge_request(project, new("main"));
    let second = gitlab.create_merge_request(project, new("release/1"));
    let closed = gitlab.create_merge_request(project, new("release/2"));
    gitlab.close(project, closed);
    gitlab.settle().await;
    world.receiver.forget();
    let old = gitlab.head(project, first);
    let new = gitlab.push(project, first);
    gitlab.settle().await;
    let mut iids: Vec<_> = world
        .receiver
        .arrived()
        .iter()
        .map(|call| call.json()["object_attributes"]["iid"].as_i64())
        .collect();
    iids.sort();
    assert_eq!(iids, [Some(first), Some(second)]);
    for call in world.receiver.arrived() {
        assert_eq!(call.json()["object_attributes"]["last_commit"]["id"], new);
    }
    let by_first =
        world.receiver.arrived().into_iter().find(|call| call.json()["object_attributes"]["iid"] == first);
    assert_eq!(by_first.unwrap().json()["object_attributes"]["oldrev"], old);
    assert_ne!(gitlab.head(project, closed), new);
}

#[tokio::test]
async fn a_changed_target_calls_only_the_rules_of_the_new_branch() {
    let world = World::new().await;
    let (project, iid, gitlab) = (world.project, world.iid, &world.gitlab);
    gitlab.set_rule_branches(project, world.rule, &["main"]);
    let release = gitlab.create_rule(project, "Release", &world.receiver.url("/release"), None);
    gitlab.set_rule_branches(project, release, &["release/*"]);
    world.receiver.forget();
    gitlab.set_target_branch(project, iid, "release/1");
    gitlab.settle().await;
    let calls = world.receiver.arrived();
    assert_eq!(calls.iter().map(|call| call.path.as_str()).collect::<Vec<_>>(), ["/release"]);
    let changes = &calls[0].json()["changes"]["target_branch"];
    assert_eq!(*changes, json!({ "previous": "main", "current": "release/1" }));
}

#[tokio::test]
async fn answers_other_than_2xx_are_not_tried_again() {
    let world = World::new().await;
    for status in [400, 401, 404, 413, 429, 500, 503] {
        world.receiver.answer_with(status);
        world.receiver.forget();
        world.gitlab.push(world.project, world.iid);
        world.gitlab.settle_retries().await;
        assert_eq!(world.receiver.arrived().len(), 1, "{status}");
        assert_eq!(world.gitlab.calls().last().unwrap().answer, CallAnswer::Status(status));
    }
}

#[tokio::test]
async fn transport_errors_are_tried_again_three_times() {
    let world = World::new().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", nobody.local_addr().unwrap());
    drop(nobody);
    world.gitlab.set_rule_url(world.project, world.rule, &url);
    let before = world.gitlab.calls().len();
    world.gitlab.push(world.project, world.iid);
    world.gitlab.settle_retries().await;
    let calls = world.gitlab.calls().split_off(before);
    assert_eq!(calls.iter().map(|call| call.attempt).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(calls.iter().all(|call| matches!(call.answer, CallAnswer::Transport(_))));
    assert!(calls.windows(2).all(|pair| pair[0].body == pair[1].body), "a retry sends the same bytes");
}

#[tokio::test]
async fn settle_does_not_wait_for_a_retry_that_is_not_due() {
    let clock = support::clock();
    let config = SandboxConfig { retry_delays: vec![Duration::from_secs(3_600)], ..support::config(&clock) };
    let gitlab = Sandbox::start(config).await.unwrap();
    let project = gitlab.create_project("demo/storefront");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", nobody.local_addr().unwrap());
    drop(nobody);
    gitlab.create_rule(project, "Change approval", &url, None);
    gitlab.create_merge_request(project, NewMergeRequest::default());
    gitlab.settle().await;
    assert_eq!(gitlab.calls().len(), 1);
}

#[tokio::test]
async fn calls_can_be_held_reversed_lost_and_doubled() {
    let world = World::new().await;
    let (project, iid, gitlab) = (world.project, world.iid, &world.gitlab);
    world.receiver.forget();
    gitlab.pause_calls(true);
    gitlab.close(project, iid);
    gitlab.reopen(project, iid);
    gitlab.settle().await;
    assert!(world.receiver.arrived().is_empty());
    assert_eq!(gitlab.held_calls().len(), 2);
    gitlab.release_calls_reversed().await;
    let actions =
        |receiver: &Receiver| receiver.actions().into_iter().map(Option::unwrap).collect::<Vec<_>>();
    assert_eq!(actions(&world.receiver), ["reopen", "close"]);
    gitlab.pause_calls(false);
    world.receiver.forget();
    gitlab.drop_next_calls(1);
    gitlab.duplicate_next_calls(1);
    gitlab.close(project, iid);
    gitlab.reopen(project, iid);
    gitlab.settle().await;
    assert_eq!(actions(&world.receiver), ["reopen", "reopen"]);
    gitlab.pause_calls(true);
    gitlab.close(project, iid);
    gitlab.discard_held_calls();
    gitlab.pause_calls(false);
    gitlab.settle().await;
    assert_eq!(world.receiver.arrived().len(), 2);
}

#[tokio::test]
async fn a_deleted_rule_is_not_called_even_if_the_call_was_queued() {
    let world = World::new().await;
    world.receiver.forget();
    world.gitlab.pause_calls(true);
    world.gitlab.push(world.project, world.iid);
    world.gitlab.delete_rule(world.project, world.rule);
    world.gitlab.pause_calls(false);
    world.gitlab.settle().await;
    assert!(world.receiver.arrived().is_empty());
}

#[tokio::test]
async fn the_payload_on_demand_is_what_would_be_sent() {
    let world = World::new().await;
    let asked = world.gitlab.payload(world.project, world.iid, world.rule, Some("open"));
    assert_eq!(asked, world.receiver.arrived().remove(0).body);
}

#[tokio::test]
async fn forks_are_named_and_deleted_forks_are_null() {
    let world = World::new().await;
    let (project, gitlab) = (world.project, &world.gitlab);
    let fork = gitlab.create_project("kim-example/storefront");
    world.receiver.forget();
    for source in [fork, 9_999] {
        let new = NewMergeRequest { source_project: Some(source), ..NewMergeRequest::default() };
        gitlab.create_merge_request(project, new);
        gitlab.settle().await;
    }
    let calls: Vec<_> = world.receiver.arrived().iter().map(support::Arrived::json).collect();
    assert_eq!(calls[0]["object_attributes"]["source"]["id"], fork);
    assert_eq!(calls[0]["object_attributes"]["source_project_id"], fork);
    assert_eq!(calls[0]["object_attributes"]["target_project_id"], project);
    assert_eq!(calls[0]["project"]["id"], project);
    assert_eq!(calls[1]["object_attributes"]["source"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_burst_is_sent_in_full() {
    let world = World::new().await;
    world.receiver.forget();
    for _ in 0..300 {
        world.gitlab.push(world.project, world.iid);
    }
    world.gitlab.settle_retries().await;
    assert_eq!(world.receiver.arrived().len(), 300);
    assert!(world.gitlab.calls().iter().all(gitlab_sandbox::SentCall::succeeded));
}

#[tokio::test]
async fn nothing_is_called_without_a_licence() {
    let world = World::new().await;
    world.receiver.forget();
    world.gitlab.set_licensed(world.project, false);
    world.gitlab.push(world.project, world.iid);
    world.gitlab.settle().await;
    assert!(world.receiver.arrived().is_empty());
}
