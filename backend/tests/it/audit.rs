//! The record: chained, append-only, read within bounds, exported and proven.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use approval_app::db::audit::{self, Filter, Scope};
use approval_app::db::{DatabaseUrl, Db, DbError, Lane, events};
use approval_app::domain::access::{Permission, Reach, Role};
use approval_app::domain::record::{Actor, EventKind, NewEvent};
use diesel::connection::SimpleConnection as _;
use serde_json::{Value, json};

use crate::support::{Asker, Kind, Plan, World, on_both};

/// Runs statements as somebody with the database would.
async fn run_sql(world: &World, sql: &str) -> Result<(), DbError> {
    let sql = sql.to_owned();
    world.app.db.write(Lane::Front, move |conn| Ok::<_, DbError>(conn.batch_execute(&sql)?)).await
}

/// Takes the triggers away that keep the record append-only.
async fn disarm(world: &World) {
    let sql = match kind(world) {
        Kind::Sqlite => {
            "DROP TRIGGER event_append_only_update; DROP TRIGGER event_append_only_delete; \
             DROP TRIGGER event_append_only_replace"
        }
        Kind::Postgres => {
            "DROP TRIGGER event_append_only ON event; DROP TRIGGER event_append_only_update ON event"
        }
    };
    run_sql(world, sql).await.unwrap();
}

fn kind(world: &World) -> Kind {
    if world.app.db.kind() == "sqlite" { Kind::Sqlite } else { Kind::Postgres }
}

fn event(kind: EventKind, actor: &str, summary: &str) -> NewEvent {
    NewEvent {
        kind,
        check_id: None,
        project_id: None,
        actor: Actor { name: actor.into(), account_id: None, via: "browser".into() },
        summary: summary.into(),
        data: json!({}),
    }
}

async fn append(world: &World, all: Vec<NewEvent>) {
    let now = world.now();
    let written = world.app.db.write(Lane::Front, move |conn| {
        all.iter().try_for_each(|new| events::append(conn, new, now).map(|_| ()))
    });
    written.await.unwrap();
}

/// Lets one of each thing happen: a check is decided, reversed, voided, superseded, withdrawn; GitLab
/// refuses and recovers.
async fn live_through(world: &World) {
    let iid = world.open().await;
    let check = world.check("pending").await;
    assert_eq!(world.decide(&check, "approve", "fine — „gut“ 👍\n\"quoted\"").await.0, 201);
    world.settle().await;
    world.gitlab.push(world.project, iid);
    world.settle().await;
    let check = world.check("pending").await;
    assert_eq!(world.decide(&check, "reject", "=1+1").await.0, 201);
    world.settle().await;
    world.gitlab.close(world.project, iid);
    world.settle().await;
    world.gitlab.reopen(world.project, iid);
    world.settle().await;
}

async fn verification(world: &World) -> Value {
    let (status, found) = world.get("audit/verification").await;
    assert_eq!(status, 200, "{found}");
    found
}

/// An export by Rita, with its type and its file's name.
async fn export(world: &World, query: &str) -> (String, String, String) {
    export_by(&world.program_of_rita(), query).await
}

async fn export_by(asker: &Asker, query: &str) -> (String, String, String) {
    let url = format!("{}/api/v1/audit/export?{query}", asker.base);
    let answer = asker.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let (kind, name) = (header("content-type"), header("content-disposition"));
    (answer.text().await.unwrap(), kind, name)
}

