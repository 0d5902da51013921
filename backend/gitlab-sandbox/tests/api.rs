//! The rest of the API: pages, rules, lists, merge requests and who may see them.

mod support;

use gitlab_sandbox::{AccessLevel, FileChange, NewMergeRequest, Visibility};
use reqwest::Method;
use serde_json::{Value, json};

use self::support::World;

#[tokio::test]
async fn pages_by_number_with_their_headers() {
    let world = World::new().await;
    for _ in 1..45 {
        world.gitlab.create_merge_request(world.project, NewMergeRequest::default());
    }
    let path = format!("/projects/{}/merge_requests", world.project);
    let first = world.get(&path).await;
    assert_eq!(first.body.as_array().unwrap().len(), 20);
    let headers = ["x-page", "x-per-page", "x-total", "x-total-pages", "x-next-page", "x-prev-page"];
    assert_eq!(headers.map(|name| first.header(name)), ["1", "20", "45", "3", "2", ""]);
    let last = world.get(&format!("{path}?state=opened&per_page=20&page=3")).await;
    assert_eq!(last.body.as_array().unwrap().len(), 5);
    assert_eq!(headers.map(|name| last.header(name)), ["3", "20", "45", "3", "", "2"]);
    let address =
        |page: usize| format!("<{}/api/v4{path}?state=opened&page={page}&per_page=20>", world.gitlab.url());
    let link =
        format!("{}; rel=\"prev\", {}; rel=\"first\", {}; rel=\"last\"", address(2), address(1), address(3));
    assert_eq!(last.header("link"), link);
    let beyond = world.get(&format!("{path}?page=9")).await;
    assert_eq!((beyond.code, beyond.body), (200, json!([])));
    assert_eq!(world.get(&format!("{path}?per_page=1000")).await.body.as_array().unwrap().len(), 45);
    assert_eq!(world.get(&format!("{path}?state=open")).await.code, 400);
    let checks = world.get(&format!("{}/status_checks?per_page=1", world.mr_path())).await;
    assert_eq!(checks.header("x-total"), "1");
}

#[tokio::test]
async fn status_checks_in_scope_for_head() {
    let world = World::new().await;
    let gitlab = &world.gitlab;
    gitlab.set_rule_url(world.project, world.rule, &world.receiver.url("/hook?key=secret"));
    let scoped = gitlab.create_rule(world.project, "Release", "http://127.0.0.1:9/release", None);
    gitlab.set_rule_branches(world.project, scoped, &["release/*"]);
    world.answer("passed").await;
    let path = format!("{}/status_checks", world.mr_path());
    let url = world.receiver.url("/hook");
    let reply = world.get(&path).await;
    let expected =
        json!([{ "id": world.rule, "name": "Change approval", "external_url": url, "status": "passed" }]);
    assert_eq!((reply.code, &reply.body), (200, &expected));
    assert_eq!(reply.header("poll-interval"), "10000");
    gitlab.push(world.project, world.iid);
    gitlab.set_target_branch(world.project, world.iid, "release/1");
    let reply = world.get(&path).await;
    let seen: Vec<_> =
        reply.body.as_array().unwrap().iter().map(|one| (one["id"].as_i64(), &one["status"])).collect();
    assert_eq!(seen, [(Some(world.rule), &json!("pending")), (Some(scoped), &json!("pending"))]);
    gitlab.add_token("reporter", "reporter", AccessLevel::Reporter, &["read_api"]);
    let reply = world.api_as("reporter", Method::GET, &path, None).await;
    assert_eq!(reply.body[0]["external_url"], "");
    gitlab.add_token("guest", "guest", AccessLevel::Guest, &["api"]);
    assert_eq!(world.api_as("guest", Method::GET, &path, None).await.code, 403);
    gitlab.add_token("outsider", "outsider", AccessLevel::None, &["api"]);
    assert_eq!(world.api_as("outsider", Method::GET, &path, None).await.code, 404);
    gitlab.set_visibility(world.project, Visibility::Internal);
    assert_eq!(world.api_as("outsider", Method::GET, &path, None).await.code, 200);
    gitlab.set_licensed(world.project, false);
    assert_eq!(world.get(&path).await.code, 401);
}

