//! The service itself: what it runs on, what waits, and calls that need a person.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::{CallItem, SystemInfo};

use crate::api::Fault;
use crate::components::facts::outward;
use crate::components::icon::{AGAIN, WARN, YES, icon};
use crate::components::message::{fault_box, skeleton};
use crate::components::time::{As, moment};
use crate::model::alarm::count;
use crate::state::App;
use crate::texts;

/// The system page.
#[must_use]
pub fn system_page() -> AnyView {
    let app = App::get();
    super::name_page(app, Signal::derive(|| texts::SYSTEM_TITLE.to_owned()));
    super::focus_heading(app);
    app.read_system();
    let retry = Callback::new(move |()| app.read_system());
    view! {
        <div class="page-head">
            <h1 tabindex="-1">{texts::SYSTEM_TITLE}</h1>
        </div>
        {move || app.system_fault.get().map(|fault| {
            let holds = app.system.with_untracked(Option::is_some);
            fault_box(texts::ERR_SYSTEM, &fault, holds, Some(retry))
        })}
        {move || app.system.with(|system| match system {
            Some(system) => view! {
                <div class="system">{service(system)} {queues(system)}</div>
            }
            .into_any(),
            None => skeleton(3),
        })}
        {reconcile(app)}
        {calls(app)}
    }
    .into_any()
}

fn service(system: &SystemInfo) -> AnyView {
    let gitlab = match &system.gitlab_url {
        Some(url) => outward(url, url.clone()),
        None => texts::GITLAB_NONE.into_any(),
    };
    let sandbox = system.sandbox.then(|| view! { <small class="tag">{texts::GITLAB_SANDBOX}</small> });
    let trouble = match (&system.gitlab_trouble, &system.gitlab_url) {
        (Some(what), _) => {
            Some(view! { <p class="truth bad">{icon(WARN)} <span>{what.clone()}</span></p> }.into_any())
        }
        (None, Some(_)) => {
            Some(view! { <p class="truth good">{icon(YES)} <span>{texts::GITLAB_FINE}</span></p> }.into_any())
        }
        (None, None) => None,
    };
    view! {
        <section class="card" aria-labelledby="service-title">
            <h2 id="service-title">{texts::SERVICE}</h2>
            <dl class="facts">
                <div><dt>{texts::VERSION}</dt><dd data-testid="system-version">{system.version.clone()}</dd></div>
                <div><dt>{texts::DATABASE}</dt><dd data-testid="system-database">{system.database.clone()}</dd></div>
                <div>
                    <dt>{texts::GITLAB}</dt>
                    <dd data-testid="system-gitlab">{gitlab} " " {sandbox} {trouble}</dd>
                </div>
            </dl>
        </section>
    }
    .into_any()
}

fn queues(system: &SystemInfo) -> AnyView {
    let rows = [
        ("system-pending-checks", texts::Q_PENDING_CHECKS, system.pending_checks, false),
        ("system-pending-deliveries", texts::Q_PENDING_DELIVERIES, system.pending_deliveries, false),
        ("system-failed-deliveries", texts::Q_FAILED_DELIVERIES, system.failed_deliveries, true),
        ("system-waiting-calls", texts::Q_WAITING_CALLS, system.waiting_calls, false),
        ("system-set-aside-calls", texts::Q_SET_ASIDE, system.set_aside_calls, true),
        ("system-undecided-passes", texts::Q_UNDECIDED, system.undecided_passes, true),
    ];
    let rows = rows.map(|(testid, words, n, grave)| {
        let bad = grave && n > 0;
        let alarm = bad.then(|| icon(WARN));
        view! {
            <div class:bad=bad>
                <dt>{words}</dt>
                <dd data-testid=testid>{alarm} {count(n)}</dd>
            </div>
        }
    });
    view! {
        <section class="card" aria-labelledby="queues-title">
            <h2 id="queues-title">{texts::QUEUES}</h2>
            <dl class="counts">{rows}</dl>
        </section>
    }
    .into_any()
}

