//! What GitLab refuses stops, is tried again, and goes on when it is mended.

use std::time::Duration;

use gitlab_sandbox::{Fault, NewMergeRequest, Status};
use serde_json::json;

use crate::support::{Plan, SECRET, World, on_both};

on_both! {
    async fn a_revoked_token_stops_everything_until_it_works_again(world: Plan::signed()) {
        let first = world.open().await;
        let second = world.open().await;
        let checks = world.checks("pending").await;
        world.gitlab.set_fault(Some(Fault::TokenRevoked));
        assert_eq!(world.decide(&checks[0], "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.detail(&checks[0]).await["delivery"]["state"], "failed");
        let system = world.get("system").await.1;
        assert!(system["gitlab_trouble"].as_str().unwrap().contains("401"), "{system}");
        assert_eq!(system["failed_deliveries"], 1);
        let asked = world.gitlab.request_count();
        assert_eq!(world.decide(&checks[1], "approve", "").await.0, 201);
        world.settle_for(Duration::from_secs(29)).await;
        assert_eq!(world.gitlab.request_count(), asked, "nothing is sent with a token that is not accepted: {:?}", world.gitlab.requests());
        world.settle_for(Duration::from_secs(610)).await;
        let tried = world.gitlab.requests().iter().filter(|one| one.method == "POST").count();
        assert_eq!(tried, 3, "with the new decision, and ten minutes later: {:?}", world.gitlab.requests());
        world.gitlab.set_fault(None);
        world.settle_for(Duration::from_secs(700)).await;
        assert_eq!((world.shown(first), world.shown(second)), (Status::Passed, Status::Passed));
        assert!(world.get("system").await.1["gitlab_trouble"].is_null());
    }

    async fn a_person_can_retry_a_failed_delivery(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.gitlab.set_fault(Some(Fault::Forbidden));
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        let detail = world.detail(&check).await;
        assert_eq!(detail["delivery"]["state"], "failed");
        assert!(detail["notice"].as_str().unwrap().contains("Developer"), "{detail}");
        let path = format!("deliveries/{}/retry", detail["deliveries"][0]["id"].as_str().unwrap());
        world.gitlab.set_fault(None);
        assert_eq!(world.post(&path, &json!({})).await.0, 202);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
        let (status, problem) = world.post(&path, &json!({})).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("not_retryable")));
        assert_eq!(world.post("deliveries/0198b3a0-0000-7000-8000-000000000000/retry", &json!({})).await.0, 404);
    }

    async fn a_project_without_a_licence_keeps_no_other_project_back(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let other = world.gitlab.create_project("demo/other");
        let url = format!("{}/status_check/other", world.base);
        let rule = world.gitlab.create_rule(other, "Change approval", &url, Some(SECRET));
        world.gitlab.set_licensed(world.project, false);
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        assert!(world.detail(&check).await["delivery"]["last_error"].as_str().unwrap().contains("401"));
        assert!(world.get("system").await.1["gitlab_trouble"].is_null(), "the token is accepted");
        let iid = world.gitlab.create_merge_request(other, NewMergeRequest::default());
        world.settle().await;
        let second = world.check("pending").await;
        assert_eq!(world.decide(&second, "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.gitlab.status(other, iid, rule), Status::Passed);
        world.gitlab.set_licensed(world.project, true);
        world.settle_for(Duration::from_secs(601)).await;
        assert_eq!(world.detail(&check).await["delivery"]["state"], "delivered");
    }

    async fn a_broken_rule_is_probed_with_one_delivery(world: Plan::signed()) {
        for _ in 0..3 {
            world.open().await;
        }
        world.gitlab.set_fault(Some(Fault::Forbidden));
        for check in world.checks("pending").await {
            assert_eq!(world.decide(&check, "approve", "").await.0, 201);
            world.settle().await;
        }
        let tried = async || {
            let approved = world.checks("approved").await;
            approved.iter().map(|check| check["delivery"]["attempts"].as_i64().unwrap()).sum::<i64>()
        };
        let before = tried().await;
        world.advance(Duration::from_secs(600));
        world.settle().await;
        assert_eq!(tried().await - before, 1);
        world.gitlab.set_fault(None);
        world.settle_for(Duration::from_secs(601)).await;
        for check in world.checks("approved").await {
            assert_eq!(check["delivery"]["state"], "delivered", "{check}");
        }
    }

    async fn a_new_decision_finds_out_that_the_token_works_again(world: Plan::signed()) {
        let (first, second) = (world.open().await, world.open().await);
        let checks = world.checks("pending").await;
        world.gitlab.set_fault(Some(Fault::TokenRevoked));
        assert_eq!(world.decide(&checks[0], "approve", "").await.0, 201);
        world.settle().await;
        world.gitlab.set_fault(None);
        world.advance(Duration::from_secs(60));
        assert_eq!(world.decide(&checks[1], "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!((world.shown(first), world.shown(second)), (Status::Passed, Status::Passed));
        assert!(world.get("system").await.1["gitlab_trouble"].is_null());
    }

    async fn a_merge_request_that_is_gone_keeps_its_rule_back_for_half_a_minute(world: Plan::signed()) {
        let (gone, other) = (world.open().await, world.open().await);
        let checks = world.checks("pending").await;
        let of = |iid: i64| checks.iter().find(|check| check["merge_request"]["iid"] == iid).unwrap();
        world.gitlab.set_fault_on(world.project, gone, Fault::Forbidden);
        assert_eq!(world.decide(of(gone), "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.detail(of(gone)).await["delivery"]["state"], "failed");
        assert_eq!(world.decide(of(other), "approve", "").await.0, 201);
        world.gitlab.close(world.project, gone);
        world.settle_for(Duration::from_secs(31)).await;
        assert_eq!(world.shown(other), Status::Passed);
    }

    async fn a_person_can_have_what_is_kept_back_sent_now(world: Plan::signed()) {
        let (first, second) = (world.open().await, world.open().await);
        let checks = world.checks("pending").await;
        world.gitlab.set_fault(Some(Fault::Forbidden));
        assert_eq!(world.decide(&checks[0], "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.decide(&checks[1], "approve", "").await.0, 201);
        world.settle().await;
        let kept = world.detail(&checks[1]).await["deliveries"][0].clone();
        assert_eq!((&kept["state"], &kept["attempts"]), (&json!("pending"), &json!(0)));
        world.gitlab.set_fault(None);
        let path = format!("deliveries/{}/retry", kept["id"].as_str().unwrap());
        assert_eq!(world.post(&path, &json!({})).await.0, 202);
        world.settle().await;
        assert_eq!((world.shown(first), world.shown(second)), (Status::Passed, Status::Passed));
    }
}
