//! Pieces of pages: data in, callbacks out; none of them fetches.

pub mod banner;
pub mod bulk;
pub mod deciding;
pub mod delivery;
pub mod dialog;
pub mod diff;
pub mod facts;
pub mod form;
pub mod help;
pub mod html;
pub mod icon;
pub mod list_head;
pub mod message;
pub mod modal;
pub mod policy;
pub mod record;
pub mod row;
pub mod saved;
pub mod shell;
pub mod signs;
pub mod time;
pub mod toolbar;

use crate::ui::{El, el, words};

/// A button with words on it.
#[must_use]
pub fn button(on_it: &str, class: &str, testid: &str) -> El {
    words("button", on_it).attr("type", "button").class(class).test(testid)
}

/// A button with an icon on it; its name is read aloud and shown on hover.
#[must_use]
pub fn tool(shape: icon::Icon, name: &str, testid: &str) -> El {
    named(el("button").attr("type", "button").class("tool"), name).test(testid).child(icon::icon(shape))
}

/// Names an element that has no words.
#[must_use]
pub fn named(element: El, name: &str) -> El {
    element.attr("aria-label", name).attr("title", name)
}

/// A framed part of a page with a heading.
#[must_use]
pub fn card(id: &str, title: &str) -> El {
    el("section").class("card").attr("aria-labelledby", id).child(words("h2", title).attr("id", id))
}

/// A term and what it says.
#[must_use]
pub fn term(name: &str, says: El) -> El {
    el("div").child(words("dt", name)).child(says)
}

/// A part of a page with a heading and no frame.
#[must_use]
pub fn named_section(id: &str, title: &str) -> El {
    el("section").class("part").attr("aria-labelledby", id).child(words("h2", title).attr("id", id))
}
