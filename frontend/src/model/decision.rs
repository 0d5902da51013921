//! The decision form: what it sends, what it says, and what a refusal means.

use shared::decision::DecisionFault;
use shared::{CheckDetail, CheckItem, CheckState, NewDecision, Problem, ProblemCode, Verdict};

use super::text::short_sha;
use crate::texts;

/// What the dialog is about: one check as the reviewer saw it, and a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The check as it was on the screen.
    pub item: CheckItem,
    /// Approve or reject.
    pub verdict: Verdict,
}

/// What a reviewer can do with a check now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Approve or reject.
    Either,
    /// Turn the decision round.
    Reverse(Verdict),
    /// Nothing: the check is closed.
    Nothing,
}

/// What a reviewer can do in this state.
#[must_use]
pub const fn choice(state: CheckState) -> Choice {
    match state {
        CheckState::Pending => Choice::Either,
        CheckState::Approved => Choice::Reverse(Verdict::Reject),
        CheckState::Rejected => Choice::Reverse(Verdict::Approve),
        CheckState::Superseded | CheckState::Withdrawn => Choice::Nothing,
    }
}

/// The state as it is shown: where somebody decided, that is worth more than that nothing is left to decide.
#[must_use]
pub const fn shown_state(item: &CheckItem) -> CheckState {
    match (item.state, item.verdict) {
        (CheckState::Withdrawn, Some(Verdict::Approve)) => CheckState::Approved,
        (CheckState::Withdrawn, Some(Verdict::Reject)) => CheckState::Rejected,
        (state, _) => state,
    }
}

impl Target {
    /// The target if the check's state allows the verdict.
    #[must_use]
    pub fn new(item: CheckItem, verdict: Verdict) -> Option<Self> {
        let allowed = match choice(item.state) {
            Choice::Either => true,
            Choice::Reverse(only) => only == verdict,
            Choice::Nothing => false,
        };
        allowed.then_some(Self { item, verdict })
    }

    /// Whether an earlier decision is being turned round.
    #[must_use]
    pub fn is_reversal(&self) -> bool {
        self.item.state != CheckState::Pending
    }

    /// Whether a comment must be given.
    #[must_use]
    pub fn needs_comment(&self) -> bool {
        self.is_reversal() || self.verdict == Verdict::Reject
    }

    /// The body to send.
    ///
    /// # Errors
    /// The first fault, by the rules the server checks too.
    pub fn body(&self, comment: &str) -> Result<NewDecision, DecisionFault> {
        let body = NewDecision {
            verdict: self.verdict,
            comment: comment.trim().to_owned(),
            expected_sha: self.item.sha.clone(),
            expected_target_branch: Some(self.item.target_branch.clone()),
            expected_state: self.is_reversal().then_some(self.item.state),
        };
        body.validate().map(|()| body)
    }

    /// Whether the check has been decided just so by this account: then a refusal means that an earlier attempt was
    /// recorded, though its answer was lost.
    #[must_use]
    pub fn is_done(&self, now: &CheckDetail, account: &str, comment: &str) -> bool {
        let state = match self.verdict {
            Verdict::Approve => CheckState::Approved,
            Verdict::Reject => CheckState::Rejected,
        };
        let last = now.decisions.iter().rev().find(|decision| decision.counts);
        // A newer commit has to be told.
        let stands = now.item.state == state && now.head_sha == self.item.sha;
        last.filter(|_| stands).is_some_and(|last| {
            (last.verdict, last.sha.as_str(), last.comment.as_str(), last.account_id.as_deref())
                == (self.verdict, self.item.sha.as_str(), comment.trim(), Some(account))
        })
    }

    /// The words on the button that decides.
    #[must_use]
    pub fn button(&self) -> String {
        texts::decide_button(self.verdict, short_sha(&self.item.sha))
    }
}

/// Why a decision was refused because the world had moved on, and where to go from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What changed, one sentence.
    pub happened: String,
    /// When it was decided meanwhile, RFC 3339 UTC.
    pub at: Option<String>,
    /// The check to open next: the newer one, or this one as it is now.
    pub open: String,
    /// Whether `open` is another check, made for a newer commit.
    pub newer: bool,
}

