//! The inbox's tabs and filters. All of it lives in the URL.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::icon::{CROSS, SEARCH, icon};
use crate::model::alarm;
use crate::model::filter::{Filter, Tab};
use crate::texts;

/// How long typing pauses before the search begins.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(250);

/// The tabs; the first carries the number of waiting checks.
#[must_use]
pub fn tabs(filter: RwSignal<Filter>, pending: Signal<Option<i64>>) -> AnyView {
    let links = Tab::ALL.map(|tab| {
        let count = (tab == Tab::PENDING).then(|| {
            view! {
                <span class="count" class:none=move || pending.get().is_none()>
                    {move || pending.get().map(alarm::count)}
                </span>
            }
        });
        view! {
            <a
                class="tab"
                href=move || filter.with(|filter| filter.on(tab).href())
                data-testid=format!("tab-{}", tab.as_str())
                aria-current=move || filter.with(|filter| filter.tab == tab).then_some("page")
            >
                {texts::tab(tab)}
                {count}
            </a>
        }
    });
    view! { <nav class="tabs" aria-label=texts::TABS>{links}</nav> }.into_any()
}

/// Search, project, rule, and the chip that resets them.
#[must_use]
pub fn filters(
    filter: RwSignal<Filter>,
    projects: RwSignal<BTreeSet<String>>,
    rules: RwSignal<BTreeSet<String>>,
    change: Callback<Filter>,
) -> AnyView {
    let asked = StoredValue::new(0_u32);
    let search = move |ev: leptos::ev::Event| {
        let q = event_target_value(&ev);
        asked.update_value(|n| *n += 1);
        let mine = asked.get_value();
        set_timeout(
            move || {
                if asked.try_get_value() == Some(mine) {
                    change.run(Filter { q: q.trim().to_owned(), ..filter.get_untracked() });
                }
            },
            PAUSE,
        );
    };
    let project = select(
        texts::PROJECT,
        texts::ALL_PROJECTS,
        "filter-project",
        Signal::derive(move || options(projects, filter.with(|filter| filter.project.clone()))),
        Callback::new(move |project| change.run(Filter { project, ..filter.get_untracked() })),
    );
    let rule = select(
        texts::RULE,
        texts::ALL_RULES,
        "filter-rule",
        Signal::derive(move || options(rules, filter.with(|filter| filter.rule.clone()))),
        Callback::new(move |rule| change.run(Filter { rule, ..filter.get_untracked() })),
    );
    let narrowed = Memo::new(move |_| filter.with(Filter::is_narrowed));
    view! {
        <form class="filters" role="search" aria-label=texts::FILTERS on:submit=|ev| ev.prevent_default()>
            <label class="search">
                {icon(SEARCH)}
                <span class="sr-only">{texts::SEARCH}</span>
                <input
                    id="search"
                    type="search"
                    data-testid="search"
                    placeholder=texts::SEARCH_HINT
                    autocomplete="off"
                    prop:value=move || filter.with(|filter| filter.q.clone())
                    on:input=search
                />
            </label>
            {project}
            {rule}
            {move || narrowed.get().then(|| {
                let reset = move |_| change.run(filter.with_untracked(Filter::reset));
                view! {
                    <button type="button" class="chip" data-testid="reset" on:click=reset>
                        {icon(CROSS)}
                        {texts::RESET}
                    </button>
                }
            })}
        </form>
    }
    .into_any()
}

/// What a select offers, and which of it is chosen.
fn options(known: RwSignal<BTreeSet<String>>, chosen: String) -> (Vec<String>, String) {
    let mut names: Vec<String> = known.with(|known| known.iter().cloned().collect());
    if !chosen.is_empty() && !names.contains(&chosen) {
        names.push(chosen.clone());
    }
    (names, chosen)
}

fn select(
    label: &'static str,
    all: &'static str,
    testid: &'static str,
    options: Signal<(Vec<String>, String)>,
    chosen: Callback<String>,
) -> AnyView {
    view! {
        <select
            class="select"
            aria-label=label
            data-testid=testid
            on:change=move |ev| chosen.run(event_target_value(&ev))
        >
            {move || {
                let (names, chosen) = options.get();
                let names: Vec<_> = names
                    .into_iter()
                    .map(|name| {
                        let selected = name == chosen;
                        view! { <option value=name.clone() prop:selected=selected>{name.clone()}</option> }
                    })
                    .collect();
                view! {
                    <option value="" prop:selected=chosen.is_empty()>{all}</option>
                    {names}
                }
            }}
        </select>
    }
    .into_any()
}
