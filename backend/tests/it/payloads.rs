//! Every variant of the payload that GitLab is known to send.

use gitlab_sandbox::payload::{DateForm, MergeRequestCall};
use serde_json::{Value, json};

use crate::support::{Kind, Plan, World, on_both};

/// A call about a merge request that exists, so that GitLab can be asked.
fn about(world: &World, iid: i64) -> MergeRequestCall {
    let mut call = MergeRequestCall::default();
    call.project.id = world.project;
    call.project.path_with_namespace = "demo/storefront".into();
    call.merge_request.iid = iid;
    call.rule.id = world.rule;
    call.rule.name = "Change approval".into();
    call.sha(&world.gitlab.head(world.project, iid))
}

/// Opens a merge request whose own calls get lost, sends `body` instead, and returns the check.
async fn only_from(world: &World, change: impl FnOnce(MergeRequestCall) -> Vec<u8>) -> Value {
    world.gitlab.drop_next_calls(1);
    let iid = world.open().await;
    assert!(world.checks("all").await.is_empty());
    let (status, answer) = world.signed_call(change(about(world, iid))).await;
    assert_eq!(status, 202, "{answer}");
    world.settle().await;
    assert!(world.calls("set_aside").await.is_empty(), "{:?}", world.calls("set_aside").await);
    let check = world.check("pending").await;
    assert_eq!(check["sha"], world.gitlab.head(world.project, iid));
    check
}

on_both! {
    async fn without_a_last_commit_gitlab_is_asked(world: Plan::signed()) {
        only_from(world, |mut call| { call.last_commit = None; call.bytes() }).await;
    }

    async fn a_deleted_fork_has_no_source(world: Plan::signed()) {
        only_from(world, |mut call| { call.source = None; call.bytes() }).await;
    }

    async fn a_retry_has_no_action(world: Plan::signed()) {
        let check = only_from(world, |call| call.retry().bytes()).await;
        assert!(world.happened(&check).await.contains(&"check.created".to_owned()));
    }

    async fn system_actions_are_events_like_others(world: Plan::signed()) {
        only_from(world, |call| call.system("unapproved", "approvals_reset_on_push").bytes()).await;
    }

    async fn dates_come_in_two_forms(world: Plan::signed()) {
        only_from(world, |mut call| { call.dates = DateForm::Iso; call.bytes() }).await;
    }

    async fn unknown_keys_are_ignored(world: Plan::signed()) {
        only_from(world, |mut call| {
            call.extra.insert("added_in_2031".into(), json!({"deep": [1, {"er": null}]}));
            call.extra_attributes.insert("also_new".into(), json!("x"));
            call.bytes()
        })
        .await;
    }

    async fn deep_nesting_is_harmless(world: Plan::signed()) {
        only_from(world, |call| {
            let text = String::from_utf8(call.bytes()).unwrap();
            let deep = "[".repeat(100_000) + &"]".repeat(100_000);
            format!("{{\"deep\":{deep},{}", &text[1..]).into_bytes()
        })
        .await;
    }

    async fn markup_in_texts_stays_text(world: Plan::signed()) {
        let title = "<img src=x onerror=alert(1)> \u{202e}\u{0} '); DROP TABLE status_check;--";
        world.gitlab.drop_next_calls(1);
        let iid = world.open().await;
        world.gitlab.edit_title(world.project, iid, &title.replace('\u{0}', ""));
        world.settle().await;
        let check = world.check("pending").await;
        assert_eq!(check["merge_request"]["title"], title.replace('\u{0}', ""));
        let mut call = about(world, iid);
        call.merge_request.title = title.into();
        assert_eq!(world.signed_call(call.bytes()).await.0, 202);
        world.settle().await;
        assert_eq!(world.checks("all").await.len(), 1);
        assert!(world.calls("set_aside").await.is_empty(), "{:?}", world.calls("set_aside").await);
    }
}

/// What is not a call of GitLab's is refused at the door; the store does not matter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_json_is_refused() {
    let world = World::build(Kind::Sqlite, Plan::unsigned()).await;
    let fine = String::from_utf8(MergeRequestCall::default().bytes()).unwrap();
    let twice = format!("{{\"object_kind\":\"merge_request\",{}", &fine[1..]);
    let huge = fine.replacen("\"iid\":", "\"iid\":1e400,\"was\":", 1);
    let large = fine.replacen("\"iid\":", "\"iid\":123456789012345678901234567890,\"was\":", 1);
    let mut broken_text = fine.clone().into_bytes();
    let at = fine.find("\"title\":\"").unwrap() + 9;
    broken_text[at] = 0xff;
    for (body, status) in [
        (twice.into_bytes(), 400),
        (huge.into_bytes(), 400),
        (large.into_bytes(), 422),
        (broken_text, 400),
        (fine.replacen("\"iid\":", "\"iid\":\"7\",\"was\":", 1).into_bytes(), 422),
        (format!("{fine}{fine}").into_bytes(), 400),
    ] {
        let shown = String::from_utf8_lossy(&body[..60.min(body.len())]).into_owned();
        let (got, problem) = world.call("status_check", body, None).await;
        assert_eq!(got, status, "{shown}: {problem}");
    }
    assert!(world.calls("all").await.is_empty());
    world.end().await;
}
