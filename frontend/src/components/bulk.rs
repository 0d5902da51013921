//! The dialog that decides on many checks at once: every one is named, and each gets its own result.

use crate::ui::prelude::*;
use shared::{BulkOutcome, BulkResult, CheckItem};
use web_sys::Event;

use super::deciding::{self, Attempt, Stage, comment_field, foot, hindered, label, submit_button};
use super::icon::{WARN, icon, of_verdict};
use super::modal::show_modal;
use super::row::{reference, sha, title};
use crate::api::Fault;
use crate::model::bulk::{Bulk, moved, refusal};
use crate::state::drafts::MANY;
use crate::state::{App, Dialog, nav};
use crate::texts;
use crate::ui::{El, el, watch, words};

/// Under which name the comment is kept until it is sent.
const DRAFT: &str = "bulk";

/// The parts of the form that handlers reach for.
#[derive(Clone)]
struct Form {
    /// Each check has its result in the end.
    attempt: Attempt<Vec<BulkOutcome>>,
    bulk: Bulk,
    /// Those of them that can still be decided as they were seen.
    open: RwSignal<Vec<String>>,
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
    let (seen, open) = (bulk.items.clone(), RwSignal::new(Vec::new()));
    watch(move || {
        // What is sent moves them all.
        if stage.with(|stage| matches!(stage, Stage::Busy | Stage::Answered(_))) {
            return;
        }
        let decidable = |seen: &&CheckItem| left_out(app, seen).is_none();
        let now: Vec<String> = seen.iter().filter(decidable).map(|item| item.id.clone()).collect();
        if open.with_untracked(|before| *before != now) {
            open.set(now);
        }
    });
    let form = Form { attempt, bulk, open, closed };
    form.attempt.comment.set_value(&app.draft(DRAFT));
    show_modal(&form.attempt.dialog);
    let (submit, typed, pressed, left) = (form.clone(), form.attempt.clone(), form.clone(), form.clone());
    let done = form.attempt.answered();
    let verdict = form.bulk.verdict;
    let verb = Signal::derive(move || texts::bulk_verb(verdict, open.with(Vec::len)));
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
        .child(el("h2").text_fn(move || verb.get()).attr("id", "decision-title"))
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
        let (id, seen, dialog) = (item.id.clone(), item.clone(), self.attempt.dialog.clone());
        let (app, still) = (self.attempt.app, self.open);
        let refused = move |why: &str, there: bool| {
            let (dialog, href) = (dialog.clone(), nav::check(&seen.id));
            let open = there
                .then(|| words("a", texts::OPEN_CHECK).attr("href", &href).on_click(move || dialog.close()));
            let says = words("span", why).text(" ").child(open);
            el("p").class("truth bad").child(icon(WARN)).child(says)
        };
        let seen = item.clone();
        let says = move || {
            // Left out before anything was sent.
            if !still.with(|still| still.contains(&seen.id)) {
                return untrack(|| left_out(app, &seen)).map(|why| refused(&why, true));
            }
            stage.with(|stage| {
                let outcome = result(stage, &seen.id)?;
                let Some(why) = refusal(outcome) else {
                    let past = words("p", &capital(texts::done(verdict))).class("truth good");
                    return Some(past.child(icon(of_verdict(verdict))));
                };
                Some(refused(&why, outcome.check.is_some()))
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

    fn buttons(&self, verb: Signal<String>, why: Signal<Option<String>>, done: Memo<bool>) -> El {
        let busy = self.attempt.busy();
        let open = self.open;
        let off = move || why.with(Option::is_some) || busy.get() || open.with(Vec::is_empty);
        let submit = submit_button(move || verb.get(), self.bulk.verdict, off, busy)
            .flag_fn("hidden", move || done.get());
        let leave = move || if done.get() { texts::BULK_CLOSE } else { texts::CANCEL };
        foot(self.attempt.dialog.clone(), leave, busy, submit)
    }

    fn submit(&self) {
        let app = self.attempt.app;
        let open = self.open.get_untracked();
        let hindered = open.is_empty() || untrack(|| app.hindrance()).is_some();
        let Some(mut body) = self.attempt.begin(hindered, |comment| self.bulk.body(comment)) else { return };
        body.items.retain(|item| open.contains(&item.id));
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

/// Why a check can no longer be decided as it was seen, as its row tells; followed.
fn left_out(app: App, seen: &CheckItem) -> Option<String> {
    app.inbox.listing.with(|listing| moved(seen, listing.as_ref()?.row(&seen.id)?))
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
