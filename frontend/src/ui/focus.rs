//! Where the focus goes when what holds it goes. Left to itself it falls back to the document, and keyboard and screen
//! reader users begin again at the top of the page.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement, Node};

/// What can take the focus.
const FOCUSABLE: &str = "a[href], button, input, select, textarea, summary, [tabindex]";

/// What held the focus: which of the focusable elements there, and what is written on it.
pub(super) struct Held {
    nth: usize,
    name: String,
}

/// The elements in and under one that can take the focus, in order.
fn places(root: &Element) -> Vec<HtmlElement> {
    let itself = root.matches(FOCUSABLE).unwrap_or_default().then(|| root.clone());
    let under = root.query_selector_all(FOCUSABLE).ok();
    let under = under.iter().flat_map(|all| (0..all.length()).filter_map(|at| all.item(at)));
    itself.into_iter().chain(under.map(JsCast::unchecked_into)).map(JsCast::unchecked_into).collect()
}

/// What is written on an element, and whose it is among others that say the same.
fn name(of: &Element) -> String {
    let key = of.closest("[data-key]").ok().flatten().and_then(|row| row.get_attribute("data-key"));
    let says = of.get_attribute("aria-label").or_else(|| of.text_content());
    key.unwrap_or_default() + &says.unwrap_or_default()
}

/// What holds the focus there; `None` if it is elsewhere. A dialog gives it back by itself.
pub(super) fn held(old: &Element) -> Option<Held> {
    if old.tag_name() == "DIALOG" {
        return None;
    }
    let active = document().active_element().filter(|active| old.contains(Some(active)))?;
    let nth = places(old).iter().position(|place| **place == active).unwrap_or_default();
    Some(Held { nth, name: name(&active) })
}

/// Hands the focus on to the same of what came instead: what is written as it was, else what has its place; or back to
/// what is before it. A page moves the focus by itself.
pub(super) fn hand_on(held: &Held, next: Option<&Element>, place: &Node) {
    if next.is_some_and(|next| next.query_selector("h1").is_ok_and(|heading| heading.is_some())) {
        return;
    }
    let inside = next.map(places).unwrap_or_default();
    let is = |heir: &HtmlElement| name(heir) == held.name;
    let at = match inside.get(held.nth) {
        Some(heir) if is(heir) => None,
        _ => inside.iter().position(is),
    };
    let mut heirs = document().body().as_deref().map(places).unwrap_or_default();
    heirs.retain(|one| one.compare_document_position(place) & Node::DOCUMENT_POSITION_FOLLOWING != 0);
    heirs.extend(inside.into_iter().take(at.unwrap_or(held.nth) + 1));
    let stay = FocusOptions::new();
    stay.set_prevent_scroll(true);
    // What is folded away or hidden cannot take it, and leaves it where it is.
    while let Some(heir) = heirs.pop() {
        if heir.focus_with_options(&stay).is_ok() && document().active_element().as_ref() == Some(&heir) {
            return;
        }
    }
}
