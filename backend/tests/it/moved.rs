//! GitLab under another address: the same instance keeps its checks, and nobody is left waiting in silence.

use gitlab_sandbox::Status;
use serde_json::{Value, json};

use crate::support::{Kind, Plan, World};

/// The sandbox's address by name instead of by number.
fn by_name(url: &str) -> String {
    url.replace("127.0.0.1", "localhost")
}

async fn trouble(world: &World) -> Value {
    world.get("system").await.1["gitlab_trouble"].clone()
}

async fn moves(kind: Kind) {
    let world = World::build(kind, Plan::signed()).await;
    let iid = world.open().await;
    let old = world.gitlab.url();
    let new = by_name(&old);
    // Another GitLab as far as anybody can tell: what waits there is not forgotten.
    let there = new.clone();
    let world = world.restart_with(move |config| config.gitlab.as_mut().unwrap().url = there).await;
    let check = world.check("pending").await;
    assert_eq!(world.decide(&check, "approve", "").await.0, 201);
    world.settle().await;
    assert_eq!(world.shown(iid), Status::Pending);
    let told = trouble(&world).await;
    assert!(told.as_str().unwrap().contains(&format!("APPROVAL_GITLAB_MOVED_FROM={old}")), "{told}");
    // It is the same one.
    let from = old.clone();
    let world =
        world.restart_with(move |config| config.gitlab.as_mut().unwrap().moved_from = Some(from)).await;
    world.settle().await;
    assert_eq!(world.shown(iid), Status::Passed);
    assert_eq!(trouble(&world).await, Value::Null);
    assert_eq!(world.get("projects").await.1["items"].as_array().unwrap().len(), 1);
    world.gitlab.push(world.project, iid);
    world.settle().await;
    assert_eq!(world.checks("pending").await.len(), 1);
    let (_, restored) = world.get("audit?kind=connection.restored").await;
    assert_eq!(
        restored["items"][0]["summary"],
        format!("{old} is {new} now; its projects and checks go along")
    );
    // The setting may stay.
    let world = world.restart().await;
    assert_eq!(world.get("audit?kind=connection.restored").await.1["items"].as_array().unwrap().len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_gitlab_under_another_address_keeps_its_checks_on_sqlite() {
    moves(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_gitlab_under_another_address_keeps_its_checks_on_postgresql() {
    moves(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projects_on_both_sides_stay_where_they_are() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    world.open().await;
    let old = world.gitlab.url();
    let new = by_name(&old);
    let world = world.restart_with(move |config| config.gitlab.as_mut().unwrap().url = new).await;
    world.open().await;
    assert_eq!(world.get("projects").await.1["items"].as_array().unwrap().len(), 2);
    let world =
        world.restart_with(move |config| config.gitlab.as_mut().unwrap().moved_from = Some(old)).await;
    assert_eq!(world.get("projects").await.1["items"].as_array().unwrap().len(), 2);
    assert_eq!(world.get("audit?kind=connection.restored").await.1["items"], json!([]));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_written_in_another_way_is_the_same() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let iid = world.open().await;
    world
        .app
        .db
        .write(approval_app::db::Lane::Back, |conn| {
            use diesel::RunQueryDsl as _;
            let before = "UPDATE connection SET base_url = upper(base_url)";
            Ok::<_, approval_app::db::DbError>(diesel::sql_query(before).execute(conn)?)
        })
        .await
        .unwrap();
    let world = world.restart().await;
    assert_eq!(world.decide(&world.check("pending").await, "approve", "").await.0, 201);
    world.settle().await;
    assert_eq!(world.shown(iid), Status::Passed);
    world.end().await;
}
