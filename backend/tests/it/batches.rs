//! Calls that arrive together are stored together, and taken apart again.

use std::sync::Arc;
use std::time::Duration;

use approval_app::db::batches::{self, Arrived};
use approval_app::db::calls::{self, CallState};
use approval_app::db::{DbError, Lane};
use approval_app::service::batcher::Batcher;
use bytes::Bytes;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl as _};
use futures_util::future::{join, join_all};
use gitlab_sandbox::payload::MergeRequestCall;
use tokio::sync::Semaphore;

use crate::support::{Kind, Plan, World, on_both};

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    batches: i64,
    #[diesel(sql_type = BigInt)]
    calls: i64,
}

async fn stored(world: &World) -> (i64, i64) {
    let row: Counts = world
        .app
        .db
        .read(|conn| {
            let text = "SELECT count(*) AS batches, CAST(coalesce(sum(calls), 0) AS BIGINT) AS calls FROM call_batch";
            Ok::<_, DbError>(diesel::sql_query(text).get_result(conn)?)
        })
        .await
        .unwrap();
    (row.batches, row.calls)
}

/// Hands bodies to one batcher at the same moment; on SQLite while its writer is busy with something else.
async fn store_together(world: &World, bodies: Vec<Bytes>) {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (end, may_end) = std::sync::mpsc::channel::<()>();
    let db = world.app.db.clone();
    let busy = tokio::spawn(async move {
        db.write(Lane::Front, move |_| {
            begun.send(()).unwrap();
            may_end.recv().unwrap();
            Ok::<_, DbError>(())
        })
        .await
    });
    has_begun.await.unwrap();
    let batcher = Batcher::new(&world.app);
    let memory = Arc::new(Semaphore::new(bodies.len()));
    let all = bodies.into_iter().map(|body| {
        let call = Arrived { received_at: world.now(), signed: true, rule_key: None, body };
        let held = Arc::clone(&memory).try_acquire_owned().unwrap();
        batcher.store(call, held)
    });
    // The calls are handed over before the writer may go on.
    let together = join(join_all(all), async move { end.send(()).unwrap() });
    let (results, ()) = tokio::task::LocalSet::new().run_until(together).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(memory.available_permits(), results.len(), "the memory is given back");
    busy.await.unwrap().unwrap();
}

fn call(iid: i64) -> Bytes {
    let mut call = MergeRequestCall::default();
    call.merge_request.iid = iid;
    call.bytes().into()
}

on_both! {
    async fn calls_of_one_moment_share_a_row_and_become_a_check_each(world: Plan::signed()) {
        store_together(world, (1..=300).map(call).collect()).await;
        let (batches, calls) = stored(world).await;
        assert_eq!(calls, 300);
        if world.app.db.kind() == "sqlite" {
            assert_eq!(batches, 3, "128, 128 and 44");
        }
        let (_, system) = world.get("system").await;
        assert_eq!(system["waiting_calls"], 300);
        world.settle().await;
        assert_eq!(stored(world).await, (0, 0));
        assert_eq!(world.get("system").await.1["waiting_calls"], 0);
        let mut numbers = Vec::new();
        for state in ["pending", "withdrawn"] {
            let mut cursor = String::new();
            loop {
                let (_, page) = world.get(&format!("checks?state={state}&limit=200{cursor}")).await;
                numbers.extend(page["items"].as_array().unwrap().iter().map(|one| one["merge_request"]["iid"].as_i64().unwrap()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=300).collect::<Vec<_>>());
    }

    async fn a_large_call_ends_its_batch(world: Plan::signed()) {
        let large = Bytes::from(vec![b' '; 1024 * 1024]);
        store_together(world, vec![call(1), large.clone(), call(2), call(3), large, call(4)]).await;
        let (batches, calls) = stored(world).await;
        assert_eq!(calls, 6);
        if world.app.db.kind() == "sqlite" {
            assert_eq!(batches, 3, "one and a large one; two and a large one; the last");
        }
    }

    async fn a_spoilt_batch_is_set_aside_and_stops_nobody_else(world: Plan::signed()) {
        let spoilt: Result<(), DbError> = world
            .app
            .db
            .write(Lane::Front, |conn| {
                let packed = match conn {
                    approval_app::db::Conn::Sqlite(_) => "x'ffffff7f00'",
                    approval_app::db::Conn::Postgres(_) => "'\\xffffff7f00'::bytea",
                };
                Ok(conn.batch_execute(&format!(
                    "INSERT INTO call_batch (received_at, calls, packed) VALUES ('2026-01-01T00:00:00.000000Z', 3, {packed})"
                ))?)
            })
            .await;
        spoilt.unwrap();
        world.open().await;
        world.check("pending").await;
        let aside = world.calls("set_aside").await;
        assert_eq!(aside.len(), 1, "{aside:?}");
        assert!(aside[0]["note"].as_str().unwrap().contains("cannot be read"), "{aside:?}");
    }
}

/// When the database refuses, every caller hears it, and the next call is taken again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_refused_is_refused_to_all_of_it() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::build(kind, Plan::signed()).await;
        let rename = |from: &'static str, to: &'static str| {
            world.app.db.write(Lane::Front, move |conn| {
                Ok::<_, DbError>(conn.batch_execute(&format!("ALTER TABLE {from} RENAME TO {to}"))?)
            })
        };
        rename("call_batch", "elsewhere").await.unwrap();
        let body = MergeRequestCall::default().bytes();
        let refused = join_all((0..20).map(|_| world.signed_call(body.clone()))).await;
        for (status, problem) in refused {
            assert_eq!(
                (status.as_u16(), problem["code"].as_str()),
                (503, Some("store_unavailable")),
                "{kind:?}"
            );
        }
        rename("elsewhere", "call_batch").await.unwrap();
        assert_eq!(world.signed_call(body).await.0, 202, "{kind:?}");
        world.settle().await;
        world.check("pending").await;
        world.end().await;
    }
}

on_both! {
    async fn who_took_a_call_too_long_ago_says_nothing_of_it_any_more(world: Plan::signed()) {
        store_together(world, vec![Bytes::from_static(b"{}")]).await;
        let (now, later) = (world.now(), world.now().after(Duration::from_secs(60)));
        let said: Result<_, DbError> = world.app.db.write(Lane::Back, move |conn| {
            let first = batches::take(conn, "slow", now)?;
            let second = calls::claim(conn, "quick", now.after(Duration::from_secs(1)), later, 9)?;
            assert_eq!((first.len(), second.len()), (1, 1));
            let id = second[0].id;
            calls::postpone(conn, "slow", id, 7, later, "late")?;
            let late = calls::finish(conn, "slow", id, CallState::SetAside, Some("late"))?;
            let again = calls::claim(conn, "third", now.after(Duration::from_secs(2)), later, 9)?;
            assert!(again.is_empty(), "it is still the second one's");
            Ok((late, calls::finish(conn, "quick", id, CallState::Processed, None)?))
        }).await;
        assert_eq!(said.unwrap(), (false, true));
    }
}
