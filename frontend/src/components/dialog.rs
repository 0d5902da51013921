//! The decision dialog: says the object, the commit and the exact effect, and waits for the answer.

use crate::ui::prelude::*;
use shared::decision::DecisionFault;
use shared::{CheckDetail, ProblemCode, Verdict};
use web_sys::{Event, HtmlDialogElement, HtmlTextAreaElement};

use super::deciding::{self, comment_field, foot, hindered, label, submit_button};
use super::message::{fault_box, notice};
use super::modal::show_modal;
use super::row::{branches, reference, sha, title};
use super::time::{As, moment};
use crate::api::Fault;
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
    let wrong =
        move || stage.with(|stage| matches!(stage, Stage::Faulty(fault) if fault.field() == "comment"));
    let comment = comment_field(target.needs_comment(), wrong);
    let form = Form { app, stage, dialog: dialog.as_kind(), comment: comment.as_kind(), decided, target };
    form.comment.set_value(&app.draft(&form.target.item.id));
    show_modal(&form.dialog);
    let (submit, pressed, typed, closed) = (form.clone(), form.clone(), form.clone(), form.clone());
    let again = form.clone();
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
        .child(hindered(app, form.why_not(), texts::DRAFT_WAITS, move || again.sign_in_again()))
        .child(form.buttons());
    let key = move |event: Event| {
        let busy = pressed.stage.with_untracked(|stage| *stage == Stage::Busy);
        deciding::key(&event, busy, || pressed.submit());
    };
    dialog.on("keydown", key).on("close", move |_| closed.closed()).child(fields)
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
        deciding::effect(&effect, target.verdict),
    ]
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
        let busy = Signal::derive(move || stage.with(|stage| *stage == Stage::Busy));
        let still = move || off.get() || stage.with(|stage| matches!(stage, Stage::Busy | Stage::Refused(_)));
        let submit = submit_button(self.target.button(), self.target.verdict, still, busy);
        foot(self.dialog.clone(), || texts::CANCEL, busy, submit)
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
