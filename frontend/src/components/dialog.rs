//! The decision dialog: says the object, the commit and the exact effect, and waits for the answer.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::decision::DecisionFault;
use shared::{CheckDetail, Verdict};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlDialogElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent};

use super::button;
use super::message::{fault_box, notice};
use super::row::{branches, reference, sha, title};
use super::time::{As, moment};
use crate::api::Fault;
use crate::model::decision::{Conflict, Target};
use crate::model::text::short_sha;
use crate::state::{App, Dialog, nav, prefs};
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

/// Shows a dialog as a modal one as soon as it is in the document.
pub fn show_modal(dialog: &HtmlDialogElement) {
    let dialog = dialog.clone();
    queue_microtask(move || {
        // It fails only for a dialog that is open already.
        drop(dialog.show_modal());
    });
}

/// The parts of the form that handlers reach for.
#[derive(Clone)]
struct Form {
    app: App,
    target: Target,
    stage: RwSignal<Stage>,
    dialog: HtmlDialogElement,
    comment: HtmlTextAreaElement,
    reviewer: HtmlInputElement,
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
    let reviewer = reviewer_field(stage);
    let form = Form {
        app,
        stage,
        dialog: dialog.as_kind(),
        comment: comment.as_kind(),
        reviewer: reviewer.as_kind(),
        decided,
        target,
    };
    form.comment.set_value(&app.draft(&form.target.item.id));
    form.reviewer.set_value(&prefs::reviewer());
    show_modal(&form.dialog);
    let (submit, key, closed) = (form.clone(), form.clone(), form.clone());
    let fields = el("form")
        .attr("novalidate", "")
        .on("submit", move |event| {
            event.prevent_default();
            submit.submit();
        })
        .children(heading(&form.target))
        .child(
            el("div")
                .child(label(texts::COMMENT, form.target.needs_comment()).child(comment))
                .child(form.outcome()),
        )
        .child(
            label(texts::REVIEWER, false)
                .child(reviewer)
                .child(words("small", texts::REVIEWER_HINT).attr("id", "reviewer-hint")),
        )
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

/// Marks a field while the form has a fault in it.
fn marked(field: El, name: &'static str, stage: RwSignal<Stage>) -> El {
    field.attr_fn("aria-invalid", move || {
        let wrong = stage.with(|stage| matches!(stage, Stage::Faulty(fault) if fault.field() == name));
        wrong.then(|| "true".into())
    })
}

fn comment_field(target: &Target, stage: RwSignal<Stage>) -> El {
    let field = el("textarea")
        .test("decision-comment")
        .attr("rows", "4")
        .attr("autofocus", "")
        .attr("aria-required", if target.needs_comment() { "true" } else { "false" })
        .attr("aria-describedby", "decision-outcome");
    marked(field, "comment", stage)
}

fn reviewer_field(stage: RwSignal<Stage>) -> El {
    let field = el("input")
        .test("decision-reviewer")
        .attr("type", "text")
        .attr("autocomplete", "name")
        .attr("aria-describedby", "reviewer-hint");
    marked(field, "reviewer", stage)
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
            form.app.keep_draft(&open, form.comment.value());
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

    fn buttons(&self) -> El {
        let can_decide = self.app.can_decide();
        let stage = self.stage;
        let verb = self.target.button();
        let busy = move || stage.with(|stage| *stage == Stage::Busy);
        let off =
            move || !can_decide.get() || stage.with(|stage| matches!(stage, Stage::Busy | Stage::Refused(_)));
        let hint = move || if can_decide.get() { texts::CTRL_ENTER } else { texts::DECIDING_OFF };
        let dialog = self.dialog.clone();
        let submit = el("button")
            .attr("type", "submit")
            .class(&format!("btn solid {}", self.target.verdict.as_str()))
            .test("decision-submit")
            .flag_fn("disabled", off)
            .text_fn(move || if busy() { texts::SENDING.to_owned() } else { verb.clone() });
        el("div")
            .class("dialog-foot")
            .child(
                el("small")
                    .class("grow")
                    .flag_fn("data-keys", move || can_decide.get())
                    .text_fn(move || hint().into()),
            )
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
        if !sendable || !self.app.can_decide().get_untracked() {
            return;
        }
        let reviewer = self.reviewer.value();
        let body = match self.target.body(&self.comment.value(), &reviewer) {
            Ok(body) => body,
            Err(fault) => {
                self.stage.set(Stage::Faulty(fault));
                self.focus_fault(fault);
                return;
            }
        };
        prefs::set_reviewer(reviewer.trim());
        self.stage.set(Stage::Busy);
        let form = self.clone();
        spawn_local(async move {
            match form.app.api.decide(&form.target.item.id, &body).await {
                Ok(detail) => form.recorded(detail),
                Err(fault) => form.refused(fault),
            }
        });
    }

    fn focus_fault(&self, fault: DecisionFault) {
        // A field that cannot take the focus still has its message beside it.
        drop(match fault {
            DecisionFault::BadReviewer => self.reviewer.focus(),
            DecisionFault::CommentRequired
            | DecisionFault::CommentTooLong
            | DecisionFault::ShaRequired
            | DecisionFault::BadExpectedState
            | DecisionFault::NothingToReverse => self.comment.focus(),
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
        let conflict = match &fault {
            Fault::Problem(problem) => Conflict::of(problem, &self.target),
            Fault::Network | Fault::Status(_) | Fault::Unreadable => None,
        };
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
        self.stage.try_set(stage);
    }

    /// The browser closed the element and gave the focus back.
    fn closed(&self) {
        self.app.keep_draft(&self.target.item.id, self.comment.value());
        self.app.dialog.set(Dialog::Closed);
    }
}
