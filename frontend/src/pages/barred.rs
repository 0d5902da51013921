//! What stands where a page would, while it is not known who is there, or when the page is not for them.

use crate::ui::prelude::*;
use shared::Permission;

use crate::components::message::{empty, fault_box, skeleton};
use crate::state::{App, nav};
use crate::texts;
use crate::ui::{El, el};

/// The page needs a permission that this person does not have.
#[must_use]
pub fn barred_page(needed: Permission) -> El {
    let app = App::get();
    super::name_page(app, || texts::BARRED_TITLE.to_owned());
    super::focus_heading(app);
    let way_on = Some((nav::HOME.to_owned(), texts::GO_INBOX));
    empty("barred", super::heading(texts::BARRED_TITLE), &texts::barred(needed), way_on)
}

/// The service is being asked who is there, or could not be.
#[must_use]
pub fn waiting_page() -> El {
    let app = App::get();
    let retry = Callback::new(move |()| app.read_session());
    el("div").child_fn(move || {
        Some(match app.who_fault.get() {
            Some(fault) => fault_box(texts::ERR_WHO, &fault, false, Some(retry)),
            None => skeleton(4),
        })
    })
}
