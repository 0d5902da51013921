//! The live stream: order, resume, reset.

use std::collections::BTreeSet;
use std::time::Duration;

use approval_app::db::{DbError, Lane};
use diesel::connection::SimpleConnection as _;
use futures_util::StreamExt as _;
use serde_json::json;

use crate::support::{Plan, World, on_both};

/// Reads from the stream until `want` holds for what was read.
async fn follow(world: &World, last: Option<&str>, want: impl Fn(&str) -> bool) -> String {
    let mut request = world.http.get(format!("{}/api/v1/events", world.base));
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.bytes_stream();
    let mut read = String::new();
    let reading = async {
        while !want(&read) {
            let chunk = stream.next().await.expect("the stream goes on").unwrap();
            read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reading).await.expect("what is awaited arrives");
    read
}

fn ids(read: &str) -> Vec<i64> {
    read.lines().filter_map(|line| line.strip_prefix("id: ")).map(|id| id.parse().unwrap()).collect()
}

/// One event: its number, its kind and its check.
type Heard = (i64, String, String);

/// The events that were read whole.
fn events(read: &str) -> Vec<Heard> {
    let whole = read.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    let frames = whole.split("\n\n").filter(|frame| frame.contains("event: event"));
    frames
        .map(|frame| {
            let data = frame.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
            let event: serde_json::Value = serde_json::from_str(data).unwrap();
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            (event["id"].as_i64().unwrap(), text("kind"), text("check_id"))
        })
        .collect()
}

/// How many decisions are in what was read whole.
fn decisions(read: &str) -> usize {
    let whole = read.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    whole.matches("\"kind\":\"check.decided\"").count()
}

fn decided(heard: &[Heard]) -> usize {
    heard.iter().filter(|one| one.1 == "check.decided").count()
}

/// Makes 999 more checks like the one there is.
const MANY: &str = "
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
    INSERT INTO merge_request (id, project_id, iid, title, description, author_gitlab_id, author, url, source_branch,
        target_branch, state, head_sha, gitlab_updated_at, facts_at, refresh_attempts, created_at, updated_at)
    SELECT '0198b3a0-0000-7000-8000-' || CAST(100000000000 + i AS TEXT), project_id, 1000 + i, title, description,
        author_gitlab_id, author, url, source_branch, target_branch, state, head_sha, gitlab_updated_at, facts_at, 0,
        created_at, updated_at
    FROM merge_request, n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
    INSERT INTO status_check (id, state, project_path, merge_request_iid, title, author, rule_name, sha, source_branch,
        target_branch, undecided_pass, received_at, updated_at, round, policy, project_id, merge_request_id, rule_id,
        search_text)
    SELECT '0198b3a0-0000-7000-9000-' || CAST(100000000000 + i AS TEXT), state, project_path, 1000 + i, title, author,
        rule_name, sha, source_branch, target_branch, FALSE, received_at, updated_at, round, policy, project_id,
        '0198b3a0-0000-7000-8000-' || CAST(100000000000 + i AS TEXT), rule_id, search_text
    FROM status_check, n;
";

/// Hands out new events as soon as there are some, as the service does.
fn hand_out(world: &World) -> tokio::task::JoinHandle<()> {
    let app = world.app.clone();
    tokio::spawn(async move {
        loop {
            app.live.stirred().await;
            while app.live.step(&app.db).await.unwrap() > 0 {}
        }
    })
}

async fn decide_all(world: &World) {
    loop {
        let (_, page) = world.get("checks?limit=100").await;
        let pending = page["items"].as_array().unwrap();
        if pending.is_empty() {
            return;
        }
        let items: Vec<_> =
            pending.iter().map(|one| json!({"id": one["id"], "expected_sha": one["sha"]})).collect();
        let (status, answer) =
            world.post("checks/decisions", &json!({"verdict": "approve", "items": items})).await;
        assert_eq!(status, 200, "{answer}");
    }
}

on_both! {
    async fn a_line_that_breaks_while_a_thousand_checks_change_loses_nothing(world: Plan::signed()) {
        world.open().await;
        let made = world.app.db.write(Lane::Front, |conn| Ok::<_, DbError>(conn.batch_execute(MANY)?));
        made.await.unwrap();
        let handing_out = hand_out(world);
        // The line breaks twice, each time while decisions are being taken.
        let mut heard: Vec<Heard> = Vec::new();
        let listen = async {
            let (_, start) = world.get("checks?limit=1").await;
            assert!(start["items"][0].is_object());
            for enough in [200, 350, 1000] {
                let last = heard.last().map_or(0, |one| one.0);
                let so_far = decided(&heard);
                let read = follow(world, Some(&last.to_string()), |read| so_far + decisions(read) >= enough).await;
                heard.extend(events(&read));
            }
        };
        tokio::join!(listen, decide_all(world));
        handing_out.abort();
        assert!(heard.windows(2).all(|pair| pair[0].0 < pair[1].0), "in order, and none twice");
        let checks: BTreeSet<&str> =
            heard.iter().filter(|one| one.1 == "check.decided").map(|one| one.2.as_str()).collect();
        assert_eq!((checks.len(), decided(&heard)), (1000, 1000));
        let (_, record) = world.get("audit?limit=1").await;
        let newest = record["items"][0]["id"].as_i64().unwrap();
        assert_eq!(heard.last().unwrap().0, newest, "up to the end of the record");
    }

    async fn what_was_missed_is_sent_on_resume_and_nothing_twice(world: Plan::signed()) {
        for _ in 0..3 {
            world.open().await;
        }
        let all = follow(world, Some(&0.to_string()), |read| read.matches("check.created").count() == 3).await;
        let numbers = ids(&all);
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        let after = numbers[numbers.len() - 2];
        // One event more ends it: whatever is told twice is told before that one.
        let check = world.checks("pending").await[0].clone();
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        let rest = follow(world, Some(&after.to_string()), |read| read.contains("check.decided")).await;
        let rest = ids(&rest);
        assert_eq!(rest[0], *numbers.last().unwrap());
        assert!(rest.windows(2).all(|pair| pair[0] < pair[1]), "{rest:?}");
    }

    async fn news_arrive_while_listening(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let listens = tokio::sync::Notify::new();
        let (read, ()) = tokio::join!(
            follow(world, None, |read| {
                if !read.is_empty() {
                    listens.notify_one();
                }
                read.contains("check.decided")
            }),
            async {
                listens.notified().await;
                assert_eq!(world.decide(&check, "approve", "").await.0, 201);
                world.settle().await;
            }
        );
        assert!(read.contains("event: event"));
        assert!(read.contains("approved"));
    }

    async fn a_number_of_another_database_means_reset(world: Plan::signed()) {
        for number in ["1000000", "-5", "-9223372036854775808", "99999999999999999999", "from before"] {
            let read = follow(world, Some(number), |read| read.contains("event: reset")).await;
            assert!(read.contains("event: reset"), "{number}");
        }
    }
}
