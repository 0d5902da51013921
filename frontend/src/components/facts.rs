//! What a check is about.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::CheckDetail;

use super::icon::{COPY, OUT, icon};
use super::row::{branches, reference};
use super::time::{As, moment};
use crate::model::text::{safe_url, short_sha};
use crate::state::App;
use crate::texts;

/// A link out if the address is a web address, else plain text.
#[must_use]
pub fn outward(url: &str, words: String) -> AnyView {
    match safe_url(url) {
        Some(url) => view! {
            <a href=url.to_owned() target="_blank" rel="external noopener noreferrer">
                {words}
                {icon(OUT)}
            </a>
        }
        .into_any(),
        None => words.into_any(),
    }
}

/// The facts of a check as a list of terms.
#[must_use]
pub fn facts(detail: &CheckDetail) -> AnyView {
    let item = &detail.item;
    let author = item.merge_request.author.clone();
    let author = if author.is_empty() { texts::UNKNOWN_AUTHOR.into() } else { author };
    view! {
        <dl class="facts" aria-label=texts::FACTS>
            <div>
                <dt>{texts::MERGE_REQUEST}</dt>
                <dd>{outward(&item.merge_request.url, reference(item))}</dd>
            </div>
            <div><dt>{texts::RULE}</dt><dd>{item.rule.name.clone()}</dd></div>
            <div><dt>{texts::AUTHOR}</dt><dd>{author}</dd></div>
            <div><dt>{texts::BRANCHES}</dt><dd>{branches(item)}</dd></div>
            <div>
                <dt>{texts::COMMIT}</dt>
                <dd>
                    <code class="sha" title=item.sha.clone()>{short_sha(&item.sha).to_owned()}</code>
                    {copy_button(item.sha.clone())}
                </dd>
            </div>
            <div><dt>{texts::ARRIVED}</dt><dd>{moment(&item.received_at, As::Ago)}</dd></div>
        </dl>
    }
    .into_any()
}

/// The description as GitLab has it: text, with its lines.
#[must_use]
pub fn description(text: &str) -> AnyView {
    let text = text.trim_end();
    let body = if text.is_empty() {
        view! { <p class="fine">{texts::NO_DESCRIPTION}</p> }.into_any()
    } else {
        view! { <div class="description" data-testid="description">{text.to_owned()}</div> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="description-title">
            <h2 id="description-title">{texts::DESCRIPTION}</h2>
            {body}
        </section>
    }
    .into_any()
}

fn copy_button(text: String) -> AnyView {
    let app = App::get();
    let copy = move |_| {
        let text = text.clone();
        spawn_local(async move {
            let copied = write_clipboard(&text).await;
            app.say(if copied { texts::COPIED } else { texts::COPY_FAILED }.into());
        });
    };
    view! {
        <button
            type="button"
            class="tool small"
            aria-label=texts::COPY_SHA
            title=texts::COPY_SHA
            data-testid="copy-sha"
            on:click=copy
        >
            {icon(COPY)}
        </button>
    }
    .into_any()
}

/// Writes to the clipboard; tells whether the browser allowed it. Browsers offer it on https and localhost only.
async fn write_clipboard(text: &str) -> bool {
    if !window().is_secure_context() {
        return false;
    }
    js_sys::futures::JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}
