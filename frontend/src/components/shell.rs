//! The bar at the top of every page.

use crate::ui::prelude::*;
use shared::Session;
use web_sys::HtmlElement;

use super::icon::{self, KEYBOARD, MARK, icon};
use super::{button, tool};
use crate::model::access::role_names;
use crate::model::route::Route;
use crate::model::text::initials;
use crate::state::prefs::{self, Theme};
use crate::state::{App, Dialog, dom, nav};
use crate::texts;
use crate::ui::{El, el, words};

/// Product, pages, theme, help, and who is signed in.
#[must_use]
pub fn header(app: App, route: Memo<Route>) -> El {
    let here = Memo::new(move |_| app.who.with(|who| who.session().is_some()));
    let help = move || {
        here.get()
            .then(|| tool(KEYBOARD, texts::KEYS_HELP, "help").on_click(move || app.dialog.set(Dialog::Help)))
    };
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
        .child_fn(move || here.get().then(|| pages(app, route)))
        .child(
            el("div")
                .class("tools")
                .child(theme_button(app))
                .child_fn(help)
                .child_fn(move || app.who.with(|who| who.session().map(|session| person(app, session)))),
        )
}

/// The pages that this person may see.
fn pages(app: App, route: Memo<Route>) -> El {
    let all = [
        (texts::NAV_CHECKS, nav::HOME, Route::Inbox),
        (texts::NAV_HISTORY, nav::HISTORY, Route::History),
        (texts::NAV_PEOPLE, nav::PEOPLE, Route::People),
        (texts::NAV_SYSTEM, nav::SYSTEM, Route::System),
    ];
    let link = |(name, href, to): (&str, &str, Route)| {
        let shown = app.who.with(|who| to.needs().is_none_or(|needed| who.may(needed)));
        shown.then(|| {
            words("a", name)
                .attr("href", href)
                .attr_fn("aria-current", move || route.with(|route| *route == to).then(|| "page".into()))
        })
    };
    let links = all.into_iter().filter_map(link).collect();
    el("nav").class("pages").attr("aria-label", texts::NAV_MAIN).children(links)
}

/// The menu of the person who is signed in.
fn person(app: App, session: &Session) -> El {
    let menu = el("div").class("menu").attr("id", "person-menu").attr("popover", "").test("person-menu");
    // The browser opens and closes it, also on Escape and on a click elsewhere; a choice closes it too.
    let popover: HtmlElement = menu.as_kind();
    let leave = popover.clone();
    let close = move || {
        // It fails only when it is closed already.
        drop(popover.hide_popover());
    };
    let account = words("a", texts::NAV_ACCOUNT)
        .class("menu-item")
        .attr("href", nav::ACCOUNT)
        .test("menu-account")
        .on_click(close);
    let sign_out = button(texts::SIGN_OUT, "menu-item", "sign-out").on_click(move || {
        drop(leave.hide_popover());
        app.sign_out();
    });
    let menu = menu
        .child(
            el("div")
                .class("menu-head")
                .child(words("strong", &session.name))
                .child(words("span", &session.email).class("fine"))
                .child(words("span", &role_names(&session.roles)).class("fine")),
        )
        .child(account)
        .child(sign_out);
    let initials = initials(&session.name);
    let opener = button("", "tool person", "person")
        .attr("popovertarget", "person-menu")
        .attr("aria-label", &texts::signed_in_as(&initials, &session.name))
        .attr("title", &session.name)
        .child(words("span", &initials).class("initials"));
    el("div").class("person-place").child(opener).child(menu)
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
