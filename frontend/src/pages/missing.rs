//! The page for addresses that lead nowhere.

use crate::components::message::empty;
use crate::state::{App, nav};
use crate::texts;
use crate::ui::El;

/// Page not found, with a way back.
#[must_use]
pub fn missing_page() -> El {
    let app = App::get();
    super::name_page(app, || texts::NOT_FOUND_TITLE.to_owned());
    super::focus_heading(app);
    let way_on = Some((nav::HOME.to_owned(), texts::GO_INBOX));
    empty("not-found", super::heading(texts::NOT_FOUND_TITLE), texts::NOT_FOUND, way_on)
}
