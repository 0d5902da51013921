//! The bar at the top of every page.

use leptos::prelude::*;

use super::icon::{self, KEYBOARD, MARK, icon};
use super::{button, tool};
use crate::model::route::Route;
use crate::state::prefs::{self, Theme};
use crate::state::{App, Dialog, dom, nav};
use crate::texts;
use crate::ui::{El, el, words};

/// Product, pages, theme and help.
#[must_use]
pub fn header(app: App, route: Memo<Route>) -> El {
    let page = move |words_on_it: &str, href: &str, to: Route| {
        words("a", words_on_it)
            .attr("href", href)
            .attr_fn("aria-current", move || route.with(|route| *route == to).then(|| "page".into()))
    };
    let help = tool(KEYBOARD, texts::KEYS_HELP, "help").on_click(move || app.dialog.set(Dialog::Help));
    el("header")
        .class("top")
        // A link to `#main` would lead to the base path, so the focus is moved by hand.
        .child(button(texts::SKIP, "skip", "skip").on_click(|| {
            dom::focus("#main");
        }))
        .child(
            el("a")
                .class("brand")
                .attr("href", nav::HOME)
                .child(icon(MARK))
                .child(words("span", texts::PRODUCT)),
        )
        .child(
            el("nav")
                .class("pages")
                .attr("aria-label", texts::NAV_MAIN)
                .child(page(texts::NAV_CHECKS, nav::HOME, Route::Inbox))
                .child(page(texts::NAV_SYSTEM, nav::SYSTEM, Route::System)),
        )
        .child(el("div").class("tools").child(theme_button(app)).child(help))
}

fn theme_button(app: App) -> El {
    let name = move || match app.theme.get() {
        Theme::System => texts::THEME_SYSTEM,
        Theme::Light => texts::THEME_LIGHT,
        Theme::Dark => texts::THEME_DARK,
    };
    let shape = move || {
        icon(match app.theme.get() {
            Theme::System => icon::SCREEN,
            Theme::Light => icon::SUN,
            Theme::Dark => icon::MOON,
        })
    };
    let turn = move || {
        let next = app.theme.get_untracked().next();
        prefs::set_theme(next);
        app.theme.set(next);
        app.say(untrack(name).into());
    };
    el("button")
        .attr("type", "button")
        .class("tool")
        .test("theme")
        .attr_fn("aria-label", move || Some(name().into()))
        .attr_fn("title", move || Some(name().into()))
        .child_fn(shape)
        .on_click(turn)
}
