//! What the record is narrowed to. All of it lives in the URL.

use std::time::Duration;

use crate::ui::prelude::*;
use web_sys::HtmlElement;

use crate::components::form::value;
use crate::components::icon::{CROSS, DOWN, SEARCH, icon};
use crate::model::history::{GROUPS, History, joined};
use crate::state::{App, time};
use crate::texts;
use crate::ui::{El, el, watch, words};

/// A part of the filter, for a field that shows and changes it.
type Part = fn(&mut History) -> &mut String;

/// How long typing pauses before the search begins.
const PAUSE: Duration = Duration::from_millis(250);

/// The fields, the chip that resets them, and the same entries as files.
#[must_use]
pub fn filters(app: App, filter: RwSignal<History>) -> El {
    let change = Callback::new(move |history: History| {
        if filter.with_untracked(|old| *old != history) {
            app.go(&history.href(), true);
        }
    });
    let q = el("input").attr("id", "search").attr("type", "search").attr("placeholder", texts::RECORD_SEARCH);
    let q = bound(q.test("record-q"), filter, change, |now| &mut now.q);
    let actor = el("input").attr("type", "search").attr("placeholder", texts::RECORD_ACTOR);
    let actor = bound(actor.test("record-actor"), filter, change, |now| &mut now.actor);
    let day = |name: &str, testid: &str, part: Part| {
        let field = el("input").attr("type", "date").test(testid);
        el("label").class("day").child(words("span", name)).child(bound(field, filter, change, part))
    };
    let narrowed = Memo::new(move |_| filter.with(History::is_narrowed));
    let reset = move || {
        narrowed.get().then(|| {
            el("button")
                .attr("type", "button")
                .class("chip")
                .test("reset")
                .child(icon(CROSS))
                .text(texts::RESET)
                .on_click(move || change.run(History::default()))
        })
    };
    let export = |format: &'static str, name: &str| {
        el("a")
            .class("btn")
            .test(&format!("export-{format}"))
            .attr("download", "")
            .attr_fn("href", move || Some(filter.with(|filter| filter.export_href(format, time::day))))
            .child(icon(DOWN))
            .text(name)
    };
    let exports = el("span")
        .class("exports")
        .child(export("csv", texts::EXPORT_CSV))
        .child(export("jsonl", texts::EXPORT_JSON));
    el("form")
        .class("filters")
        .attr("role", "search")
        .attr("aria-label", texts::FILTERS)
        .on("submit", |event| event.prevent_default())
        .child(
            el("label")
                .class("search")
                .child(icon(SEARCH))
                .child(words("span", texts::SEARCH).class("sr-only"))
                .child(q),
        )
        .child(el("label").class("actor").child(words("span", texts::PERSON).class("sr-only")).child(actor))
        .child(kinds(filter, change))
        .child(day(texts::FROM, "record-from", |now| &mut now.from))
        .child(day(texts::TO, "record-to", |now| &mut now.to))
        .child_fn(reset)
        .child(exports)
}

/// A field that shows a part of the filter and changes it, a moment after the last key.
fn bound(field: El, filter: RwSignal<History>, change: Callback<History>, part: Part) -> El {
    let input: HtmlElement = field.as_kind();
    let typed = input.clone();
    let asked = StoredValue::new(0_u32);
    watch(move || {
        let mut now = filter.get();
        let now = part(&mut now);
        // What is being typed is newer than what the URL has.
        if value(&input).trim() != now {
            crate::components::form::set_value(&input, now);
        }
    });
    field.attr("autocomplete", "off").on("input", move |_| {
        let text = value(&typed).trim().to_owned();
        asked.update_value(|n| *n += 1);
        let mine = asked.get_value();
        set_timeout(
            move || {
                if asked.try_get_value() == Some(mine) {
                    let mut history = filter.get_untracked();
                    part(&mut history).clone_from(&text);
                    change.run(history);
                }
            },
            PAUSE,
        );
    })
}

/// The kinds of events: by group, or one alone.
fn kinds(filter: RwSignal<History>, change: Callback<History>) -> El {
    let field = el("select").class("select").attr("aria-label", texts::KIND).test("record-kind");
    let option = |value: &str, name: &str| words("option", name).attr("value", value);
    let groups = GROUPS.iter().zip(texts::KIND_GROUPS).map(|(kinds, name)| {
        let each = kinds.iter().map(|kind| option(kind.as_str(), texts::event(*kind))).collect();
        el("optgroup").attr("label", name).child(option(&joined(kinds), &texts::all_of(name))).children(each)
    });
    let field = field.child(option("", texts::ALL_KINDS)).children(groups.collect());
    let select: HtmlElement = field.as_kind();
    let chosen = select.clone();
    watch(move || filter.with(|now| crate::components::form::set_value(&select, &now.kind)));
    field.on("change", move |_| {
        change.run(History { kind: value(&chosen), ..filter.get_untracked() });
    })
}
