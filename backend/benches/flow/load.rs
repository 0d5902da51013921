//! Load: connections that each send the next call as soon as the one before is answered.
//!
//! One thread; requests are prepared bytes, answers are only checked for their status. The same
//! generator for everything that is compared.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::{JoinSet, LocalSet};

use crate::Result;
use crate::client::Connection;
use crate::report::Times;

/// Connections at once.
pub const CONNECTIONS: usize = 64;
/// Not counted, at the beginning of each round.
const WARM_UP: Duration = Duration::from_millis(500);
/// The beginning of the answer that every call must get.
const ACCEPTED: &[u8] = b"HTTP/1.1 202 ";

/// What a round came to.
pub struct Round {
    /// Answered requests per second, without the warm-up.
    pub per_second: f64,
    /// How long they took.
    pub times: Times,
    /// All answered requests, with the warm-up.
    pub acknowledged: u64,
}

/// Sends `calls` in turn to `path` for `duration`; `next` says where in `calls` to go on.
///
/// # Errors
/// If any answer is not 202: figures about errors are worth nothing.
pub async fn run(
    address: SocketAddr,
    path: &str,
    calls: &Rc<Vec<Vec<u8>>>,
    next: &Rc<Cell<usize>>,
    duration: Duration,
) -> Result<Round> {
    let line: Rc<[u8]> = format!("POST {path} HTTP/1.1\r\n").into_bytes().into();
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(address).await?);
    }
    let begin = Instant::now() + WARM_UP;
    let end = begin + duration;
    let tasks = LocalSet::new();
    let mut running = JoinSet::new();
    for connection in connections {
        let (line, calls, next) = (Rc::clone(&line), Rc::clone(calls), Rc::clone(next));
        running.spawn_local_on(repeat(connection, line, calls, next, begin, end), &tasks);
    }
    let mut times = Vec::new();
    let mut acknowledged = 0;
    tasks
        .run_until(async {
            while let Some(ended) = running.join_next().await {
                let (some, count) = ended??;
                times.extend(some);
                acknowledged += count;
            }
            Ok::<_, crate::Error>(())
        })
        .await?;
    Ok(Round {
        per_second: times.len() as f64 / duration.as_secs_f64(),
        times: Times::new(times)?,
        acknowledged,
    })
}

async fn repeat(
    mut connection: Connection,
    line: Rc<[u8]>,
    calls: Rc<Vec<Vec<u8>>>,
    next: Rc<Cell<usize>>,
    begin: Instant,
    end: Instant,
) -> Result<(Vec<Duration>, u64)> {
    let mut times = Vec::with_capacity(8192);
    let mut acknowledged = 0;
    let mut sent_at = Instant::now();
    while sent_at < end {
        let call = next.get();
        next.set((call + 1) % calls.len());
        connection.send(&line, calls.get(call).ok_or("no calls")?).await?;
        connection.expect_bodiless(ACCEPTED).await?;
        acknowledged += 1;
        let answered_at = Instant::now();
        if answered_at >= begin && answered_at < end {
            times.push(answered_at - sent_at);
        }
        sent_at = answered_at;
    }
    Ok((times, acknowledged))
}
