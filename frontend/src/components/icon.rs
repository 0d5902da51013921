//! Inline SVG icons on a grid of 16. They are decoration: a word always stands beside them or names them.

use shared::{CheckState, Verdict};

use crate::model::truth::Tone;
use crate::texts;
use crate::ui::{El, el, svg};

/// An icon's outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Icon(&'static str);

/// A clock.
pub const CLOCK: Icon = Icon("M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 4.6V8l2.3 1.6");
/// A head and shoulders.
pub const PERSON: Icon = Icon("M8 2.2a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4M2.8 13.8a5.2 5.2 0 0 1 10.4 0");
/// Two stations and the way between them: a pipeline.
pub const STEPS: Icon =
    Icon("M6.5 8a2.7 2.7 0 1 0-5.4 0 2.7 2.7 0 0 0 5.4 0h3a2.7 2.7 0 1 0 5.4 0 2.7 2.7 0 0 0-5.4 0");
/// A pen.
pub const PEN: Icon = Icon("m3 13 .6-3L10.8 2.8l2.4 2.4L6 12.4ZM9 4.6 11.4 7");
/// A ribbon that marks a page.
pub const MARKED: Icon = Icon("M4 2.2h8v11.6L8 10.6l-4 3.2Z");
/// A tick in a circle.
pub const YES: Icon = Icon("M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M5.2 8.2l2 2 3.7-4.1");
/// A cross in a circle.
pub const NO: Icon = Icon("M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M5.8 5.8l4.4 4.4m0-4.4-4.4 4.4");
/// Two arrows: overtaken.
pub const OVERTAKEN: Icon = Icon("M3.5 8 8 3.5 12.5 8M3.5 12.5 8 8l4.5 4.5");
/// A bar in a circle.
pub const GONE: Icon = Icon("M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M5 8h6");
/// A triangle with an exclamation mark.
pub const WARN: Icon = Icon("M8 2.2 14.3 13.4H1.7ZM8 6.4v3.2m0 1.7v.1");
/// An arrow to the right.
pub const ARROW: Icon = Icon("M2.5 8h10.5M9.5 4.5 13 8l-3.5 3.5");
/// Two sheets.
pub const COPY: Icon = Icon("M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3");
/// A lens.
pub const SEARCH: Icon = Icon("M7 2.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6m3.5 8.3 3.3 3.3");
/// A cross.
pub const CROSS: Icon = Icon("m4 4 8 8m0-8-8 8");
/// Two arrows in a ring.
pub const AGAIN: Icon =
    Icon("M13.4 6.5A5.7 5.7 0 0 0 3.2 5M2.6 9.5A5.7 5.7 0 0 0 12.8 11M3 1.8V5h3.2M13 14.2V11H9.8");
/// An arrow that leaves a box.
pub const OUT: Icon = Icon("M9.5 2.5h4v4m0-4-6 6M11.5 9.5v4h-9v-9h4");
/// An arrow down to a line.
pub const DOWN: Icon = Icon("M8 2.5v8M4.5 7 8 10.5 11.5 7M3 13.5h10");
/// An arrow to the left.
pub const BACK: Icon = Icon("M10 3 5 8l5 5");
/// An arrow to the right, small.
pub const FORTH: Icon = Icon("m6 3 5 5-5 5");
/// A keyboard.
pub const KEYBOARD: Icon = Icon("M1.8 4h12.4v8H1.8zM4.3 6.8v.1m2.5-.1v.1m2.5-.1v.1m2.5-.1v.1M5 9.6h6");
/// A screen.
pub const SCREEN: Icon = Icon("M2 3h12v8H2zM5.5 13.5h5");
/// A sun.
pub const SUN: Icon = Icon(
    "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.4m0 11.2V15M1 8h1.4m11.2 0H15M3 3l1 1m8 8 1 1m0-10-1 1m-8 8-1 1",
);
/// A moon.
pub const MOON: Icon = Icon("M13.5 9.6A5.9 5.9 0 0 1 6.4 2.5a5.9 5.9 0 1 0 7.1 7.1");
/// An arrow head that points down.
pub const OPENS: Icon = Icon("m4.5 6.5 3.5 3.5 3.5-3.5");
/// The product's mark: a tick in a shield.
pub const MARK: Icon =
    Icon("M8 1.5 13.5 3.4V8c0 3.2-2.3 5.5-5.5 6.6C4.8 13.5 2.5 11.2 2.5 8V3.4ZM5.4 7.9l1.9 1.9 3.4-3.7");

/// Draws an icon.
#[must_use]
pub fn icon(icon: Icon) -> El {
    svg("svg")
        .class("icon")
        .attr("viewBox", "0 0 16 16")
        .attr("aria-hidden", "true")
        .child(svg("path").attr("d", icon.0))
}

/// The icon of a state.
#[must_use]
pub const fn of_state(state: CheckState) -> Icon {
    match state {
        CheckState::Pending => CLOCK,
        CheckState::Approved => YES,
        CheckState::Rejected => NO,
        CheckState::Superseded => OVERTAKEN,
        CheckState::Withdrawn => GONE,
    }
}

/// The icon of a verdict.
#[must_use]
pub const fn of_verdict(verdict: Verdict) -> Icon {
    match verdict {
        Verdict::Approve => YES,
        Verdict::Reject => NO,
    }
}

/// The icon of a sentence.
#[must_use]
pub const fn of_tone(tone: Tone) -> Icon {
    match tone {
        Tone::Good => YES,
        Tone::Plain => GONE,
        Tone::Waiting => CLOCK,
        Tone::Bad => WARN,
    }
}

/// The class of a sentence.
#[must_use]
pub const fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Plain => "plain",
        Tone::Waiting => "waiting",
        Tone::Bad => "bad",
    }
}

/// A state as icon and word.
#[must_use]
pub fn state_badge(state: CheckState) -> El {
    el("span")
        .class("state")
        .attr("data-state", state.as_str())
        .child(icon(of_state(state)))
        .text(texts::state(state))
}
