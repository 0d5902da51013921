//! The inbox: what waits for a decision, and every other listing of checks.

use std::cell::Cell;

use crate::ui::prelude::*;
use shared::{CheckItem, Permission, Verdict};

use crate::components::list_head::list_head;
use crate::components::message::{empty, fault_box, skeleton};
use crate::components::row::{RowActs, check_row};
use crate::components::toolbar;
use crate::model::alarm::count;
use crate::model::filter::{Filter, Tab};
use crate::model::listing::Listing;
use crate::model::selection::Pick;
use crate::state::inbox::Inbox;
use crate::state::{App, dom, nav};
use crate::texts;
use crate::ui::{El, each, el, watch, words};

/// The inbox.
#[must_use]
pub fn inbox_page() -> El {
    let app = App::get();
    let inbox = app.inbox;
    follow_url(app);
    super::name_page(app, || texts::INBOX_TITLE.to_owned());
    come_back(app);
    announce(app);
    inbox.read_filters();
    app.on_resync(move || {
        inbox.read_filters();
        inbox.resync();
    });
    app.on_tick(move || inbox.reread_waiting());
    let change = Callback::new(move |filter: Filter| {
        if inbox.filter.with_untracked(|old| *old != filter) {
            app.go(&filter.href(), true);
        }
    });
    let fault = move || {
        inbox.fault.get().map(|fault| {
            let holds = inbox.listing.with_untracked(Option::is_some);
            fault_box(texts::ERR_LIST, &fault, holds, Some(Callback::new(move |()| inbox.load())))
        })
    };
    super::page(vec![
        super::heading(texts::INBOX_TITLE),
        toolbar::tabs(app),
        toolbar::filters(app, change),
        el("div").child_fn(fault),
        el("div").child_fn(move || only_looking(app)),
        list_head(app, change),
        pill(inbox),
        listing(app),
        more(inbox),
    ])
}

/// The listing follows the URL; coming back to the same one shows the rows it had while it reads them again.
fn follow_url(app: App) {
    let here = app.place.with_untracked(|place| place.path.clone());
    watch(move || {
        // Another page's address says nothing about the listing.
        let filter =
            app.place.with(|place| (place.path == here).then(|| Filter::from_params(|key| place.param(key))));
        if let Some(filter) = filter {
            untrack(|| app.inbox.show(filter));
        }
    });
    watch(move || {
        app.inbox.listing.with(|listing| {
            if let Some(listing) = listing {
                app.resume(&listing.rows);
            }
        });
    });
}

/// Coming back from a check, the focus returns to its row.
fn come_back(app: App) {
    match app.inbox.current.get_value().filter(|_| app.moved.get_value()) {
        Some(id) => request_animation_frame(move || {
            if !dom::focus_row(&id) {
                dom::focus("h1");
            }
        }),
        None => super::focus_heading(app),
    }
}

/// Why the buttons of every row are off, when that is no passing trouble.
fn only_looking(app: App) -> Option<El> {
    let why = looking(app)?;
    Some(words("p", why).class("fine only-looking").test("only-looking"))
}

fn looking(app: App) -> Option<&'static str> {
    let others = app.inbox.filter.with(|filter| filter.tab == Tab::Others);
    let rows = app.inbox.listing.with(|listing| listing.as_ref().is_some_and(|all| !all.rows.is_empty()));
    app.who.with(|who| match who.session() {
        Some(_) if !who.may(Permission::ChecksDecide) => Some(texts::NOT_A_REVIEWER),
        // Whoever may decide leaves to others only what they wrote themselves.
        Some(_) if others && rows => Some(texts::OTHERS_HINT),
        Some(_) | None => None,
    })
}

/// Tells a screen reader how many arrived; how many are shown says the head of the list.
fn announce(app: App) {
    let inbox = app.inbox;
    let mut before = 0;
    watch(move || {
        let (new, overflow) =
            inbox.listing.with(|listing| listing.as_ref().map(Listing::waiting)).unwrap_or_default();
        if before < new {
            app.say(texts::new_rows_said(new, overflow));
        }
        before = new;
    });
}

/// What stands in the place of the list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Loading,
    Failed,
    Empty,
    Rows,
}

fn listing(app: App) -> El {
    let inbox = app.inbox;
    let place = Memo::new(move |_| {
        let rows = inbox.listing.with(|listing| listing.as_ref().map(|listing| listing.rows.len()));
        match rows {
            Some(0) if app.settled() => Place::Empty,
            Some(_) if app.settled() => Place::Rows,
            None if inbox.fault.with(Option::is_some) => Place::Failed,
            Some(_) | None => Place::Loading,
        }
    });
    el("div")
        .class("list-place")
        .attr_fn("aria-busy", move || Some(inbox.loading.get().to_string()))
        .child_fn(move || match place.get() {
            Place::Loading => Some(skeleton(6)),
            Place::Failed => None,
            Place::Empty => Some(empty_state(app)),
            Place::Rows => Some(rows(app)),
        })
}

