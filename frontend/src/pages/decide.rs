//! The card of the check page that shows decisions and takes one.

use crate::ui::prelude::*;
use shared::{CheckItem, CheckState, Verdict};

use super::check::live;
use crate::components::icon::{FORTH, icon, state_badge};
use crate::components::row::{reference, title, verdicts};
use crate::components::{button, record};
use crate::model::decision::{Choice, choice, shown_state};
use crate::state::check::Shown;
use crate::state::{App, nav};
use crate::texts;
use crate::ui::{El, el, words};

/// The decision card.
#[must_use]
pub fn decision_card(app: App, shown: Shown) -> El {
    let detail = shown.detail;
    let state = shown.part(|now| now.item.state);
    let badge = live(shown, |now| Some(state_badge(shown_state(&now.item))));
    // As its row says it.
    let why = live(shown, |now| {
        let why = texts::reason(now.item.reason.as_ref()?)?;
        Some(words("p", &why).class("why").test("why"))
    });
    let decisions = shown.part(|now| now.decisions.clone());
    let title = words("h2", texts::DECISION_CARD).attr("id", "decision-card-title").attr("tabindex", "-1");
    el("section")
        .class("card")
        .attr("aria-labelledby", "decision-card-title")
        .child(el("div").class("card-head").child(title).child_fn(badge))
        .child_fn(why)
        .child_fn(move || decisions.with(|all| all.as_ref().map(|all| record::decisions(all))))
        .child(el("div").class("decision-bar").test("decision-bar").child_fn(move || {
            let first = detail.with_untracked(|detail| detail.as_ref().map(|now| now.item.clone()));
            Some(actions(app, shown, state.get()?, first?))
        }))
        .child_fn(move || {
            state.get().filter(|state| *state != CheckState::Pending).map(|_| next_check(app, shown))
        })
}

/// The way to the check of a newer commit. What was typed for the old one goes along.
pub fn newer(app: App, shown: Shown, id: &str, says: &str, testid: &str) -> El {
    let to = id.to_owned();
    let link = words("a", says).class("btn").test(testid).attr("href", &nav::check(id));
    link.on_click(move || shown.id.with_value(|from| app.carry_draft(from, &to)))
}

/// The way on once this check waits no more.
fn next_check(app: App, shown: Shown) -> El {
    // Drawn anew only if they lead elsewhere: whoever is about to press must not lose them.
    let successor = shown.part(|now| {
        let superseded = now.item.state == CheckState::Superseded;
        now.successor_id.clone().filter(|_| superseded).unwrap_or_default()
    });
    let newer_one = move || {
        let id = successor.get().filter(|id| !id.is_empty())?;
        Some(newer(app, shown, &id, texts::CONFLICT_NEWER, "newer-check").child(icon(FORTH)))
    };
    let next = Memo::new(move |_| {
        shown.detail.with(|detail| {
            let now = detail.as_ref()?;
            let other = now.others.iter().find(|other| other.state == CheckState::Pending);
            app.inbox.listing.with(|listing| {
                // First what else is asked of this commit, unless the listing leaves that out.
                let listed = listing.as_ref().and_then(|listing| {
                    let other = other.and_then(|other| listing.row(&other.id));
                    other.or_else(|| listing.row(listing.next_to_decide(&now.item.id)?))
                });
                listed.or(other).cloned()
            })
        })
    });
    el("div").class("next-check").child_fn(move || {
        newer_one().or_else(|| {
            next.with(|next| {
                next.as_ref().map(|next| {
                    words("a", texts::NEXT_CHECK)
                        .class("btn")
                        .test("next-check")
                        .attr("href", &nav::check(&next.id))
                        .attr("title", &(reference(next) + " · " + &title(next)))
                        .child(icon(FORTH))
                })
            })
        })
    })
}

/// What a reviewer can do now, or why there is nothing to do.
fn actions(app: App, shown: Shown, state: CheckState, first: CheckItem) -> El {
    let detail = shown.detail;
    let decided = first.verdict.is_some();
    let item = Memo::new(move |_| {
        detail.with(|detail| detail.as_ref().map_or_else(|| first.clone(), |now| now.item.clone()))
    });
    let barred = shown.part(|now| now.barred.clone().unwrap_or_default());
    let off = Signal::derive(move || app.hindrance().or_else(|| barred.get().filter(|why| !why.is_empty())));
    let decide = Callback::new(move |(item, verdict): (CheckItem, Verdict)| app.open_decision(item, verdict));
    let why = move || off.get().map(|why| words("p", &why).class("fine").test("decision-off"));
    let place = el("div").class("decision-acts");
    match choice(state) {
        Choice::Either => place.child(verdicts(item.into(), off, decide)).child_fn(why),
        Choice::Reverse(verdict) => {
            let change = button(texts::CHANGE_DECISION, "btn", "change-decision")
                .label(texts::CHANGE_DECISION, &item.with_untracked(reference))
                .attr_fn("title", move || off.get())
                .off_fn(move || off.with(Option::is_some))
                .on_click(move || decide.run((item.get_untracked(), verdict)));
            place.child(change).child_fn(why)
        }
        Choice::Nothing => {
            let why = match state {
                CheckState::Superseded => texts::WHY_NOTHING_SUPERSEDED,
                CheckState::Withdrawn if decided => texts::WHY_NOTHING_LEFT,
                CheckState::Withdrawn | CheckState::Pending | CheckState::Approved | CheckState::Rejected => {
                    texts::WHY_NOTHING_WITHDRAWN
                }
            };
            place.child(words("p", why).class("fine"))
        }
    }
}
