//! Which checks to read again after live events. Events carry an id, not the check itself.

use shared::{Event, EventKind};

use super::filter::Tab;
use super::listing::Listing;

/// How many unknown checks one batch looks up; beyond that the pill says "more".
pub const LOOKUPS: usize = 12;
/// How many known checks one batch looks up; for more the whole listing is read again.
pub const KNOWN: usize = 25;

/// Whether a check may wait after an event, and whether it may be one that does not; neither if the event says nothing
/// of that.
type Since = (bool, bool);

/// The checks named by events since the last batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// With what they may be since then.
    checks: Vec<(String, Since)>,
}

/// What one batch of events asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Checks to look up.
    pub look_up: Vec<String>,
    /// Whether there were more unknown checks than [`LOOKUPS`].
    pub overflow: bool,
    /// Whether there were more known checks than [`KNOWN`]: read the listing again instead.
    pub reread: bool,
}

impl Touched {
    /// Remembers the check an event is about.
    pub fn note(&mut self, event: &Event) {
        let Some(id) = &event.check_id else { return };
        let news = since(event.kind);
        match self.checks.iter_mut().find(|(known, _)| known == id) {
            Some((_, known)) if news != (false, false) => *known = news,
            Some(_) => {}
            None => self.checks.push((id.clone(), news)),
        }
    }

    /// Whether nothing was noted since the last batch.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty()
    }

    /// Takes the batch: the known checks, and the first unknown ones that may belong to the tab's listing.
    pub fn take(&mut self, listing: &Listing, tab: Tab) -> Batch {
        let (mut look_up, mut unknown) = (Vec::new(), Vec::new());
        for (id, (waits, closed)) in std::mem::take(&mut self.checks) {
            if listing.knows(&id) {
                look_up.push(id);
            } else if tab.may_hold(waits, closed) {
                unknown.push(id);
            }
        }
        let (overflow, reread) = (unknown.len() > LOOKUPS, look_up.len() > KNOWN);
        if reread {
            look_up.clear();
        } else {
            look_up.extend(unknown.into_iter().take(LOOKUPS));
        }
        Batch { look_up, overflow, reread }
    }
}

fn since(kind: EventKind) -> Since {
    // Reopened it waits, or an earlier decision counts again.
    let reopened = kind == EventKind::CheckReopened;
    let waits = matches!(kind, EventKind::CheckCreated | EventKind::CheckVoided);
    let closed =
        matches!(kind, EventKind::CheckDecided | EventKind::CheckSuperseded | EventKind::CheckWithdrawn);
    (waits || reopened, closed || reopened)
}

/// Whether a check stands otherwise after an event.
#[must_use]
pub fn moves_check(kind: EventKind) -> bool {
    kind == EventKind::CheckRetargeted || since(kind) != (false, false)
}

/// Whether an event may change what the system counts: everything but mere news about a merge request.
#[must_use]
pub fn moves_counts(kind: EventKind) -> bool {
    kind != EventKind::CheckUpdated
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::item;
    use shared::{CheckPage, CheckState};

    fn event(id: usize, kind: EventKind) -> Event {
        Event {
            id: 1,
            at: String::new(),
            kind,
            check_id: Some(id.to_string()),
            actor: "Ada".into(),
            summary: String::new(),
        }
    }

    #[test]
    fn one_check_is_looked_up_once() {
        let mut touched = Touched::default();
        touched.note(&event(1, EventKind::CheckCreated));
        touched.note(&event(1, EventKind::CheckCreated));
        let batch = touched.take(&Listing::default(), Tab::All);
        assert_eq!(batch.look_up, ["1"]);
        assert_eq!(touched.take(&Listing::default(), Tab::All), Batch::default());
    }

    #[test]
    fn a_storm_refreshes_what_is_shown_and_bounds_the_rest() {
        let shown = CheckPage { items: vec![item("40", CheckState::Pending)], next_cursor: None };
        let listing = Listing::from_page(shown);
        let mut touched = Touched::default();
        (0..50).for_each(|id| touched.note(&event(id, EventKind::CheckCreated)));
        let batch = touched.take(&listing, Tab::Mine);
        assert_eq!(batch.look_up.len(), LOOKUPS + 1);
        assert_eq!(batch.look_up[0], "40");
        assert!(batch.overflow);
    }

    #[test]
    fn many_known_checks_are_read_as_a_listing() {
        let items = (0..50).map(|id| item(&id.to_string(), CheckState::Pending)).collect();
        let listing = Listing::from_page(CheckPage { items, next_cursor: None });
        let mut touched = Touched::default();
        (0..60).for_each(|id| touched.note(&event(id, EventKind::CheckCreated)));
        let batch = Batch { look_up: Vec::new(), overflow: false, reread: true };
        assert_eq!(touched.take(&listing, Tab::Mine), batch);
    }

    #[test]
    fn what_others_decided_is_no_news_where_checks_wait() {
        let decided = || {
            let mut touched = Touched::default();
            (0..50).for_each(|id| touched.note(&event(id, EventKind::CheckCreated)));
            (0..50).for_each(|id| touched.note(&event(id, EventKind::CheckDecided)));
            touched
        };
        for (tab, news) in [(Tab::Mine, false), (Tab::Others, false), (Tab::Decided, true), (Tab::All, true)]
        {
            assert_eq!(decided().take(&Listing::default(), tab).overflow, news, "{tab:?}");
        }
        let mut touched = decided();
        touched.note(&event(7, EventKind::CheckReopened));
        touched.note(&event(7, EventKind::CheckUpdated));
        assert_eq!(touched.take(&Listing::default(), Tab::Mine).look_up, ["7"]);
        // An earlier decision may count again.
        touched.note(&event(7, EventKind::CheckReopened));
        assert_eq!(touched.take(&Listing::default(), Tab::Decided).look_up, ["7"]);
    }

    #[test]
    fn news_of_what_is_not_shown_is_no_new_check() {
        let mut touched = Touched::default();
        (0..50).for_each(|id| touched.note(&event(id, EventKind::CheckUpdated)));
        (0..50).for_each(|id| touched.note(&event(id, EventKind::DeliveryDelivered)));
        assert!(!touched.is_empty());
        assert_eq!(touched.take(&Listing::default(), Tab::All), Batch::default());
        // Whatever comes after that.
        touched.note(&event(1, EventKind::CheckDecided));
        touched.note(&event(1, EventKind::DeliveryDelivered));
        assert_eq!(touched.take(&Listing::default(), Tab::All).look_up, ["1"]);
    }
}
