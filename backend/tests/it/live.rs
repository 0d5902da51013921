//! The live stream: order, resume, reset.

use std::time::Duration;

use futures_util::StreamExt as _;

use crate::support::{Plan, World, on_both};

/// Reads from the stream until `want` holds for what was read.
async fn follow(world: &World, last: Option<i64>, want: impl Fn(&str) -> bool) -> String {
    let mut request = world.http.get(format!("{}/api/v1/events", world.base));
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last.to_string());
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
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("what is awaited arrives");
    read
}

fn ids(read: &str) -> Vec<i64> {
    read.lines().filter_map(|line| line.strip_prefix("id: ")).map(|id| id.parse().unwrap()).collect()
}

on_both! {
    async fn what_was_missed_is_sent_on_resume_and_nothing_twice(world: Plan::signed()) {
        for _ in 0..3 {
            world.open().await;
        }
        let all = follow(world, Some(0), |read| read.matches("check.created").count() == 3).await;
        let numbers = ids(&all);
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        let after = numbers[numbers.len() - 2];
        let rest = follow(world, Some(after), |read| read.contains("\nid: ") || read.contains("id: ")).await;
        assert_eq!(ids(&rest), [*numbers.last().unwrap()]);
    }

    async fn news_arrive_while_listening(world: Plan::signed()) {
        let (read, ()) = tokio::join!(
            follow(world, None, |read| read.contains("check.decided")),
            async {
                world.open().await;
                let check = world.check("pending").await;
                // Whoever listens from now on hears the decision; open the stream first.
                tokio::task::yield_now().await;
                assert_eq!(world.decide(&check, "approve", "").await.0, 201);
                world.settle().await;
            }
        );
        assert!(read.contains("event: event"));
        assert!(read.contains("approved"));
    }

    async fn a_number_of_another_database_means_reset(world: Plan::signed()) {
        let read = follow(world, Some(1_000_000), |read| read.contains("event: reset")).await;
        assert!(read.contains("event: reset"));
    }
}
