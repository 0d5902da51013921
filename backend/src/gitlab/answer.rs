//! Reading GitLab's answers, within bounds, and putting into words what went wrong.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use super::client::ReadError;

/// No answer that is read may be larger.
pub(super) const ANSWER_MAX: usize = 8 * 1024 * 1024;

pub(super) async fn read_json<T: DeserializeOwned>(
    path: &str,
    response: Response,
    most: usize,
) -> Result<T, ReadError> {
    let body = bounded(response, most).await?;
    serde_json::from_slice(&body).map_err(|error| {
        ReadError::Unreadable(format!(
            "GitLab's answer to {path} is not what its documentation says: {error}"
        ))
    })
}

pub(super) async fn bounded(mut response: Response, most: usize) -> Result<Vec<u8>, ReadError> {
    let mut body = Vec::new();
    let broken = |error| ReadError::Unavailable { message: transport(&error), retry_after: None };
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > most {
            let mib = most / (1024 * 1024);
            let message = format!("GitLab's answer is too large: more than {mib} MiB");
            return Err(ReadError::Unreadable(message));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Whether GitLab says that another page follows. A page may be short all the same: what the token may not read is taken
/// out after it was cut.
pub(super) fn has_next_page(response: &Response) -> bool {
    let next = response.headers().get("x-next-page").and_then(|value| value.to_str().ok());
    next.is_some_and(|next| !next.trim().is_empty())
}

/// `Retry-After` in seconds (RFC 9110, 10.2.3); GitLab does not send the date form.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: u64 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(24 * 3600)))
}

/// What an answer that is an error says.
pub(super) struct Said {
    /// For people: the status and what GitLab says about it, short, one line, without control characters.
    pub(super) text: String,
    /// Whether GitLab itself said it, and not a proxy, an ingress or a page for maintenance: its API answers in JSON, with `message`
    /// or `error`. Source: <https://docs.gitlab.com/api/rest/troubleshooting/#status-codes>.
    pub(super) by_gitlab: bool,
}

/// See [`Said`].
pub(super) async fn describe(status: StatusCode, response: Response) -> Said {
    let text = match bounded(response, ANSWER_MAX).await {
        Ok(body) => String::from_utf8_lossy(&body).into_owned(),
        Err(_) => String::new(),
    };
    let json = serde_json::from_str::<serde_json::Value>(&text);
    let value = json
        .as_ref()
        .ok()
        .and_then(|json| ["message", "error_description", "error"].iter().find_map(|key| json.get(key)));
    let by_gitlab = value.is_some();
    let said = match (value, &json) {
        (Some(value), _) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        (None, Ok(_)) => String::new(),
        (None, Err(_)) if text.trim_start().starts_with('<') => String::new(),
        (None, Err(_)) => text,
    };
    let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    let text = if status.is_success() {
        format!(
            "{status} was answered where GitLab answers 201: something between here and GitLab, such as a proxy"
        )
    } else if said.trim().is_empty() || said.starts_with(status.as_str()) {
        format!("GitLab answered {status}")
    } else {
        format!("GitLab answered {status}: {}", said.trim())
    };
    Said { text, by_gitlab }
}

/// What went wrong on the way, without the URL.
pub(super) fn transport(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "GitLab did not answer in time"
    } else if error.is_connect() {
        "GitLab cannot be reached"
    } else {
        "the connection to GitLab broke"
    };
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let cause: String = cause.to_string().chars().take(200).collect();
    if cause.contains("://") {
        return what.to_owned();
    }
    format!("{what}: {cause}")
}