#[tokio::test]
async fn rules_are_made_changed_listed_and_removed() {
    let world = World::new().await;
    let path = format!("/projects/{}/external_status_checks", world.project);
    let branch = world.gitlab.protect_branch(world.project, "release/*");
    let new = json!({
        "name": "QA",
        "external_url": "https://qa.example.test/hook?key=1",
        "shared_secret": "abc",
        "protected_branch_ids": [branch],
    });
    let made = world.api(Method::POST, &path, Some(new)).await;
    assert_eq!(made.code, 201);
    assert_eq!(made.body["hmac"], true);
    assert_eq!(made.body["project_id"], world.project);
    assert_eq!(made.body["protected_branches"][0]["name"], "release/*");
    assert_eq!(made.body["external_url"], "https://qa.example.test/hook?key=1");
    assert!(!made.text.contains("abc"), "the secret is never returned");
    let one = format!("{path}/{}", made.body["id"]);
    let change = json!({ "name": "Quality", "shared_secret": "", "protected_branch_ids": "" });
    let changed = world.api(Method::PUT, &one, Some(change)).await;
    assert_eq!(
        (changed.code, &changed.body["name"], &changed.body["hmac"]),
        (200, &json!("Quality"), &json!(false))
    );
    assert_eq!(changed.body["protected_branches"], json!([]));
    let listed = world.get(&path).await;
    assert_eq!(listed.body.as_array().unwrap().len(), 2);
    assert_eq!(listed.header("x-total"), "2");
    let removed = world.api(Method::DELETE, &one, None).await;
    assert_eq!((removed.code, removed.text.as_str()), (204, ""));
    assert_eq!(world.api(Method::DELETE, &one, None).await.code, 404);
}

#[tokio::test]
async fn rules_that_gitlab_refuses() {
    let world = World::new().await;
    let path = format!("/projects/{}/external_status_checks", world.project);
    let same_url = world.receiver.url("/hook");
    let cases = [
        (
            json!({ "name": "Change approval", "external_url": "http://x.test/" }),
            422,
            "Name has already been taken",
        ),
        (json!({ "name": "Other", "external_url": same_url }), 422, "External url has already been taken"),
        (json!({ "name": "", "external_url": "http://x.test/" }), 422, "Name can't be blank"),
        (
            json!({ "name": "Other", "external_url": "ftp://x.test/" }),
            422,
            "Only allowed schemes are http, https",
        ),
        (
            json!({ "name": "Other", "external_url": "http://x.test/", "protected_branch_ids": [9_999] }),
            422,
            "all protected branches must exist within the project",
        ),
        (
            json!({ "name": "Other", "external_url": "http://x.test/", "protected_branch_ids": "1,abc" }),
            400,
            "protected_branch_ids is invalid",
        ),
        (json!({ "external_url": "http://x.test/" }), 400, "name is missing"),
        (json!({}), 400, "name is missing, external_url is missing"),
    ];
    for (body, code, words) in cases {
        let reply = world.api(Method::POST, &path, Some(body)).await;
        assert_eq!(reply.code, code, "{}", reply.text);
        assert!(reply.text.contains(words), "{}", reply.text);
    }
    let other = world.gitlab.create_project("demo/other");
    world.gitlab.create_rule(other, "Change approval", &same_url, None);
    let gitlab = &world.gitlab;
    gitlab.add_token("developer", "developer", AccessLevel::Developer, &["api"]);
    let new = json!({ "name": "Other", "external_url": "http://x.test/" });
    assert_eq!(world.api_as("developer", Method::POST, &path, Some(new)).await.code, 403);
    assert_eq!(world.api_as("developer", Method::GET, &path, None).await.code, 401);
    gitlab.set_licensed(world.project, false);
    assert_eq!(world.get(&path).await.code, 401);
}

