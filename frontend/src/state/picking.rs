//! Selecting rows, and deciding on what is selected.

use crate::ui::prelude::*;
use shared::{CheckState, Permission, Verdict};

use super::{App, Dialog};
use crate::model::bulk::Bulk;
use crate::model::filter::Tab;
use crate::model::selection::{Pick, Selection};
use crate::texts;

impl App {
    /// Whether rows can be selected, followed: by whoever may decide, where something waits for them.
    #[must_use]
    pub fn may_pick(self) -> bool {
        let here = self.inbox.filter.with(|filter| filter.tab != Tab::Others);
        here && self.who.with(|who| who.may(Permission::ChecksDecide))
    }

    /// Selects a row or a range, or no longer.
    pub fn pick(self, Pick { id, on, range }: Pick) {
        let order = self.inbox.pending();
        self.turned(|selection| selection.turn(&id, on, range, &order));
    }

    /// Selects all rows that wait, or none.
    pub fn pick_all(self, on: bool) {
        let order = self.inbox.pending();
        self.turned(|selection| selection.set(&order, on));
    }

    /// Turns the row with the focus round.
    pub fn pick_focused(self, id: String) {
        let waits = self.inbox.row(&id).is_some_and(|row| row.state == CheckState::Pending);
        if waits && untrack(|| self.may_pick()) {
            let on = self.inbox.selection.with_untracked(|selection| !selection.has(&id));
            self.pick(Pick { id, on, range: false });
        }
    }

    fn turned(self, turn: impl FnOnce(&mut Selection) -> bool) {
        if self.inbox.selection.try_update(turn) == Some(false) {
            self.say(texts::selection_full());
        }
    }

    /// Selects nothing.
    pub fn clear_selection(self) {
        self.inbox.selection.set(Selection::default());
    }

    /// Opens the dialog for all that is selected; tells whether anything is.
    pub fn open_bulk(self, verdict: Verdict) -> bool {
        let items = self.inbox.listing.with_untracked(|listing| {
            let rows = listing.iter().flat_map(|listing| &listing.rows);
            self.inbox.selection.with_untracked(|selection| {
                rows.filter(|row| row.state == CheckState::Pending && selection.has(&row.id))
                    .cloned()
                    .collect::<Vec<_>>()
            })
        });
        let some = !items.is_empty();
        if some && self.dialog.with_untracked(|open| *open == Dialog::Closed) {
            self.dialog.set(Dialog::Bulk(Box::new(Bulk { items, verdict })));
        }
        some
    }
}
