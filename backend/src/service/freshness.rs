//! Which of two sayings about a merge request is the newer one.
//!
//! GitLab's calls carry `updated_at` in whole seconds and may arrive in any order; what was read from
//! GitLab counts from the moment the reading began.

use std::cmp::Ordering;

use crate::db::merge_requests::MergeRequestRow;
use crate::domain::Time;
use crate::domain::facts::{Facts, Source};

/// How what is said stands to what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// Newer than what is known.
    Newer,
    /// Older, but it says the same of what matters.
    SameButOlder,
    /// It cannot be told, or GitLab seems to lag behind itself.
    Unclear,
}

/// Orders facts against what is known; with `insist` GitLab is believed even if it seems to lag.
pub(super) fn freshness(known: &MergeRequestRow, facts: &Facts, insist: bool, now: Time) -> Freshness {
    let request = &facts.merge_request;
    let same = request.head_sha.as_deref().unwrap_or("") == known.head_sha
        && request.state == known.state
        && request.target_branch == known.target_branch;
    let order = match (request.updated_at, known.gitlab_updated_at) {
        // Whole seconds: equal times prove nothing about the order.
        (Some(new), Some(old)) => new.whole_seconds().cmp(&old.whole_seconds()),
        (Some(_), None) => Ordering::Greater,
        (None, _) => Ordering::Less,
    };
    match facts.source {
        Source::SignedCall => match (order, same) {
            (Ordering::Greater, _) | (Ordering::Equal, true) => Freshness::Newer,
            (Ordering::Less, true) => Freshness::SameButOlder,
            (Ordering::Less | Ordering::Equal, false) => Freshness::Unclear,
        },
        Source::ReadBack => {
            let overtaken = facts.known_at.is_overtaken_by(known.facts_at, now);
            let lagging = order == Ordering::Less && !insist;
            if overtaken || lagging { Freshness::Unclear } else { Freshness::Newer }
        }
    }
}

/// Whether the texts differ from what is known, and both were said in the same second.
pub(super) fn texts_in_doubt(known: &MergeRequestRow, facts: &Facts) -> bool {
    let request = &facts.merge_request;
    let second = |time: Option<Time>| time.map(Time::whole_seconds);
    second(request.updated_at) == second(known.gitlab_updated_at)
        && (request.title != known.title || request.description != known.description)
}
