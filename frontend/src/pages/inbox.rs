//! The inbox: what waits for a decision, and every other listing of checks.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::{CheckItem, Verdict};

use crate::components::message::{empty, fault_box, skeleton};
use crate::components::row::check_row;
use crate::components::toolbar;
use crate::model::filter::{Filter, Tab};
use crate::model::listing::Listing;
use crate::state::inbox::Inbox;
use crate::state::{App, dom, nav};
use crate::texts;

/// The inbox.
#[must_use]
pub fn inbox_page() -> AnyView {
    let app = App::get();
    let inbox = app.inbox;
    let go = nav::use_go();
    follow_url(inbox);
    super::name_page(app, Signal::derive(|| texts::INBOX_TITLE.to_owned()));
    come_back(app);
    announce(app);
    let resynced = app.resync;
    Effect::new(move |before: Option<u32>| {
        let now = resynced.get();
        if before.is_some_and(|before| before != now) {
            inbox.resync();
        }
        now
    });
    let pending =
        Signal::derive(move || app.system.with(|system| system.as_ref().map(|system| system.pending_checks)));
    let change = Callback::new(move |filter: Filter| {
        if inbox.filter.with_untracked(|old| *old != filter) {
            go.run((filter.href(), true));
        }
    });
    view! {
        <div class="page-head">
            <h1 tabindex="-1">{texts::INBOX_TITLE}</h1>
        </div>
        {toolbar::tabs(inbox.filter, pending)}
        {toolbar::filters(inbox.filter, inbox.projects, inbox.rules, change)}
        {move || inbox.fault.get().map(|fault| {
            let holds = inbox.listing.with_untracked(Option::is_some);
            fault_box(texts::ERR_LIST, &fault, holds, Some(Callback::new(move |()| inbox.load())))
        })}
        {listing(app)}
    }
    .into_any()
}

/// The listing follows the URL; coming back to the same one shows the rows it had while it reads them again.
fn follow_url(inbox: Inbox) {
    let query = use_query_map();
    Effect::new(move |_| {
        let filter = query.with(|query| Filter::from_params(|key| query.get(key)));
        inbox.show(filter);
    });
}

/// Coming back from a check, the focus returns to its row.
fn come_back(app: App) {
    let row = app.inbox.current.get_value().filter(|_| app.moved.get_value());
    match row {
        Some(id) => request_animation_frame(move || {
            if !dom::focus_row(&id) {
                dom::focus("h1");
            }
        }),
        None => super::focus_heading(app),
    }
}

/// Tells a screen reader how many rows were loaded and how many arrived.
fn announce(app: App) {
    let inbox = app.inbox;
    let counts = Memo::new(move |_| {
        inbox.listing.with(|listing| {
            let listing = listing.as_ref()?;
            Some((listing.rows.len(), listing.next_cursor.is_some(), listing.waiting()))
        })
    });
    Effect::new(move |before: Option<Option<(usize, bool, (usize, bool))>>| {
        let now = counts.get();
        if let Some((rows, more, (new, overflow))) = now {
            let before = before.flatten();
            if before.is_none_or(|before| (before.0, before.1) != (rows, more)) {
                app.say(texts::rows_said(rows, more));
            } else if before.is_some_and(|before| before.2.0 < new) {
                app.say(texts::new_rows_said(new, overflow));
            }
        }
        now
    });
}

fn listing(app: App) -> AnyView {
    let inbox = app.inbox;
    let settled = app.settled();
    let ready = Memo::new(move |_| settled.get() && inbox.listing.with(Option::is_some));
    let none = Memo::new(move |_| {
        inbox.listing.with(|listing| listing.as_ref().is_none_or(|all| all.rows.is_empty()))
    });
    view! {
        {pill(app)}
        <div class="list-place" class:stale=move || inbox.loading.get() aria-busy=move || inbox.loading.get().to_string()>
            {move || match (ready.get(), none.get()) {
                (false, _) => (inbox.fault.get().is_none()).then(|| skeleton(6)).into_any(),
                (true, true) => empty_state(app),
                (true, false) => rows(app),
            }}
        </div>
        {more(inbox)}
    }
    .into_any()
}

