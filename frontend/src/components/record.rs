//! What happened to a check: its decisions and its timeline.

use shared::{CheckDetail, Decision, Event, EventKind};

use super::card;
use super::icon::{icon, of_verdict};
use super::row::sha;
use super::time::{As, moment};
use crate::texts;
use crate::ui::{El, el, words};

/// A comment with more bytes than these may be higher than its place.
const LONG: usize = 150;

/// All decisions, the newest first.
#[must_use]
pub fn decisions(all: &[Decision]) -> El {
    if all.is_empty() {
        return words("p", texts::NO_DECISIONS).class("fine");
    }
    el("ol").class("decisions").test("decisions").children(all.iter().rev().map(decision).collect())
}

fn decision(decision: &Decision) -> El {
    let tag = |shown: bool, says: &str| shown.then(|| words("small", says).class("tag"));
    let line = el("p")
        .class("words")
        .child(words("strong", &decision.reviewer))
        .child(tag(!decision.reviewer_verified, texts::UNVERIFIED))
        .child(words("span", texts::done(decision.verdict)))
        .child(sha(&decision.sha))
        .child(moment(&decision.decided_at, As::Ago))
        .child(decision.via.as_deref().map(|via| words("span", &texts::through(via)).class("fine")))
        .child(tag(!decision.counts, texts::VOID));
    el("li")
        .class(if decision.counts { "" } else { "void" })
        .attr("data-verdict", decision.verdict.as_str())
        .child(icon(of_verdict(decision.verdict)))
        .child(el("div").child(line).child(comment(decision)))
}

fn comment(decision: &Decision) -> Option<El> {
    let says = &decision.comment;
    let place = (!says.is_empty()).then(|| words("p", says).class("comment"));
    // What can be scrolled can be reached.
    place.map(|place| if says.len() > LONG { place.attr("tabindex", "0") } else { place })
}

/// The check's events, the newest first.
#[must_use]
pub fn timeline(detail: &CheckDetail) -> El {
    let body = if detail.timeline.is_empty() {
        words("p", texts::NO_TIMELINE).class("fine")
    } else {
        // Both end with the newest, though the oldest events may be left out.
        let mut decisions = detail.decisions.iter().rev();
        let entry = |happened: &Event| {
            let decided = happened.kind == EventKind::CheckDecided;
            event(happened, decided.then(|| decisions.next()).flatten())
        };
        el("ol")
            .class("timeline")
            .test("timeline")
            .children(detail.timeline.iter().rev().map(entry).collect())
    };
    card("timeline-title", texts::TIMELINE).child(body)
}

fn event(event: &Event, decision: Option<&Decision>) -> El {
    // A reviewer's name is shown as typed.
    let by = if event.kind == EventKind::CheckDecided { texts::by } else { texts::by_actor };
    let line = el("p")
        .class("words")
        .child(words("strong", texts::event(event.kind)))
        .child(words("span", &by(&event.actor)))
        .child(moment(&event.at, As::Clock));
    let says = match decision {
        Some(decision) => el("p")
            .class("words fine")
            .child(words("span", texts::done(decision.verdict)))
            .child(sha(&decision.sha)),
        None => words("p", &event.summary).class("fine"),
    };
    el("li").attr("data-kind", event.kind.as_str()).child(line).child(says).child(decision.and_then(comment))
}
