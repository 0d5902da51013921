//! Loading, empty and error states.

use crate::ui::prelude::*;

use super::button;
use super::icon::{WARN, icon};
use crate::api::Fault;
use crate::texts;
use crate::ui::{El, el, words};

/// What failed, what still holds, and a way to try again.
#[must_use]
pub fn fault_box(what: &str, fault: &Fault, holds: bool, retry: Option<Callback<()>>) -> El {
    let message = el("p").child(words("strong", what)).text(". ").text(&fault.message());
    let message = if holds { message.text(" ").text(texts::ERR_HOLDS) } else { message };
    let request = fault
        .request_id()
        .map(|id| words("p", texts::REQUEST_ID).class("fine").text(" ").child(words("code", &id)));
    let retry = retry.map(|retry| button(texts::RETRY, "btn", "retry").on_click(move || retry.run(())));
    notice("bad", "fault", el("div").child(message).child(request)).attr("role", "alert").child(retry)
}

/// A box with a sign and a body.
#[must_use]
pub fn notice(tone: &str, testid: &str, body: El) -> El {
    el("div").class(&format!("notice {tone}")).test(testid).child(icon(WARN)).child(body.class("notice-body"))
}

/// An empty state: a heading, an explanation and perhaps a way on (address, words).
#[must_use]
pub fn empty(testid: &str, title: El, why: &str, way_on: Option<(String, &str)>) -> El {
    let why = (!why.is_empty()).then(|| words("p", why));
    let way_on = way_on.map(|(href, on)| words("a", on).class("btn").attr("href", &href));
    el("div").class("empty").test(testid).child(title).child(why).child(way_on)
}

/// The shape of what is coming. Style sheets show it only after 150 ms.
#[must_use]
pub fn skeleton(rows: usize) -> El {
    el("div")
        .class("skeleton")
        .test("skeleton")
        .child(words("span", texts::LOADING).class("sr-only"))
        .children((0..rows).map(|_| el("div").class("bone")).collect())
}
