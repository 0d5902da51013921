//! The life of a check, as a pure function: an event in, a new state and effects out.

use super::GitLabStatus;

/// Where a check stands. The words are the product's vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckState {
    /// Waits for a decision.
    Pending,
    /// Approved for its SHA.
    Approved,
    /// Rejected for its SHA.
    Rejected,
    /// A newer commit exists.
    Superseded,
    /// The merge request was closed or merged, or the rule is gone.
    Withdrawn,
}

impl CheckState {
    /// All states.
    pub const ALL: [CheckState; 5] = [
        CheckState::Pending,
        CheckState::Approved,
        CheckState::Rejected,
        CheckState::Superseded,
        CheckState::Withdrawn,
    ];

    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            CheckState::Pending => "pending",
            CheckState::Approved => "approved",
            CheckState::Rejected => "rejected",
            CheckState::Superseded => "superseded",
            CheckState::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// The state that a verdict leads to.
    #[must_use]
    pub const fn decided(verdict: Option<Verdict>) -> Self {
        match verdict {
            None => CheckState::Pending,
            Some(Verdict::Approve) => CheckState::Approved,
            Some(Verdict::Reject) => CheckState::Rejected,
        }
    }
}

/// What a reviewer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// May be merged.
    Approve,
    /// May not be merged.
    Reject,
}

impl Verdict {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Approve => "approve",
            Verdict::Reject => "reject",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Verdict::Approve, Verdict::Reject].into_iter().find(|verdict| verdict.as_str() == word)
    }

    /// What GitLab is told.
    #[must_use]
    pub const fn status(self) -> GitLabStatus {
        match self {
            Verdict::Approve => GitLabStatus::Passed,
            Verdict::Reject => GitLabStatus::Failed,
        }
    }
}

/// How a check's SHA relates to its merge request now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The merge request is open and the SHA is its HEAD.
    Head,
    /// The merge request is open and HEAD is another commit.
    Behind,
    /// The merge request is closed, merged or gone, or the rule no longer applies.
    Gone,
}

/// What happens to a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckEvent {
    /// The merge request was seen.
    Observed {
        /// Where the check's SHA stands now.
        position: Position,
        /// Whether the target branch is another one than the check was received for.
        retargeted: bool,
    },
    /// Somebody decided.
    Decided {
        /// What they said.
        verdict: Verdict,
        /// The state they saw; a decided one means that they reverse it.
        seen: CheckState,
    },
    /// Somebody pressed Retry in GitLab.
    Retried,
    /// GitLab shows something else than it was told; the answer got lost. For a pending check: it was told, or was to be,
    /// that an earlier decision no longer counts.
    Drifted,
}

/// What must be done besides storing the new state; all in the same transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Queue a delivery; older ones that were not sent become obsolete.
    Tell(GitLabStatus),
    /// Deliveries that were not sent become obsolete.
    Forget,
    /// Earlier decisions no longer count.
    VoidDecisions,
    /// Write to the record.
    Record(Happening),
}

/// What the record says about a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A newer commit exists.
    Superseded,
    /// No longer to be decided.
    Withdrawn,
    /// To be decided, or decided, again.
    Reopened,
    /// The decision no longer counts.
    Voided,
    /// Decided for the first time.
    Decided,
    /// Decided otherwise.
    Reversed,
    /// Retry was pressed in GitLab.
    Retried,
    /// The answer is sent again.
    Resent,
}

/// The result of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The check from now on.
    pub check: Check,
    /// What else to do, in this order.
    pub effects: Vec<Effect>,
}

/// Why a decision is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// HEAD is another commit.
    ShaMoved,
    /// The merge request is to be merged into another branch than the reviewer saw.
    TargetMoved,
    /// The check is in another state than the reviewer saw.
    StateChanged,
}

/// A check, as far as its rules go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Where it stands.
    pub state: CheckState,
    /// The decision that counts for this SHA and target branch, also while superseded or withdrawn.
    pub standing: Option<Verdict>,
}

