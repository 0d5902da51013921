//! Delivery: GitLab down, slow, refusing; and back.

use std::collections::BTreeMap;
use std::time::Duration;

use approval_app::db::sending::{self, Outcome, Wanted};
use approval_app::db::{DbError, Lane};
use approval_app::domain::DeliveryState;
use approval_app::service::deliver;
use approval_app::worker;
use diesel::connection::SimpleConnection as _;
use gitlab_sandbox::{Fault, Source, Status};
use serde_json::json;

use crate::support::process::until;
use crate::support::{Kind, Plan, World, on_both};

/// Reverses a decision while it is on its way, which then comes to this.
async fn overtake(world: &World, state: DeliveryState, http_status: Option<u16>) {
    let iid = world.open().await;
    let check = world.check("pending").await;
    assert_eq!(world.decide(&check, "approve", "").await.0, 201);
    // It is on its way when it is reversed.
    let (now, connection) = (world.now(), world.app.connected().unwrap().id);
    let until = now.after(Duration::from_secs(60));
    let taken: Result<_, DbError> = world
        .app
        .db
        .write(Lane::Front, move |conn| {
            let wanted =
                Wanted { connection_id: connection.as_str(), limit: 8, probes: &[], untried_first: false };
            sending::claim(conn, "slow", &wanted, now, until)
        })
        .await;
    let taken = taken.unwrap().remove(0);
    let wish = json!({"verdict": "reject", "comment": "on second thought", "expected_sha": check["sha"], "expected_state": "approved"});
    assert_eq!(
        world.post(&format!("checks/{}/decisions", check["id"].as_str().unwrap()), &wish).await.0,
        201
    );
    world.settle().await;
    assert_eq!(world.shown(iid), Status::Pending, "the first is still on its way");
    let ended: Result<bool, DbError> = world
        .app
        .db
        .write(Lane::Front, move |conn| {
            let outcome = Outcome {
                state,
                due_at: now.after(Duration::from_secs(60)),
                started_at: now,
                duration_ms: 15_000,
                http_status,
                error: Some("it was not taken"),
            };
            sending::finish(conn, "slow", &taken, &outcome, now)
        })
        .await;
    assert!(ended.unwrap());
    world.settle().await;
    assert_eq!(world.shown(iid), Status::Failed);
}