fn reconcile(app: App) -> AnyView {
    let busy = RwSignal::new(false);
    let done = RwSignal::new(None::<Result<(), Fault>>);
    let run = move |_| {
        busy.set(true);
        spawn_local(async move {
            let answer = app.api.reconcile().await;
            busy.try_set(false);
            done.try_set(Some(answer));
            app.count_soon();
        });
    };
    view! {
        <section class="card line" aria-label=texts::RECONCILE>
            <p>{texts::RECONCILE_HINT}</p>
            <button
                type="button"
                class="btn"
                data-testid="system-reconcile"
                prop:disabled=move || busy.get()
                on:click=run
            >
                {icon(AGAIN)}
                {texts::RECONCILE}
            </button>
            <div role="status">
                {move || done.get().map(|answer| match answer {
                    Ok(()) => view! {
                        <p class="truth good" data-testid="system-reconcile-done">
                            {icon(YES)} <span>{texts::RECONCILE_DONE}</span>
                        </p>
                    }
                    .into_any(),
                    Err(fault) => fault_box(texts::ERR_ACTION, &fault, false, None),
                })}
            </div>
        </section>
    }
    .into_any()
}

/// The calls that were set aside. Copies are handles to the same signals.
#[derive(Clone, Copy)]
struct Calls {
    app: App,
    items: RwSignal<Option<Vec<CallItem>>>,
    next: RwSignal<Option<String>>,
    fault: RwSignal<Option<Fault>>,
}

impl Calls {
    fn load(self, cursor: Option<String>) {
        spawn_local(async move {
            match self.app.api.list_set_aside(cursor.as_deref()).await {
                Ok(page) => {
                    self.fault.try_set(None);
                    self.next.try_set(page.next_cursor);
                    self.items.try_update(|items| match items {
                        Some(items) if cursor.is_some() => items.extend(page.items),
                        Some(_) | None => *items = Some(page.items),
                    });
                }
                Err(why) => {
                    self.fault.try_set(Some(why));
                }
            }
        });
    }

    fn replay(self, id: i64, outcome: RwSignal<Option<Result<(), Fault>>>) {
        spawn_local(async move {
            let answer = self.app.api.replay_call(id).await;
            outcome.try_set(Some(answer));
            self.app.count_soon();
        });
    }
}

fn calls(app: App) -> AnyView {
    let calls =
        Calls { app, items: RwSignal::new(None), next: RwSignal::new(None), fault: RwSignal::new(None) };
    let waiting =
        Memo::new(move |_| app.system.with(|system| system.as_ref().map(|system| system.set_aside_calls)));
    Effect::new(move |_| {
        // Read again whenever their number changes.
        waiting.track();
        calls.load(None);
    });
    view! {
        <section class="card" aria-labelledby="calls-title" data-testid="system-calls">
            <h2 id="calls-title">{texts::CALLS_TITLE}</h2>
            <p class="fine">{texts::CALLS_HINT}</p>
            {move || calls.fault.get().map(|fault| {
                fault_box(texts::ERR_CALLS, &fault, false, Some(Callback::new(move |()| calls.load(None))))
            })}
            {move || calls.items.get().map(|items| {
                if items.is_empty() {
                    view! { <p data-testid="system-calls-none">{texts::CALLS_NONE}</p> }.into_any()
                } else {
                    let rows: Vec<_> = items.iter().map(|item| call(calls, item)).collect();
                    view! { <ol class="calls">{rows}</ol> }.into_any()
                }
            })}
            {move || calls.next.get().map(|cursor| view! {
                <button type="button" class="btn" on:click=move |_| calls.load(Some(cursor.clone()))>
                    {texts::LOAD_MORE}
                </button>
            })}
        </section>
    }
    .into_any()
}

fn call(calls: Calls, item: &CallItem) -> AnyView {
    let outcome = RwSignal::new(None::<Result<(), Fault>>);
    let id = item.id;
    let signed = if item.signed { texts::SIGNED } else { texts::UNSIGNED };
    let note = item.note.clone().unwrap_or_else(|| texts::NO_NOTE.into());
    view! {
        <li data-testid="system-call" data-call-id=id>
            <div class="call-main">
                <p>{note}</p>
                <p class="row-facts">
                    <span>{texts::CALL} " " {id}</span>
                    {moment(&item.received_at, As::Ago)}
                    <span>{signed}</span>
                    <span>{texts::bytes(item.size)}</span>
                    <span>{texts::tries(item.attempts)}</span>
                </p>
                {move || outcome.get().and_then(Result::err).map(|fault| {
                    fault_box(texts::ERR_ACTION, &fault, false, None)
                })}
            </div>
            <button
                type="button"
                class="btn"
                data-testid="replay"
                aria-label=format!("{} {} {id}", texts::REPLAY, texts::CALL)
                prop:disabled=move || outcome.with(|done| matches!(done, Some(Ok(()))))
                on:click=move |_| calls.replay(id, outcome)
            >
                {move || if outcome.with(|done| matches!(done, Some(Ok(())))) { texts::REPLAYED } else { texts::REPLAY }}
            </button>
        </li>
    }
    .into_any()
}