impl Check {
    /// A check that has just arrived.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: CheckState::Pending, standing: None }
    }

    /// Applies an event.
    ///
    /// # Errors
    /// Only decisions are refused; see [`Refused`].
    pub fn apply(self, event: CheckEvent) -> Result<Step, Refused> {
        match event {
            CheckEvent::Observed { position, retargeted } => Ok(self.observed(position, retargeted)),
            CheckEvent::Decided { verdict, seen } => self.decided(verdict, seen),
            CheckEvent::Retried => Ok(self.retold(Happening::Retried)),
            CheckEvent::Drifted => Ok(self.retold(Happening::Resent)),
        }
    }

    fn observed(self, position: Position, retargeted: bool) -> Step {
        let mut step = Step { check: self, effects: Vec::new() };
        match position {
            Position::Gone => match self.state {
                CheckState::Pending | CheckState::Approved | CheckState::Rejected => {
                    step.check.state = CheckState::Withdrawn;
                    step.effects = vec![Effect::Forget, Effect::Record(Happening::Withdrawn)];
                }
                CheckState::Superseded | CheckState::Withdrawn => {}
            },
            Position::Behind => match self.state {
                CheckState::Pending | CheckState::Approved | CheckState::Rejected | CheckState::Withdrawn => {
                    step.check.state = CheckState::Superseded;
                    step.effects = vec![Effect::Forget, Effect::Record(Happening::Superseded)];
                }
                CheckState::Superseded => {}
            },
            Position::Head => {
                if matches!(self.state, CheckState::Superseded | CheckState::Withdrawn) {
                    step.check.state = CheckState::decided(self.standing);
                    step.effects.push(Effect::Record(Happening::Reopened));
                    if let (Some(verdict), false) = (self.standing, retargeted) {
                        // GitLab counts an old answer again when HEAD returns to its SHA, but
                        // only if it ever got it.
                        step.effects.push(Effect::Tell(verdict.status()));
                    }
                }
                if retargeted && self.standing.is_some() {
                    // GitLab carries the answer over to the new target branch; people decided
                    // about the old one.
                    step.check = Check::new();
                    step.effects.push(Effect::VoidDecisions);
                    step.effects.push(Effect::Tell(GitLabStatus::Pending));
                    step.effects.push(Effect::Record(Happening::Voided));
                }
            }
        }
        step
    }

    fn decided(self, verdict: Verdict, seen: CheckState) -> Result<Step, Refused> {
        match self.state {
            CheckState::Superseded => return Err(Refused::ShaMoved),
            CheckState::Withdrawn => return Err(Refused::StateChanged),
            CheckState::Pending | CheckState::Approved | CheckState::Rejected => {}
        }
        if self.state != seen || self.standing == Some(verdict) {
            return Err(Refused::StateChanged);
        }
        let happening = if self.standing.is_some() { Happening::Reversed } else { Happening::Decided };
        let mut effects = Vec::new();
        if self.standing.is_some() {
            effects.push(Effect::VoidDecisions);
        }
        effects.push(Effect::Tell(verdict.status()));
        effects.push(Effect::Record(happening));
        Ok(Step {
            check: Check { state: CheckState::decided(Some(verdict)), standing: Some(verdict) },
            effects,
        })
    }

    fn retold(self, happening: Happening) -> Step {
        let mut effects = Vec::new();
        match (self.state, self.standing) {
            (CheckState::Approved | CheckState::Rejected, Some(verdict)) => {
                effects.push(Effect::Tell(verdict.status()));
                effects.push(Effect::Record(happening));
            }
            (CheckState::Pending, _) if happening == Happening::Retried => {
                effects.push(Effect::Record(happening));
            }
            // GitLab was told that an earlier decision no longer counts, or was to be.
            (CheckState::Pending, _) if happening == Happening::Resent => {
                effects.push(Effect::Tell(GitLabStatus::Pending));
                effects.push(Effect::Record(happening));
            }
            (
                CheckState::Pending
                | CheckState::Approved
                | CheckState::Rejected
                | CheckState::Superseded
                | CheckState::Withdrawn,
                _,
            ) => {}
        }
        Step { check: self, effects }
    }
}

impl Default for Check {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPROVED: Check = Check { state: CheckState::Approved, standing: Some(Verdict::Approve) };

    fn observe(check: Check, position: Position, retargeted: bool) -> Step {
        check.apply(CheckEvent::Observed { position, retargeted }).expect("never refused")
    }

    fn decide(check: Check, verdict: Verdict, seen: CheckState) -> Result<Step, Refused> {
        check.apply(CheckEvent::Decided { verdict, seen })
    }

