//! What was typed and not sent. It is kept in this window's own storage, so that it survives sign-in and a
//! reload, and by account, so that nobody finds another person's words.

use crate::ui::prelude::*;
use shared::{CheckItem, Verdict};
use web_sys::Storage;

use super::App;

const DRAFT: &str = "approval-app.draft.";
const RESUME: &str = "approval-app.resume";
const ENTRY: &str = "approval-app.entry";
/// What is between the ids of checks that a dialog is about. No id has it.
pub const MANY: &str = ",";

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

fn put(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // Full or forbidden: what was typed is lost with the page, as anywhere.
        drop(if value.trim().is_empty() { storage.remove_item(key) } else { storage.set_item(key, value) });
    }
}

fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Remembers that somebody signs in, for the page that comes next.
pub fn note_entry() {
    put(ENTRY, "1");
}

/// Whether somebody signed in on the page before.
#[must_use]
pub fn take_entry() -> bool {
    let entered = get(ENTRY).is_some();
    put(ENTRY, "");
    entered
}

/// Forgets everything that was typed.
pub fn forget() {
    if let Some(storage) = storage() {
        // Forbidden storage holds nothing.
        drop(storage.clear());
    }
}

impl App {
    fn draft_key(self, id: &str) -> String {
        self.who.with_untracked(|who| format!("{DRAFT}{}.{id}", who.account()))
    }

    /// The comment typed for a check earlier.
    #[must_use]
    pub fn draft(self, id: &str) -> String {
        get(&self.draft_key(id)).unwrap_or_default()
    }

    /// Keeps a typed comment, or forgets it when it is empty.
    pub fn keep_draft(self, id: &str, text: &str) {
        put(&self.draft_key(id), text);
    }

    /// Takes what was typed for one check along to another.
    pub fn carry_draft(self, from: &str, to: &str) {
        let text = self.draft(from);
        if !text.is_empty() {
            self.keep_draft(from, "");
            self.keep_draft(to, &text);
        }
    }

    /// Remembers that the dialog about this check, or about these, was open when the session ended.
    pub fn keep_dialog(self, ids: &str, verdict: Verdict) {
        let account = self.who.with_untracked(|who| who.account().to_owned());
        put(RESUME, &format!("{account} {ids} {}", verdict.as_str()));
    }

    /// Opens the dialog again that was open when the session ended, once its checks are on the screen. A dialog about
    /// many leaves out those that are there no more.
    pub fn resume(self, items: &[CheckItem]) {
        let Some(kept) = get(RESUME) else { return };
        let mut parts = kept.split(' ');
        let (account, ids, verdict) = (parts.next(), parts.next().unwrap_or_default(), parts.next());
        let ours = self.who.with_untracked(|who| account == Some(who.account()));
        let ids: Vec<String> = ids.split(MANY).map(str::to_owned).collect();
        let found = items.iter().find(|item| ids.contains(&item.id));
        let (true, Some(item), Some(verdict)) = (ours, found, verdict.and_then(Verdict::parse)) else {
            return;
        };
        put(RESUME, "");
        if ids.len() == 1 {
            self.open_decision(item.clone(), verdict);
        } else {
            self.inbox.selection.update(|selection| {
                // There was room for them before.
                let _fits = selection.set(&ids, true);
            });
            self.open_bulk(verdict);
        }
    }
}
