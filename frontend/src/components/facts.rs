//! What a check is about.

use shared::CheckDetail;

use super::icon::{COPY, OUT, icon};
use super::row::{author, branches, reference, sha};
use super::time::{As, moment};
use super::{card, term, tool};
use crate::model::text::safe_url;
use crate::state::{App, dom};
use crate::texts;
use crate::ui::{El, el, words};

/// A link out if the address is a web address, else plain text.
#[must_use]
pub fn outward(url: &str, name: &str) -> El {
    match safe_url(url) {
        Some(url) => unbroken(name)
            .attr("href", url)
            .attr("target", "_blank")
            .attr("rel", "external noopener noreferrer")
            .child(icon(OUT)),
        None => words("span", name),
    }
}

/// A link on which an address breaks only behind its host.
fn unbroken(name: &str) -> El {
    let host = name.find("://").map_or(0, |at| at + 3);
    match name[host..].find('/').map(|at| name.split_at(host + at)) {
        Some((front, path)) if host > 0 && path.len() > 1 => {
            let piece = |piece| words("span", piece).class("piece");
            el("a").child(piece(front)).child(piece(path))
        }
        Some(_) | None => words("a", name),
    }
}

/// The facts of a check as a list of terms.
#[must_use]
pub fn facts(detail: &CheckDetail) -> El {
    let item = &detail.item;
    let says = |what: El| el("dd").child(what);
    let list = el("dl")
        .class("facts")
        .child(term(texts::MERGE_REQUEST, says(outward(&item.merge_request.url, &reference(item)))))
        .child(term(texts::RULE, words("dd", &item.rule.name)))
        .child(term(texts::AUTHOR, words("dd", &author(item))))
        .child(term(texts::BRANCHES, says(branches(item))))
        .child(term(texts::COMMIT, says(sha(&item.sha)).child(copy_button(item.sha.clone()))))
        .child(term(texts::ARRIVED, says(moment(&item.received_at, As::Ago))));
    el("section").class("card").attr("aria-label", texts::FACTS).child(list)
}

/// The description as GitLab has it: text, with its lines.
#[must_use]
pub fn description(text: &str) -> El {
    let text = text.trim_end();
    let body = if text.is_empty() {
        words("p", texts::NO_DESCRIPTION).class("fine")
    } else {
        words("div", text).class("description").test("description")
    };
    card("description-title", texts::DESCRIPTION).child(body)
}

fn copy_button(text: String) -> El {
    let app = App::get();
    tool(COPY, texts::COPY_SHA, "copy-sha").class("tool small").on_click(move || {
        dom::copy(&text, move |copied| {
            app.say(if copied { texts::COPIED } else { texts::COPY_FAILED }.into());
        });
    })
}