    #[test]
    fn a_decision_is_told_and_recorded() {
        let step = decide(Check::new(), Verdict::Reject, CheckState::Pending).expect("accepted");
        assert_eq!(step.check.state, CheckState::Rejected);
        assert_eq!(step.effects, [Effect::Tell(GitLabStatus::Failed), Effect::Record(Happening::Decided)]);
    }

    #[test]
    fn a_second_decision_needs_to_have_seen_the_first() {
        assert_eq!(decide(APPROVED, Verdict::Reject, CheckState::Pending), Err(Refused::StateChanged));
        assert_eq!(decide(APPROVED, Verdict::Approve, CheckState::Approved), Err(Refused::StateChanged));
        let step = decide(APPROVED, Verdict::Reject, CheckState::Approved).expect("reversal");
        assert_eq!(step.check.standing, Some(Verdict::Reject));
        assert_eq!(
            step.effects,
            [Effect::VoidDecisions, Effect::Tell(GitLabStatus::Failed), Effect::Record(Happening::Reversed)]
        );
    }

    #[test]
    fn nothing_is_decided_on_old_or_withdrawn_checks() {
        for (state, why) in
            [(CheckState::Superseded, Refused::ShaMoved), (CheckState::Withdrawn, Refused::StateChanged)]
        {
            let check = Check { state, standing: None };
            assert_eq!(decide(check, Verdict::Approve, CheckState::Pending), Err(why));
        }
    }

    #[test]
    fn a_push_supersedes_and_coming_back_restores_the_answer() {
        let old = observe(APPROVED, Position::Behind, false);
        assert_eq!(old.check.state, CheckState::Superseded);
        assert_eq!(old.effects, [Effect::Forget, Effect::Record(Happening::Superseded)]);
        assert!(observe(old.check, Position::Behind, false).effects.is_empty());
        let back = observe(old.check, Position::Head, false);
        assert_eq!(back.check, APPROVED);
        assert!(back.effects.contains(&Effect::Tell(GitLabStatus::Passed)));
    }

    #[test]
    fn close_withdraws_and_reopen_brings_back() {
        let closed = observe(Check::new(), Position::Gone, false);
        assert_eq!(closed.check.state, CheckState::Withdrawn);
        assert!(observe(closed.check, Position::Gone, false).effects.is_empty());
        let open = observe(closed.check, Position::Head, false);
        assert_eq!(open.check, Check::new());
        assert_eq!(open.effects, [Effect::Record(Happening::Reopened)]);
        assert_eq!(observe(closed.check, Position::Behind, false).check.state, CheckState::Superseded);
    }

    #[test]
    fn a_new_target_branch_voids_a_decision_and_tells_gitlab() {
        let step = observe(APPROVED, Position::Head, true);
        assert_eq!(step.check, Check::new());
        assert_eq!(
            step.effects,
            [Effect::VoidDecisions, Effect::Tell(GitLabStatus::Pending), Effect::Record(Happening::Voided)]
        );
        assert!(observe(Check::new(), Position::Head, true).effects.is_empty());
        let while_closed = Check { state: CheckState::Withdrawn, ..APPROVED };
        let back = observe(while_closed, Position::Head, true);
        assert_eq!(back.check, Check::new());
        assert!(!back.effects.contains(&Effect::Tell(GitLabStatus::Passed)));
    }

    #[test]
    fn retry_tells_a_decision_again_and_only_notes_a_pending_one() {
        let told = APPROVED.apply(CheckEvent::Retried).expect("never refused");
        assert_eq!(told.effects, [Effect::Tell(GitLabStatus::Passed), Effect::Record(Happening::Retried)]);
        let noted = Check::new().apply(CheckEvent::Retried).expect("never refused");
        assert_eq!(noted.effects, [Effect::Record(Happening::Retried)]);
        let drift = Check::new().apply(CheckEvent::Drifted).expect("never refused");
        assert_eq!(drift.effects, [Effect::Tell(GitLabStatus::Pending), Effect::Record(Happening::Resent)]);
        let old = Check { state: CheckState::Superseded, ..APPROVED };
        assert!(old.apply(CheckEvent::Drifted).expect("never refused").effects.is_empty());
    }
}
