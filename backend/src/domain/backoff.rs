//! How long to wait before trying again, as data.

use std::time::Duration;

/// Exponential back-off with jitter: doubles from `first` up to `longest`; each wait is drawn from
/// the upper half of its step ("equal jitter"), so that many waiters do not come back at once.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The first step.
    pub first: Duration,
    /// No step is longer.
    pub longest: Duration,
}

/// For deliveries: 1 s, 2 s, 4 s, … up to a minute, for as long as it takes.
pub const DELIVERY: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// For reading back from GitLab: 1 s, 2 s, 4 s, … up to five minutes.
pub const READ_BACK: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(300) };

/// For notes on merge requests: 2 s, 4 s, 8 s, … up to ten minutes; nobody waits for them.
pub const NOTE: Backoff = Backoff { first: Duration::from_secs(2), longest: Duration::from_secs(600) };

impl Backoff {
    /// The wait after `failures` failures in a row (at least 1), for a `draw` from 0 to 1.
    #[must_use]
    pub fn wait(&self, failures: u32, draw: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(30);
        let step = self.first.saturating_mul(1 << doublings).min(self.longest);
        step.mul_f64(0.5 + draw.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_the_longest_and_stays_in_the_upper_half() {
        assert_eq!(DELIVERY.wait(1, 1.0), Duration::from_secs(1));
        assert_eq!(DELIVERY.wait(4, 1.0), Duration::from_secs(8));
        assert_eq!(DELIVERY.wait(4, 0.0), Duration::from_secs(4));
        assert_eq!(DELIVERY.wait(u32::MAX, 1.0), Duration::from_secs(60));
        assert_eq!(DELIVERY.wait(0, 0.0), Duration::from_millis(500));
    }
}
