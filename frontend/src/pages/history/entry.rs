//! One entry of the record.

use shared::AuditEntry;

use crate::components::row::sha;
use crate::components::time::{As, moment};
use crate::model::history::commit;
use crate::state::nav;
use crate::texts;
use crate::ui::{El, el, words};

/// One entry as a row.
#[must_use]
pub fn entry(entry: &AuditEntry) -> El {
    let about = entry.check_id.as_deref().map(|id| match commit(&entry.data) {
        Some(commit) => sha_link(id, commit),
        None => words("a", texts::CHECK_TITLE).attr("href", &nav::check(id)),
    });
    let via = (!entry.via.is_empty() && entry.via != entry.actor)
        .then(|| words("span", &texts::through(&entry.via)).class("via"));
    let facts = el("p")
        .class("row-facts")
        .child(words("span", &texts::by_actor(&entry.actor)))
        .child(via)
        .child(about);
    let main = el("div").class("row-main").child(words("p", &entry.summary).class("summary")).child(facts);
    el("div")
        .class("row")
        .test("record-row")
        .attr("data-kind", entry.kind.as_str())
        .child(el("div").class("record-when fine").child(moment(&entry.at, As::Clock)))
        .child(words("div", texts::event(entry.kind)).class("record-kind"))
        .child(main)
        .child(machine(entry))
}

fn sha_link(id: &str, commit: &str) -> El {
    el("a").attr("href", &nav::check(id)).child(sha(commit))
}

/// What machines read: the number, the facts and the hash, folded away.
fn machine(entry: &AuditEntry) -> El {
    let term = |name: &str, says: &str| {
        el("div").child(words("dt", name)).child(el("dd").child(words("code", says)))
    };
    let facts = (entry.data != "{}").then(|| term(texts::FACTS, &entry.data));
    let account = entry.account_id.as_deref().map(|id| term(texts::NAV_ACCOUNT, id));
    let list = el("dl")
        .class("machine")
        .child(term(texts::KIND, entry.kind.as_str()))
        .child(account)
        .child(facts)
        .child(term(texts::HASH, &entry.hash));
    el("details").child(words("summary", &texts::number(entry.id)).attr("id", &anchor(entry))).child(list)
}

/// The id of what opens an entry.
pub fn anchor(entry: &AuditEntry) -> String {
    format!("entry-{}", entry.id)
}
