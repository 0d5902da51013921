//! How pages, live changes and decisions merge into the rows.

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
    listing.arrive(decided, true, &Filter::default());
    assert_eq!(ids(&listing), ["a", "b"]);
    assert_eq!(listing.rows[0].state, CheckState::Approved);
}

#[test]
fn a_row_leaves_when_it_is_no_longer_that_persons_turn() {
    for (tab, mine) in [(Tab::Mine, false), (Tab::Others, true)] {
        let filter = Filter::default().on(tab);
        let mut listing = Listing::from_page(page(&[("a", 1), ("b", 2)], None));
        listing.arrive(at("a", 3), mine, &filter);
        listing.arrive(at("b", 3), !mine, &filter);
        assert_eq!(ids(&listing), ["b"], "{tab:?}");
        listing.arrive(at("b", 2), mine, &filter);
        assert_eq!(ids(&listing), ["b"], "{tab:?}: an answer from before");
        // One that was decided stays where somebody looks at it.
        let mut decided = at("b", 4);
        decided.state = CheckState::Approved;
        listing.arrive(decided, mine, &filter);
        assert_eq!(ids(&listing), ["b"], "{tab:?}");
    }
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
    listing.arrive(at("b", 2), true, &filter);
    listing.arrive(at("c", 3), true, &filter);
    listing.arrive(at("b", 2), true, &filter);
    assert_eq!(ids(&listing), ["a"]);
    assert_eq!(listing.waiting(), (2, false));
    assert_eq!(listing.show_fresh(true), Shown::First("b".into()));
    assert_eq!(ids(&listing), ["a", "b", "c"]);
}

#[test]
fn an_empty_listing_shows_what_arrives_at_once() {
    let mut listing = Listing::from_page(page(&[], None));
    listing.arrive(at("a", 1), true, &Filter::default());
    listing.arrive(at("b", 2), true, &Filter::default());
    assert_eq!((ids(&listing), listing.waiting()), (vec!["a"], (1, false)));
    let mut listing = Listing::from_page(page(&[], None));
    assert!(listing.resync(page(&[("a", 1), ("b", 2)], Some("x")), true, 25).is_empty());
    assert_eq!((ids(&listing), listing.next_cursor.as_deref()), (vec!["a", "b"], Some("x")));
}

#[test]
fn newest_first_listings_show_new_rows_on_top() {
    let filter = Filter::default().on(Tab::All);
    let mut listing = Listing::from_page(page(&[("a", 1)], None));
    listing.arrive(at("b", 2), true, &filter);
    listing.arrive(at("c", 3), true, &filter);
    assert_eq!(listing.show_fresh(false), Shown::First("c".into()));
    assert_eq!(ids(&listing), ["c", "b", "a"]);
}

#[test]
fn a_waiting_check_that_was_decided_leaves_the_pill() {
    let filter = Filter::default();
    let mut listing = Listing::default();
    listing.arrive(at("b", 2), true, &filter);
    let mut decided = at("b", 3);
    decided.state = CheckState::Approved;
    listing.arrive(decided, true, &filter);
    assert_eq!(listing.waiting(), (0, false));
}

#[test]
fn the_next_page_neither_repeats_nor_misorders_rows() {
    let mut listing = Listing::from_page(page(&[("a", 1), ("b", 2)], Some("x")));
    listing.arrive(at("z", 9), true, &Filter::default());
    listing.show_fresh(true);
    assert_eq!(listing.append(page(&[("c", 3), ("z", 9)], None), true).as_deref(), Some("c"));
    assert_eq!(ids(&listing), ["a", "b", "c", "z"]);
    assert_eq!(listing.next_cursor, None);
}

#[test]
fn after_a_gap_vanished_rows_are_named_and_new_ones_wait() {
    let mut listing = Listing::from_page(page(&[("a", 1), ("b", 2)], None));
    let missing = listing.resync(page(&[("b", 2), ("c", 3)], None), true, 25);
    assert_eq!(missing, ["a"]);
    assert_eq!(ids(&listing), ["a", "b"]);
    assert_eq!(listing.waiting(), (1, false));
}

