//! The few things done to the document directly: focus, scrolling, finding rows.

use crate::ui::prelude::*;
use js_sys::futures::JsFuture;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// The link in a row that takes the focus.
const ROW: &str = "[data-testid=check-row]";

/// The first element that matches.
#[must_use]
pub fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten().and_then(|found| found.dyn_into().ok())
}

/// Focuses the first element that matches; tells whether there is one.
pub fn focus(selector: &str) -> bool {
    find(selector).is_some_and(|element| element.focus().is_ok())
}

/// Focuses after the views have settled.
pub fn focus_soon(selector: String) {
    request_animation_frame(move || {
        focus(&selector);
    });
}

/// Focuses the first element that matches if a dialog had no place to give the focus back to.
pub fn rescue_focus(selector: String) {
    request_animation_frame(move || {
        let lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
        if lost {
            focus(&selector);
        }
    });
}

/// Selects the row of a check.
#[must_use]
pub fn row(id: &str) -> String {
    // Ids are UUIDs; anything that could leave the quotes is cut.
    let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("{ROW}[data-check-id=\"{id}\"]")
}

/// Focuses a row's link; tells whether the row is there.
pub fn focus_row(id: &str) -> bool {
    focus(&format!("{} .row-title", row(id)))
}

/// The id of the row that holds the focus.
#[must_use]
pub fn focused_row() -> Option<String> {
    document().active_element()?.closest(ROW).ok().flatten()?.get_attribute("data-check-id")
}

/// Focuses a row that has just come, unless somebody types elsewhere by now.
pub fn focus_new_row(id: String) {
    request_animation_frame(move || {
        if find("input:focus").is_none() {
            focus_row(&id);
        }
    });
}

/// Moves the focus among the rows, from `current` if the focus is elsewhere. Tells whether there was a row to go to.
pub fn move_row(forward: bool, current: Option<String>) -> bool {
    let Ok(rows) = document().query_selector_all(ROW) else { return false };
    let ids: Vec<String> = (0..rows.length())
        .filter_map(|at| rows.item(at)?.dyn_into::<Element>().ok()?.get_attribute("data-check-id"))
        .collect();
    let from = focused_row().or(current).and_then(|id| ids.iter().position(|known| *known == id));
    let to = match from {
        None => 0,
        Some(at) if forward => at + 1,
        Some(at) => at.saturating_sub(1),
    };
    let to = ids.get(to);
    if let Some(id) = to.or(ids.last()) {
        focus_row(id);
    }
    // Where there are no rows, none is missing.
    to.is_some() || ids.is_empty()
}

/// Moves the focus among the heads of the changed files, from the one that holds it.
pub fn move_file(forward: bool) {
    let Ok(heads) = document().query_selector_all(".file-toggle") else { return };
    let active = document().active_element().and_then(|active| active.closest(".file").ok().flatten());
    let heads = (0..heads.length()).filter_map(|at| heads.item(at)?.dyn_into::<HtmlElement>().ok());
    let at = |head: &HtmlElement| active.as_ref().is_some_and(|file| file.contains(Some(head)));
    let heads: Vec<HtmlElement> = heads.collect();
    let to = match heads.iter().position(at) {
        None => 0,
        Some(at) if forward => at + 1,
        Some(at) => at.wrapping_sub(1),
    };
    if let Some(head) = heads.get(to) {
        // Under the sticky head of the file before it, the browser would take it for visible.
        if let Some(file) = head.closest(".file").ok().flatten() {
            file.scroll_into_view();
        }
        drop(head.focus());
    }
}

/// Whether a key press belongs to what has the focus: a text field, a choice, an open dialog. A box to tick takes no
/// letters.
#[must_use]
pub fn is_typing(event: &web_sys::Event) -> bool {
    let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return false;
    };
    element
        .closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]")
        .ok()
        .flatten()
        .is_some()
}

/// Writes to the clipboard, then tells whether the browser allowed it. Browsers offer it on https and
/// localhost only.
pub fn copy(text: &str, done: impl FnOnce(bool) + 'static) {
    let done: Box<dyn FnOnce(bool)> = Box::new(done);
    if !window().is_secure_context() {
        return done(false);
    }
    let written = window().navigator().clipboard().write_text(text);
    spawn_local(async move { done(JsFuture::from(written).await.is_ok()) });
}
