//! The inbox: which listing is shown, its rows, and how they stay true while the page is open.

use std::time::Duration;

use crate::ui::prelude::*;
use shared::{CheckItem, CheckPage, DeliveryState, Event};

use super::Soon;
use crate::api::{Api, Fault};
use crate::model::filter::{Filter, PAGE_SIZE};
use crate::model::listing::{Listing, Shown};
use crate::model::live::Touched;
use crate::model::selection::Selection;

/// How long events are gathered before the checks they name are read.
const SETTLE: Duration = Duration::from_millis(150);
/// The largest page the service gives.
const LARGEST_PAGE: usize = 100;
/// How many rows are read again after a gap. Nobody looks at more, and what is behind them is loaded anew.
const REREAD_MOST: usize = 1_000;
/// How many vanished rows are looked up after a gap; beyond that the listing is taken as it is read.
const LOOKUPS: usize = 25;
/// How many rows whose delivery waits are read again at a time.
const REREADS: usize = 5;

/// The inbox's state. Copies are handles to the same signals.
#[derive(Clone, Copy)]
pub struct Inbox {
    api: Api,
    /// What is listed.
    pub filter: RwSignal<Filter>,
    /// The rows; `None` until the first answer.
    pub listing: RwSignal<Option<Listing>>,
    /// Turned round whenever another listing has come.
    pub turned: RwSignal<bool>,
    /// Whether the rows are those of another listing, until this one has come.
    pub stale: RwSignal<bool>,
    /// Whether a listing is being loaded.
    pub loading: RwSignal<bool>,
    /// Why it could not be.
    pub fault: RwSignal<Option<Fault>>,
    /// Whether the next page is being loaded.
    pub loading_more: RwSignal<bool>,
    /// Why it could not be.
    pub more_fault: RwSignal<Option<Fault>>,
    /// The rows that are selected.
    pub selection: RwSignal<Selection>,
    /// The row that had the focus last.
    pub current: StoredValue<Option<String>>,
    /// The check that the check page shows, while it does.
    pub open_check: RwSignal<Option<CheckItem>>,
    /// Projects and rules for the filters, in order of their names.
    pub projects: RwSignal<Vec<String>>,
    /// See `projects`.
    pub rules: RwSignal<Vec<String>>,
    /// Whether the person reaches no project.
    pub reaches_none: RwSignal<bool>,
    touched: StoredValue<Touched>,
    settling: Soon,
    /// Whether events may have been missed since the listing that is being loaded was asked for.
    missed: StoredValue<bool>,
    /// Where the reading of rows whose delivery waits goes on.
    turn: StoredValue<usize>,
    /// Counts loads, so that a late answer to an earlier question is dropped.
    generation: StoredValue<u32>,
}

impl Inbox {
    /// An inbox that has loaded nothing.
    #[must_use]
    pub fn new(api: Api) -> Self {
        Self {
            api,
            filter: RwSignal::new(Filter::default()),
            listing: RwSignal::new(None),
            turned: RwSignal::new(false),
            stale: RwSignal::new(false),
            loading: RwSignal::new(false),
            fault: RwSignal::new(None),
            loading_more: RwSignal::new(false),
            more_fault: RwSignal::new(None),
            selection: RwSignal::new(Selection::default()),
            current: StoredValue::new(None),
            open_check: RwSignal::new(None),
            projects: RwSignal::new(Vec::new()),
            rules: RwSignal::new(Vec::new()),
            reaches_none: RwSignal::new(false),
            touched: StoredValue::new(Touched::default()),
            settling: Soon::default(),
            missed: StoredValue::new(false),
            turn: StoredValue::new(0),
            generation: StoredValue::new(0),
        }
    }

    /// Shows a listing: the rows on the screen stay until its first page has come, or as many rows as there were if it is
    /// the same one.
    pub fn show(self, filter: Filter) {
        let mut wanted = self.rows();
        if self.filter.with_untracked(|old| *old != filter) {
            wanted = 0;
            self.stale.set(true);
            self.current.set_value(None);
            // All rows look whether they are selected.
            if !self.selection.with_untracked(Selection::is_empty) {
                self.selection.set(Selection::default());
            }
            self.filter.set(filter);
        }
        self.load_rows(wanted);
    }

    /// Loads the listing anew.
    pub fn load(self) {
        self.load_rows(0);
    }

