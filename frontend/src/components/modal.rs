//! Dialogs of pages, and the question before what cannot be undone.

use std::cell::Cell;
use std::rc::Rc;

use crate::ui::prelude::*;
use web_sys::HtmlDialogElement;

use super::form::Form;
use super::icon::CROSS;
use super::{button, tool};
use crate::api::Asked;
use crate::state::dom;
use crate::texts;
use crate::ui::{El, el, words};

/// Shows a dialog as a modal one as soon as it is in the document.
pub fn show_modal(dialog: &HtmlDialogElement) {
    let dialog = dialog.clone();
    queue_microtask(move || {
        // It fails only for a dialog that is open already.
        drop(dialog.show_modal());
    });
}

/// A modal dialog with a heading and a cross. `closed` runs when it is closed, however that came about. Escape closes it as
/// long as nothing was typed; after that the buttons do, and in Chromium a second Escape.
#[must_use]
pub fn modal(
    title: &str,
    testid: &str,
    closed: impl Fn() + 'static,
    body: impl FnOnce(HtmlDialogElement) -> Vec<El>,
) -> El {
    let dialog = el("dialog")
        .class("dialog")
        .test(testid)
        .attr("aria-labelledby", "modal-title")
        .attr("aria-describedby", "modal-says");
    let element: HtmlDialogElement = dialog.as_kind();
    show_modal(&element);
    let close = element.clone();
    let there = element.clone();
    let typed = Rc::new(Cell::new(false));
    let edited = typed.clone();
    dialog
        .on("input", move |_| edited.set(true))
        .on("cancel", move |event| {
            if typed.get() {
                event.prevent_default();
            }
        })
        // The browser tells it a moment later, when the page it belonged to may have gone.
        .on("close", move |_| {
            if there.is_connected() {
                closed();
            }
        })
        .child(
            el("div")
                .class("dialog-head")
                .child(words("h2", title).attr("id", "modal-title"))
                .child(tool(CROSS, texts::CLOSE, "modal-close").on_click(move || close.close())),
        )
        .children(body(element))
}

/// The buttons at the foot of a dialog: cancel, and what it is for.
#[must_use]
pub fn foot(dialog: HtmlDialogElement, send: El) -> El {
    el("div")
        .class("dialog-foot")
        .child(el("span").class("grow"))
        .child(button(texts::CANCEL, "btn", "modal-cancel").on_click(move || dialog.close()))
        .child(send)
}

/// What is sent once somebody has said yes.
pub type Act = Box<dyn Fn() -> Asked<()>>;

/// Something that cannot be undone, or not by oneself.
pub struct Question {
    /// The heading.
    pub title: String,
    /// What happens.
    pub says: String,
    /// The words on the button.
    pub verb: &'static str,
    /// What is done.
    pub act: Act,
}

/// Asks before it acts. `done` runs after it was done, `closed` when the dialog is closed.
#[must_use]
pub fn question(ask: Question, done: impl Fn() + 'static, closed: impl Fn() + 'static) -> El {
    let form = Form::new("question");
    let Question { title, says, verb, act } = ask;
    let done = StoredValue::new(done);
    modal(&title, "question-dialog", closed, move |dialog| {
        let close = dialog.clone();
        let send = move || {
            form.busy.set(true);
            let (answer, dialog) = (act(), dialog.clone());
            answer.then(move |answer| {
                form.busy.set(false);
                match answer {
                    Ok(()) => {
                        dialog.close();
                        done.try_with_value(|done| done());
                    }
                    Err(fault) => form.refused(fault),
                }
            });
        };
        let yes = form.send_button(verb).class("btn solid reject");
        vec![
            form.element(send)
                .child(words("p", &says).attr("id", "modal-says"))
                .child(form.outcome(texts::ERR_ACTION))
                .child(foot(close, yes)),
        ]
    })
}

/// Something shown once, with a button that copies it.
#[must_use]
pub fn secret(label: &str, what: &str, testid: &'static str, say: Callback<String>) -> El {
    let copied = RwSignal::new(None::<bool>);
    let text = what.to_owned();
    let copy = button("", "btn", "copy-secret")
        .text_fn(move || match copied.get() {
            None => texts::COPY.into(),
            Some(true) => texts::COPIED.into(),
            Some(false) => texts::COPY_FAILED.into(),
        })
        .on_click(move || {
            dom::copy(&text, move |done| {
                copied.set(Some(done));
                say.run(if done { texts::COPIED } else { texts::COPY_FAILED }.into());
            });
        });
    let field = el("input")
        .attr("readonly", "")
        .attr("aria-label", label)
        .attr("value", what)
        .class("secret")
        .test(testid);
    let input: web_sys::HtmlInputElement = field.as_kind();
    let field = field.on("focus", move |_| input.select());
    el("div").class("with-button").child(field).child(copy)
}
