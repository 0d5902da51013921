//! Who is signed in, and what follows when that changes.

use crate::ui::prelude::*;
use js_sys::Reflect;
use shared::Session;
use wasm_bindgen::JsValue;

use super::{App, drafts, live, nav};
use crate::api::{Fault, sign_out_address};
use crate::model::access::Who;
use crate::ui::watch;

impl App {
    /// Asks who is signed in, and again whenever an answer tells of a change. For as long as the page lives.
    pub(super) fn follow_session(self) {
        watch(move || {
            if !self.api.open.get() && self.who.with_untracked(|who| who.session().is_some()) {
                self.leave();
            }
        });
        let mut refused = self.api.refused.get_untracked();
        watch(move || {
            let now = self.api.refused.get();
            if std::mem::replace(&mut refused, now) != now {
                self.read_session();
            }
        });
        // Somebody may have signed in, or out, in another window.
        let handle = window_event_listener_untyped("focus", move |_| {
            if self.who.with_untracked(|who| matches!(who, Who::Nobody | Who::Gone(_))) {
                self.read_session();
            }
        });
        std::mem::forget(handle);
        // Going back must not show a page that the browser kept from before somebody signed out.
        let handle = window_event_listener_untyped("pageshow", move |event| {
            let kept =
                Reflect::get(&event, &JsValue::from_str("persisted")).is_ok_and(|kept| kept.is_truthy());
            if kept {
                // If the browser refuses, every read still needs the session.
                drop(location().reload());
            }
        });
        std::mem::forget(handle);
        self.read_session();
    }

    /// Asks who is signed in.
    pub fn read_session(self) {
        self.api.read_session().then(move |answer| match answer {
            Ok(session) => self.enter(session),
            Err(Fault::SignedOut) => self.leave(),
            Err(fault) => self.who_fault.set(Some(fault)),
        });
    }

    /// Somebody is signed in: reads and the live stream begin, or go on.
    pub fn enter(self, session: Session) {
        let (fresh, other) = self.who.with_untracked(|who| {
            let known = who.account();
            (who.session().is_none(), !known.is_empty() && known != session.account_id)
        });
        if other {
            // What is on the screen, and in memory, belongs to somebody else.
            drop(location().reload());
            return;
        }
        self.who_fault.set(None);
        self.api.open.set(true);
        let person = Who::Person(Box::new(session));
        // Asked again and the same: nothing on the page has to be made anew, least of all under the fingers.
        if self.who.with_untracked(|who| *who != person) {
            self.who.set(person);
        }
        if fresh {
            self.read_system();
            live::connect(self);
        }
    }

    /// Nobody is signed in, or not any more: reads and the live stream stop.
    pub fn leave(self) {
        self.who_fault.set(None);
        self.api.open.set(false);
        live::disconnect(self);
        self.who.update(|who| {
            *who = match std::mem::take(who) {
                Who::Person(session) | Who::Gone(session) => Who::Gone(session),
                Who::Unknown | Who::Nobody => Who::Nobody,
            };
        });
    }

    /// Signs out and leaves nothing behind in this window.
    pub fn sign_out(self) {
        live::disconnect(self);
        let provider =
            self.who.with_untracked(|who| who.session().and_then(|session| session.provider.clone()));
        self.api.sign_out().then(move |answer| match answer {
            Ok(()) | Err(Fault::SignedOut) => {
                drafts::forget();
                // Whoever came through a provider is still signed in there.
                match provider {
                    Some(provider) => nav::load(&sign_out_address(&provider)),
                    None => nav::load("sign-in"),
                }
            }
            Err(fault) => {
                self.say(fault.message());
                live::connect(self);
            }
        });
    }
}
