//! Pending rows and the two minutes after which the cron fails them.

mod support;

use gitlab_sandbox::{NewMergeRequest, Source, Status};
use reqwest::Method;

use self::support::World;

fn status(world: &World) -> Status {
    world.gitlab.status(world.project, world.iid, world.rule)
}

#[tokio::test]
async fn creation_writes_one_pending_row_per_rule_of_the_project() {
    let world = World::new().await;
    let gitlab = &world.gitlab;
    let scoped = gitlab.create_rule(world.project, "Release", &world.receiver.url("/release"), None);
    gitlab.set_rule_branches(world.project, scoped, &["release/*"]);
    let iid = gitlab.create_merge_request(world.project, NewMergeRequest::default());
    let rows = gitlab.responses(world.project, iid);
    assert_eq!(rows.iter().map(|row| row.rule).collect::<Vec<_>>(), [world.rule, scoped]);
    for row in rows {
        assert_eq!((row.status, row.source), (Status::Pending, Source::Creation));
        assert_eq!(row.sha, gitlab.head(world.project, iid));
    }
}

#[tokio::test]
async fn two_minutes_must_have_passed() {
    let world = World::new().await;
    world.pass_seconds(120);
    world.gitlab.run_cron();
    assert_eq!(status(&world), Status::Pending);
    world.pass_seconds(1);
    assert_eq!(status(&world), Status::Pending, "only the cron changes it");
    world.gitlab.run_cron();
    assert_eq!(status(&world), Status::Failed);
    let rows = world.gitlab.responses(world.project, world.iid);
    assert_eq!(rows.len(), 1, "the cron changes rows and adds none");
    assert!(rows[0].timed_out_at.is_some());
}

#[tokio::test]
async fn a_push_writes_no_row_and_so_never_times_out() {
    let world = World::new().await;
    world.gitlab.push(world.project, world.iid);
    world.pass_seconds(3_600);
    world.gitlab.run_cron();
    assert_eq!(status(&world), Status::Pending);
    assert_eq!(world.gitlab.responses(world.project, world.iid).len(), 1);
}

#[tokio::test]
async fn an_acknowledging_pending_starts_a_clock() {
    let world = World::new().await;
    world.gitlab.push(world.project, world.iid);
    world.answer("pending").await;
    world.pass_seconds(121);
    world.gitlab.run_cron();
    assert_eq!(status(&world), Status::Failed);
}

#[tokio::test]
async fn passed_hours_after_the_time_out_counts() {
    let world = World::new().await;
    world.pass_seconds(121);
    world.gitlab.run_cron();
    world.pass_seconds(7_200);
    assert_eq!(world.answer("passed").await.code, 201);
    assert_eq!(status(&world), Status::Passed);
    world.gitlab.run_cron();
    assert_eq!(status(&world), Status::Passed);
}

#[tokio::test]
async fn pending_again_lasts_two_more_minutes_and_old_rows_fail_unseen() {
    let world = World::new().await;
    world.pass_seconds(100);
    world.answer("pending").await;
    world.pass_seconds(30);
    world.gitlab.run_cron();
    let rows = world.gitlab.responses(world.project, world.iid);
    assert_eq!((rows[0].status, rows[1].status), (Status::Failed, Status::Pending));
    assert_eq!(status(&world), Status::Pending);
    world.pass_seconds(91);
    world.gitlab.run_cron();
    assert_eq!(status(&world), Status::Failed);
}

#[tokio::test]
async fn an_answer_hides_the_pending_row_that_then_fails() {
    let world = World::new().await;
    world.answer("passed").await;
    world.pass_seconds(300);
    world.gitlab.run_cron();
    assert_eq!(world.gitlab.responses(world.project, world.iid)[0].status, Status::Failed);
    assert_eq!(status(&world), Status::Passed);
}

