//! The menu of saved listings: links, and the form that saves, renames or removes one.

use crate::ui::prelude::*;
use shared::{SavedFilter, SavedFilters};
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, HtmlInputElement, KeyboardEvent};

use super::icon::{CROSS, MARKED, OPENS, PEN, icon};
use super::message::fault_box;
use super::{button, tool};
use crate::api::Fault;
use crate::model::filter::{self, Filter};
use crate::model::saved::{NameFault, named, without};
use crate::state::{App, dom};
use crate::texts;
use crate::ui::{El, el, words};

/// What the menu knows. Copies are handles to the same signals.
#[derive(Clone, Copy)]
struct Menu {
    app: App,
    filter: RwSignal<Filter>,
    /// The listing that is renamed; `None` to save the one that is shown.
    renamed: RwSignal<Option<usize>>,
    wrong: RwSignal<Option<NameFault>>,
    /// What failed, and why.
    fault: RwSignal<Option<(&'static str, Fault)>>,
    busy: RwSignal<bool>,
}

/// The menu at the filters.
#[must_use]
pub fn saved_menu(app: App, filter: RwSignal<Filter>) -> El {
    let menu = Menu {
        app,
        filter,
        renamed: RwSignal::new(None),
        wrong: RwSignal::new(None),
        fault: RwSignal::new(None),
        busy: RwSignal::new(false),
    };
    let place = el("details").class("saved").test("saved");
    let details: Element = place.as_kind();
    let (toggled, left, escaped) = (details.clone(), details.clone(), details);
    let opener = words("summary", "")
        .class("btn")
        .test("saved-open")
        .child(icon(MARKED))
        .text(texts::SAVED)
        .child(icon(OPENS));
    place
        .on("toggle", move |_| {
            if toggled.has_attribute("open") {
                menu.opened();
            }
        })
        // It closes like any menu: when the focus goes elsewhere, and on Escape.
        .on("focusout", move |event| {
            let to = event.dyn_ref::<FocusEvent>().and_then(FocusEvent::related_target);
            let stays =
                to.and_then(|to| to.dyn_into::<Element>().ok()).is_some_and(|to| left.contains(Some(&to)));
            // A button that goes while it has the focus leaves it nowhere; the menu puts it right.
            let gone = event.target().and_then(|from| from.dyn_into::<Element>().ok());
            if !stays
                && gone.is_some_and(|from| from.is_connected())
                && document().has_focus().unwrap_or(true)
            {
                close(&left);
            }
        })
        .on("keydown", move |event| {
            if event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape") {
                event.prevent_default();
                close(&escaped);
                dom::focus("[data-testid=saved-open]");
            }
        })
        .child(opener)
        .child(
            el("div")
                .class("saved-menu")
                .test("saved-menu")
                .child_fn(move || menu.fault.get().map(|(what, fault)| fault_box(what, &fault, false, None)))
                .child_fn(move || menu.list())
                .child(menu.form()),
        )
}

fn close(details: &Element) {
    // Only a name that is none could be refused.
    drop(details.remove_attribute("open"));
}

impl Menu {
    fn opened(self) {
        self.renamed.set(None);
        self.wrong.set(None);
        self.fault.set(None);
        self.app.api.read_filters().then(move |answer| match answer {
            Ok(read) => self.app.saved.set(Some(read.filters)),
            Err(fault) => self.fault.set(Some((texts::ERR_SAVED, fault))),
        });
    }

    fn list(self) -> Option<El> {
        let renamed = self.renamed.get();
        self.app.saved.with(|all| {
            let all = all.as_ref()?;
            if all.is_empty() {
                return Some(words("p", texts::SAVED_NONE).class("fine"));
            }
            let rows = all.iter().enumerate().map(|(at, one)| self.row(at, one, renamed == Some(at)));
            Some(el("ul").attr("aria-label", texts::SAVED_LISTINGS).children(rows.collect()))
        })
    }

