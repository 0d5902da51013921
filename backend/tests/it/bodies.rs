//! Bodies of calls: too large, large, slow, announced and not sent.

use std::time::Duration;

use gitlab_sandbox::payload::MergeRequestCall;

use crate::support::{Kind, Plan, World, on_both};

on_both! {
    async fn a_body_over_the_cap_is_refused_before_it_is_read(world: Plan::signed()) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let place = world.base.trim_start_matches("http://").trim_end_matches("/approval-apps").to_owned();
        let mut socket = tokio::net::TcpStream::connect(&place).await.unwrap();
        let head = format!(
            "POST /approval-apps/status_check HTTP/1.1\r\nhost: {place}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            26 * 1024 * 1024 + 1
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let read = socket.read(&mut answer).await.unwrap();
        assert!(String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 413"), "no byte of the body was sent");
    }

    async fn a_chunked_body_over_the_cap_is_refused_too(world: Plan::signed()) {
        let chunk = bytes::Bytes::from(vec![b' '; 1024 * 1024]);
        let stream = futures_util::stream::iter((0..27).map(move |_| Ok::<_, std::io::Error>(chunk.clone())));
        let sent = world
            .http
            .post(format!("{}/status_check", world.base))
            .header("content-type", "application/json")
            .body(reqwest::Body::wrap_stream(stream))
            .send()
            .await;
        // The server may close while the client still writes; either way nothing is stored.
        if let Ok(response) = sent {
            assert_eq!(response.status(), 413);
        }
        assert!(world.calls("all").await.is_empty());
    }

    async fn a_call_of_25_mb_is_taken(world: Plan::signed()) {
        let iid = world.open().await;
        let mut call = MergeRequestCall::default();
        call.project.id = world.project;
        call.merge_request.iid = iid;
        call.rule.id = world.rule;
        let body = call.sha(&world.gitlab.head(world.project, iid)).padded_to(25 * 1024 * 1024).bytes();
        assert!(body.len() >= 25 * 1024 * 1024);
        assert_eq!(world.signed_call(body).await.0, 202);
        world.settle().await;
        assert_eq!(world.checks("all").await.len(), 1);
        assert!(world.calls("set_aside").await.is_empty());
    }

    async fn large_calls_wait_for_each_other_instead_of_filling_the_memory(
        world: Plan { call_budget: Some(2 * 1024 * 1024), ..Plan::signed() }
    ) {
        let body = MergeRequestCall::default().padded_to(1500 * 1024).bytes();
        let calls = (0..6).map(|_| world.signed_call(body.clone()));
        for (status, _) in futures_util::future::join_all(calls).await {
            assert_eq!(status, 202);
        }
        world.settle().await;
        assert_eq!(world.calls("all").await.len(), 6);
    }
}

/// A client that sends slowly holds only its own share, and others go on meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_sender_does_not_block_others() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let place = world.base.trim_start_matches("http://").trim_end_matches("/approval-apps").to_owned();
    let mut slow = Vec::new();
    // Large ones as well, more than there is room for; one of two sends nothing at all.
    for (length, begun) in [(100_000, "{"), (26_000_000, ""), (26_000_000, "{")].repeat(8) {
        let mut sender = tokio::net::TcpStream::connect(&place).await.unwrap();
        let head = format!(
            "POST /approval-apps/status_check HTTP/1.1\r\nhost: {place}\r\ncontent-length: {length}\r\n\
             expect: 100-continue\r\n\r\n{begun}"
        );
        sender.write_all(head.as_bytes()).await.unwrap();
        // It says so when it begins to wait for the body.
        let mut begins = [0; 12];
        sender.read_exact(&mut begins).await.unwrap();
        assert_eq!(&begins, b"HTTP/1.1 100");
        slow.push(sender);
    }
    let others = tokio::time::timeout(Duration::from_secs(10), async {
        for _ in 0..20 {
            assert_eq!(world.signed_call(MergeRequestCall::default().bytes()).await.0, 202);
        }
    });
    others.await.expect("others are served");
    world.end().await;
}

/// Many that announce ordinary calls and do not send them hold no more than what they sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn announcing_ordinary_calls_keeps_no_other_out() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let world = World::build(Kind::Sqlite, Plan { call_budget: Some(2 << 20), ..Plan::signed() }).await;
    let place = world.base.trim_start_matches("http://").trim_end_matches("/approval-apps").to_owned();
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut sender = tokio::net::TcpStream::connect(&place).await.unwrap();
        let head = format!(
            "POST /approval-apps/status_check HTTP/1.1\r\nhost: {place}\r\ncontent-length: 200000\r\nexpect: 100-continue\r\n\r\n{{"
        );
        sender.write_all(head.as_bytes()).await.unwrap();
        let mut begins = [0; 25];
        sender.read_exact(&mut begins).await.unwrap();
        assert_eq!(&begins, b"HTTP/1.1 100 Continue\r\n\r\n");
        slow.push(sender);
    }
    let body = MergeRequestCall::default().padded_to(100 * 1024).bytes();
    assert_eq!(world.signed_call(body).await.0, 202);
    for sender in &slow {
        let waits = sender.try_read(&mut [0; 1]).map_err(|error| error.kind());
        assert_eq!(waits, Err(std::io::ErrorKind::WouldBlock), "it was not given up for the other's sake");
    }
    world.end().await;
}

/// Whoever announces much and sends little gives back early what is kept for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_trickles_is_given_up() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let place = world.base.trim_start_matches("http://").trim_end_matches("/approval-apps").to_owned();
    let sender = tokio::net::TcpStream::connect(&place).await.unwrap();
    let (mut answers, mut body) = sender.into_split();
    let head = format!(
        "POST /approval-apps/status_check HTTP/1.1\r\nhost: {place}\r\ncontent-length: 26000000\r\n\r\n"
    );
    body.write_all(head.as_bytes()).await.unwrap();
    let trickle = tokio::spawn(async move {
        // Ten bytes a second, far longer than anybody should wait.
        while body.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut begins = [0; 12];
    // The whole time for a body, in which nothing comes that is not an end, is half a minute.
    let answer = tokio::time::timeout(Duration::from_secs(20), answers.read_exact(&mut begins)).await;
    answer.expect("it is given up before a whole body's time is over").unwrap();
    assert_eq!(&begins, b"HTTP/1.1 408");
    trickle.abort();
    assert!(world.calls("all").await.is_empty());
    world.end().await;
}
