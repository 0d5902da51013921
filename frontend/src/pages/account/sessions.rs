//! The card with one's own sessions.

use crate::ui::prelude::*;
use shared::{EventKind, SessionItem};

use crate::api::Fault;
use crate::components::message::{fault_box, skeleton};
use crate::components::time::{As, moment};
use crate::components::{button, card};
use crate::model::agent::browser;
use crate::state::App;
use crate::texts;
use crate::ui::{El, el, words};

/// One's sessions. Copies are handles to the same signals.
#[derive(Clone, Copy)]
pub struct Sessions {
    app: App,
    items: RwSignal<Option<Vec<SessionItem>>>,
    fault: RwSignal<Option<Fault>>,
}

impl Sessions {
    /// The sessions, being read.
    #[must_use]
    pub fn new(app: App) -> Self {
        let sessions = Self { app, items: RwSignal::new(None), fault: RwSignal::new(None) };
        sessions.load();
        let of =
            |kind| matches!(kind, EventKind::SignedIn | EventKind::SignedOut | EventKind::PasswordChanged);
        app.keep_fresh(of, move || sessions.load());
        sessions
    }

    /// Reads them again.
    pub fn load(self) {
        self.app.api.list_sessions(None).then(move |answer| match answer {
            Ok(list) => {
                self.fault.set(None);
                self.items.set(Some(list.items));
            }
            Err(fault) => {
                self.fault.set(Some(fault));
            }
        });
    }

    fn end(self, id: &str) {
        self.app.api.end_session(id).then(move |answer| match answer {
            Ok(()) => {
                self.app.say(texts::SESSION_REVOKED.into());
                self.load();
            }
            Err(fault) => {
                self.fault.set(Some(fault));
            }
        });
    }

    /// The card.
    #[must_use]
    pub fn card(self) -> El {
        let retry = Callback::new(move |()| self.load());
        let list = move || {
            self.items.with(|items| {
                let Some(items) = items else {
                    return self.fault.with(Option::is_none).then(|| skeleton(2));
                };
                let rows = items.iter().map(|item| self.row(item)).collect();
                Some(el("ul").class("plain-rows").test("sessions").children(rows))
            })
        };
        let fault = move || {
            let holds = self.items.with_untracked(Option::is_some);
            self.fault.get().map(|fault| {
                fault_box(
                    if holds { texts::ERR_ACTION } else { texts::ERR_SESSIONS },
                    &fault,
                    holds,
                    Some(retry),
                )
            })
        };
        card("sessions-title", texts::SESSIONS)
            .child(words("p", texts::SESSIONS_HINT).class("fine"))
            .child_fn(fault)
            .child_fn(list)
    }

    fn row(self, item: &SessionItem) -> El {
        let id = item.id.clone();
        let name = browser(&item.user_agent);
        let here = item.current.then(|| words("small", texts::THIS_ONE).class("tag"));
        let end = if item.current {
            button(texts::SIGN_OUT, "btn", "session-end").on_click(move || self.app.sign_out())
        } else {
            button(texts::REVOKE, "btn", "session-end")
                .label(texts::REVOKE, &name)
                .on_click(move || self.end(&id))
        };
        let facts = el("p")
            .class("row-facts")
            .child(words("span", &item.address))
            .child(worded(texts::SINCE, &item.created_at, As::Clock))
            .child(worded(texts::LAST_USED, &item.last_seen_at, As::Ago));
        let title = el("p").class("words").child(words("strong", &name)).child(here);
        el("li")
            .test("session")
            .attr("data-key", &item.id)
            .attr("title", &item.user_agent)
            .child(el("div").class("call-main").child(title).child(facts))
            .child(end)
    }
}

/// A word and a moment.
#[must_use]
pub fn worded(word: &str, at: &str, as_: As) -> El {
    el("span").text(word).text(" ").child(moment(at, as_))
}
