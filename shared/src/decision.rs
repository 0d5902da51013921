//! Decisions: approving or rejecting one check at one SHA.

use serde::{Deserialize, Serialize};

use crate::CheckState;

/// The longest comment, in Unicode scalar values.
pub const COMMENT_MAX: usize = 10_000;

/// What a reviewer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Verdict {
    /// The merge request may be merged: GitLab is told `passed`.
    Approve,
    /// The merge request may not be merged: GitLab is told `failed`.
    Reject,
}

impl Verdict {
    /// The word used in the API and in the database.
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
        match word {
            "approve" => Some(Verdict::Approve),
            "reject" => Some(Verdict::Reject),
            _ => None,
        }
    }
}

/// The body of `POST checks/{id}/decisions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewDecision {
    /// Approve or reject.
    pub verdict: Verdict,
    /// Why; required on reject and when an earlier decision is reversed.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 10_000))]
    pub comment: String,
    /// The SHA the reviewer looked at. If HEAD is another one by now, the answer is 409.
    pub expected_sha: String,
    /// The target branch the reviewer saw. If the merge request is to be merged into another one by now, the answer is 409.
    /// Without it the decision counts for whichever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_target_branch: Option<String>,
    /// The state the reviewer saw; `pending` if absent. To reverse a decision, send the decided
    /// state (`approved` or `rejected`). If the check is in another state by now, the answer is 409.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_state: Option<CheckState>,
}

/// What is wrong with a [`NewDecision`] before anything is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionFault {
    /// A rejection or a reversal has no comment.
    CommentRequired,
    /// The comment is longer than [`COMMENT_MAX`].
    CommentTooLong,
    /// The comment holds a NUL character, which not every database can store.
    CommentWithNul,
    /// `expected_sha` is no whole commit SHA.
    ShaRequired,
    /// `expected_state` names a state in which nothing can be decided.
    BadExpectedState,
    /// The decision would change nothing: the check already has this verdict.
    NothingToReverse,
}

impl DecisionFault {
    /// The field the fault is about, as named in the API.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            DecisionFault::CommentRequired
            | DecisionFault::CommentTooLong
            | DecisionFault::CommentWithNul => "comment",
            DecisionFault::ShaRequired => "expected_sha",
            DecisionFault::BadExpectedState => "expected_state",
            DecisionFault::NothingToReverse => "verdict",
        }
    }
}

impl NewDecision {
    /// The rules that the browser checks before sending and the server checks again.
    ///
    /// # Errors
    /// The first fault found.
    pub fn validate(&self) -> Result<(), DecisionFault> {
        let expected = self.expected_state.unwrap_or(CheckState::Pending);
        match (expected, self.verdict) {
            (CheckState::Superseded | CheckState::Withdrawn, _) => {
                return Err(DecisionFault::BadExpectedState);
            }
            (CheckState::Approved, Verdict::Approve) | (CheckState::Rejected, Verdict::Reject) => {
                return Err(DecisionFault::NothingToReverse);
            }
            (CheckState::Pending, _)
            | (CheckState::Approved, Verdict::Reject)
            | (CheckState::Rejected, Verdict::Approve) => {}
        }
        if !is_sha(self.expected_sha.trim()) {
            return Err(DecisionFault::ShaRequired);
        }
        let reversal = expected != CheckState::Pending;
        if (self.verdict == Verdict::Reject || reversal) && is_blank(&self.comment) {
            return Err(DecisionFault::CommentRequired);
        }
        if self.comment.chars().count() > COMMENT_MAX {
            return Err(DecisionFault::CommentTooLong);
        }
        if self.comment.contains('\0') {
            return Err(DecisionFault::CommentWithNul);
        }
        Ok(())
    }
}

/// Whether nothing of a text can be seen: spaces, control characters and marks that only shape what is beside them.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|letter| letter.is_whitespace() || is_unseen(letter))
}

/// Whether a character is a control character or only shapes what is beside it.
#[must_use]
pub fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// A whole commit SHA: 40 (SHA-1) or 64 (SHA-256) hexadecimal digits.
fn is_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A decision on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decision {
    /// UUID, version 7.
    pub id: String,
    /// Approve or reject.
    pub verdict: Verdict,
    /// Why; may be empty on approve.
    pub comment: String,
    /// The SHA it was made for.
    pub sha: String,
    /// The target branch it was made for.
    pub target_branch: String,
    /// Who decided.
    pub reviewer: String,
    /// The account that decided; `null` for decisions older than accounts.
    pub account_id: Option<String>,
    /// Whether the app knows who `reviewer` is; `false` for decisions older than accounts.
    pub reviewer_verified: bool,
    /// Through what: `browser` or `token NAME`; `null` for decisions older than accounts.
    pub via: Option<String>,
    /// Whether the decision still counts: not reversed, and not voided by a new target branch.
    pub counts: bool,
    /// When, RFC 3339 UTC.
    pub decided_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(verdict: Verdict, comment: &str, expected: Option<CheckState>) -> NewDecision {
        NewDecision {
            verdict,
            comment: comment.into(),
            expected_target_branch: None,
            expected_sha: "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334".into(),
            expected_state: expected,
        }
    }

    #[test]
    fn what_cannot_be_seen_is_no_comment() {
        for comment in
            [" \t\n", "\u{200b}\u{2060}", "\u{202e}", "\u{1}\u{feff}", "\u{3164}", "\u{2800}\u{fe0f}"]
        {
            assert_eq!(
                decision(Verdict::Reject, comment, None).validate(),
                Err(DecisionFault::CommentRequired)
            );
        }
        assert_eq!(decision(Verdict::Reject, "\u{202e}no", None).validate(), Ok(()));
    }

    #[test]
    fn an_approval_needs_no_comment_and_a_rejection_does() {
        assert_eq!(decision(Verdict::Approve, "", None).validate(), Ok(()));
        assert_eq!(decision(Verdict::Reject, " \n", None).validate(), Err(DecisionFault::CommentRequired));
        assert_eq!(decision(Verdict::Reject, "no", None).validate(), Ok(()));
    }

    #[test]
    fn a_reversal_needs_a_comment_and_must_change_something() {
        let approved = Some(CheckState::Approved);
        assert_eq!(decision(Verdict::Reject, "", approved).validate(), Err(DecisionFault::CommentRequired));
        assert_eq!(decision(Verdict::Reject, "late find", approved).validate(), Ok(()));
        assert_eq!(
            decision(Verdict::Approve, "again", approved).validate(),
            Err(DecisionFault::NothingToReverse)
        );
        assert_eq!(
            decision(Verdict::Approve, "x", Some(CheckState::Superseded)).validate(),
            Err(DecisionFault::BadExpectedState)
        );
    }

    #[test]
    fn the_comment_is_bounded_and_the_commit_is_needed() {
        let mut long = decision(Verdict::Approve, &"é".repeat(COMMENT_MAX), None);
        assert_eq!(long.validate(), Ok(()));
        long.comment.push('x');
        assert_eq!(long.validate(), Err(DecisionFault::CommentTooLong));
        let mut blind = decision(Verdict::Approve, "", None);
        for part in [" ", "a1b2c3", "a1b2c3d4e5f60718293a4b5c6d7e8f900112233g"] {
            blind.expected_sha = part.into();
            assert_eq!(blind.validate(), Err(DecisionFault::ShaRequired), "{part:?}");
        }
    }
}
