//! Reconciliation: what GitLab never told, lost or did behind our back.

use std::time::Duration;

use gitlab_sandbox::{Fault, NewMergeRequest, Status};
use serde_json::json;

use crate::support::process::{Process, real_time_gitlab, reviewer};
use crate::support::{Database, Kind, Plan, SECRET, World, on_both};

on_both! {
    async fn what_gitlab_cannot_serve_keeps_no_other_project_back(world: Plan::signed()) {
        let other = world.gitlab.create_project("demo/other");
        world.gitlab.create_rule(other, "Change approval", &format!("{}/status_check", world.base), world.secret);
        let behind = world.gitlab.create_merge_request(other, NewMergeRequest::default());
        world.settle().await;
        for _ in 0..4 {
            let iid = world.open().await;
            world.gitlab.set_fault_on(world.project, iid, Fault::ServerError);
        }
        world.gitlab.drop_next_calls(1);
        let pushed = world.gitlab.push(other, behind);
        world.gitlab.settle().await;
        let mut next = None;
        for _ in 0..3 {
            next = world.reconcile_from(next).await.next;
        }
        assert!(world.checks("pending").await.iter().any(|check| check["sha"] == *pushed), "{next:?}");
    }

    async fn what_was_merged_is_known_without_a_licence(world: Plan::signed()) {
        let (open, merged) = (world.open().await, world.open().await);
        world.gitlab.set_licensed(world.project, false);
        world.gitlab.merge_forced(world.project, merged).unwrap();
        world.settle().await;
        assert_eq!(world.checks("pending").await.len(), 2, "GitLab calls nobody");
        world.reconcile().await;
        assert_eq!(world.check("withdrawn").await["merge_request"]["iid"], merged);
        assert_eq!(world.check("pending").await["merge_request"]["iid"], open);
    }

    async fn who_is_told_to_wait_goes_on_from_there(world: Plan::signed()) {
        let mut iids = Vec::new();
        for _ in 0..6 {
            iids.push(world.open().await);
        }
        world.gitlab.drop_next_calls(1);
        let pushed = world.gitlab.push(world.project, iids[5]);
        world.gitlab.settle().await;
        let limit = Fault::RateLimited { retry_after_seconds: 60 };
        world.gitlab.set_fault_on(world.project, iids[3], limit);
        let round = world.reconcile_from(None).await;
        assert_eq!((round.read, round.next), (3, Some((world.project, iids[3] + 1))));
        assert_eq!(round.wait, Some(Duration::from_secs(60)));
        // Nobody was asked about after that.
        let asked = |iid: i64| {
            let part = format!("/merge_requests/{iid}/status_checks");
            world.gitlab.requests().iter().filter(|one| one.path.contains(&part)).count()
        };
        let before = asked(iids[5]);
        world.gitlab.set_fault(None);
        let round = world.reconcile_from(round.next).await;
        assert_eq!((round.read, round.next, round.wait), (6, None, None));
        assert_eq!(asked(iids[5]), before + 1);
        assert!(world.checks("pending").await.iter().any(|check| check["sha"] == *pushed));
        // The end of the list is reached though the beginning uses up what there is.
        let order: Vec<i64> = {
            let all = world.gitlab.requests();
            let iid = |path: &str| path.split("/merge_requests/").nth(1)?.strip_suffix("/status_checks?per_page=100&page=1")?.parse().ok();
            all.iter().filter_map(|one| iid(&one.path)).collect()
        };
        assert_eq!(order[order.len() - 6..], [iids[4], iids[5], iids[0], iids[1], iids[2], iids[3]]);
    }

    async fn missed_calls_are_found(world: Plan::signed()) {
        let known = world.open().await;
        world.gitlab.drop_next_calls(3);
        let missed = world.gitlab.create_merge_request(world.project, Default::default());
        world.advance(Duration::from_secs(5));
        let pushed = world.gitlab.push(world.project, known);
        world.gitlab.settle().await;
        world.advance(Duration::from_secs(300));
        world.reconcile().await;
        let shas: Vec<_> = world.checks("pending").await.iter().map(|check| check["sha"].as_str().unwrap().to_owned()).collect();
        assert_eq!(shas.len(), 2);
        assert!(shas.contains(&pushed) && shas.contains(&world.gitlab.head(world.project, missed)));
    }

    async fn a_missed_close_is_found(world: Plan::signed()) {
        let iid = world.open().await;
        world.gitlab.drop_next_calls(1);
        world.advance(Duration::from_secs(5));
        world.gitlab.close(world.project, iid);
        world.reconcile().await;
        assert_eq!(world.checks("withdrawn").await.len(), 1);
    }

    async fn a_lost_answer_is_sent_again(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        // GitLab's own late `pending` row overrides an early answer (GITLAB: a race at creation).
        world.answer_behind_our_back(iid, "pending").await;
        world.advance(Duration::from_secs(300));
        world.gitlab.run_cron();
        assert_eq!(world.shown(iid), Status::Failed);
        world.reconcile().await;
        assert_eq!(world.shown(iid), Status::Passed);
    }

    async fn passed_that_nobody_here_decided_raises_an_alarm_once(world: Plan::signed()) {
        let iid = world.open().await;
        world.answer_behind_our_back(iid, "passed").await;
        world.advance(Duration::from_secs(300));
        world.reconcile().await;
        world.advance(Duration::from_secs(300));
        world.reconcile().await;
        let check = world.check("pending").await;
        let alarms = world.happened(&check).await.iter().filter(|kind| *kind == "alarm.undecided_pass").count();
        assert_eq!(alarms, 1);
        assert_eq!(world.get("system").await.1["undecided_passes"], 1);
        assert_eq!(world.detail(&check).await["gitlab_status"], "passed");
        assert_eq!(world.decide(&check, "approve", "it was fine").await.0, 201);
        world.settle().await;
        world.advance(Duration::from_secs(300));
        world.reconcile().await;
        assert_eq!(world.get("system").await.1["undecided_passes"], 0);
    }

    async fn gitlabs_time_out_is_no_alarm_and_no_answer(world: Plan::signed()) {
        let iid = world.open().await;
        world.advance(Duration::from_secs(300));
        world.gitlab.run_cron();
        let told = world.gitlab.responses(world.project, iid).len();
        world.reconcile().await;
        let check = world.check("pending").await;
        assert_eq!(world.detail(&check).await["gitlab_status"], "failed");
        assert_eq!(world.gitlab.responses(world.project, iid).len(), told);
        assert_eq!(world.happened(&check).await, ["check.created"]);
    }

    async fn what_gitlab_shows_can_be_read_at_once(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let path = format!("checks/{}/gitlab", check["id"].as_str().unwrap());
        let (status, reading) = world.get(&path).await;
        assert_eq!((status.as_u16(), reading["status"].as_str()), (200, Some("pending")));
        world.gitlab.set_fault(Some(gitlab_sandbox::Fault::Down));
        let (status, problem) = world.get(&path).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (502, Some("gitlab_unavailable")));
        assert_eq!(world.post("reconcile", &json!({})).await.0, 202);
    }

    async fn a_project_that_cannot_be_read_keeps_no_other_back(world: Plan::signed()) {
        world.open().await;
        let other = world.gitlab.create_project("demo/other");
        let url = format!("{}/status_check/other", world.base);
        world.gitlab.create_rule(other, "Change approval", &url, Some(SECRET));
        let iid = world.gitlab.create_merge_request(other, gitlab_sandbox::NewMergeRequest::default());
        world.settle().await;
        assert_eq!(world.checks("pending").await.len(), 2);
        world.gitlab.set_licensed(world.project, false);
        world.gitlab.drop_next_calls(1);
        let sha = world.gitlab.push(other, iid);
        world.advance(Duration::from_secs(5));
        world.reconcile().await;
        let found = world.checks("pending").await;
        assert!(found.iter().any(|check| check["sha"] == *sha), "{found:?}");
    }

    async fn a_rule_that_no_longer_applies_to_the_target_branch_is_withdrawn(world: Plan::signed()) {
        let iid = world.open().await;
        world.gitlab.set_rule_branches(world.project, world.rule, &["main"]);
        world.advance(Duration::from_secs(5));
        // GitLab calls only the checks of the new target branch, so nobody tells.
        world.gitlab.set_target_branch(world.project, iid, "feature-base");
        world.reconcile().await;
        let check = world.check("withdrawn").await;
        assert!(world.detail(&check).await["notice"].as_str().unwrap().contains("no longer lists"));
    }

    async fn what_the_token_cannot_see_any_more_is_withdrawn_and_comes_back(world: Plan::signed()) {
        world.open().await;
        let project = world.project;
        let (app, iid) = (world.app.clone(), 1);
        let now = world.now();
        world
            .app
            .db
            .write(approval_app::db::Lane::Front, move |conn| {
                let connection = app.connected().unwrap().id;
                approval_app::service::observe::vanished(conn, &connection, project, iid, now)
            })
            .await
            .unwrap();
        let check = world.check("withdrawn").await;
        assert!(world.detail(&check).await["notice"].as_str().unwrap().contains("no longer shows"));
        world.advance(Duration::from_secs(300));
        world.reconcile().await;
        assert_eq!(world.check("pending").await["id"], check["id"]);
    }

    async fn what_was_approved_and_merged_raises_no_alarm(world: Plan::unsigned()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
        world.advance(Duration::from_secs(60));
        world.gitlab.merge(world.project, iid).unwrap();
        world.settle().await;
        assert_eq!(world.check("withdrawn").await["id"], check["id"]);
        world.advance(Duration::from_secs(300));
        world.reconcile().await;
        assert_eq!(world.get("system").await.1["undecided_passes"], 0);
        assert!(!world.happened(&check).await.iter().any(|kind| kind == "alarm.undecided_pass"));
    }

    async fn what_gitlab_cannot_serve_keeps_nothing_else_back(world: Plan::signed()) {
        let (first, second) = (world.open().await, world.open().await);
        world.gitlab.drop_next_calls(1);
        world.advance(Duration::from_secs(5));
        let pushed = world.gitlab.push(world.project, second);
        world.gitlab.set_fault_on(world.project, first, gitlab_sandbox::Fault::ServerError);
        world.reconcile().await;
        assert!(world.checks("pending").await.iter().any(|check| check["sha"] == *pushed));
    }

    async fn the_checks_of_a_project_that_is_gone_are_withdrawn(world: Plan::signed()) {
        world.open().await;
        world.gitlab.set_visibility(world.project, gitlab_sandbox::Visibility::Private);
        world.gitlab.set_access(world.project, "approval-bot", gitlab_sandbox::AccessLevel::None);
        world.reconcile().await;
        let check = world.check("withdrawn").await;
        assert!(world.detail(&check).await["notice"].as_str().unwrap().contains("no longer shows"));
    }
}

