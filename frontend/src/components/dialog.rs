//! The decision dialog: says the object, the commit and the exact effect, and waits for the answer.

use crate::ui::prelude::*;
use shared::{CheckDetail, Event, ProblemCode, Verdict};

use super::deciding::{self, Attempt, Stage, comment_field, foot, hindered, label, submit_button};
use super::message::notice;
use super::modal::show_modal;
use super::row::{branches, reference, sha, title};
use super::time::{As, moment};
use crate::api::Fault;
use crate::model::decision::{Conflict, Target};
use crate::model::live::moves_check;
use crate::model::text::short_sha;
use crate::state::{App, Dialog, dom, nav};
use crate::texts;
use crate::ui::{El, el, words};

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
        .attr("aria-describedby", "decision-effect");
    let wrong =
        move || stage.with(|stage| matches!(stage, Stage::Faulty(fault) if fault.field() == "comment"));
    let comment = comment_field(target.needs_comment(), wrong);
    let attempt = Attempt { app, stage, dialog: dialog.as_kind(), comment: comment.as_kind() };
    let form = Form { attempt, decided, target };
    form.attempt.comment.set_value(&app.draft(&form.target.item.id));
    show_modal(&form.attempt.dialog);
    let news = form.news();
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
        .children(heading(&form.target))
        .child(news)
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
    /// What happened to the check since the dialog was opened: deciding would be refused.
    fn news(&self) -> El {
        let news = RwSignal::new(String::new());
        let (id, attempt) = (self.target.item.id.clone(), self.attempt.clone());
        self.attempt.app.listen(Callback::new(move |event: Event| {
            if event.check_id.as_ref() == Some(&id) && moves_check(event.kind) && !attempt.is_busy() {
                news.set(event.summary);
            }
        }));
        let answered = self.attempt.answered();
        el("div").attr("aria-live", "polite").child_fn(move || {
            let says = Some(news.get()).filter(|says| !says.is_empty() && !answered.get())?;
            Some(notice("waiting", "decision-news", words("p", &says)))
        })
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
        let submit = submit_button(self.target.button(), self.target.verdict, still, busy);
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
        let mine = app.who.with_untracked(|who| who.account().to_owned());
        if let Fault::Problem(problem) = &fault
            && let Some(now) = problem
                .check
                .as_deref()
                .filter(|now| self.target.is_done(now, &mine, &self.attempt.comment.value()))
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
