//! What the dialog for one check and the one for many have in common.

use crate::ui::prelude::*;
use shared::decision::DecisionFault;
use shared::{ProblemCode, Verdict};
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlTextAreaElement, KeyboardEvent};

use super::button;
use super::message::{fault_box, notice};
use crate::api::Fault;
use crate::model::access::Who;
use crate::state::App;
use crate::texts;
use crate::ui::{El, el, words};

/// Where the form stands.
pub enum Stage<T> {
    /// Waits for the reviewer.
    Open,
    /// A field must be mended.
    Faulty(DecisionFault),
    /// On its way.
    Busy,
    /// Nothing was recorded.
    Failed(Fault),
    /// It was answered, and the dialog stays to say how.
    Answered(T),
}

/// The parts of a form that handlers reach for. Copies share the stage.
pub struct Attempt<T: 'static> {
    /// The application.
    pub app: App,
    /// Where it stands.
    pub stage: RwSignal<Stage<T>>,
    /// The dialog's element.
    pub dialog: HtmlDialogElement,
    /// The field for the comment.
    pub comment: HtmlTextAreaElement,
}

impl<T> Clone for Attempt<T> {
    fn clone(&self) -> Self {
        Self { app: self.app, stage: self.stage, dialog: self.dialog.clone(), comment: self.comment.clone() }
    }
}

impl<T: Send + Sync + 'static> Attempt<T> {
    /// Whether it is on its way.
    pub fn is_busy(&self) -> bool {
        self.stage.with_untracked(|stage| matches!(stage, Stage::Busy))
    }

    /// The same, as it changes.
    pub fn busy(&self) -> Signal<bool> {
        let stage = self.stage;
        Signal::derive(move || stage.with(|stage| matches!(stage, Stage::Busy)))
    }

    /// Whether it was answered.
    pub fn is_answered(&self) -> bool {
        self.stage.with_untracked(|stage| matches!(stage, Stage::Answered(_)))
    }

    /// The same, as it changes.
    pub fn answered(&self) -> Memo<bool> {
        let stage = self.stage;
        Memo::new(move |_| stage.with(|stage| matches!(stage, Stage::Answered(_))))
    }

    /// What is to be sent, if it may be sent now; from then on it is on its way.
    pub fn begin<B>(&self, hindered: bool, body: impl FnOnce(&str) -> Result<B, DecisionFault>) -> Option<B> {
        if self.is_busy() || self.is_answered() || hindered {
            return None;
        }
        match body(&self.comment.value()) {
            Ok(body) => {
                self.stage.set(Stage::Busy);
                Some(body)
            }
            Err(fault) => {
                self.stage.set(Stage::Faulty(fault));
                // A field that cannot take the focus still has its message beside it.
                drop(self.comment.focus());
                None
            }
        }
    }

    /// What became of it.
    pub fn outcome(&self, answered: impl Fn(&T) -> El + 'static) -> El {
        let stage = self.stage;
        let place = el("div").attr("id", "decision-outcome").attr("aria-live", "polite");
        place.child_fn(move || {
            stage.with(|stage| match stage {
                Stage::Open | Stage::Busy => None,
                Stage::Faulty(fault) => {
                    Some(notice("bad", "decision-error", words("p", &texts::fault(*fault))))
                }
                Stage::Failed(fault) => Some(
                    el("div")
                        .test("decision-error")
                        .child(fault_box(said(fault), fault, false, None))
                        .child(words("p", texts::DRAFT_KEPT).class("fine")),
                ),
                Stage::Answered(how) => Some(answered(how)),
            })
        })
    }
}

/// What is known of a decision that was not answered as it should have been: only the service knows for sure.
fn said(fault: &Fault) -> &'static str {
    match fault {
        Fault::Problem(problem) if problem.code == ProblemCode::OutcomeUnknown => texts::PERHAPS_RECORDED,
        Fault::Problem(_) | Fault::SignedOut | Fault::TooOften(_) => texts::NOT_RECORDED,
        Fault::Network | Fault::Status(_) | Fault::Unreadable => texts::PERHAPS_RECORDED,
    }
}

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
                .off_fn(move || busy.get())
                .on_click(move || dialog.close()),
        )
        .child(submit)
}

/// The button that sends: it carries the verb.
#[must_use]
pub fn submit_button(
    verb: impl Fn() -> String + 'static,
    verdict: Verdict,
    off: impl Fn() -> bool + 'static,
    busy: Signal<bool>,
) -> El {
    el("button")
        .attr("type", "submit")
        .class(&format!("btn solid {}", verdict.as_str()))
        .test("decision-submit")
        .off_fn(off)
        .text_fn(move || if busy.get() { texts::SENDING.to_owned() } else { verb() })
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
