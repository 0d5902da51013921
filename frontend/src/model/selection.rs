//! Which rows are selected.

use shared::bulk::BULK_MAX;

/// A row is turned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Which.
    pub id: String,
    /// Whether it is to be selected.
    pub on: bool,
    /// Whether all between it and the one turned before are meant.
    pub range: bool,
}

/// The selected rows. At most [`BULK_MAX`], since no more are decided at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Ids, in no particular order.
    ids: Vec<String>,
    /// The row from which a range goes: the one that was turned last.
    anchor: Option<String>,
}

impl Selection {
    /// Whether nothing is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// How many are selected.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether a row is selected.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.ids.iter().any(|known| known == id)
    }

    /// Selects a row, or no longer; with `range`, all rows of `order` between the one turned before and this one.
    /// Tells whether there was room for all.
    pub fn turn(&mut self, id: &str, on: bool, range: bool, order: &[String]) -> bool {
        let place = |wanted: &str| order.iter().position(|known| known == wanted);
        let from = self.anchor.as_deref().filter(|_| range).and_then(place);
        let fits = match (from, place(id)) {
            (Some(from), Some(to)) => self.set(&order[from.min(to)..=from.max(to)], on),
            (None, _) | (_, None) => self.set(&[id.to_owned()], on),
        };
        self.anchor = Some(id.to_owned());
        fits
    }

    /// Selects rows, or no longer. Tells whether there was room for all.
    pub fn set(&mut self, ids: &[String], on: bool) -> bool {
        for id in ids {
            let known = self.has(id);
            if known && !on {
                self.ids.retain(|known| known != id);
            } else if !known && on {
                if self.ids.len() == BULK_MAX {
                    return false;
                }
                self.ids.push(id.clone());
            }
        }
        true
    }

    /// Keeps only what is still there.
    pub fn prune(&mut self, there: &[String]) {
        self.ids.retain(|id| there.contains(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(n: usize) -> Vec<String> {
        (0..n).map(|id| id.to_string()).collect()
    }

    fn selected(selection: &Selection, n: usize) -> Vec<String> {
        order(n).into_iter().filter(|id| selection.has(id)).collect()
    }

    #[test]
    fn rows_are_turned_one_by_one_and_in_ranges() {
        let rows = order(6);
        let mut selection = Selection::default();
        assert!(selection.turn("4", true, false, &rows));
        assert!(selection.turn("2", true, true, &rows));
        assert_eq!(selected(&selection, 6), ["2", "3", "4"]);
        selection.turn("3", false, false, &rows);
        assert_eq!(selected(&selection, 6), ["2", "4"]);
        selection.turn("5", false, true, &rows);
        assert_eq!(selected(&selection, 6), ["2"]);
        // A range from a row that is gone is that row alone.
        selection.turn("9", true, false, &rows);
        selection.turn("0", true, true, &rows);
        assert_eq!(selected(&selection, 6), ["0", "2"]);
    }

    #[test]
    fn no_more_are_selected_than_are_decided_at_once() {
        let rows = order(BULK_MAX + 1);
        let mut selection = Selection::default();
        assert!(!selection.set(&rows, true));
        assert_eq!(selection.len(), BULK_MAX);
        assert!(selection.set(&rows[..5], true), "what is selected needs no room");
        assert!(!selection.turn(&rows[BULK_MAX], true, false, &rows));
        assert!(selection.set(&rows, false) && selection.is_empty());
    }

    #[test]
    fn what_is_gone_is_no_longer_selected() {
        let mut selection = Selection::default();
        selection.set(&order(4), true);
        selection.prune(&["1".to_owned(), "3".to_owned()]);
        assert_eq!(selected(&selection, 4), ["1", "3"]);
    }
}
