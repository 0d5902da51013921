//! The pages: they ask for data and arrange components.

mod account;
mod acknowledge;
mod barred;
mod calls;
mod change;
mod check;
mod decide;
mod doctor;
mod history;
mod inbox;
mod missing;
mod people;
mod rules;
mod sign_in;
mod system;
mod welcome;

pub use account::account_page;
pub use barred::{barred_page, waiting_page};
pub use check::check_page;
pub use history::history_page;
pub use inbox::inbox_page;
pub use missing::missing_page;
pub use people::people_page;
pub use sign_in::sign_in_page;
pub use system::system_page;
pub use welcome::welcome_page;

use crate::ui::prelude::*;

use crate::components::button;
use crate::model::alarm;
use crate::state::{App, dom};
use crate::texts;
use crate::ui::{El, el, watch, words};

/// Names the page in the browser's tab, with the number of checks that need the person.
fn name_page(app: App, name: impl Fn() -> String + 'static) {
    watch(move || {
        let pending = app.system.with(|system| system.as_ref().map(|system| system.needs_you));
        document().set_title(&alarm::tab_title(&name(), pending));
    });
}

/// Moves the focus to the page's heading after a change of page; the first page keeps the browser's.
fn focus_heading(app: App) {
    if app.moved.get_value() {
        let mut waits = true;
        watch(move || {
            // Until then it is unseen, and what is unseen takes no focus.
            if app.settled() && std::mem::take(&mut waits) {
                dom::focus_soon("h1".into());
            }
        });
    }
    app.moved.set_value(true);
}

/// A heading that can take the focus.
fn heading(title: &str) -> El {
    words("h1", title).attr("tabindex", "-1")
}

/// A page of parts.
fn page(parts: Vec<El>) -> El {
    el("div").class("page").children(parts)
}

/// A page of one narrow column.
fn narrow(parts: Vec<El>) -> El {
    el("div").class("page narrow").children(parts)
}

/// The button in front of a list behind which new rows wait: how many, and whether there may be more.
fn pill(waiting: impl Fn() -> (usize, bool) + 'static, show: Callback<()>) -> El {
    let waiting = Memo::new(move |_| waiting());
    el("div").class("pill-place").child_fn(move || {
        let (new, more) = waiting.get();
        let pill = || button(&texts::new_rows(new, more), "pill", "new-pill").on_click(move || show.run(()));
        (new > 0 || more).then(pill)
    })
}

/// The button that asks for the next rows of a list.
fn more_button(busy: impl Fn() -> bool + Clone + 'static, more: impl Fn() + 'static) -> El {
    let off = busy.clone();
    el("button")
        .attr("type", "button")
        .class("btn")
        .test("load-more")
        .off_fn(off)
        .text_fn(move || if busy() { texts::LOADING_MORE } else { texts::LOAD_MORE }.into())
        .on_click(more)
}
