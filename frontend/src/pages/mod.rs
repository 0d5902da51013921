//! The pages: they ask for data and arrange components.

mod check;
mod inbox;
mod missing;
mod system;

pub use check::check_page;
pub use inbox::inbox_page;
pub use missing::missing_page;
pub use system::system_page;

use leptos::prelude::*;

use crate::model::alarm;
use crate::state::{App, dom};

/// Names the page in the browser's tab, with the number of waiting checks.
fn name_page(app: App, name: Signal<String>) {
    Effect::new(move |_| {
        let pending = app.system.with(|system| system.as_ref().map(|system| system.pending_checks));
        document().set_title(&alarm::tab_title(&name.get(), pending));
    });
}

/// Moves the focus to the page's heading after a change of page; the first page keeps the browser's.
fn focus_heading(app: App) {
    if app.moved.get_value() {
        dom::focus_soon("h1".into());
    }
    app.moved.set_value(true);
}
