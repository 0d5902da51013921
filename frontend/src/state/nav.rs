//! Going to another page. All addresses are relative to the base path, like those in links.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

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

/// The address of a check.
#[must_use]
pub fn check(id: &str) -> String {
    format!("checks/{}", crate::model::text::encode(id))
}

/// The address of the inbox.
pub const HOME: &str = "./";
/// The address of the system page.
pub const SYSTEM: &str = "system";

/// A handle that goes to an address relative to the base path; `true` replaces the current entry of
/// the history and keeps the scroll position. Ask for it below the router.
#[must_use]
pub fn use_go() -> Callback<(String, bool)> {
    let navigate = StoredValue::new_local(use_navigate());
    let base = base_path();
    Callback::new(move |(to, replace): (String, bool)| {
        let rest = to.strip_prefix("./").unwrap_or(&to);
        let options =
            NavigateOptions { resolve: false, replace, scroll: !replace, ..NavigateOptions::default() };
        navigate.with_value(|navigate| navigate(&format!("{base}{rest}"), options));
    })
}
