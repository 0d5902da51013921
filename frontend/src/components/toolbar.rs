//! The inbox's tabs and filters. All of it lives in the URL.

use std::time::Duration;

use crate::ui::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, HtmlSelectElement};

use super::icon::{CROSS, SEARCH, icon};
use crate::model::alarm;
use crate::model::filter::{Filter, Tab};
use crate::texts;
use crate::ui::{El, el, watch, words};

/// How long typing pauses before the search begins.
const PAUSE: Duration = Duration::from_millis(250);

/// The tabs; the first carries the number of waiting checks.
#[must_use]
pub fn tabs(filter: RwSignal<Filter>, pending: Signal<Option<i64>>) -> El {
    let link = |tab: Tab| {
        let count = (tab == Tab::PENDING).then(|| {
            el("span")
                .class("count")
                .flag_fn("data-none", move || pending.get().is_none())
                .text_fn(move || pending.get().map(alarm::count).unwrap_or_default())
        });
        words("a", texts::tab(tab))
            .class("tab")
            .test(&format!("tab-{}", tab.as_str()))
            .attr_fn("href", move || Some(filter.with(|filter| filter.on(tab).href())))
            .attr_fn("aria-current", move || filter.with(|filter| filter.tab == tab).then(|| "page".into()))
            .child(count)
    };
    let tabs = el("nav").class("tabs").attr("aria-label", texts::TABS).children(Tab::ALL.map(link).into());
    let strip: HtmlElement = tabs.as_kind();
    // Where the tabs do not fit side by side, the chosen one comes into view.
    watch(move || {
        filter.with(|filter| filter.tab);
        let strip = strip.clone();
        request_animation_frame(move || {
            let chosen = strip.query_selector("[aria-current]").ok().flatten();
            if let Some(chosen) = chosen.and_then(|chosen| chosen.dyn_into::<HtmlElement>().ok()) {
                let middle = chosen.offset_left() + chosen.offset_width() / 2;
                strip.set_scroll_left(middle - strip.client_width() / 2);
            }
        });
    });
    tabs
}

/// Search, project, rule, and the chip that resets them.
#[must_use]
pub fn filters(
    filter: RwSignal<Filter>,
    projects: RwSignal<Vec<String>>,
    rules: RwSignal<Vec<String>>,
    change: Callback<Filter>,
) -> El {
    let project = Choices {
        label: texts::PROJECT,
        all: texts::ALL_PROJECTS,
        testid: "filter-project",
        known: projects,
        chosen: Signal::derive(move || filter.with(|filter| filter.project.clone())),
        choose: Callback::new(move |project| change.run(Filter { project, ..filter.get_untracked() })),
    };
    let rule = Choices {
        label: texts::RULE,
        all: texts::ALL_RULES,
        testid: "filter-rule",
        known: rules,
        chosen: Signal::derive(move || filter.with(|filter| filter.rule.clone())),
        choose: Callback::new(move |rule| change.run(Filter { rule, ..filter.get_untracked() })),
    };
    let narrowed = Memo::new(move |_| filter.with(Filter::is_narrowed));
    el("form")
        .class("filters")
        .attr("role", "search")
        .attr("aria-label", texts::FILTERS)
        .on("submit", |event| event.prevent_default())
        .child(search(filter, change))
        .child(project.select())
        .child(rule.select())
        .child_fn(move || {
            narrowed.get().then(|| {
                el("button")
                    .attr("type", "button")
                    .class("chip")
                    .test("reset")
                    .child(icon(CROSS))
                    .text(texts::RESET)
                    .on_click(move || change.run(filter.with_untracked(Filter::reset)))
            })
        })
}

fn search(filter: RwSignal<Filter>, change: Callback<Filter>) -> El {
    let asked = StoredValue::new(0_u32);
    let field = el("input")
        .attr("id", "search")
        .attr("type", "search")
        .test("search")
        .attr("placeholder", texts::SEARCH_HINT)
        .attr("autocomplete", "off");
    let input: HtmlInputElement = field.as_kind();
    let typed = input.clone();
    watch(move || {
        let q = filter.with(|filter| filter.q.clone());
        // What is being typed is newer than what the URL has.
        if input.value().trim() != q {
            input.set_value(&q);
        }
    });
    let field = field.on("input", move |_| {
        let q = typed.value().trim().to_owned();
        asked.update_value(|n| *n += 1);
        let mine = asked.get_value();
        set_timeout(
            move || {
                if asked.try_get_value() == Some(mine) {
                    change.run(Filter { q, ..filter.get_untracked() });
                }
            },
            PAUSE,
        );
    });
    el("label")
        .class("search")
        .child(icon(SEARCH))
        .child(words("span", texts::SEARCH).class("sr-only"))
        .child(field)
}

/// A choice among the names seen so far.
struct Choices {
    label: &'static str,
    all: &'static str,
    testid: &'static str,
    known: RwSignal<Vec<String>>,
    chosen: Signal<String>,
    choose: Callback<String>,
}

impl Choices {
    fn select(self) -> El {
        let Self { label, all, testid, known, chosen, choose } = self;
        let field = el("select").class("select").attr("aria-label", label).test(testid);
        let select: HtmlSelectElement = field.as_kind();
        let changed = select.clone();
        watch(move || {
            let chosen = chosen.get();
            let mut names = known.get();
            if !chosen.is_empty() && !names.contains(&chosen) {
                names.push(chosen.clone());
            }
            select.set_text_content(None);
            words("option", all).attr("value", "").mount(&select);
            for name in names {
                words("option", &name).attr("value", &name).mount(&select);
            }
            select.set_value(&chosen);
        });
        field.on("change", move |_| choose.run(changed.value()))
    }
}
