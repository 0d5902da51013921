//! The dialog that decides on many checks at once: every one is named, and each gets its own result.

use crate::ui::prelude::*;
use shared::{BulkOutcome, BulkResult, CheckItem};
use web_sys::Event;

use super::deciding::{self, Attempt, Stage, comment_field, foot, hindered, label, submit_button};
use super::icon::{WARN, icon, of_verdict};
use super::modal::show_modal;
use super::row::{reference, sha, title};
use crate::api::Fault;
use crate::model::bulk::{Bulk, refusal};
use crate::state::drafts::MANY;
use crate::state::{App, Dialog, nav};
use crate::texts;
use crate::ui::{El, el, words};

/// Under which name the comment is kept until it is sent.
const DRAFT: &str = "bulk";

/// The parts of the form that handlers reach for.
#[derive(Clone)]
struct Form {
    /// Each check has its result in the end.
    attempt: Attempt<Vec<BulkOutcome>>,
    bulk: Bulk,
    /// Runs once the dialog has closed on results.
    closed: Callback<()>,
}

/// The dialog. `closed` runs after it has closed on results.
#[must_use]
pub fn bulk_dialog(app: App, bulk: Bulk, closed: Callback<()>) -> El {
    let stage = RwSignal::new(Stage::Open);
    let dialog = el("dialog")
        .class("dialog")
        .test("bulk-dialog")
        .attr("aria-labelledby", "decision-title")
        .attr("aria-describedby", "decision-effect");
    let comment =
        comment_field(bulk.needs_comment(), move || stage.with(|stage| matches!(stage, Stage::Faulty(_))));
    let attempt = Attempt { app, stage, dialog: dialog.as_kind(), comment: comment.as_kind() };
    let form = Form { attempt, bulk, closed };
    form.attempt.comment.set_value(&app.draft(DRAFT));
    show_modal(&form.attempt.dialog);
    let (submit, typed, pressed, left) = (form.clone(), form.attempt.clone(), form.clone(), form.clone());
    let done = form.attempt.answered();
    let verb = texts::bulk_verb(form.bulk.verdict, form.bulk.items.len());
    let again = form.clone();
    let why = Signal::derive(move || app.hindrance());
    let key = move |event: Event| {
        deciding::key(&event, pressed.attempt.is_busy(), || pressed.submit());
    };
    // What was asked goes once the results are there; the list stays and carries them.
    let asks = el("div")
        .class("bulk-ask")
        .flag_fn("hidden", move || done.get())
        .child(deciding::effect(texts::bulk_effect(form.bulk.verdict), form.bulk.verdict))
        .child(
            label(texts::COMMENT, form.bulk.needs_comment())
                .child(comment.on("input", move |_| typed.app.keep_draft(DRAFT, &typed.comment.value())))
                .child(words("small", texts::BULK_COMMENT)),
        );
    let fields = el("form")
        .attr("novalidate", "")
        .on("submit", move |event| {
            event.prevent_default();
            submit.submit();
        })
        .child(words("h2", &verb).attr("id", "decision-title"))
        .child(form.list())
        .child(asks)
        .child(form.outcome())
        .child(hindered(app, why, texts::DRAFT_WAITS, move || again.sign_in_again()))
        .child(form.buttons(verb, why, done));
    dialog.on("keydown", key).on("close", move |_| left.left()).child(fields)
}

impl Form {
    /// Every check, with its commit and, once it is there, its result.
    fn list(&self) -> El {
        let rows = self.bulk.items.iter().map(|item| self.row(item)).collect();
        // It can be scrolled, so it can be reached.
        el("ol").class("bulk").test("bulk-items").attr("tabindex", "0").children(rows)
    }

