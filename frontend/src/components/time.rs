//! Moments: relative or as clock time, in full on hover.

use crate::model::age::{self, Age};
use crate::state::{App, time};
use crate::texts;
use crate::ui::{El, el};

/// How a moment is worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// "4 min ago".
    Ago,
    /// "waits 4 min".
    Waits,
    /// "10:42".
    Clock,
    /// "in 40 s".
    Until,
    /// "31 Jan 2026".
    Day,
}

/// A moment, RFC 3339 UTC, that stays true while the page is open.
#[must_use]
pub fn moment(at: &str, worded: As) -> El {
    let now = App::get().now;
    let ms = time::ms(at);
    el("time").attr("datetime", at).attr("title", &time::full(ms)).text_fn(move || {
        let now = now.get();
        match worded {
            As::Ago => texts::ago(Age::of(now - ms)),
            As::Waits => texts::waits(Age::of(now - ms)),
            As::Clock => time::clock(ms, now),
            As::Until => age::until(ms - now),
            As::Day => time::date(ms),
        }
    })
}
