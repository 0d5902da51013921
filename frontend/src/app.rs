//! The application: context, router, frame, dialogs.

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::hooks::use_location;
use leptos_router::path;
use shared::{CheckDetail, Verdict};

use crate::components::dialog::decision_dialog;
use crate::components::help::help;
use crate::components::{banner, shell};
use crate::pages::{check_page, inbox_page, missing_page, system_page};
use crate::state::{App, Dialog, dom, keys, live, nav};

/// The root component.
#[component]
pub fn Root() -> impl IntoView {
    let app = App::new();
    provide_context(app);
    app.start();
    live::connect(app);
    let base = nav::base_path();
    let base = base.trim_end_matches('/').to_owned();
    view! {
        <Router base=base>
            <Frame />
        </Router>
    }
}

/// What surrounds every page.
#[component]
fn Frame() -> impl IntoView {
    let app = App::get();
    keys::listen(app);
    let path = use_location().pathname;
    view! {
        {shell::header(app, path)}
        {banner::strips(app)}
        <main id="main" tabindex="-1">
            <FlatRoutes fallback=missing_page>
                <Route path=path!("") view=inbox_page />
                <Route path=path!("checks/:id") view=check_page />
                <Route path=path!("system") view=system_page />
            </FlatRoutes>
        </main>
        {banner::offline_bar(app)}
        <div class="sr-only" role="status" aria-live="polite" data-testid="said">{move || app.said.get()}</div>
        {move || match app.dialog.get() {
            Dialog::Closed => ().into_any(),
            Dialog::Help => help(app),
            Dialog::Decide(target) => {
                let decided = Callback::new(move |(detail, _): (CheckDetail, Verdict)| go_on(app, &detail));
                decision_dialog(app, target, decided)
            }
        }}
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
