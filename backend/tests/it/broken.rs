//! The database in trouble: refused, not lost.

use std::time::Duration;

use approval_app::db::{DbError, Lane};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use gitlab_sandbox::NewMergeRequest;
use gitlab_sandbox::payload::MergeRequestCall;
use serde_json::json;

use crate::support::{Kind, Plan, World};

async fn readyz(world: &World) -> u16 {
    let root = world.base.trim_end_matches("/approval-apps");
    world.http.get(format!("{root}/readyz")).send().await.unwrap().status().as_u16()
}

/// Work that panics inside the store is undone, its caller is told, and the next one is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_the_store_spoils_only_itself() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let result: Result<(), approval_app::db::DbError> = world
        .app
        .db
        .write(approval_app::db::Lane::Front, |conn| {
            diesel::connection::SimpleConnection::batch_execute(conn, "UPDATE event_counter SET last = 999")?;
            panic!("on purpose");
        })
        .await;
    assert!(result.is_err());
    world.open().await;
    let check = world.check("pending").await;
    assert!(
        world.detail(&check).await["timeline"][0]["id"].as_i64().unwrap() < 900,
        "the panicking work was undone"
    );
    world.end().await;
}

/// Without its table the store cannot take a call: 503, and readiness says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_take_a_call_is_said_to_gitlab() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::build(kind, Plan::signed()).await;
        assert_eq!(readyz(&world).await, 200);
        let dropped: Result<(), approval_app::db::DbError> = world
            .app
            .db
            .write(approval_app::db::Lane::Front, |conn| {
                Ok(diesel::connection::SimpleConnection::batch_execute(
                    conn,
                    "DROP TABLE call_batch; INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')",
                )?)
            })
            .await;
        dropped.unwrap();
        let (status, problem) = world.signed_call(MergeRequestCall::default().bytes()).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (503, Some("store_unavailable")), "{kind:?}");
        assert!(!problem.to_string().contains("call_batch"), "the answer tells nothing of the inside");
        assert_eq!(readyz(&world).await, 503, "{kind:?}");
        world.end().await;
    }
}

/// As a replica that froze in the middle of its work holds those who decide. What is refused for a reason is no sign of trouble.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_taken_while_something_holds_those_who_decide() {
    let world = World::build(Kind::Postgres, Plan::signed()).await;
    world.open().await;
    let check = world.check("pending").await;
    let url = world.database.url.clone();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (holds, held) = tokio::sync::oneshot::channel();
    let holder = std::thread::spawn(move || {
        let mut conn = PgConnection::establish(&url).unwrap();
        conn.batch_execute("BEGIN; SELECT last FROM event_counter FOR UPDATE").unwrap();
        holds.send(()).unwrap();
        released.recv().unwrap();
        conn.batch_execute("ROLLBACK").unwrap();
    });
    held.await.unwrap();
    let stale = json!({"verdict": "approve", "comment": "", "expected_sha": "0".repeat(40)});
    let path = format!("checks/{}/decisions", check["id"].as_str().unwrap());
    assert_eq!(world.post(&path, &stale).await.0, 409);
    assert_eq!(readyz(&world).await, 200);
    assert_eq!(world.decide(&check, "approve", "").await.0, 503);
    assert_eq!(readyz(&world).await, 200);
    assert_eq!(world.signed_call(MergeRequestCall::default().bytes()).await.0, 202);
    release.send(()).unwrap();
    tokio::task::spawn_blocking(move || holder.join().unwrap()).await.unwrap();
    assert_eq!(world.decide(&check, "approve", "").await.0, 201);
    world.end().await;
}

/// A second process on the same SQLite file would break leases and live updates.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_file_belongs_to_one_process() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let url = approval_app::db::DatabaseUrl::parse(&world.database.url).unwrap();
    let second = tokio::task::spawn_blocking(move || approval_app::db::Db::open(url).err()).await.unwrap();
    assert!(matches!(second, Some(approval_app::db::DbError::InUse(_))), "{second:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_server_that_is_down_is_no_bad_url_and_no_file() {
    let url = approval_app::db::DatabaseUrl::parse("postgres://nobody@127.0.0.1:9/nothing").unwrap();
    let error = tokio::task::spawn_blocking(move || approval_app::db::Db::open(url).err()).await.unwrap();
    assert!(matches!(error, Some(approval_app::db::DbError::Unavailable(_))), "{error:?}");
}

/// A stored body that cannot be unpacked is set aside; the calls behind it go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spoilt_body_stops_nobody_else() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let spoilt: Result<(), approval_app::db::DbError> = world
        .app
        .db
        .write(approval_app::db::Lane::Front, |conn| {
            Ok(diesel::connection::SimpleConnection::batch_execute(
                conn,
                "INSERT INTO received_call (received_at, state, signed, size, attempts, due_at, body) \
                 VALUES ('2026-01-01T00:00:00.000000Z', 'stored', TRUE, 9, 0, '2026-01-01T00:00:00.000000Z', x'ffffff7f00')",
            )?)
        })
        .await;
    spoilt.unwrap();
    world.open().await;
    world.check("pending").await;
    let aside = world.calls("set_aside").await;
    assert!(aside[0]["note"].as_str().unwrap().contains("cannot be read"), "{aside:?}");
    world.end().await;
}

/// Also where what fails looks like trouble of the database's own, which is tried more often.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_the_database_cannot_take_in_holds_up_no_other() {
    let world = World::build(Kind::Postgres, Plan::signed()).await;
    let spoil = "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 IF NEW.title = 'spoilt' THEN RAISE EXCEPTION 'canceling statement due to statement timeout'; END IF; \
                 RETURN NEW; END $$; \
                 CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON merge_request FOR EACH ROW EXECUTE FUNCTION spoil()";
    let spoilt = world.app.db.write(Lane::Front, move |conn| Ok::<_, DbError>(conn.batch_execute(spoil)?));
    spoilt.await.unwrap();
    world.gitlab.pause_calls(true);
    let iids: Vec<i64> = ["spoilt", "one", "two", "three"]
        .iter()
        .map(|title| {
            let new = NewMergeRequest { title: (*title).into(), ..NewMergeRequest::default() };
            world.gitlab.create_merge_request(world.project, new)
        })
        .collect();
    world.gitlab.pause_calls(false);
    world.settle_for(Duration::from_secs(3 * 60)).await;
    assert_eq!(world.checks("pending").await.len(), iids.len() - 1);
    let stored = world.calls("stored").await;
    assert!(stored.len() == 1 && stored[0]["note"].as_str().unwrap().contains("timeout"), "{stored:?}");
    world.end().await;
}
