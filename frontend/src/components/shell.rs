//! The bar at the top of every page.

use leptos::prelude::*;

use super::icon::{self, KEYBOARD, MARK, icon};
use crate::state::prefs::{self, Theme};
use crate::state::{App, Dialog, dom, nav};
use crate::texts;

/// Product, pages, theme and help.
#[must_use]
pub fn header(app: App, path: Memo<String>) -> AnyView {
    let here = move |address: &'static str| {
        let base = nav::base_path();
        let full = format!("{base}{}", address.trim_start_matches("./"));
        move || (path.get().trim_end_matches('/') == full.trim_end_matches('/')).then_some("page")
    };
    let skip = move |ev: leptos::ev::MouseEvent| {
        // A link to `#main` would lead to the base path, so the focus is moved by hand.
        ev.prevent_default();
        dom::focus("#main");
    };
    view! {
        <button type="button" class="skip" on:click=skip>{texts::SKIP}</button>
        <header class="top">
            <a class="brand" href=nav::HOME>
                {icon(MARK)}
                <span>{texts::PRODUCT}</span>
            </a>
            <nav class="pages" aria-label=texts::NAV_MAIN>
                <a href=nav::HOME aria-current=here(nav::HOME)>{texts::NAV_CHECKS}</a>
                <a href=nav::SYSTEM aria-current=here(nav::SYSTEM)>{texts::NAV_SYSTEM}</a>
            </nav>
            <div class="tools">
                {theme_button(app)}
                <button
                    type="button"
                    class="tool"
                    aria-label=texts::KEYS_HELP
                    title=texts::KEYS_HELP
                    data-testid="help"
                    on:click=move |_| app.dialog.set(Dialog::Help)
                >
                    {icon(KEYBOARD)}
                </button>
            </div>
        </header>
    }
    .into_any()
}

fn theme_button(app: App) -> AnyView {
    let name = move || match app.theme.get() {
        Theme::System => texts::THEME_SYSTEM,
        Theme::Light => texts::THEME_LIGHT,
        Theme::Dark => texts::THEME_DARK,
    };
    let turn = move |_| {
        let next = app.theme.get_untracked().next();
        prefs::set_theme(next);
        app.theme.set(next);
        app.say(name().into());
    };
    view! {
        <button type="button" class="tool" aria-label=name title=name data-testid="theme" on:click=turn>
            {move || icon(match app.theme.get() {
                Theme::System => icon::SCREEN,
                Theme::Light => icon::SUN,
                Theme::Dark => icon::MOON,
            })}
        </button>
    }
    .into_any()
}
