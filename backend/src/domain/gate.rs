//! How much may be sent to one GitLab instance now: a rate budget and a circuit breaker.

use std::time::Duration;

use super::Time;

/// The budget: so many sends may begin without waiting …
const BURST: f64 = 20.0;
/// … and so many a second in the long run. GitLab.com allows 2,000 requests a minute.
const PER_SECOND: f64 = 20.0;
/// Notes have a budget of their own, so that they take nothing from deliveries: so many without waiting …
const NOTES_BURST: f64 = 8.0;
/// … and this many a second in the long run; each is three requests at most.
const NOTES_PER_SECOND: f64 = 3.0;
/// Failures in a row that open the breaker.
const TRIPS_AFTER: u32 = 3;

/// The gate in front of one GitLab instance. Kept in memory: it protects GitLab, it decides
/// nothing that must survive.
#[derive(Clone, Debug)]
pub struct Gate {
    burst: f64,
    per_second: f64,
    tokens: f64,
    filled_at: Time,
    failures: u32,
    closed_until: Option<Time>,
    probing: bool,
    note_tokens: f64,
    notes_filled_at: Time,
    notes_closed_until: Option<Time>,
}

impl Gate {
    /// An open gate with a full budget.
    #[must_use]
    pub const fn new(now: Time) -> Self {
        Self::paced(now, BURST, PER_SECOND)
    }

    /// The same with another budget: so much at once, and so much a second in the long run.
    #[must_use]
    pub const fn paced(now: Time, burst: f64, per_second: f64) -> Self {
        Self {
            burst,
            per_second,
            tokens: burst,
            filled_at: now,
            failures: 0,
            closed_until: None,
            probing: false,
            note_tokens: NOTES_BURST,
            notes_filled_at: now,
            notes_closed_until: None,
        }
    }

    /// How many of `wanted` sends may go now. After the breaker tripped it is one probe at a time
    /// until one succeeds.
    pub fn admit(&mut self, wanted: usize, now: Time) -> usize {
        if self.closed_until.is_some_and(|until| now < until) {
            return 0;
        }
        self.closed_until = None;
        if self.is_tripped() {
            if self.probing || wanted == 0 {
                return 0;
            }
            self.probing = true;
            return 1;
        }
        self.tokens =
            (self.tokens + now.since(self.filled_at).as_secs_f64() * self.per_second).min(self.burst);
        self.filled_at = now;
        let granted = wanted.min(self.tokens as usize);
        self.tokens -= granted as f64;
        granted
    }

    /// Gives back what was admitted and not used.
    pub fn give_back(&mut self, unused: usize) {
        if unused > 0 {
            self.probing = false;
            self.tokens = (self.tokens + unused as f64).min(self.burst);
        }
    }

    /// A send came to nothing for a reason that says nothing about the other side: another one may be the probe.
    pub const fn undecided(&mut self) {
        self.probing = false;
    }

    /// Until when GitLab asked to be left alone, or the breaker keeps everything back; `None` if sends may go.
    #[must_use]
    pub fn asked_to_wait(&self, now: Time) -> Option<Time> {
        self.closed_until.filter(|until| *until > now)
    }

    /// A person says that it is worth a try: one send may go, and what comes of that decides about the others.
    pub const fn try_one(&mut self) {
        if self.closed_until.take().is_some() && self.failures < TRIPS_AFTER {
            self.failures = TRIPS_AFTER;
        }
    }

    /// When it is worth asking again, if sends were refused at `now`.
    #[must_use]
    pub fn retry_at(&self, now: Time) -> Time {
        match self.closed_until {
            Some(until) if until > now => until,
            Some(_) | None => now.after(Duration::from_secs_f64(1.0 / self.per_second)),
        }
    }

    /// How many of `wanted` notes may be written now: none while deliveries are kept back or tried out.
    pub fn admit_notes(&mut self, wanted: usize, now: Time) -> usize {
        let closed = |until: Option<Time>| until.is_some_and(|until| now < until);
        if self.probing || closed(self.closed_until) || closed(self.notes_closed_until) {
            return 0;
        }
        let more = now.since(self.notes_filled_at).as_secs_f64() * NOTES_PER_SECOND;
        self.note_tokens = (self.note_tokens + more).min(NOTES_BURST);
        self.notes_filled_at = now;
        let granted = wanted.min(self.note_tokens as usize);
        self.note_tokens -= granted as f64;
        granted
    }

    /// Gives back what was admitted for notes and not used.
    pub fn give_back_notes(&mut self, unused: usize) {
        self.note_tokens = (self.note_tokens + unused as f64).min(NOTES_BURST);
    }

    /// When it is worth asking for notes again, if they were refused at `now`.
    #[must_use]
    pub fn notes_at(&self, now: Time) -> Time {
        let soon = now.after(Duration::from_secs_f64(1.0 / NOTES_PER_SECOND));
        [self.closed_until, self.notes_closed_until].into_iter().flatten().fold(soon, Time::max)
    }

    /// GitLab failed to take a note. Deliveries go on: only notes pause, and only if it asked for that.
    pub fn note_failed(&mut self, now: Time, asked: Option<Duration>) {
        let until = asked.map(|asked| now.after(asked));
        self.notes_closed_until = self.notes_closed_until.max(until);
    }

