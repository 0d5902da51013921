//! Errors as RFC 9457 problem details with stable codes. Clients match `code`, never texts.

use serde::{Deserialize, Serialize};

use crate::CheckDetail;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// The stable code of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ProblemCode {
            $($(#[$doc])* #[serde(rename = $code)] $name,)*
            /// A code that this version does not know.
            #[serde(other, rename = "unknown")] Unknown,
        }

        impl ProblemCode {
            /// All codes this version sends.
            pub const ALL: &'static [ProblemCode] = &[$(ProblemCode::$name,)*];

            /// The code as text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(ProblemCode::$name => $code,)* ProblemCode::Unknown => "unknown" }
            }

            /// The HTTP status it is sent with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(ProblemCode::$name => $status,)* ProblemCode::Unknown => 500 }
            }

            /// A short summary that is the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(ProblemCode::$name => $title,)* ProblemCode::Unknown => "Unknown problem" }
            }
        }
    };
}

/// By hand: the derived one does not see the codes through the macro, and names the variants instead.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for ProblemCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .description(Some("The stable code of a problem."))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for ProblemCode {}

codes! {
    /// The body is not JSON, or not UTF-8, or names a key twice.
    MalformedJson = "malformed_json", 400, "The body is not valid JSON";
    /// A query parameter or cursor cannot be read.
    BadParameter = "bad_parameter", 400, "A parameter is not valid";
    /// The body could not be read to its end.
    IncompleteBody = "incomplete_body", 400, "The body did not arrive whole";
    /// The signature is missing where one is needed, or does not match the body.
    BadSignature = "bad_signature", 401, "The signature is missing or does not match";
    /// Nobody is signed in, the session has ended, or the token is not valid.
    NotSignedIn = "not_signed_in", 401, "Sign in first";
    /// E-mail address and password do not belong together.
    BadCredentials = "bad_credentials", 401, "E-mail address or password is wrong";
    /// Signed in, but without the permission that this needs.
    Forbidden = "forbidden", 403, "You may not do this";
    /// The author of a merge request may not decide on it.
    OwnChange = "own_change", 403, "You may not decide on your own change";
    /// A browser sent the request from another site.
    CrossSite = "cross_site", 403, "Cross-site requests are refused";
    /// No such thing, or not for you.
    NotFound = "not_found", 404, "Not found";
    /// The one-time link was used, has ended, or never was.
    LinkSpent = "link_spent", 404, "This link is not valid any more";
    /// The method is not offered there.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// The body did not arrive in time.
    BodyTimeout = "body_timeout", 408, "The body did not arrive in time";
    /// HEAD is another commit by now.
    ShaMoved = "sha_moved", 409, "The merge request has new commits";
    /// The merge request is to be merged into another branch by now.
    TargetMoved = "target_moved", 409, "The merge request has another target branch";
    /// Somebody decided first, or the check is closed.
    StateChanged = "state_changed", 409, "The check changed meanwhile";
    /// Only a delivery that failed or waits can be sent again, and only a set-aside call replayed, and an alarm ended that there is.
    NotRetryable = "not_retryable", 409, "There is nothing to retry";
    /// It is not as it was when the caller looked at it.
    Outdated = "outdated", 409, "It was changed meanwhile";
    /// It was done under this `Idempotency-Key` before, and the answer is not there: the first request is not answered yet, its answer
    /// was lost, or it held a secret that is shown once.
    DoneAlready = "done_already", 409, "It was done already";
    /// Somebody else has that name or address.
    Taken = "taken", 409, "This is taken already";
    /// Without this person nobody could manage people any more.
    LastAdministrator = "last_administrator", 409, "There must be an administrator";
    /// The body is larger than the limit.
    TooLarge = "too_large", 413, "The body is too large";
    /// The body is not `application/json`.
    UnsupportedMediaType = "unsupported_media_type", 415, "The body must be JSON";
    /// The JSON is not a status-check call.
    NotAStatusCheck = "not_a_status_check", 422, "Not a status-check call";
    /// The call names another rule than its URL.
    RuleMismatch = "rule_mismatch", 422, "The call and its URL name different rules";
    /// A field is missing or not valid.
    Invalid = "invalid", 422, "A field is not valid";
    /// A comment is required.
    CommentRequired = "comment_required", 422, "A comment is required";
    /// Another request was done under this `Idempotency-Key`.
    KeyReused = "idempotency_key_reused", 422, "The Idempotency-Key belongs to another request";
    /// Too many failed sign-ins: wait.
    TooManyAttempts = "too_many_attempts", 429, "Too many attempts";
    /// A defect in the service.
    Internal = "internal", 500, "Something went wrong here";
    /// GitLab did not answer, or not as expected.
    GitLabUnavailable = "gitlab_unavailable", 502, "GitLab did not answer";
    /// The database did not take it.
    StoreUnavailable = "store_unavailable", 503, "The database is not available";
    /// The connection to the database broke while it was to take it: it may have.
    OutcomeUnknown = "outcome_unknown", 503, "It is not known whether this was done";
    /// Too much is being received at once.
    Busy = "busy", 503, "Too much at once";
}

/// An RFC 9457 problem, sent as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Always `about:blank`; `code` tells the kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same short summary for every occurrence of `code`.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: ProblemCode,
    /// What was wrong this time and what to do about it.
    pub detail: String,
    /// The field it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Quote it when asking for help; the log has it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// With 409 on a decision: the check as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Box<CheckDetail>>,
}

impl Problem {
    /// A problem with its code's status and title.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".into(),
            title: code.title().into(),
            status: code.status(),
            code,
            detail: detail.into(),
            field: None,
            request_id: None,
            check: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Problem, ProblemCode};

    #[test]
    fn codes_are_unique_and_survive_json() {
        for (at, code) in ProblemCode::ALL.iter().enumerate() {
            assert!(ProblemCode::ALL[..at].iter().all(|other| other.as_str() != code.as_str()));
            let sent = serde_json::to_string(&Problem::new(*code, "why")).expect("serialises");
            let read: Problem = serde_json::from_str(&sent).expect("reads back");
            assert_eq!(read.code, *code);
        }
    }

    #[test]
    fn a_code_of_a_later_version_is_still_a_problem() {
        let read: Problem = serde_json::from_str(
            r#"{"type":"about:blank","title":"New","status":418,"code":"teapot","detail":"x"}"#,
        )
        .expect("reads");
        assert_eq!(read.code, ProblemCode::Unknown);
    }
}
