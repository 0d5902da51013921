//! Answers of the API, and GitLab's ways to say no.

use serde_json::{Value, json};

use crate::world::{Missing, Refusal};

/// An answer, ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// What an endpoint returns; both sides are answers, the error side leaves early.
pub(super) type Reply = Result<Answer, Answer>;

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, content_type: "application/json", headers: Vec::new(), body: body.to_string() }
    }

    /// `{"message": …}`: what GitLab's own helpers say.
    pub(crate) fn message(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    /// `{"error": …}`: what Grape says.
    pub(super) fn error(status: u16, error: &str) -> Self {
        Self::json(status, &json!({ "error": error }))
    }

    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self { status, content_type: "text/plain", headers: Vec::new(), body: text.into() }
    }

    pub(crate) fn no_content() -> Self {
        Self::text(204, "")
    }

    pub(crate) fn header(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(super) fn unauthorized() -> Self {
        Self::message(401, "401 Unauthorized")
    }

    pub(super) fn forbidden() -> Self {
        Self::message(403, "403 Forbidden")
    }

    pub(super) fn not_found() -> Self {
        Self::message(404, "404 Not found")
    }
}

impl From<Missing> for Answer {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Project(_) => Self::message(404, "404 Project Not Found"),
            Missing::MergeRequest(..) | Missing::Rule(_) | Missing::Commit(_) => Self::not_found(),
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Missing(missing) => missing.into(),
            Refusal::Invalid(messages) => Self::json(422, &json!({ "message": messages })),
            Refusal::NotFailed => Self::message(422, &refusal.to_string()),
            Refusal::State(_) | Refusal::Blocked(_) => Self::message(405, "405 Method Not Allowed"),
        }
    }
}
