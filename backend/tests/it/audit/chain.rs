//! What was recorded stays, and every kind of tampering is found.

use approval_app::db::{DatabaseUrl, Db, DbError, Lane, events};
use approval_app::domain::record::EventKind;
use diesel::connection::SimpleConnection as _;
use serde_json::json;

use super::{event, export, ids, live_through, verification, verify};
use crate::support::{Kind, Plan, World, on_both};

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

    async fn a_decision_says_who_decided_on_whose_change(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "Fine.").await.0, 201);
        let data = async |kind: &str| {
            let entry = world.get(&format!("audit?kind={kind}")).await.1["items"][0].clone();
            serde_json::from_str::<serde_json::Value>(entry["data"].as_str().unwrap()).unwrap()
        };
        let (created, decided) = (data("check.created").await, data("check.decided").await);
        for field in ["author", "author_gitlab_id"] {
            assert_eq!(created[field], decided[field], "{field}: {created} {decided}");
            assert!(!decided[field].is_null(), "{decided}");
        }
        for field in ["title", "source_branch", "target_branch"] {
            assert!(created[field].is_string(), "{field}: {created}");
        }
        assert_eq!((&decided["roles"], &decided["reverses"]), (&json!(["reviewer", "administrator"]), &json!(false)));
    }

    async fn a_decision_that_was_changed_behind_the_record_is_found(world: Plan::signed()) {
        live_through(world).await;
        let change = "UPDATE decision SET reviewer = 'Somebody Else'";
        for statement in [change, "DELETE FROM decision", "UPDATE decision SET comment = 'Fine.'"] {
            let refused = run_sql(world, statement).await.unwrap_err();
            let why = format!("{:?}", std::error::Error::source(&refused));
            assert!(why.contains("decisions are append-only"), "{statement}: {why}");
        }
        assert_eq!(verification(world).await["intact"], true);
        let disarm = match kind(world) {
            Kind::Sqlite => "DROP TRIGGER decision_append_only_update",
            Kind::Postgres => "DROP TRIGGER decision_append_only_update ON decision",
        };
        run_sql(world, &format!("{disarm}; {change}")).await.unwrap();
        let found = verification(world).await;
        let first = world.get("audit?kind=check.decided").await.1["items"].as_array().unwrap().last().unwrap()["id"].clone();
        assert_eq!((&found["intact"], &found["broken_at"]), (&json!(false), &first), "{found}");
        assert!(found["reason"].as_str().unwrap().contains("outside of the record"), "{found}");
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
}
