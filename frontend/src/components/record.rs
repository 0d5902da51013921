//! What happened to a check: its decisions and its timeline.

use leptos::prelude::*;
use shared::{Decision, Event};

use super::icon::{icon, of_verdict};
use super::time::{As, moment};
use crate::model::text::short_sha;
use crate::texts;

/// All decisions, the newest first.
#[must_use]
pub fn decisions(all: &[Decision]) -> AnyView {
    if all.is_empty() {
        return view! { <p class="fine">{texts::NO_DECISIONS}</p> }.into_any();
    }
    let rows: Vec<_> = all.iter().rev().map(decision).collect();
    view! { <ol class="decisions" data-testid="decisions">{rows}</ol> }.into_any()
}

fn decision(decision: &Decision) -> AnyView {
    let unverified =
        (!decision.reviewer_verified).then(|| view! { <small class="tag">{texts::UNVERIFIED}</small> });
    let void = (!decision.counts).then(|| view! { <small class="tag">{texts::VOID}</small> });
    let comment =
        (!decision.comment.is_empty()).then(|| view! { <p class="comment">{decision.comment.clone()}</p> });
    view! {
        <li class:void=!decision.counts data-verdict=decision.verdict.as_str()>
            {icon(of_verdict(decision.verdict))}
            <div>
                <p>
                    <strong>{decision.reviewer.clone()}</strong>
                    " "
                    {unverified}
                    " "
                    {texts::done(decision.verdict)}
                    " "
                    <code class="sha">{short_sha(&decision.sha).to_owned()}</code>
                    " "
                    {moment(&decision.decided_at, As::Ago)}
                    " "
                    {void}
                </p>
                {comment}
            </div>
        </li>
    }
    .into_any()
}

/// The check's events, the newest first.
#[must_use]
pub fn timeline(events: &[Event]) -> AnyView {
    let body = if events.is_empty() {
        view! { <p class="fine">{texts::NO_TIMELINE}</p> }.into_any()
    } else {
        let rows: Vec<_> = events.iter().rev().map(event).collect();
        view! { <ol class="timeline" data-testid="timeline">{rows}</ol> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="timeline-title">
            <h2 id="timeline-title">{texts::TIMELINE}</h2>
            {body}
        </section>
    }
    .into_any()
}

fn event(event: &Event) -> AnyView {
    view! {
        <li data-kind=event.kind.as_str()>
            <p>
                <strong>{texts::event(event.kind)}</strong>
                " "
                {texts::by(&event.actor)}
                " "
                {moment(&event.at, As::Clock)}
            </p>
            <p class="fine">{event.summary.clone()}</p>
        </li>
    }
    .into_any()
}
