//! What changed since one's last decision, after a push and after a rebase.

use gitlab_sandbox::{Fault, FileChange, NewMergeRequest};
use serde_json::{Value, json};

use crate::support::{Plan, World, on_both};

fn new() -> NewMergeRequest {
    NewMergeRequest {
        files: vec![
            FileChange::added("a.rs", "fn a() {}\n"),
            FileChange::added("b.rs", "fn b() {\n    one();\n}\n"),
        ],
        ..NewMergeRequest::default()
    }
}

async fn since(world: &World, check: &Value) -> Value {
    let (status, since) = world.get(&format!("checks/{}/since", check["id"].as_str().unwrap())).await;
    assert_eq!(status, 200, "{since}");
    since
}

fn paths(since: &Value) -> Vec<&str> {
    since["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect()
}

on_both! {
    async fn a_push_shows_what_it_brought(world: Plan::signed()) {
        let (iid, first) = world.open_with(new()).await;
        let path = format!("checks/{}/since", first["id"].as_str().unwrap());
        assert_eq!(world.get(&path).await.0, 404, "nothing was decided");
        assert_eq!(world.decide(&first, "reject", "Call two as well").await.0, 201);
        assert_eq!(world.get(&path).await.0, 404, "nothing was decided on another commit");
        assert_eq!(world.change(&first).await["since"], Value::Null);
        let changed = FileChange::added("b.rs", "fn b() {\n    one();\n    two();\n}\n");
        world.gitlab.push_files(world.project, iid, "Call two", vec![changed, FileChange::added("c.rs", "fn c() {}\n")]);
        world.settle().await;
        let second = world.check("pending").await;
        let change = world.change(&second).await;
        assert_eq!((&change["since"]["sha"], &change["since"]["verdict"]), (&first["sha"], &json!("reject")));
        let since = since(world, &second).await;
        assert_eq!((&since["since"], &since["rebased"]), (&change["since"], &json!(false)));
        assert_eq!(paths(&since), ["b.rs", "c.rs"]);
        assert_eq!(since["commits"].as_array().unwrap().len(), 1);
        assert_eq!(since["commits"][0]["title"], "Call two");
        assert_eq!((&since["files"][0]["additions"], &since["files"][0]["deletions"]), (&json!(1), &json!(0)));
        let (status, diff) = world.diff(&second, "path=b.rs&since=true").await;
        assert_eq!(status, 200, "{diff}");
        let added: Vec<_> = diff["rows"].as_array().unwrap().iter().filter(|row| row["kind"] == "added").collect();
        assert_eq!((added.len(), &added[0]["text"], &added[0]["new"]), (1, &json!("    two();"), &json!(3)));
        assert_eq!(world.diff(&second, "path=b.rs").await.1["file"]["additions"], 4);
        assert_eq!(world.diff(&second, "path=a.rs&since=true").await.0, 404);
        // What was compared once is there when GitLab is not.
        world.gitlab.set_fault(Some(Fault::Down));
        assert_eq!(paths(&self::since(world, &second).await), ["b.rs", "c.rs"]);
        // Somebody else has decided on nothing here.
        let vera = world.person("Vera Viewer", &[approval_app::domain::access::Role::Viewer], &[]).await;
        let path = format!("checks/{}/since", second["id"].as_str().unwrap());
        assert_eq!(world.browser(&vera).await.get(&path).await.0, 404);
    }

    async fn a_rebase_leaves_out_what_only_the_target_branch_changed(world: Plan::signed()) {
        let (iid, first) = world.open_with(new()).await;
        assert_eq!(world.decide(&first, "approve", "").await.0, 201);
        let files = vec![FileChange::added("a.rs", "fn a() {}\n"), FileChange::added("b.rs", "fn b() {\n    three();\n}\n")];
        let upstream = vec![FileChange::changed("upstream.rs", "@@ -1 +1 @@\n-old\n+new\n"), FileChange::changed("a.rs", "@@ -1 +1 @@\n-x\n+y\n")];
        world.gitlab.rebase(world.project, iid, upstream, Some(files));
        world.settle().await;
        let second = world.check("pending").await;
        let since = since(world, &second).await;
        assert_eq!(since["rebased"], true);
        assert_eq!(paths(&since), ["b.rs"]);
        assert_eq!(since["commits"].as_array().unwrap().len(), 1, "all commits are new ones");
        // The same work on a newer commit of the target branch: nothing to look at.
        assert_eq!(world.decide(&second, "approve", "").await.0, 201);
        world.gitlab.rebase(world.project, iid, vec![FileChange::changed("upstream.rs", "@@ -1 +1 @@\n-new\n+newer\n")], None);
        world.settle().await;
        let third = world.check("pending").await;
        let since = self::since(world, &third).await;
        assert_eq!((&since["rebased"], paths(&since).len()), (&json!(true), 0));
        assert_eq!(since["since"]["sha"], second["sha"], "the last one counts");
    }
}
