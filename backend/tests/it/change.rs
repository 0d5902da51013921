//! The change of a check: what it says, that it belongs to one commit, and what is there when GitLab is not.

use std::time::Duration;

use gitlab_sandbox::{Fault, FileChange, Job, NewDiscussion, NewMergeRequest};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Plan, World, on_both};

impl World {
    /// Opens a merge request and returns its number and its check.
    pub async fn open_with(&self, new: NewMergeRequest) -> (i64, Value) {
        let iid = self.gitlab.create_merge_request(self.project, new);
        self.settle().await;
        let all = self.checks("pending").await;
        let check = all.into_iter().find(|check| check["merge_request"]["iid"] == iid);
        (iid, check.expect("it has a check"))
    }

    pub async fn change(&self, check: &Value) -> Value {
        let (status, change) = self.get(&format!("checks/{}/change", check["id"].as_str().unwrap())).await;
        assert_eq!(status, 200, "{change}");
        change
    }

    pub async fn diff(&self, check: &Value, query: &str) -> (StatusCode, Value) {
        self.get(&format!("checks/{}/diff?{query}", check["id"].as_str().unwrap())).await
    }

    /// How many requests GitLab got.
    fn requests(&self) -> usize {
        self.gitlab.requests().len()
    }
}

fn names(list: &Value, field: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()).collect()
}

const RUST: &str = "@@ -1,4 +1,5 @@ mod x
 fn main() {
-    let total = one + two;
+    let total = one - two;
+    // é 😀
 }
\\ No newline at end of file
";

fn rich() -> NewMergeRequest {
    NewMergeRequest {
        description:
            "**Why**\n\n- [x] done\n\n<script>alert(1)</script>![shot](/x.png) [evil](https://evil.example)"
                .into(),
        labels: vec!["backend".into(), "risk::high".into()],
        commits: vec!["First".into(), "Second\n\nwith a body\n".into()],
        pipeline: Some("running".into()),
        jobs: vec![Job::new("build", "compile", "success"), Job::new("test", "unit", "running")],
        approvals: vec!["rita-review".into()],
        files: vec![
            FileChange::changed("src/main.rs", RUST),
            FileChange::renamed("a.txt", "b.txt"),
            FileChange::deleted("old.css", "a {}\n"),
            FileChange::generated("api.json", "@@ -1 +1 @@\n-1\n+2\n"),
            FileChange::changed("Cargo.lock", "@@ -1 +1 @@\n-1\n+2\n"),
            FileChange::binary("logo.png"),
            FileChange::too_large("all.json"),
            FileChange::of_lines("src/long.rs", 1_500),
        ],
        discussions: vec![
            NewDiscussion {
                notes: vec![("ola".into(), "Fixed?".into())],
                resolved: Some(true),
                ..NewDiscussion::default()
            },
            NewDiscussion {
                notes: vec![("bot".into(), "added 2 commits".into())],
                system: true,
                ..NewDiscussion::default()
            },
            NewDiscussion {
                notes: vec![("ola".into(), "Why `x`?".into()), ("sam-sample".into(), "So.".into())],
                resolved: Some(false),
                position: Some(("src/main.rs".into(), 2)),
                ..NewDiscussion::default()
            },
            NewDiscussion { notes: vec![("kim".into(), "Nice".into())], ..NewDiscussion::default() },
        ],
        ..NewMergeRequest::default()
    }
}