on_both! {
    async fn gitlab_down_keeps_the_decision_and_delivers_it_later(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.gitlab.set_fault(Some(Fault::Down));
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        let detail = world.detail(&check).await;
        assert_eq!(detail["delivery"]["state"], "pending");
        assert!(detail["delivery"]["last_error"].as_str().unwrap().contains("GitLab"), "{detail}");
        assert!(detail["deliveries"][0]["due_at"].is_string());
        world.gitlab.set_fault(None);
        world.settle_for(Duration::from_secs(120)).await;
        assert_eq!(world.shown(iid), Status::Passed);
        assert_eq!(world.detail(&check).await["delivery"]["state"], "delivered");
    }

    async fn an_answer_lost_after_gitlab_did_the_work_is_sent_again(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.gitlab.set_fault_for(Fault::DropAfterWork, 1);
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle_for(Duration::from_secs(60)).await;
        assert_eq!(world.shown(iid), Status::Passed);
        let detail = world.detail(&check).await;
        assert_eq!(detail["delivery"]["state"], "delivered");
        assert_eq!(detail["delivery"]["attempts"], 2);
    }

    async fn retry_after_is_honoured(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.gitlab.set_fault_for(Fault::RateLimited { retry_after_seconds: 40 }, 1);
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle_for(Duration::from_secs(39)).await;
        assert_eq!(world.shown(iid), Status::Pending);
        let delivery = world.detail(&check).await["delivery"].take();
        assert_eq!((&delivery["attempts"], &delivery["last_error"]), (&json!(1), &json!("GitLab answered 429 Too Many Requests: Retry later")));
        world.settle_for(Duration::from_secs(5)).await;
        assert_eq!(world.shown(iid), Status::Passed);
    }

    async fn server_errors_are_tried_again_with_growing_pauses(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        world.gitlab.set_fault(Some(Fault::ServerError));
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle_for(Duration::from_secs(600)).await;
        let attempts = world.detail(&check).await["delivery"]["attempts"].as_i64().unwrap();
        assert!((8..=30).contains(&attempts), "{attempts} attempts in ten minutes");
        let detail = world.detail(&check).await;
        assert!(detail["delivery"]["last_error"].as_str().unwrap().contains("500"));
        assert_eq!(world.get("system").await.1["pending_deliveries"], 1);
    }

    async fn a_long_retry_after_is_told_and_a_person_can_try_all_the_same(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.gitlab.set_fault_for(Fault::RateLimited { retry_after_seconds: 7200 }, 1);
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        let trouble = world.get("system").await.1["gitlab_trouble"].as_str().unwrap().to_owned();
        assert!(trouble.contains("2026-03-02T11:30:00"), "{trouble}");
        world.settle_for(Duration::from_secs(600)).await;
        assert_eq!(world.shown(iid), Status::Pending);
        let id = world.detail(&check).await["deliveries"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(world.post(&format!("deliveries/{id}/retry"), &json!({})).await.0, 202);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
        assert!(world.get("system").await.1["gitlab_trouble"].is_null());
    }

    async fn while_one_delivery_tries_out_gitlab_it_is_the_least_tried(world: Plan::signed()) {
        let sick = [world.open().await, world.open().await, world.open().await, world.open().await];
        let well = world.open().await;
        for iid in sick {
            world.gitlab.set_fault_on(world.project, iid, Fault::ServerError);
        }
        let (failing, last): (Vec<_>, Vec<_>) =
            world.checks("pending").await.into_iter().partition(|check| check["merge_request"]["iid"] != well);
        for check in &failing {
            assert_eq!(world.decide(check, "approve", "").await.0, 201);
        }
        world.settle().await;
        assert!(world.get("system").await.1["gitlab_trouble"].is_string(), "the breaker is open");
        let before = world.gitlab.requests().len();
        // All the others are due longer when the breaker lets one through.
        world.advance(Duration::from_secs(120));
        assert_eq!(world.decide(&last[0], "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.shown(well), Status::Passed);
        let next = &world.gitlab.requests()[before];
        assert!(next.path.contains(&format!("/merge_requests/{well}/")), "{next:?}");
    }

    async fn one_slow_answer_keeps_no_other_delivery_back(world: Plan::signed()) {
        let (slow, quick) = (world.open().await, world.open().await);
        let checks = world.checks("pending").await;
        let of = |iid: i64| checks.iter().find(|check| check["merge_request"]["iid"] == iid).unwrap();
        world.gitlab.set_fault_on(world.project, slow, Fault::Slow(Duration::from_secs(60)));
        let loops = worker::start(&world.app);
        assert_eq!(world.decide(of(slow), "approve", "").await.0, 201);
        until("the slow one is on its way", async || {
            let (id, now) = (world.app.connected().unwrap().id, world.now());
            let sent: Result<_, DbError> =
                world.app.db.read(move |conn| sending::is_any_on_its_way(conn, id.as_str(), None, now)).await;
            if sent.unwrap() { Ok(()) } else { Err("not yet".to_owned()) }
        })
        .await;
        assert_eq!(world.decide(of(quick), "approve", "").await.0, 201);
        until("the other one was sent", async || {
            let detail = world.detail(of(quick)).await;
            if detail["delivery"]["state"] == "delivered" { Ok(()) } else { Err(detail.to_string()) }
        })
        .await;
        assert_eq!(world.detail(of(slow)).await["delivery"]["attempts"], 0, "it still waits for its answer");
        world.app.stopping.cancel();
        drop(loops);
    }

    async fn a_head_that_comes_back_after_a_409_is_answered(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        let sha = check["sha"].as_str().unwrap().to_owned();
        world.gitlab.pause_calls(true);
        world.gitlab.push(world.project, iid);
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        deliver::step(&world.app).await.unwrap();
        assert_eq!(world.detail(&check).await["delivery"]["state"], "obsolete");
        world.gitlab.force_push_back(world.project, iid, &sha);
        world.settle_for(Duration::from_secs(10)).await;
        let detail = world.detail(&check).await;
        assert_eq!((&detail["state"], &detail["delivery"]["state"]), (&json!("approved"), &json!("delivered")), "{detail}");
        assert_eq!(world.shown(iid), Status::Passed);
    }

    async fn a_row_of_gitlabs_own_after_a_quick_answer_is_overruled(world: Plan::signed()) {
        world.gitlab.hold_creation_rows(true);
        let iid = world.open().await;
        assert_eq!(world.decide(&world.check("pending").await, "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
        world.settle_for(Duration::from_secs(30)).await;
        world.gitlab.hold_creation_rows(false);
        assert_eq!(world.shown(iid), Status::Pending, "GitLab's job came late");
        world.settle_for(Duration::from_secs(180)).await;
        assert_eq!(world.shown(iid), Status::Passed);
        let asked = world.gitlab.requests().len();
        world.settle_for(Duration::from_secs(3600)).await;
        assert_eq!(world.gitlab.requests().len(), asked, "it is looked at no more");
    }

    async fn a_reversal_waits_for_nothing_of_what_it_overtakes(world: Plan::signed()) {
        for (state, http_status) in [(DeliveryState::Pending, None), (DeliveryState::Failed, Some(400))] {
            overtake(world, state, http_status).await;
            let (_, failed) = world.get("checks?alarm=failed_delivery").await;
            assert_eq!(failed["items"], json!([]), "nobody has to do anything about what no longer counts");
        }
    }

    async fn a_deleted_rule_withdraws_its_check(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        world.gitlab.delete_rule(world.project, world.rule);
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        let detail = world.detail(&check).await;
        assert_eq!(detail["state"], "withdrawn");
        assert_eq!(detail["delivery"]["state"], "obsolete");
    }

    async fn head_moving_at_the_last_moment_is_never_answered_for_the_old_commit(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.gitlab.set_fault_for(Fault::HeadMoves, 1);
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Pending);
        assert_eq!(world.check("pending").await["sha"], world.gitlab.head(world.project, iid));
        assert_eq!(world.detail(&check).await["state"], "superseded");
    }

    async fn an_hour_without_gitlab_loses_nothing_and_ends_without_a_storm(world: Plan::signed()) {
        const REQUESTS: usize = 30;
        for _ in 0..REQUESTS {
            world.open().await;
        }
        world.gitlab.set_fault(Some(Fault::Down));
        for check in world.checks("pending").await {
            assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        }
        // Half of them are reversed while GitLab is away.
        for check in world.checks("approved").await.iter().take(REQUESTS / 2) {
            world.settle_for(Duration::from_secs(20)).await;
            let wish = json!({"verdict": "reject", "comment": "on second thought", "expected_sha": check["sha"], "expected_state": "approved"});
            assert_eq!(world.post(&format!("checks/{}/decisions", check["id"].as_str().unwrap()), &wish).await.0, 201);
        }
        world.settle_for(Duration::from_secs(3300)).await;
        let attempts: i64 = world.checks("all").await.iter().map(|check| check["delivery"]["attempts"].as_i64().unwrap()).sum();
        assert!(attempts < 400, "{attempts} attempts while GitLab was away: a probe at a time is enough");
        world.gitlab.set_fault(None);
        let from = world.gitlab.requests().len();
        world.settle_for(Duration::from_secs(180)).await;
        for check in world.checks("all").await {
            assert_eq!(check["delivery"]["state"], "delivered", "{check}");
            let iid = check["merge_request"]["iid"].as_i64().unwrap();
            let expected = if check["state"] == "approved" { Status::Passed } else { Status::Failed };
            assert_eq!(world.shown(iid), expected);
            let told = world.gitlab.responses(world.project, iid).into_iter().filter(|row| row.source == Source::Api).count();
            assert_eq!(told, 1, "an overtaken decision is never sent");
        }
        let mut by_second: BTreeMap<i64, usize> = BTreeMap::new();
        for request in world.gitlab.requests().iter().skip(from) {
            *by_second.entry(request.at.as_second()).or_default() += 1;
        }
        let busiest = by_second.values().copied().max().unwrap_or(0);
        assert!(busiest <= 40, "{busiest} requests in one second: {by_second:?}");
    }
}

/// Deliveries do not queue up behind each other, or behind whoever changes the connection, as long as nothing is broken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_is_accepted_holds_no_row_that_all_share() {
    let world = World::build(Kind::Postgres, Plan::signed()).await;
    let iid = world.open().await;
    let check = world.check("pending").await;
    assert_eq!(world.decide(&check, "approve", "").await.0, 201);
    let (held, holds) = std::sync::mpsc::channel();
    let (let_go, wait) = std::sync::mpsc::channel();
    let db = world.app.db.clone();
    let holder = tokio::spawn(async move {
        let holding = db.write(Lane::Front, move |conn| {
            conn.batch_execute("SELECT 1 FROM connection FOR UPDATE; SELECT 1 FROM rule FOR UPDATE")?;
            held.send(()).unwrap();
            wait.recv().unwrap();
            Ok::<_, DbError>(())
        });
        holding.await.unwrap();
    });
    tokio::task::spawn_blocking(move || holds.recv().unwrap()).await.unwrap();
    deliver::step(&world.app).await.unwrap();
    assert_eq!(world.shown(iid), Status::Passed);
    assert_eq!(world.detail(&check).await["delivery"]["state"], "delivered");
    let_go.send(()).unwrap();
    holder.await.unwrap();
    world.end().await;
}
