//! Strips above and below the pages: alarms, the sandbox, a new version, a lost connection.

use crate::ui::prelude::*;

use super::button;
use super::facts::outward;
use super::icon::{WARN, icon};
use crate::model::alarm;
use crate::model::text::safe_url;
use crate::state::live::Line;
use crate::state::{App, nav, time};
use crate::texts;
use crate::ui::{El, el, words};

/// The version this page was built from.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The strips above the page.
#[must_use]
pub fn strips(app: App) -> El {
    let system = app.system;
    let alarms = Memo::new(move |_| {
        system.with(|system| system.as_ref().map(alarm::alarms)).unwrap_or_default().join("\n")
    });
    let outdated =
        Memo::new(move |_| system.with(|system| system.as_ref().is_some_and(|now| now.version != VERSION)));
    let sandbox = Memo::new(move |_| {
        system.with(|system| {
            let system = system.as_ref().filter(|system| system.sandbox)?;
            Some(system.gitlab_url.clone().unwrap_or_default())
        })
    });
    el("section")
        .attr("aria-label", texts::NOTICES)
        .child_fn(move || outdated.get().then(new_version))
        .child_fn(move || sandbox.get().map(|url| sandbox_strip(&url)))
        .child_fn(move || alarms.with(|alarms| (!alarms.is_empty()).then(|| alarm_strip(alarms))))
}

fn new_version() -> El {
    let reload = || {
        // If the browser refuses, the reader still has its own button.
        drop(location().reload());
    };
    strip("info", "new-version")
        .attr("role", "status")
        .child(words("p", texts::NEW_VERSION))
        .child(button(texts::RELOAD, "btn", "reload").on_click(reload))
}

fn sandbox_strip(url: &str) -> El {
    let link = safe_url(url).map(|url| outward(url, texts::SANDBOX_LINK));
    strip("calm", "sandbox").child(words("p", texts::SANDBOX)).child(link)
}

fn alarm_strip(alarms: &str) -> El {
    let one = |alarm: &str| match alarm.split_once('\t') {
        Some(("", says)) => words("li", says),
        Some((at, says)) => el("li").child(words("a", says).attr("href", at)),
        None => el("li"),
    };
    strip("bad", "banner")
        .attr("role", "status")
        .child(icon(WARN))
        .child(el("ul").children(alarms.lines().map(one).collect()))
        .child(words("a", texts::ALARM_LINK).attr("href", nav::SYSTEM))
}

fn strip(tone: &str, testid: &str) -> El {
    el("div").class(&format!("strip {tone}")).test(testid)
}

/// The bar shown while live updates or the service are out of reach.
#[must_use]
pub fn offline_bar(app: App) -> El {
    let lost = Memo::new(move |_| app.line.get() == Line::Lost || !app.connected());
    let since = move || {
        let at = app.api.answered_at.get_untracked();
        let clock = time::clock(at, app.now.get_untracked());
        if at > 0.0 { format!("{} {clock}.", texts::LAST_UPDATED) } else { ".".into() }
    };
    let off = move || if app.connected() { String::new() } else { format!(" {}", texts::DECIDING_OFF) };
    el("div").class("offline-place").attr("role", "status").child_fn(move || {
        lost.get().then(|| {
            words("div", texts::LIVE_LOST)
                .class("offline-bar")
                .test("offline-bar")
                .text(&since())
                .text_fn(off)
        })
    })
}
