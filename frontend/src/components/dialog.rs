//! The decision dialog: says the object, the commit and the exact effect, and waits for the answer.

use std::time::Duration;

use crate::ui::prelude::*;
use shared::{CheckDetail, Event, EventKind, ProblemCode, Verdict};

use super::deciding::{self, Attempt, Stage, comment_field, foot, hindered, label, submit_button};
use super::message::notice;
use super::modal::show_modal;
use super::row::{branches, reference, sha, title};
use super::time::{As, moment};
use crate::api::Fault;
use crate::model::decision::{Conflict, Target};
use crate::model::live::moves_check;
use crate::model::text::short_sha;
use crate::state::{App, Dialog, Soon, dom, nav};
use crate::texts;
use crate::ui::{El, el, words};

/// How long events are gathered before the check is read again.
const SETTLE: Duration = Duration::from_millis(150);

/// The parts of the form that handlers reach for.
#[derive(Clone)]
struct Form {
    /// It may end with a refusal, since the world moved on.
    attempt: Attempt<Conflict>,
    target: Target,
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
        .attr("aria-describedby", "decision-object decision-effect");
    let wrong =
        move || stage.with(|stage| matches!(stage, Stage::Faulty(fault) if fault.field() == "comment"));
    let comment = comment_field(target.needs_comment(), wrong);
    let attempt = Attempt { app, stage, dialog: dialog.as_kind(), comment: comment.as_kind() };
    let form = Form { attempt, decided, target };
    form.attempt.comment.set_value(&app.draft(&form.target.item.id));
    show_modal(&form.attempt.dialog);
    form.follow();
    let (submit, pressed, typed, closed) = (form.clone(), form.clone(), form.clone(), form.clone());
    let again = form.clone();
    let asked = form.clone();
    let why = Signal::derive(move || asked.why_not());
    let fields = el("form")
        .attr("novalidate", "")
        .on("submit", move |event| {
            event.prevent_default();
            submit.submit();
        })
        .children(form.heading())
        .child(
            el("div")
                .child(
                    label(texts::COMMENT, form.target.needs_comment())
                        .child(comment.on("input", move |_| typed.keep())),
                )
                .child(form.outcome()),
        )
        .child(hindered(app, why, texts::DRAFT_WAITS, move || again.sign_in_again()))
        .child(form.buttons(why));
    let key = move |event: web_sys::Event| {
        deciding::key(&event, pressed.attempt.is_busy(), || pressed.submit());
    };
    dialog.on("keydown", key).on("close", move |_| closed.closed()).child(fields)
}

impl Form {
    fn heading(&self) -> Vec<El> {
        let target = &self.target;
        let item = &target.item;
        let object = el("div")
            .class("object")
            .attr("id", "decision-object")
            .child(words("p", &title(item)).class("object-title"))
            .child(
                el("p")
                    .class("row-facts")
                    .child(words("span", &reference(item)))
                    .child(sha(&item.sha))
                    .child(branches(item)),
            );
        let effect = texts::effect(target.verdict, &item.rule.name, short_sha(&item.sha));
        let over = self.attempt.answered();
        vec![
            words("h2", texts::dialog_title(target.verdict, target.is_reversal()))
                .attr("id", "decision-title"),
            object,
            deciding::effect(&effect, target.verdict).flag_fn("hidden", move || over.get()),
        ]
    }

    /// Reads the check, and again when something happens to it: whether this person may decide on it no row says, and what
    /// moved on since it was shown would be refused.
    fn follow(&self) {
        self.look();
        let (form, soon) = (self.clone(), Soon::default());
        self.attempt.app.listen(Callback::new(move |event: Event| {
            let ours = event.check_id.as_ref() == Some(&form.target.item.id) && moves_check(event.kind);
            // The check of a newer commit arrives a moment after the old one is superseded.
            let newer = event.kind == EventKind::CheckCreated && form.attempt.is_answered();
            if ours || newer {
                let form = form.clone();
                soon.run(SETTLE, move || form.look());
            }
        }));
    }

    fn look(&self) {
        let form = self.clone();
        let app = self.attempt.app;
        app.api.read_check(&self.target.item.id).then(move |answer| {
            let Ok(now) = answer else { return };
            // A dialog that is gone has no stage to ask, and an answer on its way says more.
            if !form.attempt.dialog.is_connected() || form.attempt.is_busy() {
                return;
            }
            app.barred.set(now.barred.clone());
            if form.is_done(&now) {
                form.recorded(now);
            } else if let Some(conflict) = Conflict::seen(&now, &form.target) {
                app.put_check(now);
                form.attempt.stage.set(Stage::Answered(conflict));
            }
        });
    }

