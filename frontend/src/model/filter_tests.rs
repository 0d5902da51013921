//! Filters, their addresses, and what the API is told.

use super::*;
use crate::model::place::Place;
use crate::model::samples::item;

fn read(pairs: &[(&str, &str)]) -> Filter {
    Filter::from_params(|key| {
        pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn what_needs_the_person_is_the_default_and_has_the_shortest_address() {
    assert_eq!(read(&[]), Filter::default());
    assert_eq!(read(&[("state", "nonsense"), ("turn", "nonsense"), ("sort", "decided")]), Filter::default());
    assert_eq!(Filter::default().href(), "./");
    assert_eq!(Filter::default().on(Tab::Others).href(), "./?turn=others");
    assert_eq!(Filter::default().on(Tab::All).href(), "./?state=all");
    assert_eq!(Filter::default().on(Tab::Decided).href(), "./?state=approved%2Crejected");
}

#[test]
fn every_filter_comes_back_from_its_address() {
    let states = CheckState::ALL.map(Tab::One);
    for tab in Tab::SHOWN.into_iter().chain(states) {
        for sort in Sort::offered(tab).iter().copied() {
            let alarm = Some(Alarm::UndecidedPass);
            let (project, rule, q) = ("a/b c".into(), "Ü & Co".into(), "x=1".into());
            let filter = Filter { tab, sort, project, rule, q, alarm };
            let place = Place { path: String::new(), query: filter.query() };
            assert_eq!(Filter::from_params(|key| place.param(key)), filter);
            let query = filter.query();
            assert!(
                query.contains("project=a/b%20c&rule=%C3%9C%20%26%20Co&q=x%3D1&alarm=undecided_pass"),
                "{query}"
            );
        }
    }
}

#[test]
fn addresses_from_before_the_tabs_still_lead_somewhere() {
    for (state, tab, under) in [
        ("pending", Tab::One(CheckState::Pending), Tab::All),
        ("approved", Tab::One(CheckState::Approved), Tab::Decided),
        ("superseded", Tab::One(CheckState::Superseded), Tab::All),
        ("all", Tab::All, Tab::All),
    ] {
        let filter = read(&[("state", state)]);
        assert_eq!((filter.tab, filter.tab.shown()), (tab, under));
        assert!(under == tab || under.states().iter().any(|one| Tab::One(*one) == tab));
    }
    assert_eq!(read(&[("state", "pending"), ("turn", "mine")]), Filter::default());
    assert_eq!(read(&[("state", "decided")]), Filter::default().on(Tab::Decided), "as people type it");
}

#[test]
fn the_api_is_always_told_the_state_and_only_with_pending_whose_turn_it_is() {
    let filter = Filter::default();
    assert_eq!(filter.api_query(None, 50), "state=pending&turn=mine&limit=50");
    assert_eq!(filter.api_query(Some("c+1"), 2), "state=pending&turn=mine&cursor=c%2B1&limit=2");
    let decided = filter.on(Tab::Decided);
    assert_eq!(decided.api_query(None, 50), "state=approved%2Crejected%2Cwithdrawn&sort=decided&limit=50");
    let one = decided.on(Tab::One(CheckState::Approved));
    assert_eq!(one.api_query(None, 5), "state=approved%2Cwithdrawn&sort=decided&verdict=approve&limit=5");
    let by_arrival = Filter { sort: Sort::Newest, ..decided };
    assert_eq!(by_arrival.api_query(None, 5), "state=approved%2Crejected&sort=newest&limit=5");
    let newest = Filter { sort: Sort::Newest, ..filter };
    assert_eq!(newest.api_query(None, 1), "state=pending&turn=mine&sort=newest&limit=1");
    assert_eq!(newest.href(), "./?sort=newest");
    assert_eq!(newest.on(Tab::All).href(), "./?state=all", "each tab has its own order");
}

#[test]
fn an_arriving_check_is_matched_like_a_listing() {
    let item = item("1", CheckState::Pending);
    let all = Filter::default();
    assert!(all.takes(&item, true));
    assert!(!all.takes(&item, false), "it is not the person's turn");
    assert!(all.on(Tab::Others).takes(&item, false) && !all.on(Tab::Others).takes(&item, true));
    assert!(!all.on(Tab::Decided).takes(&item, true));
    assert!(!all.on(Tab::One(CheckState::Approved)).takes(&item, true));
    let withdrawn = CheckItem { state: CheckState::Withdrawn, ..item.clone() };
    let merged = CheckItem { verdict: Some(Verdict::Approve), ..withdrawn.clone() };
    let decided = all.on(Tab::Decided);
    assert!(decided.takes(&merged, true) && !decided.takes(&withdrawn, true));
    let one = |state| all.on(Tab::One(state)).takes(&merged, true);
    assert!(one(CheckState::Approved) && !one(CheckState::Rejected));
    let by_arrival = Filter { sort: Sort::Newest, ..decided };
    assert!(!by_arrival.takes(&merged, true), "the API cannot tell them apart in that order");
    assert!(Filter { q: "LOGIN  shop!7".into(), ..Filter::default() }.takes(&item, true));
    assert!(!Filter { q: "elsewhere".into(), ..Filter::default() }.takes(&item, true));
    assert!(!Filter { project: "acme".into(), ..Filter::default() }.takes(&item, true));
    assert!(Filter { rule: "Change approval".into(), ..Filter::default() }.takes(&item, true));
    assert!(!Filter::of_alarm(Alarm::FailedDelivery).takes(&item, true));
}