    fn load_rows(self, wanted: usize) {
        let generation = self.next_generation();
        self.loading.set(true);
        self.more_fault.set(None);
        self.read(
            wanted,
            generation,
            None,
            Box::new(move |answer| {
                self.loading.set(false);
                match answer {
                    Ok(page) => {
                        self.fault.set(None);
                        self.learn(&page.items);
                        self.listing.set(Some(Listing::from_page(page)));
                        self.stale.set(false);
                        self.turned.update(|turned| *turned ^= true);
                        self.prune();
                    }
                    Err(fault) => {
                        self.fault.set(Some(fault));
                        // Nobody decides on rows that are not what they asked for.
                        if self.stale.get_untracked() {
                            self.listing.set(None);
                        }
                    }
                }
                // What was heard meanwhile.
                if self.missed.try_update_value(std::mem::take) == Some(true) {
                    self.resync();
                }
                self.settle();
            }),
        );
    }

    /// Loads the next page; `then` runs with the first of its rows.
    pub fn load_more(self, then: Box<dyn FnOnce(String)>) {
        let cursor = self.listing.with_untracked(|listing| listing.as_ref()?.next_cursor.clone());
        let Some(cursor) = cursor else { return };
        if self.loading_more.get_untracked() || self.loading.get_untracked() {
            return;
        }
        let generation = self.generation.get_value();
        let filter = self.filter.get_untracked();
        self.loading_more.set(true);
        self.more_fault.set(None);
        self.api.list_checks(&filter, Some(&cursor), PAGE_SIZE).then(move |answer| {
            self.loading_more.set(false);
            if self.generation.get_value() != generation {
                return;
            }
            match answer {
                Ok(page) => {
                    self.learn(&page.items);
                    let new = self.change(|listing| listing.append(page, filter.oldest_first()));
                    if let Some(new) = new.flatten() {
                        then(new);
                    }
                }
                Err(fault) => self.more_fault.set(Some(fault)),
            }
        });
    }

    /// Reads what the filters offer.
    pub fn read_filters(self) {
        self.api.list_check_filters().then(move |answer| {
            // The listing says what is wrong, and rows tell some of it.
            let Ok(filters) = answer else { return };
            self.reaches_none.set(filters.projects.is_empty());
            self.projects.set(filters.projects);
            self.rules.set(filters.rules);
        });
    }

    /// Events may have been missed: reads the listing's beginning again and merges it in.
    pub fn resync(self) {
        if self.loading.get_untracked() {
            return self.missed.set_value(true);
        }
        if self.listing.with_untracked(Option::is_none) {
            return self.load();
        }
        self.read(
            self.rows(),
            self.generation.get_value(),
            None,
            Box::new(move |answer| {
                let Ok(page) = answer else { return };
                self.fault.set(None);
                let oldest_first = self.filter.with_untracked(Filter::oldest_first);
                let missing = self.change(|listing| listing.resync(page, oldest_first, LOOKUPS));
                self.prune();
                self.look_up(missing.unwrap_or_default());
            }),
        );
    }

    /// Reads the listing's first rows, page by page, and gives them when all are there, unless another one was asked for
    /// meanwhile.
    fn read(
        self,
        wanted: usize,
        generation: u32,
        so_far: Option<CheckPage>,
        done: Box<dyn FnOnce(Result<CheckPage, Fault>)>,
    ) {
        let filter = self.filter.get_untracked();
        let wanted = wanted.clamp(PAGE_SIZE, REREAD_MOST);
        let (cursor, have) =
            so_far.as_ref().map_or((None, 0), |page| (page.next_cursor.clone(), page.items.len()));
        let limit = (wanted - have).min(LARGEST_PAGE);
        self.api.list_checks(&filter, cursor.as_deref(), limit).then(move |answer| {
            if self.generation.get_value() != generation {
                return;
            }
            let mut page = match answer {
                Ok(page) => page,
                Err(fault) => return done(Err(fault)),
            };
            if let Some(mut before) = so_far {
                before.items.append(&mut page.items);
                page.items = before.items;
            }
            if page.next_cursor.is_some() && page.items.len() < wanted {
                return self.read(wanted, generation, Some(page), done);
            }
            done(Ok(page));
        });
    }

    /// How many rows are shown.
    fn rows(self) -> usize {
        self.listing.with_untracked(|listing| listing.as_ref().map_or(0, |all| all.rows.len()))
    }

    /// An event: the check it names is read again soon.
    pub fn hear(self, event: &Event) {
        self.touched.update_value(|touched| touched.note(event));
        self.settle();
    }

    /// Reads what events named, a little later, so that what comes together is read together. While the listing is being
    /// loaded it waits for that.
    fn settle(self) {
        let nothing =
            self.touched.with_value(Touched::is_empty) || self.listing.with_untracked(Option::is_none);
        if nothing || self.loading.get_untracked() {
            return;
        }
        self.settling.run(SETTLE, move || {
            if self.loading.get_untracked() {
                return;
            }
            let tab = self.filter.with_untracked(|filter| filter.tab);
            let batch = self.change(|listing| {
                let batch = self.touched.try_update_value(|touched| touched.take(listing, tab));
                listing.overflow |= batch.as_ref().is_some_and(|batch| batch.overflow);
                batch.unwrap_or_default()
            });
            let batch = batch.unwrap_or_default();
            if batch.reread {
                self.resync();
            }
            self.look_up(batch.look_up);
        });
    }

