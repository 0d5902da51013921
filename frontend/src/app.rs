//! The application: context, frame, pages, dialogs.

use crate::ui::prelude::*;
use shared::{CheckDetail, Verdict};

use crate::components::bulk::bulk_dialog;
use crate::components::dialog::decision_dialog;
use crate::components::help::help;
use crate::components::{banner, shell};
use crate::model::access::{self, Gate};
use crate::model::route::Route;
use crate::pages::{
    account_page, barred_page, check_page, history_page, inbox_page, missing_page, people_page, sign_in_page,
    system_page, waiting_page, welcome_page,
};
use crate::state::{App, Dialog, dom, keys, nav};
use crate::ui::{El, el, watch};

/// Starts the application: it puts itself at the end of the document.
pub fn start() {
    let app = App::new();
    provide_context(app);
    app.follow_address();
    app.start();
    keys::listen(app);
    let base = nav::base_path();
    let route = Memo::new(move |_| app.place.with(|place| Route::of(&place.path, &base)));
    let said = el("div").class("sr-only").attr("role", "status").test("said");
    if let Some(body) = document().body() {
        // What stood there meanwhile.
        body.set_text_content(None);
        shell::header(app, route).mount(&body);
        banner::strips(app).mount(&body);
        banner::offline_bar(app).mount(&body);
        main_part(app, route).mount(&body);
        said.text_fn(move || app.said.get()).mount(&body);
        el("div").child_fn(move || open_dialog(app)).mount(&body);
    }
}

/// The page that the address leads to, if it is open to whoever is there.
fn main_part(app: App, route: Memo<Route>) -> El {
    let busy =
        Memo::new(move |_| app.dialog.with(|open| matches!(open, Dialog::Decide(_) | Dialog::Bulk(_))));
    let gate = Memo::new(move |_| app.who.with(|who| access::gate(&route.get(), who, busy.get())));
    watch(move || {
        if gate.get() == Gate::SignIn {
            let to = app.place.with_untracked(nav::sign_in);
            app.go(&to, true);
        }
    });
    // Unseen for a moment until the strips above have come, so that they do not push it down.
    let main =
        el("main").attr("id", "main").attr("tabindex", "-1").flag_fn("data-waiting", move || !app.settled());
    main.child_fn(move || {
        let gate = gate.get();
        untrack(|| match gate {
            Gate::Waiting => Some(waiting_page()),
            Gate::SignIn => None,
            Gate::Barred(needed) => Some(barred_page(needed)),
            Gate::Show(route) => Some(match route {
                Route::Inbox => inbox_page(),
                Route::Check(id) => check_page(id),
                Route::History => history_page(),
                Route::People => people_page(),
                Route::System => system_page(),
                Route::Account => account_page(),
                Route::SignIn => sign_in_page(),
                Route::Welcome => welcome_page(),
                Route::Missing => missing_page(),
            }),
        })
    })
}

fn open_dialog(app: App) -> Option<El> {
    match app.dialog.get() {
        Dialog::Closed => None,
        Dialog::Help => Some(untrack(|| help(app))),
        Dialog::Decide(target) => {
            let decided =
                Callback::new(move |(detail, _): (CheckDetail, Verdict)| go_on(app, &detail.item.id));
            Some(untrack(|| decision_dialog(app, *target, decided)))
        }
        Dialog::Bulk(bulk) => {
            let last = bulk.items.last().map(|item| item.id.clone()).unwrap_or_default();
            let closed = Callback::new(move |()| go_on(app, &last));
            Some(untrack(|| bulk_dialog(app, *bulk, closed)))
        }
    }
}

/// After a decision: the focus goes to the next row that waits, or to the card that shows the decision.
fn go_on(app: App, id: &str) {
    let on_check_page = app.inbox.open_check.with_untracked(Option::is_some);
    let next = app.inbox.next_to_decide(id);
    let id = id.to_owned();
    if app.inbox.listing.with_untracked(Option::is_none) {
        // Whoever came by a link is shown what else waits.
        app.inbox.load();
    }
    request_animation_frame(move || {
        if on_check_page {
            dom::focus("#decision-card-title");
        } else if !next.is_some_and(|next| dom::focus_row(&next)) {
            dom::focus_row(&id);
        }
    });
}
