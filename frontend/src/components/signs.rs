//! The signs of a change in a row: what became of it, its pipeline, its approvals in GitLab, its size.

use shared::{CheckItem, CheckState};

use super::icon::{CLOCK, GONE, Icon, NO, PERSON, STEPS, YES, icon};
use crate::texts;
use crate::ui::{El, el, words};

/// The signs in one line; `None` if nothing is known.
#[must_use]
pub fn signs(item: &CheckItem) -> Option<El> {
    let fate = texts::fate(item);
    let known = fate.is_some();
    let line = el("span").class("signs").test("signs");
    let line = line.child(fate.map(|fate| words("span", fate).class("fact")));
    let Some(change) = &item.change else { return known.then_some(line) };
    let waits = item.state == CheckState::Pending;
    let hidden = |says: &str| words("span", says).class("sr-only");
    let pipeline = change.pipeline.as_deref().map(|status| {
        let (shape, tone) = of_pipeline(status);
        let says = texts::pipeline(status);
        let sign = el("span")
            .class(&format!("fact {tone}"))
            .attr("title", &[texts::PIPELINE, " ", &says].concat())
            .child(hidden(texts::PIPELINE))
            .child(icon(STEPS));
        // Beside a decision the word alone could be taken for what GitLab was told.
        if waits { sign.child(words("span", &says)) } else { sign.child(icon(shape)).child(hidden(&says)) }
    });
    let approvals = texts::approvals(change).map(|says| {
        let enough = change.approvals_given >= change.approvals_required;
        el("span")
            .class(if enough { "fact good" } else { "fact" })
            .attr("title", texts::APPROVALS)
            .child(icon(PERSON))
            .child(words("span", &says))
            .child(hidden(texts::APPROVALS))
    });
    let lines = el("span")
        .class("fact")
        .child(words("span", &format!("+{}", change.additions)).class("good"))
        .child(words("span", &format!("−{}", change.deletions)).class("bad"))
        .child(hidden(texts::LINES_CHANGED));
    Some(line.child(pipeline).child(approvals).child(lines))
}

/// The icon and the tone of a pipeline's state.
fn of_pipeline(status: &str) -> (Icon, &'static str) {
    match status {
        "success" => (YES, "good"),
        "failed" => (NO, "bad"),
        "canceled" | "canceling" | "skipped" | "manual" => (GONE, ""),
        _ => (CLOCK, "waiting"),
    }
}
