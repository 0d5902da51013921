//! The life of a check: pushes, closing, reopening, retries, target branches, disorder.

use std::time::Duration;

use gitlab_sandbox::{NewMergeRequest, Status};
use serde_json::json;

use crate::support::{Plan, World, on_both};

/// Two edits of a title, `pause` apart, whose calls arrive the other way round.
async fn edit_twice(world: &World, pause: Duration) {
    let iid = world.open().await;
    world.gitlab.pause_calls(true);
    for title in ["Second title", "Third title"] {
        world.advance(pause);
        world.gitlab.edit_title(world.project, iid, title);
    }
    world.gitlab.release_calls_reversed().await;
    world.gitlab.pause_calls(false);
    world.settle().await;
}

on_both! {
    async fn a_check_that_does_not_apply_to_the_new_branch_goes_by_itself(world: Plan::signed()) {
        world.gitlab.set_rule_branches(world.project, world.rule, &["main"]);
        let url = format!("{}/status_check/everywhere", world.base);
        world.gitlab.create_rule(world.project, "Everywhere", &url, world.secret);
        let iid = world.open().await;
        assert_eq!(world.checks("pending").await.len(), 2);
        // The check for main hears nothing of this.
        world.gitlab.set_target_branch(world.project, iid, "develop");
        world.settle_for(Duration::from_secs(30)).await;
        let pending = world.checks("pending").await;
        assert_eq!((pending.len(), &pending[0]["rule"]["name"]), (1, &json!("Everywhere")), "{pending:?}");
        assert_eq!(world.check("withdrawn").await["rule"]["id"], world.rule);
    }

    async fn duplicates_change_nothing(world: Plan::signed()) {
        world.gitlab.duplicate_next_calls(1);
        let iid = world.open().await;
        let check = world.check("pending").await;
        let body = world.gitlab.payload(world.project, iid, world.rule, Some("open"));
        for _ in 0..5 {
            assert_eq!(world.signed_call(body.clone()).await.0, 202);
        }
        world.settle().await;
        assert_eq!(world.check("all").await["id"], check["id"]);
        let created = world.happened(&check).await.iter().filter(|kind| *kind == "check.created").count();
        assert_eq!(created, 1);
    }

    async fn a_push_supersedes(world: Plan::signed()) {
        let iid = world.open().await;
        let old = world.check("pending").await;
        world.advance(Duration::from_secs(60));
        let new_sha = world.gitlab.push(world.project, iid);
        world.settle().await;
        let new = world.check("pending").await;
        assert_eq!(new["sha"], new_sha);
        assert_eq!(world.check("superseded").await["id"], old["id"]);
        let detail = world.detail(&old).await;
        assert_eq!(detail["successor_id"], new["id"]);
        assert_eq!(detail["head_sha"], new_sha);
    }

    async fn a_push_within_the_same_second_supersedes_as_well(world: Plan::signed()) {
        let iid = world.open().await;
        world.gitlab.push(world.project, iid);
        let newest = world.gitlab.push(world.project, iid);
        world.settle().await;
        assert_eq!(world.check("pending").await["sha"], newest);
    }

    async fn calls_out_of_order_end_at_the_newest_head(world: Plan::signed()) {
        let iid = world.open().await;
        world.gitlab.pause_calls(true);
        let mut newest = String::new();
        for _ in 0..4 {
            world.advance(Duration::from_secs(5));
            newest = world.gitlab.push(world.project, iid);
        }
        world.gitlab.release_calls_reversed().await;
        world.gitlab.pause_calls(false);
        world.settle().await;
        assert_eq!(world.check("pending").await["sha"], newest);
    }

    async fn a_replayed_old_call_moves_nothing_back(world: Plan::signed()) {
        let iid = world.open().await;
        let old = world.gitlab.payload(world.project, iid, world.rule, Some("open"));
        world.advance(Duration::from_secs(60));
        let newest = world.gitlab.push(world.project, iid);
        world.settle().await;
        assert_eq!(world.signed_call(old).await.0, 202);
        world.settle().await;
        assert_eq!(world.check("pending").await["sha"], newest);
    }

    async fn closing_withdraws_and_reopening_brings_back(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.advance(Duration::from_secs(5));
        world.gitlab.close(world.project, iid);
        world.settle().await;
        assert_eq!(world.check("withdrawn").await["id"], check["id"]);
        assert!(world.detail(&check).await["notice"].as_str().unwrap().contains("closed"));
        let (status, problem) = world.decide(&check, "approve", "").await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("state_changed")));
        world.advance(Duration::from_secs(5));
        world.gitlab.reopen(world.project, iid);
        world.settle().await;
        assert_eq!(world.check("pending").await["id"], check["id"]);
    }

    async fn merging_withdraws(world: Plan::signed()) {
        let iid = world.open().await;
        world.advance(Duration::from_secs(5));
        world.gitlab.merge_forced(world.project, iid).unwrap();
        world.settle().await;
        let check = world.check("withdrawn").await;
        assert!(world.detail(&check).await["notice"].as_str().unwrap().contains("merged"));
    }

    async fn who_had_decided_is_not_who_withdrew(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        let (_, problem) = world.decide(&check, "approve", "").await;
        assert!(problem["detail"].as_str().unwrap().contains("approved by Rita"), "{problem}");
        world.advance(Duration::from_secs(5));
        world.gitlab.merge_forced(world.project, iid).unwrap();
        world.settle().await;
        let (status, problem) = world.decide(&check, "reject", "Too late.").await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("state_changed")));
        assert_eq!(problem["detail"], "Nothing was decided: the check is withdrawn by now.");
    }

    async fn reopening_with_other_commits_starts_anew(world: Plan::signed()) {
        let iid = world.open().await;
        let old = world.check("pending").await;
        world.advance(Duration::from_secs(5));
        world.gitlab.close(world.project, iid);
        world.gitlab.push(world.project, iid);
        world.settle().await;
        world.advance(Duration::from_secs(5));
        world.gitlab.reopen(world.project, iid);
        world.settle().await;
        assert_eq!(world.check("superseded").await["id"], old["id"]);
        assert_eq!(world.check("pending").await["sha"], world.gitlab.head(world.project, iid));
    }

    async fn going_back_to_a_decided_commit_brings_its_decision_back(world: Plan::signed()) {
        let iid = world.open().await;
        let first = world.check("pending").await;
        let sha = first["sha"].as_str().unwrap().to_owned();
        assert_eq!(world.decide(&first, "approve", "").await.0, 201);
        world.settle().await;
        world.advance(Duration::from_secs(60));
        world.gitlab.push(world.project, iid);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Pending);
        world.advance(Duration::from_secs(60));
        world.gitlab.force_push_back(world.project, iid, &sha);
        world.settle().await;
        assert_eq!(world.check("approved").await["id"], first["id"]);
        assert_eq!(world.shown(iid), Status::Passed);
    }

    async fn a_new_target_branch_voids_the_decision_and_gitlab_is_told(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "fine for main").await.0, 201);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
        world.advance(Duration::from_secs(60));
        world.gitlab.set_target_branch(world.project, iid, "release");
        world.settle().await;
        let again = world.check("pending").await;
        assert_eq!(again["id"], check["id"]);
        assert_eq!(again["target_branch"], "release");
        assert!(again["decided_by"].is_null());
        assert_eq!(world.shown(iid), Status::Pending);
        let detail = world.detail(&check).await;
        assert_eq!(detail["decisions"][0]["counts"], false);
        assert_eq!(detail["decisions"][0]["target_branch"], "main");
        assert_eq!(world.decide(&again, "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
    }

    async fn retry_in_gitlab_delivers_an_existing_decision_again(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "reject", "not like this").await.0, 201);
        world.settle().await;
        let told = world.gitlab.responses(world.project, iid).len();
        world.advance(Duration::from_secs(60));
        world.gitlab.retry(world.project, iid, world.rule).unwrap();
        world.settle().await;
        assert_eq!(world.gitlab.responses(world.project, iid).len(), told + 1, "told once more");
        assert_eq!(world.shown(iid), Status::Failed);
        assert!(world.happened(&check).await.contains(&"check.retried".to_owned()));
    }

    async fn retry_of_an_undecided_check_is_noted_and_sends_nothing(world: Plan::signed()) {
        let iid = world.open().await;
        world.advance(Duration::from_secs(180));
        world.gitlab.run_cron();
        assert_eq!(world.shown(iid), Status::Failed, "GitLab's own time-out");
        let told = world.gitlab.responses(world.project, iid).len();
        world.gitlab.retry(world.project, iid, world.rule).unwrap();
        world.settle().await;
        assert_eq!(world.gitlab.responses(world.project, iid).len(), told);
        let check = world.check("pending").await;
        assert!(world.happened(&check).await.contains(&"check.retried".to_owned()));
    }

    async fn an_unsigned_retry_of_an_undecided_check_leaves_no_trace(world: Plan::unsigned()) {
        let iid = world.open().await;
        let retry = world.gitlab.payload(world.project, iid, world.rule, None);
        assert_eq!(world.call("status_check", retry, None).await.0, 202);
        world.settle().await;
        let check = world.check("pending").await;
        assert!(!world.happened(&check).await.contains(&"check.retried".to_owned()), "GitLab cannot confirm it");
    }

    async fn passed_after_gitlabs_time_out_still_counts(world: Plan::signed()) {
        let iid = world.open().await;
        world.advance(Duration::from_secs(3600));
        world.gitlab.run_cron();
        assert_eq!(world.shown(iid), Status::Failed);
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
    }

    async fn a_new_title_is_shown_and_makes_no_new_check(world: Plan::signed()) {
        let iid = world.open().await;
        world.advance(Duration::from_secs(5));
        world.gitlab.edit_title(world.project, iid, "A clearer title");
        world.settle().await;
        let check = world.check("all").await;
        assert_eq!(check["merge_request"]["title"], "A clearer title");
        assert!(world.happened(&check).await.contains(&"check.updated".to_owned()));
        assert_eq!(world.get("checks?q=CLEARER").await.1["items"].as_array().unwrap().len(), 1);
    }

    async fn an_author_the_call_does_not_name_is_read_from_gitlab(world: Plan::signed()) {
        world.gitlab.drop_next_calls(1);
        let iid = world.gitlab.create_merge_request(world.project, NewMergeRequest { author: "alex-author".into(), ..Default::default() });
        world.settle().await;
        world.gitlab.user("other-person");
        world.gitlab.set_access(world.project, "other-person", gitlab_sandbox::AccessLevel::Developer);
        world.gitlab.approve(world.project, iid, "other-person");
        world.settle().await;
        let check = world.check("pending").await;
        assert!(check["merge_request"]["author"].as_str().is_some_and(|name| !name.is_empty()), "{check}");
    }

    async fn the_table_tells_the_story_by_hand(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        world.decide(&check, "approve", "").await;
        let columns = world
            .app
            .db
            .read(|conn| {
                use diesel::prelude::*;
                use diesel::sql_types::{Nullable, Text};
                #[derive(QueryableByName)]
                struct Row {
                    #[diesel(sql_type = Text)]
                    state: String,
                    #[diesel(sql_type = Text)]
                    project_path: String,
                    #[diesel(sql_type = Nullable<Text>)]
                    decided_by: Option<String>,
                }
                let row: Row = diesel::sql_query("SELECT * FROM status_check").get_result(conn)?;
                Ok::<_, approval_app::db::DbError>(json!([row.state, row.project_path, row.decided_by]))
            })
            .await
            .unwrap();
        assert_eq!(columns, json!(["approved", "demo/storefront", "Rita Reviewer"]));
    }

    async fn an_overtaken_call_brings_no_old_title_back(world: Plan::signed()) {
        edit_twice(world, Duration::from_secs(5)).await;
        let check = world.check("pending").await;
        assert_eq!(check["merge_request"]["title"], "Third title");
        assert_eq!(world.happened(&check).await.iter().filter(|kind| *kind == "check.updated").count(), 1);
    }

    /// GitLab's calls carry whole seconds: which of two edits in one second was the last, only GitLab knows.
    async fn an_overtaken_call_of_the_same_second_brings_no_old_title_back(world: Plan::signed()) {
        edit_twice(world, Duration::from_millis(10)).await;
        assert_eq!(world.check("pending").await["merge_request"]["title"], "Third title");
    }

    async fn a_delivery_that_fails_while_the_merge_request_closes_is_not_sent_again(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.gitlab.set_fault_for(gitlab_sandbox::Fault::ServerError, 1);
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        world.advance(Duration::from_millis(100));
        world.gitlab.close(world.project, iid);
        world.gitlab.settle().await;
        world.settle_for(Duration::from_secs(120)).await;
        assert_eq!(world.check("withdrawn").await["delivery"]["state"], "obsolete");
        assert!(world.gitlab.responses(world.project, iid).iter().all(|row| row.source != gitlab_sandbox::Source::Api));
    }
}
