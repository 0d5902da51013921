//! The context every component can ask for.

use std::time::Duration;

use crate::ui::prelude::*;
use shared::{CheckDetail, CheckItem, Event, EventKind, Permission, SavedFilter, SystemInfo, Verdict};
use web_sys::EventSource;

use super::inbox::Inbox;
use super::live::Line;
use super::nav;
use super::prefs::{self, Theme};
use super::{Soon, drafts};
use crate::api::{Api, Fault};
use crate::model::access::{Who, hindrance};
use crate::model::bulk::Bulk;
use crate::model::decision::Target;
use crate::model::place::Place;
use crate::texts;
use crate::ui::watch;

/// How often the clock of the page moves.
const TICK: Duration = Duration::from_secs(5);
/// How often the service is asked about itself when nothing happens.
const SYSTEM_EVERY: Duration = Duration::from_secs(60);
/// How long events are gathered before the counts are read again.
const SETTLE: Duration = Duration::from_millis(400);
/// How often an unreachable service is tried.
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// Which dialog is open.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Dialog {
    /// None.
    #[default]
    Closed,
    /// The decision dialog.
    Decide(Box<Target>),
    /// The dialog for many checks.
    Bulk(Box<Bulk>),
    /// The list of keys.
    Help,
}

/// The shared state. Copies are handles to the same signals.
#[derive(Clone, Copy)]
pub struct App {
    /// The door to the service.
    pub api: Api,
    /// Where the browser is.
    pub place: RwSignal<Place>,
    /// Who sits in front of the page.
    pub who: RwSignal<Who>,
    /// Why that could not be asked.
    pub who_fault: RwSignal<Option<Fault>>,
    /// What a one-time link brought; empty if there was none.
    pub secret: RwSignal<String>,
    /// What the service says about itself; `None` until it answered.
    pub system: RwSignal<Option<SystemInfo>>,
    /// Why it could not be asked last time.
    pub system_fault: RwSignal<Option<Fault>>,
    /// How the live stream is.
    pub line: RwSignal<Line>,
    /// Whether the browser believes to be online.
    pub online: RwSignal<bool>,
    /// Milliseconds since 1970, moving every few seconds.
    pub now: RwSignal<f64>,
    /// What a screen reader is told politely.
    pub said: RwSignal<String>,
    /// The open dialog.
    pub dialog: RwSignal<Dialog>,
    /// The colour scheme.
    pub theme: RwSignal<Theme>,
    /// Whether single keys act.
    pub keys: RwSignal<bool>,
    /// The inbox, kept while other pages are shown.
    pub inbox: Inbox,
    /// The listings that this person keeps; `None` until they were read.
    pub saved: RwSignal<Option<Vec<SavedFilter>>>,
    /// Why this person may not decide on the check in the dialog.
    pub barred: RwSignal<Option<String>>,
    /// The newest answer about a check, for whoever shows it.
    pub changed: RwSignal<Option<CheckDetail>>,
    /// Who wants to hear events.
    listeners: StoredValue<Vec<(usize, Callback<Event>)>>,
    /// Bumped when events may have been missed.
    pub resync: RwSignal<u32>,
    /// Whether a page was shown before this one.
    pub moved: StoredValue<bool>,
    /// The live stream.
    pub(super) stream: StoredValue<Option<EventSource>>,
    counting: Soon,
}

impl App {
    /// The state of a page that has just been opened.
    #[must_use]
    pub fn new() -> Self {
        let api = Api::default();
        let now = RwSignal::new(js_sys::Date::now());
        Self {
            api,
            place: RwSignal::new(nav::here()),
            who: RwSignal::new(Who::Unknown),
            who_fault: RwSignal::new(None),
            secret: RwSignal::new(String::new()),
            system: RwSignal::new(None),
            system_fault: RwSignal::new(None),
            line: RwSignal::new(Line::Connecting),
            online: RwSignal::new(window().navigator().on_line()),
            now,
            said: RwSignal::new(String::new()),
            dialog: RwSignal::new(Dialog::Closed),
            theme: RwSignal::new(prefs::theme()),
            keys: RwSignal::new(prefs::keys()),
            inbox: Inbox::new(api),
            saved: RwSignal::new(None),
            barred: RwSignal::new(None),
            changed: RwSignal::new(None),
            listeners: StoredValue::new(Vec::new()),
            resync: RwSignal::new(0),
            // Signing in makes a new document, and is a change of page all the same.
            moved: StoredValue::new(drafts::take_entry()),
            stream: StoredValue::new(None),
            counting: Soon::default(),
        }
    }

    /// The context's state.
    #[must_use]
    pub fn get() -> Self {
        // Every component below the root has it; a component tested alone starts with a fresh one.
        use_context().unwrap_or_else(Self::new)
    }

