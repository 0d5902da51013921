//! Alarms about checks: finding what they are about, and ending the one about a `passed` that nobody here decided.

use std::time::Duration;

use approval_app::domain::access::Role;
use gitlab_sandbox::Fault;
use serde_json::{Value, json};

use crate::support::{Plan, World, on_both};

/// What one alarm is about: the ids of the checks, the newest first.
async fn about(world: &World, query: &str) -> Vec<Value> {
    let (status, page) = world.get(&format!("checks?{query}")).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
}

async fn alarms(world: &World) -> Value {
    world.get("system").await.1["undecided_passes"].clone()
}

async fn reconcile_later(world: &World) {
    world.advance(Duration::from_secs(300));
    world.reconcile().await;
}

/// A merge request that passes in GitLab though nobody here approved it, and its check.
async fn passed_undecided(world: &World) -> (i64, Value, String) {
    let iid = world.open().await;
    world.answer_behind_our_back(iid, "passed").await;
    reconcile_later(world).await;
    let check = world.check("pending").await;
    assert_eq!(world.detail(&check).await["undecided_pass"], true);
    let path = format!("checks/{}/acknowledgement", check["id"].as_str().unwrap());
    (iid, check, path)
}

on_both! {
    async fn whoever_looked_into_an_undecided_pass_ends_its_alarm(world: Plan::signed()) {
        let (iid, check, path) = passed_undecided(world).await;
        let found = json!({"comment": " It was the release manager, by hand. "});
        let (status, answer) = world.post(&path, &found).await;
        assert_eq!(status, 204, "{answer}");
        assert_eq!(alarms(world).await, 0);
        let detail = world.detail(&check).await;
        assert_eq!(detail["undecided_pass"], false);
        let told = detail["timeline"].as_array().unwrap().last().unwrap();
        assert_eq!(told["kind"], "alarm.acknowledged");
        assert!(told["summary"].as_str().unwrap().ends_with("passed in GitLab: It was the release manager, by hand."), "{told}");
        let (status, problem) = world.post(&path, &found).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("not_retryable")));

        reconcile_later(world).await;
        assert_eq!(alarms(world).await, 0, "what was looked into is not said again");
        world.gitlab.merge(world.project, iid).unwrap();
        world.settle().await;
        reconcile_later(world).await;
        assert_eq!(alarms(world).await, 0, "nor when it is merged");
        assert_eq!(world.get("audit/verification").await.1["intact"], true);
    }

    async fn another_undecided_pass_is_another_alarm(world: Plan::signed()) {
        let (iid, check, path) = passed_undecided(world).await;
        assert_eq!(world.post(&path, &json!({"comment": "by hand"})).await.0, 204);
        world.answer_behind_our_back(iid, "failed").await;
        reconcile_later(world).await;
        world.answer_behind_our_back(iid, "passed").await;
        reconcile_later(world).await;
        assert_eq!(alarms(world).await, 1);
        assert_eq!(world.post(&path, &json!({"comment": "again"})).await.0, 204);
        world.gitlab.set_target_branch(world.project, iid, "release");
        world.settle().await;
        reconcile_later(world).await;
        assert_eq!(alarms(world).await, 1, "it may be merged elsewhere by now");
        assert_eq!(world.post(&path, &json!({"comment": "there as well"})).await.0, 204);
        assert_eq!(world.decide(&check, "reject", "not so").await.0, 201);
        world.settle().await;
        world.answer_behind_our_back(iid, "passed").await;
        reconcile_later(world).await;
        assert_eq!(world.happened(&check).await.iter().filter(|kind| *kind == "alarm.undecided_pass").count(), 4);
    }

    async fn an_alarm_of_what_was_merged_can_be_ended(world: Plan::signed()) {
        let (iid, check, path) = passed_undecided(world).await;
        world.gitlab.merge(world.project, iid).unwrap();
        world.settle().await;
        assert_eq!(world.check("withdrawn").await["id"], check["id"]);
        assert_eq!(alarms(world).await, 1);
        assert_eq!(about(world, "alarm=undecided_pass").await, [check["id"].clone()]);
        assert_eq!(world.post(&path, &json!({"comment": "by hand"})).await.0, 204);
        assert_eq!(alarms(world).await, 0);
        assert!(about(world, "alarm=undecided_pass").await.is_empty());
    }

    async fn only_administrators_end_alarms_and_say_why(world: Plan::signed()) {
        let (_, _, path) = passed_undecided(world).await;
        let reviewer = world.person("Vera", &[Role::Reviewer, Role::Auditor], &[]).await;
        let (status, problem) = world.browser(&reviewer).await.post(&path, &json!({"comment": "mine"})).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (403, Some("forbidden")));
        for (comment, code) in [(" \n", "comment_required"), (&*"x".repeat(1_001), "invalid"), ("a\0b", "invalid")] {
            let (status, problem) = world.post(&path, &json!({"comment": comment})).await;
            assert_eq!((status.as_u16(), problem["code"].as_str()), (422, Some(code)));
            assert_eq!(problem["field"], "comment");
        }
        assert_eq!(alarms(world).await, 1);
        let unknown = "checks/0198b3a0-0000-7000-8000-000000000000/acknowledgement";
        assert_eq!(world.post(unknown, &json!({"comment": "what?"})).await.0, 404);
    }

    async fn what_an_alarm_is_about_can_be_listed(world: Plan::signed()) {
        let (_, first, _) = passed_undecided(world).await;
        let iid = world.open().await;
        world.answer_behind_our_back(iid, "passed").await;
        world.open().await;
        reconcile_later(world).await;
        let pending = world.checks("pending").await;
        let (refused, second) = (pending[0].clone(), pending[1].clone());
        world.gitlab.set_fault(Some(Fault::Forbidden));
        assert_eq!(world.decide(&refused, "reject", "no").await.0, 201);
        world.settle().await;
        let system = world.get("system").await.1;
        assert_eq!((&system["undecided_passes"], &system["failed_deliveries"]), (&json!(2), &json!(1)));

        let (first, second, refused) = (&first["id"], &second["id"], &refused["id"]);
        assert_eq!(about(world, "alarm=failed_delivery").await, std::slice::from_ref(refused));
        assert_eq!(about(world, "alarm=undecided_pass").await, [second.clone(), first.clone()]);
        assert_eq!(about(world, "alarm=undecided_pass&sort=oldest").await, [first.clone(), second.clone()]);
        assert!(about(world, "alarm=failed_delivery&state=pending").await.is_empty());
        assert!(about(world, "alarm=undecided_pass&q=nothing-has-this-title").await.is_empty());
        let (_, page) = world.get("checks?alarm=undecided_pass&limit=1").await;
        let cursor = page["next_cursor"].as_str().unwrap();
        assert_eq!(about(world, &format!("alarm=undecided_pass&limit=1&cursor={cursor}")).await, std::slice::from_ref(first));
        let (status, problem) = world.get("checks?alarm=fire").await;
        assert_eq!((status.as_u16(), problem["field"].as_str()), (400, Some("alarm")), "{problem}");
    }
}
