//! The only door to the service. Addresses are relative: the browser resolves them against
//! `<base href>`, so that the same build works under every base path.

mod fault;

pub use fault::Fault;

use gloo_net::http::{Method, RequestBuilder};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::{CallPage, CallState, CheckDetail, CheckPage, GitLabStatus, NewDecision, Problem, SystemInfo};

use crate::model::filter::Filter;
use crate::model::text::encode;

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

/// The service's operations. Remembers whether the service could be reached last time.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// Whether the last request got an answer from the service.
    pub reachable: RwSignal<bool>,
    /// When the last answer came, in milliseconds since 1970; 0 before the first.
    pub answered_at: RwSignal<f64>,
}

impl Default for Api {
    fn default() -> Self {
        Self { reachable: RwSignal::new(true), answered_at: RwSignal::new(0.0) }
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
        let text = self.post(&format!("checks/{}/decisions", encode(id)), decision).await?;
        parse(&text)
    }

    /// Puts a failed delivery back in the queue.
    pub async fn retry_delivery(self, id: &str) -> Result<(), Fault> {
        self.post(&format!("deliveries/{}/retry", encode(id)), &Empty {}).await.map(drop)
    }

    /// Calls that were set aside.
    pub async fn list_set_aside(self, cursor: Option<&str>) -> Result<CallPage, Fault> {
        let cursor = cursor.map(|cursor| format!("&cursor={}", encode(cursor))).unwrap_or_default();
        self.get(&format!("calls?state={}{cursor}", CallState::SetAside.as_str())).await
    }

    /// Puts a set-aside call back in the queue.
    pub async fn replay_call(self, id: i64) -> Result<(), Fault> {
        self.post(&format!("calls/{id}/replay"), &Empty {}).await.map(drop)
    }

    /// Starts a reconciliation.
    pub async fn reconcile(self) -> Result<(), Fault> {
        self.post("reconcile", &Empty {}).await.map(drop)
    }

    /// What the service says about itself.
    pub async fn read_system(self) -> Result<SystemInfo, Fault> {
        self.get("system").await
    }

    async fn get<T: DeserializeOwned>(self, path: &str) -> Result<T, Fault> {
        let text = self.send(Method::GET, path, None).await?;
        parse(&text)
    }

    async fn post<B: Serialize>(self, path: &str, body: &B) -> Result<String, Fault> {
        let body = serde_json::to_string(body).map_err(|_| Fault::Unreadable)?;
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends a request and gives the body of a 2xx answer.
    async fn send(self, method: Method, path: &str, body: Option<String>) -> Result<String, Fault> {
        let answer = transfer(method, path, body).await;
        let reached = answer.as_ref().is_ok_and(|(status, text)| !is_from_gateway(*status, text));
        if self.reachable.try_get_untracked() != Some(reached) {
            self.reachable.try_set(reached);
        }
        let (status, text) = answer?;
        if reached {
            self.answered_at.try_set(js_sys::Date::now());
        }
        if (200..300).contains(&status) { Ok(text) } else { Err(refusal(status, &text)) }
    }
}

#[derive(Serialize)]
struct Empty {}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::Unreadable)
}

/// Whether a gateway answered in place of a service that it could not reach.
fn is_from_gateway(status: u16, text: &str) -> bool {
    matches!(status, 502..=504) && serde_json::from_str::<Problem>(text).is_err()
}

fn refusal(status: u16, text: &str) -> Fault {
    match serde_json::from_str::<Problem>(text) {
        Ok(problem) => Fault::Problem(Box::new(problem)),
        // A proxy in between answers with its own page.
        Err(_) => Fault::Status(status),
    }
}

/// The one place that talks to the network: status and body, or no answer at all.
async fn transfer(method: Method, path: &str, body: Option<String>) -> Result<(u16, String), Fault> {
    let url = format!("api/v1/{path}");
    let request = RequestBuilder::new(&url).method(method).header("accept", "application/json");
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body),
        None => request.build(),
    };
    let request = request.map_err(|_| Fault::Network)?;
    let response = request.send().await.map_err(|_| Fault::Network)?;
    let text = response.text().await.map_err(|_| Fault::Network)?;
    Ok((response.status(), text))
}
