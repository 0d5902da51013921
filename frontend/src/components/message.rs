//! Loading, empty and error states.

use leptos::prelude::*;

use super::icon::{WARN, icon};
use crate::api::Fault;
use crate::texts;

/// What failed, what still holds, and a way to try again.
#[must_use]
pub fn fault_box(what: &'static str, fault: &Fault, holds: bool, retry: Option<Callback<()>>) -> AnyView {
    let request = fault.request_id().map(|id| {
        view! { <p class="fine">{texts::REQUEST_ID} " " <code>{id}</code></p> }
    });
    let retry = retry.map(|retry| {
        view! {
            <button type="button" class="btn" data-testid="retry" on:click=move |_| retry.run(())>
                {texts::RETRY}
            </button>
        }
    });
    view! {
        <div class="notice bad" role="alert" data-testid="fault">
            {icon(WARN)}
            <div class="notice-body">
                <p>
                    <strong>{what} "."</strong>
                    " "
                    {fault.message()}
                    {holds.then(|| format!(" {}", texts::ERR_HOLDS))}
                </p>
                {request}
            </div>
            {retry}
        </div>
    }
    .into_any()
}

/// An empty state: a heading, an explanation and perhaps a way on (address, words).
#[must_use]
pub fn empty(
    testid: &'static str,
    title: &'static str,
    words: &'static str,
    way_on: Option<(String, &'static str)>,
) -> AnyView {
    let way_on = way_on.map(|(href, words)| view! { <a class="btn" href=href>{words}</a> });
    view! {
        <div class="empty" data-testid=testid>
            <h2>{title}</h2>
            <p>{words}</p>
            {way_on}
        </div>
    }
    .into_any()
}

/// The shape of what is coming. Style sheets show it only after 150 ms.
#[must_use]
pub fn skeleton(rows: usize) -> AnyView {
    let rows: Vec<_> = (0..rows).map(|_| view! { <div class="bone"></div> }).collect();
    view! {
        <div class="skeleton" data-testid="skeleton">
            <span class="sr-only">{texts::LOADING}</span>
            {rows}
        </div>
    }
    .into_any()
}
