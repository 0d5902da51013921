//! Single-key shortcuts. They move, open and search; none of them decides.

use crate::ui::prelude::*;
use shared::{CheckItem, CheckState, Permission, Verdict};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use super::{App, Dialog, dom, nav};
use crate::model::decision::{Choice, choice};
use crate::model::listing::neighbour;

/// How long `g` waits for its second key, in milliseconds.
const CHORD: f64 = 1_000.0;

/// Listens to the keyboard for as long as the page lives.
pub fn listen(app: App) {
    let chord = StoredValue::new(0.0_f64);
    let handle = window_event_listener_untyped("keydown", move |event| {
        let Ok(event) = event.dyn_into::<KeyboardEvent>() else { return };
        let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
        if modified || event.default_prevented() || dom::is_typing(&event) || !app.keys.get_untracked() {
            return;
        }
        if app.dialog.with_untracked(|open| *open != Dialog::Closed) {
            return;
        }
        if app.who.with_untracked(|who| who.session().is_none()) {
            return;
        }
        // An open menu closes on Escape, and that is all.
        if event.key() == "Escape" && dom::find(":popover-open").is_some() {
            return;
        }
        let may = |permission| app.who.with_untracked(|who| who.may(permission));
        let now = js_sys::Date::now();
        let after_g = now - chord.get_value() < CHORD;
        chord.set_value(0.0);
        let shown = app.inbox.open_check.get_untracked();
        match event.key().as_str() {
            "j" if shown.is_none() && !dom::move_row(true, app.inbox.current.get_value()) => {
                app.inbox.load_more(Box::new(dom::focus_new_row));
            }
            "j" => {}
            "k" => {
                dom::move_row(false, app.inbox.current.get_value());
            }
            "a" => decide(app, shown, Verdict::Approve),
            "r" => decide(app, shown, Verdict::Reject),
            "x" if shown.is_none() => {
                if let Some(id) = dom::focused_row() {
                    app.pick_focused(id);
                }
            }
            "/" => {
                if !dom::focus("#search") {
                    return;
                }
            }
            "?" => app.dialog.set(Dialog::Help),
            "g" => chord.set_value(now),
            "i" if after_g => app.go(nav::HOME, false),
            "h" if after_g && may(Permission::AuditRead) => app.go(nav::HISTORY, false),
            "p" if after_g && may(Permission::Admin) => app.go(nav::PEOPLE, false),
            "s" if after_g => app.go(nav::SYSTEM, false),
            "n" => dom::move_file(true),
            "p" => dom::move_file(false),
            "[" => step(app, shown, false),
            "]" => step(app, shown, true),
            "Escape" if app.inbox.selection.with_untracked(|all| !all.is_empty()) && shown.is_none() => {
                app.clear_selection();
            }
            "Escape" if shown.is_some() => app.go(&app.inbox.filter.get_untracked().href(), true),
            _ => return,
        }
        event.prevent_default();
    });
    std::mem::forget(handle);
}

/// Opens the dialog for the check page's check, for the selected rows, or for the row with the focus.
fn decide(app: App, shown: Option<CheckItem>, verdict: Verdict) {
    if let Some(why) = untrack(|| app.hindrance()) {
        if shown.is_some() || dom::focused_row().is_some() {
            app.say(why);
        }
        return;
    }
    if shown.is_none() && dom::find("[data-testid=rows]").is_some() && app.open_bulk(verdict) {
        return;
    }
    let item = shown.or_else(|| {
        let id = dom::focused_row()?;
        app.inbox.row(&id).filter(|row| row.state == CheckState::Pending)
    });
    if let Some(item) = item
        && choice(item.state) != Choice::Nothing
    {
        app.open_decision(item, verdict);
    }
}

/// Goes to the check beside this one. From one that waits no more, or is not in the listing, as a link from a mail brings
/// it, the way forward leads to what is to be decided next, as its button does.
fn step(app: App, shown: Option<CheckItem>, forward: bool) {
    let Some(item) = shown else { return };
    let go = move |to: String| app.go(&nav::check(&to), false);
    let order = app.inbox.order().unwrap_or_default();
    if forward && let Some(button) = dom::find("[data-testid=next-check]") {
        return button.click();
    }
    let beside = forward && item.state == CheckState::Pending && order.contains(&item.id);
    let next = app.inbox.next_to_decide(&item.id).filter(|_| forward && !beside);
    match next.or_else(|| neighbour(&order, &item.id, forward).map(str::to_owned)) {
        Some(to) => go(to),
        None if forward && order.last() == Some(&item.id) => app.inbox.load_more(Box::new(move |to| {
            // Who has gone elsewhere meanwhile is not called back.
            let here = app
                .inbox
                .open_check
                .with_untracked(|open| open.as_ref().is_some_and(|open| open.id == item.id));
            if here {
                go(to);
            }
        })),
        None => {}
    }
}
