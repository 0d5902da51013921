//! What this process counts and times, for Prometheus. `docs/metrics.md` is the contract: names, labels, buckets.
//!
//! No label ever holds a project, a person, an address or a commit; every value of a label is listed here and exists
//! from the start, with 0, so that the first refusal is seen as an increase.

mod process;
mod stored;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::domain::Verdict;
use crate::domain::delivery::Meaning;

pub use stored::Stored;

type Label = (&'static str, &'static str);
type Count1 = Family<[Label; 1], Counter>;
type Count2 = Family<[Label; 2], Counter>;
type Times2 = Family<[Label; 2], Histogram, fn() -> Histogram>;

const CALL_SECONDS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const DECISION_SECONDS: [f64; 12] = [
    60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 28_800.0, 86_400.0, 172_800.0, 345_600.0,
    604_800.0,
];
const DELAY_SECONDS: [f64; 14] =
    [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0];
const GITLAB_SECONDS: [f64; 10] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0];

/// How a call was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// 202.
    Stored,
    /// 400.
    NotJson,
    /// 401.
    BadSignature,
    /// 413.
    TooLarge,
    /// 422.
    NotACheck,
    /// 404: of a project that is not enrolled.
    NotEnrolled,
    /// 408.
    TooSlow,
    /// 503: there was no room, or the store is not there.
    Unavailable,
}

impl CallResult {
    const ALL: [CallResult; 8] = [
        CallResult::Stored,
        CallResult::NotJson,
        CallResult::BadSignature,
        CallResult::TooLarge,
        CallResult::NotACheck,
        CallResult::NotEnrolled,
        CallResult::TooSlow,
        CallResult::Unavailable,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            CallResult::Stored => "stored",
            CallResult::NotJson => "not_json",
            CallResult::BadSignature => "bad_signature",
            CallResult::TooLarge => "too_large",
            CallResult::NotACheck => "not_a_check",
            CallResult::NotEnrolled => "not_enrolled",
            CallResult::TooSlow => "too_slow",
            CallResult::Unavailable => "unavailable",
        }
    }
}

/// What GitLab was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// To take an outcome.
    Tell,
    /// For merge requests and checks.
    Read,
    /// For the files and commits of a change.
    Change,
    /// To take a note.
    Note,
}

impl Operation {
    const ALL: [Operation; 4] = [Operation::Tell, Operation::Read, Operation::Change, Operation::Note];

    const fn as_str(self) -> &'static str {
        match self {
            Operation::Tell => "tell",
            Operation::Read => "read",
            Operation::Change => "change",
            Operation::Note => "note",
        }
    }
}

/// What came of an attempt to write a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteOutcome {
    /// A new note.
    Written,
    /// The note was changed.
    Updated,
    /// GitLab lets nobody write it.
    Refused,
    /// To be tried again.
    Later,
}

impl NoteOutcome {
    const ALL: [NoteOutcome; 4] =
        [NoteOutcome::Written, NoteOutcome::Updated, NoteOutcome::Refused, NoteOutcome::Later];

    const fn as_str(self) -> &'static str {
        match self {
            NoteOutcome::Written => "written",
            NoteOutcome::Updated => "updated",
            NoteOutcome::Refused => "refused",
            NoteOutcome::Later => "later",
        }
    }
}

/// The connections of the database's pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Open ones.
    pub open: u32,
    /// Of these, those that nobody uses.
    pub idle: u32,
    /// How many there may be.
    pub most: u32,
}

/// What is counted.
pub struct Metrics {
    registry: Registry,
    calls: Count1,
    call_seconds: Histogram,
    decisions: Count2,
    decision_seconds: Histogram,
    attempts: Count1,
    delay_seconds: Histogram,
    notes: Count1,
    gitlab_seconds: Times2,
    rate_limit: Rate,
    answers: Count1,
    streams: Gauge,
}

/// Absent as long as GitLab says nothing.
struct Rate {
    remaining: Family<[Label; 0], Gauge>,
    limit: Family<[Label; 0], Gauge>,
}