    /// GitLab answered (anything that is not a failure).
    pub fn succeeded(&mut self) {
        self.failures = 0;
        self.probing = false;
    }

    /// GitLab failed: close for as long as it asked, or for `wait` once the breaker trips.
    pub fn failed(&mut self, now: Time, asked: Option<Duration>, wait: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.probing = false;
        let pause = match asked {
            Some(asked) => Some(asked.max(Duration::from_secs(1))),
            None if self.failures >= TRIPS_AFTER => Some(wait),
            None => None,
        };
        if let Some(pause) = pause {
            let until = now.after(pause);
            self.closed_until = Some(self.closed_until.map_or(until, |other| other.max(until)));
        }
    }

    /// Whether so many failed in a row that only one probe at a time goes.
    #[must_use]
    pub const fn is_tripped(&self) -> bool {
        self.failures >= TRIPS_AFTER
    }

    /// How many failures in a row there were.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Time {
        Time::parse("2026-01-01T00:00:00Z").expect("reads")
    }

    #[test]
    fn the_budget_is_a_burst_and_then_a_rate() {
        let mut gate = Gate::new(start());
        assert_eq!(gate.admit(100, start()), 20);
        assert_eq!(gate.admit(100, start()), 0);
        assert_eq!(gate.admit(100, start().after(Duration::from_millis(500))), 10);
        gate.give_back(4);
        assert_eq!(gate.admit(100, start().after(Duration::from_millis(500))), 4);
    }

    #[test]
    fn three_failures_close_it_and_one_probe_opens_it() {
        let mut gate = Gate::new(start());
        let wait = Duration::from_secs(8);
        for _ in 0..2 {
            gate.failed(start(), None, wait);
        }
        assert_eq!(gate.admit(5, start()), 5);
        gate.failed(start(), None, wait);
        assert_eq!(gate.admit(5, start()), 0);
        assert_eq!(gate.retry_at(start()), start().after(wait));
        let later = start().after(wait);
        assert_eq!(gate.admit(5, later), 1, "one probe");
        assert_eq!(gate.admit(5, later), 0, "not a second one");
        gate.failed(later, None, wait);
        assert_eq!(gate.admit(5, later), 0);
        let later = later.after(wait);
        assert_eq!(gate.admit(5, later), 1);
        gate.succeeded();
        assert!(gate.admit(5, later) > 1);
    }

    #[test]
    fn notes_take_nothing_from_deliveries_and_keep_back_with_them() {
        let mut gate = Gate::new(start());
        assert_eq!(gate.admit_notes(100, start()), 8);
        assert_eq!(gate.admit(100, start()), 20, "the budget of deliveries is untouched");
        assert_eq!(gate.admit_notes(1, start()), 0);
        assert_eq!(gate.admit_notes(9, start().after(Duration::from_secs(1))), 3);
        let minute = start().after(Duration::from_secs(60));
        gate.note_failed(minute, None);
        gate.note_failed(minute, Some(Duration::from_secs(30)));
        assert_eq!(gate.admit(5, minute), 5, "a failed note closes nothing for deliveries");
        assert_eq!(gate.admit_notes(1, minute), 0);
        assert_eq!(gate.notes_at(minute), minute.after(Duration::from_secs(30)));
        let later = minute.after(Duration::from_secs(30));
        for _ in 0..3 {
            gate.failed(later, None, Duration::from_secs(8));
        }
        assert_eq!(gate.admit_notes(1, later), 0, "the breaker is open");
        let after = later.after(Duration::from_secs(8));
        assert_eq!((gate.admit(5, after), gate.admit_notes(5, after)), (1, 0), "a delivery is the probe");
        gate.succeeded();
        assert_eq!(gate.admit_notes(5, after), 5);
    }

    #[test]
    fn a_person_lets_one_through_and_its_answer_decides_about_the_others() {
        let mut gate = Gate::new(start());
        gate.try_one();
        assert_eq!(gate.admit(5, start()), 5, "an open gate stays as it is");
        gate.failed(start(), Some(Duration::from_secs(3600)), Duration::ZERO);
        assert_eq!(gate.asked_to_wait(start()), Some(start().after(Duration::from_secs(3600))));
        gate.try_one();
        assert_eq!(gate.asked_to_wait(start()), None);
        assert_eq!((gate.admit(5, start()), gate.admit(5, start())), (1, 0));
        gate.failed(start(), Some(Duration::from_secs(1800)), Duration::ZERO);
        assert_eq!(gate.admit(5, start()), 0);
        gate.try_one();
        assert_eq!(gate.admit(5, start()), 1);
        gate.succeeded();
        assert_eq!(gate.admit(5, start()), 5);
    }

    #[test]
    fn what_gitlab_asks_for_is_honoured_at_once() {
        let mut gate = Gate::new(start());
        gate.failed(start(), Some(Duration::from_secs(30)), Duration::ZERO);
        assert_eq!(gate.admit(1, start().after(Duration::from_secs(29))), 0);
        assert_eq!(gate.admit(1, start().after(Duration::from_secs(30))), 1);
    }
}
