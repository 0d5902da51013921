//! What the dialog for one check and the one for many have in common.

use crate::ui::prelude::*;
use shared::Verdict;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, KeyboardEvent};

use super::button;
use super::message::notice;
use crate::model::access::Who;
use crate::state::App;
use crate::texts;
use crate::ui::{El, el, words};

/// Names a field, and says whether it has to be filled in.
#[must_use]
pub fn label(name: &str, required: bool) -> El {
    let needed = if required { texts::REQUIRED } else { texts::OPTIONAL };
    let name = words("span", name).text(" ").child(words("small", &format!("({needed})")));
    el("label").class("field").child(name)
}

/// The field for the comment. `wrong` says whether it has to be mended.
#[must_use]
pub fn comment_field(required: bool, wrong: impl Fn() -> bool + 'static) -> El {
    el("textarea")
        .test("decision-comment")
        .attr("rows", "4")
        .attr("autofocus", "")
        .attr("aria-required", if required { "true" } else { "false" })
        .attr("aria-describedby", "decision-outcome")
        .attr_fn("aria-invalid", move || wrong().then(|| "true".into()))
}

/// What the decision does.
#[must_use]
pub fn effect(says: &str, verdict: Verdict) -> El {
    words("p", says).class("effect").attr("id", "decision-effect").attr("data-verdict", verdict.as_str())
}

/// Why nothing can be decided now: shown beside the buttons, which stay. `kept` says what
/// becomes of what was typed when the session has ended, and `sign_in` runs when the person wants to sign in again.
#[must_use]
pub fn hindered(
    app: App,
    why: Signal<Option<String>>,
    kept: &'static str,
    sign_in: impl Fn() + 'static,
) -> El {
    let gone = Memo::new(move |_| app.who.with(|who| matches!(who, Who::Gone(_))));
    let sign_in = Callback::new(move |()| sign_in());
    el("div").attr("aria-live", "polite").child_fn(move || {
        let why = why.get()?;
        let says = el("div").child(words("p", &why));
        let kept = gone.get().then(|| words("p", kept).class("fine"));
        let again = gone
            .get()
            .then(|| button(texts::SIGN_IN_AGAIN, "btn", "sign-in-again").on_click(move || sign_in.run(())));
        Some(notice("waiting", "decision-off", says.child(kept)).child(again))
    })
}

/// The keys, the button that leaves and the one that sends.
#[must_use]
pub fn foot(
    dialog: HtmlDialogElement,
    leave: impl Fn() -> &'static str + 'static,
    busy: Signal<bool>,
    submit: impl Into<Option<El>>,
) -> El {
    el("div")
        .class("dialog-foot")
        .child(words("small", texts::CTRL_ENTER).class("grow").attr("data-keys", ""))
        .child(
            button("", "btn", "decision-cancel")
                .text_fn(move || leave().into())
                .flag_fn("disabled", move || busy.get())
                .on_click(move || dialog.close()),
        )
        .child(submit)
}

/// The button that sends: it carries the verb.
#[must_use]
pub fn submit_button(
    verb: String,
    verdict: Verdict,
    off: impl Fn() -> bool + 'static,
    busy: Signal<bool>,
) -> El {
    el("button")
        .attr("type", "submit")
        .class(&format!("btn solid {}", verdict.as_str()))
        .test("decision-submit")
        .flag_fn("disabled", off)
        .text_fn(move || if busy.get() { texts::SENDING.to_owned() } else { verb.clone() })
}

/// Ctrl+Enter sends; while it is on its way Escape does not close: that would leave the reviewer guessing.
pub fn key(event: &web_sys::Event, busy: bool, send: impl FnOnce()) {
    let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
    match event.key().as_str() {
        "Enter" if event.ctrl_key() || event.meta_key() => {
            event.prevent_default();
            send();
        }
        "Escape" if busy => event.prevent_default(),
        _ => {}
    }
}