impl Metrics {
    /// All counters at 0.
    #[must_use]
    pub fn new(version: &str, database: &'static str) -> Self {
        let mut registry = Registry::with_prefix("approval_app");
        let metrics = Self {
            calls: of("result", CallResult::ALL.map(CallResult::as_str)),
            call_seconds: Histogram::new(CALL_SECONDS),
            decisions: Count2::default(),
            decision_seconds: Histogram::new(DECISION_SECONDS),
            attempts: of("outcome", OUTCOMES),
            delay_seconds: Histogram::new(DELAY_SECONDS),
            notes: of("outcome", NoteOutcome::ALL.map(NoteOutcome::as_str)),
            gitlab_seconds: Family::new_with_constructor(|| Histogram::new(GITLAB_SECONDS)),
            rate_limit: Rate { remaining: Family::default(), limit: Family::default() },
            answers: of("status", STATUSES),
            streams: Gauge::default(),
            registry: Registry::default(),
        };
        for verdict in [Verdict::Approve, Verdict::Reject] {
            for via in ["browser", "token"] {
                drop(metrics.decisions.get_or_create(&[("verdict", verdict.as_str()), ("via", via)]));
            }
        }
        for operation in Operation::ALL {
            drop(metrics.gitlab_seconds.get_or_create(&asked(operation, Some(200))));
        }
        metrics.register(&mut registry);
        let info = Family::<[(&'static str, String); 2], Gauge>::default();
        info.get_or_create(&[("version", version.to_owned()), ("database", database.to_owned())]).set(1);
        registry.register("build_info", "Always 1", info);
        Self { registry, ..metrics }
    }

    fn register(&self, to: &mut Registry) {
        to.register("calls", "Calls by how they were answered", self.calls.clone());
        let seconds = "From the end of a call's head to its answer, for those stored";
        to.register("call_duration_seconds", seconds, self.call_seconds.clone());
        to.register("decisions", "Decisions made here, reversals included", self.decisions.clone());
        let waited = "From the arrival of a check to the first decision on it";
        to.register("decision_latency_seconds", waited, self.decision_seconds.clone());
        to.register(
            "delivery_attempts",
            "Attempts to tell GitLab, by what its answer means",
            self.attempts.clone(),
        );
        let delay = "From a decision to the moment GitLab accepted it";
        to.register("delivery_delay_seconds", delay, self.delay_seconds.clone());
        to.register("notes", "Attempts to write a note on a merge request", self.notes.clone());
        to.register("gitlab_request_duration_seconds", "Requests to GitLab", self.gitlab_seconds.clone());
        let remaining = "What GitLab's last RateLimit-Remaining said";
        to.register("gitlab_rate_limit_remaining", remaining, self.rate_limit.remaining.clone());
        let limit = "What GitLab's last RateLimit-Limit said";
        to.register("gitlab_rate_limit_limit", limit, self.rate_limit.limit.clone());
        to.register("http_requests", "Answered requests", self.answers.clone());
        to.register("live_streams", "Who listens to server-sent events", self.streams.clone());
    }

    /// A call was answered after `took`.
    pub fn called(&self, result: CallResult, took: Duration) {
        self.calls.get_or_create(&[("result", result.as_str())]).inc();
        if result == CallResult::Stored {
            self.call_seconds.observe(took.as_secs_f64());
        }
    }

    /// Somebody decided; `waited` for the first decision on a check.
    pub fn decided(&self, verdict: Verdict, by_token: bool, waited: Option<Duration>) {
        let via = if by_token { "token" } else { "browser" };
        self.decisions.get_or_create(&[("verdict", verdict.as_str()), ("via", via)]).inc();
        if let Some(waited) = waited {
            self.decision_seconds.observe(waited.as_secs_f64());
        }
    }

    /// GitLab was told an outcome; `delay` since the decision if it was accepted.
    pub fn told(&self, meaning: Meaning, delay: Option<Duration>) {
        self.attempts.get_or_create(&[("outcome", outcome(meaning))]).inc();
        if let Some(delay) = delay {
            self.delay_seconds.observe(delay.as_secs_f64());
        }
    }

    /// A note was tried.
    pub fn noted(&self, outcome: NoteOutcome) {
        self.notes.get_or_create(&[("outcome", outcome.as_str())]).inc();
    }

    /// GitLab was asked; `status` if it answered.
    pub fn asked(&self, operation: Operation, status: Option<u16>, took: Duration) {
        self.gitlab_seconds.get_or_create(&asked(operation, status)).observe(took.as_secs_f64());
    }

    /// What GitLab said about its rate limit, if anything.
    pub fn rate_limit(&self, remaining: Option<i64>, limit: Option<i64>) {
        for (gauge, said) in [(&self.rate_limit.remaining, remaining), (&self.rate_limit.limit, limit)] {
            if let Some(said) = said {
                gauge.get_or_create(&[]).set(said);
            }
        }
    }

    /// A request was answered.
    pub fn answered(&self, status: u16) {
        self.answers.get_or_create(&[("status", class(status))]).inc();
    }

    /// Somebody listens to the live stream, until what is returned is dropped.
    #[must_use]
    pub fn listening(&self) -> Listening {
        self.streams.inc();
        Listening(self.streams.clone())
    }

    /// Everything in Prometheus' text format, version 0.0.4, with what the database holds if that is known.
    #[must_use]
    pub fn render(&self, stored: Option<&Stored>, connections: Connections, ready: bool) -> String {
        let mut now = Registry::with_prefix("approval_app");
        let readiness = Gauge::<i64>::default();
        readiness.set(ready.into());
        now.register("ready", "Whether it takes work, as /readyz says: 1 or 0", readiness);
        let states = Family::<[Label; 1], Gauge>::default();
        let in_use = connections.open.saturating_sub(connections.idle);
        for (state, count) in [("in_use", in_use), ("idle", connections.idle)] {
            states.get_or_create(&[("state", state)]).set(count.into());
        }
        now.register("database_connections", "Connections of the pool", states);
        let most = Gauge::<i64>::default();
        most.set(connections.most.into());
        now.register("database_connections_max", "How many connections there may be", most);
        if let Some(stored) = stored {
            stored.register(&mut now);
        }
        let mut process = Registry::default();
        process::register(&mut process);
        let mut text = String::with_capacity(16 * 1024);
        for registry in [&self.registry, &now, &process] {
            // Writing to a text does not fail.
            let _written = encode(&mut text, registry);
        }
        text
    }
}

/// A listener that is counted.
pub struct Listening(Gauge);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.dec();
    }
}

const OUTCOMES: [&str; 8] =
    ["accepted", "superseded", "connection_broken", "rule_broken", "gone", "unlicensed", "refused", "later"];
const STATUSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

const fn outcome(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Accepted => "accepted",
        Meaning::Superseded => "superseded",
        Meaning::ConnectionBroken => "connection_broken",
        Meaning::RuleBroken => "rule_broken",
        Meaning::Gone => "gone",
        Meaning::Unlicensed => "unlicensed",
        Meaning::Refused => "refused",
        Meaning::Later(_) => "later",
    }
}

const fn class(status: u16) -> &'static str {
    match status {
        0..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500.. => "5xx",
    }
}

const fn asked(operation: Operation, status: Option<u16>) -> [Label; 2] {
    let status = match status {
        None => "none",
        Some(429) => "429",
        Some(status) => class(status),
    };
    [("operation", operation.as_str()), ("status", status)]
}

/// A counter for each value of a label.
fn of<const N: usize>(label: &'static str, values: [&'static str; N]) -> Count1 {
    let family = Count1::default();
    for value in values {
        drop(family.get_or_create(&[(label, value)]));
    }
    family
}

/// A gauge of fractions.
type Fraction = Gauge<f64, AtomicU64>;
