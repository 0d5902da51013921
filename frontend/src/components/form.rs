//! Forms: fields with their names, hints and faults, and what becomes of sending them.

use crate::ui::prelude::*;
use shared::Problem;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};

use super::button;
use super::message::fault_box;
use crate::api::Fault;
use crate::model::people::Wrong;
use crate::state::dom;
use crate::texts;
use crate::ui::{El, el, words};

/// Where a form stands. Copies are handles to the same signals.
#[derive(Clone, Copy)]
pub struct Form {
    /// Sets the ids of this form's fields apart from those of others on the page.
    id: &'static str,
    /// Whether it is on its way.
    pub busy: RwSignal<bool>,
    /// The field that must be mended.
    wrong: RwSignal<Option<Wrong>>,
    /// Why it was not taken for another reason.
    fault: RwSignal<Option<Fault>>,
}

impl Form {
    /// A form that waits to be filled in.
    #[must_use]
    pub fn new(id: &'static str) -> Self {
        Self { id, busy: RwSignal::new(false), wrong: RwSignal::new(None), fault: RwSignal::new(None) }
    }

    /// The form itself; `send` runs on Enter and on its button, unless it is on its way already.
    #[must_use]
    pub fn element(self, send: impl Fn() + 'static) -> El {
        el("form").class("form").test(self.id).attr("novalidate", "").on("submit", move |event| {
            event.prevent_default();
            if !self.busy.get_untracked() {
                self.wrong.set(None);
                self.fault.set(None);
                send();
            }
        })
    }

    /// A field for a line of text.
    #[must_use]
    pub fn input(self, name: &'static str, kind: &str, autocomplete: &str) -> El {
        el("input")
            .attr("id", &self.field_id(name))
            .attr("name", name)
            .attr("type", kind)
            .attr("autocomplete", autocomplete)
            .test(&self.field_id(name))
    }

    fn field_id(self, name: &str) -> String {
        format!("{}-{name}", self.id)
    }

    /// Names a field, explains it and says what is wrong with it.
    #[must_use]
    pub fn field(self, name: &'static str, label: &str, hint: &str, field: El) -> El {
        let id = self.field_id(name);
        let place = el("div").class("field");
        let title = words("label", label).attr("for", &id);
        place.child(title).child(self.marked(name, hint, field)).children(self.notes(name, hint))
    }

    /// Several choices under one name.
    #[must_use]
    pub fn group(self, name: &'static str, label: &str, hint: &str, choices: Vec<El>) -> El {
        let id = self.field_id(name);
        let list = el("div").class("choices").children(choices);
        let place = el("fieldset").class("field").attr("id", &id).attr("tabindex", "-1");
        self.marked(name, hint, place)
            .child(words("legend", label))
            .child(list)
            .children(self.notes(name, hint))
    }

    /// Ties a field to its notes and marks it while it is wrong.
    fn marked(self, name: &'static str, hint: &str, field: El) -> El {
        let id = self.field_id(name);
        let mut notes = format!("{id}-wrong");
        if !hint.is_empty() {
            notes = format!("{id}-hint {notes}");
        }
        field
            .attr("aria-describedby", &notes)
            .attr_fn("aria-invalid", move || self.is_wrong(name).then(|| "true".into()))
    }

    fn is_wrong(self, name: &str) -> bool {
        self.wrong.with(|wrong| wrong.as_ref().is_some_and(|wrong| wrong.field == name))
    }

    fn notes(self, name: &'static str, hint: &str) -> Vec<El> {
        let id = self.field_id(name);
        let hint = (!hint.is_empty()).then(|| words("small", hint).attr("id", &format!("{id}-hint")));
        let wrong = el("p").class("wrong").attr("id", &format!("{id}-wrong")).text_fn(move || {
            if self.is_wrong(name) {
                self.wrong.with(|wrong| wrong.as_ref().map(|wrong| wrong.says.clone())).unwrap_or_default()
            } else {
                String::new()
            }
        });
        hint.into_iter().chain([wrong]).collect()
    }

    /// A field for a password, with a button that shows what is typed.
    #[must_use]
    pub fn password(
        self,
        name: &'static str,
        label: &str,
        hint: &str,
        autocomplete: &str,
    ) -> (El, HtmlInputElement) {
        let field = self.input(name, "password", autocomplete).attr("spellcheck", "false");
        let input: HtmlInputElement = field.as_kind();
        let shown = RwSignal::new(false);
        let typed = input.clone();
        let show = button("", "btn show", "show-password")
            .label(texts::SHOW, label)
            .attr_fn("aria-pressed", move || Some(shown.get().to_string()))
            .text_fn(move || if shown.get() { texts::HIDE } else { texts::SHOW }.into())
            .on_click(move || {
                shown.update(|shown| *shown = !*shown);
                typed.set_type(if shown.get_untracked() { "text" } else { "password" });
            });
        let pair = el("div").class("with-button").child(self.marked(name, hint, field)).child(show);
        let title = words("label", label).attr("for", &self.field_id(name));
        (el("div").class("field").child(title).child(pair).children(self.notes(name, hint)), input)
    }

