//! Deciding on many checks at once: what is sent, and what became of each.

use shared::decision::DecisionFault;
use shared::{BulkDecision, BulkItem, BulkOutcome, CheckItem, CheckState, ProblemCode, Verdict};

use crate::texts;

/// What the dialog is about: checks as the reviewer saw them, and a verdict for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// The checks, in the order of the listing; all pending.
    pub items: Vec<CheckItem>,
    /// Approve or reject.
    pub verdict: Verdict,
}

impl Bulk {
    /// Whether a comment must be given.
    #[must_use]
    pub fn needs_comment(&self) -> bool {
        self.verdict == Verdict::Reject
    }

    /// The body to send.
    ///
    /// # Errors
    /// The first fault, by the rules the server checks too.
    pub fn body(&self, comment: &str) -> Result<BulkDecision, DecisionFault> {
        let item = |item: &CheckItem| BulkItem {
            id: item.id.clone(),
            expected_sha: item.sha.clone(),
            expected_target_branch: Some(item.target_branch.clone()),
        };
        let body = BulkDecision {
            verdict: self.verdict,
            comment: comment.trim().to_owned(),
            items: self.items.iter().map(item).collect(),
        };
        body.validate().map(|()| body)
    }
}

/// Why a check of the dialog can no longer be decided as it was seen; `None` while it can.
#[must_use]
pub fn moved(seen: &CheckItem, now: &CheckItem) -> Option<String> {
    let same = now.state == CheckState::Pending && now.target_branch == seen.target_branch;
    (!same).then(|| texts::bulk_state(now.state, now.decided_by.as_deref()))
}

/// Why a check was not decided and what to do about it; `None` if it was.
#[must_use]
pub fn refusal(outcome: &BulkOutcome) -> Option<String> {
    if outcome.decided {
        return None;
    }
    let said = outcome.detail.clone().unwrap_or_default();
    Some(match (outcome.code, &outcome.check) {
        (Some(ProblemCode::OwnChange), _) => texts::BULK_OWN.into(),
        (Some(ProblemCode::NotFound), _) => texts::BULK_GONE.into(),
        (Some(ProblemCode::ShaMoved), _) => texts::BULK_MOVED.into(),
        (Some(ProblemCode::StateChanged), Some(now)) => {
            texts::bulk_state(now.state, now.decided_by.as_deref())
        }
        // The service's own words say what to do.
        (Some(_), _) if !said.is_empty() => said,
        (Some(_) | None, _) => texts::ERR_ACTION.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::item;

    fn outcome(code: ProblemCode, state: CheckState) -> BulkOutcome {
        let check = CheckItem { decided_by: Some("Ada".into()), ..item("1", state) };
        BulkOutcome {
            id: "1".into(),
            decided: false,
            code: Some(code),
            detail: Some("The database is busy: try again.".into()),
            check: Some(check),
        }
    }

    #[test]
    fn every_check_is_pinned_to_what_was_seen() {
        let items = vec![item("1", CheckState::Pending), item("2", CheckState::Pending)];
        let reject = Bulk { items: items.clone(), verdict: Verdict::Reject };
        assert_eq!(reject.body(" "), Err(DecisionFault::CommentRequired));
        let body = reject.body(" no ").unwrap();
        assert_eq!(body.comment, "no");
        assert_eq!(body.items.len(), 2);
        assert!(body.items.iter().zip(&items).all(|(sent, seen)| (
            &sent.id,
            &sent.expected_sha,
            sent.expected_target_branch.as_ref()
        ) == (
            &seen.id,
            &seen.sha,
            Some(&seen.target_branch)
        )));
        assert!(Bulk { items, verdict: Verdict::Approve }.body("").is_ok());
    }

    #[test]
    fn what_moved_on_is_left_out_and_says_why() {
        let seen = item("1", CheckState::Pending);
        assert_eq!(moved(&seen, &seen), None);
        let by_ada = CheckItem { decided_by: Some("Ada".into()), ..item("1", CheckState::Rejected) };
        assert!(moved(&seen, &by_ada).unwrap().contains("Ada rejected it first"));
        assert!(moved(&seen, &item("1", CheckState::Superseded)).unwrap().contains("newer check"));
        let elsewhere = CheckItem { target_branch: "release".into(), ..seen.clone() };
        assert!(moved(&seen, &elsewhere).is_some());
    }

    #[test]
    fn each_refusal_says_why_and_what_to_do() {
        use CheckState::{Approved, Pending, Superseded, Withdrawn};
        for (code, state, says) in [
            (ProblemCode::OwnChange, Pending, "somebody else"),
            (ProblemCode::ShaMoved, Pending, "newer check"),
            (ProblemCode::StateChanged, Superseded, "newer check"),
            (ProblemCode::StateChanged, Approved, "Ada approved it first"),
            (ProblemCode::StateChanged, Withdrawn, "withdrawn"),
            (ProblemCode::NotFound, Pending, "not there any more"),
            (ProblemCode::StoreUnavailable, Pending, "busy: try again"),
        ] {
            let why = refusal(&outcome(code, state)).unwrap();
            assert!(why.contains(says), "{why}");
        }
        let decided =
            BulkOutcome { decided: true, code: None, detail: None, ..outcome(ProblemCode::Busy, Approved) };
        assert_eq!(refusal(&decided), None);
    }
}
