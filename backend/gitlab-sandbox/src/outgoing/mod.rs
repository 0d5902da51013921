//! Calls to external status checks: one independent task per (rule, event), no order promised
//! (`ApprovalRules::ExternalApprovalRulePayloadWorker`), and the means for tests to disturb them.

mod send;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{Semaphore, watch};

pub(crate) use self::send::client;
use crate::sandbox::Inner;
use crate::sync::lock;
use crate::world::Event;

/// How many calls are under way at most; a Sidekiq has a limit too.
const CONCURRENCY: usize = 64;
/// How many calls the log remembers.
const LOG_LENGTH: usize = 10_000;

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallAnswer {
    /// The receiver answered with this status. Only 2xx counts as success, and nothing else is tried again.
    Status(u16),
    /// No answer came: refused, timed out, closed. GitLab tries again, up to three times.
    Transport(String),
}

/// One attempt to call an external status check.
#[derive(Debug, Clone)]
pub struct SentCall {
    /// The call's number; its attempts share it.
    pub id: u64,
    /// The project of the merge request.
    pub project: i64,
    /// The merge request.
    pub iid: i64,
    /// The rule that was called.
    pub rule: i64,
    /// The action of the event, if it has one.
    pub action: Option<String>,
    /// 1 for the first attempt.
    pub attempt: usize,
    /// Where it went.
    pub url: String,
    /// The headers that GitLab itself sets.
    pub headers: Vec<(String, String)>,
    /// The exact bytes of the body.
    pub body: Bytes,
    /// When it was sent.
    pub at: Timestamp,
    /// What came of it.
    pub answer: CallAnswer,
}

impl SentCall {
    /// A header's value; names are compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the receiver answered 2xx.
    pub fn succeeded(&self) -> bool {
        matches!(self.answer, CallAnswer::Status(200..=299))
    }
}

/// A call on its way.
#[derive(Debug, Clone)]
pub(crate) struct QueuedCall {
    id: u64,
    event: Event,
    body: Bytes,
}

/// A call that is held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldCall {
    /// The call's number, for [`release`](crate::Sandbox::release_calls).
    pub id: u64,
    /// The project of the merge request.
    pub project: i64,
    /// The merge request.
    pub iid: i64,
    /// The rule to call.
    pub rule: i64,
    /// The action of the event, if it has one.
    pub action: Option<String>,
}

#[derive(Debug, Default)]
struct Queue {
    paused: bool,
    held: Vec<QueuedCall>,
    drop_next: usize,
    duplicate_next: usize,
    last_id: u64,
    total: u64,
    log: VecDeque<SentCall>,
}

/// How busy the calls are.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    /// Queued or in flight.
    active: usize,
    /// Waiting for the delay after a transport error.
    resting: usize,
}

/// The calls of one sandbox.
#[derive(Debug)]
pub(crate) struct Outgoing {
    queue: Mutex<Queue>,
    load: watch::Sender<Load>,
    slots: Semaphore,
}

impl Outgoing {
    pub(crate) fn new() -> Self {
        Self {
            queue: Mutex::default(),
            load: watch::Sender::new(Load::default()),
            slots: Semaphore::new(CONCURRENCY),
        }
    }

    /// Takes an event on: holds, drops, doubles or sends it.
    pub(crate) fn submit(&self, inner: &Arc<Inner>, event: &Event) {
        let mut queue = lock(&self.queue);
        if queue.drop_next > 0 {
            queue.drop_next -= 1;
            return;
        }
        let copies = if queue.duplicate_next > 0 { 2 } else { 1 };
        queue.duplicate_next = queue.duplicate_next.saturating_sub(1);
        let body = Bytes::from(event.body.clone());
        for _ in 0..copies {
            queue.last_id += 1;
            let call = QueuedCall { id: queue.last_id, event: event.clone(), body: body.clone() };
            if queue.paused {
                queue.held.push(call);
            } else {
                self.start(inner, call);
            }
        }
    }

    fn start(&self, inner: &Arc<Inner>, call: QueuedCall) {
        let Some(runtime) = inner.runtime() else { return };
        self.load.send_modify(|load| load.active += 1);
        let task = Arc::clone(inner);
        runtime.spawn(async move { send::deliver(&task, call).await });
    }

    pub(crate) fn pause(&self, inner: &Arc<Inner>, on: bool) {
        let mut queue = lock(&self.queue);
        queue.paused = on;
        if !on {
            for call in std::mem::take(&mut queue.held) {
                self.start(inner, call);
            }
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        lock(&self.queue).paused
    }

    pub(crate) fn held(&self) -> Vec<HeldCall> {
        let queue = lock(&self.queue);
        let shown = |call: &QueuedCall| HeldCall {
            id: call.id,
            project: call.event.project,
            iid: call.event.iid,
            rule: call.event.rule,
            action: call.event.action.clone(),
        };
        queue.held.iter().map(shown).collect()
    }

    /// Takes the named calls out of the held ones, in the order named.
    pub(crate) fn take(&self, ids: &[u64]) -> Vec<QueuedCall> {
        let mut queue = lock(&self.queue);
        let mut taken = Vec::new();
        for id in ids {
            if let Some(at) = queue.held.iter().position(|call| call.id == *id) {
                taken.push(queue.held.remove(at));
            }
        }
        taken
    }

    /// Sends held calls one after the other, each answered before the next.
    pub(crate) async fn release_in_order(&self, inner: &Arc<Inner>, ids: &[u64]) {
        for id in ids {
            for call in self.take(&[*id]) {
                self.start(inner, call);
            }
            self.settled(false).await;
        }
    }

    pub(crate) fn drop_next(&self, count: usize) {
        lock(&self.queue).drop_next = count;
    }

    pub(crate) fn duplicate_next(&self, count: usize) {
        lock(&self.queue).duplicate_next = count;
    }

    pub(crate) fn log(&self) -> Vec<SentCall> {
        lock(&self.queue).log.iter().cloned().collect()
    }

    pub(crate) fn newest(&self, count: usize) -> Vec<SentCall> {
        lock(&self.queue).log.iter().rev().take(count).cloned().collect()
    }

    pub(crate) fn total(&self) -> u64 {
        lock(&self.queue).total
    }

    fn record(&self, call: SentCall) {
        let mut queue = lock(&self.queue);
        queue.total += 1;
        if queue.log.len() == LOG_LENGTH {
            queue.log.pop_front();
        }
        queue.log.push_back(call);
    }

    /// Waits until nothing is queued or in flight; with `retries`, until no retry is to come either.
    pub(crate) async fn settled(&self, retries: bool) {
        let mut load = self.load.subscribe();
        let done = |load: &Load| load.active == 0 && (!retries || load.resting == 0);
        // The sender lives as long as `self`, so waiting cannot fail.
        drop(load.wait_for(done).await);
    }
}
