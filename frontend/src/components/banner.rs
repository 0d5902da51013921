//! Strips above and below the pages: alarms, the sandbox, a new version, a lost connection.

use leptos::prelude::*;

use super::icon::{OUT, WARN, icon};
use crate::model::alarm;
use crate::model::text::safe_url;
use crate::state::live::Line;
use crate::state::{App, nav, time};
use crate::texts;

/// The version this page was built from.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The strips above the page.
#[must_use]
pub fn strips(app: App) -> AnyView {
    let alarms =
        Memo::new(move |_| app.system.with(|system| system.as_ref().map(alarm::alarms)).unwrap_or_default());
    let outdated = Memo::new(move |_| {
        app.system.with(|system| system.as_ref().is_some_and(|system| system.version != VERSION))
    });
    let sandbox = Memo::new(move |_| {
        app.system.with(|system| {
            let system = system.as_ref().filter(|system| system.sandbox)?;
            Some(system.gitlab_url.clone().unwrap_or_default())
        })
    });
    view! {
        <div class="strips">
            {move || outdated.get().then(new_version)}
            {move || sandbox.get().map(|url| sandbox_strip(&url))}
            {move || {
                let alarms = alarms.get();
                (!alarms.is_empty()).then(|| alarm_strip(alarms))
            }}
        </div>
    }
    .into_any()
}

fn new_version() -> AnyView {
    let reload = |_| {
        // If the browser refuses, the reader still has its own button.
        drop(location().reload());
    };
    view! {
        <div class="strip info" role="status" data-testid="new-version">
            <p>{texts::NEW_VERSION}</p>
            <button type="button" class="btn" on:click=reload>{texts::RELOAD}</button>
        </div>
    }
    .into_any()
}

fn sandbox_strip(url: &str) -> AnyView {
    let link = safe_url(url).map(|url| {
        view! {
            <a href=url.to_owned() rel="external noopener noreferrer" target="_blank">
                {texts::SANDBOX_LINK}
                {icon(OUT)}
            </a>
        }
    });
    view! {
        <div class="strip calm" data-testid="sandbox">
            <p>{texts::SANDBOX} " " {link}</p>
        </div>
    }
    .into_any()
}

fn alarm_strip(alarms: Vec<String>) -> AnyView {
    let said: Vec<_> = alarms.into_iter().map(|words| view! { <li>{words}</li> }).collect();
    view! {
        <div class="strip bad" role="status" data-testid="banner">
            {icon(WARN)}
            <ul>{said}</ul>
            <a href=nav::SYSTEM>{texts::ALARM_LINK}</a>
        </div>
    }
    .into_any()
}

/// The bar shown while live updates or the service are out of reach.
#[must_use]
pub fn offline_bar(app: App) -> AnyView {
    let can_decide = app.can_decide();
    let lost = Memo::new(move |_| app.line.get() == Line::Lost || !can_decide.get());
    view! {
        <div class="offline-place" role="status">
            {move || lost.get().then(|| {
                let at = app.api.answered_at.get_untracked();
                let since = (at > 0.0)
                    .then(|| format!("{} {}", texts::LAST_UPDATED, time::clock(at, app.now.get_untracked())));
                view! {
                    <div class="offline-bar" data-testid="offline-bar">
                        {texts::LIVE_LOST}
                        {since}
                        "."
                        {move || (!can_decide.get()).then(|| format!(" {}", texts::DECIDING_OFF))}
                    </div>
                }
            })}
        </div>
    }
    .into_any()
}
