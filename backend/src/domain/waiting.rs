//! Why a check waits for a decision, from what happened to it and what was decided before.

use super::Verdict;
use super::record::EventKind;

/// Why a check waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nobody has decided on this merge request for this rule yet.
    New,
    /// Somebody decided on another commit.
    NewCommits,
    /// Somebody decided on this commit for another target branch.
    Retargeted,
    /// The merge request was closed and is open again.
    Reopened,
}

/// A decision on the same merge request and rule that no longer counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its commit.
    pub sha: String,
    /// What was said.
    pub verdict: Verdict,
    /// Who said it.
    pub reviewer: String,
    /// Whether the caller said it.
    pub own: bool,
}

/// Why a check waits, and what was said before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Why.
    pub why: Why,
    /// The caller's own newest decision if there is any, else anybody's newest.
    pub earlier: Option<Earlier>,
}

/// What of a check's record says why it waits.
pub const TELLING: [EventKind; 4] =
    [EventKind::CheckWithdrawn, EventKind::CheckSuperseded, EventKind::CheckReopened, EventKind::CheckVoided];

impl Waiting {
    /// From the check's events of the kinds in [`TELLING`], oldest first.
    #[must_use]
    pub fn of(happened: &[EventKind], earlier: Option<Earlier>) -> Self {
        let (mut closed, mut last) = (false, None);
        for kind in happened {
            match kind {
                EventKind::CheckWithdrawn => closed = true,
                EventKind::CheckSuperseded => closed = false,
                EventKind::CheckVoided => last = Some(Why::Retargeted),
                // Also when HEAD came back to this commit; then there is nothing else to say than usual.
                EventKind::CheckReopened => last = closed.then_some(Why::Reopened),
                other => debug_assert!(!TELLING.contains(other), "{other:?} says nothing here"),
            }
        }
        let usual = if earlier.is_some() { Why::NewCommits } else { Why::New };
        Self { why: last.unwrap_or(usual), earlier }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(happened: &[EventKind], decided: bool) -> Why {
        let earlier =
            Earlier { sha: "a1b2c3".into(), verdict: Verdict::Approve, reviewer: "Rita".into(), own: false };
        Waiting::of(happened, decided.then_some(earlier)).why
    }

    #[test]
    fn the_last_thing_that_happened_says_why() {
        use EventKind::{CheckReopened, CheckSuperseded, CheckVoided, CheckWithdrawn};
        for (happened, decided, expected) in [
            (vec![], false, Why::New),
            (vec![], true, Why::NewCommits),
            (vec![CheckVoided], true, Why::Retargeted),
            (vec![CheckWithdrawn, CheckReopened], false, Why::Reopened),
            (vec![CheckVoided, CheckWithdrawn, CheckReopened], true, Why::Reopened),
            (vec![CheckWithdrawn, CheckReopened, CheckVoided], true, Why::Retargeted),
            (vec![CheckSuperseded, CheckReopened], true, Why::NewCommits),
            (vec![CheckSuperseded, CheckReopened], false, Why::New),
        ] {
            assert_eq!(why(&happened, decided), expected, "{happened:?}");
        }
    }
}
