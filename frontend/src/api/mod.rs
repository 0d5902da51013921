//! The only door to the service. Addresses are relative: the browser resolves them against
//! `<base href>`, so that the same build works under every base path.

mod fault;
pub mod json;
mod people;
mod shapes;

pub use fault::Fault;

use js_sys::Object;
use js_sys::futures::JsFuture;
use leptos::prelude::*;
use shared::{
    CallPage, CallState, CheckDetail, CheckPage, GitLabStatus, NewDecision, Problem, ProblemCode, SystemInfo,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{RequestInit, Response};

use crate::model::filter::Filter;
use crate::model::text::encode;
use json::{Read, Write, from_text, set, to_text};
use shapes::Nothing;

/// Where the live stream is.
pub const EVENTS: &str = "api/v1/events";

/// What GitLab shows now, read on demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitLabReading {
    /// What the merge request widget shows.
    pub status: GitLabStatus,
    /// When it was read, RFC 3339 UTC.
    pub read_at: String,
}

/// The service's operations. Remembers whether the service could be reached last time.
#[derive(Clone, Copy, Debug)]
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
    ///
    /// # Errors
    /// Every failure to get one, as do all operations here.
    pub async fn list_checks(
        self,
        filter: &Filter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<CheckPage, Fault> {
        self.get(&format!("checks?{}", filter.api_query(cursor, limit))).await
    }

    /// One check with everything the check page shows.
    pub async fn read_check(self, id: &str) -> Result<CheckDetail, Fault> {
        self.get(&format!("checks/{}", encode(id))).await
    }

    /// What GitLab shows for a check now.
    pub async fn read_gitlab(self, id: &str) -> Result<GitLabReading, Fault> {
        self.get(&format!("checks/{}/gitlab", encode(id))).await
    }

    /// Records a decision.
    pub async fn decide(self, id: &str, decision: &NewDecision) -> Result<CheckDetail, Fault> {
        self.ask("POST", &format!("checks/{}/decisions", encode(id)), decision).await
    }

    /// Puts a failed delivery back in the queue.
    pub async fn retry_delivery(self, id: &str) -> Result<(), Fault> {
        self.tell("POST", &format!("deliveries/{}/retry", encode(id)), &Nothing).await
    }

    /// Calls that were set aside.
    pub async fn list_set_aside(self, cursor: Option<&str>) -> Result<CallPage, Fault> {
        let cursor = cursor.map(|cursor| format!("&cursor={}", encode(cursor))).unwrap_or_default();
        self.get(&format!("calls?state={}{cursor}", CallState::SetAside.as_str())).await
    }

    /// Puts a set-aside call back in the queue.
    pub async fn replay_call(self, id: i64) -> Result<(), Fault> {
        self.tell("POST", &format!("calls/{id}/replay"), &Nothing).await
    }

    /// Starts a reconciliation.
    pub async fn reconcile(self) -> Result<(), Fault> {
        self.tell("POST", "reconcile", &Nothing).await
    }

    /// What the service says about itself.
    pub async fn read_system(self) -> Result<SystemInfo, Fault> {
        self.get("system").await
    }

    async fn get<T: Read>(self, path: &str) -> Result<T, Fault> {
        parse(&self.send("GET", path, None).await?)
    }

    /// Sends a body and reads the answer.
    async fn ask<T: Read>(self, method: &str, path: &str, body: &impl Write) -> Result<T, Fault> {
        parse(&self.send(method, path, Some(to_text(body))).await?)
    }

    /// Sends a body; the answer says nothing more than that it went well.
    async fn tell(self, method: &str, path: &str, body: &impl Write) -> Result<(), Fault> {
        self.send(method, path, Some(to_text(body))).await.map(drop)
    }

    /// Sends a request that needs a session and gives the body of a 2xx answer.
    async fn send(self, method: &str, path: &str, body: Option<String>) -> Result<String, Fault> {
        if self.open.try_get_untracked() == Some(false) {
            return Err(Fault::SignedOut);
        }
        self.send_openly(method, path, body).await
    }

    /// Sends a request that also those may make who are not signed in.
    async fn send_openly(self, method: &str, path: &str, body: Option<String>) -> Result<String, Fault> {
        let answer = transfer(method, path, body).await;
        let reached = answer.as_ref().is_some_and(|answer| !answer.is_from_gateway());
        if self.reachable.try_get_untracked() != Some(reached) {
            self.reachable.try_set(reached);
        }
        let answer = answer.ok_or(Fault::Network)?;
        if reached {
            self.answered_at.try_set(js_sys::Date::now());
        }
        if (200..300).contains(&answer.status) {
            return Ok(answer.text);
        }
        let fault = answer.refusal();
        if fault == Fault::SignedOut && self.open.try_get_untracked() == Some(true) {
            self.open.try_set(false);
        }
        if fault.is(ProblemCode::Forbidden) {
            self.refused.try_update(|n| *n += 1);
        }
        Err(fault)
    }
}

fn parse<T: Read>(text: &str) -> Result<T, Fault> {
    from_text(text).ok_or(Fault::Unreadable)
}

/// An answer, whoever gave it.
struct Answer {
    status: u16,
    /// Seconds to wait before the next attempt, if it says so.
    retry_after: Option<f64>,
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
                Fault::TooOften(js_sys::Date::now() + wait * 1_000.0)
            }
            (Some(problem), _) => Fault::Problem(Box::new(problem)),
            // A proxy in between answers with its own page.
            (None, _) => Fault::Status(self.status),
        }
    }
}

/// The one place that talks to the network: the answer, or `None` if there was none at all.
async fn transfer(method: &str, path: &str, body: Option<String>) -> Option<Answer> {
    let headers = Object::new();
    set(&headers, "accept", &JsValue::from_str("application/json"));
    let request = RequestInit::new();
    request.set_method(method);
    if let Some(body) = body {
        set(&headers, "content-type", &JsValue::from_str("application/json"));
        request.set_body(&JsValue::from_str(&body));
    }
    request.set_headers(&headers);
    let sent = window().fetch_with_str_and_init(&format!("api/v1/{path}"), &request);
    let response: Response = JsFuture::from(sent).await.ok()?.unchecked_into();
    let retry_after = response.headers().get("retry-after").ok().flatten();
    let text = JsFuture::from(response.text().ok()?).await.ok()?;
    Some(Answer {
        status: response.status(),
        retry_after: retry_after.and_then(|wait| wait.parse().ok()),
        text: text.as_string()?,
    })
}
