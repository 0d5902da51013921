//! The application: context, router, frame, dialogs.

use leptos::prelude::*;
use leptos_router::components::Router;
use leptos_router::hooks::use_location;
use leptos_router::location::{BrowserUrl, LocationProvider};
use shared::{CheckDetail, Verdict};

use crate::components::dialog::decision_dialog;
use crate::components::help::help;
use crate::components::{banner, shell};
use crate::model::route::Route;
use crate::pages::{check_page, inbox_page, missing_page, system_page};
use crate::state::{App, Dialog, dom, keys, live, nav};
use crate::ui::{El, el};

/// The root component.
#[component]
pub fn Root() -> impl IntoView {
    let app = App::new();
    provide_context(app);
    app.start();
    live::connect(app);
    let base = nav::base_path().trim_end_matches('/').to_owned();
    view! {
        <Router base=base>
            <Frame />
        </Router>
    }
}

/// What surrounds every page; it puts itself at the end of the document.
#[component]
fn Frame() -> impl IntoView {
    let app = App::get();
    keys::listen(app);
    let base = nav::base_path();
    let path = use_location().pathname;
    let route = Memo::new(move |_| path.with(|path| Route::of(path, &base)));
    let said = el("div").class("sr-only").attr("role", "status").test("said");
    if let Some(body) = document().body() {
        shell::header(app, route).mount(&body);
        banner::strips(app).mount(&body);
        main_part(app, route).mount(&body);
        banner::offline_bar(app).mount(&body);
        said.text_fn(move || app.said.get()).mount(&body);
        el("div").child_fn(move || open_dialog(app)).mount(&body);
    }
}

/// The page that the address leads to.
fn main_part(app: App, route: Memo<Route>) -> El {
    let settled = app.settled();
    let browser = use_context::<BrowserUrl>();
    // Unseen for a moment until the strips above have come, so that they do not push it down.
    let main =
        el("main").attr("id", "main").attr("tabindex", "-1").flag_fn("data-waiting", move || !settled.get());
    main.child_fn(move || {
        let route = route.get();
        // The router waits for this before it writes the address: the page is about to be shown.
        if let Some(browser) = &browser {
            browser.ready_to_complete();
        }
        untrack(|| match route {
            Route::Inbox => inbox_page(),
            Route::Check(id) => check_page(id),
            Route::System => system_page(),
            Route::Missing => missing_page(),
        })
    })
}

fn open_dialog(app: App) -> Option<El> {
    match app.dialog.get() {
        Dialog::Closed => None,
        Dialog::Help => Some(untrack(|| help(app))),
        Dialog::Decide(target) => {
            let decided = Callback::new(move |(detail, _): (CheckDetail, Verdict)| go_on(app, &detail));
            Some(untrack(|| decision_dialog(app, *target, decided)))
        }
    }
}

/// After a decision: the focus goes to the next row that waits, or to the card that shows the decision.
fn go_on(app: App, detail: &CheckDetail) {
    let id = detail.item.id.clone();
    let on_check_page = app.inbox.open_check.with_untracked(Option::is_some);
    let next = app.inbox.listing.with_untracked(|listing| {
        listing.as_ref().and_then(|listing| listing.next_to_decide(&id)).map(str::to_owned)
    });
    request_animation_frame(move || {
        if on_check_page {
            dom::focus("#decision-card-title");
        } else if !next.is_some_and(|next| dom::focus_row(&next)) {
            dom::focus_row(&id);
        }
    });
}