/// A round that would take minutes does not hold up who stops the service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_round_does_not_hold_up_the_end() {
    const OPEN: usize = 40;
    let database = Database::create(Kind::Sqlite).await;
    let gitlab = real_time_gitlab().await;
    let mut process = Process::start_with(&database.url, &gitlab.url(), 0, |command| {
        command.env("APPROVAL_RECONCILE_SECONDS", "10");
    });
    let http = reviewer(&database.url);
    let project = gitlab.create_project("demo/large");
    gitlab.create_rule(project, "Change approval", &format!("{}/status_check", process.base), Some(SECRET));
    let open: Vec<i64> =
        (0..OPEN).map(|_| gitlab.create_merge_request(project, NewMergeRequest::default())).collect();
    let pending = async || {
        let page = process.read(&http, "checks?state=pending&limit=100").await;
        page["items"].as_array().map_or(0, Vec::len)
    };
    while pending().await < OPEN {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // One after the other, they take longer than anybody waits here.
    for iid in open {
        gitlab.set_fault_on(project, iid, Fault::Slow(Duration::from_secs(10)));
    }
    let rounds = || gitlab.requests().iter().filter(|one| one.path.contains("/merge_requests?")).count();
    let before = rounds();
    while rounds() == before {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(process.stop().await.code(), Some(0), "{}", process.logged());
    gitlab.stop().await;
}
