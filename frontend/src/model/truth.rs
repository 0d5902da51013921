//! What GitLab was told and what GitLab shows, in plain words.
//!
//! GitLab's own rule must be explained again and again: a check that nobody answers within two minutes
//! is shown as `failed`, which looks like a rejection and is none.

use shared::{CheckDetail, CheckItem, CheckState, Delivery, DeliveryState, GitLabStatus};

use crate::texts;

/// How grave a sentence is; shown as colour and icon, and the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Nothing to do, merely so.
    Plain,
    /// Under way or unclear.
    Waiting,
    /// Needs a person.
    Bad,
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words.
    Text(String),
    /// A word of GitLab's, set off.
    Status(GitLabStatus),
    /// A moment, RFC 3339 UTC, shown in the reader's zone.
    At(String),
    /// A moment ahead, RFC 3339 UTC, shown as "in 40 s".
    Until(String),
}

/// One sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How grave it is.
    pub tone: Tone,
    /// Its pieces, in order.
    pub parts: Vec<Part>,
}

/// What GitLab showed when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the merge request widget shows.
    pub status: GitLabStatus,
    /// When it was read, RFC 3339 UTC.
    pub at: Option<String>,
}

fn text(words: impl Into<String>) -> Part {
    Part::Text(words.into())
}

/// What GitLab answers when the commit is no longer the newest.
const MOVED_ON: i64 = 409;

/// The last reading the check came with.
#[must_use]
pub fn known_reading(detail: &CheckDetail) -> Option<Reading> {
    detail.gitlab_status.map(|status| Reading { status, at: detail.gitlab_status_at.clone() })
}

/// The truth about a check's delivery: what was told, then what is shown.
#[must_use]
pub fn lines(detail: &CheckDetail, reading: Option<&Reading>) -> Vec<Line> {
    let last = detail.deliveries.last();
    let closed = matches!(detail.item.state, CheckState::Superseded | CheckState::Withdrawn);
    let mut lines = vec![told(last, closed)];
    if let (Some(reading), false) = (reading, closed) {
        lines.push(shown(detail, last, reading));
    }
    lines
}

fn told(last: Option<&Delivery>, closed: bool) -> Line {
    let Some(delivery) = last else {
        let words = if closed { texts::TOLD_NEVER } else { texts::TOLD_NOTHING };
        return Line { tone: Tone::Plain, parts: vec![text(words)] };
    };
    let status = Part::Status(delivery.status);
    let error = delivery.last_error.as_deref().map(texts::because).unwrap_or_default();
    let (tone, parts) = match delivery.state {
        DeliveryState::Delivered => {
            let mut parts = vec![text(texts::WAS_TOLD), status];
            if let Some(at) = &delivery.delivered_at {
                parts.extend([text(texts::AT), Part::At(at.clone())]);
            }
            (Tone::Good, parts)
        }
        DeliveryState::Pending => {
            let mut parts = vec![text(texts::WAITING_TO_TELL), status];
            if delivery.attempts > 0 {
                parts.push(text(texts::attempt(delivery.attempts + 1)));
                if let Some(due) = &delivery.due_at {
                    parts.extend([text(texts::NEXT_TRY), Part::Until(due.clone())]);
                }
                parts.push(text(error));
            }
            (Tone::Waiting, parts)
        }
        DeliveryState::Failed => {
            let parts = vec![text(texts::COULD_NOT_TELL), status, text(error), text(texts::UNTIL_RETRY)];
            (Tone::Bad, parts)
        }
        DeliveryState::Obsolete => {
            let refused = delivery.log.last().is_some_and(|tried| tried.http_status == Some(MOVED_ON));
            let rest = if refused {
                texts::MOVED_ON.into()
            } else if delivery.attempts > 0 {
                format!("{}{error}{}", texts::NOT_ACCEPTED, texts::OVERTAKEN_SINCE)
            } else {
                texts::OVERTAKEN.into()
            };
            (Tone::Plain, vec![text(texts::THE_ANSWER), status, text(rest)])
        }
    };
    Line { tone, parts: ended(parts) }
}

fn shown(detail: &CheckDetail, last: Option<&Delivery>, reading: &Reading) -> Line {
    let says = |tone, rest: &str| {
        let mut parts = vec![text(texts::SHOWS), Part::Status(reading.status)];
        if let Some(at) = &reading.at {
            parts.extend([text(texts::READ_AT), Part::At(at.clone()), text(")")]);
        }
        parts.push(text(rest));
        Line { tone, parts }
    };
    let delivered = last.filter(|delivery| delivery.state == DeliveryState::Delivered);
    // RFC 3339 UTC of one length sorts as text.
    let before = |told: &Delivery| reading.at.is_some() && reading.at < told.delivered_at;
    let undecided = detail.item.state == CheckState::Pending;
    match (delivered, reading.status) {
        (_, GitLabStatus::Passed) if undecided => says(Tone::Bad, texts::SHOWS_UNDECIDED_PASS),
        (_, GitLabStatus::Failed) if undecided => says(Tone::Waiting, texts::SHOWS_TIMED_OUT),
        (_, GitLabStatus::Pending) if undecided => says(Tone::Plain, texts::SHOWS_PENDING),
        (Some(told), shown) if told.status == shown => says(Tone::Good, "."),
        (Some(told), _) if before(told) => says(Tone::Waiting, texts::SHOWED_BEFORE),
        (Some(_), _) => says(Tone::Bad, texts::SHOWS_OTHER),
        (None, _) => says(Tone::Waiting, texts::SHOWS_NOT_YET),
    }
}

/// Ends a sentence with a full stop unless its last words have one.
fn ended(mut parts: Vec<Part>) -> Vec<Part> {
    let done = matches!(parts.last(), Some(Part::Text(words)) if words.ends_with('.'));
    if !done {
        parts.push(text("."));
    }
    parts
}

/// What a row says about delivery: nothing when GitLab was told.
#[must_use]
pub fn in_row(item: &CheckItem) -> Option<(Tone, String)> {
    let delivery = item.delivery.as_ref()?;
    match delivery.state {
        DeliveryState::Delivered | DeliveryState::Obsolete => None,
        DeliveryState::Pending => {
            Some((Tone::Waiting, texts::row_waiting(delivery.attempts, delivery.last_error.as_deref())))
        }
        DeliveryState::Failed => Some((Tone::Bad, texts::row_failed(delivery.last_error.as_deref()))),
    }
}

#[cfg(test)]
#[path = "truth_tests.rs"]
mod tests;
