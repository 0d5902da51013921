//! The decision dialog: says the object, the commit and the exact effect, and waits for the answer.

use crate::ui::prelude::*;
use shared::decision::DecisionFault;
use shared::{CheckDetail, ProblemCode, Verdict};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlDialogElement, HtmlTextAreaElement, KeyboardEvent};

use super::button;
use super::message::{fault_box, notice};
use super::modal::show_modal;
use super::row::{branches, reference, sha, title};
use super::time::{As, moment};
use crate::api::Fault;
use crate::model::access::Who;
use crate::model::decision::{Conflict, Target};
use crate::model::text::short_sha;
use crate::state::{App, Dialog, nav};
use crate::texts;
use crate::ui::{El, el, words};

/// Where the form stands.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    /// Waits for the reviewer.
    Open,
    /// A field must be mended.
    Faulty(DecisionFault),
    /// On its way.
    Busy,
    /// Refused, since the world moved on.
    Refused(Conflict),
    /// Not recorded for another reason.
    Failed(Fault),
}

/// The parts of the form that handlers reach for.
#[derive(Clone)]
struct Form {
    app: App,
    target: Target,
    stage: RwSignal<Stage>,
    dialog: HtmlDialogElement,
    comment: HtmlTextAreaElement,
    decided: Callback<(CheckDetail, Verdict)>,
}

/// The dialog. `decided` runs after it has closed on a recorded decision.
#[must_use]
pub fn decision_dialog(app: App, target: Target, decided: Callback<(CheckDetail, Verdict)>) -> El {
    let stage = RwSignal::new(Stage::Open);
    let dialog = el("dialog")
        .class("dialog")
        .test("decision-dialog")
        .attr("aria-labelledby", "decision-title")
        .attr("aria-describedby", "decision-effect");
    let comment = comment_field(&target, stage);
    let form = Form { app, stage, dialog: dialog.as_kind(), comment: comment.as_kind(), decided, target };
    form.comment.set_value(&app.draft(&form.target.item.id));
    show_modal(&form.dialog);
    let (submit, key, typed, closed) = (form.clone(), form.clone(), form.clone(), form.clone());
    let fields = el("form")
        .attr("novalidate", "")
        .on("submit", move |event| {
            event.prevent_default();
            submit.submit();
        })
        .children(heading(&form.target))
        .child(
            el("div")
                .child(
                    label(texts::COMMENT, form.target.needs_comment())
                        .child(comment.on("input", move |_| typed.keep())),
                )
                .child(form.outcome()),
        )
        .child(form.hindered())
        .child(form.buttons());
    dialog.on("keydown", move |event| key.key(&event)).on("close", move |_| closed.closed()).child(fields)
}

fn heading(target: &Target) -> Vec<El> {
    let item = &target.item;
    let object = el("div").class("object").child(words("p", &title(item)).class("object-title")).child(
        el("p")
            .class("row-facts")
            .child(words("span", &reference(item)))
            .child(sha(&item.sha))
            .child(branches(item)),
    );
    let effect = texts::effect(target.verdict, &item.rule.name, short_sha(&item.sha));
    vec![
        words("h2", texts::dialog_title(target.verdict, target.is_reversal())).attr("id", "decision-title"),
        object,
        words("p", &effect)
            .class("effect")
            .attr("id", "decision-effect")
            .attr("data-verdict", target.verdict.as_str()),
    ]
}

fn label(name: &str, required: bool) -> El {
    let needed = if required { texts::REQUIRED } else { texts::OPTIONAL };
    let name = words("span", name).text(" ").child(words("small", &format!("({needed})")));
    el("label").class("field").child(name)
}

fn comment_field(target: &Target, stage: RwSignal<Stage>) -> El {
    el("textarea")
        .test("decision-comment")
        .attr("rows", "4")
        .attr("autofocus", "")
        .attr("aria-required", if target.needs_comment() { "true" } else { "false" })
        .attr("aria-describedby", "decision-outcome")
        .attr_fn("aria-invalid", move || {
            let wrong =
                stage.with(|stage| matches!(stage, Stage::Faulty(fault) if fault.field() == "comment"));
            wrong.then(|| "true".into())
        })
}

impl Form {
    /// What became of the attempt to decide.
    fn outcome(&self) -> El {
        let form = self.clone();
        let place = el("div").attr("id", "decision-outcome").attr("aria-live", "polite");
        place.child_fn(move || match form.stage.get() {
            Stage::Open | Stage::Busy => None,
            Stage::Faulty(fault) => Some(notice("bad", "decision-error", words("p", &texts::fault(fault)))),
            Stage::Refused(conflict) => Some(form.conflict(&conflict)),
            Stage::Failed(fault) => Some(
                el("div")
                    .test("decision-error")
                    .child(fault_box(texts::NOT_RECORDED, &fault, false, None))
                    .child(words("p", texts::DRAFT_KEPT).class("fine")),
            ),
        })
    }

    fn conflict(&self, conflict: &Conflict) -> El {
        let at = conflict.at.as_deref().map(|at| el("span").text(texts::AT).child(moment(at, As::Clock)));
        let way_on = if conflict.newer { texts::CONFLICT_NEWER } else { texts::CONFLICT_SHOW };
        let (form, open) = (self.clone(), conflict.open.clone());
        // The comment follows to the newer check.
        let follow = move || {
            form.app.keep_draft(&open, &form.comment.value());
            form.dialog.close();
        };
        let body = el("div")
            .child(el("p").child(words("strong", texts::CONFLICT_TITLE)).text("."))
            .child(words("p", &conflict.happened).child(at))
            .child(words("p", texts::CONFLICT_KEPT).class("fine"))
            .child(
                words("a", way_on)
                    .class("btn")
                    .test("conflict-open")
                    .attr("href", &nav::check(&conflict.open))
                    .on_click(follow),
            );
        notice("waiting", "conflict", body)
    }

