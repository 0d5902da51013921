//! Time: instants with microsecond precision, and the clock that everything asks.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Clocks of replicas do not differ by more than this: where something was noted further in the future, the clock was set back.
const STEP: Duration = Duration::from_secs(120);

/// An instant in UTC, truncated to microseconds, so that it survives the database unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Timestamp);

impl Time {
    /// The instant, truncated to microseconds.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self(Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at))
    }

    /// Reads both date forms that GitLab sends: `2022-12-07 07:53:43 UTC` and RFC 3339 with any
    /// offset. Source: GitLab's webhook documentation and captured payloads.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let at = match text.strip_suffix(" UTC") {
            Some(plain) => format!("{}Z", plain.replacen(' ', "T", 1)).parse(),
            None => text.parse(),
        };
        at.ok().map(Self::new)
    }

    /// Reads the date of an HTTP header, for example `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
    #[must_use]
    pub fn parse_http(text: &str) -> Option<Self> {
        jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok().map(Self::new)
    }

    /// This instant plus a duration (saturating at the end of time).
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let span = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        Self(self.0.saturating_add(span).unwrap_or(Timestamp::MAX))
    }

    /// This instant minus a duration (saturating at the beginning of time).
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        let span = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        Self(self.0.saturating_sub(span).unwrap_or(Timestamp::MIN))
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub fn since(self, earlier: Time) -> Duration {
        self.0.duration_since(earlier.0).try_into().unwrap_or(Duration::ZERO)
    }

    /// Whether something was noted after this. What seems to lie more than two minutes in the future was noted before: the clock was
    /// set back since.
    #[must_use]
    pub fn is_overtaken_by(self, noted: Time, now: Time) -> bool {
        self < noted && noted.since(now) <= STEP
    }

    /// Microseconds since 1970.
    #[must_use]
    pub fn microseconds(self) -> i64 {
        self.0.as_microsecond()
    }

    /// The instant so many microseconds after 1970 began; `None` beyond the end of time.
    #[must_use]
    pub fn from_microseconds(count: i64) -> Option<Self> {
        Timestamp::from_microsecond(count).ok().map(Self)
    }

    /// The instant cut to whole seconds: GitLab's payloads carry no more.
    #[must_use]
    pub fn whole_seconds(self) -> i64 {
        self.0.as_second()
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC, always with six decimals, so that texts sort as times do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

/// Where the present moment comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Time {
        Time::new(Timestamp::now())
    }
}

/// A clock that a test turns by hand.
#[derive(Debug)]
pub struct ManualClock(Mutex<Time>);

impl ManualClock {
    /// A clock that stands still at `start`.
    #[must_use]
    pub fn new(start: Time) -> Self {
        Self(Mutex::new(start))
    }

    /// Turns the clock forward.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.after(by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_date_forms_and_writes_one() {
        let webhook = Time::parse("2022-12-07 07:53:43 UTC").expect("webhook form");
        let api = Time::parse("2022-12-07T08:53:43.000+01:00").expect("RFC 3339");
        assert_eq!(webhook, api);
        assert_eq!(webhook.to_string(), "2022-12-07T07:53:43.000000Z");
        assert_eq!(Time::parse(&webhook.to_string()), Some(webhook));
        assert_eq!(Time::parse("yesterday"), None);
    }

    #[test]
    fn reads_the_date_of_a_header() {
        let at = Time::parse_http("Sun, 06 Nov 1994 08:49:37 GMT").expect("reads");
        assert_eq!(at.to_string(), "1994-11-06T08:49:37.000000Z");
        assert_eq!(Time::parse_http("1994-11-06T08:49:37Z"), None);
    }

    #[test]
    fn arithmetic_saturates() {
        let at = Time::parse("2026-01-01T00:00:00Z").expect("reads");
        assert_eq!(at.after(Duration::from_secs(90)).since(at), Duration::from_secs(90));
        assert_eq!(at.since(at.after(Duration::from_secs(1))), Duration::ZERO);
        assert!(at.after(Duration::MAX) > at);
        assert!(at.before(Duration::MAX) < at);
    }
}
