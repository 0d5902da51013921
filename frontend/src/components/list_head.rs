//! The line above the rows: how many there are and in which order, or what is selected and what can be done with it.
//! It stays in view while the rows are scrolled.

use crate::ui::prelude::*;
use shared::{CheckItem, CheckState, Verdict};
use web_sys::{HtmlInputElement, HtmlSelectElement};

use super::button;
use crate::model::filter::{Filter, Sort, Tab};
use crate::model::selection::Selection;
use crate::state::App;
use crate::texts;
use crate::ui::{El, el, watch, words};

/// The line. `change` runs with the listing in another order.
#[must_use]
pub fn list_head(app: App, change: Callback<Filter>) -> El {
    let inbox = app.inbox;
    let selected = Signal::derive(move || inbox.selection.with(Selection::len));
    let says = move || match selected.get() {
        0 => inbox.listing.with(|listing| {
            let all = listing.as_ref().filter(|all| !all.rows.is_empty())?;
            let says = texts::rows_shown(all.rows.len(), all.next_cursor.is_some());
            // Another listing with as many rows is another one for whoever listens, too.
            Some(if inbox.turned.get() { says + texts::UNSEEN } else { says })
        }),
        n => Some(texts::selected(n)),
    };
    let says = move || says().unwrap_or_default();
    let some = Memo::new(move |_| selected.get() > 0);
    let waiting = Signal::derive(move || {
        let pending = |row: &&CheckItem| row.state == CheckState::Pending;
        inbox
            .listing
            .with(|listing| listing.as_ref().map_or(0, |all| all.rows.iter().filter(pending).count()))
    });
    let tab = Memo::new(move |_| inbox.filter.with(|filter| filter.tab));
    let all = Memo::new(move |_| app.may_pick() && waiting.get() > 0);
    el("div")
        .class("list-head")
        .attr("role", "group")
        .attr("aria-label", texts::LIST_HEAD)
        .flag_fn("data-some", move || some.get())
        .child(
            el("div").class("row-pick").child_fn(move || all.get().then(|| all_box(app, waiting, selected))),
        )
        .child(el("span").class("head-says").test("selected").attr("aria-live", "polite").text_fn(says))
        .child_fn(move || some.get().then(|| acts(app)))
        .child_fn(move || order(tab.get(), inbox.filter, change))
}

/// The box that selects all that is shown, or nothing.
fn all_box(app: App, waiting: Signal<usize>, selected: Signal<usize>) -> El {
    let field = el("input").attr("type", "checkbox").attr("aria-label", texts::SELECT_ALL).test("pick-all");
    let input: HtmlInputElement = field.as_kind();
    let shown = move |input: &HtmlInputElement| {
        let (n, all) = (selected.get(), waiting.get());
        input.set_checked(n > 0 && n == all);
        input.set_indeterminate(n > 0 && n < all);
    };
    let turned = input.clone();
    watch(move || shown(&input));
    let field = field.on("change", move |_| {
        app.pick_all(turned.checked());
        untrack(|| shown(&turned));
    });
    el("label").child(field)
}

/// What can be done with the selected rows.
fn acts(app: App) -> El {
    let off = Memo::new(move |_| app.hindrance());
    let one = |verdict: Verdict| {
        button(
            texts::verb(verdict),
            &format!("btn {}", verdict.as_str()),
            &format!("bulk-{}", verdict.as_str()),
        )
        .attr_fn("title", move || off.get())
        .off_fn(move || off.with(Option::is_some))
        .on_click(move || {
            app.open_bulk(verdict);
        })
    };
    let clear = button(texts::CLEAR, "btn quiet", "bulk-clear").on_click(move || app.clear_selection());
    el("div")
        .class("head-acts")
        .test("bulk-bar")
        .child(one(Verdict::Approve))
        .child(one(Verdict::Reject))
        .child(clear)
}

/// The choice of the order.
fn order(tab: Tab, filter: RwSignal<Filter>, change: Callback<Filter>) -> El {
    let field = el("select").class("select order").attr("aria-label", texts::SORT).test("sort");
    let select: HtmlSelectElement = field.as_kind();
    let options = Sort::offered(tab);
    let option =
        |sort: &Sort| words("option", texts::sort(*sort, tab.is_pending())).attr("value", sort.as_str());
    let field = field.children(options.iter().map(option).collect());
    let chosen = select.clone();
    watch(move || chosen.set_value(filter.with(|filter| filter.sort.as_str())));
    field.on("change", move |_| {
        let chosen = select.value();
        let sort = options.iter().copied().find(|sort| sort.as_str() == chosen).unwrap_or(Sort::of(tab));
        change.run(Filter { sort, ..filter.get_untracked() });
    })
}
