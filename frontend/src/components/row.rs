//! A row of the inbox. It stays in place while what it says changes.

use crate::ui::prelude::*;
use shared::{CheckItem, CheckState, Verdict};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, MouseEvent};

use super::button;
use super::icon::{ARROW, icon, of_tone, state_badge, tone_class};
use super::signs::signs;
use super::time::{As, moment};
use crate::model::decision::shown_state;
use crate::model::selection::{Pick, Selection};
use crate::model::text::short_sha;
use crate::model::truth::in_row;
use crate::state::nav;
use crate::texts;
use crate::ui::{El, el, watch, words};

/// `group/project!7`.
#[must_use]
pub fn reference(item: &CheckItem) -> String {
    format!("{}!{}", item.project.path, item.merge_request.iid)
}

/// The same in two pieces: where there is no room for it, the path is cut and the number stays.
fn split_reference(item: &CheckItem) -> El {
    let number = format!("!{}", item.merge_request.iid);
    // Cut at its front, where it begins like others; within, it runs as it always does.
    let path = el("span").child(words("bdi", &item.project.path));
    el("span").class("ref").child(path).child(words("span", &number))
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

/// Since when a check waits, or when it was decided.
#[must_use]
pub fn when(item: &CheckItem) -> El {
    match item.state {
        CheckState::Pending => moment(&item.received_at, As::Waits),
        _ => moment(item.decided_at.as_ref().unwrap_or(&item.updated_at), As::Ago),
    }
}

/// Who decided.
#[must_use]
pub fn by(item: &CheckItem) -> Option<El> {
    item.decided_by.as_ref().map(|name| words("span", &texts::by(name)).class("by"))
}

/// A commit, shortened; in full on hover.
#[must_use]
pub fn sha(full: &str) -> El {
    words("code", short_sha(full)).class("sha").attr("title", full)
}

/// What can be done with rows.
#[derive(Clone, Copy)]
pub struct RowActs {
    /// Why nothing can be decided.
    pub off: Signal<Option<String>>,
    /// Runs with the check as it is shown at that moment.
    pub decide: Callback<(CheckItem, Verdict)>,
    /// Whether rows can be selected.
    pub may_pick: Signal<bool>,
    /// What is selected.
    pub selection: RwSignal<Selection>,
    /// Selects a row, or no longer.
    pub pick: Callback<Pick>,
}

/// One check in a list.
#[must_use]
pub fn check_row(item: RwSignal<CheckItem>, acts: RowActs) -> El {
    let first = item.get_untracked();
    let state = Memo::new(move |_| item.with(|item| item.state));
    let reason = Memo::new(move |_| item.with(|item| item.reason.as_ref().and_then(texts::reason)));
    let why =
        move || reason.get().map(|why| words("span", &why).class("why").attr("title", &why).test("why"));
    // The link fills the row, so this is said wherever the pointer rests: nothing of it may be cut.
    let whole =
        move || item.with(|item| [&reference(item), " · ", &item.rule.name, " · ", &author(item)].concat());
    let link = el("a")
        .class("row-title")
        .attr("href", &nav::check(&first.id))
        .attr_fn("title", move || Some(whole()))
        .text_fn(move || item.with(title));
    let heading = el("div").class("row-head").child(link).child_fn(why);
    let main = el("div").class("row-main").child(heading).child(
        el("div")
            .class("row-facts")
            .child(split_reference(&first))
            .child(words("span", &first.rule.name))
            .child(el("span").text_fn(move || item.with(author)))
            .child_fn(move || item.with(branches))
            .child(sha(&first.sha)),
    );
    let when = move || {
        state.with(|_| ());
        item.with_untracked(when)
    };
    // One line: what GitLab was not told is worth more than the signs of the change.
    let second = move || item.with(|item| told(item).or_else(|| signs(item)));
    let aside = el("div")
        .class("row-aside")
        .child(el("div").class("row-when").child_fn(when).child_fn(move || item.with(by)))
        .child_fn(second);
    let waits = Memo::new(move |_| state.get() == CheckState::Pending);
    let buttons = el("div")
        .class("row-acts")
        .child_fn(move || waits.get().then(|| verdicts(item.into(), acts.off, acts.decide)));
    let picked = first.id.clone();
    let picked = Memo::new(move |_| acts.selection.with(|selection| selection.has(&picked)));
    let named = texts::select_row(&reference(&first), &first.rule.name);
    let id = first.id.clone();
    let pick = move || (waits.get() && acts.may_pick.get()).then(|| pick_box(&id, &named, picked, acts));
    el("div")
        .class("row")
        .test("check-row")
        .attr("data-check-id", &first.id)
        .attr_fn("data-state", move || Some(state.get().as_str().into()))
        .flag_fn("data-picked", move || picked.get())
        .child(el("div").class("row-pick").child_fn(pick))
        .child(el("div").class("row-state").child_fn(move || state_badge(item.with(shown_state))))
        .child(main)
        .child(aside)
        .child(buttons)
}

/// The box that selects a row.
fn pick_box(id: &str, name: &str, picked: Memo<bool>, acts: RowActs) -> El {
    let field = el("input").attr("type", "checkbox").attr("aria-label", name).test("pick");
    let input: HtmlInputElement = field.as_kind();
    let (turned, id) = (input.clone(), id.to_owned());
    watch(move || input.set_checked(picked.get()));
    let field = field.on("click", move |event| {
        let range = event.dyn_ref::<MouseEvent>().is_some_and(MouseEvent::shift_key);
        acts.pick.run(Pick { id: id.clone(), on: turned.checked(), range });
        // It may not have been taken.
        turned.set_checked(picked.get_untracked());
    });
    // The whole place is its target, not the small box alone.
    el("label").child(field)
}

fn told(item: &CheckItem) -> Option<El> {
    let (tone, what) = in_row(item)?;
    let told = el("span").class(&format!("told {}", tone_class(tone))).test("delivery-truth");
    Some(told.attr("title", &what).child(icon(of_tone(tone))).child(words("span", &what).class("told-words")))
}

/// The two buttons that open the decision dialog; `off` says why they do not.
#[must_use]
pub fn verdicts(
    item: Signal<CheckItem>,
    off: Signal<Option<String>>,
    decide: Callback<(CheckItem, Verdict)>,
) -> El {
    let one = |verdict: Verdict| {
        let label = item.with_untracked(|item| {
            texts::decide_label(texts::verb(verdict), &reference(item), &item.rule.name, short_sha(&item.sha))
        });
        button(texts::verb(verdict), &format!("btn {}", verdict.as_str()), verdict.as_str())
            .attr("aria-label", &label)
            .attr_fn("title", move || off.get())
            .off_fn(move || off.with(Option::is_some))
            .on_click(move || decide.run((item.get_untracked(), verdict)))
    };
    el("div").class("verdicts").child(one(Verdict::Approve)).child(one(Verdict::Reject))
}
