//! Exports prove offline that they are whole.

use std::process::Command;

use approval_app::domain::record::EventKind;
use serde_json::{Value, json};

use super::{append, event, export, live_through, verification, verify};
use crate::support::{Kind, Plan, World, on_both};

on_both! {
    async fn an_export_is_proven_offline(world: Plan::signed()) {
        live_through(world).await;
        let tries = (0..1_100).map(|number| event(EventKind::SignInFailed, "Ada", &format!("Try {number}")));
        append(world, tries.collect()).await;
        let before = verification(world).await;
        let (file, kind, name) = export(world, "format=jsonl").await;
        assert_eq!(kind, "application/jsonl");
        assert_eq!(name, "attachment; filename=\"approval-app-record-2026-03-02T093000Z.jsonl\"");
        let found = verification(world).await;
        let count = found["entries"].as_i64().unwrap();
        assert_eq!(count, before["entries"].as_i64().unwrap() + 1, "the export is recorded");
        let (code, said, why) = verify(&file, &["--complete", "--head", before["head"].as_str().unwrap()]);
        assert_eq!(code, 0, "{why}");
        assert!(said.starts_with(&format!("intact: {count} entries, head {}\n", found["head"].as_str().unwrap())), "{said}");
        assert!(said.contains(&format!("that of entry {}", count - 1)), "{said}");

        let lines: Vec<&str> = file.lines().collect();
        assert_eq!(lines.len(), usize::try_from(count).unwrap() + 2);
        let without = |left_out: usize| -> String {
            lines.iter().enumerate().filter(|(number, _)| *number != left_out).map(|(_, line)| format!("{line}\n")).collect()
        };
        let mut swapped = lines.clone();
        swapped.swap(5, 600);
        for (bad, expected) in [
            (file.replacen("Try 7\"", "Try 8\"", 1), "was changed"),
            (without(700), "entry 700 is missing"),
            (swapped.join("\n"), "entry 5 is not in its place"),
            (lines[..lines.len() - 1].join("\n"), "was cut off"),
            (lines[1..].join("\n"), "does not begin with the header"),
            (String::new(), "the file is empty"),
            (file.replace("\"line\":\"end\"", "\"line\":\"fin\""), "no line of such an export"),
        ] {
            let (code, _, why) = verify(&bad, &[]);
            assert_eq!(code, 1, "{expected}: {why}");
            assert!(why.contains(expected), "{expected}: {why}");
        }
        let (code, _, why) = verify(&file, &["--head", &"0".repeat(64)]);
        assert!(code == 1 && why.contains("no entry has the hash that was kept"), "{why}");
        assert_eq!(verify(&file, &["--head", "abc"]).0, 2);
    }

    async fn a_filtered_export_says_what_it_proves(world: Plan::signed()) {
        live_through(world).await;
        let (file, ..) = export(world, "kind=check.decided,check.created").await;
        let (code, said, why) = verify(&file, &[]);
        assert_eq!(code, 0, "{why}");
        assert!(said.contains("unchanged one by one: 4 entries") && said.contains("kind=check.decided,check.created"), "{said}");
        assert!(said.contains("cannot be seen"), "{said}");
        let (code, _, why) = verify(&file, &["--complete"]);
        assert!(code == 1 && why.contains("not complete"), "{why}");
        let (code, _, why) = verify(&file.replacen("Rita", "Reto", 1), &[]);
        assert!(code == 1 && why.contains("was changed"), "{why}");
        let exported = world.get("audit?kind=audit.exported").await.1["items"][0].clone();
        assert_eq!((&exported["account_id"], &exported["via"]), (&json!(world.rita.id), &json!("token everything")));
        assert_eq!(exported["summary"], "Rita Reviewer exported a part of the record as jsonl");
        let mut data: Value = serde_json::from_str(exported["data"].as_str().unwrap()).unwrap();
        // Which token, since several may be called so.
        let token = data.as_object_mut().unwrap().remove("by_token");
        let (_, tokens) = world.get("tokens").await;
        assert_eq!(token.as_ref(), Some(&tokens["items"][0]["id"]), "{tokens}");
        assert_eq!(data, json!({"format": "jsonl", "complete": false, "filters": {"kind": "check.decided,check.created"}}));
    }

    async fn a_spreadsheet_finds_no_formula_in_the_record(world: Plan::signed()) {
        append(world, vec![event(EventKind::SignedIn, "=HYPERLINK(\"http://evil\")", "@SUM(1);=2\r\n=3, \"x\"")]).await;
        let (file, kind, name) = export(world, "format=csv").await;
        assert_eq!(kind, "text/csv; charset=utf-8");
        assert!(name.ends_with("Z.csv\""), "{name}");
        let mut lines = file.split_inclusive("\r\n");
        assert!(lines.next().unwrap().starts_with("\u{feff}\"id\",\"at\",\"kind\""));
        assert!(file.contains("\"'=HYPERLINK(\"\"http://evil\"\")\",\"\",\"browser\",\"'@SUM(1);=2\r\n=3, \"\"x\"\"\",\"{}\""), "{file}");
        let (code, _, why) = verify(&file, &[]);
        assert!(code == 1 && why.contains("only the export in JSON lines"), "{why}");
    }
}

/// From the database itself, also while a service runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_exports_beside_a_running_service() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::build(kind, Plan::signed()).await;
        live_through(&world).await;
        let before = verification(&world).await;
        let output = Command::new(env!("CARGO_BIN_EXE_approval-app"))
            .args(["audit", "export", "--database-url", &world.database.url])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let file = String::from_utf8(output.stdout).unwrap();
        let (code, said, why) = verify(&file, &["--complete", "--head", before["head"].as_str().unwrap()]);
        assert_eq!(code, 0, "{why}");
        assert!(
            said.starts_with(&format!("intact: {} entries", before["entries"].as_i64().unwrap() + 1)),
            "{said}"
        );
        let found = verification(&world).await;
        assert_eq!(found["intact"], true, "{found}");
        let last = world.get("audit?limit=1").await.1["items"][0].clone();
        assert_eq!((&last["kind"], &last["via"]), (&json!("audit.exported"), &json!("command line")));
        world.end().await;
    }
}
