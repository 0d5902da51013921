//! How many failed sign-ins are borne before somebody has to wait, and how long.
//!
//! A failure is counted before the password is looked at and taken back when it was right, so that
//! guesses made at the same moment do not slip through together.

use std::time::Duration;

use super::Time;

/// Failures are forgotten after so long without another one.
pub const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 3600);
/// A network address is forgiven one failure each time this has passed: behind it many people mistype now and then.
const ONE_FORGOTTEN_EVERY: Duration = Duration::from_secs(180);
/// The first wait; each further failure doubles it …
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// … up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What failures are counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// An e-mail address, whether somebody has it or not.
    Account,
    /// A network address, behind which many people may be.
    Address,
}

impl Counted {
    /// So many failures in a row are free.
    #[must_use]
    pub const fn free(self) -> i64 {
        match self {
            Counted::Account => 5,
            Counted::Address => 20,
        }
    }
}

/// The failures of one account or address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// How many in a row.
    pub count: i64,
    /// When the last one was; for a network address up to when what is to be forgotten has been.
    pub last: Option<Time>,
    /// Until when nothing is tried.
    pub locked_until: Option<Time>,
}

impl Failures {
    /// Until when nothing is tried, if that is not over.
    #[must_use]
    pub fn locked(&self, now: Time) -> Option<Time> {
        self.locked_until.filter(|until| now < *until)
    }

    /// One more failure.
    #[must_use]
    pub fn failed(self, what: Counted, now: Time) -> Self {
        let Self { count, last, .. } = self.remembered(what, now);
        let count = count.saturating_add(1);
        let over = count - what.free();
        let locked_until = (over >= 0).then(|| {
            let doubled = 1_u32.checked_shl(u32::try_from(over).unwrap_or(u32::MAX)).unwrap_or(u32::MAX);
            now.after(FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT))
        });
        Self { count, last: last.or(Some(now)), locked_until }
    }

    /// What is not forgotten by now. Without a time if the next failure is the first one, or sets it anew.
    fn remembered(self, what: Counted, now: Time) -> Self {
        // A clock that was set back must not stop the forgetting.
        let Some(last) = self.last.map(|last| last.min(now)) else { return Self::default() };
        if now.since(last) >= FORGOTTEN_AFTER {
            return Self::default();
        }
        match what {
            Counted::Account => Self { last: None, ..self },
            Counted::Address => {
                // While nothing is tried nothing is forgotten.
                let from = self.locked_until.map_or(last, |until| last.max(until)).min(now);
                let steps = now.since(from).as_secs() / ONE_FORGOTTEN_EVERY.as_secs();
                let steps = u32::try_from(steps).unwrap_or(u32::MAX);
                let count = (self.count - i64::from(steps)).max(0);
                // Whoever comes often must not keep the time from passing: only whole steps of it are taken.
                let last = (count > 0).then(|| from.after(ONE_FORGOTTEN_EVERY.saturating_mul(steps)));
                Self { count, last, ..self }
            }
        }
    }

    /// A failure that was none: the password was right.
    #[must_use]
    pub fn taken_back(self) -> Self {
        Self { count: (self.count - 1).max(0), locked_until: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Time {
        Time::parse("2026-01-01T00:00:00Z").expect("reads")
    }

    fn after(what: Counted, failures: usize) -> Failures {
        (0..failures).fold(Failures::default(), |all, _| all.failed(what, start()))
    }

    #[test]
    fn the_first_failures_are_free_and_then_the_wait_doubles() {
        assert_eq!(after(Counted::Account, 4).locked(start()), None);
        for (failures, minutes) in [(5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (200, 60)] {
            let until = start().after(Duration::from_secs(60 * minutes));
            assert_eq!(after(Counted::Account, failures).locked(start()), Some(until), "{failures}");
        }
        assert_eq!(after(Counted::Address, 19).locked(start()), None);
        assert!(after(Counted::Address, 20).locked(start()).is_some());
    }

    #[test]
    fn a_lock_ends_and_failures_are_forgotten() {
        let five = after(Counted::Account, 5);
        let later = start().after(Duration::from_secs(60));
        assert_eq!(five.locked(later), None);
        assert!(five.failed(Counted::Account, later).locked(later).is_some());
        let next_day = start().after(FORGOTTEN_AFTER);
        assert_eq!(five.failed(Counted::Account, next_day).count, 1);
    }

    #[test]
    fn a_typo_a_day_never_locks_an_office() {
        let minutes = |n: u64| start().after(Duration::from_secs(60 * n));
        let office =
            (0..1000).fold(Failures::default(), |all, day| all.failed(Counted::Address, minutes(600 * day)));
        assert_eq!((office.count, office.locked_until), (1, None));
        // Nor one in four minutes, among right passwords each minute.
        let mut busy = Failures::default();
        for minute in 0..1000 {
            let tried = busy.failed(Counted::Address, minutes(minute));
            assert_eq!(tried.locked_until, None, "after {minute} minutes");
            busy = if minute % 4 == 0 { tried } else { tried.taken_back() };
        }
        // Nor for long after the clock was set back by a year.
        let ahead =
            (0..19).fold(Failures::default(), |all, _| all.failed(Counted::Address, minutes(500_000)));
        let set_back = ahead.failed(Counted::Address, start()).failed(Counted::Address, minutes(60));
        assert!(set_back.count < 5 && set_back.locked(minutes(61)).is_none(), "{set_back:?}");
        // Whoever guesses whenever that is possible has some twenty tries and then about one an hour.
        let (mut guesses, mut at, mut guessing) = (0, start(), Failures::default());
        while at < minutes(24 * 60) {
            at = guessing.locked(at).unwrap_or(at);
            guessing = guessing.failed(Counted::Address, at);
            guesses += 1;
        }
        assert!(guesses < 60, "{guesses}");
        // One each minute does.
        let guessed =
            (0..40).fold(Failures::default(), |all, minute| all.failed(Counted::Address, minutes(minute)));
        assert!(guessed.locked_until.is_some(), "{guessed:?}");
    }

    #[test]
    fn a_right_password_takes_back_what_was_counted_in_advance() {
        let locked = after(Counted::Account, 5);
        assert_eq!(locked.taken_back().locked(start()), None);
        assert_eq!(locked.taken_back().count, 4);
    }
}
