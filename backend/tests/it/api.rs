//! The REST API: listings, the document, errors, headers.

use std::collections::BTreeSet;

use gitlab_sandbox::NewMergeRequest;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Kind, Plan, World, on_both};

async fn ids(world: &World, query: &str) -> (Vec<String>, Option<String>) {
    let (status, page) = world.get(&format!("checks?{query}")).await;
    assert_eq!(status, 200, "{page}");
    let ids = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();
    (ids, page["next_cursor"].as_str().map(str::to_owned))
}

on_both! {
    async fn pages_cover_everything_once_in_order(world: Plan::signed()) {
        for _ in 0..7 {
            world.open().await;
        }
        for check in world.checks("pending").await.iter().take(3) {
            world.decide(check, "approve", "").await;
        }
        for (states, count) in [("pending", 4), ("approved", 3), ("all", 7), ("pending,approved", 7), ("rejected", 0)] {
            let mut seen = Vec::new();
            let mut cursor = None;
            loop {
                let query = match &cursor {
                    None => format!("state={states}&limit=2"),
                    Some(cursor) => format!("state={states}&limit=2&cursor={cursor}"),
                };
                let (mut page, next) = ids(world, &query).await;
                assert!(page.len() <= 2);
                seen.append(&mut page);
                match next {
                    Some(next) => cursor = Some(next),
                    None => break,
                }
            }
            let unique: BTreeSet<_> = seen.iter().collect();
            assert_eq!((seen.len(), unique.len()), (count, count), "{states}");
            assert_eq!(ids(world, &format!("state={states}&limit=200")).await.0, seen);
        }
    }

    async fn filters_narrow_the_listing(world: Plan::signed()) {
        let new = NewMergeRequest { title: "Raise the 50% limit_now".into(), source_branch: "limits".into(), ..Default::default() };
        world.gitlab.create_merge_request(world.project, new);
        world.open().await;
        let other = world.gitlab.create_project("demo/payments");
        let rule = world.gitlab.create_rule(other, "Release gate", &format!("{}/status_check", world.base), world.secret);
        world.gitlab.create_merge_request(other, Default::default());
        world.settle().await;
        for (query, count) in [
            ("", 3),
            ("project=demo/payments", 1),
            (&format!("project={other}"), 1),
            ("project=demo/none", 0),
            ("rule=Release%20gate", 1),
            (&format!("rule={rule}"), 1),
            ("q=50%25", 1),
            ("q=LIMIT_NOW", 1),
            ("q=limit%25now", 0),
            ("q=demo/storefront!1", 1),
            ("q=%5C", 0),
        ] {
            assert_eq!(ids(world, query).await.0.len(), count, "{query}");
        }
    }

    async fn parameters_that_cannot_be_read_are_refused(world: Plan::signed()) {
        for query in ["state=done", "limit=0", "limit=201", "limit=x", "cursor=abc", "cursor=2026-01-01T00:00:00.000000Z~x", "colour=red", "q=%00"] {
            let (status, problem) = world.get(&format!("checks?{query}")).await;
            assert_eq!((status.as_u16(), problem["code"].as_str()), (400, Some("bad_parameter")), "{query}");
        }
        let (_, problem) = world.get("checks?limit=x").await;
        assert_eq!(problem["field"], "limit");
        assert!(problem["detail"].as_str().unwrap().starts_with("limit cannot be \"x\""), "{problem}");
        for path in ["checks/none", "checks/0198b3a0-0000-7000-8000-000000000000", "nothing/here", "calls/x"] {
            let (status, problem) = world.get(path).await;
            assert_eq!((status.as_u16(), problem["code"].as_str()), (404, Some("not_found")), "{path}");
        }
        assert_eq!(world.get("calls?state=lost").await.0, 400);
        assert_eq!(world.get("calls?cursor=x").await.0, 400);
    }
}

/// The document that is checked in is the one the code makes: `make openapi` writes it.
#[test]
fn the_openapi_document_is_up_to_date() {
    let made = approval_app::http::openapi::build("/approval-apps").to_pretty_json().unwrap();
    let checked_in = include_str!("../../../docs/openapi.json");
    assert!(
        made.trim() == checked_in.trim(),
        "docs/openapi.json is not what the code says; run `make openapi`"
    );
    let document: Value = serde_json::from_str(&made).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let codes: Vec<_> = shared::ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(document["components"]["schemas"]["ProblemCode"]["enum"], serde_json::json!(codes));
}

