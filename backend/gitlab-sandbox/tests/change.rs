//! What the sandbox tells of a change: versions, pipelines, discussions, comparing, rebasing.

mod support;

use gitlab_sandbox::{FileChange, NewDiscussion, NewMergeRequest};
use serde_json::{Value, json};

use self::support::World;

#[tokio::test]
async fn pipelines_belong_to_commits() {
    let world = World::new().await;
    let new = NewMergeRequest { pipeline: Some("running".into()), ..NewMergeRequest::default() };
    let iid = world.gitlab.create_merge_request(world.project, new);
    let first = world.gitlab.head(world.project, iid);
    let second = world.gitlab.push(world.project, iid);
    let path = format!("/projects/{}/merge_requests/{iid}", world.project);
    let all = world.get(&format!("{path}/pipelines")).await.body;
    assert_eq!((&all[0]["sha"], &all[0]["status"]), (&json!(second), &json!("running")));
    assert_eq!((&all[1]["sha"], &all[1]["status"]), (&json!(first), &json!("success")));
    assert_eq!(world.get(&path).await.body["head_pipeline"]["id"], all[0]["id"]);
    let jobs = world.get(&format!("/projects/{}/pipelines/{}/jobs", world.project, all[0]["id"])).await.body;
    assert_eq!(
        (&jobs[0]["name"], &jobs[0]["status"]),
        (&json!("unit-tests"), &json!("running")),
        "the newest first"
    );
    assert_eq!(world.get(&format!("/projects/{}/pipelines/1/jobs", world.project)).await.code, 404);
    world.gitlab.refuse("/jobs", Some(403));
    let jobs = world.get(&format!("/projects/{}/pipelines/{}/jobs", world.project, all[0]["id"])).await;
    assert_eq!(jobs.code, 403);
}

#[tokio::test]
async fn discussions_hold_threads_and_comments() {
    let world = World::new().await;
    world.gitlab.discuss(
        world.project,
        world.iid,
        NewDiscussion {
            notes: vec![("ola".into(), "Why?".into()), ("sam-sample".into(), "So.".into())],
            resolved: Some(false),
            position: Some(("a.rs".into(), 7)),
            ..NewDiscussion::default()
        },
    );
    let all = world.get(&format!("{}/discussions", world.mr_path())).await.body;
    let first = &all[0]["notes"][0];
    assert_eq!(
        (&first["resolvable"], &first["resolved"], &first["system"]),
        (&json!(true), &json!(false), &json!(false))
    );
    assert_eq!((&first["position"]["new_path"], &first["position"]["new_line"]), (&json!("a.rs"), &json!(7)));
    assert_eq!(all[0]["notes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_rebase_makes_new_commits_on_a_new_base() {
    let world = World::new().await;
    let new = NewMergeRequest {
        commits: vec!["One".into(), "Two".into()],
        files: vec![FileChange::added("a.txt", "one\ntwo\n"), FileChange::added("b.txt", "b\n")],
        ..NewMergeRequest::default()
    };
    let iid = world.gitlab.create_merge_request(world.project, new);
    let before = world.gitlab.head(world.project, iid);
    let upstream = vec![FileChange::changed("main.txt", "@@ -1 +1 @@\n-x\n+y\n")];
    let files = vec![FileChange::added("a.txt", "one\nthree\n"), FileChange::added("c.txt", "c\n")];
    let after = world.gitlab.rebase(world.project, iid, upstream, Some(files));
    let path = format!("/projects/{}/merge_requests/{iid}", world.project);
    let versions = world.get(&format!("{path}/versions")).await.body;
    assert_eq!(
        (&versions[0]["head_commit_sha"], &versions[1]["head_commit_sha"]),
        (&json!(after), &json!(before))
    );
    assert_ne!(versions[0]["base_commit_sha"], versions[1]["base_commit_sha"]);
    for version in versions.as_array().unwrap() {
        let one = world.get(&format!("{path}/versions/{}", version["id"])).await.body;
        let titles: Vec<&Value> =
            one["commits"].as_array().unwrap().iter().map(|commit| &commit["title"]).collect();
        assert_eq!(titles, ["Two", "One"]);
    }
    let compare =
        format!("/projects/{}/repository/compare?from={before}&to={after}&straight=true", world.project);
    let diffs = world.get(&compare).await.body["diffs"].clone();
    let diff = |path: &str| {
        let all = diffs.as_array().unwrap();
        all.iter()
            .find(|file| file["new_path"] == path)
            .unwrap_or_else(|| panic!("{path} in {diffs}"))
            .clone()
    };
    assert_eq!(diff("a.txt")["diff"], "@@ -1,2 +1,2 @@\n one\n-two\n+three\n");
    assert_eq!(
        (&diff("b.txt")["deleted_file"], &diff("b.txt")["diff"]),
        (&json!(true), &json!("@@ -1,1 +0,0 @@\n-b\n"))
    );
    assert_eq!(diff("c.txt")["new_file"], true);
    assert_eq!(diff("main.txt")["diff"], "@@ -1 +1 @@\n-x\n+y\n");
}

#[tokio::test]
async fn a_change_has_as_many_lines_as_are_asked_for() {
    let file = FileChange::of_lines("src/x.rs", 250);
    let body = file.diff.lines().filter(|line| !line.starts_with("@@")).count();
    assert_eq!((body, file.diff.matches("@@ -").count()), (250, 3));
}