#[tokio::test]
async fn an_answer_before_the_creation_row_is_hidden_by_it() {
    let world = World::new().await;
    let gitlab = &world.gitlab;
    gitlab.hold_creation_rows(true);
    let iid = gitlab.create_merge_request(world.project, NewMergeRequest::default());
    let world = World { iid, ..world };
    assert_eq!(world.answer("passed").await.code, 201);
    assert_eq!(status(&world), Status::Passed);
    world.gitlab.hold_creation_rows(false);
    assert_eq!(status(&world), Status::Pending);
    world.pass_seconds(121);
    world.gitlab.run_cron();
    assert_eq!(status(&world), Status::Failed);
}

#[tokio::test]
async fn retry_changes_the_newest_row_and_restarts_its_clock() {
    let world = World::new().await;
    let path = format!("{}/status_checks/{}/retry", world.mr_path(), world.rule);
    let reply = world.api(Method::POST, &path, None).await;
    assert_eq!(
        (reply.code, reply.text.as_str()),
        (422, r#"{"message":"External status check must be failed"}"#)
    );
    world.pass_seconds(121);
    world.gitlab.run_cron();
    world.receiver.forget();
    let reply = world.api(Method::POST, &path, None).await;
    assert_eq!((reply.code, reply.text.as_str()), (202, r#"{"message":"202 Accepted"}"#));
    let rows = world.gitlab.responses(world.project, world.iid);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].status, Status::Pending);
    assert!(rows[0].retried_at.is_some());
    world.gitlab.settle().await;
    let call = world.receiver.arrived().remove(0).json();
    assert!(call["object_attributes"].get("action").is_none());
    assert_eq!(call["changes"], serde_json::json!({}));
    assert_eq!(call["user"]["username"], "approval-bot", "the one who retries");
    world.pass_seconds(120);
    world.gitlab.run_cron();
    assert_eq!(status(&world), Status::Pending);
    world.pass_seconds(1);
    world.gitlab.run_cron();
    assert_eq!(status(&world), Status::Failed);
    world.gitlab.retry(world.project, world.iid, world.rule).unwrap();
    assert!(world.gitlab.retry(world.project, world.iid, world.rule).is_err(), "pending cannot be retried");
}

#[tokio::test]
async fn statuses_belong_to_commits() {
    let world = World::new().await;
    let old = world.gitlab.head(world.project, world.iid);
    world.answer("passed").await;
    world.gitlab.push(world.project, world.iid);
    assert_eq!(status(&world), Status::Pending);
    world.gitlab.force_push_back(world.project, world.iid, &old);
    assert_eq!(status(&world), Status::Passed, "the old answer counts again");
}

#[tokio::test]
async fn the_gate_opens_when_every_check_in_scope_has_passed() {
    let world = World::new().await;
    let (project, iid, gitlab) = (world.project, world.iid, &world.gitlab);
    assert_eq!(gitlab.merge_status(project, iid), "status_checks_must_pass");
    assert!(gitlab.merge(project, iid).is_err());
    let scoped = gitlab.create_rule(project, "Release", &world.receiver.url("/release"), None);
    gitlab.set_rule_branches(project, scoped, &["release/*"]);
    world.answer("passed").await;
    assert_eq!(gitlab.merge_status(project, iid), "mergeable");
    gitlab.set_target_branch(project, iid, "release/1");
    assert_eq!(
        gitlab.merge_status(project, iid),
        "status_checks_must_pass",
        "the other rule is in scope now"
    );
    assert_eq!(status(&world), Status::Passed, "the answer for the commit is carried over");
    gitlab.set_gate(project, false);
    gitlab.merge(project, iid).unwrap();
}

#[tokio::test]
async fn auto_merge_waits_for_the_last_check() {
    let world = World::new().await;
    world.gitlab.set_auto_merge(world.project, world.iid, true);
    world.answer("failed").await;
    assert_eq!(world.gitlab.merge_request(world.project, world.iid).state.word(), "opened");
    world.answer("passed").await;
    assert_eq!(world.gitlab.merge_request(world.project, world.iid).state.word(), "merged");
    world.gitlab.settle().await;
    assert_eq!(world.receiver.actions().last().unwrap().as_deref(), Some("merge"));
}
