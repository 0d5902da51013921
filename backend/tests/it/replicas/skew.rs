//! Two replicas whose clocks are five seconds apart.

use std::sync::Arc;
use std::time::Duration;

use approval_app::app::App;
use approval_app::domain::{Clock as _, ManualClock};
use approval_app::server;
use serde_json::json;

use super::leased;
use crate::support::process::until;
use crate::support::{Kind, Plan, World, config};

/// What the clocks differ by.
const SKEW: Duration = Duration::from_secs(5);

/// A second replica whose clock is behind the world's, and where it listens.
async fn behind(world: &World) -> (App, Arc<ManualClock>, String, server::Running) {
    let clock = Arc::new(ManualClock::new(world.now().before(SKEW)));
    let mut settings = config(&world.database, Some(world.gitlab.url()));
    settings.hmac_secret = world.secret.map(secrecy::SecretString::from);
    let app = App::open(settings, Arc::clone(&clock) as _).await.unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/approval-apps", listener.local_addr().unwrap());
    let running = server::start(&app, listener, false).unwrap();
    (app, clock, base, running)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_reversed_where_it_is_earlier_is_the_last_one_all_the_same() {
    let world = World::build(Kind::Postgres, Plan::signed()).await;
    let (app, clock, base, running) = behind(&world).await;
    let iid = world.open().await;
    let check = world.check("pending").await;
    assert_eq!(world.decide(&check, "approve", "looks good").await.0, 201);
    let id = check["id"].as_str().unwrap();
    let wish = json!({"verdict": "reject", "comment": "on second thoughts", "expected_sha": check["sha"], "expected_state": "approved"});
    let sent =
        world.http.post(format!("{base}/api/v1/checks/{id}/decisions")).json(&wish).send().await.unwrap();
    assert_eq!(sent.status(), 201);
    approval_app::worker::drain(&app).await.unwrap();
    world.settle().await;
    clock.advance(SKEW + SKEW);
    approval_app::worker::drain(&app).await.unwrap();
    assert_eq!(world.shown(iid).word(), "failed");
    let detail = world.detail(&check).await;
    assert_eq!(detail["state"], "rejected");
    let verdicts: Vec<&str> =
        detail["decisions"].as_array().unwrap().iter().map(|one| one["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["approve", "reject"], "in the order in which they were made: {detail}");
    // GitLab hears of them in that order too.
    let told: Vec<String> = world
        .gitlab
        .responses(world.project, iid)
        .iter()
        .filter(|row| row.source == gitlab_sandbox::Source::Api)
        .map(|row| row.status.word().to_owned())
        .collect();
    assert_eq!(told.last().map(String::as_str), Some("failed"), "{told:?}");
    running.stop().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_replica_takes_what_another_is_doing() {
    let world = World::build(Kind::Postgres, Plan::signed()).await;
    let iid = world.open().await;
    let check = world.check("pending").await;
    // This one's clock is ahead: leases of others end earlier for it.
    let ahead = Arc::new(ManualClock::new(world.now().after(SKEW)));
    let other =
        App::open(config(&world.database, Some(world.gitlab.url())), Arc::clone(&ahead) as _).await.unwrap();
    world.gitlab.set_fault(Some(gitlab_sandbox::Fault::Slow(Duration::from_millis(500))));
    world.decide(&check, "approve", "").await;
    let app = world.app.clone();
    let taking = tokio::spawn(async move { approval_app::worker::drain(&app).await });
    until("that one of them is sending", async || match leased(&world.database.url).await {
        0 => Err("none is".into()),
        _ => Ok(()),
    })
    .await;
    approval_app::worker::drain(&other).await.unwrap();
    taking.await.unwrap().unwrap();
    world.gitlab.set_fault(None);
    world.settle().await;
    let told = world
        .gitlab
        .responses(world.project, iid)
        .iter()
        .filter(|row| row.source == gitlab_sandbox::Source::Api)
        .count();
    assert_eq!(told, 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_replica_behind_reads_back_counts_after_a_moment() {
    let world = World::build(Kind::Postgres, Plan::unsigned()).await;
    let (app, clock, base, running) = behind(&world).await;
    let iid = world.open().await;
    let old = world.check("pending").await["sha"].as_str().unwrap().to_owned();
    // The next call arrives at the replica that is behind: what it reads seems older than what is known.
    world.gitlab.set_rule_url(world.project, world.rule, &format!("{base}/status_check"));
    let new = world.gitlab.push(world.project, iid);
    world.gitlab.settle().await;
    for _ in 0..12 {
        approval_app::worker::drain(&app).await.unwrap();
        clock.advance(Duration::from_secs(1));
        world.advance(Duration::from_secs(1));
    }
    approval_app::worker::drain(&app).await.unwrap();
    let check = world.check("pending").await;
    assert_ne!(check["sha"], *old);
    assert_eq!(check["sha"], *new);
    assert!(clock.now() < world.now());
    running.stop().await;
    world.end().await;
}