#[tokio::test]
async fn merge_requests_are_found_by_their_filters() {
    let world = World::new().await;
    let gitlab = &world.gitlab;
    world.pass_seconds(60);
    let late = gitlab.create_merge_request(
        world.project,
        NewMergeRequest {
            source_branch: "late".into(),
            target_branch: "release/1".into(),
            labels: vec!["bug".into()],
            title: "Mend the roof".into(),
            ..NewMergeRequest::default()
        },
    );
    let path = format!("/projects/{}/merge_requests", world.project);
    let find = |query: &'static str| {
        let (world, path) = (&world, &path);
        async move {
            let reply = world.get(&format!("{path}?{query}")).await;
            let iids = reply.body.as_array().unwrap().iter();
            iids.map(|one| one["iid"].as_i64().unwrap()).collect::<Vec<_>>()
        }
    };
    assert_eq!(find("").await, [late, world.iid]);
    assert_eq!(find("sort=asc").await, [world.iid, late]);
    for query in [
        "updated_after=2026-03-02T09:30:30Z",
        "source_branch=late",
        "target_branch=release%2F1",
        "labels=bug",
        "search=roof",
        "iids[]=2",
        "iids%5B%5D=2",
        "created_after=2026-03-02T09:30:30.000%2B00:00",
    ] {
        assert_eq!(find(query).await, [late], "{query}");
    }
    gitlab.close(world.project, late);
    assert_eq!(find("state=opened").await, [world.iid]);
    assert_eq!(find("state=closed").await, [late]);
    world.pass_seconds(60);
    gitlab.push(world.project, world.iid);
    assert_eq!(find("order_by=updated_at").await, [world.iid, late]);
    assert_eq!(world.get(&format!("{path}?updated_after=yesterday")).await.code, 400);
}

#[tokio::test]
async fn a_merge_request_in_full() {
    let world = World::new().await;
    let new = NewMergeRequest {
        title: "Draft: Try".into(),
        reviewers: vec!["rita-review".into()],
        pipeline: Some("running".into()),
        files: vec![FileChange::renamed("a.txt", "b.txt"), FileChange::deleted("c.txt", "gone\n")],
        commits: vec!["First".into(), "Second\n\nwith a body".into()],
        ..NewMergeRequest::default()
    };
    let iid = world.gitlab.create_merge_request(world.project, new);
    let path = format!("/projects/demo%2Fstorefront/merge_requests/{iid}");
    let one = world.get(&path).await.body;
    let head = world.gitlab.head(world.project, iid);
    assert_eq!((&one["sha"], &one["diff_refs"]["head_sha"]), (&json!(head), &json!(head)));
    assert_eq!(one["detailed_merge_status"], "draft_status");
    assert_eq!(one["author"]["username"], "sam-sample");
    assert_eq!(one["reviewers"][0]["username"], "rita-review");
    assert_eq!(one["head_pipeline"]["status"], "running");
    assert_eq!(one["created_at"], "2026-03-02T09:30:00.000Z");
    assert_eq!(one["web_url"], format!("{}/demo/storefront/-/merge_requests/{iid}", world.gitlab.url()));
    assert_eq!(one["references"]["full"], format!("demo/storefront!{iid}"));
    let commits = world.get(&format!("{path}/commits")).await.body;
    assert_eq!((&commits[0]["title"], &commits[1]["title"]), (&json!("Second"), &json!("First")));
    assert_eq!(commits[0]["id"], head);
    let diffs = world.get(&format!("{path}/diffs")).await.body;
    assert_eq!((&diffs[0]["renamed_file"], &diffs[1]["deleted_file"]), (&json!(true), &json!(true)));
    let new_head =
        world.gitlab.push_files(world.project, iid, "Third", vec![FileChange::added("d.txt", "new\n")]);
    assert_eq!(world.get(&format!("{path}/changes")).await.body["changes"].as_array().unwrap().len(), 3);
    let versions = world.get(&format!("{path}/versions")).await.body;
    assert_eq!((versions.as_array().unwrap().len(), &versions[0]["head_commit_sha"]), (2, &json!(new_head)));
    let version = world.get(&format!("{path}/versions/{}", versions[1]["id"])).await.body;
    assert_eq!(
        (version["commits"].as_array().unwrap().len(), version["diffs"].as_array().unwrap().len()),
        (2, 2)
    );
    let compare = format!("/projects/{}/repository/compare?from={head}&to={new_head}", world.project);
    let compared = world.get(&compare).await.body;
    assert_eq!(
        (compared["commits"].as_array().unwrap().len(), &compared["commits"][0]["title"]),
        (1, &json!("Third"))
    );
    assert_eq!(compared["diffs"][0]["new_path"], "d.txt");
    assert_eq!(world.get(&format!("{path}/discussions")).await.body, json!([]));
}