/// Runs `approval-app audit verify` on a file that comes through standard input.
fn verify(file: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_approval-app"))
        .args(["audit", "verify", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It stops reading at the first fault.
    let _closed = child.stdin.take().unwrap().write_all(file.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

async fn entries(asker: &Asker, query: &str) -> Vec<Value> {
    let (status, page) = asker.get(&format!("audit?limit=200&{query}")).await;
    assert_eq!(status, 200, "{query}: {page}");
    page["items"].as_array().unwrap().clone()
}

async fn ids(world: &World, query: &str) -> Vec<i64> {
    let all = entries(&world.program_of_rita(), query).await;
    all.iter().map(|one| one["id"].as_i64().unwrap()).collect()
}

on_both! {
    async fn everything_that_happens_is_chained(world: Plan::signed()) {
        live_through(world).await;
        let found = verification(world).await;
        assert_eq!(found["intact"], true, "{found}");
        let all = ids(world, "").await;
        assert!(all.len() > 8, "{all:?}");
        assert_eq!(all, (1..=found["entries"].as_i64().unwrap()).rev().collect::<Vec<_>>());
        let (_, page) = world.get("audit?limit=1").await;
        assert_eq!(page["items"][0]["hash"], found["head"]);
        let decided = world.get("audit?kind=check.decided").await.1["items"][1].clone();
        assert_eq!((&decided["actor"], &decided["via"]), (&json!("Rita Reviewer"), &json!("token everything")));
        assert_eq!(decided["account_id"], json!(world.rita.id));
        let check = world.get(&format!("checks/{}", decided["check_id"].as_str().unwrap())).await.1;
        assert_eq!(check["state"], "superseded");
        assert!(decided["project_id"].is_string());
    }

    async fn nothing_recorded_can_be_taken_back(world: Plan::signed()) {
        live_through(world).await;
        let mut statements = vec![
            "UPDATE event SET actor = 'nobody' WHERE id = 1",
            "UPDATE event SET id = 1000 WHERE id = 1",
            "DELETE FROM event WHERE id = 1",
            "DELETE FROM event",
        ];
        statements.extend(match kind(world) {
            Kind::Sqlite => {
                ["INSERT OR REPLACE INTO event SELECT * FROM event WHERE id = 1", "REPLACE INTO event SELECT * FROM event"]
            }
            Kind::Postgres => {
                ["TRUNCATE event", "INSERT INTO event SELECT * FROM event ON CONFLICT (id) DO UPDATE SET actor = 'nobody'"]
            }
        });
        for statement in statements {
            let refused = run_sql(world, statement).await.unwrap_err();
            let why = format!("{:?}", std::error::Error::source(&refused));
            assert!(why.contains("events are append-only"), "{statement}: {why}");
        }
        assert_eq!(verification(world).await["intact"], true);
    }

    async fn each_kind_of_tampering_is_found(world: Plan::signed()) {
        live_through(world).await;
        let last = verification(world).await["entries"].as_i64().unwrap();
        disarm(world).await;
        run_sql(world, "CREATE TABLE kept AS SELECT * FROM event; CREATE TABLE counted AS SELECT * FROM event_counter").await.unwrap();
        let columns = "at, kind, check_id, project_id, actor, account_id, via, summary, data, previous_hash, hash";
        for (sql, broken_at, reason) in [
            ("UPDATE event SET actor = 'Eve' WHERE id = 2".to_owned(), 2, "was changed"),
            ("UPDATE event SET at = '2026-03-02T09:30:00.000001Z' WHERE id = 3".into(), 3, "was changed"),
            ("UPDATE event SET data = data || ' ' WHERE id = 4".into(), 4, "was changed"),
            ("UPDATE event SET account_id = '' WHERE id = 5".into(), 5, "was changed"),
            (format!("DELETE FROM event WHERE id = {last}"), last, "missing"),
            ("DELETE FROM event WHERE id = 4".into(), 4, "entry 4 is missing"),
            ("DELETE FROM event WHERE id BETWEEN 2 AND 5".into(), 2, "entries 2 to 5 are missing"),
            ("DELETE FROM event".into(), 1, "missing"),
            ("UPDATE event SET id = 999 WHERE id = 2; UPDATE event SET id = 2 WHERE id = 3; UPDATE event SET id = 3 WHERE id = 999".into(), 2, "was changed"),
            (format!("INSERT INTO event (id, {columns}) SELECT {last} + 1, {columns} FROM event WHERE id = 2"), last + 1, "counter does not know it"),
            (format!("INSERT INTO event (id, {columns}) SELECT 0, {columns} FROM event WHERE id = 2"), 0, "counter does not know it"),
            ("UPDATE instance SET id = 'another'".into(), 1, "does not follow the genesis"),
        ] {
            run_sql(world, &sql).await.unwrap();
            let found = verification(world).await;
            assert_eq!((&found["intact"], &found["broken_at"]), (&json!(false), &json!(broken_at)), "{sql}: {found}");
            assert!(found["reason"].as_str().unwrap().contains(reason), "{sql}: {found}");
            run_sql(world, "DELETE FROM event; INSERT INTO event SELECT * FROM kept").await.unwrap();
            if sql.contains("instance") {
                continue;
            }
            assert_eq!(verification(world).await["intact"], true, "restored after {sql}");
        }
    }

    /// Whoever also turns the counter back is found only with a hash that was kept elsewhere.
    async fn a_record_cut_off_with_care_is_found_by_a_kept_hash(world: Plan::signed()) {
        live_through(world).await;
        let before = verification(world).await;
        let (last, head) = (before["entries"].as_i64().unwrap(), before["head"].as_str().unwrap().to_owned());
        disarm(world).await;
        let sql = format!(
            "DELETE FROM event WHERE id = {last}; UPDATE event_counter SET last = {last} - 1, \
             head = (SELECT hash FROM event WHERE id = {last} - 1)"
        );
        run_sql(world, &sql).await.unwrap();
        assert_eq!(verification(world).await["intact"], true);
        let (file, ..) = export(world, "").await;
        assert_eq!(verify(&file, &[]).0, 0);
        let (code, _, why) = verify(&file, &["--head", &head]);
        assert_eq!(code, 1, "{why}");
        assert!(why.contains("cut off or rewritten"), "{why}");
    }

    async fn concurrent_appends_stay_a_chain(world: Plan::signed()) {
        // Another process, as far as the database can tell; SQLite has only one.
        let other = match kind(world) {
            Kind::Sqlite => world.app.db.clone(),
            Kind::Postgres => {
                let url = DatabaseUrl::parse(&world.database.url).unwrap();
                tokio::task::spawn_blocking(move || Db::open(url).unwrap()).await.unwrap()
            }
        };
        let before = verification(world).await["entries"].as_i64().unwrap();
        let now = world.now();
        let mut all = tokio::task::JoinSet::new();
        for number in 0..60 {
            let db = if number % 2 == 0 { world.app.db.clone() } else { other.clone() };
            all.spawn(async move {
                db.write(Lane::Front, move |conn| {
                    for part in 0..3 {
                        events::append(conn, &event(EventKind::SignedIn, "Ada", &format!("{number} {part}")), now)?;
                    }
                    // Some think better of it: their numbers must not stay taken.
                    if number % 5 == 0 { Err(DbError::Abandoned) } else { Ok(()) }
                })
                .await
            });
        }
        let done = all.join_all().await;
        assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 48, "{done:?}");
        let found = verification(world).await;
        assert_eq!((&found["intact"], &found["entries"]), (&json!(true), &json!(before + 144)), "{found}");
    }

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
        assert_eq!(verify(&file, &["--head", "abc"]).0, 1);
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
        let data: Value = serde_json::from_str(exported["data"].as_str().unwrap()).unwrap();
        assert_eq!(data, json!({"format": "jsonl", "complete": false, "filters": {"kind": "check.decided,check.created"}}));
    }

    async fn a_spreadsheet_finds_no_formula_in_the_record(world: Plan::signed()) {
        append(world, vec![event(EventKind::SignedIn, "=HYPERLINK(\"http://evil\")", "@SUM(1);=2\r\n=3, \"x\"")]).await;
        let (file, kind, name) = export(world, "format=csv").await;
        assert_eq!(kind, "text/csv; charset=utf-8");
        assert!(name.ends_with("Z.csv\""), "{name}");
        let mut lines = file.split_inclusive("\r\n");
        assert!(lines.next().unwrap().starts_with("\"id\",\"at\",\"kind\""));
        assert!(file.contains("\"'=HYPERLINK(\"\"http://evil\"\")\",\"\",\"browser\",\"'@SUM(1);=2\r\n=3, \"\"x\"\"\",\"{}\""), "{file}");
        let (code, _, why) = verify(&file, &[]);
        assert!(code == 1 && why.contains("only the export in JSON lines"), "{why}");
    }

    async fn filters_narrow_the_record(world: Plan::signed()) {
        live_through(world).await;
        let everything = entries(&world.program_of_rita(), "").await;
        let of_project = everything.iter().filter(|one| one["project_id"].is_string()).count();
        let all = everything.len();
        world.advance(std::time::Duration::from_secs(86_400));
        append(world, vec![event(EventKind::SignedIn, "Zoë 50%_", "Zoë SIGNED in")]).await;
        let check = world.check("rejected").await["id"].as_str().unwrap().to_owned();
        let of_check = world.happened(&serde_json::json!({"id": check})).await.len();
        for (query, count) in [
            ("kind=check.decided".to_owned(), 2),
            ("kind=check.decided,%20session.started".into(), 3),
            ("kind=group.changed".into(), 0),
            ("actor=Rita%20Reviewer".into(), 2),
            ("actor=ITA%20r".into(), 2),
            ("actor=ita_r".into(), 0),
            (format!("actor={}", world.rita.id), 2),
            (format!("check={check}"), of_check),
            ("check=0198b3a0-0000-7000-8000-000000000000".into(), 0),
            ("project=demo/storefront".into(), of_project),
            (format!("project={}", world.project_id(world.project).await), of_project),
            (format!("project={}", world.project), of_project),
            ("project=demo/none".into(), 0),
            ("from=2026-03-03".into(), 1),
            ("to=2026-03-02".into(), all),
            ("to=2026-03-02T09:30:00Z".into(), 0),
            ("from=2026-03-02T09:30:00Z&to=2026-03-02T11:31:00%2B02:00".into(), all),
            ("q=zoë%20signed".into(), 1),
            ("q=50%25_".into(), 1),
            ("q=5_%25".into(), 0),
            ("q=%22quoted%5C%22".into(), 1),
            ("q=GUT".into(), 1),
            ("kind=&actor=&q=%20".into(), all + 1),
        ] {
            assert_eq!(ids(world, &query).await.len(), count, "{query}");
        }
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let (_, page) = world.get(&format!("audit?limit=3&cursor={cursor}")).await;
            seen.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()));
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(seen, ids(world, "").await);
        for query in ["kind=check.lost", "check=1", "from=yesterday", "to=2026-02-30", "cursor=x", "limit=0", "limit=201", "colour=red"] {
            let (status, problem) = world.get(&format!("audit?{query}")).await;
            assert_eq!((status.as_u16(), problem["code"].as_str()), (400, Some("bad_parameter")), "{query}");
        }
        for query in ["format=xml", "limit=1", "kind=x"] {
            assert_eq!(world.get(&format!("audit/export?{query}")).await.0, 400, "{query}");
        }
        assert_eq!(world.get("audit?kind=audit.exported").await.1["items"], json!([]), "a refused export is none");
    }

    async fn nobody_reads_beyond_their_projects(world: Plan::signed()) {
        world.open().await;
        let other = world.gitlab.create_project("demo/payments");
        world.gitlab.create_rule(other, "Release gate", &format!("{}/status_check", world.base), world.secret);
        world.gitlab.create_merge_request(other, Default::default());
        world.settle().await;
        let mine = world.project_id(world.project).await;
        let theirs = world.project_id(other).await;
        let foreign = world.get("checks?project=demo/payments").await.1["items"][0]["id"].as_str().unwrap().to_owned();
        let limited = world.person("Odo Auditor", &[Role::Auditor], std::slice::from_ref(&mine)).await;
        // By the account's grants, and by the token's limit alone.
        let scopes = [Permission::AuditRead];
        let askers = [
            world.program(&limited, &scopes, &[]).await,
            world.program(&world.rita, &scopes, std::slice::from_ref(&mine)).await,
            world.browser(&limited).await,
        ];
        for asker in &askers {
            let all = entries(&world.program_of_rita(), "").await;
            let expected: Vec<&Value> = all.iter().filter(|one| one["project_id"] != json!(theirs)).collect();
            assert!(expected.len() < all.len() && expected.iter().any(|one| one["project_id"].is_null()));
            let seen = entries(asker, "").await;
            assert_eq!(seen.iter().collect::<Vec<_>>(), expected);
            assert!(seen.iter().any(|one| one["project_id"] == json!(mine)));
            for query in [format!("project={theirs}"), "project=demo/payments".into(), format!("check={foreign}"), "q=Release%20gate".into()] {
                assert_eq!(entries(asker, &query).await, Vec::<Value>::new(), "{query}");
                assert!(!entries(&world.program_of_rita(), &query).await.is_empty(), "{query}");
            }
            for format in ["csv", "jsonl"] {
                let (file, ..) = export_by(asker, &format!("format={format}")).await;
                assert!(file.contains(&mine) && !file.contains(&theirs) && !file.contains("demo/payments"), "{file}");
                if format == "jsonl" {
                    let (code, said, why) = verify(&file, &[]);
                    assert_eq!(code, 0, "{why}");
                    assert!(said.contains("only what the exporter may read"), "{said}");
                    assert_eq!(verify(&file, &["--complete"]).0, 1);
                }
            }
            assert_eq!(asker.get("audit/verification").await.1["intact"], true);
        }
        // Who may not read the record sees nothing of no project, wherever else the query is used.
        let scope = Scope { reach: Reach::All, general: false };
        let some = world.app.db.read(move |conn| audit::page(conn, &Filter::default(), &scope, None, 500)).await.unwrap();
        assert!(!some.is_empty() && some.iter().all(|one| one.project_id.is_some()));
        // A grant that is taken away is gone from the next page on.
        let none = json!({"name": "Odo Auditor", "roles": ["auditor"], "all_projects": false, "projects": [], "groups": [], "active": true, "gitlab_user_id": null});
        let (status, answer) = world.program_of_rita().put(&format!("people/{}", limited.id), &none).await;
        assert_eq!(status, 200, "{answer}");
        assert!(entries(&askers[0], "").await.iter().all(|one| one["project_id"].is_null()));
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