    /// Starts the clock, the questions about the service and the watch over the connection.
    pub fn start(self) {
        set_interval(move || self.now.set(js_sys::Date::now()), TICK);
        set_interval(move || self.read_system(), SYSTEM_EVERY);
        set_interval(
            move || {
                if !untrack(|| self.connected()) {
                    self.probe();
                }
            },
            PROBE_EVERY,
        );
        for (name, online) in [("online", true), ("offline", false)] {
            let handle = window_event_listener_untyped(name, move |_| {
                self.online.set(online);
                if online {
                    self.probe();
                }
            });
            std::mem::forget(handle);
        }
        self.follow_session();
    }

    /// Whether the service can be reached, followed.
    #[must_use]
    pub fn connected(self) -> bool {
        self.online.get() && self.api.reachable.get()
    }

    /// Whether whoever is signed in may do this.
    #[must_use]
    pub fn may(self, permission: Permission) -> Memo<bool> {
        Memo::new(move |_| self.who.with(|who| who.may(permission)))
    }

    /// Why nothing can be decided at all now, followed; `None` if it can.
    #[must_use]
    pub fn hindrance(self) -> Option<String> {
        let connected = self.connected();
        self.who.with(|who| hindrance(who, connected)).map(str::to_owned)
    }

    /// Whether the service has said something about itself, so that strips above the page no longer move
    /// it; followed.
    #[must_use]
    pub fn settled(self) -> bool {
        let told = self.system.with(Option::is_some) || self.system_fault.with(Option::is_some);
        let nobody = self.who.with(|who| matches!(who, Who::Nobody | Who::Gone(_)));
        told || nobody || self.who_fault.with(Option::is_some)
    }

    /// Asks the service about itself, if somebody is signed in.
    pub fn read_system(self) {
        if self.who.with_untracked(|who| who.session().is_none()) {
            return;
        }
        self.api.read_system().then(move |answer| match answer {
            Ok(system) => {
                self.system_fault.set(None);
                self.system.set(Some(system));
            }
            Err(fault) => self.system_fault.set(Some(fault)),
        });
    }

    /// Asks for whatever can be asked, to see whether the service is there again.
    fn probe(self) {
        if self.who.with_untracked(|who| who.session().is_some()) {
            self.read_system();
        } else {
            self.read_session();
        }
    }

    /// Reads the counts again soon, once for many events.
    pub fn count_soon(self) {
        self.counting.run(SETTLE, move || self.read_system());
    }

    /// Hears every event until the calling component goes.
    pub fn listen(self, heard: Callback<Event>) {
        let id = self.listeners.with_value(|all| all.last().map_or(0, |(id, _)| id + 1));
        self.listeners.update_value(|all| all.push((id, heard)));
        on_cleanup(move || self.listeners.update_value(|all| all.retain(|(known, _)| *known != id)));
    }

    /// Runs whenever events may have been missed, until the calling component goes.
    pub fn on_resync(self, run: impl Fn() + 'static) {
        self.on_resync_boxed(Box::new(run));
    }

    fn on_resync_boxed(self, run: Box<dyn Fn()>) {
        let mut before = self.resync.get_untracked();
        watch(move || {
            let now = self.resync.get();
            if std::mem::replace(&mut before, now) != now {
                untrack(&run);
            }
        });
    }

    /// Reads something again soon after every event of these kinds, and after a gap, until the calling component goes.
    pub fn keep_fresh(self, of: fn(EventKind) -> bool, read: impl Fn() + 'static) {
        self.keep_fresh_boxed(of, Callback::new(move |()| read()));
    }

    fn keep_fresh_boxed(self, of: fn(EventKind) -> bool, read: Callback<()>) {
        let soon = Soon::default();
        self.on_resync(move || soon.run(SETTLE, move || read.run(())));
        self.listen(Callback::new(move |event: Event| {
            if of(event.kind) {
                soon.run(SETTLE, move || read.run(()));
            }
        }));
    }

    /// Runs every few seconds while somebody can see the page, until the calling component goes.
    pub fn on_tick(self, run: impl Fn() + 'static) {
        watch(move || {
            self.now.track();
            if !document().hidden() {
                untrack(&run);
            }
        });
    }

    /// Hands an event to everybody who listens.
    pub fn tell(self, event: &Event) {
        for (_, heard) in self.listeners.get_value() {
            heard.run(event.clone());
        }
    }

    /// Tells a screen reader. The same words twice are said twice.
    pub fn say(self, words: String) {
        let again = self.said.with_untracked(|said| *said == words);
        self.said.set(if again { words + texts::UNSEEN } else { words });
    }

    /// A newer reading of a check: the row changes in place.
    pub fn put_check(self, detail: CheckDetail) {
        self.inbox.put(&detail.item);
        self.changed.set(Some(detail));
    }

    /// Opens the decision dialog if the check's state allows the verdict.
    pub fn open_decision(self, item: CheckItem, verdict: Verdict) {
        if self.dialog.with_untracked(|open| *open == Dialog::Closed)
            && let Some(target) = Target::new(item, verdict)
        {
            self.barred.set(None);
            self.dialog.set(Dialog::Decide(Box::new(target)));
        }
    }
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}
