//! What a check needs to be decided, line by line.

use shared::{CheckDetail, CheckState};

use super::delivery::sentence;
use crate::model::change::counted;
use crate::model::truth::Tone;
use crate::texts;
use crate::ui::{El, el, words};

/// The policy, each line with whether it is met. One approval by any reviewer is the only policy.
#[must_use]
pub fn policy(detail: &CheckDetail) -> El {
    let (tone, rest) = match (detail.item.state, counted(detail)) {
        (CheckState::Superseded | CheckState::Withdrawn, _) => (Tone::Plain, texts::POLICY_OVER.into()),
        (state, Some(by)) => {
            let tone = if state == CheckState::Approved { Tone::Good } else { Tone::Bad };
            (tone, texts::policy_by(&by.reviewer, texts::done(by.verdict)))
        }
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
