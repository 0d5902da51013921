//! The only door to the service. Addresses are relative: the browser resolves them against
//! `<base href>`, so that the same build works under every base path.

mod change;
mod fault;
pub mod json;
mod many;
mod people;

pub use fault::Fault;
pub use people::{sign_in_address, sign_out_address};

use std::future::Future;
use std::pin::Pin;

use gloo_net::http::{Method, RequestBuilder};
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::{
    CallPage, CallState, CheckDetail, CheckFilters, CheckPage, GitLabStatus, NewAcknowledgement, NewDecision,
    Problem, ProblemCode, SystemInfo,
};
use web_sys::AbortSignal;

use crate::model::filter::Filter;
use crate::model::text::encode;
use crate::ui::prelude::*;
use json::plain::{self, Plain};
use json::{from_text, to_text};

/// An answer that takes longer than this, in milliseconds, is not waited for.
const PATIENCE: u32 = 45_000;

/// Where the live stream is.
pub const EVENTS: &str = "api/v1/events";

/// What GitLab shows now, read on demand.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GitLabReading {
    /// What the merge request widget shows.
    pub status: GitLabStatus,
    /// When it was read, RFC 3339 UTC.
    pub read_at: String,
}

/// A body without words: some operations need nothing but its kind.
#[derive(Serialize)]
struct Nothing {}

/// The service's operations. Remembers whether the service could be reached last time.
#[derive(Clone, Copy)]
pub struct Api {
    /// Whether the last request got an answer from the service.
    pub reachable: RwSignal<bool>,
    /// When the last answer came, in milliseconds since 1970; 0 before the first.
    pub answered_at: RwSignal<f64>,
    /// Whether somebody is signed in as far as known; without, only what needs no session is asked for.
    pub open: RwSignal<bool>,
    /// Counts the answers that refused a permission: what the session may do has changed.
    pub refused: RwSignal<u32>,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            reachable: RwSignal::new(true),
            answered_at: RwSignal::new(0.0),
            open: RwSignal::new(false),
            refused: RwSignal::new(0),
        }
    }
}

impl Api {
    /// One page of checks.
    pub fn list_checks(self, filter: &Filter, cursor: Option<&str>, limit: usize) -> Asked<CheckPage> {
        self.get(format!("checks?{}", filter.api_query(cursor, limit)))
    }

    /// What listings can be narrowed to.
    pub fn list_check_filters(self) -> Asked<CheckFilters> {
        self.get("checks/filters".into())
    }

    /// One check with everything the check page shows.
    pub fn read_check(self, id: &str) -> Asked<CheckDetail> {
        self.get(format!("checks/{}", encode(id)))
    }

    /// What GitLab shows for a check now.
    pub fn read_gitlab(self, id: &str) -> Asked<GitLabReading> {
        self.get(format!("checks/{}/gitlab", encode(id)))
    }

    /// Records a decision.
    pub fn decide(self, id: &str, decision: &NewDecision) -> Asked<CheckDetail> {
        self.ask(Method::POST, format!("checks/{}/decisions", encode(id)), decision)
    }

    /// Ends the alarm about a check.
    pub fn acknowledge(self, id: &str, body: &NewAcknowledgement) -> Asked<()> {
        self.ask(Method::POST, format!("checks/{}/acknowledgement", encode(id)), body)
    }

    /// Has GitLab told again, now.
    pub fn retry_delivery(self, id: &str) -> Asked<()> {
        self.ask(Method::POST, format!("deliveries/{}/retry", encode(id)), &Nothing {})
    }

    /// Calls that were set aside.
    pub fn list_set_aside(self, cursor: Option<&str>) -> Asked<CallPage> {
        let cursor = cursor.map(|cursor| format!("&cursor={}", encode(cursor))).unwrap_or_default();
        self.get(format!("calls?state={}{cursor}", CallState::SetAside.as_str()))
    }

    /// Puts a set-aside call back in the queue.
    pub fn replay_call(self, id: i64) -> Asked<()> {
        self.ask(Method::POST, format!("calls/{id}/replay"), &Nothing {})
    }

    /// Starts a reconciliation.
    pub fn reconcile(self) -> Asked<()> {
        self.ask(Method::POST, "reconcile".into(), &Nothing {})
    }

    /// What the service says about itself.
    pub fn read_system(self) -> Asked<SystemInfo> {
        self.get("system".into())
    }

