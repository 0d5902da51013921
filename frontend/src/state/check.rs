//! The check page's state: one check, kept true while the page is open.

use std::time::Duration;

use crate::ui::prelude::*;
use shared::{CheckDetail, CheckItem, CheckState, DeliveryState, Event, EventKind};

use super::{App, Dialog, Soon, time};
use crate::api::Fault;
use crate::model::truth::Reading;
use crate::texts;
use crate::ui::watch;

/// How long events are gathered before the check is read again.
const SETTLE: Duration = Duration::from_millis(150);
/// How long after its time a delivery should have been tried, in milliseconds. A failed try is no event.
const TRIED: f64 = 1_500.0;

/// One check on the screen. Copies are handles to the same signals.
#[derive(Clone, Copy)]
pub struct Shown {
    app: App,
    /// Which check.
    pub id: StoredValue<String>,
    /// The check; `None` until the first answer.
    pub detail: RwSignal<Option<CheckDetail>>,
    /// Why it could not be read.
    pub fault: RwSignal<Option<Fault>>,
    /// What GitLab showed when it was asked just now.
    pub reading: RwSignal<Option<Reading>>,
    /// Whether GitLab is being asked.
    pub asking: RwSignal<bool>,
    /// Why it could not be.
    pub asking_fault: RwSignal<Option<Fault>>,
    settling: Soon,
    /// Whether GitLab was told something, so that it is worth asking again.
    told: StoredValue<bool>,
    /// How many readings were asked for, and which of them is shown.
    readings: StoredValue<(u32, u32)>,
}

impl Shown {
    /// Shows the check and follows it until the calling component goes.
    #[must_use]
    pub fn follow(app: App, id: String) -> Self {
        let shown = Self {
            app,
            id: StoredValue::new(id),
            detail: RwSignal::new(None),
            fault: RwSignal::new(None),
            reading: RwSignal::new(None),
            asking: RwSignal::new(false),
            asking_fault: RwSignal::new(None),
            settling: Soon::default(),
            told: StoredValue::new(false),
            readings: StoredValue::new((0, 0)),
        };
        // Coming back, the list shows where one has got to.
        app.inbox.current.set_value(shown.id.try_get_value());
        shown.load(true);
        app.on_resync(move || shown.load(false));
        app.on_tick(move || {
            if shown.is_due() {
                shown.load(false);
            }
        });
        watch(move || {
            let changed = app.changed.get();
            if let Some(detail) = changed.filter(|detail| shown.is(&detail.item.id)) {
                untrack(|| shown.accept(detail));
            }
        });
        app.listen(Callback::new(move |event: Event| shown.hear(&event)));
        on_cleanup(move || app.inbox.open_check.set(None));
        shown
    }

    /// A part of the check, for views that follow only that part; `None` until the check is there.
    pub fn part<T: Clone + PartialEq + Send + Sync + 'static>(
        self,
        part: impl Fn(&CheckDetail) -> T + Send + Sync + 'static,
    ) -> Memo<Option<T>> {
        Memo::new(move |_| self.detail.with(|detail| detail.as_ref().map(&part)))
    }

    /// Whether the page still shows this check.
    fn is(self, id: &str) -> bool {
        self.id.try_with_value(|ours| ours == id).unwrap_or(false)
    }

    /// Whether a delivery should have been tried since the check was read.
    fn is_due(self) -> bool {
        let tried = self.app.now.get_untracked() - TRIED;
        self.detail.with_untracked(|detail| {
            detail.iter().flat_map(|detail| &detail.deliveries).any(|delivery| {
                let due = delivery.due_at.as_deref().filter(|_| delivery.state == DeliveryState::Pending);
                due.is_some_and(|due| time::ms(due) < tried)
            })
        })
    }

    /// Reads the check, and what GitLab shows if asked to.
    pub fn load(self, ask: bool) {
        let Some(id) = self.id.try_get_value() else { return };
        self.readings.update_value(|(asked, _)| *asked += 1);
        let mine = self.readings.get_value().0;
        self.app.api.read_check(&id).then(move |answer| {
            // A slow answer must not undo a newer one.
            if !self.is(&id) || self.readings.get_value().1 > mine {
                return;
            }
            self.readings.update_value(|(_, shown)| *shown = mine);
            match answer {
                Ok(detail) => {
                    let open = !matches!(detail.item.state, CheckState::Superseded | CheckState::Withdrawn);
                    self.tell_of_change(&detail.item);
                    self.accept(detail);
                    if ask && open {
                        self.ask_gitlab();
                    }
                }
                Err(fault) => {
                    // Whoever may not see it any more sees nothing of it.
                    if fault.is_not_found() {
                        self.detail.set(None);
                    }
                    self.fault.set(Some(fault));
                }
            }
        });
    }

    /// Asks GitLab what it shows now.
    pub fn ask_gitlab(self) {
        let Some(id) = self.id.try_get_value() else { return };
        self.asking.set(true);
        self.app.api.read_gitlab(&id).then(move |answer| {
            if !self.is(&id) {
                return;
            }
            self.asking.set(false);
            match answer {
                Ok(read) => {
                    self.asking_fault.set(None);
                    self.reading.set(Some(Reading { status: read.status, at: Some(read.read_at) }));
                }
                Err(fault) => self.asking_fault.set(Some(fault)),
            }
        });
    }

    fn accept(self, detail: CheckDetail) {
        self.fault.set(None);
        self.app.inbox.open_check.set(Some(detail.item.clone()));
        self.app.inbox.put(&detail.item);
        self.app.resume(std::slice::from_ref(&detail.item));
        self.detail.set(Some(detail));
    }

    /// What others did to the check that is read, for those who do not see it change. What one did oneself is said by then.
    fn tell_of_change(self, now: &CheckItem) {
        let before = |shown: &Option<CheckDetail>| {
            let item = &shown.as_ref()?.item;
            (item.id == now.id && item.state != now.state).then_some(())
        };
        if self.detail.with_untracked(before).is_some()
            && self.app.dialog.with_untracked(|dialog| *dialog == Dialog::Closed)
        {
            let says = texts::state(now.state);
            match (now.state, &now.decided_by) {
                // The page has an alert for that.
                (CheckState::Superseded, _) => {}
                (CheckState::Approved | CheckState::Rejected, Some(name)) => {
                    self.app.say(format!("{says} {}", texts::by(name)));
                }
                _ => self.app.say(says.to_owned()),
            }
        }
    }

    fn hear(self, event: &Event) {
        let ours = event.check_id.as_deref().is_some_and(|id| self.is(id));
        let beside = self.detail.with_untracked(|detail| {
            let Some(detail) = detail else { return false };
            // What is new for the merge request: the successor of a superseded check arrives a moment after it, and so do those
            // of the other rules. Its words begin with the reference.
            let item = &detail.item;
            let new = event.kind == EventKind::CheckCreated
                && event.summary.starts_with(&format!("{}!{} ", item.project.path, item.merge_request.iid));
            new || detail.others.iter().any(|other| event.check_id.as_ref() == Some(&other.id))
        });
        if !(ours || beside) {
            return;
        }
        if event.kind == EventKind::DeliveryDelivered {
            self.told.set_value(true);
        }
        self.settling.run(SETTLE, move || {
            let told = self.told.try_update_value(std::mem::take);
            self.load(told.unwrap_or_default());
        });
    }
}
