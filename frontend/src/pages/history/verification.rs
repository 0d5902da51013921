//! Whether the record's chain holds, asked on demand: reading all of it takes a while.

use crate::ui::prelude::*;
use shared::AuditVerification;

use crate::api::Fault;
use crate::components::button;
use crate::components::delivery::sentence;
use crate::components::message::fault_box;
use crate::model::truth::Tone;
use crate::state::App;
use crate::texts;
use crate::ui::{El, el, words};

/// The card.
#[must_use]
pub fn verification(app: App) -> El {
    let busy = RwSignal::new(false);
    let answer = RwSignal::new(None::<Result<AuditVerification, Fault>>);
    let run = move || {
        busy.set(true);
        app.api.verify_record().then(move |read| {
            busy.set(false);
            answer.set(Some(read));
        });
    };
    let start = button("", "btn", "verify")
        .off_fn(move || busy.get())
        .text_fn(move || if busy.get() { texts::VERIFYING } else { texts::VERIFY }.into())
        .on_click(run);
    let result = el("div").attr("role", "status").child_fn(move || {
        answer.with(|answer| {
            Some(match answer.as_ref()? {
                Ok(read) => says(read),
                Err(fault) => fault_box(texts::ERR_VERIFY, fault, false, None),
            })
        })
    });
    el("section")
        .class("card line")
        .attr("aria-label", texts::CHAIN)
        .child(words("p", texts::CHAIN_HINT))
        .child(start)
        .child(result)
}

fn says(read: &AuditVerification) -> El {
    if read.intact {
        let head = el("p")
            .class("fine")
            .text(texts::CHAIN_HEAD)
            .text(" ")
            .child(words("code", &read.head).test("chain-head"));
        el("div")
            .test("chain-intact")
            .child(sentence(Tone::Good, words("span", &texts::chain_intact(read.entries))))
            .child(head)
    } else {
        let broken = texts::chain_broken(read.broken_at, read.reason.as_deref());
        el("div")
            .test("chain-broken")
            .child(sentence(Tone::Bad, words("span", &broken)))
            .child(words("p", texts::CHAIN_BROKEN_HINT).class("fine"))
    }
}
