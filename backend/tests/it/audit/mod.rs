//! The record: chained, append-only, read within bounds, exported and proven.

mod chain;
mod exports;
mod reading;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use approval_app::db::{Lane, events};
use approval_app::domain::record::{Actor, EventKind, NewEvent};
use serde_json::{Value, json};

use crate::support::{Asker, World};

fn event(kind: EventKind, actor: &str, summary: &str) -> NewEvent {
    NewEvent::new(kind, Actor::without_account(actor, "browser"), summary.into(), json!({}))
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
