//! One check: the change at the left, the decision and the truth about its delivery at the right.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_params_map;
use shared::{CheckDetail, CheckItem, CheckState, Delivery, Verdict};

use crate::api::Fault;
use crate::components::icon::{BACK, FORTH, WARN, icon, state_badge};
use crate::components::message::{empty, fault_box, skeleton};
use crate::components::row::{decide_button, reference, title};
use crate::components::{delivery, facts, record};
use crate::model::decision::{Choice, choice};
use crate::model::listing::neighbour;
use crate::model::text::short_sha;
use crate::model::truth;
use crate::state::check::Shown;
use crate::state::{App, nav};
use crate::texts;

/// The check page.
#[must_use]
pub fn check_page() -> AnyView {
    let app = App::get();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    let shown = Shown::follow(app, id);
    let detail = shown.detail;
    super::name_page(
        app,
        Signal::derive(move || {
            detail
                .with(|detail| detail.as_ref().map(|detail| title(&detail.item)))
                .unwrap_or_else(|| texts::CHECK_TITLE.into())
        }),
    );
    let heading = Memo::new(move |_| detail.with(|detail| detail.as_ref().map(|detail| title(&detail.item))));
    let settled = app.settled();
    let ready = Memo::new(move |_| settled.get() && detail.with(Option::is_some));
    Effect::new(move |_| {
        // Another check on the same page is a new page to its reader.
        id.track();
        super::focus_heading(app);
    });
    view! {
        {neighbours(app, id)}
        <div class="page-head">
            <h1 tabindex="-1">{move || heading.get().unwrap_or_else(|| texts::CHECK_TITLE.into())}</h1>
        </div>
        {move || shown.fault.get().map(|fault| failed(shown, &fault))}
        {move || match (ready.get(), shown.fault.with(Option::is_some)) {
            (true, _) => body(app, shown),
            (false, false) => skeleton(4),
            (false, true) => ().into_any(),
        }}
    }
    .into_any()
}

fn failed(shown: Shown, fault: &Fault) -> AnyView {
    if fault.is_not_found() {
        let way_on = Some((nav::HOME.to_owned(), texts::GO_INBOX));
        return empty("not-found", texts::CHECK_GONE_TITLE, texts::CHECK_GONE, way_on);
    }
    let holds = shown.detail.with_untracked(Option::is_some);
    fault_box(texts::ERR_CHECK, fault, holds, Some(Callback::new(move |()| shown.load(true))))
}

/// Back to the inbox, and to the checks before and behind this one in the listing it was opened from.
fn neighbours(app: App, id: Memo<String>) -> AnyView {
    let step = move |forward: bool| {
        let order = app.inbox.order()?;
        id.with(|id| neighbour(&order, id, forward).map(nav::check))
    };
    let link = move |forward: bool| {
        let (words, shape) = if forward { (texts::NEXT, FORTH) } else { (texts::PREVIOUS, BACK) };
        move || {
            step(forward).map(|href| {
                view! { <a class="tool" href=href aria-label=words title=words>{icon(shape)}</a> }
            })
        }
    };
    view! {
        <nav class="crumbs" aria-label=texts::BACK>
            <a class="back" href=move || app.inbox.filter.with(|filter| filter.href())>
                {icon(BACK)}
                {texts::BACK}
            </a>
            <span class="steps">{link(false)} {link(true)}</span>
        </nav>
    }
    .into_any()
}

fn body(app: App, shown: Shown) -> AnyView {
    let detail = shown.detail;
    let part =
        move |draw: fn(&CheckDetail) -> AnyView| move || detail.with(|detail| detail.as_ref().map(draw));
    view! {
        <div class="check" data-testid="check" data-check-id=move || shown.id.get()>
            {part(banners)}
            <div class="check-main">
                <section class="card">{part(facts::facts)}</section>
                {part(|detail| facts::description(&detail.description))}
                {part(|detail| record::timeline(&detail.timeline))}
            </div>
            <div class="check-side">
                {decision_card(app, shown)}
                {delivery_card(app, shown)}
            </div>
        </div>
    }
    .into_any()
}

/// A newer commit, and what is wrong with the rule or the connection.
fn banners(detail: &CheckDetail) -> AnyView {
    let stale = (detail.item.state == CheckState::Superseded).then(|| {
        let next = match &detail.successor_id {
            Some(id) => view! {
                <a class="btn" href=nav::check(id) data-testid="successor">{texts::STALE_NEXT}</a>
            }
            .into_any(),
            None => view! { <span class="fine">{texts::STALE_SOON}</span> }.into_any(),
        };
        view! {
            <div class="notice waiting" role="alert" data-testid="stale-banner">
                {icon(WARN)}
                <p class="notice-body">{texts::stale(short_sha(&detail.head_sha))}</p>
                {next}
            </div>
        }
    });
    let notice = detail.notice.clone().map(|words| {
        view! { <div class="notice waiting" data-testid="notice">{icon(WARN)} <p class="notice-body">{words}</p></div> }
    });
    view! {
        <div class="check-banners">
            {stale}
            {notice}
        </div>
    }
    .into_any()
}

