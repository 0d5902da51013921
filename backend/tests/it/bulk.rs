//! Many checks at once: decisions with one result for each, and listings that a person keeps.

use approval_app::domain::access::{Permission, Role};
use gitlab_sandbox::Status;
use serde_json::{Value, json};

use crate::support::{Plan, World, on_both};

const NOBODYS: &str = "0198b3a0-0000-7000-8000-000000000000";

fn items(checks: &[Value]) -> Vec<Value> {
    checks.iter().map(|check| json!({"id": check["id"], "expected_sha": check["sha"]})).collect()
}

on_both! {
    async fn each_check_is_decided_by_itself(world: Plan::signed()) {
        let mut iids = Vec::new();
        for _ in 0..5 {
            iids.push(world.open().await);
        }
        let checks = world.checks("pending").await;
        assert_eq!(world.decide(&checks[1], "approve", "").await.0, 201);
        let mut items = items(&checks);
        items[2]["expected_sha"] = json!("0123456789012345678901234567890123456789");
        items.push(json!({"id": NOBODYS, "expected_sha": "0".repeat(40)}));
        items.push(json!({"id": "nonsense", "expected_sha": "0".repeat(40)}));
        let (status, answer) = world.post("checks/decisions", &json!({"verdict": "reject", "comment": "all alike", "items": items})).await;
        assert_eq!(status, 200, "{answer}");
        let results = answer["results"].as_array().unwrap();
        let codes: Vec<_> = results.iter().map(|one| one["code"].as_str()).collect();
        assert_eq!(codes, [None, Some("state_changed"), Some("sha_moved"), None, None, Some("not_found"), Some("not_found")]);
        for (result, item) in results.iter().zip(&items) {
            assert_eq!(result["id"], item["id"]);
            assert_eq!(result["decided"], result["code"].is_null());
            assert_eq!(result["detail"].is_null(), result["code"].is_null());
        }
        assert_eq!(results[0]["check"]["state"], "rejected");
        assert_eq!(results[0]["check"]["decided_by"], "Rita Reviewer");
        assert!(results[1]["detail"].as_str().unwrap().contains("approved by Rita Reviewer"), "{answer}");
        assert_eq!(results[1]["check"]["state"], "approved");
        assert_eq!(results[2]["check"]["state"], "pending");
        assert!(results[5]["check"].is_null() && results[6]["check"].is_null());
        world.settle().await;
        let shown = |check: &Value| world.shown(check["merge_request"]["iid"].as_i64().unwrap());
        let all: Vec<_> = checks.iter().map(shown).collect();
        assert_eq!(all, [Status::Failed, Status::Passed, Status::Pending, Status::Failed, Status::Failed]);
        assert_eq!(world.detail(&checks[0]).await["decisions"][0]["comment"], "all alike");
    }

    async fn what_is_wrong_with_the_whole_is_refused_whole(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let one = items(std::slice::from_ref(&check));
        let twice: Vec<Value> = [one[0].clone(), json!({"id": check["id"].as_str().unwrap().to_uppercase(), "expected_sha": "0".repeat(40)})].into();
        let many: Vec<Value> = (0..101).map(|number| json!({"id": format!("0198b3a0-0000-7000-8000-{number:012}"), "expected_sha": "0".repeat(40)})).collect();
        for (body, code, field) in [
            (json!({"verdict": "approve", "items": []}), "invalid", "items"),
            (json!({"verdict": "approve", "items": many}), "invalid", "items"),
            (json!({"verdict": "approve", "items": twice}), "invalid", "items"),
            (json!({"verdict": "reject", "items": one}), "comment_required", "comment"),
            (json!({"verdict": "approve", "comment": "x".repeat(10_001), "items": one}), "invalid", "comment"),
            (json!({"verdict": "approve", "items": [{"id": check["id"], "expected_sha": " "}]}), "invalid", "expected_sha"),
        ] {
            let (status, problem) = world.post("checks/decisions", &body).await;
            assert_eq!((status.as_u16(), problem["code"].as_str(), problem["field"].as_str()), (422, Some(code), Some(field)), "{problem}");
        }
        assert_eq!(world.check("pending").await["id"], check["id"]);
    }

    async fn nobody_decides_more_at_once_than_one_by_one(world: Plan::signed()) {
        let iid = world.open().await;
        let own = world.check("pending").await;
        let mine = world.project_id(world.project).await;
        let other = world.gitlab.create_project("demo/payments");
        world.gitlab.create_rule(other, "Gate", &format!("{}/status_check", world.base), world.secret);
        world.gitlab.create_merge_request(other, Default::default());
        world.settle().await;
        let (_, page) = world.get("checks?project=demo/payments").await;
        let foreign = page["items"][0].clone();
        let author = world.gitlab.merge_request(world.project, iid).author;
        let person = world.person("Ada Author", &[Role::Reviewer], std::slice::from_ref(&mine)).await;
        let change = json!({"name": "Ada Author", "roles": ["reviewer"], "all_projects": false, "projects": [mine], "groups": [], "active": true, "gitlab_user_id": author});
        assert_eq!(world.program_of_rita().put(&format!("people/{}", person.id), &change).await.0, 200);
        let asker = world.browser(&person).await;
        let body = json!({"verdict": "approve", "items": items(&[own.clone(), foreign.clone()])});
        let (status, answer) = asker.post("checks/decisions", &body).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["results"][0]["code"], "own_change");
        assert_eq!(answer["results"][0]["check"]["id"], own["id"]);
        assert_eq!(answer["results"][1]["code"], "not_found");
        assert!(answer["results"][1]["check"].is_null());
        let reading = world.program(&person, &[Permission::ChecksRead], &[]).await;
        assert_eq!(reading.code("POST", "checks/decisions", &body).await, (403, "forbidden".into()));
        assert_eq!(world.checks("pending").await.len(), 2);
        assert!(world.happened(&own).await.contains(&"check.decision_refused".to_owned()));
    }

    async fn a_person_keeps_listings(world: Plan::signed()) {
        let rita = world.browser(&world.rita).await;
        assert_eq!(rita.get("account/filters").await.1, json!({"filters": []}));
        let mine = json!({"filters": [{"name": " Mine ", "query": "turn=mine"}, {"name": "All", "query": ""}]});
        let kept = json!({"filters": [{"name": "Mine", "query": "turn=mine"}, {"name": "All", "query": ""}]});
        assert_eq!(rita.put("account/filters", &mine).await, (reqwest::StatusCode::OK, kept.clone()));
        for bad in [
            json!({"filters": [{"name": "a", "query": ""}, {"name": "A", "query": ""}]}),
            json!({"filters": [{"name": "a", "query": "?q=1"}]}),
            json!({"filters": [{"name": "", "query": ""}]}),
            json!({"filters": [{"name": "a", "query": "x".repeat(1001)}]}),
            json!({"filters": [{"name": "a", "query": "", "more": 1}]}),
            json!({}),
        ] {
            assert_eq!(rita.code("PUT", "account/filters", &bad).await, (422, "invalid".into()), "{bad}");
        }
        assert_eq!(rita.get("account/filters").await.1, kept, "nothing is replaced by what is refused");
        // Nobody else sees or changes them, and a token of the same person neither.
        let other = world.person("Otto", &[Role::Viewer], &[]).await;
        let other = world.browser(&other).await;
        assert_eq!(other.put("account/filters", &json!({"filters": [{"name": "Mine", "query": "q=otto"}]})).await.0, 200);
        assert_eq!(rita.get("account/filters").await.1, kept);
        assert_eq!(world.program_of_rita().code("GET", "account/filters", &Value::Null).await, (403, "forbidden".into()));
        assert_eq!(rita.put("account/filters", &json!({"filters": []})).await.1, json!({"filters": []}));
    }
}
