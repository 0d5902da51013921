//! A row of the inbox. It stays in place while what it says changes.

use crate::ui::prelude::*;
use shared::{CheckItem, CheckState, Verdict};

use super::button;
use super::icon::{ARROW, icon, of_tone, state_badge, tone_class};
use super::time::{As, moment};
use crate::model::text::short_sha;
use crate::model::truth::in_row;
use crate::state::nav;
use crate::texts;
use crate::ui::{El, el, words};

/// `group/project!7`.
#[must_use]
pub fn reference(item: &CheckItem) -> String {
    format!("{}!{}", item.project.path, item.merge_request.iid)
}

/// The same in two pieces: where there is no room for it, the path is cut and the number stays.
fn split_reference(item: &CheckItem) -> El {
    let number = format!("!{}", item.merge_request.iid);
    el("span").class("ref").child(words("span", &item.project.path)).child(words("span", &number))
}

/// The title, or a stand-in while GitLab has not told it.
#[must_use]
pub fn title(item: &CheckItem) -> String {
    let title = item.merge_request.title.trim();
    if title.is_empty() { texts::UNTITLED.into() } else { title.to_owned() }
}

/// The author's name, or a stand-in while GitLab has not told it.
#[must_use]
pub fn author(item: &CheckItem) -> String {
    let name = &item.merge_request.author;
    if name.is_empty() { texts::UNKNOWN_AUTHOR.into() } else { name.clone() }
}

/// Source → target.
#[must_use]
pub fn branches(item: &CheckItem) -> El {
    el("span")
        .class("branches")
        .child(words("code", &item.source_branch))
        .child(icon(ARROW))
        .child(words("span", texts::INTO).class("sr-only"))
        .child(words("code", &item.target_branch))
}

/// A commit, shortened; in full on hover.
#[must_use]
pub fn sha(full: &str) -> El {
    words("code", short_sha(full)).class("sha").attr("title", full)
}

/// One check in a list. `off` says why nothing can be decided; `decide` is run with the check as it is shown at that moment.
#[must_use]
pub fn check_row(
    item: Memo<CheckItem>,
    off: Signal<Option<String>>,
    decide: Callback<(CheckItem, Verdict)>,
) -> El {
    let first = item.get_untracked();
    let state = Memo::new(move |_| item.with(|item| item.state));
    let main = el("div")
        .class("row-main")
        .child(
            el("a").class("row-title").attr("href", &nav::check(&first.id)).text_fn(move || item.with(title)),
        )
        .child(
            el("div")
                .class("row-facts")
                .child(split_reference(&first))
                .child(words("span", &first.rule.name).class("rule"))
                .child(el("span").class("author").text_fn(move || item.with(author)))
                .child_fn(move || item.with(branches))
                .child(sha(&first.sha)),
        );
    let when = move || match state.get() {
        CheckState::Pending => item.with_untracked(|item| moment(&item.received_at, As::Waits)),
        CheckState::Approved | CheckState::Rejected | CheckState::Superseded | CheckState::Withdrawn => {
            item.with_untracked(|item| moment(&item.updated_at, As::Ago))
        }
    };
    let by = move || {
        item.with(|item| item.decided_by.as_ref().map(|name| words("span", &texts::by(name)).class("by")))
    };
    let aside = el("div")
        .class("row-aside")
        .child(el("div").class("row-when").child_fn(when).child_fn(by))
        .child_fn(move || item.with(told));
    let acts = el("div")
        .class("row-acts")
        .child_fn(move || (state.get() == CheckState::Pending).then(|| verdicts(item, off, decide)));
    el("li")
        .class("row")
        .test("check-row")
        .attr("data-check-id", &first.id)
        .attr_fn("data-state", move || Some(state.get().as_str().into()))
        .child(el("div").class("row-state").child_fn(move || state_badge(state.get())))
        .child(main)
        .child(aside)
        .child(acts)
}

fn told(item: &CheckItem) -> Option<El> {
    let (tone, what) = in_row(item)?;
    let told = el("span").class(&format!("told {}", tone_class(tone))).test("delivery-truth");
    Some(told.attr("title", &what).child(icon(of_tone(tone))).child(words("span", &what).class("told-words")))
}

/// The two buttons that open the decision dialog; `off` says why they do not.
#[must_use]
pub fn verdicts(
    item: Memo<CheckItem>,
    off: Signal<Option<String>>,
    decide: Callback<(CheckItem, Verdict)>,
) -> El {
    let one = |verdict: Verdict| {
        let label = item.with_untracked(|item| {
            texts::decide_label(texts::verb(verdict), &reference(item), short_sha(&item.sha))
        });
        button(texts::verb(verdict), &format!("btn {}", verdict.as_str()), verdict.as_str())
            .attr("aria-label", &label)
            .attr_fn("title", move || off.get())
            .flag_fn("disabled", move || off.with(Option::is_some))
            .on_click(move || decide.run((item.get_untracked(), verdict)))
    };
    el("div").class("verdicts").child(one(Verdict::Approve)).child(one(Verdict::Reject))
}
