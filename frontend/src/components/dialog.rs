//! The decision dialog: says the object, the commit and the exact effect, and waits for the answer.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::decision::DecisionFault;
use shared::{CheckDetail, Verdict};

use super::icon::{WARN, icon};
use super::message::fault_box;
use super::row::{branches, reference, title};
use super::time::{As, moment};
use crate::api::Fault;
use crate::model::decision::{Conflict, Target};
use crate::model::text::short_sha;
use crate::state::{App, Dialog, nav, prefs};
use crate::texts;

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
pub fn show_modal(dialog: NodeRef<html::Dialog>) {
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            // It fails only for a dialog that is open already.
            drop(dialog.show_modal());
        }
    });
}

/// The parts of the form that handlers reach for.
#[derive(Clone, Copy)]
struct Form {
    app: App,
    target: StoredValue<Target>,
    stage: RwSignal<Stage>,
    dialog: NodeRef<html::Dialog>,
    comment: NodeRef<html::Textarea>,
    reviewer: NodeRef<html::Input>,
    decided: Callback<(CheckDetail, Verdict)>,
}

/// The dialog. `decided` runs after it has closed on a recorded decision.
#[must_use]
pub fn decision_dialog(app: App, target: Target, decided: Callback<(CheckDetail, Verdict)>) -> AnyView {
    let form = Form {
        app,
        target: StoredValue::new(target.clone()),
        stage: RwSignal::new(Stage::Open),
        dialog: NodeRef::new(),
        comment: NodeRef::new(),
        reviewer: NodeRef::new(),
        decided,
    };
    show_modal(form.dialog);
    let submit = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        form.submit();
    };
    view! {
        <dialog
            class="dialog"
            node_ref=form.dialog
            data-testid="decision-dialog"
            aria-labelledby="decision-title"
            aria-describedby="decision-effect"
            on:keydown=move |ev| form.key(&ev)
            on:close=move |_| form.closed()
        >
            <form novalidate=true on:submit=submit>
                {heading(&target)}
                {form.fields(&target)}
                {form.outcome()}
                {form.buttons(&target)}
            </form>
        </dialog>
    }
    .into_any()
}

fn heading(target: &Target) -> AnyView {
    let item = &target.item;
    let sha = short_sha(&item.sha).to_owned();
    view! {
        <h2 id="decision-title">{texts::dialog_title(target.verdict, target.is_reversal())}</h2>
        <div class="object">
            <p class="object-title">{title(item)}</p>
            <p class="row-facts">
                <span class="ref">{reference(item)}</span>
                <code class="sha">{sha.clone()}</code>
                {branches(item)}
            </p>
        </div>
        <p id="decision-effect" class="effect" data-verdict=target.verdict.as_str()>
            {texts::effect(target.verdict, &item.rule.name, &sha)}
        </p>
    }
    .into_any()
}

