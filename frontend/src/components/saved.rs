//! The menu of saved listings: links, and the form that saves, renames or removes one.

use crate::ui::prelude::*;
use shared::{SavedFilter, SavedFilters};
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, FocusEvent, HtmlInputElement, KeyboardEvent};

use super::icon::{CROSS, MARKED, OPENS, PEN, icon};
use super::message::fault_box;
use super::{button, tool};
use crate::api::Fault;
use crate::model::filter::{self, Filter};
use crate::model::saved::{NameFault, named, without};
use crate::state::{App, dom};
use crate::texts;
use crate::ui::{El, el, watch, words};

/// What becomes of the listings that are kept.
type Change = Box<dyn FnOnce(&[SavedFilter]) -> Result<Vec<SavedFilter>, NameFault>>;

/// What the menu knows. Copies are handles to the same signals.
#[derive(Clone, Copy)]
struct Menu {
    app: App,
    filter: RwSignal<Filter>,
    /// The name of the listing that is renamed; `None` to save the one that is shown.
    renamed: RwSignal<Option<String>>,
    /// What is wrong with the name; empty if nothing is.
    wrong: RwSignal<String>,
    fault: RwSignal<Option<Fault>>,
    busy: RwSignal<bool>,
}

/// The menu at the filters.
#[must_use]
pub fn saved_menu(app: App, filter: RwSignal<Filter>) -> El {
    let menu = Menu {
        app,
        filter,
        renamed: RwSignal::new(None),
        wrong: RwSignal::new(String::new()),
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
        // It closes like any menu: when the focus goes elsewhere, and on Escape. A button that goes hands it on; whether
        // it went is known once the views have settled.
        .on("focusout", move |event| {
            let element = |target: Option<EventTarget>| target.and_then(|one| one.dyn_into::<Element>().ok());
            let from = element(event.target());
            let to = event.dyn_ref::<FocusEvent>().and_then(FocusEvent::related_target);
            if element(to).is_some_and(|to| left.contains(Some(&to))) {
                return;
            }
            let menu = left.clone();
            request_animation_frame(move || {
                let inside = document().active_element().is_some_and(|active| menu.contains(Some(&active)));
                if !inside && from.as_ref().is_some_and(|one| one.is_connected()) {
                    close(&menu);
                }
            });
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
                .child_fn(move || {
                    menu.fault.get().map(|fault| fault_box(texts::ERR_ACTION, &fault, false, None))
                })
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
        self.wrong.set(String::new());
        self.fault.set(None);
        self.app.api.read_filters().then(move |answer| match answer {
            Ok(read) => self.app.saved.set(Some(read.filters)),
            Err(fault) => self.fault.set(Some(fault)),
        });
    }

    fn list(self) -> Option<El> {
        let renamed = self.renamed.get();
        self.app.saved.with(|all| {
            let all = all.as_ref()?;
            if all.is_empty() {
                return Some(words("p", texts::SAVED_NONE).class("fine"));
            }
            let rows = all.iter().map(|one| self.row(one, renamed.as_ref() == Some(&one.name)));
            Some(el("ul").attr("aria-label", texts::SAVED_LISTINGS).children(rows.collect()))
        })
    }

    fn row(self, one: &SavedFilter, renamed: bool) -> El {
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
        let (chosen, gone) = (name.clone(), name.clone());
        let rename = tool(PEN, &texts::rename(&name), "saved-rename").on_click(move || {
            self.wrong.set(String::new());
            self.renamed.set(Some(chosen.clone()));
            dom::focus_soon("#saved-name".into());
        });
        let label = format!("{} “{name}”", texts::REMOVE);
        let remove = tool(CROSS, &label, "saved-remove").on_click(move || {
            let gone = gone.clone();
            self.edit(Box::new(move |all| Ok(without(all, &gone))));
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
            .attr_fn("aria-invalid", move || {
                self.wrong.with(|wrong| !wrong.is_empty()).then(|| "true".into())
            })
            .test("saved-name");
        let input: HtmlInputElement = field.as_kind();
        let shown = input.clone();
        watch(move || shown.set_value(&self.renamed.get().unwrap_or_default()));
        let title = move || match self.renamed.get() {
            None => texts::SAVE_AS.to_owned(),
            Some(name) => texts::rename(&name),
        };
        el("form")
            .attr("novalidate", "")
            .on("submit", move |event| {
                event.prevent_default();
                if !self.busy.get_untracked() {
                    self.save(&input);
                }
            })
            .child(el("label").attr("for", "saved-name").text_fn(title))
            .child(
                el("div").class("with-button").child(field).child(
                    button(texts::SAVE, "btn", "saved-save")
                        .attr("type", "submit")
                        .off_fn(move || self.busy.get()),
                ),
            )
            .child(
                el("p")
                    .class("wrong")
                    .attr("id", "saved-wrong")
                    .attr("aria-live", "polite")
                    .text_fn(move || self.wrong.get()),
            )
    }

    fn save(self, input: &HtmlInputElement) {
        let query = self.filter.with_untracked(Filter::query);
        let (renamed, name) = (self.renamed.get_untracked(), input.value());
        self.edit(Box::new(move |all| named(all, renamed.as_deref(), &name, &query)));
    }

    /// Changes what the person keeps by now, perhaps in another window: what is sent takes the place of all of it.
    fn edit(self, change: Change) {
        self.busy.set(true);
        self.wrong.set(String::new());
        self.fault.set(None);
        self.app.api.read_filters().then(move |read| {
            self.busy.set(false);
            match read.map(|read| change(&read.filters)) {
                Ok(Ok(all)) => self.put(all),
                Ok(Err(wrong)) => {
                    self.wrong.set(texts::name_fault(wrong));
                    dom::focus("#saved-name");
                }
                Err(fault) => self.fault.set(Some(fault)),
            }
        });
    }

    fn put(self, filters: Vec<SavedFilter>) {
        self.busy.set(true);
        self.app.api.save_filters(&SavedFilters { filters }).then(move |answer| {
            self.busy.set(false);
            match answer {
                Ok(kept) => {
                    self.renamed.set(None);
                    self.app.saved.set(Some(kept.filters));
                }
                Err(fault) => self.fault.set(Some(fault)),
            }
        });
    }
}