#[test]
fn what_waits_behind_the_pill_is_looked_up_too_when_all_was_read() {
    let mut listing = Listing::from_page(page(&[("a", 1)], None));
    listing.arrive(at("b", 2), true, &Filter::default());
    listing.arrive(at("c", 3), true, &Filter::default());
    assert_eq!(listing.resync(page(&[("a", 1), ("c", 3)], None), true, 25), ["b"]);
    assert!(listing.resync(page(&[("a", 1)], Some("x")), true, 25).is_empty(), "they may be on a later page");
}

#[test]
fn rows_beyond_the_reading_are_not_called_vanished() {
    let mut listing = Listing::from_page(page(&[("a", 1), ("b", 2), ("c", 3)], Some("x")));
    let missing = listing.resync(page(&[("a", 1), ("b", 2)], Some("y")), true, 25);
    assert!(missing.is_empty());
    assert_eq!(listing.next_cursor.as_deref(), Some("x"));
}

#[test]
fn a_check_that_waits_again_among_the_rows_is_not_taken_for_one_of_a_later_page() {
    let mut listing = Listing::from_page(page(&[("a", 1), ("c", 3)], Some("x")));
    listing.resync(page(&[("a", 1), ("b", 2), ("c", 3), ("d", 4)], Some("y")), true, 25);
    assert_eq!(listing.fresh.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["b"]);
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

#[test]
fn after_a_long_gap_the_reading_takes_the_place_of_the_rows() {
    let mut listing = Listing::from_page(page(&[("a", 1), ("b", 2), ("c", 3)], Some("x")));
    let read = page(&[("c", 3), ("d", 4)], Some("y"));
    assert!(listing.resync(read.clone(), true, 1).is_empty());
    assert_eq!(listing, Listing::from_page(read));
}

#[test]
fn what_a_cut_reading_may_have_left_out_needs_loading_anew() {
    // Everything was loaded, and now there is more than was read.
    let mut oldest = Listing::from_page(page(&[("a", 1)], None));
    oldest.resync(page(&[("a", 1), ("b", 2)], Some("y")), true, 25);
    assert_eq!(oldest.waiting(), (1, true));
    // New ones come first, and the reading did not reach what is known.
    let mut newest = Listing::from_page(page(&[("b", 2), ("a", 1)], None));
    newest.resync(page(&[("z", 9), ("y", 8)], Some("y")), false, 25);
    assert_eq!(newest.waiting(), (2, true));
    let mut reached = Listing::from_page(page(&[("b", 2), ("a", 1)], None));
    reached.resync(page(&[("z", 9), ("b", 2)], Some("y")), false, 25);
    assert_eq!(reached.waiting(), (1, false));
}

#[test]
fn new_rows_of_a_gap_stand_in_the_order_of_the_listing() {
    let mut listing = Listing::from_page(page(&[("a", 1)], None));
    listing.resync(page(&[("c", 3), ("b", 2), ("a", 1)], None), false, 25);
    listing.arrive(at("d", 4), true, &Filter::default().on(Tab::All));
    listing.show_fresh(false);
    assert_eq!(ids(&listing), ["d", "c", "b", "a"]);
}

#[test]
fn a_row_is_found_where_it_was_and_where_it_went() {
    let mut listing = Listing::from_page(page(&[("a", 1), ("b", 2)], None));
    let place = Cell::new(0);
    assert_eq!(listing.row_near("b", &place).unwrap().id, "b");
    assert_eq!(place.get(), 1);
    listing.rows.remove(0);
    assert_eq!(listing.row_near("b", &place).unwrap().id, "b");
    assert!(listing.row_near("a", &place).is_none());
}

#[test]
fn from_a_check_that_is_not_listed_the_first_waiting_row_follows() {
    let listing = Listing::from_page(page(&[("a", 1), ("b", 2)], None));
    assert_eq!(listing.next_to_decide("x"), Some("a"));
    assert_eq!(listing.pending(), ["a", "b"]);
}
