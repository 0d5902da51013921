//! A row of the inbox. It stays in place while what it says changes.

use leptos::prelude::*;
use shared::{CheckItem, CheckState, Verdict};

use super::icon::{ARROW, icon, of_tone, state_badge, tone_class};
use super::time::{As, moment};
use crate::model::text::short_sha;
use crate::model::truth::in_row;
use crate::state::nav;
use crate::texts;

/// `group/project!7`.
#[must_use]
pub fn reference(item: &CheckItem) -> String {
    format!("{}!{}", item.project.path, item.merge_request.iid)
}

/// The title, or a stand-in while GitLab has not told it.
#[must_use]
pub fn title(item: &CheckItem) -> String {
    let title = item.merge_request.title.trim();
    if title.is_empty() { texts::UNTITLED.into() } else { title.to_owned() }
}

/// Source → target.
#[must_use]
pub fn branches(item: &CheckItem) -> AnyView {
    view! {
        <span class="branches">
            <code>{item.source_branch.clone()}</code>
            {icon(ARROW)}
            <span class="sr-only">{texts::INTO}</span>
            <code>{item.target_branch.clone()}</code>
        </span>
    }
    .into_any()
}

/// One check in a list. `decide` is run with the check as it is shown at that moment.
#[must_use]
pub fn check_row(
    item: Memo<CheckItem>,
    can_decide: Signal<bool>,
    decide: Callback<(CheckItem, Verdict)>,
) -> AnyView {
    let first = item.get_untracked();
    let state = Memo::new(move |_| item.with(|item| item.state));
    let facts = Memo::new(move |_| {
        item.with(|item| {
            (item.merge_request.author.clone(), item.source_branch.clone(), item.target_branch.clone())
        })
    });
    let aside = Memo::new(move |_| item.with(|item| (item.decided_by.clone(), in_row(item))));
    view! {
        <li class="row" data-testid="check-row" data-check-id=first.id.clone() data-state=move || state.get().as_str()>
            <div class="row-state">{move || state_badge(state.get())}</div>
            <div class="row-main">
                <a class="row-title" href=nav::check(&first.id)>
                    {move || item.with(title)}
                </a>
                <div class="row-facts">
                    <span class="ref">{reference(&first)}</span>
                    <span class="rule">{first.rule.name.clone()}</span>
                    {move || {
                        facts.track();
                        item.with_untracked(row_facts)
                    }}
                    <code class="sha">{short_sha(&first.sha).to_owned()}</code>
                </div>
            </div>
            <div class="row-aside">
                {move || {
                    let worded = if state.get() == CheckState::Pending { As::Waits } else { As::Ago };
                    let at = item.with_untracked(|item| match worded {
                        As::Waits => item.received_at.clone(),
                        As::Ago | As::Clock | As::Until => item.updated_at.clone(),
                    });
                    moment(&at, worded)
                }}
                {move || aside.with(|(by, told)| row_aside(by.as_deref(), told.as_ref()))}
            </div>
            <div class="row-acts">
                {move || (state.get() == CheckState::Pending).then(|| {
                    [Verdict::Approve, Verdict::Reject].map(|verdict| decide_button(item, verdict, can_decide, decide))
                })}
            </div>
        </li>
    }
    .into_any()
}

fn row_facts(item: &CheckItem) -> AnyView {
    let author = item.merge_request.author.clone();
    let author = if author.is_empty() { texts::UNKNOWN_AUTHOR.into() } else { author };
    view! {
        <span class="author">{author}</span>
        {branches(item)}
    }
    .into_any()
}

fn row_aside(by: Option<&str>, told: Option<&(crate::model::truth::Tone, String)>) -> AnyView {
    let by = by.map(|name| view! { <span class="by">{texts::by(name)}</span> });
    let told = told.map(|(tone, words)| {
        view! {
            <span class=format!("told {}", tone_class(*tone)) data-testid="delivery-truth" title=words.clone()>
                {icon(of_tone(*tone))}
                <span class="told-words">{words.clone()}</span>
            </span>
        }
    });
    view! {
        {by}
        {told}
    }
    .into_any()
}

/// A button that opens the decision dialog.
#[must_use]
pub fn decide_button(
    item: Memo<CheckItem>,
    verdict: Verdict,
    can_decide: Signal<bool>,
    decide: Callback<(CheckItem, Verdict)>,
) -> AnyView {
    let label = item.with_untracked(|item| {
        texts::decide_label(texts::verb(verdict), &reference(item), short_sha(&item.sha))
    });
    view! {
        <button
            type="button"
            class=format!("btn {}", verdict.as_str())
            data-testid=verdict.as_str()
            aria-label=label
            title=move || (!can_decide.get()).then_some(texts::OFFLINE_REASON)
            prop:disabled=move || !can_decide.get()
            on:click=move |_| decide.run((item.get_untracked(), verdict))
        >
            {texts::verb(verdict)}
        </button>
    }
    .into_any()
}