fn decision_card(app: App, shown: Shown) -> AnyView {
    let detail = shown.detail;
    let state = Memo::new(move |_| detail.with(|detail| detail.as_ref().map(|detail| detail.item.state)));
    let decisions =
        move || detail.with(|detail| detail.as_ref().map(|detail| record::decisions(&detail.decisions)));
    view! {
        <section class="card" aria-labelledby="decision-card-title">
            <div class="card-head">
                <h2 id="decision-card-title" tabindex="-1">{texts::DECISION_CARD}</h2>
                {move || state.get().map(state_badge)}
            </div>
            {decisions}
            <div class="decision-bar" data-testid="decision-bar">{move || state.get().map(|state| actions(app, shown, state))}</div>
        </section>
    }
    .into_any()
}

/// What a reviewer can do now, or why there is nothing to do.
fn actions(app: App, shown: Shown, state: CheckState) -> AnyView {
    let detail = shown.detail;
    let Some(first) = detail.with_untracked(|detail| detail.as_ref().map(|detail| detail.item.clone()))
    else {
        return ().into_any();
    };
    let item = Memo::new(move |_| {
        detail
            .with(|detail| detail.as_ref().map(|detail| detail.item.clone()))
            .unwrap_or_else(|| first.clone())
    });
    let can_decide = app.can_decide();
    let decide = Callback::new(move |(item, verdict): (CheckItem, Verdict)| app.open_decision(item, verdict));
    let off = move || (!can_decide.get()).then(|| view! { <p class="fine">{texts::DECIDING_OFF}</p> });
    match choice(state) {
        Choice::Either => view! {
            {[Verdict::Approve, Verdict::Reject].map(|verdict| decide_button(item, verdict, can_decide, decide))}
            {off}
        }
        .into_any(),
        Choice::Reverse(verdict) => view! {
            <button
                type="button"
                class="btn"
                data-testid="change-decision"
                aria-label=item.with_untracked(|item| format!("{} {}", texts::CHANGE_DECISION, reference(item)))
                prop:disabled=move || !can_decide.get()
                on:click=move |_| decide.run((item.get_untracked(), verdict))
            >
                {texts::CHANGE_DECISION}
            </button>
            {off}
        }
        .into_any(),
        Choice::Nothing => {
            let why = if state == CheckState::Superseded {
                texts::WHY_NOTHING_SUPERSEDED
            } else {
                texts::WHY_NOTHING_WITHDRAWN
            };
            view! { <p class="fine">{why}</p> }.into_any()
        }
    }
}

fn delivery_card(app: App, shown: Shown) -> AnyView {
    let detail = shown.detail;
    let sentences = move || {
        let asked = shown.reading.get();
        detail.with(|detail| {
            let detail = detail.as_ref()?;
            let reading = asked.or_else(|| truth::known_reading(detail));
            Some(delivery::truth(truth::lines(detail, reading.as_ref())))
        })
    };
    let tries = move || {
        detail.with(|detail| detail.as_ref().and_then(|detail| delivery::attempts(&detail.deliveries)))
    };
    let ask_words = move || if shown.asking.get() { texts::READING_GITLAB } else { texts::READ_GITLAB };
    view! {
        <section class="card" aria-labelledby="delivery-title">
            <h2 id="delivery-title">{texts::DELIVERY}</h2>
            {sentences}
            {move || shown.asking_fault.get().map(|fault| view! {
                <p class="fine" data-testid="gitlab-fault">{texts::READ_FAILED} ": " {fault.message()}</p>
            })}
            <div class="card-acts">
                {retry(app, shown)}
                <button
                    type="button"
                    class="btn quiet"
                    data-testid="ask-gitlab"
                    prop:disabled=move || shown.asking.get()
                    on:click=move |_| shown.ask_gitlab()
                >
                    {ask_words}
                </button>
            </div>
            {tries}
        </section>
    }
    .into_any()
}

/// The button that tells GitLab again, and what went wrong with pressing it.
fn retry(app: App, shown: Shown) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<Fault>);
    let run = Callback::new(move |id: String| {
        busy.set(true);
        spawn_local(async move {
            let answer = app.api.retry_delivery(&id).await;
            busy.try_set(false);
            match answer {
                Ok(()) => {
                    fault.try_set(None);
                    app.say(texts::RETRY_QUEUED.into());
                    app.count_soon();
                }
                Err(why) => {
                    fault.try_set(Some(why));
                }
            }
            shown.load(false);
        });
    });
    let last = move |detail: &CheckDetail| -> Option<Delivery> { detail.deliveries.last().cloned() };
    view! {
        {move || fault.get().map(|why| fault_box(texts::ERR_ACTION, &why, false, None))}
        {move || {
            let delivery = shown.detail.with(|detail| detail.as_ref().and_then(last))?;
            delivery::retry_button(&delivery, busy.into(), run)
        }}
    }
}