    fn get<T: DeserializeOwned + 'static>(self, path: String) -> Asked<T> {
        Asked::new(self.send(Request { method: Method::GET, path, body: None, open: false }))
    }

    /// Reads what is only shown.
    fn get_plain<T: Plain>(self, path: String) -> Asked<T> {
        let sent = self.send(Request { method: Method::GET, path, body: None, open: false });
        Asked { sent, read: plain::from_text }
    }

    /// Sends a body.
    fn ask<T: DeserializeOwned + 'static>(
        self,
        method: Method,
        path: String,
        body: &impl Serialize,
    ) -> Asked<T> {
        Asked::new(self.send(Request { method, path, body: Some(to_text(body)), open: false }))
    }

    fn remove(self, path: String) -> Asked<()> {
        Asked::new(self.send(Request { method: Method::DELETE, path, body: None, open: false }))
    }

    /// Reads what also those may read who are not signed in.
    fn get_openly<T: DeserializeOwned + 'static>(self, path: String) -> Asked<T> {
        Asked::new(self.send(Request { method: Method::GET, path, body: None, open: true }))
    }

    /// Sends what also those may send who are not signed in.
    fn ask_openly<T: DeserializeOwned + 'static>(self, path: String, body: &impl Serialize) -> Asked<T> {
        Asked::new(self.send(Request { method: Method::POST, path, body: Some(to_text(body)), open: true }))
    }

    /// Sends a request; what comes of it is the body of a 2xx answer.
    fn send(self, request: Request) -> Sent {
        Box::pin(async move {
            if !request.open && !self.open.get_untracked() {
                return Err(Fault::SignedOut);
            }
            let answer = transfer(request).await;
            let reached = answer.as_ref().is_some_and(|answer| !answer.is_from_gateway());
            if self.reachable.get_untracked() != reached {
                self.reachable.set(reached);
            }
            let answer = answer.ok_or(Fault::Network)?;
            if reached {
                self.answered_at.set(js_sys::Date::now());
            }
            if (200..300).contains(&answer.status) {
                return Ok(answer.text);
            }
            let fault = answer.refusal();
            if fault == Fault::SignedOut && self.open.get_untracked() {
                self.open.set(false);
            }
            if fault.is(ProblemCode::Forbidden) {
                self.refused.update(|n| *n += 1);
            }
            Err(fault)
        })
    }
}

/// A request.
struct Request {
    method: Method,
    /// Below `api/v1/`.
    path: String,
    body: Option<String>,
    /// Whether it needs no session.
    open: bool,
}

/// A request on its way.
type Sent = Pin<Box<dyn Future<Output = Result<String, Fault>>>>;

/// A question on its way. Nothing is asked before somebody wants the answer.
#[must_use]
pub struct Asked<T> {
    sent: Sent,
    read: fn(&str) -> Option<T>,
}

impl<T: DeserializeOwned> Asked<T> {
    fn new(sent: Sent) -> Self {
        Self { sent, read: from_text }
    }
}

impl<T: 'static> Asked<T> {
    /// Asks, and runs `answered` with what comes of it: the answer, or the failure to get one.
    pub fn then(self, answered: impl FnOnce(Result<T, Fault>) + 'static) {
        let read = self.read;
        then(
            self.sent,
            Box::new(move |sent| answered(sent.and_then(|text| read(&text).ok_or(Fault::Unreadable)))),
        );
    }
}

/// One future for all questions: each would otherwise be a state machine of its own.
fn then(sent: Sent, answered: Box<dyn FnOnce(Result<String, Fault>)>) {
    spawn_local(async move { answered(sent.await) });
}

/// An answer, whoever gave it.
struct Answer {
    status: u16,
    /// Seconds to wait before the next attempt, if it says so.
    retry_after: Option<u32>,
    text: String,
}

impl Answer {
    /// Whether a gateway answered in place of a service that it could not reach.
    fn is_from_gateway(&self) -> bool {
        matches!(self.status, 502..=504) && from_text::<Problem>(&self.text).is_none()
    }

    fn refusal(&self) -> Fault {
        match (from_text::<Problem>(&self.text), self.retry_after) {
            (Some(problem), _) if problem.code == ProblemCode::NotSignedIn => Fault::SignedOut,
            (Some(problem), Some(wait)) if problem.code == ProblemCode::TooManyAttempts => {
                Fault::TooOften(js_sys::Date::now() + f64::from(wait) * 1_000.0)
            }
            (Some(problem), _) => Fault::Problem(Box::new(problem)),
            // A proxy in between answers with its own page.
            (None, _) => Fault::Status(self.status),
        }
    }
}

/// The one place that talks to the network: the answer, or `None` if there was none at all.
async fn transfer(Request { method, path, body, .. }: Request) -> Option<Answer> {
    // Longer than the service itself waits for anybody; then the line is taken for broken. Following the record's chain takes
    // as long as it is.
    let patience = (!path.starts_with("audit/v")).then_some(PATIENCE);
    let request = RequestBuilder::new(&format!("api/v1/{path}"))
        .method(method)
        .header("accept", "application/json")
        .abort_signal(patience.map(AbortSignal::timeout_with_u32).as_ref());
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body),
        None => request.build(),
    };
    let response = request.ok()?.send().await.ok()?;
    let retry_after = response.headers().get("retry-after");
    Some(Answer {
        status: response.status(),
        retry_after: retry_after.and_then(|wait| wait.parse().ok()),
        text: response.text().await.ok()?,
    })
}