    /// Whether an earlier attempt was recorded, though its answer was lost.
    fn is_done(&self, now: &CheckDetail) -> bool {
        let Attempt { app, comment, .. } = &self.attempt;
        app.who.with_untracked(|who| self.target.is_done(now, who.account(), &comment.value()))
    }

    /// What became of the attempt to decide.
    fn outcome(&self) -> El {
        let form = self.clone();
        self.attempt.outcome(move |conflict| form.conflict(conflict))
    }

    fn conflict(&self, conflict: &Conflict) -> El {
        let at = conflict.at.as_deref().map(|at| el("span").text(texts::AT).child(moment(at, As::Clock)));
        let way_on = if conflict.newer { texts::CONFLICT_NEWER } else { texts::CONFLICT_SHOW };
        let (form, open) = (self.clone(), conflict.open.clone());
        // The comment follows to the newer check.
        let follow = move || {
            form.attempt.app.keep_draft(&open, &form.attempt.comment.value());
            form.attempt.dialog.close();
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
    fn why_not(&self) -> Option<String> {
        let app = self.attempt.app;
        app.hindrance().or_else(|| app.barred.get())
    }

    /// The session has ended: once this dialog is closed the way leads to sign-in and back, and then it opens
    /// again with what was typed.
    fn sign_in_again(&self) {
        self.attempt.app.keep_dialog(&self.target.item.id, self.target.verdict);
        self.attempt.dialog.close();
    }

    fn buttons(&self, why: Signal<Option<String>>) -> El {
        let off = Memo::new(move |_| why.with(Option::is_some));
        let (busy, refused) = (self.attempt.busy(), self.attempt.answered());
        let still = move || off.get() || busy.get() || refused.get();
        let verb = self.target.button();
        let submit = submit_button(move || verb.clone(), self.target.verdict, still, busy);
        foot(self.attempt.dialog.clone(), || texts::CANCEL, busy, submit)
    }

    fn submit(&self) {
        let Some(body) =
            self.attempt.begin(untrack(|| self.why_not()).is_some(), |comment| self.target.body(comment))
        else {
            return;
        };
        let form = self.clone();
        self.attempt.app.api.decide(&form.target.item.id, &body).then(move |answer| match answer {
            Ok(detail) => form.recorded(detail),
            Err(fault) => form.refused(fault),
        });
    }

    fn recorded(&self, detail: CheckDetail) {
        let Attempt { app, comment, dialog, .. } = &self.attempt;
        comment.set_value("");
        app.say(texts::decided_said(self.target.verdict, &reference(&self.target.item)));
        app.count_soon();
        app.put_check(detail.clone());
        dialog.close();
        self.decided.run((detail, self.target.verdict));
    }

    fn refused(&self, fault: Fault) {
        let Attempt { app, stage, .. } = &self.attempt;
        if fault == Fault::SignedOut {
            // It is said above the buttons, with the way on.
            stage.set(Stage::Open);
            return;
        }
        if let Some(problem) = fault.problem().filter(|problem| problem.code == ProblemCode::OwnChange) {
            app.barred.set(Some(problem.detail.clone()));
            stage.set(Stage::Open);
            return;
        }
        // The answer to an earlier attempt may have been lost.
        if let Fault::Problem(problem) = &fault
            && let Some(now) = problem.check.as_deref().filter(|now| self.is_done(now))
        {
            return self.recorded(now.clone());
        }
        let conflict = fault.problem().and_then(|problem| Conflict::of(problem, &self.target));
        stage.set(match (conflict, fault) {
            (Some(conflict), fault) => {
                if let Fault::Problem(problem) = fault
                    && let Some(now) = problem.check
                {
                    app.put_check(*now);
                }
                Stage::Answered(conflict)
            }
            (None, fault) => Stage::Failed(fault),
        });
    }

    /// Keeps what was typed: whatever happens to the page, it is there again.
    fn keep(&self) {
        self.attempt.app.keep_draft(&self.target.item.id, &self.attempt.comment.value());
    }

    /// The browser closed the element and gave the focus back, unless the button that opened it has gone: after a
    /// conflict there may be nothing left to decide.
    fn closed(&self) {
        self.keep();
        self.attempt.app.dialog.set(Dialog::Closed);
        let row = dom::row(&self.target.item.id);
        dom::rescue_focus(format!("{row} .row-title, #decision-card-title"));
    }
}
