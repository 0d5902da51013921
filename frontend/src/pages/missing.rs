//! The page for addresses that lead nowhere.

use leptos::prelude::*;

use crate::state::{App, nav};
use crate::texts;

/// Page not found, with a way back.
#[must_use]
pub fn missing_page() -> AnyView {
    let app = App::get();
    super::name_page(app, Signal::derive(|| texts::NOT_FOUND_TITLE.to_owned()));
    super::focus_heading(app);
    view! {
        <div class="empty" data-testid="not-found">
            <h1 tabindex="-1">{texts::NOT_FOUND_TITLE}</h1>
            <p>{texts::NOT_FOUND}</p>
            <a class="btn" href=nav::HOME>{texts::GO_INBOX}</a>
        </div>
    }
    .into_any()
}
