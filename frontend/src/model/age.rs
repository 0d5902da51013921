//! How long ago, in the words a person uses.

use crate::texts;

const MINUTE: f64 = 60_000.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// An age in its largest whole unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Less than a minute, or in the future by a clock that goes wrong.
    Now,
    /// Minutes, 1 to 59.
    Minutes(u32),
    /// Hours, 1 to 47: "30 h" says more than "1 day".
    Hours(u32),
    /// Days, 2 and more.
    Days(u32),
}

impl Age {
    /// The age of something that happened `ms` milliseconds ago.
    #[must_use]
    pub fn of(ms: f64) -> Self {
        if ms.is_nan() || ms < MINUTE {
            Age::Now
        } else if ms < HOUR {
            Age::Minutes(whole(ms / MINUTE))
        } else if ms < 2.0 * DAY {
            Age::Hours(whole(ms / HOUR))
        } else {
            Age::Days(whole(ms / DAY))
        }
    }
}

/// How long until something `ms` milliseconds ahead: seconds below two minutes, then minutes, then hours.
#[must_use]
pub fn until(ms: f64) -> String {
    if ms.is_nan() || ms < 1_000.0 {
        texts::AT_ONCE.into()
    } else if ms < 2.0 * MINUTE {
        texts::in_seconds(whole(ms / 1_000.0))
    } else if ms < 2.0 * HOUR {
        texts::in_minutes(whole(ms / MINUTE))
    } else {
        texts::in_hours(whole(ms / HOUR))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and far below 2^32")]
fn whole(x: f64) -> u32 {
    x as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds() {
        assert_eq!(Age::of(-5.0), Age::Now);
        assert_eq!(Age::of(f64::NAN), Age::Now);
        assert_eq!(Age::of(59_999.0), Age::Now);
        assert_eq!(Age::of(60_000.0), Age::Minutes(1));
        assert_eq!(Age::of(HOUR - 1.0), Age::Minutes(59));
        assert_eq!(Age::of(HOUR), Age::Hours(1));
        assert_eq!(Age::of(47.9 * HOUR), Age::Hours(47));
        assert_eq!(Age::of(48.0 * HOUR), Age::Days(2));
    }

    #[test]
    fn the_next_try() {
        assert_eq!(until(-1.0), "now");
        assert_eq!(until(40_000.0), "in 40 s");
        assert_eq!(until(5.5 * MINUTE), "in 5 min");
        assert_eq!(until(3.0 * HOUR), "in 3 h");
    }
}
