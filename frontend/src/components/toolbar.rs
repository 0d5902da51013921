//! The inbox's tabs and filters. All of it lives in the URL.

use std::time::Duration;

use crate::ui::prelude::*;
use shared::{CheckState, SystemInfo};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, HtmlSelectElement, KeyboardEvent};

use super::icon::{CROSS, SEARCH, icon};
use super::saved::saved_menu;
use crate::model::alarm;
use crate::model::filter::{Filter, Tab};
use crate::state::inbox::Inbox;
use crate::state::{App, dom};
use crate::texts;
use crate::ui::{El, el, watch, words};

/// How long typing pauses before the search begins.
const PAUSE: Duration = Duration::from_millis(250);

/// Where the way out of the search leads.
const FIRST_ROW: &str = "[data-testid=check-row] .row-title";

/// The tabs; those of waiting checks carry their number.
#[must_use]
pub fn tabs(app: App) -> El {
    let filter = app.inbox.filter;
    let count = move |of: fn(&SystemInfo) -> i64| {
        let n = Memo::new(move |_| app.system.with(|system| system.as_ref().map(of)));
        el("span")
            .class("count")
            .flag_fn("data-none", move || n.get().is_none())
            .text_fn(move || n.get().map(alarm::count).unwrap_or_default())
    };
    let link = |tab: Tab| {
        let count = match tab {
            Tab::Mine => Some(count(|system| system.needs_you)),
            Tab::Others => Some(count(|system| system.waiting_on_others)),
            Tab::Decided | Tab::All | Tab::One(_) => None,
        };
        words("a", texts::tab(tab))
            .class("tab")
            .test(&format!("tab-{}", tab.as_str()))
            .attr_fn("href", move || Some(filter.with(|filter| filter.on(tab).href())))
            .attr_fn("aria-current", move || {
                filter.with(|filter| filter.tab.shown() == tab).then(|| "page".into())
            })
            .child(count)
    };
    let tabs = el("nav").class("tabs").attr("aria-label", texts::TABS).children(Tab::SHOWN.map(link).into());
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

/// Search, project, rule, state, the chip that resets them, and the saved listings.
#[must_use]
pub fn filters(app: App, change: Callback<Filter>) -> El {
    let Inbox { filter, projects, rules, .. } = app.inbox;
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
    let shown = Memo::new(move |_| filter.with(|filter| filter.tab.shown()));
    let narrowed = Memo::new(move |_| filter.with(|filter| (filter.is_narrowed(), filter.alarm)));
    el("form")
        .class("filters")
        .attr("role", "search")
        .attr("aria-label", texts::FILTERS)
        .on("submit", |event| event.prevent_default())
        .child(search(app.inbox, change))
        .child(project.select())
        .child(rule.select())
        .child_fn(move || states(shown.get(), filter, change))
        .child_fn(move || {
            let (narrowed, alarm) = narrowed.get();
            narrowed.then(|| {
                let says = alarm.map_or(texts::RESET, texts::alarm);
                let chip = el("button").attr("type", "button").class("chip").test("reset");
                let chip = if alarm.is_some() { chip.label(texts::RESET, says) } else { chip };
                chip.child(icon(CROSS))
                    .text(says)
                    .on_click(move || change.run(filter.with_untracked(Filter::reset)))
            })
        })
        .child(saved_menu(app, filter))
}

/// The choice of one state, on tabs that hold several.
fn states(tab: Tab, filter: RwSignal<Filter>, change: Callback<Filter>) -> Option<El> {
    let states = tab.states();
    if states.is_empty() {
        return None;
    }
    let all = if tab == Tab::Decided { texts::DECIDED_STATES } else { texts::ALL_STATES };
    let field = el("select").class("select").attr("aria-label", texts::STATE).test("filter-state");
    let select: HtmlSelectElement = field.as_kind();
    let option = |state: &CheckState| words("option", texts::state(*state)).attr("value", state.as_str());
    let field =
        field.child(words("option", all).attr("value", "")).children(states.iter().map(option).collect());
    let chosen = select.clone();
    watch(move || {
        chosen.set_value(match filter.with(|filter| filter.tab) {
            Tab::One(state) => state.as_str(),
            Tab::Mine | Tab::Others | Tab::Decided | Tab::All => "",
        });
    });
    Some(field.on("change", move |_| {
        let to = CheckState::parse(&select.value()).map_or(tab, Tab::One);
        change.run(filter.with_untracked(|filter| Filter { tab: to, ..filter.clone() }));
    }))
}

fn search(inbox: Inbox, change: Callback<Filter>) -> El {
    let filter = inbox.filter;
    let asked = StoredValue::new(0_u32);
    let field = el("input")
        .attr("id", "search")
        .attr("type", "search")
        .test("search")
        .attr("placeholder", texts::SEARCH_HINT)
        .attr("autocomplete", "off");
    let input: HtmlInputElement = field.as_kind();
    let (typed, pressed) = (input.clone(), input.clone());
    watch(move || {
        let q = filter.with(|filter| filter.q.clone());
        // What is being typed is newer than what the URL has.
        if input.value().trim() != q {
            input.set_value(&q);
        }
    });
    let search = Callback::new(move |()| {
        change.run(Filter { q: typed.value().trim().to_owned(), ..filter.get_untracked() });
    });
    // Whether the rows are to have the focus once they have come.
    let onward = RwSignal::new(false);
    watch(move || {
        if onward.get() && !inbox.loading.get() && !inbox.stale.get() {
            onward.set(false);
            dom::focus_soon(FIRST_ROW.into());
        }
    });
    let field = field.on("keydown", move |event| {
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
        match event.key().as_str() {
            // An input method takes its words with the same keys.
            _ if event.is_composing() => {}
            "Enter" | "ArrowDown" => {
                event.prevent_default();
                // What was typed a moment ago is searched for now.
                asked.update_value(|n| *n += 1);
                search.run(());
                // The listing follows the address a little later.
                request_animation_frame(move || onward.set(true));
            }
            // With words in it the browser empties it.
            "Escape" if pressed.value().is_empty() => drop(pressed.blur()),
            _ => {}
        }
    });
    let field = field.on("input", move |_| {
        onward.set(false);
        asked.update_value(|n| *n += 1);
        let mine = asked.get_value();
        set_timeout(
            move || {
                if asked.try_get_value() == Some(mine) {
                    search.run(());
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
