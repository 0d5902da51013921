//! The list of keys, and the switch that turns single keys off.

use shared::Permission;
use web_sys::HtmlInputElement;

use super::modal::modal;
use crate::state::{App, Dialog, prefs};
use crate::texts;
use crate::ui::{El, el, words};

/// Keys that do something for everybody.
const KEYS: [(&str, &str); 12] = [
    ("j k", texts::HELP_MOVE),
    ("Enter", texts::HELP_OPEN),
    ("x", texts::HELP_SELECT),
    ("a r", texts::HELP_DECIDE),
    ("Ctrl+Enter", texts::HELP_SEND),
    ("/", texts::HELP_SEARCH),
    ("[ ]", texts::HELP_NEIGHBOUR),
    ("n p", texts::HELP_FILES),
    ("g i", texts::HELP_GO),
    ("g s", texts::HELP_GO_SYSTEM),
    ("Esc", texts::HELP_BACK),
    ("?", texts::HELP_HELP),
];

/// Keys that lead to pages which not everybody may see.
const PAGES: [(Permission, &str, &str); 2] = [
    (Permission::AuditRead, "g h", texts::HELP_GO_HISTORY),
    (Permission::Admin, "g p", texts::HELP_GO_PEOPLE),
];

/// The help dialog.
#[must_use]
pub fn help(app: App) -> El {
    let may = |permission| app.who.with_untracked(|who| who.may(permission));
    let pages = PAGES.into_iter().filter(|(needed, ..)| may(*needed)).map(|(_, keys, what)| (keys, what));
    let rows = KEYS.into_iter().chain(pages).map(|(keys, what)| {
        let keys = keys.split(' ').map(|key| words("kbd", key)).collect();
        el("div").child(words("dt", what)).child(el("dd").children(keys))
    });
    let closed = move || app.dialog.set(Dialog::Closed);
    modal(texts::KEYS_HELP, "help-dialog", closed, |_| {
        vec![
            el("dl").class("keys").children(rows.collect()),
            el("label").class("switch").child(keys_switch(app)).text(texts::HELP_SWITCH),
        ]
    })
}

fn keys_switch(app: App) -> El {
    let field = el("input").attr("type", "checkbox").test("keys-switch");
    let input: HtmlInputElement = field.as_kind();
    input.set_checked(app.keys.get_untracked());
    field.on("change", move |_| {
        prefs::set_keys(input.checked());
        app.keys.set(input.checked());
    })
}
