//! The change on the check page: read once, since a check's commit never becomes another one.

use std::rc::Rc;

use shared::{Change, ChangeSince, ChangedFile};

use crate::api::{Api, Fault};
use crate::state::{App, dom, prefs};
use crate::ui::prelude::*;

/// The button that takes the focus after its place was made anew: which files are shown, and to read again.
const SWITCH: &str = ".segments [aria-pressed=true]";
const AGAIN: &str = "[data-testid=read-again]";

/// The files on the screen: all of the change, or only what changed since the reader decided.
#[derive(Clone)]
pub struct Files {
    /// The change.
    pub change: Rc<Change>,
    /// What changed since, if only that is shown.
    pub since: Option<Rc<ChangeSince>>,
}

impl Files {
    /// The files.
    #[must_use]
    pub fn list(&self) -> &[ChangedFile] {
        self.since.as_ref().map_or(&self.change.files, |since| &since.files)
    }

    /// How many there are; more than are listed, if they are very many.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.since.as_ref().map_or(self.change.file_count, |since| since.files.len() as i64)
    }
}

/// The change of one check. Copies are handles to the same signals.
#[derive(Clone, Copy)]
pub struct Seen {
    /// The door to the service.
    pub api: Api,
    /// Which check.
    pub id: StoredValue<String>,
    /// The change; `None` until the first answer.
    pub change: RwSignal<Option<Rc<Change>>>,
    /// Why it could not be read.
    pub fault: RwSignal<Option<Fault>>,
    /// Whether it is being read.
    pub busy: RwSignal<bool>,
    /// The files on the screen; `None` until the change is there.
    pub files: RwSignal<Option<Files>>,
    /// Why what changed since could not be read.
    pub since_fault: RwSignal<Option<Fault>>,
    /// Whether lines are shown side by side.
    pub split: RwSignal<bool>,
}

impl Seen {
    /// Reads the change of the check with this id.
    #[must_use]
    pub fn of(app: App, id: String) -> Self {
        let seen = Self {
            api: app.api,
            id: StoredValue::new(id),
            change: RwSignal::new(None),
            fault: RwSignal::new(None),
            busy: RwSignal::new(false),
            files: RwSignal::new(None),
            since_fault: RwSignal::new(None),
            split: RwSignal::new(prefs::split()),
        };
        seen.load(false);
        seen
    }

    /// Reads the change; with `fresh` from GitLab even if what the service keeps is young.
    pub fn load(self, fresh: bool) {
        let Some(id) = self.id.try_get_value() else { return };
        self.busy.set(true);
        self.api.read_change(&id, fresh).then(move |answer| {
            if self.id.try_get_value().is_none() {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(change) => {
                    self.fault.set(None);
                    let change = Rc::new(change);
                    let before = self.change.get_untracked();
                    self.change.set(Some(change.clone()));
                    if fresh {
                        dom::rescue_focus(AGAIN);
                    }
                    // Files that somebody reads stay as they are; those of a commit do not change.
                    if before.is_none_or(|before| before.file_count != change.file_count) {
                        self.show_all();
                    }
                }
                Err(fault) => self.fault.set(Some(fault)),
            }
        });
    }

    /// Shows all changed files.
    pub fn show_all(self) {
        self.show(None);
    }

    fn show(self, since: Option<Rc<ChangeSince>>) {
        self.since_fault.set(None);
        self.files.set(self.change.get_untracked().map(|change| Files { change, since }));
        dom::rescue_focus(SWITCH);
    }

    /// Shows only what changed since the reader decided.
    pub fn show_since(self) {
        let Some(id) = self.id.try_get_value() else { return };
        self.api.read_since(&id).then(move |answer| {
            if self.id.try_get_value().is_none() {
                return;
            }
            match answer {
                Ok(since) => self.show(Some(Rc::new(since))),
                Err(fault) => self.since_fault.set(Some(fault)),
            }
        });
    }
}