#[tokio::test]
async fn notes_are_written_changed_and_listed() {
    let world = World::new().await;
    let path = format!("{}/notes", world.mr_path());
    let made = world.api(Method::POST, &path, Some(json!({ "body": "**Approved**" }))).await;
    assert_eq!((made.code, &made.body["author"]["username"]), (201, &json!("approval-bot")));
    let one = format!("{path}/{}", made.body["id"]);
    assert_eq!(
        world.api(Method::PUT, &one, Some(json!({ "body": "Rejected" }))).await.body["body"],
        "Rejected"
    );
    assert_eq!(world.get(&path).await.body[0]["body"], "Rejected");
    assert_eq!(world.gitlab.notes(world.project, world.iid).len(), 1);
    assert_eq!(world.api(Method::POST, &path, Some(json!({}))).await.code, 400);
    world.gitlab.add_token("other", "other", AccessLevel::Developer, &["api"]);
    assert_eq!(world.api_as("other", Method::PUT, &one, Some(json!({ "body": "x" }))).await.code, 403);
    assert_eq!(world.get(&world.mr_path()).await.body["user_notes_count"], 1);
}

#[tokio::test]
async fn who_and_what_this_is() {
    let world = World::new().await;
    world.gitlab.set_token_expiry(support::TOKEN, Some("2026-04-01"));
    let token = world.get("/personal_access_tokens/self").await.body;
    assert_eq!((&token["scopes"], &token["expires_at"]), (&json!(["api"]), &json!("2026-04-01")));
    let user = world.get("/user").await.body;
    assert_eq!((&user["username"], &user["id"]), (&json!("approval-bot"), &token["user_id"]));
    assert!(world.get("/version").await.body["version"].is_string());
    let project = world.get("/projects/demo%2Fstorefront").await.body;
    assert_eq!(project["id"], world.project);
    assert_eq!(project["permissions"]["project_access"]["access_level"], 40);
    let member = world.get(&format!("/projects/{}/members/all/{}", world.project, user["id"])).await;
    assert_eq!((member.code, &member.body["access_level"]), (200, &json!(40)));
    assert_eq!(world.get(&format!("/projects/{}/members/all/999", world.project)).await.code, 404);
    assert_eq!(world.get("/projects?membership=true").await.body.as_array().unwrap().len(), 1);
    world.gitlab.approve(world.project, world.iid, "rita-review");
    let approvals = world.get(&format!("{}/approvals", world.mr_path())).await.body;
    assert_eq!(approvals["approved_by"][0]["user"]["username"], "rita-review");
    assert_eq!(world.get("/nothing").await.code, 404);
}

#[tokio::test]
async fn the_gate_is_a_setting_of_the_project() {
    let world = World::new().await;
    let path = format!("/projects/{}", world.project);
    let field = "only_allow_merge_if_all_status_checks_passed";
    assert_eq!(world.get(&path).await.body[field], true);
    let off = world.api(Method::PUT, &path, Some(json!({ field: false }))).await;
    assert_eq!((off.code, &off.body[field]), (200, &json!(false)));
    assert_eq!(world.get(&world.mr_path()).await.body["detailed_merge_status"], "mergeable");
    let on = world.api(Method::PUT, &path, Some(json!({ field: true }))).await;
    assert_eq!(on.body[field], true);
    let merge = format!("{}/merge", world.mr_path());
    assert_eq!(world.api(Method::PUT, &merge, None).await.code, 405);
    world.answer("passed").await;
    let merged = world.api(Method::PUT, &merge, None).await;
    assert_eq!((merged.code, &merged.body["state"]), (200, &json!("merged")));
}

#[tokio::test]
async fn hidden_projects_are_not_found() {
    let world = World::new().await;
    world.gitlab.add_token("outsider", "outsider", AccessLevel::None, &["api"]);
    for path in ["/projects/1", "/projects/1/merge_requests", "/projects/1/external_status_checks"] {
        let reply = world.api_as("outsider", Method::GET, path, None).await;
        assert_eq!(
            (reply.code, &reply.body),
            (404, &json!({ "message": "404 Project Not Found" })),
            "{path}"
        );
    }
    world.gitlab.set_access(world.project, "outsider", AccessLevel::Guest);
    assert_eq!(world.api_as("outsider", Method::GET, "/projects/1", None).await.code, 200);
    let reply = world.api_as("outsider", Method::GET, "/projects/1/merge_requests", None).await;
    assert_eq!(reply.body, Value::Array(Vec::new()), "a guest of a private project sees no merge requests");
}
