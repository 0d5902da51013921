//! Questions about GitLab itself, for finding out what is wrong: the answer as it is, refusals included.

use std::time::Duration;

use reqwest::header::DATE;
use serde_json::Value;

use super::answer::{ANSWER_MAX, bounded, transport};
use super::client::{Client, named};
use crate::domain::Time;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer of GitLab.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The body; `null` if it is no JSON.
    pub body: Value,
    /// GitLab's clock (`Date`, RFC 9110, 6.6.1; whole seconds), if it told it.
    pub at: Option<Time>,
}

impl Answered {
    /// A text of the body.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.body.get(key)?.as_str()
    }
}

impl Client {
    /// Asks `GET /api/v4/{path}`, once.
    ///
    /// # Errors
    /// Why there was no answer, in one sentence without the address.
    pub async fn ask(&self, path: &str) -> Result<Answered, String> {
        let url = format!("{}/api/v4/{path}", self.base_url);
        let response =
            named(self.http.get(url)).timeout(PATIENCE).send().await.map_err(|error| transport(&error))?;
        let status = response.status().as_u16();
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
        let body = bounded(response, ANSWER_MAX).await.map_err(|error| error.to_string())?;
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok(Answered { status, body, at: date.as_deref().and_then(Time::parse_http) })
    }
}
