//! Deciding: what is taken, what is refused and with which words.

use std::time::Duration;

use gitlab_sandbox::{Fault, Status};
use serde_json::json;

use crate::support::{Plan, World, on_both};

on_both! {
    async fn an_entry_of_the_record_says_what_was_decided_where_and_why(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "reject", "the window is closed").await.0, 201);
        world.settle().await;
        let (_, found) = world.get(&format!("audit?kind=check.decided&q=demo/storefront!{iid}")).await;
        let sha = &check["sha"].as_str().unwrap()[..8];
        assert_eq!(
            found["items"][0]["summary"],
            format!("Rita Reviewer rejected {sha} of demo/storefront!{iid} for \"Change approval\": the window is closed")
        );
        let (_, told) = world.get("audit?kind=delivery.delivered").await;
        assert_eq!(told["items"][0]["actor"], "approval-app");
    }

    async fn every_entry_about_a_check_names_its_merge_request(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        let later = |world: &World| world.advance(Duration::from_secs(5));
        later(world);
        world.gitlab.set_target_branch(world.project, iid, "release");
        world.settle().await;
        later(world);
        world.gitlab.edit_title(world.project, iid, "Another title");
        world.settle().await;
        world.gitlab.set_fault(Some(Fault::Forbidden));
        assert_eq!(world.decide(&check, "reject", "not yet").await.0, 201);
        world.settle().await;
        world.gitlab.set_fault(None);
        let delivery = world.detail(&check).await["deliveries"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(world.post(&format!("deliveries/{delivery}/retry"), &json!({})).await.0, 202);
        world.settle().await;
        later(world);
        world.gitlab.set_target_branch(world.project, iid, "main");
        world.settle().await;
        later(world);
        world.gitlab.close(world.project, iid);
        world.settle().await;
        later(world);
        world.gitlab.reopen(world.project, iid);
        world.settle().await;
        later(world);
        world.gitlab.push(world.project, iid);
        world.settle().await;
        let kinds = world.happened(&check).await;
        for kind in ["retargeted", "updated", "decided", "voided", "withdrawn", "reopened", "superseded"] {
            assert!(kinds.contains(&format!("check.{kind}")), "{kind}: {kinds:?}");
        }
        for kind in ["failed", "retried", "delivered"] {
            assert!(kinds.contains(&format!("delivery.{kind}")), "{kind}: {kinds:?}");
        }
        let name = format!("demo/storefront!{iid}");
        for event in world.detail(&check).await["timeline"].as_array().unwrap() {
            let broken = event["kind"].as_str().unwrap().starts_with("connection.");
            assert!(broken || event["summary"].as_str().unwrap().contains(&name), "{event}");
        }
    }

    async fn approve_and_gitlab_passes(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        let (status, decided) = world.decide(&check, "approve", "").await;
        assert_eq!(status, 201, "{decided}");
        assert_eq!(decided["state"], "approved");
        assert_eq!(decided["decided_by"], "Rita Reviewer");
        assert_eq!(decided["delivery"]["state"], "pending");
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
        let detail = world.detail(&check).await;
        assert_eq!(detail["delivery"]["state"], "delivered");
        assert_eq!(detail["deliveries"][0]["log"][0]["http_status"], 201);
        assert_eq!(detail["decisions"][0]["reviewer_verified"], true);
        assert_eq!(detail["decisions"][0]["via"], "token everything");
        assert_eq!(detail["decisions"][0]["account_id"], world.rita.id);
        assert_eq!(world.happened(&check).await, ["check.created", "check.decided", "delivery.delivered"]);
        assert!(world.gitlab.refused().is_empty());
    }

    async fn reject_needs_a_comment(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        let (status, problem) = world.decide(&check, "reject", "  ").await;
        assert_eq!((status.as_u16(), problem["code"].as_str(), problem["field"].as_str()), (422, Some("comment_required"), Some("comment")));
        // PostgreSQL could not store it.
        let (status, problem) = world.decide(&check, "reject", "not\0this").await;
        assert_eq!((status.as_u16(), problem["code"].as_str(), problem["field"].as_str()), (422, Some("invalid"), Some("comment")));
        assert_eq!(world.decide(&check, "reject", "Secrets in the diff").await.0, 201);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Failed);
        assert_eq!(world.detail(&check).await["decisions"][0]["comment"], "Secrets in the diff");
    }

    async fn a_decision_on_a_commit_that_moved_is_refused_and_shows_what_changed(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.advance(Duration::from_secs(5));
        let newer = world.gitlab.push(world.project, iid);
        world.settle().await;
        let (status, problem) = world.decide(&check, "approve", "").await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("sha_moved")));
        assert_eq!(problem["check"]["head_sha"], newer);
        assert!(problem["check"]["successor_id"].is_string());
        let new = world.check("pending").await;
        let body = json!({"verdict": "approve", "expected_sha": check["sha"]});
        let (status, problem) = world.post(&format!("checks/{}/decisions", new["id"].as_str().unwrap()), &body).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("sha_moved")));
        assert_eq!(world.shown(iid), Status::Pending);
    }

    async fn a_decision_for_a_target_branch_that_moved_is_refused(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.advance(Duration::from_secs(5));
        world.gitlab.set_target_branch(world.project, iid, "release");
        world.settle().await;
        assert_eq!(world.happened(&check).await, ["check.created", "check.retargeted"]);
        let path = format!("checks/{}/decisions", check["id"].as_str().unwrap());
        let body = |target: &str| json!({"verdict": "approve", "expected_sha": check["sha"], "expected_target_branch": target});
        let (status, problem) = world.post(&path, &body("main")).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("target_moved")));
        assert_eq!(problem["check"]["target_branch"], "release");
        assert!(problem["detail"].as_str().unwrap().contains("into release by now"), "{problem}");
        let item = json!({"id": check["id"], "expected_sha": check["sha"], "expected_target_branch": "main"});
        let (_, answer) = world.post("checks/decisions", &json!({"verdict": "approve", "items": [item]})).await;
        assert_eq!(answer["results"][0]["code"], "target_moved", "{answer}");
        assert_eq!(world.check("pending").await["id"], check["id"], "nothing was decided");
        world.advance(Duration::from_secs(5));
        world.gitlab.set_target_branch(world.project, iid, "Release");
        world.settle().await;
        assert_eq!(world.post(&path, &body("release")).await.1["code"], "target_moved", "branches differ by their case alone");
        assert_eq!(world.post(&path, &body("Release")).await.0, 201);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
    }

    async fn a_push_that_was_not_heard_of_yet_is_found_by_delivery(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.gitlab.drop_next_calls(1);
        world.advance(Duration::from_secs(5));
        let newer = world.gitlab.push(world.project, iid);
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.gitlab.refused().iter().filter(|refused| refused.code == 409).count(), 1);
        assert_eq!(world.check("pending").await["sha"], newer);
        let old = world.detail(&check).await;
        assert_eq!(old["state"], "superseded");
        assert_eq!(old["delivery"]["state"], "obsolete");
        assert_eq!(world.shown(iid), Status::Pending);
    }

    async fn of_two_who_decide_at_once_one_is_told_who_was_first(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        for _ in 0..5 {
            let (one, two) = tokio::join!(world.decide(&check, "approve", ""), world.decide(&check, "reject", "no"));
            let mut codes = [one.0.as_u16(), two.0.as_u16()];
            codes.sort_unstable();
            if codes == [409, 409] {
                continue;
            }
            assert_eq!(codes, [201, 409]);
            let refused = if one.0 == 409 { one.1 } else { two.1 };
            assert_eq!(refused["code"], "state_changed");
            assert_eq!(refused["check"]["decided_by"], "Rita Reviewer");
            break;
        }
        world.settle().await;
        let decided = world.detail(&check).await;
        assert_eq!(decided["decisions"].as_array().unwrap().len(), 1);
        let expected = if decided["state"] == "approved" { Status::Passed } else { Status::Failed };
        assert_eq!(world.shown(iid), expected);
    }

    async fn a_decision_can_be_reversed_with_a_reason(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        let path = format!("checks/{}/decisions", check["id"].as_str().unwrap());
        let wish = |comment: &str| json!({"verdict": "reject", "comment": comment, "expected_sha": check["sha"], "expected_state": "approved"});
        assert_eq!(world.post(&path, &wish("")).await.0, 422);
        let (status, now) = world.post(&path, &wish("Found late")).await;
        assert_eq!(status, 201, "{now}");
        assert_eq!(now["state"], "rejected");
        assert_eq!(now["decided_by"], "Rita Reviewer");
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Failed);
        let counts: Vec<_> = world.detail(&check).await["decisions"].as_array().unwrap().iter().map(|one| one["counts"].clone()).collect();
        assert_eq!(counts, [false, true]);
    }

    async fn a_reversal_before_delivery_sends_only_the_last_word(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        let before = world.gitlab.responses(world.project, iid).len();
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        let path = format!("checks/{}/decisions", check["id"].as_str().unwrap());
        let wish = json!({"verdict": "reject", "comment": "wait", "expected_sha": check["sha"], "expected_state": "approved"});
        assert_eq!(world.post(&path, &wish).await.0, 201);
        world.settle().await;
        assert_eq!(world.gitlab.responses(world.project, iid).len(), before + 1);
        assert_eq!(world.shown(iid), Status::Failed);
        let states: Vec<_> = world.detail(&check).await["deliveries"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
        assert_eq!(states, ["obsolete", "delivered"]);
    }

    async fn what_is_wrong_with_a_decision_is_said(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let path = format!("checks/{}/decisions", check["id"].as_str().unwrap());
        for (body, status, code) in [
            (json!({}), 422, "invalid"),
            (json!(["approve", "", check["sha"]]), 422, "invalid"),
            (json!({"verdict": "maybe", "expected_sha": "x"}), 422, "invalid"),
            (json!({"verdict": "approve"}), 422, "invalid"),
            (json!({"verdict": "approve", "expected_sha": ""}), 422, "invalid"),
            (json!({"verdict": "approve", "expected_sha": &check["sha"].as_str().unwrap()[..8]}), 422, "invalid"),
            (json!({"verdict": "approve", "expected_sha": "x", "typo": 1}), 422, "invalid"),
            (json!({"verdict": "approve", "expected_sha": check["sha"], "reviewer": "Somebody Else"}), 422, "invalid"),
            (json!({"verdict": "approve", "expected_sha": check["sha"], "expected_state": "withdrawn"}), 422, "invalid"),
            (json!({"verdict": "approve", "expected_sha": check["sha"], "comment": "x".repeat(300_000)}), 413, "too_large"),
            (json!({"verdict": "approve", "expected_sha": check["sha"], "comment": "x".repeat(10_001)}), 422, "invalid"),
        ] {
            let (got, problem) = world.post(&path, &body).await;
            assert_eq!((got.as_u16(), problem["code"].as_str()), (status, Some(code)), "{body}: {problem}");
        }
        let raw = world.http.post(format!("{}/api/v1/{path}", world.base));
        let text = raw.try_clone().unwrap().header("content-type", "text/plain").body("{}").send().await.unwrap();
        assert_eq!(text.status(), 415);
        let broken = raw.header("content-type", "application/json").body("{").send().await.unwrap();
        assert_eq!(broken.status(), 400);
        let missing = json!({"verdict": "approve", "expected_sha": check["sha"]});
        assert_eq!(world.post("checks/0198b3a0-0000-7000-8000-000000000000/decisions", &missing).await.0, 404);
        assert_eq!(world.post("checks/nonsense/decisions", &missing).await.0, 404);
        assert_eq!(world.check("pending").await["id"], check["id"]);
    }

    async fn a_long_comment_in_escapes_and_a_commit_in_capitals_are_taken(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let comment = "\\ud83d\\ude80".repeat(10_000);
        let sha = check["sha"].as_str().unwrap().to_uppercase();
        let body = format!("{{\"verdict\": \"reject\", \"expected_sha\": \"{sha}\", \"comment\": \"{comment}\"}}");
        let url = format!("{}/api/v1/checks/{}/decisions", world.base, check["id"].as_str().unwrap());
        let answer = world.http.post(url).header("content-type", "application/json").body(body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let decision = world.detail(&check).await["decisions"][0].clone();
        assert_eq!((&decision["sha"], &decision["comment"]), (&check["sha"], &json!("🚀".repeat(10_000))));
    }

    async fn another_site_cannot_decide(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let body = json!({"verdict": "approve", "expected_sha": check["sha"]});
        let post = |name: &'static str, value: &'static str| {
            world.http.post(format!("{}/api/v1/checks/{}/decisions", world.base, check["id"].as_str().unwrap())).header(name, value).json(&body).send()
        };
        for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example"), ("origin", "null")] {
            let answer = post(name, value).await.unwrap();
            assert_eq!(answer.status(), 403, "{name}: {value}");
        }
        assert_eq!(post("sec-fetch-site", "same-origin").await.unwrap().status(), 201);
    }
}
