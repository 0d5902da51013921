//! What a check needs to be decided, line by line.

use shared::{CheckDetail, CheckState, Verdict};

use super::delivery::sentence;
use crate::model::change::counted;
use crate::model::truth::Tone;
use crate::texts;
use crate::ui::{El, el, words};

/// The policy, each line with whether it is met. One approval by any reviewer is the only policy.
#[must_use]
pub fn policy(detail: &CheckDetail) -> El {
    let (tone, rest) = match (detail.item.state, counted(detail)) {
        (_, Some(by)) => {
            let tone = if by.verdict == Verdict::Approve { Tone::Good } else { Tone::Bad };
            (tone, texts::policy_by(&by.reviewer, texts::done(by.verdict)))
        }
        (CheckState::Superseded | CheckState::Withdrawn, None) => (Tone::Plain, texts::POLICY_OVER.into()),
        (CheckState::Pending | CheckState::Approved | CheckState::Rejected, None) => {
            (Tone::Waiting, texts::POLICY_MISSING.into())
        }
    };
    let needs = words("span", texts::POLICY_NEEDS).text(&rest);
    el("div")
        .class("policy")
        .test("policy")
        .attr("role", "group")
        .attr("aria-label", texts::POLICY)
        .child(sentence(tone, needs))
        .child(sentence(Tone::Plain, words("span", texts::POLICY_AUTHOR)))
}
