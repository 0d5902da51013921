//! The service itself: what it runs on, what waits, and what a person can start.

use crate::ui::prelude::*;
use shared::{Alarm, Permission, SystemInfo};

use super::calls::calls;
use super::doctor::doctor;
use super::rules::rules;
use crate::api::Fault;
use crate::components::delivery::sentence;
use crate::components::facts::outward;
use crate::components::icon::{AGAIN, WARN, icon};
use crate::components::message::{fault_box, skeleton};
use crate::components::{button, card, term};
use crate::model::alarm::count;
use crate::model::filter::Filter;
use crate::model::truth::Tone;
use crate::state::App;
use crate::texts;
use crate::ui::{El, el, words};

/// The system page.
#[must_use]
pub fn system_page() -> El {
    let app = App::get();
    super::name_page(app, || texts::SYSTEM_TITLE.to_owned());
    super::focus_heading(app);
    app.read_system();
    let retry = Callback::new(move |()| app.read_system());
    let fault = move || {
        app.system_fault.get().map(|fault| {
            let holds = app.system.with_untracked(Option::is_some);
            fault_box(texts::ERR_SYSTEM, &fault, holds, Some(retry))
        })
    };
    let told = Memo::new(move |_| app.system.get());
    let facts = move || {
        told.with(|system| match system {
            Some(system) => el("div").class("system").child(service(system)).child(queues(system)),
            None => skeleton(3),
        })
    };
    // Whoever may not start or see something is not shown a button that would fail.
    let may_list = app.may(Permission::ProjectsRead);
    let (may_reconcile, may_replay) = (app.may(Permission::ProjectsWrite), app.may(Permission::Admin));
    super::page(vec![
        super::heading(texts::SYSTEM_TITLE),
        el("div").child_fn(fault),
        el("div").child_fn(facts),
        el("div").child_fn(move || may_list.get().then(|| rules(app))),
        el("div").child_fn(move || may_replay.get().then(|| doctor(app))),
        el("div").child_fn(move || may_reconcile.get().then(|| reconcile(app))),
        el("div").child_fn(move || may_replay.get().then(|| calls(app))),
    ])
}

fn service(system: &SystemInfo) -> El {
    let gitlab = match &system.gitlab_url {
        Some(url) => outward(url, url),
        None => words("span", texts::GITLAB_NONE),
    };
    let sandbox = system.sandbox.then(|| words("small", texts::GITLAB_SANDBOX).class("tag"));
    let health = match (&system.gitlab_trouble, &system.gitlab_url) {
        (Some(what), _) => Some(sentence(Tone::Bad, words("span", what))),
        (None, Some(_)) if system.failed_deliveries == 0 => {
            Some(sentence(Tone::Good, words("span", texts::GITLAB_FINE)))
        }
        (None, _) => None,
    };
    let list = el("dl")
        .class("facts")
        .child(term(texts::VERSION, words("dd", &system.version).test("system-version")))
        .child(term(texts::DATABASE, words("dd", &system.database).test("system-database")))
        .child(term(
            texts::GITLAB,
            el("dd").test("system-gitlab").child(gitlab).child(sandbox).child(health),
        ));
    card("service-title", texts::SERVICE).child(list)
}

fn queues(system: &SystemInfo) -> El {
    let listed = |alarm| Some(Filter::of_alarm(alarm).href());
    let (failed, undecided) = (listed(Alarm::FailedDelivery), listed(Alarm::UndecidedPass));
    let rows = [
        ("system-pending-checks", texts::Q_PENDING_CHECKS, system.pending_checks, false, None),
        ("system-pending-deliveries", texts::Q_PENDING_DELIVERIES, system.pending_deliveries, false, None),
        ("system-failed-deliveries", texts::Q_FAILED_DELIVERIES, system.failed_deliveries, true, failed),
        ("system-waiting-calls", texts::Q_WAITING_CALLS, system.waiting_calls, false, None),
        ("system-set-aside-calls", texts::Q_SET_ASIDE, system.set_aside_calls, true, None),
        ("system-undecided-passes", texts::Q_UNDECIDED, system.undecided_passes, true, undecided),
    ];
    let rows = rows.map(|(testid, name, n, grave, list)| {
        let raised = grave && n > 0;
        let number = match list.filter(|_| raised) {
            Some(list) => words("a", &count(n)).label(name, &count(n)).attr("href", &list),
            None => words("span", &count(n)),
        };
        let number = el("dd").test(testid).child(raised.then(|| icon(WARN))).child(number);
        term(name, number).class(if raised { "bad" } else { "" })
    });
    card("queues-title", texts::QUEUES).child(el("dl").class("counts").children(rows.into()))
}

fn reconcile(app: App) -> El {
    let busy = RwSignal::new(false);
    let done = RwSignal::new(None::<Result<(), Fault>>);
    let run = move || {
        busy.set(true);
        app.api.reconcile().then(move |answer| {
            busy.set(false);
            done.set(Some(answer));
            app.count_soon();
        });
    };
    let start = button("", "btn", "system-reconcile")
        .child(icon(AGAIN))
        .text(texts::RECONCILE)
        .off_fn(move || busy.get())
        .on_click(run);
    let result = el("div").attr("role", "status").child_fn(move || {
        done.get().map(|answer| match answer {
            Ok(()) => {
                sentence(Tone::Good, words("span", texts::RECONCILE_DONE)).test("system-reconcile-done")
            }
            Err(fault) => fault_box(texts::ERR_ACTION, &fault, false, None),
        })
    });
    el("section")
        .class("card line")
        .attr("aria-label", texts::RECONCILE)
        .child(words("p", texts::RECONCILE_HINT))
        .child(start)
        .child(result)
}
