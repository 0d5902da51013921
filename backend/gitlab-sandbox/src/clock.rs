//! What time it is: the system's time, or a time that tests turn by hand.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

/// Tells the sandbox the time.
pub trait SandboxClock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl SandboxClock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until somebody turns it.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<Timestamp>,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { now: Mutex::new(start) }
    }

    /// Moves the hands forward.
    pub fn advance(&self, by: Duration) {
        let mut now = crate::sync::lock(&self.now);
        *now = now.checked_add(by).unwrap_or(Timestamp::MAX);
    }

    /// Sets the hands, forward or back.
    pub fn set(&self, to: Timestamp) {
        *crate::sync::lock(&self.now) = to;
    }
}

impl SandboxClock for ManualClock {
    fn now(&self) -> Timestamp {
        *crate::sync::lock(&self.now)
    }
}

/// RFC 3339 in UTC with milliseconds, the form of GitLab's REST API: `2026-03-01T09:30:00.000Z`.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The form of GitLab's hook data: `2026-03-01 09:30:00 UTC`.
pub(crate) fn hook_date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
