//! The address bar: going to another page, and following links without leaving the application. All
//! addresses are relative to the base path, like those in links.

use crate::ui::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlAnchorElement, MouseEvent};

use super::{App, Dialog};
use crate::model::place::{Place, is_page};
use crate::model::route::Route;
use crate::model::text::encode;

/// The address of the inbox.
pub const HOME: &str = "./";
/// The address of the system page.
pub const SYSTEM: &str = "system";
/// The address of the record.
pub const HISTORY: &str = "audit";
/// The address of people and groups.
pub const PEOPLE: &str = "people";
/// The address of one's own account.
pub const ACCOUNT: &str = "account";

/// The address of a check.
#[must_use]
pub fn check(id: &str) -> String {
    format!("checks/{}", encode(id))
}

/// The address of the sign-in page that leads back to `place`.
#[must_use]
pub fn sign_in(place: &Place) -> String {
    format!("sign-in?return_to={}", encode(&place.address()))
}

/// The base path as `<base href>` says, with a slash at both ends.
#[must_use]
pub fn base_path() -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    let path = base.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()));
    let path = path.unwrap_or_else(|| "/".into());
    let end = path.find(['?', '#']).unwrap_or(path.len());
    // Up to the last slash, as the browser resolves relative addresses.
    path[..end].rfind('/').map_or_else(|| "/".into(), |slash| path[..=slash].to_owned())
}

/// Where the browser is now.
#[must_use]
pub fn here() -> Place {
    let location = location();
    Place {
        path: location.pathname().unwrap_or_default(),
        query: location.search().unwrap_or_default().trim_start_matches('?').to_owned(),
    }
}

/// Leaves this document for a page of the application: nothing that it knows outlives it.
pub fn load(to: &str) {
    let rest = to.strip_prefix("./").unwrap_or(to);
    // A browser that refuses stays where it is, and says so.
    drop(location().replace(&format!("{}{rest}", base_path())));
}

impl App {
    /// Follows the browser's buttons and the links on the pages. For as long as the page lives.
    pub fn follow_address(self) {
        self.take_secret();
        let moved = window_event_listener_untyped("popstate", move |_| {
            self.take_secret();
            // It belongs to the page that is left; what was typed is kept.
            self.dialog.set(Dialog::Closed);
            self.place.set(here());
        });
        std::mem::forget(moved);
        let clicked = window_event_listener_untyped("click", move |event| {
            if let Some(to) = followed(&event) {
                event.prevent_default();
                self.visit(&to, false);
            }
        });
        std::mem::forget(clicked);
    }

    /// Goes to an address relative to the base path; with `replace` in place of the current one, which keeps
    /// the scroll position.
    pub fn go(self, to: &str, replace: bool) {
        let rest = to.strip_prefix("./").unwrap_or(to);
        self.visit(&format!("{}{rest}", base_path()), replace);
    }

    fn visit(self, address: &str, replace: bool) {
        let same = self.place.with_untracked(|place| place.address() == address);
        if let Ok(history) = window().history() {
            // Without a history to write, the page changes all the same.
            drop(if replace || same {
                history.replace_state_with_url(&JsValue::NULL, "", Some(address))
            } else {
                history.push_state_with_url(&JsValue::NULL, "", Some(address))
            });
        }
        self.place.set(here());
        if !replace {
            window().scroll_to_with_x_and_y(0.0, 0.0);
        }
    }

    /// A one-time link carries its secret behind `#`, where no server sees it. It leaves the address bar, and
    /// with it the history, before anything else happens.
    fn take_secret(self) {
        let secret = location().hash().unwrap_or_default();
        let secret = secret.trim_start_matches('#');
        let place = here();
        if !secret.is_empty() && Route::of(&place.path, &base_path()) == Route::Welcome {
            if let Ok(history) = window().history() {
                // If it cannot be taken away it still works.
                drop(history.replace_state_with_url(&JsValue::NULL, "", Some(&place.address())));
            }
            self.secret.set(secret.to_owned());
        }
    }
}

/// The address of one of our pages, if that is what the click asks for: the main button alone, on a link
/// that opens in this window and is no download.
fn followed(event: &Event) -> Option<String> {
    let click = event.dyn_ref::<MouseEvent>()?;
    let modified = click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key();
    if event.default_prevented() || click.button() != 0 || modified {
        return None;
    }
    let link = event.target()?.dyn_into::<Element>().ok()?.closest("a[href]").ok().flatten()?;
    if link.has_attribute("download") || link.has_attribute("target") {
        return None;
    }
    let link: HtmlAnchorElement = link.dyn_into().ok()?;
    let ours = link.origin() == location().origin().ok()? && is_page(&link.pathname(), &base_path());
    ours.then(|| link.pathname() + &link.search())
}