fn rows(app: App) -> El {
    let inbox = app.inbox;
    let ids = Signal::derive(move || {
        inbox
            .listing
            .with(|listing| {
                listing.as_ref().map(|listing| listing.rows.iter().map(|row| row.id.clone()).collect())
            })
            .unwrap_or_default()
    });
    let ids = Memo::new(move |_| ids.get());
    // Memos, or every change of what they are made of would have all rows look.
    let off = Memo::new(move |_| app.hindrance().or_else(|| looking(app).map(str::to_owned)));
    let may_pick = Memo::new(move |_| app.may_pick());
    let acts = RowActs {
        off: off.into(),
        decide: Callback::new(move |(item, verdict): (CheckItem, Verdict)| app.open_decision(item, verdict)),
        may_pick: may_pick.into(),
        selection: inbox.selection,
        pick: Callback::new(move |pick: Pick| app.pick(pick)),
    };
    let row = move |id: &str| {
        // A row is only ever made for a check that is listed.
        let first = inbox.row(id)?;
        let (id, place) = (id.to_owned(), Cell::new(0));
        let item = RwSignal::new(first);
        // No memo: every change of the listing would have all that a row is made of look.
        watch(move || {
            let now = inbox.listing.with(|listing| {
                let now = listing.as_ref()?.row_near(&id, &place)?;
                item.with_untracked(|old| old != now).then(|| now.clone())
            });
            if let Some(now) = now {
                item.set(now);
            }
        });
        Some(check_row(item, acts))
    };
    let list = el("div")
        .class("rows")
        .test("rows")
        .flag_fn("inert", move || inbox.stale.get())
        .attr_fn("data-tab", move || Some(inbox.filter.with(|filter| filter.tab.as_str().into())))
        .on("focusin", move |_| inbox.current.set_value(dom::focused_row()));
    each(list, ids.into(), row)
}

fn pill(inbox: Inbox) -> El {
    let waiting =
        move || inbox.listing.with(|listing| listing.as_ref().map(Listing::waiting)).unwrap_or_default();
    let show = Callback::new(move |()| {
        if let Some(id) = inbox.show_fresh() {
            request_animation_frame(move || {
                dom::focus_row(&id);
            });
        }
    });
    super::pill(waiting, show)
}

fn more(inbox: Inbox) -> El {
    let offered = Memo::new(move |_| {
        inbox.listing.with(|listing| listing.as_ref().is_some_and(|listing| listing.next_cursor.is_some()))
    });
    let fault = move || {
        inbox.more_fault.get().map(|fault| {
            fault_box(
                texts::ERR_MORE,
                &fault,
                false,
                Some(Callback::new(move |()| inbox.load_more(Box::new(dom::focus_new_row)))),
            )
        })
    };
    let next = move || {
        offered.get().then(|| {
            super::more_button(
                move || inbox.loading_more.get(),
                move || inbox.load_more(Box::new(dom::focus_new_row)),
            )
        })
    };
    el("div").class("more").child_fn(fault).child_fn(next)
}

/// Nothing to do, no match and nothing set up are three different things.
fn empty_state(app: App) -> El {
    let filter = app.inbox.filter.get();
    let title = |title| words("h2", title);
    let configured =
        app.system.with(|system| system.as_ref().is_none_or(|system| system.gitlab_url.is_some()));
    let seen_any = app.inbox.projects.with_untracked(|seen| !seen.is_empty());
    let some = app.who.with(|who| who.session().is_some_and(|session| !session.all_projects));
    if some && app.inbox.reaches_none.get() {
        return empty("empty-reach", title(texts::EMPTY_REACH_TITLE), texts::EMPTY_REACH, None);
    }
    if filter.is_narrowed() {
        let way_out = Some((filter.reset().href(), texts::RESET));
        return empty("empty-match", title(texts::EMPTY_MATCH_TITLE), "", way_out);
    }
    if !configured {
        let way_on = Some((nav::SYSTEM.to_owned(), texts::SET_UP_HINT));
        return empty("empty-setup", title(texts::EMPTY_SETUP_TITLE), texts::EMPTY_SETUP, way_on);
    }
    if filter.tab == Tab::All && !seen_any {
        return empty("empty-setup", title(texts::EMPTY_FIRST_TITLE), texts::EMPTY_FIRST, None);
    }
    let others = app.system.with(|system| system.as_ref().map_or(0, |system| system.waiting_on_others));
    match filter.tab {
        Tab::Mine if others > 0 => {
            let on = filter.on(Tab::Others);
            let name = format!("{} ({})", texts::tab(on.tab), count(others));
            let way_on = Some((on.href(), name.as_str()));
            empty("empty-done", title(texts::EMPTY_MINE_TITLE), texts::EMPTY_DONE, way_on)
        }
        Tab::Mine => {
            let all = Some((filter.on(Tab::All).href(), texts::SEE_ALL));
            empty("empty-done", title(texts::EMPTY_DONE_TITLE), texts::EMPTY_DONE, all)
        }
        Tab::Others => empty("empty-done", title(texts::EMPTY_OTHERS_TITLE), "", None),
        Tab::Decided | Tab::All | Tab::One(_) => empty("empty-done", title(texts::EMPTY_TAB_TITLE), "", None),
    }
}