    fn row(self, at: usize, one: &SavedFilter, renamed: bool) -> El {
        let SavedFilter { name, query } = one.clone();
        let href = filter::href(&query);
        let here = self.filter;
        let link = words("a", &name)
            .class("menu-item")
            .test("saved-link")
            .attr("href", &href)
            .attr_fn("aria-current", move || here.with(|now| now.query() == query).then(|| "page".into()))
            .on("click", |event| {
                let link = event.current_target().and_then(|link| link.dyn_into::<Element>().ok());
                if let Some(menu) = link.and_then(|link| link.closest("details").ok().flatten()) {
                    close(&menu);
                }
            });
        let rename = tool(PEN, &texts::rename(&name), "saved-rename").on_click(move || {
            self.wrong.set(None);
            self.renamed.set(Some(at));
            dom::focus_soon("#saved-name".into());
        });
        let label = format!("{} “{name}”", texts::REMOVE);
        let remove = tool(CROSS, &label, "saved-remove").on_click(move || {
            let left = self.app.saved.with_untracked(|all| without(all.as_deref().unwrap_or_default(), at));
            self.put(left);
        });
        el("li").flag_fn("data-renamed", move || renamed).child(link).child(rename).child(remove)
    }

    /// Saves the listing that is shown under a name, or gives another one a new name.
    fn form(self) -> El {
        let field = el("input")
            .attr("id", "saved-name")
            .attr("type", "text")
            .attr("autocomplete", "off")
            .attr("aria-describedby", "saved-wrong")
            .attr_fn("aria-invalid", move || self.wrong.with(Option::is_some).then(|| "true".into()))
            .test("saved-name");
        let input: HtmlInputElement = field.as_kind();
        let name = move |at: Option<usize>| {
            self.app.saved.with(|all| Some(all.as_ref()?.get(at?)?.name.clone())).unwrap_or_default()
        };
        let shown = input.clone();
        crate::ui::watch(move || {
            let at = self.renamed.get();
            shown.set_value(&untrack(|| name(at)));
        });
        let title = move || match self.renamed.get() {
            None => texts::SAVE_AS.to_owned(),
            at => texts::rename(&name(at)),
        };
        el("form")
            .attr("novalidate", "")
            .on("submit", move |event| {
                event.prevent_default();
                self.save(&input);
            })
            .child(el("label").attr("for", "saved-name").text_fn(title))
            .child(
                el("div").class("with-button").child(field).child(
                    button(texts::SAVE, "btn", "saved-save")
                        .attr("type", "submit")
                        .flag_fn("disabled", move || self.busy.get()),
                ),
            )
            .child(
                el("p")
                    .class("wrong")
                    .attr("id", "saved-wrong")
                    .attr("aria-live", "polite")
                    .text_fn(move || self.wrong.get().map(texts::name_fault).unwrap_or_default()),
            )
    }

    fn save(self, input: &HtmlInputElement) {
        let query = self.filter.with_untracked(Filter::query);
        let at = self.renamed.get_untracked();
        let next = self
            .app
            .saved
            .with_untracked(|all| named(all.as_deref().unwrap_or_default(), at, &input.value(), &query));
        match next {
            Ok(all) => {
                input.set_value("");
                self.put(all);
            }
            Err(wrong) => {
                self.wrong.set(Some(wrong));
                // A field that cannot take the focus still has its message beside it.
                drop(input.unchecked_ref::<HtmlElement>().focus());
            }
        }
    }

    fn put(self, filters: Vec<SavedFilter>) {
        self.busy.set(true);
        self.wrong.set(None);
        self.fault.set(None);
        self.app.api.save_filters(&SavedFilters { filters }).then(move |answer| {
            self.busy.set(false);
            match answer {
                Ok(kept) => {
                    self.renamed.set(None);
                    self.app.saved.set(Some(kept.filters));
                }
                Err(fault) => self.fault.set(Some((texts::ERR_SAVE, fault))),
            }
            // The button that was pressed may be gone.
            dom::rescue_focus("#saved-name");
        });
    }
}
