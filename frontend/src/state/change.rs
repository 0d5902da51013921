//! The change on the check page. The commit of a check never becomes another one; what stands around it in GitLab does,
//! and is followed while the page is open.

use std::rc::Rc;

use shared::{Change, ChangeSince, ChangedFile, Event, EventKind};

use crate::api::{Api, Fault};
use crate::state::{App, prefs};
use crate::ui::prelude::*;

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

/// The change as it was when a part of it was another one than before.
pub type Told = RwSignal<Option<Rc<Change>>>;

/// The change of one check. Copies are handles to the same signals.
#[derive(Clone, Copy)]
pub struct Seen {
    /// The door to the service.
    pub api: Api,
    /// Which check.
    pub id: StoredValue<String>,
    /// The change; `None` until the first answer.
    pub change: Told,
    /// When GitLab was read, and why not now.
    pub reading: Told,
    /// Description and labels.
    pub said: Told,
    /// Pipeline and approvals.
    pub checked: Told,
    /// The commits.
    pub pushed: Told,
    /// The discussions.
    pub talked: Told,
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
    /// Reads the change of the check with this id, and follows it until the calling component goes.
    #[must_use]
    pub fn follow(app: App, id: String) -> Self {
        let seen = Self {
            api: app.api,
            id: StoredValue::new(id),
            change: RwSignal::new(None),
            reading: RwSignal::new(None),
            said: RwSignal::new(None),
            checked: RwSignal::new(None),
            pushed: RwSignal::new(None),
            talked: RwSignal::new(None),
            fault: RwSignal::new(None),
            busy: RwSignal::new(false),
            files: RwSignal::new(None),
            since_fault: RwSignal::new(None),
            split: RwSignal::new(prefs::split()),
        };
        seen.load(false);
        app.on_resync(move || seen.load(false));
        app.listen(Callback::new(move |event: Event| {
            let ours = seen.id.try_with_value(|id| event.check_id.as_ref() == Some(id)).unwrap_or(false);
            if ours && event.kind == EventKind::CheckUpdated {
                seen.load(false);
            }
        }));
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
                    self.tell(&Rc::new(change));
                }
                Err(fault) => self.fault.set(Some(fault)),
            }
        });
    }

    /// Only what is another one than before is told, so that a reader's unfolded places stay.
    fn tell(self, change: &Rc<Change>) {
        let before = self.change.get_untracked();
        let tell = |part: Told, same: fn(&Change, &Change) -> bool| {
            if !before.as_ref().is_some_and(|before| same(before, change)) {
                part.set(Some(change.clone()));
            }
        };
        tell(self.reading, |a, b| (&a.read_at, &a.stale) == (&b.read_at, &b.stale));
        tell(self.said, |a, b| (&a.description_html, &a.labels) == (&b.description_html, &b.labels));
        tell(self.checked, |a, b| (&a.pipeline, &a.approvals) == (&b.pipeline, &b.approvals));
        tell(self.pushed, |a, b| (&a.commits, a.commit_count) == (&b.commits, b.commit_count));
        tell(self.talked, |a, b| {
            (&a.discussions, a.resolved_discussions) == (&b.discussions, b.resolved_discussions)
        });
        self.change.set(Some(change.clone()));
        if before.is_none_or(|before| before.files != change.files) {
            self.show_all();
        }
    }

    /// Shows all changed files.
    pub fn show_all(self) {
        self.show(None);
    }

    fn show(self, since: Option<Rc<ChangeSince>>) {
        self.since_fault.set(None);
        self.files.set(self.change.get_untracked().map(|change| Files { change, since }));
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
