//! What GitLab was told and shows, in sentences, and each attempt to tell it.

use leptos::prelude::*;
use shared::{Delivery, DeliveryAttempt, DeliveryState};

use super::icon::{AGAIN, icon, of_tone, tone_class};
use super::time::{As, moment};
use crate::model::truth::{Line, Part};
use crate::texts;

/// The sentences.
#[must_use]
pub fn truth(lines: Vec<Line>) -> AnyView {
    let lines: Vec<_> = lines
        .into_iter()
        .map(|line| {
            let parts: Vec<_> = line.parts.into_iter().map(part).collect();
            view! {
                <p class=format!("truth {}", tone_class(line.tone))>
                    {icon(of_tone(line.tone))}
                    <span>{parts}</span>
                </p>
            }
        })
        .collect();
    view! { <div data-testid="delivery-truth">{lines}</div> }.into_any()
}

fn part(part: Part) -> AnyView {
    match part {
        Part::Text(words) => words.into_any(),
        Part::Status(status) => view! { <em class="word">{status.as_str()}</em> }.into_any(),
        Part::At(at) => moment(&at, As::Clock),
        Part::Until(at) => moment(&at, As::Until),
    }
}

/// The button for a delivery that waits for a person.
#[must_use]
pub fn retry_button(delivery: &Delivery, busy: Signal<bool>, retry: Callback<String>) -> Option<AnyView> {
    let id = delivery.id.clone();
    (delivery.state == DeliveryState::Failed).then(|| {
        view! {
            <button
                type="button"
                class="btn"
                data-testid="delivery-retry"
                prop:disabled=move || busy.get()
                on:click=move |_| retry.run(id.clone())
            >
                {icon(AGAIN)}
                {texts::RETRY_DELIVERY}
            </button>
        }
        .into_any()
    })
}

/// Every attempt of every delivery, folded away, the newest first.
#[must_use]
pub fn attempts(deliveries: &[Delivery]) -> Option<AnyView> {
    let rows: Vec<_> = deliveries
        .iter()
        .rev()
        .flat_map(|delivery| delivery.log.iter().rev().map(|tried| attempt(delivery, tried)))
        .collect();
    let count = rows.len();
    (count > 0).then(|| {
        view! {
            <details class="attempts" data-testid="attempts">
                <summary>{texts::ATTEMPTS} " (" {count} ")"</summary>
                <ol>{rows}</ol>
            </details>
        }
        .into_any()
    })
}

fn attempt(delivery: &Delivery, tried: &DeliveryAttempt) -> AnyView {
    view! {
        <li>
            {moment(&tried.at, As::Clock)}
            " "
            <em class="word">{delivery.status.as_str()}</em>
            " "
            {texts::attempt_result(tried.http_status, tried.error.as_deref())}
            " "
            <span class="fine">{tried.duration_ms} " ms"</span>
        </li>
    }
    .into_any()
}
