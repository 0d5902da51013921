//! The change on the check page: what a person without an account in GitLab has to see of it to judge it.

mod about;
mod file;
mod files;

use std::rc::Rc;

use shared::Change;

use crate::components::icon::{AGAIN, icon};
use crate::components::message::{fault_box, notice, skeleton};
use crate::components::time::{As, moment};
use crate::components::{button, card, facts, html, named};
use crate::state::change::{Seen, Told};
use crate::state::check::Shown;
use crate::texts;
use crate::ui::prelude::*;
use crate::ui::{El, el, words};

/// The sections, as far as they are known.
#[must_use]
pub fn change(shown: Shown, seen: Seen) -> El {
    let known = Memo::new(move |_| seen.change.with(Option::is_some));
    let failed = Memo::new(move |_| seen.fault.with(Option::is_some));
    let with = move |part: Told, draw: fn(Seen, &Rc<Change>) -> El| {
        move || part.with(|change| change.as_ref().map(|change| draw(seen, change)))
    };
    // Without the change there is still the description as the check has it: as text.
    let plain = shown.part(|now| now.description.clone());
    let plain = move || {
        let text = plain.get().filter(|_| failed.get() && !known.get())?;
        Some(facts::description(&text))
    };
    let fault = move || {
        let retry = Callback::new(move |()| seen.load(true));
        seen.fault.get().map(|fault| fault_box(texts::ERR_CHANGE, &fault, known.get(), Some(retry)))
    };
    el("div")
        .class("change")
        .test("change")
        .child(el("div").class("gap").child_fn(fault).child_fn(with(seen.reading, stale)))
        .child_fn(move || (!known.get() && !failed.get()).then(|| skeleton(4)))
        .child_fn(plain)
        .child_fn(with(seen.said, description))
        .child_fn(move || known.get().then(|| untrack(|| about::about(seen))))
        .child(files::files(seen))
}

/// Says so if what is here is what the service kept.
fn stale(seen: Seen, change: &Rc<Change>) -> El {
    let place = el("div");
    match &change.stale {
        Some(why) => {
            let says =
                words("p", texts::STALE_FROM).child(moment(&change.read_at, As::Clock)).text(". ").text(why);
            place.child(
                notice("waiting", "stale-change", el("div").child(says)).attr("role", "status").child(
                    button(texts::RETRY, "btn", "change-retry")
                        .off_fn(move || seen.busy.get())
                        .on_click(move || seen.load(true)),
                ),
            )
        }
        None => place,
    }
}

/// The description with its form, the labels, and how old all of this is.
fn description(seen: Seen, change: &Rc<Change>) -> El {
    let again = named(el("button").attr("type", "button").class("tool small"), texts::READ_AGAIN)
        .test("read-again")
        .off_fn(move || seen.busy.get())
        .child(icon(AGAIN))
        .on_click(move || seen.load(true));
    let age = el("span").class("fine").text(texts::READ_FROM_GITLAB).text(" ").child_fn(move || {
        seen.reading.with(|change| change.as_ref().map(|change| moment(&change.read_at, As::Ago)))
    });
    let text = if change.description_html.trim().is_empty() {
        words("p", texts::NO_DESCRIPTION).class("fine")
    } else {
        html::cleaned(&change.description_html).test("description")
    };
    let labels = (!change.labels.is_empty()).then(|| {
        el("ul")
            .class("words")
            .test("labels")
            .attr("aria-label", texts::LABELS)
            .children(change.labels.iter().map(|label| words("li", label).class("tag")).collect())
    });
    card("description-title", texts::DESCRIPTION)
        .child(el("div").class("read").child(age).child(again))
        .child(text)
        .child(labels)
}
