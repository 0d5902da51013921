//! The record: who did what, when, to which commit and through what.

mod entry;
mod filters;
mod verification;

use crate::ui::prelude::*;
use shared::AuditEntry;

use crate::api::Fault;
use crate::components::message::{empty, fault_box, skeleton};
use crate::model::history::History;
use crate::state::{App, dom, time};
use crate::texts;
use crate::ui::{El, each, el, watch, words};

/// The listing. Copies are handles to the same signals.
#[derive(Clone, Copy)]
struct Listing {
    app: App,
    filter: RwSignal<History>,
    items: RwSignal<Option<Vec<AuditEntry>>>,
    next: RwSignal<Option<String>>,
    fault: RwSignal<Option<Fault>>,
    loading: RwSignal<bool>,
    /// New entries that wait behind the pill; `true` with them if there may be more.
    fresh: RwSignal<(Vec<AuditEntry>, bool)>,
    /// Whether something was recorded while the listing was being loaded.
    missed: StoredValue<bool>,
    /// Counts loads, so that a late answer to an earlier question is dropped.
    generation: StoredValue<u32>,
}

impl Listing {
    fn show(self, filter: History) {
        self.filter.set(filter);
        self.load(None);
    }

    fn load(self, cursor: Option<String>) {
        self.generation.update_value(|n| *n += 1);
        let generation = self.generation.get_value();
        let query = self.filter.with_untracked(|filter| filter.api_query(cursor.as_deref(), time::day));
        self.loading.set(true);
        self.app.api.list_record(&query).then(move |answer| {
            if self.generation.try_get_value() != Some(generation) {
                return;
            }
            self.loading.set(false);
            match answer {
                Ok(page) => {
                    self.fault.set(None);
                    self.next.set(page.next_cursor);
                    if cursor.is_none() {
                        self.fresh.set((Vec::new(), false));
                    }
                    if let Some(first) = page.items.first().filter(|_| cursor.is_some()) {
                        dom::focus_soon(format!("#{}", entry::anchor(first)));
                    }
                    self.items.update(|items| match items {
                        Some(items) if cursor.is_some() => items.extend(page.items),
                        Some(_) | None => *items = Some(page.items),
                    });
                    let n = self.items.with_untracked(|items| items.as_ref().map_or(0, Vec::len));
                    self.app.say(texts::entries_said(n, self.next.with_untracked(Option::is_some)));
                }
                Err(fault) => self.fault.set(Some(fault)),
            }
            if self.missed.try_update_value(std::mem::take) == Some(true) {
                self.look();
            }
        });
    }

    /// Looks whether anything was recorded since; what was waits behind the pill, so that no entry moves under the
    /// pointer.
    fn look(self) {
        if self.loading.get_untracked() {
            return self.missed.set_value(true);
        }
        if self.items.with_untracked(Option::is_none) {
            return self.load(None);
        }
        let generation = self.generation.get_value();
        let query = self.filter.with_untracked(|filter| filter.api_query(None, time::day));
        self.app.api.list_record(&query).then(move |answer| {
            let (Ok(page), Some(now)) = (answer, self.generation.try_get_value()) else { return };
            if now != generation {
                // Another page was loaded meanwhile.
                return self.look();
            }
            let newest = self.items.with_untracked(|items| items.as_ref()?.first().map(|entry| entry.id));
            let mut new = page.items;
            let all = new.len();
            new.retain(|entry| Some(entry.id) > newest);
            let more = all > 0 && new.len() == all;
            if more && newest.is_none() {
                // Nothing is shown that could be moved.
                return self.load(None);
            }
            if !new.is_empty() && self.fresh.with_untracked(|(fresh, _)| fresh.is_empty()) {
                self.app.say(texts::RECORD_NEW.into());
            }
            self.fresh.set((new, more));
        });
    }

    /// Shows what waits behind the pill.
    fn show_fresh(self) {
        dom::focus_soon("[data-testid=record-row] summary".into());
        let (mut new, more) = self.fresh.get_untracked();
        if more {
            return self.load(None);
        }
        self.fresh.set((Vec::new(), false));
        self.items.update(|items| {
            new.append(items.get_or_insert_default());
            *items = Some(new);
        });
    }
}

/// The History page.
#[must_use]
pub fn history_page() -> El {
    let app = App::get();
    super::name_page(app, || texts::NAV_HISTORY.to_owned());
    super::focus_heading(app);
    let listing = Listing {
        app,
        filter: RwSignal::new(History::default()),
        items: RwSignal::new(None),
        next: RwSignal::new(None),
        fault: RwSignal::new(None),
        loading: RwSignal::new(false),
        fresh: RwSignal::new((Vec::new(), false)),
        missed: StoredValue::new(false),
        generation: StoredValue::new(0),
    };
    let here = app.place.with_untracked(|place| place.path.clone());
    watch(move || {
        // Another page's address says nothing about the listing.
        let filter = app
            .place
            .with(|place| (place.path == here).then(|| History::from_params(|key| place.param(key))));
        if let Some(filter) = filter {
            untrack(|| listing.show(filter));
        }
    });
    app.keep_fresh(|_| true, move || listing.look());
    let retry = Callback::new(move |()| listing.load(None));
    let fault = move || {
        let holds = listing.items.with_untracked(Option::is_some);
        listing.fault.get().map(|fault| fault_box(texts::ERR_RECORD, &fault, holds, Some(retry)))
    };
    let more = move || {
        listing.next.get().map(|cursor| {
            super::more_button(move || listing.loading.get(), move || listing.load(Some(cursor.clone())))
        })
    };
    super::page(vec![
        super::heading(texts::NAV_HISTORY),
        verification::verification(app),
        filters::filters(app, listing.filter),
        el("div").child_fn(fault),
        super::pill(
            move || listing.fresh.with(|(new, more)| (new.len(), *more)),
            Callback::new(move |()| listing.show_fresh()),
        ),
        list(listing),
        el("div").class("more").child_fn(more),
    ])
}

/// What stands in the place of the list.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Loading,
    Failed,
    Empty,
    Rows,
}

fn list(listing: Listing) -> El {
    let place = Memo::new(move |_| match listing.items.with(|items| items.as_ref().map(Vec::len)) {
        Some(0) => Place::Empty,
        Some(_) => Place::Rows,
        None if listing.fault.with(Option::is_some) => Place::Failed,
        None => Place::Loading,
    });
    el("div")
        .class("list-place")
        .attr_fn("aria-busy", move || Some(listing.loading.get().to_string()))
        .child_fn(move || match place.get() {
            Place::Loading => Some(skeleton(6)),
            Place::Failed => None,
            Place::Empty => Some(nothing(listing)),
            Place::Rows => Some(rows(listing)),
        })
}

fn nothing(listing: Listing) -> El {
    if listing.filter.with_untracked(History::is_narrowed) {
        let way_out = Some((History::default().href(), texts::RESET));
        empty("empty-match", words("h2", texts::RECORD_NO_MATCH), "", way_out)
    } else {
        empty("empty-done", words("h2", texts::RECORD_NONE), "", None)
    }
}

fn rows(listing: Listing) -> El {
    // An entry never changes, so its number is enough to tell it.
    let ids: Memo<Vec<String>> = Memo::new(move |_| {
        listing.items.with(|items| items.iter().flatten().map(|entry| entry.id.to_string()).collect())
    });
    each(el("div").class("rows record").test("record"), ids.into(), move |id| {
        listing.items.with_untracked(|items| {
            items.as_ref()?.iter().find(|entry| entry.id.to_string() == *id).map(entry::entry)
        })
    })
}
