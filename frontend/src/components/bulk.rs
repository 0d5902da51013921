//! The dialog that decides on many checks at once: every one is named, and each gets its own result.

use crate::ui::prelude::*;
use shared::decision::DecisionFault;
use shared::{BulkOutcome, BulkResult, CheckItem};
use web_sys::{Event, HtmlDialogElement, HtmlTextAreaElement};

use super::deciding::{self, comment_field, foot, hindered, label, submit_button};
use super::icon::{WARN, icon, of_verdict};
use super::message::{fault_box, notice};
use super::modal::show_modal;
use super::row::{reference, sha, title};
use crate::api::Fault;
use crate::model::bulk::{Bulk, refusal};
use crate::state::{App, Dialog, nav};
use crate::texts;
use crate::ui::{El, el, words};

/// Under which name the comment is kept until it is sent.
const DRAFT: &str = "bulk";

/// Where the form stands.
enum Stage {
    /// Waits for the reviewer.
    Open,
    /// The comment must be mended.
    Faulty(DecisionFault),
    /// On its way.
    Busy,
    /// Nothing was decided.
    Failed(Fault),
    /// Each has its result.
    Done(Vec<BulkOutcome>),
}

/// The parts of the form that handlers reach for.
#[derive(Clone)]
struct Form {
    app: App,
    bulk: Bulk,
    stage: RwSignal<Stage>,
    dialog: HtmlDialogElement,
    comment: HtmlTextAreaElement,
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
    let form = Form { app, bulk, stage, dialog: dialog.as_kind(), comment: comment.as_kind(), closed };
    form.comment.set_value(&app.draft(DRAFT));
    show_modal(&form.dialog);
    let (submit, typed, pressed, left) = (form.clone(), form.clone(), form.clone(), form.clone());
    let done = form.done();
    let verb = texts::bulk_verb(form.bulk.verdict, form.bulk.items.len());
    let again = form.dialog.clone();
    let key = move |event: Event| {
        let busy = pressed.stage.with_untracked(|stage| matches!(stage, Stage::Busy));
        deciding::key(&event, busy, || pressed.submit());
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
        .child(hindered(app, app.hindrance(), texts::BULK_DRAFT_WAITS, move || again.close()))
        .child(form.buttons(verb));
    dialog.on("keydown", key).on("close", move |_| left.left()).child(fields)
}

impl Form {
    fn done(&self) -> Memo<bool> {
        let stage = self.stage;
        Memo::new(move |_| stage.with(|stage| matches!(stage, Stage::Done(_))))
    }

    /// Every check, with its commit and, once it is there, its result.
    fn list(&self) -> El {
        let rows = self.bulk.items.iter().map(|item| self.row(item)).collect();
        // It can be scrolled, so it can be reached.
        el("ol").class("bulk").test("bulk-items").attr("tabindex", "0").children(rows)
    }

    fn row(&self, item: &CheckItem) -> El {
        let (stage, verdict) = (self.stage, self.bulk.verdict);
        let (id, told, dialog) = (item.id.clone(), item.id.clone(), self.dialog.clone());
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
        let (stage, verdict) = (self.stage, self.bulk.verdict);
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
                        .child(fault_box(texts::NOT_RECORDED, fault, false, None))
                        .child(words("p", texts::DRAFT_KEPT).class("fine")),
                ),
                Stage::Done(all) => {
                    let decided = all.iter().filter(|outcome| outcome.decided).count();
                    let says = texts::bulk_done(verdict, decided, all.len());
                    Some(words("p", &says).class("bulk-done").test("bulk-done"))
                }
            })
        })
    }

    fn buttons(&self, verb: String) -> El {
        let stage = self.stage;
        let (why, done) = (self.app.hindrance(), self.done());
        let busy = Signal::derive(move || stage.with(|stage| matches!(stage, Stage::Busy)));
        let off = move || why.with(Option::is_some) || busy.get();
        let submit = submit_button(verb, self.bulk.verdict, off, busy).flag_fn("hidden", move || done.get());
        let leave = move || if done.get() { texts::BULK_CLOSE } else { texts::CANCEL };
        foot(self.dialog.clone(), leave, busy, submit)
    }

    fn submit(&self) {
        let sendable = self.stage.with_untracked(|stage| !matches!(stage, Stage::Busy | Stage::Done(_)));
        if !sendable || self.app.hindrance().with_untracked(Option::is_some) {
            return;
        }
        let body = match self.bulk.body(&self.comment.value()) {
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
        self.app.api.decide_all(&body).then(move |answer| match answer {
            Ok(BulkResult { results }) => form.answered(results),
            // It is said above the buttons, with the way on.
            Err(Fault::SignedOut) => form.stage.set(Stage::Open),
            Err(fault) => form.stage.set(Stage::Failed(fault)),
        });
    }

    fn answered(&self, results: Vec<BulkOutcome>) {
        let app = self.app;
        app.keep_draft(DRAFT, "");
        app.count_soon();
        for check in results.iter().filter_map(|outcome| outcome.check.as_ref()) {
            app.inbox.put(check);
        }
        self.stage.set(Stage::Done(results));
        // The button that had the focus is gone: on to the one that leaves, once it can be pressed again.
        crate::state::dom::focus_soon("[data-testid=decision-cancel]".into());
    }

    /// The browser closed the element.
    fn left(&self) {
        let done = self.done().get_untracked();
        self.app.dialog.set(Dialog::Closed);
        if done {
            self.closed.run(());
        }
    }
}

/// What became of one check, once that is known.
fn result<'a>(stage: &'a Stage, id: &str) -> Option<&'a BulkOutcome> {
    match stage {
        Stage::Done(all) => all.iter().find(|outcome| outcome.id == id),
        Stage::Open | Stage::Faulty(_) | Stage::Busy | Stage::Failed(_) => None,
    }
}

/// The word at the beginning of a sentence.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
