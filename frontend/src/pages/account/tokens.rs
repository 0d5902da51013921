//! The card with the API tokens.

use crate::ui::prelude::*;
use shared::{EventKind, ProjectItem, TokenItem};

use super::sessions::worded;
use super::token_dialog::token_dialog;
use crate::api::Fault;
use crate::components::button;
use crate::components::message::{fault_box, skeleton};
use crate::components::modal::{Question, question};
use crate::components::time::As;
use crate::state::{App, dom};
use crate::texts;
use crate::ui::{El, el, words};

/// Which dialog is open.
#[derive(Clone, PartialEq)]
enum Open {
    Nothing,
    New,
    Revoke(Box<TokenItem>),
}

/// The tokens. Copies are handles to the same signals.
#[derive(Clone, Copy)]
pub(super) struct Tokens {
    pub(super) app: App,
    items: RwSignal<Option<Vec<TokenItem>>>,
    fault: RwSignal<Option<Fault>>,
    /// The projects that a token can be limited to, as far as one may list them.
    pub(super) projects: RwSignal<Vec<ProjectItem>>,
    open: RwSignal<Open>,
}

impl Tokens {
    /// Reads them again.
    pub(super) fn load(self) {
        self.app.api.list_tokens().then(move |answer| match answer {
            Ok(list) => {
                self.fault.set(None);
                self.items.set(Some(list.items));
            }
            Err(fault) => {
                self.fault.set(Some(fault));
            }
        });
    }

    fn load_projects(self) {
        if !self.app.who.with_untracked(|who| who.may(shared::Permission::ProjectsRead)) {
            return;
        }
        self.app.api.list_projects().then(move |answer| {
            // Without them tokens are merely not limited to projects here.
            if let Ok(list) = answer {
                self.projects.set(list.items);
            }
        });
    }

    pub(super) fn close(self) {
        self.open.set(Open::Nothing);
        // The row that it was opened from may have been made anew.
        dom::rescue_focus("[data-testid=token-new]".into());
    }
}

/// The card.
#[must_use]
pub fn tokens(app: App) -> El {
    let tokens = Tokens {
        app,
        items: RwSignal::new(None),
        fault: RwSignal::new(None),
        projects: RwSignal::new(Vec::new()),
        open: RwSignal::new(Open::Nothing),
    };
    tokens.load();
    tokens.load_projects();
    let of = |kind| matches!(kind, EventKind::TokenMade | EventKind::TokenRevoked);
    app.keep_fresh(of, move || tokens.load());
    let retry = Callback::new(move |()| tokens.load());
    let list = move || {
        tokens.items.with(|items| {
            let Some(items) = items else {
                return tokens.fault.with(Option::is_none).then(|| skeleton(2));
            };
            Some(if items.is_empty() {
                words("p", texts::TOKENS_NONE).class("fine").test("tokens-none")
            } else {
                let rows = items.iter().map(|item| row(tokens, item)).collect();
                el("ul").class("plain-rows").test("tokens").children(rows)
            })
        })
    };
    let fault = move || {
        let holds = tokens.items.with_untracked(Option::is_some);
        tokens.fault.get().map(|fault| fault_box(texts::ERR_TOKENS, &fault, holds, Some(retry)))
    };
    let new = button(texts::NEW_TOKEN, "btn", "token-new").on_click(move || tokens.open.set(Open::New));
    let title = words("h2", texts::TOKENS).attr("id", "tokens-title");
    el("section")
        .class("card")
        .attr("aria-labelledby", "tokens-title")
        .child(el("div").class("card-head").child(title).child(new))
        .child(words("p", texts::TOKENS_HINT).class("fine"))
        .child_fn(fault)
        .child_fn(list)
        .child(el("div").child_fn(move || dialog(tokens)))
}

fn dialog(tokens: Tokens) -> Option<El> {
    let close = move || tokens.close();
    match tokens.open.get() {
        Open::Nothing => None,
        Open::New => Some(untrack(|| token_dialog(tokens))),
        Open::Revoke(token) => {
            let ask = Question {
                title: texts::revoke_token(&token.name),
                says: texts::REVOKE_TOKEN.into(),
                verb: texts::REVOKE,
                act: Box::new(move || tokens.app.api.revoke_token(&token.id)),
            };
            Some(untrack(|| question(ask, move || tokens.load(), close)))
        }
    }
}

fn row(tokens: Tokens, item: &TokenItem) -> El {
    let mine = tokens.app.who.with_untracked(|who| who.account() == item.account_id);
    let theirs = (!mine).then(|| words("span", &texts::of_person(&item.account_name)));
    let limited = (!item.projects.is_empty()).then(|| words("span", &texts::projects(item.projects.len())));
    let scopes: Vec<_> = item.scopes.iter().map(|scope| scope.as_str()).collect();
    let used = match &item.last_used_at {
        Some(at) => worded(texts::LAST_USED, at, As::Ago),
        None => words("span", texts::NEVER_USED),
    };
    let ends = match &item.expires_at {
        Some(at) => worded(texts::ENDS, at, As::Day),
        None => words("span", texts::NEVER_ENDS),
    };
    let title = el("p")
        .class("words")
        .child(words("strong", &item.name))
        .child(words("code", &format!("{}…", item.hint)).class("fine"))
        .child(theirs);
    let facts = el("p")
        .class("row-facts")
        .child(words("span", &scopes.join(", ")))
        .child(limited)
        .child(ends)
        .child(used);
    let ask = item.clone();
    let revoke = button(texts::REVOKE, "btn", "token-revoke")
        .label(texts::REVOKE, &item.name)
        .on_click(move || tokens.open.set(Open::Revoke(Box::new(ask.clone()))));
    el("li").test("token").child(el("div").class("call-main").child(title).child(facts)).child(revoke)
}