    /// Reads the next few rows whose delivery waits: a failed try is no event.
    pub fn reread_waiting(self) {
        let waits = |row: &&CheckItem| {
            row.delivery.as_ref().is_some_and(|delivery| delivery.state == DeliveryState::Pending)
        };
        let next = self.listing.with_untracked(|listing| {
            let rows = &listing.as_ref()?.rows;
            let count = rows.iter().filter(waits).count();
            let from = self.turn.get_value().checked_rem(count)?;
            let turn = rows.iter().filter(waits).cycle().skip(from).take(count.min(REREADS));
            Some(turn.map(|row| row.id.clone()).collect::<Vec<_>>())
        });
        if let Some(next) = next {
            self.turn.update_value(|turn| *turn = turn.wrapping_add(next.len()));
            self.look_up(next);
        }
    }

    /// A newer reading of a check: its row changes in place.
    pub fn put(self, item: &CheckItem) {
        self.change(|listing| listing.put(item));
        self.prune();
        self.open_check.update(|open| {
            if let Some(open) = open.as_mut().filter(|open| open.id == item.id) {
                open.clone_from(item);
            }
        });
    }

    /// Shows what waits behind the pill; gives the id of the first new row.
    pub fn show_fresh(self) -> Option<String> {
        let oldest_first = self.filter.with_untracked(Filter::oldest_first);
        match self.change(|listing| listing.show_fresh(oldest_first))? {
            Shown::First(id) => Some(id),
            Shown::Reload => {
                self.load();
                None
            }
        }
    }

    /// The row of a check.
    #[must_use]
    pub fn row(self, id: &str) -> Option<CheckItem> {
        self.listing.with_untracked(|listing| listing.as_ref()?.row(id).cloned())
    }

    /// The ids of the rows in order.
    #[must_use]
    pub fn order(self) -> Option<Vec<String>> {
        self.listing
            .with_untracked(|listing| Some(listing.as_ref()?.rows.iter().map(|row| row.id.clone()).collect()))
    }

    /// The check to decide next after this one.
    #[must_use]
    pub fn next_to_decide(self, id: &str) -> Option<String> {
        self.listing.with_untracked(|listing| Some(listing.as_ref()?.next_to_decide(id)?.to_owned()))
    }

    /// The ids of the rows that can be decided, in order.
    #[must_use]
    pub fn pending(self) -> Vec<String> {
        self.listing.with_untracked(|listing| listing.as_ref().map(Listing::pending)).unwrap_or_default()
    }

    /// Drops from the selection what is not there any more, or cannot be decided any more.
    fn prune(self) {
        if self.selection.with_untracked(Selection::is_empty) {
            return;
        }
        let pending = self.pending();
        self.selection.update(|selection| selection.prune(&pending));
    }

    fn next_generation(self) -> u32 {
        self.generation.update_value(|n| *n += 1);
        self.generation.get_value()
    }

    /// Changes the listing if there is one.
    fn change<T: 'static>(self, with: impl FnOnce(&mut Listing) -> T) -> Option<T> {
        self.listing.try_update(|listing| listing.as_mut().map(with)).flatten()
    }

    fn look_up(self, ids: Vec<String>) {
        for id in ids {
            let generation = self.generation.get_value();
            self.api.read_check(&id).then(move |answer| {
                if self.generation.get_value() != generation {
                    return;
                }
                match answer {
                    Ok(detail) => {
                        self.learn(std::slice::from_ref(&detail.item));
                        let filter = self.filter.get_untracked();
                        let mine = detail.barred.is_none();
                        self.change(|listing| listing.arrive(detail.item, mine, &filter));
                    }
                    // Somebody may see fewer projects than before.
                    Err(fault) if fault.is_not_found() => {
                        self.change(|listing| listing.forget(&id));
                    }
                    Err(_) => return,
                }
                self.prune();
            });
        }
    }

    /// Remembers projects and rules for the filters.
    fn learn(self, items: &[CheckItem]) {
        for (known, name) in [
            (self.projects, (|item| &item.project.path) as fn(&CheckItem) -> &String),
            (self.rules, |item| &item.rule.name),
        ] {
            for new in items.iter().map(name) {
                if let Err(at) = known.with_untracked(|known| known.binary_search(new)) {
                    known.update(|known| known.insert(at, new.clone()));
                }
            }
        }
    }
}
