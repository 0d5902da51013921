//! The rows of the inbox and how pages, live changes and decisions merge into them.
//!
//! A row that is shown stays where it is until the person loads anew: a check that was decided
//! elsewhere changes in place, and an arriving check waits behind the "n new" pill, unless there is no row that it could
//! move. Only what is no longer that person's turn, or not theirs to see, goes.

use std::cell::Cell;

use shared::{CheckItem, CheckPage, CheckState};

use super::filter::{Filter, Tab};

/// The loaded part of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The rows shown, in order.
    pub rows: Vec<CheckItem>,
    /// Where the next page begins; `None` when everything is loaded.
    pub next_cursor: Option<String>,
    /// Checks that arrived since and wait behind the pill, oldest first.
    pub fresh: Vec<CheckItem>,
    /// More arrived than were looked up one by one; showing them needs a reload.
    pub overflow: bool,
}

/// What pressing the pill asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The new rows are in the listing; the first of them has this id.
    First(String),
    /// Load the listing anew.
    Reload,
}

impl Listing {
    /// A listing from its first page.
    #[must_use]
    pub fn from_page(page: CheckPage) -> Self {
        Self { rows: page.items, next_cursor: page.next_cursor, ..Self::default() }
    }

    /// Whether a row or a waiting check has this id.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.rows.iter().chain(&self.fresh).any(|item| item.id == id)
    }

    /// The row with this id.
    #[must_use]
    pub fn row(&self, id: &str) -> Option<&CheckItem> {
        self.rows.iter().find(|item| item.id == id)
    }

    /// The row with this id, looked for at `at` first; `at` is where it was last, and is put right.
    #[must_use]
    pub fn row_near(&self, id: &str, at: &Cell<usize>) -> Option<&CheckItem> {
        if let Some(row) = self.rows.get(at.get()).filter(|row| row.id == id) {
            return Some(row);
        }
        let found = self.rows.iter().position(|row| row.id == id)?;
        at.set(found);
        self.rows.get(found)
    }

    /// Adds the next page, and gives the id of its first row. Rows already shown (through the pill, or moved by a change) are
    /// not repeated.
    pub fn append(&mut self, page: CheckPage, oldest_first: bool) -> Option<String> {
        self.fresh.retain(|item| !page.items.iter().any(|new| new.id == item.id));
        self.next_cursor = page.next_cursor;
        let mut first = None;
        for item in page.items {
            if self.row(&item.id).is_none() {
                first.get_or_insert_with(|| item.id.clone());
                let at = if oldest_first { self.place_of(&item) } else { self.rows.len() };
                self.rows.insert(at, item);
            }
        }
        first
    }

    /// Where a check belongs when the oldest comes first: before the rows that were shown early through the pill.
    fn place_of(&self, item: &CheckItem) -> usize {
        let older = |row: &CheckItem| (&row.received_at, &row.id) < (&item.received_at, &item.id);
        self.rows.iter().rposition(older).map_or(0, |before| before + 1)
    }

    /// Replaces a known check by a newer reading of it, in place. Tells whether it was known.
    pub fn put(&mut self, item: &CheckItem) -> bool {
        let mut known = false;
        for old in self.rows.iter_mut().chain(&mut self.fresh).filter(|old| old.id == item.id) {
            known = true;
            // A slow answer must not undo a newer one. RFC 3339 UTC of one length sorts as text.
            if old.updated_at <= item.updated_at {
                old.clone_from(item);
            }
        }
        known
    }

    /// A check that the listing may not know: waits behind the pill if it belongs here. `mine` says whether the person
    /// may decide on it: if that has changed, another tab has it now.
    pub fn arrive(&mut self, item: CheckItem, mine: bool, filter: &Filter) {
        let elsewhere = matches!((filter.tab, mine), (Tab::Mine, false) | (Tab::Others, true));
        if elsewhere && item.state == CheckState::Pending {
            // A slow answer takes nothing away that has changed since.
            let newer = |known: &CheckItem| known.id == item.id && known.updated_at > item.updated_at;
            if !self.rows.iter().chain(&self.fresh).any(newer) {
                self.forget(&item.id);
            }
        } else if self.put(&item) {
            // A waiting check that was decided before anybody saw it needs no announcement.
            self.fresh.retain(|known| known.id != item.id || filter.takes(known, mine));
        } else if filter.takes(&item, mine) {
            let nothing_moves = self.rows.is_empty() && self.fresh.is_empty();
            if nothing_moves { &mut self.rows } else { &mut self.fresh }.push(item);
        }
    }

    /// Takes away a check that the person may see no longer, or not here.
    pub fn forget(&mut self, id: &str) {
        self.rows.retain(|row| row.id != id);
        self.fresh.retain(|row| row.id != id);
    }

    /// Merges a fresh reading of the listing's beginning after a gap in the live updates: known rows change in place,
    /// others wait behind the pill. Returns the ids of what the reading should have held and did not: look each of
    /// them up. More than `most` are not worth that: then the reading itself becomes the listing.
    pub fn resync(&mut self, page: CheckPage, oldest_first: bool, most: usize) -> Vec<String> {
        if self.rows.is_empty() && self.fresh.is_empty() {
            *self = Self::from_page(page);
            return Vec::new();
        }
        let all_read = page.next_cursor.is_none();
        let covered = if all_read { usize::MAX } else { page.items.len() };
        // Both stand in the same order, so a row is mostly where the one before it was found.
        let mut next = 0;
        let mut vanished = |row: &&CheckItem| {
            let is = |item: &CheckItem| item.id == row.id;
            let there = page.items.get(next).is_some_and(is);
            let at = if there { Some(next) } else { page.items.iter().position(is) };
            next = at.map_or(next, |at| at + 1);
            at.is_none()
        };
        let mut missing: Vec<String> =
            self.rows.iter().take(covered).filter(&mut vanished).map(|row| row.id.clone()).collect();
        if missing.len() > most {
            *self = Self::from_page(page);
            return Vec::new();
        }
        if all_read {
            // What waits behind the pill can have come after the reading, or be here no longer.
            missing.extend(self.fresh.iter().take(most).filter(vanished).map(|row| row.id.clone()));
        }
        let more_to_load = self.next_cursor.is_some();
        let met_known = page.items.last().is_none_or(|last| self.knows(&last.id));
        let waiting = self.fresh.len();
        let last = page.items.iter().rposition(|item| self.row(&item.id).is_some());
        for (at, item) in page.items.into_iter().enumerate() {
            // In an oldest-first listing with pages still to load, an unknown check behind the known ones is one of those.
            let to_come = oldest_first && more_to_load && last.is_none_or(|last| at > last);
            let known = self.put(&item) || to_come;
            if !known {
                // They wait in the order in which they arrived.
                let at = if oldest_first { self.fresh.len() } else { waiting };
                self.fresh.insert(at, item);
            }
        }
        if all_read && !more_to_load {
            self.next_cursor = None;
        }
        // The reading was cut: where that may have cut off what is new, only loading anew shows it.
        self.overflow = !all_read && if oldest_first { !more_to_load } else { !met_known };
        missing
    }

    /// How many checks wait behind the pill, and whether there are more than that.
    #[must_use]
    pub fn waiting(&self) -> (usize, bool) {
        (self.fresh.len(), self.overflow)
    }

    /// Shows what waits behind the pill: behind the rows when oldest is first, before them otherwise.
    pub fn show_fresh(&mut self, oldest_first: bool) -> Shown {
        if self.overflow {
            return Shown::Reload;
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        if oldest_first {
            let first = fresh.first().map(|item| item.id.clone());
            self.rows.append(&mut fresh);
            first.map_or(Shown::Reload, Shown::First)
        } else {
            fresh.reverse();
            let first = fresh.first().map(|item| item.id.clone());
            self.rows.splice(0..0, fresh);
            first.map_or(Shown::Reload, Shown::First)
        }
    }

    /// The row to go to after deciding `id`: the next pending one below, else the nearest above. For a check that is
    /// not listed it is the first one.
    #[must_use]
    pub fn next_to_decide(&self, id: &str) -> Option<&str> {
        let waits = |row: &&CheckItem| row.state == CheckState::Pending && row.id != id;
        let at = self.rows.iter().position(|row| row.id == id).unwrap_or(0);
        let below = self.rows.iter().skip(at).find(waits);
        below.or_else(|| self.rows[..at].iter().rev().find(waits)).map(|row| row.id.as_str())
    }

    /// The ids of the rows that can be decided, in order.
    #[must_use]
    pub fn pending(&self) -> Vec<String> {
        let waits = self.rows.iter().filter(|row| row.state == CheckState::Pending);
        waits.map(|row| row.id.clone()).collect()
    }
}

/// The neighbour of `id` in an order of ids: the one before or behind it.
#[must_use]
pub fn neighbour<'a>(order: &'a [String], id: &str, forward: bool) -> Option<&'a str> {
    let at = order.iter().position(|known| known == id)?;
    let to = if forward { at.checked_add(1) } else { at.checked_sub(1) }?;
    order.get(to).map(String::as_str)
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
