//! The rows of the inbox and how pages, live changes and decisions merge into them.
//!
//! A row that is shown stays where it is until the person loads anew: a check that was decided
//! elsewhere changes in place, and an arriving check waits behind the "n new" pill.

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

    /// Adds the next page. Rows already shown (through the pill, or moved by a change) are not repeated.
    pub fn append(&mut self, page: CheckPage, tab: Tab) {
        self.fresh.retain(|item| !page.items.iter().any(|new| new.id == item.id));
        self.next_cursor = page.next_cursor;
        for item in page.items {
            if self.row(&item.id).is_none() {
                let at = if tab.oldest_first() { self.place_of(&item) } else { self.rows.len() };
                self.rows.insert(at, item);
            }
        }
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

    /// A check that the listing did not know: waits behind the pill if it belongs here.
    pub fn arrive(&mut self, item: CheckItem, filter: &Filter) {
        if self.put(&item) {
            // A waiting check that was decided before anybody saw it needs no announcement.
            self.fresh.retain(|item| filter.takes(item));
        } else if filter.takes(&item) {
            self.fresh.push(item);
        }
    }

    /// Merges a fresh reading of the listing's beginning after a gap in the live updates. Returns the
    /// ids of rows that the reading should have held and did not: look each of them up.
    pub fn resync(&mut self, page: CheckPage, filter: &Filter) -> Vec<String> {
        let covered = if page.next_cursor.is_none() { usize::MAX } else { page.items.len() };
        let missing = self
            .rows
            .iter()
            .take(covered)
            .filter(|row| !page.items.iter().any(|read| read.id == row.id))
            .map(|row| row.id.clone())
            .collect();
        let all_read = page.next_cursor.is_none();
        let more_to_load = self.next_cursor.is_some();
        for item in page.items {
            // In an oldest-first listing with pages still to load, an unknown check is one of those.
            if self.knows(&item.id) || !(filter.tab.oldest_first() && more_to_load) {
                self.arrive(item, filter);
            }
        }
        if all_read && !more_to_load {
            self.next_cursor = None;
        }
        self.overflow = false;
        missing
    }

    /// How many checks wait behind the pill, and whether there are more than that.
    #[must_use]
    pub fn waiting(&self) -> (usize, bool) {
        (self.fresh.len(), self.overflow)
    }

    /// Shows what waits behind the pill: behind the rows when oldest is first, before them otherwise.
    pub fn show_fresh(&mut self, tab: Tab) -> Shown {
        if self.overflow {
            return Shown::Reload;
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        if tab.oldest_first() {
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

    /// The row to go to after deciding `id`: the next pending one below, else the nearest above.
    #[must_use]
    pub fn next_to_decide(&self, id: &str) -> Option<&str> {
        let at = self.rows.iter().position(|row| row.id == id)?;
        let waits = |row: &&CheckItem| row.state == CheckState::Pending;
        let below = self.rows[at + 1..].iter().find(waits);
        below.or_else(|| self.rows[..at].iter().rev().find(waits)).map(|row| row.id.as_str())
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
mod tests {
    use super::*;
    use crate::model::samples::item;

    const PENDING: CheckState = CheckState::Pending;

    fn at(id: &str, minute: u32) -> CheckItem {
        let time = format!("2026-01-31T09:{minute:02}:00.000000Z");
        CheckItem { received_at: time.clone(), updated_at: time, ..item(id, PENDING) }
    }

    fn page(ids: &[(&str, u32)], next: Option<&str>) -> CheckPage {
        CheckPage {
            items: ids.iter().map(|(id, minute)| at(id, *minute)).collect(),
            next_cursor: next.map(Into::into),
        }
    }

    fn ids(listing: &Listing) -> Vec<&str> {
        listing.rows.iter().map(|row| row.id.as_str()).collect()
    }

    #[test]
    fn a_row_decided_elsewhere_changes_in_place() {
        let mut listing = Listing::from_page(page(&[("a", 1), ("b", 2)], None));
        let mut decided = at("a", 5);
        decided.state = CheckState::Approved;
        listing.arrive(decided, &Filter::default());
        assert_eq!(ids(&listing), ["a", "b"]);
        assert_eq!(listing.rows[0].state, CheckState::Approved);
    }

    #[test]
    fn a_slow_answer_does_not_undo_a_newer_one() {
        let mut listing = Listing::from_page(page(&[("a", 9)], None));
        let mut old = at("a", 3);
        old.state = CheckState::Rejected;
        assert!(listing.put(&old));
        assert_eq!(listing.rows[0].state, PENDING);
    }

    #[test]
    fn arriving_checks_wait_behind_the_pill() {
        let filter = Filter::default();
        let mut listing = Listing::from_page(page(&[("a", 1)], None));
        listing.arrive(at("b", 2), &filter);
        listing.arrive(at("c", 3), &filter);
        listing.arrive(at("b", 2), &filter);
        assert_eq!(ids(&listing), ["a"]);
        assert_eq!(listing.waiting(), (2, false));
        assert_eq!(listing.show_fresh(Tab::PENDING), Shown::First("b".into()));
        assert_eq!(ids(&listing), ["a", "b", "c"]);
    }

    #[test]
    fn newest_first_listings_show_new_rows_on_top() {
        let filter = Filter::default().on(Tab::All);
        let mut listing = Listing::from_page(page(&[("a", 1)], None));
        listing.arrive(at("b", 2), &filter);
        listing.arrive(at("c", 3), &filter);
        assert_eq!(listing.show_fresh(Tab::All), Shown::First("c".into()));
        assert_eq!(ids(&listing), ["c", "b", "a"]);
    }

    #[test]
    fn a_waiting_check_that_was_decided_leaves_the_pill() {
        let filter = Filter::default();
        let mut listing = Listing::default();
        listing.arrive(at("b", 2), &filter);
        let mut decided = at("b", 3);
        decided.state = CheckState::Approved;
        listing.arrive(decided, &filter);
        assert_eq!(listing.waiting(), (0, false));
    }

    #[test]
    fn the_next_page_neither_repeats_nor_misorders_rows() {
        let mut listing = Listing::from_page(page(&[("a", 1), ("b", 2)], Some("x")));
        listing.arrive(at("z", 9), &Filter::default());
        listing.show_fresh(Tab::PENDING);
        listing.append(page(&[("c", 3), ("z", 9)], None), Tab::PENDING);
        assert_eq!(ids(&listing), ["a", "b", "c", "z"]);
        assert_eq!(listing.next_cursor, None);
    }

    #[test]
    fn after_a_gap_vanished_rows_are_named_and_new_ones_wait() {
        let mut listing = Listing::from_page(page(&[("a", 1), ("b", 2)], None));
        let missing = listing.resync(page(&[("b", 2), ("c", 3)], None), &Filter::default());
        assert_eq!(missing, ["a"]);
        assert_eq!(ids(&listing), ["a", "b"]);
        assert_eq!(listing.waiting(), (1, false));
    }

    #[test]
    fn rows_beyond_the_reading_are_not_called_vanished() {
        let mut listing = Listing::from_page(page(&[("a", 1), ("b", 2), ("c", 3)], Some("x")));
        let missing = listing.resync(page(&[("a", 1), ("b", 2)], Some("y")), &Filter::default());
        assert!(missing.is_empty());
        assert_eq!(listing.next_cursor.as_deref(), Some("x"));
    }

    #[test]
    fn after_a_decision_the_next_waiting_row_follows() {
        let mut listing = Listing::from_page(page(&[("a", 1), ("b", 2), ("c", 3)], None));
        assert_eq!(listing.next_to_decide("a"), Some("b"));
        listing.rows[1].state = CheckState::Approved;
        assert_eq!(listing.next_to_decide("a"), Some("c"));
        assert_eq!(listing.next_to_decide("c"), Some("a"));
        listing.rows.truncate(1);
        assert_eq!(listing.next_to_decide("a"), None);
    }

    #[test]
    fn neighbours_end_at_the_ends() {
        let order = ["a".to_owned(), "b".to_owned()];
        assert_eq!(neighbour(&order, "a", true), Some("b"));
        assert_eq!(neighbour(&order, "a", false), None);
        assert_eq!(neighbour(&order, "b", true), None);
        assert_eq!(neighbour(&order, "x", true), None);
    }
}