    /// What became of sending it, for everything that is no single field's fault.
    #[must_use]
    pub fn outcome(self, what: &'static str) -> El {
        el("div").class("outcome").attr("aria-live", "polite").child_fn(move || {
            self.fault.get().map(|fault| fault_box(what, &fault, false, None).test("form-fault"))
        })
    }

    /// The button that sends it.
    #[must_use]
    pub fn send_button(self, on_it: &'static str) -> El {
        el("button")
            .attr("type", "submit")
            .class("btn solid main")
            .test(&self.field_id("send"))
            .off_fn(move || self.busy.get())
            .text_fn(move || if self.busy.get() { texts::SENDING } else { on_it }.into())
    }

    /// A field is wrong: says so and goes there.
    pub fn mend(self, wrong: Wrong) {
        let id = self.field_id(&wrong.field);
        self.wrong.set(Some(wrong));
        dom::focus(&format!("#{id}"));
    }

    /// The service refused it.
    pub fn refused(self, fault: Fault) {
        let named = fault.problem().and_then(|problem: &Problem| {
            let field = problem.field.clone()?;
            let known = dom::find(&format!("#{}-wrong", self.field_id(&field))).is_some();
            known.then(|| Wrong { field, says: problem.detail.clone() })
        });
        match named {
            Some(wrong) => self.mend(wrong),
            None => self.fault.set(Some(fault)),
        }
    }

    /// Whether what was typed is right, else says what is wrong with it.
    #[must_use]
    pub fn checked<T>(self, what: Result<T, Wrong>) -> Option<T> {
        what.map_err(|wrong| self.mend(wrong)).ok()
    }
}

/// A box to tick with its name and what it means. `turned` runs with whether it is ticked.
#[must_use]
pub fn tick(label: &str, hint: &str, testid: &str, ticked: bool, turned: impl Fn(bool) + 'static) -> El {
    choice("checkbox", label, hint, testid, ticked, turned)
}

/// One of several choices that exclude each other, those of the same `name`.
#[must_use]
pub fn radio(name: &str, label: &str, testid: &str, chosen: bool, turned: impl Fn(bool) + 'static) -> El {
    let choice = choice("radio", label, "", testid, chosen, turned);
    if let Some(input) = choice.node().first_element_child() {
        input.unchecked_ref::<HtmlInputElement>().set_name(name);
    }
    choice
}

fn choice(
    kind: &str,
    label: &str,
    hint: &str,
    testid: &str,
    on: bool,
    turned: impl Fn(bool) + 'static,
) -> El {
    let field = el("input").attr("type", kind).test(testid);
    let input: HtmlInputElement = field.as_kind();
    input.set_checked(on);
    let field = field.on("change", move |_| turned(input.checked()));
    let hint = (!hint.is_empty()).then(|| words("small", hint));
    el("label")
        .class("choice")
        .child(field)
        .child(el("span").child(words("span", label)).text(" ").child(hint))
}

/// Boxes to tick for a list of things that have an id and a name; `chosen` holds the ids.
#[must_use]
pub fn ticks(things: &[(String, String)], chosen: RwSignal<Vec<String>>) -> Vec<El> {
    let one = |(id, name): &(String, String)| {
        let on = chosen.with_untracked(|chosen| chosen.contains(id));
        let id = id.clone();
        tick(name, "", "choice", on, move |on| {
            chosen.update(|chosen| {
                chosen.retain(|known| *known != id);
                if on {
                    chosen.push(id.clone());
                }
            });
        })
    };
    things.iter().map(one).collect()
}

/// A choice from a list of values and names.
#[must_use]
pub fn select(field: El, options: &[(&str, &str)]) -> El {
    field.children(options.iter().map(|(value, name)| words("option", name).attr("value", value)).collect())
}

/// The text in a field.
#[must_use]
pub fn value(field: &HtmlElement) -> String {
    field.unchecked_ref::<HtmlInputElement>().value()
}

/// Sets the text in a field.
pub fn set_value(field: &HtmlElement, text: &str) {
    field.unchecked_ref::<HtmlInputElement>().set_value(text);
}
