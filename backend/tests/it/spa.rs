//! The browser application as files: caching, compression, pages.

use crate::support::{Kind, Plan, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_compressed_and_cached_and_pages_are_the_index() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let get = |path: &str, encoding: &'static str| {
        world.http.get(format!("{}/{path}", world.base)).header("accept-encoding", encoding).send()
    };
    let packed = get("", "br").await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "br");
    assert_eq!(packed.headers()["vary"], "accept-encoding");
    let index = get("", "identity").await.unwrap();
    assert!(!index.headers().contains_key("content-encoding"));
    assert_eq!(index.headers()["cache-control"], "no-cache");
    let etag = index.headers()["etag"].to_str().unwrap().to_owned();
    assert_ne!(packed.headers()["etag"], index.headers()["etag"]);
    let zipped = get("", "gzip").await.unwrap();
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    let html = index.text().await.unwrap();
    let again = |encoding: &'static str| {
        let asked = world.http.get(format!("{}/", world.base)).header("if-none-match", &etag);
        asked.header("accept-encoding", encoding).send()
    };
    assert_eq!(again("identity").await.unwrap().status(), 304);
    assert_eq!(again("br").await.unwrap().status(), 200, "the file in another encoding is another");
    let page = get("checks/0198b3a0-0000-7000-8000-000000000000?x=1", "identity").await.unwrap();
    assert_eq!(page.text().await.unwrap(), html, "a deep link is a page of the application");
    assert_eq!(get("missing-0123456789abcdef.js", "br").await.unwrap().status(), 404);
    assert_eq!(get("api/v2/checks", "br").await.unwrap().status(), 404);
    let Some(name) = html.split(['"', '\'']).find(|part| part.ends_with("_bg.wasm")) else {
        panic!("the application is not built in; run `make test-spa` first");
    };
    let name = name.trim_start_matches("./");
    let plain = get(name, "identity").await.unwrap();
    assert_eq!(plain.headers()["content-type"], "application/wasm");
    assert_eq!(plain.headers()["cache-control"], "public, max-age=31536000, immutable");
    let plain = plain.bytes().await.unwrap().len();
    for (asked, used) in [("br, gzip", "br"), ("gzip", "gzip")] {
        let answer = get(name, asked).await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], used);
        assert_eq!(answer.headers()["vary"], "accept-encoding");
        assert!(answer.bytes().await.unwrap().len() < plain / 2);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_root_leads_to_the_application_and_the_docs_need_nobody_else() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let root = world.base.trim_end_matches("/approval-apps");
    for path in ["/", "/approval-apps"] {
        let answer = world.http.get(format!("{root}{path}")).send().await.unwrap();
        assert_eq!(answer.url().path(), "/approval-apps/");
    }
    let docs = world.http.get(format!("{}/api/docs/", world.base)).send().await.unwrap();
    assert_eq!(docs.status(), 200);
    let html = docs.text().await.unwrap();
    assert!(html.contains("swagger-ui") && !html.contains("https://"), "{html}");
    let started =
        world.http.get(format!("{}/api/docs/swagger-initializer.js", world.base)).send().await.unwrap();
    let started = started.text().await.unwrap().replace(' ', "");
    assert!(started.contains("\"validatorUrl\":\"none\""), "{started}");
    for (path, lax) in [("api/docs/", true), ("x/api/docs", false), ("", false)] {
        let answer = world.http.get(format!("{}/{path}", world.base)).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert_eq!(policy.contains("unsafe-inline"), lax, "{path}");
    }
    let nowhere = world.http.get(format!("{root}/nope")).send().await.unwrap();
    assert_eq!(
        (nowhere.status().as_u16(), &nowhere.headers()["content-type"]),
        (404, &"application/problem+json".parse().unwrap())
    );
    let document = world.http.get(format!("{}/api/v1/openapi.json", world.base)).send().await.unwrap();
    assert_eq!(document.status(), 200);
    world.end().await;
}