    /// Why this person cannot decide now: shown beside the buttons, which stay.
    fn hindered(&self) -> El {
        let app = self.app;
        let gone = Memo::new(move |_| app.who.with(|who| matches!(who, Who::Gone(_))));
        let why = self.why_not();
        let form = self.clone();
        el("div").attr("aria-live", "polite").child_fn(move || {
            let why = why.get()?;
            let form = form.clone();
            let says = el("div").child(words("p", &why));
            let kept = gone.get().then(|| words("p", texts::DRAFT_WAITS).class("fine"));
            let again = gone.get().then(|| {
                button(texts::SIGN_IN_AGAIN, "btn", "sign-in-again").on_click(move || form.sign_in_again())
            });
            Some(notice("waiting", "decision-off", says.child(kept)).child(again))
        })
    }

    /// Why nothing can be decided at all, or not this check by this person.
    fn why_not(&self) -> Signal<Option<String>> {
        let (hindrance, barred) = (self.app.hindrance(), self.app.barred);
        Signal::derive(move || hindrance.get().or_else(|| barred.get()))
    }

    /// The session has ended: once this dialog is closed the way leads to sign-in and back, and then it opens
    /// again with what was typed.
    fn sign_in_again(&self) {
        self.app.keep_dialog(&self.target.item.id, self.target.verdict);
        self.dialog.close();
    }

    fn buttons(&self) -> El {
        let why = self.why_not();
        let off = Memo::new(move |_| why.with(Option::is_some));
        let stage = self.stage;
        let verb = self.target.button();
        let busy = move || stage.with(|stage| *stage == Stage::Busy);
        let still = move || off.get() || stage.with(|stage| matches!(stage, Stage::Busy | Stage::Refused(_)));
        let dialog = self.dialog.clone();
        let submit = el("button")
            .attr("type", "submit")
            .class(&format!("btn solid {}", self.target.verdict.as_str()))
            .test("decision-submit")
            .flag_fn("disabled", still)
            .text_fn(move || if busy() { texts::SENDING.to_owned() } else { verb.clone() });
        el("div")
            .class("dialog-foot")
            .child(words("small", texts::CTRL_ENTER).class("grow").attr("data-keys", ""))
            .child(
                button(texts::CANCEL, "btn", "decision-cancel")
                    .flag_fn("disabled", busy)
                    .on_click(move || dialog.close()),
            )
            .child(submit)
    }

    fn key(&self, event: &Event) {
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
        match event.key().as_str() {
            "Enter" if event.ctrl_key() || event.meta_key() => {
                event.prevent_default();
                self.submit();
            }
            // The answer is awaited: closing now would leave the reviewer guessing.
            "Escape" if self.stage.get_untracked() == Stage::Busy => event.prevent_default(),
            _ => {}
        }
    }

    fn submit(&self) {
        let sendable = self.stage.with_untracked(|stage| !matches!(stage, Stage::Busy | Stage::Refused(_)));
        if !sendable || self.why_not().with_untracked(Option::is_some) {
            return;
        }
        let body = match self.target.body(&self.comment.value()) {
            Ok(body) => body,
            Err(fault) => {
                self.stage.set(Stage::Faulty(fault));
                // A field that cannot take the focus still has its message beside it.
                drop(self.comment.focus());
                return;
            }
        };
        self.stage.set(Stage::Busy);
        let form = self.clone();
        form.app.api.decide(&form.target.item.id, &body).then(move |answer| match answer {
            Ok(detail) => form.recorded(detail),
            Err(fault) => form.refused(fault),
        });
    }

    fn recorded(&self, detail: CheckDetail) {
        self.comment.set_value("");
        self.app.say(texts::decided_said(self.target.verdict, &reference(&self.target.item)));
        self.app.count_soon();
        self.app.put_check(detail.clone());
        self.dialog.close();
        self.decided.run((detail, self.target.verdict));
    }

    fn refused(&self, fault: Fault) {
        if fault == Fault::SignedOut {
            // It is said above the buttons, with the way on.
            self.stage.set(Stage::Open);
            return;
        }
        if let Some(problem) = fault.problem().filter(|problem| problem.code == ProblemCode::OwnChange) {
            self.app.barred.set(Some(problem.detail.clone()));
            self.stage.set(Stage::Open);
            return;
        }
        let conflict = fault.problem().and_then(|problem| Conflict::of(problem, &self.target));
        let stage = match (conflict, fault) {
            (Some(conflict), fault) => {
                if let Fault::Problem(problem) = fault
                    && let Some(now) = problem.check
                {
                    self.app.put_check(*now);
                }
                Stage::Refused(conflict)
            }
            (None, fault) => Stage::Failed(fault),
        };
        self.stage.set(stage);
    }

    /// Keeps what was typed: whatever happens to the page, it is there again.
    fn keep(&self) {
        self.app.keep_draft(&self.target.item.id, &self.comment.value());
    }

    /// The browser closed the element and gave the focus back.
    fn closed(&self) {
        self.keep();
        self.app.dialog.set(Dialog::Closed);
    }
}