impl Form {
    fn fields(self, target: &Target) -> AnyView {
        let needed = if target.needs_comment() { texts::REQUIRED } else { texts::OPTIONAL };
        let draft = self.app.draft(&target.item.id);
        let stage = self.stage;
        let wrong = move |field: &'static str| {
            stage.with(|stage| matches!(stage, Stage::Faulty(fault) if fault.field() == field))
        };
        view! {
            <label class="field">
                <span>{texts::COMMENT} " " <small>"(" {needed} ")"</small></span>
                <textarea
                    node_ref=self.comment
                    data-testid="decision-comment"
                    rows="4"
                    autofocus=true
                    aria-required=target.needs_comment().to_string()
                    aria-invalid=move || wrong("comment").to_string()
                    aria-describedby="decision-outcome"
                    prop:value=draft
                ></textarea>
            </label>
            <label class="field">
                <span>{texts::REVIEWER} " " <small>"(" {texts::OPTIONAL} ")"</small></span>
                <input
                    node_ref=self.reviewer
                    data-testid="decision-reviewer"
                    type="text"
                    autocomplete="name"
                    aria-invalid=move || wrong("reviewer").to_string()
                    aria-describedby="reviewer-hint"
                    prop:value=prefs::reviewer()
                />
                <small id="reviewer-hint">{texts::REVIEWER_HINT}</small>
            </label>
        }
        .into_any()
    }

    /// What became of the attempt to decide.
    fn outcome(self) -> AnyView {
        view! {
            <div id="decision-outcome" aria-live="polite">
                {move || match self.stage.get() {
                    Stage::Open | Stage::Busy => ().into_any(),
                    Stage::Faulty(fault) => view! {
                        <p class="notice bad" data-testid="decision-error">{icon(WARN)} {texts::fault(fault)}</p>
                    }
                    .into_any(),
                    Stage::Refused(conflict) => self.conflict(conflict),
                    Stage::Failed(fault) => view! {
                        <div data-testid="decision-error">
                            {fault_box(texts::NOT_RECORDED, &fault, false, None)}
                            <p class="fine">{texts::DRAFT_KEPT}</p>
                        </div>
                    }
                    .into_any(),
                }}
            </div>
        }
        .into_any()
    }

    fn conflict(self, conflict: Conflict) -> AnyView {
        let at = conflict.at.as_deref().map(|at| {
            view! { {texts::AT} {moment(at, As::Clock)} }
        });
        let words = if conflict.newer { texts::CONFLICT_NEWER } else { texts::CONFLICT_SHOW };
        let open = conflict.open.clone();
        // The comment follows to the newer check.
        let follow = move |_| {
            self.app.keep_draft(&open, self.typed().0);
            self.close();
        };
        view! {
            <div class="notice waiting" data-testid="conflict">
                {icon(WARN)}
                <div class="notice-body">
                    <p><strong>{texts::CONFLICT_TITLE} "."</strong></p>
                    <p>{conflict.happened} {at}</p>
                    <p class="fine">{texts::CONFLICT_KEPT}</p>
                    <a
                        class="btn"
                        href=nav::check(&conflict.open)
                        data-testid="conflict-open"
                        on:click=follow
                    >
                        {words}
                    </a>
                </div>
            </div>
        }
        .into_any()
    }

    fn buttons(self, target: &Target) -> AnyView {
        let can_decide = self.app.can_decide();
        let words = target.button();
        let busy = move || self.stage.get() == Stage::Busy;
        let off = move || {
            !can_decide.get() || self.stage.with(|stage| matches!(stage, Stage::Busy | Stage::Refused(_)))
        };
        view! {
            <div class="dialog-foot">
                <small class="grow">
                    {move || if can_decide.get() { texts::CTRL_ENTER } else { texts::DECIDING_OFF }}
                </small>
                <button
                    type="button"
                    class="btn"
                    data-testid="decision-cancel"
                    prop:disabled=busy
                    on:click=move |_| self.close()
                >
                    {texts::CANCEL}
                </button>
                <button
                    type="submit"
                    class=format!("btn solid {}", target.verdict.as_str())
                    data-testid="decision-submit"
                    prop:disabled=off
                >
                    {move || if busy() { texts::SENDING.to_owned() } else { words.clone() }}
                </button>
            </div>
        }
        .into_any()
    }

    /// Comment and name as typed.
    fn typed(self) -> (String, String) {
        let comment = self.comment.get_untracked().map(|field| field.value());
        let reviewer = self.reviewer.get_untracked().map(|field| field.value());
        (comment.unwrap_or_default(), reviewer.unwrap_or_default())
    }

    fn key(self, ev: &leptos::ev::KeyboardEvent) {
        match ev.key().as_str() {
            "Enter" if ev.ctrl_key() || ev.meta_key() => {
                ev.prevent_default();
                self.submit();
            }
            // The answer is awaited: closing now would leave the reviewer guessing.
            "Escape" if self.stage.get_untracked() == Stage::Busy => ev.prevent_default(),
            _ => {}
        }
    }

    fn submit(self) {
        let sendable = self.stage.with_untracked(|stage| !matches!(stage, Stage::Busy | Stage::Refused(_)));
        if !sendable || !self.app.can_decide().get_untracked() {
            return;
        }
        let (comment, reviewer) = self.typed();
        let target = self.target.get_value();
        let body = match target.body(&comment, &reviewer) {
            Ok(body) => body,
            Err(fault) => {
                self.stage.set(Stage::Faulty(fault));
                self.focus_fault(fault);
                return;
            }
        };
        prefs::set_reviewer(reviewer.trim());
        self.stage.set(Stage::Busy);
        spawn_local(async move {
            match self.app.api.decide(&target.item.id, &body).await {
                Ok(detail) => self.recorded(detail, &target),
                Err(fault) => self.refused(fault, &target),
            }
        });
    }

    fn focus_fault(self, fault: DecisionFault) {
        let focused = match fault {
            DecisionFault::BadReviewer => self.reviewer.get_untracked().map(|field| field.focus()),
            DecisionFault::CommentRequired
            | DecisionFault::CommentTooLong
            | DecisionFault::ShaRequired
            | DecisionFault::BadExpectedState
            | DecisionFault::NothingToReverse => self.comment.get_untracked().map(|field| field.focus()),
        };
        // A field that cannot take the focus still has its message beside it.
        drop(focused);
    }

    fn recorded(self, detail: CheckDetail, target: &Target) {
        if let Some(comment) = self.comment.try_get_untracked().flatten() {
            comment.set_value("");
        }
        self.app.say(texts::decided_said(target.verdict, &reference(&target.item)));
        self.app.count_soon();
        self.app.put_check(detail.clone());
        self.close();
        self.decided.run((detail, target.verdict));
    }

    fn refused(self, fault: Fault, target: &Target) {
        let stage = match fault {
            Fault::Problem(problem) => match Conflict::of(&problem, target) {
                Some(conflict) => {
                    if let Some(now) = problem.check {
                        self.app.put_check(*now);
                    }
                    Stage::Refused(conflict)
                }
                None => Stage::Failed(Fault::Problem(problem)),
            },
            Fault::Network | Fault::Status(_) | Fault::Unreadable => Stage::Failed(fault),
        };
        self.stage.try_set(stage);
    }

    /// Closes the element; the browser gives the focus back and then tells `closed`.
    fn close(self) {
        if let Some(dialog) = self.dialog.try_get_untracked().flatten() {
            dialog.close();
        }
    }

    fn closed(self) {
        let id = self.target.with_value(|target| target.item.id.clone());
        self.app.keep_draft(&id, self.typed().0);
        self.app.dialog.set(Dialog::Closed);
    }
}
