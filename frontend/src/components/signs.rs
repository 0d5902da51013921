//! The signs of a change in a row: its pipeline, its approvals in GitLab, its size.

use shared::ChangeSummary;

use super::icon::{CLOCK, GONE, Icon, NO, PERSON, YES, icon};
use crate::texts;
use crate::ui::{El, el, words};

/// The signs in one line; `None` if nothing is known.
#[must_use]
pub fn signs(change: &ChangeSummary) -> El {
    let hidden = |says: &str| words("span", says).class("sr-only");
    let pipeline = change.pipeline.as_deref().map(|status| {
        let (shape, tone) = of_pipeline(status);
        el("span")
            .class(&format!("fact {tone}"))
            .child(hidden(texts::PIPELINE))
            .child(icon(shape))
            .child(words("span", &texts::pipeline(status)))
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
    el("span").class("signs").test("signs").child(pipeline).child(approvals).child(lines)
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