fn rows(app: App) -> AnyView {
    let inbox = app.inbox;
    let ids = Memo::new(move |_| {
        inbox.listing.with(|listing| {
            listing.iter().flat_map(|listing| &listing.rows).map(|row| row.id.clone()).collect::<Vec<_>>()
        })
    });
    let can_decide = app.can_decide();
    let decide = Callback::new(move |(item, verdict): (CheckItem, Verdict)| app.open_decision(item, verdict));
    let row = move |id: String| {
        // A row is only ever made for a check that is listed.
        inbox.row(&id).map(|first| {
            let item = Memo::new(move |_| {
                let now = inbox.listing.with(|listing| listing.as_ref()?.row(&id).cloned());
                now.unwrap_or_else(|| first.clone())
            });
            check_row(item, can_decide, decide)
        })
    };
    view! {
        <ol
            class="rows"
            data-testid="rows"
            on:focusin=move |_| inbox.current.set_value(dom::focused_row())
        >
            <For each=move || ids.get() key=String::clone children=row />
        </ol>
    }
    .into_any()
}

fn pill(app: App) -> AnyView {
    let inbox = app.inbox;
    let waiting = Memo::new(move |_| {
        inbox.listing.with(|listing| listing.as_ref().map(Listing::waiting)).unwrap_or_default()
    });
    let show = move |_| {
        if let Some(id) = inbox.show_fresh() {
            request_animation_frame(move || {
                dom::focus_row(&id);
            });
        }
    };
    view! {
        <div class="pill-place">
            {move || {
                let (new, more) = waiting.get();
                (new > 0 || more).then(|| view! {
                    <button type="button" class="pill" data-testid="new-pill" on:click=show>
                        {texts::new_rows(new, more)}
                    </button>
                })
            }}
        </div>
    }
    .into_any()
}

fn more(inbox: Inbox) -> AnyView {
    let offered = Memo::new(move |_| {
        inbox.listing.with(|listing| listing.as_ref().is_some_and(|listing| listing.next_cursor.is_some()))
    });
    view! {
        {move || inbox.more_fault.get().map(|fault| {
            fault_box(texts::ERR_MORE, &fault, false, Some(Callback::new(move |()| inbox.load_more())))
        })}
        {move || offered.get().then(|| view! {
            <div class="more">
                <button
                    type="button"
                    class="btn"
                    data-testid="load-more"
                    prop:disabled=move || inbox.loading_more.get()
                    on:click=move |_| inbox.load_more()
                >
                    {move || if inbox.loading_more.get() { texts::LOADING_MORE } else { texts::LOAD_MORE }}
                </button>
            </div>
        })}
    }
    .into_any()
}

/// Nothing to do, no match and nothing set up are three different things.
fn empty_state(app: App) -> AnyView {
    let filter = app.inbox.filter.get();
    let configured =
        app.system.with(|system| system.as_ref().is_none_or(|system| system.gitlab_url.is_some()));
    let seen_any = app.inbox.projects.with_untracked(|seen| !seen.is_empty());
    if filter.is_narrowed() {
        let way_out = Some((filter.reset().href(), texts::RESET));
        return empty("empty-match", texts::EMPTY_MATCH_TITLE, "", way_out);
    }
    if !configured {
        let way_on = Some((nav::SYSTEM.to_owned(), texts::SET_UP_HINT));
        return empty("empty-setup", texts::EMPTY_SETUP_TITLE, texts::EMPTY_SETUP, way_on);
    }
    if filter.tab == Tab::All && !seen_any {
        return empty("empty-setup", texts::EMPTY_FIRST_TITLE, texts::EMPTY_FIRST, None);
    }
    if filter.tab == Tab::PENDING {
        let all = Some((filter.on(Tab::All).href(), texts::SEE_ALL));
        return empty("empty-done", texts::EMPTY_DONE_TITLE, texts::EMPTY_DONE, all);
    }
    empty("empty-done", texts::EMPTY_TAB_TITLE, "", None)
}
