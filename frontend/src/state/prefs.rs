//! What this browser remembers: theme, single keys, how diffs are shown, and which files were viewed.
//!
//! Storage may be forbidden (private windows): then nothing is remembered and everything works.

use crate::ui::prelude::*;
use web_sys::Storage;

const THEME: &str = "approval-app.theme";
const KEYS: &str = "approval-app.keys";
const SPLIT: &str = "approval-app.side-by-side";
const VIEWED: &str = "approval-app.viewed";

/// The colour scheme. `assets/theme.js` reads the same key before the first paint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The next one for a button that goes round.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Theme::System => "",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn read(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

fn write(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // Full or forbidden: the choice holds until the page is left.
        drop(if value.is_empty() { storage.remove_item(key) } else { storage.set_item(key, value) });
    }
}

/// The remembered theme.
#[must_use]
pub fn theme() -> Theme {
    match read(THEME).as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    }
}

/// Remembers the theme and shows it.
pub fn set_theme(theme: Theme) {
    write(THEME, theme.as_str());
    if let Some(root) = document().document_element() {
        drop(match theme {
            Theme::System => root.remove_attribute("data-theme"),
            Theme::Light | Theme::Dark => root.set_attribute("data-theme", theme.as_str()),
        });
    }
}

/// Whether single keys act; they do unless switched off.
#[must_use]
pub fn keys() -> bool {
    read(KEYS).as_deref() != Some("off")
}

/// Remembers whether single keys act.
pub fn set_keys(on: bool) {
    write(KEYS, if on { "" } else { "off" });
}

/// Whether changes are shown side by side.
#[must_use]
pub fn split() -> bool {
    read(SPLIT).is_some()
}

/// Remembers whether changes are shown side by side.
pub fn set_split(on: bool) {
    write(SPLIT, if on { "on" } else { "" });
}

/// The viewed files, one a line.
#[must_use]
pub fn viewed() -> String {
    read(VIEWED).unwrap_or_default()
}

/// Remembers the viewed files.
pub fn set_viewed(files: &str) {
    write(VIEWED, files);
}
