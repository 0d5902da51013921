//! The card of the system page that lists the rules, and switches their notes on and off.

use crate::ui::prelude::*;
use shared::{Permission, RuleChange, RuleItem};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use crate::api::Fault;
use crate::components::card;
use crate::components::delivery::sentence;
use crate::components::form::tick;
use crate::components::message::{fault_box, skeleton};
use crate::model::truth::Tone;
use crate::state::App;
use crate::texts;
use crate::ui::{El, el, words};

/// What the card knows. Copies are handles to the same signals.
#[derive(Clone, Copy)]
struct Rules {
    app: App,
    all: RwSignal<Option<Vec<RuleItem>>>,
    fault: RwSignal<Option<Fault>>,
}

/// The card.
#[must_use]
pub fn rules(app: App) -> El {
    let rules = Rules { app, all: RwSignal::new(None), fault: RwSignal::new(None) };
    rules.read();
    app.on_resync(move || rules.read());
    let retry = Callback::new(move |()| {
        rules.fault.set(None);
        rules.read();
    });
    let list = move || {
        rules.all.with(|all| match all {
            None => rules.fault.with(Option::is_none).then(|| skeleton(1)),
            Some(all) if all.is_empty() => Some(words("p", texts::RULES_NONE).class("fine")),
            Some(all) => {
                let rows = all.iter().map(|rule| rules.row(rule)).collect();
                Some(el("ul").class("plain-rows").test("rules").children(rows))
            }
        })
    };
    card("rules-title", texts::RULES)
        .child(words("p", texts::RULES_HINT).class("fine"))
        .child_fn(move || {
            rules.fault.get().map(|fault| {
                let holds = rules.all.with_untracked(Option::is_some);
                fault_box(texts::ERR_ACTION, &fault, holds, Some(retry))
            })
        })
        .child_fn(list)
}

impl Rules {
    fn read(self) {
        self.app.api.list_rules().then(move |answer| match answer {
            Ok(list) => self.all.set(Some(list.items)),
            Err(fault) => self.fault.set(Some(fault)),
        });
    }

    fn row(self, rule: &RuleItem) -> El {
        let trouble = rule.broken_reason.as_deref().map(|why| sentence(Tone::Bad, words("span", why)));
        let about = el("div")
            .class("call-main")
            .child(words("strong", &rule.name))
            .child(words("span", &rule.project.path).class("fine"))
            .child(trouble);
        el("li").test("rule").child(about).child(self.switch(rule))
    }

    /// Whoever may not change it sees how it is set.
    fn switch(self, rule: &RuleItem) -> El {
        if !self.app.may(Permission::ProjectsWrite).get_untracked() {
            let how = if rule.note_enabled { texts::NOTE_ON } else { texts::NOTE_OFF };
            return words("span", how).class("fine");
        }
        let id = rule.id.clone();
        let place =
            tick(texts::NOTE_SWITCH, "", "rule-note", rule.note_enabled, move |on| self.change(&id, on));
        // The name alone would be the same for every rule.
        if let Some(field) = place.node().first_element_child() {
            let name = [texts::NOTE_SWITCH, ": ", &rule.name, ", ", &rule.project.path].concat();
            // Only a name that is none could be refused.
            drop(field.unchecked_ref::<HtmlInputElement>().set_attribute("aria-label", &name));
        }
        place
    }

    fn change(self, id: &str, note_enabled: bool) {
        self.app.api.change_rule(id, &RuleChange { note_enabled }).then(move |answer| match answer {
            Ok(now) => {
                self.fault.set(None);
                self.app.say(if now.note_enabled { texts::NOTE_ON } else { texts::NOTE_OFF }.into());
            }
            Err(fault) => {
                // The switch must not say otherwise than it is.
                self.fault.set(Some(fault));
                self.read();
            }
        });
    }
}
