//! The card of the system page with the calls that were set aside.

use crate::ui::prelude::*;
use shared::{CallItem, EventKind};

use crate::api::Fault;
use crate::components::message::fault_box;
use crate::components::time::{As, moment};
use crate::components::{button, card};
use crate::state::App;
use crate::texts;
use crate::ui::{El, el, watch, words};

/// The calls that were set aside. Copies are handles to the same signals.
#[derive(Clone, Copy)]
struct Calls {
    app: App,
    items: RwSignal<Option<Vec<CallItem>>>,
    next: RwSignal<Option<String>>,
    fault: RwSignal<Option<Fault>>,
    loading: RwSignal<bool>,
}

impl Calls {
    fn load(self, cursor: Option<String>) {
        self.loading.set(true);
        self.app.api.list_set_aside(cursor.as_deref()).then(move |answer| {
            self.loading.set(false);
            match answer {
                Ok(page) => {
                    self.fault.set(None);
                    self.next.set(page.next_cursor);
                    self.items.try_update(|items| match items {
                        Some(items) if cursor.is_some() => items.extend(page.items),
                        Some(_) | None => *items = Some(page.items),
                    });
                }
                Err(why) => {
                    self.fault.set(Some(why));
                }
            }
        });
    }

    fn replay(self, id: i64, outcome: RwSignal<Option<Result<(), Fault>>>) {
        self.app.api.replay_call(id).then(move |answer| {
            outcome.set(Some(answer));
            self.app.count_soon();
        });
    }
}

/// The card.
#[must_use]
pub fn calls(app: App) -> El {
    let calls = Calls {
        app,
        items: RwSignal::new(None),
        next: RwSignal::new(None),
        fault: RwSignal::new(None),
        loading: RwSignal::new(false),
    };
    let of = |kind| matches!(kind, EventKind::CallSetAside | EventKind::CallReplayed);
    app.keep_fresh(of, move || calls.load(None));
    // Also whenever their number changes, which somebody else may have caused without an event.
    let number = Memo::new(move |_| app.system.with(|system| system.as_ref().map(|now| now.set_aside_calls)));
    watch(move || {
        number.with(|_| ());
        untrack(|| calls.load(None));
    });
    let retry = Callback::new(move |()| calls.load(None));
    // A list that was read again and is the same stays, and so does the focus in it.
    let items = Memo::new(move |_| calls.items.get());
    let list = move || {
        items.get().map(|items| {
            if items.is_empty() {
                words("p", texts::CALLS_NONE).test("system-calls-none")
            } else {
                el("ol").class("calls").children(items.iter().map(|item| call(calls, item)).collect())
            }
        })
    };
    let more = move || {
        calls.next.get().map(|cursor| {
            super::more_button(move || calls.loading.get(), move || calls.load(Some(cursor.clone())))
        })
    };
    card("calls-title", texts::CALLS_TITLE)
        .test("system-calls")
        .child(words("p", texts::CALLS_HINT).class("fine"))
        .child_fn(move || {
            calls.fault.get().map(|fault| fault_box(texts::ERR_CALLS, &fault, false, Some(retry)))
        })
        .child_fn(list)
        .child_fn(more)
}

fn call(calls: Calls, item: &CallItem) -> El {
    let outcome = RwSignal::new(None::<Result<(), Fault>>);
    let id = item.id;
    let queued = move || outcome.with(|done| matches!(done, Some(Ok(()))));
    let facts = el("p")
        .class("row-facts")
        .child(words("span", &texts::call(id)))
        .child(moment(&item.received_at, As::Ago))
        .child(words("span", if item.signed { texts::SIGNED } else { texts::UNSIGNED }))
        .child(words("span", &texts::bytes(item.size)))
        .child(words("span", &texts::tries(item.attempts)));
    let fault = move || {
        outcome.get().and_then(Result::err).map(|why| fault_box(texts::ERR_ACTION, &why, false, None))
    };
    let main = el("div")
        .class("call-main")
        .child(words("p", item.note.as_deref().unwrap_or(texts::NO_NOTE)))
        .child(facts)
        .child_fn(fault);
    let replay = button("", "btn", "replay")
        .label(texts::REPLAY, &texts::call(id))
        .off_fn(queued)
        .text_fn(move || if queued() { texts::REPLAYED } else { texts::REPLAY }.into())
        .on_click(move || calls.replay(id, outcome));
    el("li").test("system-call").attr("data-call-id", &id.to_string()).child(main).child(replay)
}