/// Every documented operation exists: it never answers "no such operation".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_operation_is_served() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let document = serde_json::to_value(approval_app::http::openapi::build("/approval-apps")).unwrap();
    let root = world.base.trim_end_matches("/approval-apps");
    let mut count = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["operationId"].is_string(), "{method} {path}");
            let url = format!("{root}{}", path.replace("{id}", "1").replace("{rule_key}", "k"));
            let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = world.http.request(method.clone(), &url).send().await.unwrap();
            let status = answer.status().as_u16();
            if path.ends_with("/events") {
                assert_eq!(status, 200);
            } else {
                let text = answer.text().await.unwrap();
                assert!(
                    !text.contains("no such operation") && status != 405,
                    "{method} {path}: {status} {text}"
                );
            }
            count += 1;
        }
    }
    assert!(count >= 12, "{count} operations");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gitlab_is_asked_under_the_id_of_the_request() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    world.open().await;
    let check = world.check("pending").await;
    let url = format!("{}/api/v1/checks/{}/gitlab", world.base, check["id"].as_str().unwrap());
    assert_eq!(world.http.get(url).header("x-request-id", "edge-42").send().await.unwrap().status(), 200);
    let asked = world.gitlab.requests().pop().unwrap();
    assert_eq!(asked.request_id.as_deref(), Some("edge-42"), "{asked:?}");
    // Nobody waits for a delivery: it has an id of its own, which the check's page shows.
    world.decide(&check, "approve", "").await;
    world.settle().await;
    let told = world.gitlab.requests().into_iter().find(|one| one.path.ends_with("status_check_responses"));
    let detail = world.detail(&check).await;
    assert_eq!(told.unwrap().request_id.as_deref(), detail["deliveries"][0]["id"].as_str(), "{detail}");
    assert!(world.gitlab.requests().iter().all(|one| one.request_id.is_some()));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_watches_may_ask_by_head_and_other_methods_are_told_which_there_are() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let http =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let root = world.base.trim_end_matches("/approval-apps");
    let ask = |method: Method, url: String| http.request(method, url).send();
    for (path, status) in [
        ("/livez", 200),
        ("/readyz", 200),
        ("/", 302),
        ("/approval-apps", 302),
        ("/approval-apps/api/docs", 302),
    ] {
        assert_eq!(ask(Method::HEAD, format!("{root}{path}")).await.unwrap().status(), status, "{path}");
    }
    let docs = ask(Method::GET, format!("{}/api/docs", world.base)).await.unwrap();
    assert_eq!(docs.headers()["location"], "docs/");
    for method in [Method::GET, Method::HEAD] {
        assert_eq!(ask(method.clone(), format!("{}/api/docs/", world.base)).await.unwrap().status(), 200);
        assert_eq!(ask(method, format!("{}/api/docs/nothing.js", world.base)).await.unwrap().status(), 404);
    }
    for (path, allowed) in [
        ("/livez", "GET, HEAD"),
        ("/approval-apps/status_check", "POST"),
        ("/approval-apps/api/v1/checks", "GET"),
        ("/approval-apps/api/v1/account/filters", "GET, PUT"),
        ("/approval-apps/some/page", "GET, HEAD"),
    ] {
        let refused = ask(Method::PATCH, format!("{root}{path}")).await.unwrap();
        assert_eq!(refused.status(), 405, "{path}");
        assert_eq!(refused.headers()["allow"], allowed, "{path}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_carry_strict_headers_and_a_request_id() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let api = world
        .http
        .get(format!("{}/api/v1/checks", world.base))
        .header("x-request-id", "abc-123")
        .send()
        .await
        .unwrap();
    assert_eq!(api.headers()["x-request-id"], "abc-123");
    assert_eq!(api.headers()["cache-control"], "no-store");
    // Also where nobody is let in.
    let refused = world.stranger().http.get(format!("{}/api/v1/checks", world.base)).send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["cache-control"]),
        (401, &"no-store".parse().unwrap())
    );
    assert_eq!(refused.headers()["x-content-type-options"], "nosniff");
    let id = refused.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(refused.json::<serde_json::Value>().await.unwrap()["request_id"], id);
    let text = world.http.post(format!("{}/api/v1/reconcile", world.base)).body("now").send().await.unwrap();
    assert_eq!((text.status().as_u16(), text.headers().contains_key("x-request-id")), (415, true));
    let smuggled = world
        .http
        .get(format!("{}/api/v1/checks", world.base))
        .header("x-request-id", "a b")
        .send()
        .await
        .unwrap();
    assert_ne!(smuggled.headers()["x-request-id"], "a b");
    let page = world.http.get(format!("{}/", world.base)).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(page.headers()[name], value);
    }
    world.end().await;
}