impl Conflict {
    /// Reads a 409 on a decision; `None` for every other problem.
    #[must_use]
    pub fn of(problem: &Problem, target: &Target) -> Option<Self> {
        let conflicts = [ProblemCode::ShaMoved, ProblemCode::TargetMoved, ProblemCode::StateChanged];
        if !conflicts.contains(&problem.code) {
            return None;
        }
        let Some(now) = problem.check.as_deref() else {
            let happened = problem.detail.clone();
            let open = target.item.id.clone();
            return Some(Self { happened, at: None, open, newer: false });
        };
        let retargeted = problem.code == ProblemCode::TargetMoved;
        Some(Self::between(target, now, retargeted, &problem.detail))
    }

    /// The same of a check that was read before anything was sent; `None` if it can still be decided as it was seen.
    #[must_use]
    pub fn seen(now: &CheckDetail, target: &Target) -> Option<Self> {
        let (old, new) = (&target.item, &now.item);
        let retargeted = old.target_branch != new.target_branch;
        let same = old.state == new.state && now.head_sha == old.sha && !retargeted;
        (!same).then(|| Self::between(target, now, retargeted, &texts::retargeted(&new.target_branch)))
    }

    fn between(target: &Target, now: &CheckDetail, retargeted: bool, said: &str) -> Self {
        let seen = short_sha(&target.item.sha);
        let moved = now.head_sha != target.item.sha || now.item.state == CheckState::Superseded;
        let last = now.decisions.iter().rev().find(|decision| decision.counts);
        let (happened, at) = match (now.item.state, last) {
            _ if moved => (texts::conflict_moved(seen, short_sha(&now.head_sha)), None),
            _ if retargeted => (said.to_owned(), None),
            (CheckState::Approved, Some(by)) | (CheckState::Rejected, Some(by)) => (
                texts::conflict_decided(&by.reviewer, by.reviewer_verified, by.verdict, &by.comment),
                Some(by.decided_at.clone()),
            ),
            (CheckState::Withdrawn, _) => (texts::conflict_withdrawn(now.notice.as_deref()), None),
            (CheckState::Pending, _) => (texts::CONFLICT_REOPENED.into(), None),
            (CheckState::Approved | CheckState::Rejected | CheckState::Superseded, _) => {
                (said.to_owned(), None)
            }
        };
        Self {
            happened,
            at,
            newer: moved && now.successor_id.is_some(),
            open: now.successor_id.clone().unwrap_or_else(|| now.item.id.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{detail, item};
    use shared::Decision;

    fn target(state: CheckState, verdict: Verdict) -> Option<Target> {
        Target::new(item("1", state), verdict)
    }

    #[test]
    fn only_what_the_state_allows_is_offered() {
        assert!(target(CheckState::Pending, Verdict::Approve).is_some());
        assert!(target(CheckState::Approved, Verdict::Approve).is_none());
        assert!(target(CheckState::Approved, Verdict::Reject).is_some());
        assert!(target(CheckState::Superseded, Verdict::Reject).is_none());
        assert!(target(CheckState::Withdrawn, Verdict::Approve).is_none());
    }

    #[test]
    fn what_was_decided_is_shown_also_after_the_merge() {
        let merged = |verdict| CheckItem { verdict, ..item("1", CheckState::Withdrawn) };
        assert_eq!(shown_state(&merged(Some(Verdict::Approve))), CheckState::Approved);
        assert_eq!(shown_state(&merged(Some(Verdict::Reject))), CheckState::Rejected);
        assert_eq!(shown_state(&merged(None)), CheckState::Withdrawn);
        let old = CheckItem { verdict: Some(Verdict::Approve), ..item("1", CheckState::Superseded) };
        assert_eq!(shown_state(&old), CheckState::Superseded);
    }

    #[test]
    fn the_body_is_pinned_to_what_was_seen() {
        let first = target(CheckState::Pending, Verdict::Approve).unwrap();
        let body = first.body("  fine ").unwrap();
        assert_eq!(body.expected_sha, first.item.sha);
        assert_eq!(body.expected_target_branch.as_ref(), Some(&first.item.target_branch));
        assert_eq!(body.expected_state, None);
        assert_eq!(body.comment, "fine");

        let reversal = target(CheckState::Approved, Verdict::Reject).unwrap();
        assert_eq!(reversal.body(" "), Err(DecisionFault::CommentRequired));
        assert_eq!(reversal.body("late find").unwrap().expected_state, Some(CheckState::Approved));
    }

    #[test]
    fn the_button_carries_verb_and_sha() {
        assert_eq!(target(CheckState::Pending, Verdict::Approve).unwrap().button(), "Approve 9f8e7d6c");
        assert_eq!(target(CheckState::Pending, Verdict::Reject).unwrap().button(), "Reject 9f8e7d6c");
    }

    #[test]
    fn new_commits_lead_to_the_newer_check() {
        let target = target(CheckState::Pending, Verdict::Approve).unwrap();
        let mut now = detail("1", CheckState::Superseded);
        now.head_sha = "abc1234def".into();
        now.successor_id = Some("2".into());
        let mut problem = Problem::new(ProblemCode::ShaMoved, "moved");
        problem.check = Some(Box::new(now));
        let conflict = Conflict::of(&problem, &target).unwrap();
        assert!(conflict.newer);
        assert_eq!(conflict.open, "2");
        assert!(conflict.happened.contains("abc1234d") && conflict.happened.contains("9f8e7d6c"));
    }

    fn rejected() -> CheckDetail {
        let mut now = detail("1", CheckState::Rejected);
        now.decisions.push(Decision {
            id: "d".into(),
            verdict: Verdict::Reject,
            comment: "no tests".into(),
            sha: now.item.sha.clone(),
            target_branch: "main".into(),
            reviewer: "Ada".into(),
            account_id: Some("a1".into()),
            reviewer_verified: false,
            via: None,
            counts: true,
            decided_at: "2026-01-31T10:42:00.000000Z".into(),
        });
        now
    }

    #[test]
    fn ones_own_decision_is_no_conflict() {
        let (reject, now) = (target(CheckState::Pending, Verdict::Reject).unwrap(), rejected());
        assert!(reject.is_done(&now, "a1", " no tests\n"));
        assert!(!reject.is_done(&now, "a1", "no docs"), "what was typed since is not recorded");
        assert!(!reject.is_done(&now, "a2", "no tests"), "somebody else's is one");
        let moved = CheckDetail { head_sha: "abc1234def".into(), ..now.clone() };
        assert!(!reject.is_done(&moved, "a1", "no tests"), "a newer commit is told");
        let approve = target(CheckState::Pending, Verdict::Approve).unwrap();
        assert!(!approve.is_done(&now, "a1", "no tests"));
    }

    #[test]
    fn somebody_who_was_first_is_named() {
        let target = target(CheckState::Pending, Verdict::Approve).unwrap();
        let now = rejected();
        let mut problem = Problem::new(ProblemCode::StateChanged, "changed");
        problem.check = Some(Box::new(now));
        let conflict = Conflict::of(&problem, &target).unwrap();
        assert!(conflict.happened.contains("Ada") && conflict.happened.contains("no tests"));
        assert_eq!(conflict.at.as_deref(), Some("2026-01-31T10:42:00.000000Z"));
        assert_eq!((conflict.open.as_str(), conflict.newer), ("1", false));
    }

    #[test]
    fn what_changes_before_anything_is_sent_is_a_conflict_too() {
        let target = target(CheckState::Pending, Verdict::Approve).unwrap();
        let same = detail("1", CheckState::Pending);
        assert_eq!(Conflict::seen(&same, &target), None);
        let first = Conflict::seen(&rejected(), &target).unwrap();
        assert!(first.happened.contains("Ada"), "{}", first.happened);
        let successor_id = Some("2".into());
        let moved = CheckDetail { head_sha: "abc1234def".into(), successor_id, ..same.clone() };
        let newer = Conflict::seen(&moved, &target).unwrap();
        assert_eq!((newer.open.as_str(), newer.newer), ("2", true));
        let mut retargeted = same;
        retargeted.item.target_branch = "release".into();
        let elsewhere = Conflict::seen(&retargeted, &target).unwrap();
        assert_eq!(elsewhere.happened, "It is to be merged into release now.");
    }

    #[test]
    fn other_problems_are_no_conflict() {
        let target = target(CheckState::Pending, Verdict::Approve).unwrap();
        assert_eq!(Conflict::of(&Problem::new(ProblemCode::Invalid, "x"), &target), None);
    }
}
