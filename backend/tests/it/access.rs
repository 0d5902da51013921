//! Who may call what: walks the OpenAPI document, operation by operation.

use std::collections::BTreeSet;

use approval_app::domain::access::{Permission, Role};
use approval_app::http::access::{API, OPERATIONS};
use serde_json::{Value, json};

use crate::support::{Asker, Kind, Plan, World};

/// What anybody may call. This list may only shrink.
const PUBLIC: [&str; 8] = [
    "GET /openapi.json",
    "GET /sign-in",
    "GET /sign-in/{provider}",
    "GET /sign-in/{provider}/callback",
    "GET /sign-in/{provider}/sign-out",
    "POST /links/accept",
    "POST /links/inspect",
    "POST /session",
];

/// An operation of the document: method, path below the API, what it needs.
fn operations() -> Vec<(String, String, String)> {
    let document = serde_json::to_value(approval_app::http::openapi::build("")).unwrap();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix(API) else { continue };
        for (method, operation) in methods.as_object().unwrap() {
            let needs = operation["x-permission"].as_str();
            let needs = needs.unwrap_or_else(|| panic!("{method} {path} does not say what it needs"));
            all.push((method.to_uppercase(), path.to_owned(), needs.to_owned()));
        }
    }
    all
}

/// The operation with an id that nobody has, and a body where one is sent.
async fn call(asker: &Asker, method: &str, path: &str) -> (u16, String) {
    let id = if path.contains("/calls/") { "999999" } else { "0198b3a0-0000-7000-8000-000000000000" };
    let body = if matches!(method, "POST" | "PUT") { json!({}) } else { Value::Null };
    let path = path.replace("{id}", id);
    let request = asker.http.request(
        reqwest::Method::from_bytes(method.as_bytes()).unwrap(),
        format!("{}{API}{path}", asker.base),
    );
    let request = if body.is_null() { request } else { request.json(&body) };
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    // The live stream has no end to wait for.
    if path == "/events" && status == 200 {
        return (status, String::new());
    }
    let problem: Value = answer.json().await.unwrap_or(Value::Null);
    (status, problem["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn the_list_of_public_operations_does_not_grow() {
    let public: BTreeSet<String> = operations()
        .into_iter()
        .filter(|(_, _, needs)| needs == "public")
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(public, BTreeSet::from(PUBLIC.map(str::to_owned)));
}

#[test]
fn the_table_and_the_document_name_the_same_operations() {
    let documented: BTreeSet<_> = operations().into_iter().collect();
    let table: BTreeSet<_> = OPERATIONS
        .iter()
        .map(|one| (one.0.to_owned(), one.1.to_owned(), one.2.as_str().to_owned()))
        .collect();
    assert_eq!(documented, table);
}

/// 401 without credentials, 403 with everything but the permission that is needed and with each other
/// one alone, and neither with that permission alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_is_guarded() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let everybody = world.person("Everything", &Role::ALL, &[]).await;
    let mut alone = Vec::new();
    let mut all_but = Vec::new();
    for one in Permission::ALL {
        let others: Vec<Permission> = Permission::ALL.into_iter().filter(|other| *other != one).collect();
        alone.push((one.as_str(), world.program(&everybody, &[one], &[]).await));
        all_but.push((one.as_str(), world.program(&everybody, &others, &[]).await));
    }
    let refused = |answer: &(u16, String)| matches!(answer.0, 401 | 403);
    let mut count = 0;
    for (method, path, needs) in operations() {
        let name = format!("{method} {path} ({needs})");
        let stranger = call(&world.stranger(), &method, &path).await;
        if needs == "public" {
            assert!(!refused(&stranger), "{name}: {stranger:?}");
            continue;
        }
        count += 1;
        assert_eq!(stranger, (401, "not_signed_in".into()), "{name}");
        for odd in ["aat_nonsense", "Basic cml0YTpyaXRh", ""] {
            let odd = world.bearer(odd);
            assert_eq!(call(&odd, &method, &path).await.0, 401, "{name}");
        }
        for (one, asker) in &alone {
            let answer = call(asker, &method, &path).await;
            let enough = needs == *one || needs == "signed-in";
            assert_eq!(refused(&answer), !enough, "{name} with {one} alone: {answer:?}");
        }
        for (one, asker) in &all_but {
            let answer = call(asker, &method, &path).await;
            let missing = needs == *one || needs == "session";
            assert_eq!(refused(&answer), missing, "{name} with everything but {one}: {answer:?}");
            if missing {
                assert_eq!(answer, (403, "forbidden".into()), "{name}");
            }
        }
    }
    assert!(count >= 30, "{count} operations are guarded");
    world.end().await;
}

/// What is not in the table is not offered, whoever asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_in_the_table_is_not_offered() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let rita = world.program_of_rita();
    for (method, path, expected) in [
        ("GET", "/nothing", (404, "not_found")),
        ("GET", "", (404, "not_found")),
        ("DELETE", "/checks", (405, "method_not_allowed")),
        ("PATCH", "/people/1", (405, "method_not_allowed")),
        ("GET", "/checks/1/decisions", (405, "method_not_allowed")),
    ] {
        for asker in [&rita, &world.stranger()] {
            let (status, code) = call(asker, method, path).await;
            assert_eq!((status, code.as_str()), expected, "{method} {path}");
        }
    }
    world.end().await;
}