    fn row(&self, item: &CheckItem) -> El {
        let (stage, verdict) = (self.attempt.stage, self.bulk.verdict);
        let (id, told, dialog) = (item.id.clone(), item.id.clone(), self.attempt.dialog.clone());
        let says = move || {
            stage.with(|stage| {
                let outcome = result(stage, &told)?;
                let Some(why) = refusal(outcome) else {
                    let past = words("p", &capital(texts::done(verdict))).class("truth good");
                    return Some(past.child(icon(of_verdict(verdict))));
                };
                let dialog = dialog.clone();
                let open = outcome.check.as_ref().map(|check| {
                    words("a", texts::OPEN_CHECK)
                        .attr("href", &nav::check(&check.id))
                        .on_click(move || dialog.close())
                });
                let says = words("span", &why).text(" ").child(open);
                Some(el("p").class("truth bad").child(icon(WARN)).child(says))
            })
        };
        let facts = el("p")
            .class("row-facts")
            .child(words("span", &reference(item)))
            .child(words("span", &item.rule.name))
            .child(sha(&item.sha));
        el("li")
            .test("bulk-item")
            .attr("data-check-id", &item.id)
            .attr_fn("data-decided", move || {
                stage.with(|stage| result(stage, &id).map(|outcome| outcome.decided.to_string()))
            })
            .child(words("p", &title(item)).class("object-title"))
            .child(facts)
            .child_fn(says)
    }

    /// What became of the attempt as a whole.
    fn outcome(&self) -> El {
        let verdict = self.bulk.verdict;
        self.attempt.outcome(move |all| {
            let decided = all.iter().filter(|outcome| outcome.decided).count();
            let says = texts::bulk_done(verdict, decided, all.len());
            words("p", &says).class("bulk-done").test("bulk-done")
        })
    }

    fn buttons(&self, verb: String, why: Signal<Option<String>>, done: Memo<bool>) -> El {
        let busy = self.attempt.busy();
        let off = move || why.with(Option::is_some) || busy.get();
        let submit = submit_button(verb, self.bulk.verdict, off, busy).flag_fn("hidden", move || done.get());
        let leave = move || if done.get() { texts::BULK_CLOSE } else { texts::CANCEL };
        foot(self.attempt.dialog.clone(), leave, busy, submit)
    }

    fn submit(&self) {
        let app = self.attempt.app;
        let Some(body) =
            self.attempt.begin(untrack(|| app.hindrance()).is_some(), |comment| self.bulk.body(comment))
        else {
            return;
        };
        let form = self.clone();
        app.api.decide_all(&body).then(move |answer| match answer {
            Ok(BulkResult { results }) => form.answered(results),
            // It is said above the buttons, with the way on.
            Err(Fault::SignedOut) => form.attempt.stage.set(Stage::Open),
            Err(fault) => form.attempt.stage.set(Stage::Failed(fault)),
        });
    }

    fn answered(&self, results: Vec<BulkOutcome>) {
        let app = self.attempt.app;
        app.keep_draft(DRAFT, "");
        app.count_soon();
        for check in results.iter().filter_map(|outcome| outcome.check.as_ref()) {
            app.inbox.put(check);
        }
        self.attempt.stage.set(Stage::Answered(results));
        // The button that had the focus is gone: on to the one that leaves, once it can be pressed again.
        crate::state::dom::focus_soon("[data-testid=decision-cancel]".into());
    }

    /// The session has ended: once this dialog is closed the way leads to sign-in and back, and then it opens
    /// again with what was typed.
    fn sign_in_again(&self) {
        let ids: Vec<&str> = self.bulk.items.iter().map(|item| item.id.as_str()).collect();
        self.attempt.app.keep_dialog(&ids.join(MANY), self.bulk.verdict);
        self.attempt.dialog.close();
    }

    /// The browser closed the element.
    fn left(&self) {
        let done = self.attempt.is_answered();
        self.attempt.app.dialog.set(Dialog::Closed);
        if done {
            self.closed.run(());
        }
    }
}

/// What became of one check, once that is known.
fn result<'a>(stage: &'a Stage<Vec<BulkOutcome>>, id: &str) -> Option<&'a BulkOutcome> {
    match stage {
        Stage::Answered(all) => all.iter().find(|outcome| outcome.id == id),
        Stage::Open | Stage::Faulty(_) | Stage::Busy | Stage::Failed(_) => None,
    }
}

/// The word at the beginning of a sentence.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