on_both! {
    async fn a_change_tells_all_that_gitlab_shows(world: Plan::signed()) {
        world.gitlab.set_approval_rules(world.project, 2, true);
        let (_, check) = world.open_with(rich()).await;
        assert_eq!(check["change"], Value::Null, "nobody read it yet");
        let change = world.change(&check).await;
        assert_eq!((&change["sha"], &change["stale"]), (&check["sha"], &Value::Null));
        assert_eq!(change["read_at"], world.now().to_string());
        let html = change["description_html"].as_str().unwrap();
        assert!(html.contains("<strong>Why</strong>") && html.contains("☑ done") && html.contains("shot"), "{html}");
        assert!(!html.contains("script") && !html.contains("<img") && !html.contains("href"), "{html}");
        assert_eq!(change["labels"], json!(["backend", "risk::high"]));
        assert_eq!(names(&change["commits"], "title"), ["Second", "First"]);
        assert_eq!((&change["commits"][0]["message"], &change["commits"][0]["sha"]), (&json!("with a body"), &check["sha"]));
        assert_eq!((&change["commit_count"], &change["file_count"]), (&json!(2), &json!(8)));
        let file = |path: &str| change["files"].as_array().unwrap().iter().find(|file| file["path"] == path).unwrap().clone();
        assert_eq!(
            file("src/main.rs"),
            json!({"path": "src/main.rs", "old_path": null, "kind": "modified", "additions": 2, "deletions": 1, "rows": 7, "fold": null})
        );
        assert_eq!(file("b.txt")["old_path"], "a.txt");
        assert_eq!((&file("b.txt")["kind"], &file("old.css")["kind"]), (&json!("renamed"), &json!("deleted")));
        let folds = ["api.json", "Cargo.lock", "logo.png", "all.json", "src/long.rs"].map(|path| file(path)["fold"].clone());
        assert_eq!(folds, [json!("generated"), json!("generated"), json!("binary"), json!("too_large"), json!("large")]);
        assert_eq!(change["pipeline"]["status"], "running");
        assert_eq!(names(&change["pipeline"]["jobs"], "name"), ["compile", "unit"]);
        assert_eq!(change["approvals"]["required"], 2);
        assert_eq!(change["approvals"]["by"].as_array().unwrap().len(), 1);
        assert_eq!((&change["open_discussions"], &change["resolved_discussions"]), (&json!(1), &json!(1)));
        let discussions = change["discussions"].as_array().unwrap();
        assert_eq!(discussions.len(), 3, "what GitLab itself writes is left out: {discussions:#?}");
        assert_eq!((&discussions[0]["resolved"], &discussions[0]["path"], &discussions[0]["line"]), (&json!(false), &json!("src/main.rs"), &json!(2)));
        assert_eq!(discussions[0]["notes"][0]["html"], "<p>Why <code>x</code>?</p>\n");
        assert_eq!((&discussions[1]["resolved"], &discussions[2]["resolved"]), (&Value::Null, &json!(true)));
        assert_eq!(change["since"], Value::Null);
        let row = world.check("pending").await;
        assert_eq!(row["change"]["pipeline"], "running");
        assert_eq!((&row["change"]["approvals_given"], &row["change"]["approvals_required"]), (&json!(1), &json!(2)));
        assert_eq!(row["change"]["files"], 8);
    }

    async fn the_lines_of_a_file_are_drawn(world: Plan::signed()) {
        let (_, check) = world.open_with(rich()).await;
        let (status, diff) = world.diff(&check, "path=src/main.rs").await;
        assert_eq!(status, 200, "{diff}");
        assert_eq!(diff["file"]["path"], "src/main.rs");
        let rows = diff["rows"].as_array().unwrap();
        let seen: Vec<_> = rows.iter().map(|row| (row["kind"].as_str().unwrap(), row["old"].as_i64(), row["new"].as_i64())).collect();
        assert_eq!(
            seen,
            [
                ("hunk", None, None),
                ("same", Some(1), Some(1)),
                ("removed", Some(2), None),
                ("added", None, Some(2)),
                ("added", None, Some(3)),
                ("same", Some(3), Some(4)),
                ("remark", None, None),
            ]
        );
        let marks = |row: usize| -> Vec<i64> { rows[row]["marks"].as_array().unwrap().iter().map(|mark| mark.as_i64().unwrap()).collect() };
        assert!(marks(1).chunks(2).any(|mark| mark[1] == 5), "main is a function: {:?}", marks(1));
        let differing: Vec<i64> = marks(3).chunks(2).filter(|mark| mark[1] >= 16).map(|mark| mark[0]).collect();
        assert_eq!(differing, [1], "one sign differs: {:?}", marks(3));
        assert_eq!(marks(4).chunks(2).filter(|mark| mark[1] == 3).map(|mark| mark[0]).sum::<i64>(), "// é 😀".encode_utf16().count() as i64);
        for (row, text) in rows.iter().map(|row| (row, row["text"].as_str().unwrap())) {
            let marked: i64 = row["marks"].as_array().unwrap().iter().step_by(2).map(|length| length.as_i64().unwrap()).sum();
            assert!(marked <= text.encode_utf16().count() as i64, "{row}");
        }
        for path in ["logo.png", "all.json", "b.txt"] {
            let (status, diff) = world.diff(&check, &format!("path={path}")).await;
            assert_eq!((status.as_u16(), &diff["rows"]), (200, &json!([])), "{path}");
        }
        assert_eq!(world.diff(&check, "path=nothing").await.0, 404);
        assert_eq!(world.diff(&check, "").await.0, 400);
        assert_eq!(world.diff(&check, "path=src/main.rs&since=true").await.0, 404, "nothing was decided before");
    }

    async fn a_check_keeps_the_change_of_its_own_commit(world: Plan::signed()) {
        let (iid, check) = world.open_with(rich()).await;
        let first = world.change(&check).await;
        world.gitlab.push_files(world.project, iid, "Third", vec![FileChange::added("new.rs", "fn new() {}\n")]);
        world.settle().await;
        let (old, new) = (world.check("superseded").await, world.check("pending").await);
        assert_eq!(old["id"], check["id"]);
        world.advance(Duration::from_secs(60));
        let again = world.change(&old).await;
        assert_eq!((&again["sha"], &again["files"], &again["commits"]), (&first["sha"], &first["files"], &first["commits"]));
        assert_eq!(again["pipeline"]["status"], "success", "that of its own commit");
        let now = world.change(&new).await;
        assert_eq!((&now["sha"], &now["file_count"], &now["commit_count"]), (&new["sha"], &json!(9), &json!(3)));
        assert_eq!(world.diff(&old, "path=new.rs").await.0, 404);
        assert_eq!(world.diff(&new, "path=new.rs").await.0, 200);
        // A commit that was never looked at before it was replaced is read from its version.
        world.gitlab.push_files(world.project, iid, "Fourth", vec![FileChange::added("newer.rs", "fn newer() {}\n")]);
        world.gitlab.push_files(world.project, iid, "Fifth", vec![FileChange::added("newest.rs", "fn newest() {}\n")]);
        world.settle().await;
        for check in world.checks("superseded").await {
            let change = world.change(&check).await;
            assert_eq!(change["sha"], check["sha"]);
            assert_eq!(change["commits"][0]["sha"], check["sha"]);
        }
    }

    async fn what_is_young_is_served_without_gitlab(world: Plan::signed()) {
        let (iid, check) = world.open_with(rich()).await;
        let path = format!("checks/{}/change", check["id"].as_str().unwrap());
        world.change(&check).await;
        let before = world.requests();
        world.change(&check).await;
        world.diff(&check, "path=src/main.rs").await;
        assert_eq!(world.requests(), before);
        world.gitlab.set_pipeline(world.project, iid, Some("failed"));
        assert_eq!(world.get(&format!("{path}?fresh=true")).await.1["pipeline"]["status"], "failed");
        assert!(world.requests() > before);
        world.gitlab.set_labels(world.project, iid, &["other"]);
        world.settle().await;
        world.advance(Duration::from_secs(16));
        let before = world.requests();
        // Many who look at once cause one reading.
        let all = futures_util::future::join_all((0..8).map(|_| world.change(&check))).await;
        assert!(all.iter().all(|change| change["labels"] == json!(["other"])), "{all:#?}");
        let asked = world.requests() - before;
        assert!(asked <= 5, "{asked} requests, of which none reads the commit's own part again");
    }

    async fn what_is_kept_is_shown_when_gitlab_is_down(world: Plan::signed()) {
        let (_, check) = world.open_with(rich()).await;
        let (_, other) = world.open_with(NewMergeRequest::default()).await;
        let kept = world.change(&check).await;
        world.advance(Duration::from_secs(60));
        for fault in [Fault::Down, Fault::ServerError, Fault::TokenRevoked, Fault::RateLimited { retry_after_seconds: 30 }] {
            world.gitlab.set_fault(Some(fault.clone()));
            world.advance(Duration::from_secs(20));
            let change = world.change(&check).await;
            assert!(change["stale"].as_str().is_some_and(|why| why.contains("GitLab")), "{fault:?}: {change}");
            assert_eq!((&change["read_at"], &change["files"]), (&kept["read_at"], &kept["files"]));
            assert_eq!(world.diff(&check, "path=src/main.rs").await.0, 200);
            let (status, problem) = world.get(&format!("checks/{}/change", other["id"].as_str().unwrap())).await;
            assert_eq!((status.as_u16(), &problem["code"]), (502, &json!("gitlab_unavailable")), "{problem}");
            assert_eq!(world.diff(&other, "path=x").await.0, 502);
        }
        world.gitlab.set_fault(None);
        // It would answer by now. (Requests are not counted: of a reading that failed some may still arrive.)
        assert!(world.change(&check).await["stale"].is_string(), "a moment after a failure nobody is kept waiting");
        world.advance(Duration::from_secs(6));
        assert_eq!(world.change(&check).await["stale"], Value::Null);
        assert_eq!(world.change(&other).await["file_count"], 1);
    }

    async fn what_the_token_may_not_read_is_left_out(world: Plan::signed()) {
        world.gitlab.refuse("/jobs", Some(403));
        world.gitlab.refuse("/approvals", Some(404));
        let (_, check) = world.open_with(rich()).await;
        let change = world.change(&check).await;
        assert_eq!(change["pipeline"], json!({"status": "running", "jobs": []}));
        assert_eq!(change["approvals"], Value::Null);
        world.gitlab.refuse("/discussions", Some(403));
        world.advance(Duration::from_secs(20));
        let change = world.change(&check).await;
        assert_eq!((&change["discussions"], &change["stale"]), (&json!([]), &Value::Null));
        world.gitlab.refuse("/jobs", Some(500));
        world.advance(Duration::from_secs(20));
        assert!(world.change(&check).await["stale"].is_string(), "a failure is none of these");
    }

    async fn the_applications_own_note_is_no_part_of_the_discussion(world: Plan::signed()) {
        let (iid, check) = world.open_with(NewMergeRequest::default()).await;
        assert_eq!(world.decide(&check, "approve", "Looks fine").await.0, 201);
        world.settle().await;
        assert_eq!(world.gitlab.notes(world.project, iid).len(), 1);
        assert_eq!(world.change(&check).await["discussions"], json!([]));
    }

    async fn a_discussion_too_large_to_read_hides_nothing_else(world: Plan::signed()) {
        let long = NewDiscussion { notes: vec![("kim".into(), "x".repeat(9 * 1024 * 1024))], ..NewDiscussion::default() };
        let (_, check) = world.open_with(NewMergeRequest { discussions: vec![long], ..rich() }).await;
        let change = world.change(&check).await;
        assert_eq!(change["discussions"], json!([]), "{}", change["discussions"].to_string().len());
        assert!(!change["files"].as_array().unwrap().is_empty());
        assert_eq!(change["stale"], Value::Null);
    }

    async fn another_target_branch_is_another_change(world: Plan::signed()) {
        let (iid, check) = world.open_with(rich()).await;
        world.change(&check).await;
        world.gitlab.set_target_branch(world.project, iid, "stable");
        world.settle().await;
        let before = world.requests();
        world.change(&check).await;
        assert!(world.requests() - before >= 6, "its commits and files are read anew");
    }

    async fn little_room_keeps_what_is_used(world: Plan { adjust: |config| config.change_cache = 60_000, ..Plan::signed() }) {
        // Text that does not pack.
        let noise = |seed: u64| -> NewMergeRequest {
            let mut state = seed;
            let text: String = (0..400)
                .map(|_| {
                    let line: String = (0..60)
                        .map(|_| {
                            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                            char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
                        })
                        .collect();
                    line + "\n"
                })
                .collect();
            NewMergeRequest { files: vec![FileChange::added("noise.txt", &text)], ..NewMergeRequest::default() }
        };
        let mut checks = Vec::new();
        for seed in 1..=4 {
            let (_, check) = world.open_with(noise(seed)).await;
            world.change(&check).await;
            checks.push(check);
            world.advance(Duration::from_secs(1));
        }
        world.change(&checks[0]).await;
        approval_app::worker::tidy(&world.app).await.unwrap();
        world.gitlab.set_fault(Some(Fault::Down));
        world.advance(Duration::from_secs(60));
        let mut kept = Vec::new();
        for check in &checks {
            kept.push(world.get(&format!("checks/{}/change", check["id"].as_str().unwrap())).await.0.as_u16());
        }
        assert_eq!(kept, [200, 502, 502, 200], "the one looked at last and the newest stay");
        let row = world.detail(&checks[1]).await;
        assert_eq!(row["change"]["files"], 1, "listings go on showing it");
    }

    async fn thousands_of_lines_are_drawn(world: Plan::signed()) {
        let (_, check) = world.open_with(NewMergeRequest::of_lines(4_900)).await;
        let change = world.change(&check).await;
        assert_eq!(change["files"][0]["fold"], "large");
        let (status, diff) = world.diff(&check, "path=src/ledger.rs").await;
        assert_eq!(status, 200);
        let rows = diff["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 4_949);
        // How far the colours get in their time is up to the machine.
        assert!(rows[1..50].iter().any(|row| row["marks"].as_array().is_some_and(|marks| !marks.is_empty())));
    }

    async fn a_change_out_of_reach_is_not_there(world: Plan::signed()) {
        let (_, check) = world.open_with(rich()).await;
        let other = world.gitlab.create_project("demo/payments");
        world.gitlab.create_rule(other, "Release gate", &format!("{}/status_check", world.base), world.secret);
        world.gitlab.create_merge_request(other, NewMergeRequest::default());
        world.settle().await;
        let theirs = world.project_id(other).await;
        let limited = world.person("Lia Limited", &[approval_app::domain::access::Role::Viewer], &[theirs]).await;
        let asker = world.browser(&limited).await;
        let id = check["id"].as_str().unwrap();
        for path in ["change", "diff?path=src/main.rs", "since"] {
            let there = asker.get(&format!("checks/{id}/{path}")).await;
            assert_eq!((there.0.as_u16(), &there.1["code"]), (404, &json!("not_found")), "{path}");
            let nowhere = asker.get(&format!("checks/0198b3a0-0000-7000-8000-000000000000/{path}")).await;
            assert_eq!(there.1["detail"], nowhere.1["detail"], "{path}");
        }
    }
}
