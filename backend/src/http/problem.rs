//! Errors at the edge: every one becomes problem+json with a stable code, and is logged once.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, ContentType, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use shared::{Problem, ProblemCode};

use crate::causes;
use crate::db::DbError;
use crate::domain::Time;
use crate::request_id;
use crate::service::ServiceError;
use crate::service::intake::IntakeError;
use crate::service::links::LinkError;
use crate::service::sign_in::SignInError;

/// An answer that is a problem.
#[derive(Debug)]
pub struct ApiError {
    problem: Box<Problem>,
    cause: Option<String>,
    /// Seconds, for `Retry-After`.
    retry_after: Option<u64>,
    /// Whether the log calls it an error.
    is_failure: bool,
    /// The methods that are offered, for `Allow` (RFC 9110, section 15.5.6).
    allowed: Option<String>,
}

impl ApiError {
    /// A problem with this code.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            problem: Box::new(Problem::new(code, detail)),
            cause: None,
            retry_after: None,
            allowed: None,
            is_failure: true,
        }
    }

    /// The same, about one field of the request.
    #[must_use]
    pub fn about(mut self, field: &str) -> Self {
        self.problem.field = Some(field.to_owned());
        self
    }

    /// The same, with the check as it is now.
    #[must_use]
    pub fn with_check(mut self, check: shared::CheckDetail) -> Self {
        self.problem.check = Some(Box::new(check));
        self
    }

    /// The problem itself, for an answer that has several; its cause is logged here.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        if let Some(cause) = &self.cause {
            tracing::error!(code = self.problem.code.as_str(), cause, "one of several failed");
        }
        *self.problem
    }

    /// No failure: the service was told to stop, and says so to whoever asks whether it takes work.
    #[must_use]
    pub fn stopping() -> Self {
        let mut this = Self::new(ProblemCode::Busy, "The service is stopping.");
        this.is_failure = false;
        this
    }

    /// Another method than those that are offered here.
    #[must_use]
    pub fn method(allowed: impl Into<String>) -> Self {
        let why = "This method is not offered here; see api/docs.";
        let mut this = Self::new(ProblemCode::MethodNotAllowed, why);
        this.allowed = Some(allowed.into());
        this
    }

    /// A JSON body that is longer than any.
    #[must_use]
    pub fn too_large() -> Self {
        let most = super::BODY_MAX / 1024;
        Self::new(ProblemCode::TooLarge, format!("The body is larger than {most} KiB."))
    }

    /// A body that ended too early.
    #[must_use]
    pub fn incomplete() -> Self {
        Self::new(ProblemCode::IncompleteBody, "The body could not be read to its end.")
    }

    /// An error of a query parameter.
    #[must_use]
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::BadParameter, detail).about(name)
    }

    /// Why nobody was signed in, as of `now`.
    #[must_use]
    pub fn sign_in(error: SignInError, now: Time) -> Self {
        match error {
            SignInError::BadCredentials => Self::new(
                ProblemCode::BadCredentials,
                "E-mail address or password is wrong. If you forgot the password, an administrator can give you a link to set a new one.",
            ),
            SignInError::Locked { until } => Self::locked(until.since(now)),
            SignInError::Service(error) => error.into(),
        }
    }

    fn locked(wait: Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        let minutes = wait.as_secs().div_ceil(60).max(1);
        let unit = if minutes == 1 { "minute" } else { "minutes" };
        let mut this = Self::new(
            ProblemCode::TooManyAttempts,
            format!("There were too many attempts. Try again in {minutes} {unit}."),
        );
        this.retry_after = Some(seconds);
        this
    }

    fn store(error: &DbError) -> Self {
        let text = causes::told(error);
        let mut this = match error {
            DbError::Corrupt(_) => {
                Self::new(ProblemCode::Internal, "The log says what went wrong; nothing was changed.")
            }
            DbError::Damaged(_) => Self::new(
                ProblemCode::StoreUnavailable,
                "The database file is damaged; whoever runs the service puts a copy in its place.",
            ),
            error if error.may_be_done() => Self::new(
                ProblemCode::OutcomeUnknown,
                "The connection to the database broke in the middle. Look whether it was done before you do it again.",
            ),
            DbError::BadUrl(_)
            | DbError::InUse(_)
            | DbError::Unavailable(_)
            | DbError::Query(_)
            | DbError::Migration(_)
            | DbError::NotMoved(_)
            | DbError::File(_)
            | DbError::Abandoned => Self::new(
                ProblemCode::StoreUnavailable,
                "The database did not take it; nothing was changed. Try again in a moment.",
            ),
        };
        this.cause = Some(text);
        this
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.problem.code.as_str(), self.problem.detail)?;
        match &self.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        if self.is_failure && self.status_code().is_server_error() {
            tracing::error!(code = self.problem.code.as_str(), cause = self.cause.as_deref(), detail = %self.problem.detail, "a request failed");
        }
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((actix_web::http::header::CONTENT_TYPE, "application/problem+json"));
        let wait =
            self.retry_after
                .or((self.problem.status == 503 && self.problem.code != ProblemCode::OutcomeUnknown)
                    .then_some(5));
        if let Some(seconds) = wait {
            response.insert_header((RETRY_AFTER, HeaderValue::from(seconds)));
        }
        if let Some(allowed) = &self.allowed {
            response.insert_header((ALLOW, allowed.as_str()));
        }
        if self.problem.code == ProblemCode::NotSignedIn {
            response.insert_header((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        }
        let mut problem = (*self.problem).clone();
        problem.request_id = request_id::current();
        match serde_json::to_vec(&problem) {
            Ok(body) => response.body(body),
            Err(_) => response.insert_header(ContentType::plaintext()).body("a problem could not be written"),
        }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        Self::store(&error)
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Store(error) => Self::store(&error),
            ServiceError::NotFound(_) => Self::new(ProblemCode::NotFound, capital(&error.to_string())),
            ServiceError::NotRetryable(_) => {
                Self::new(ProblemCode::NotRetryable, capital(&error.to_string()))
            }
            ServiceError::Running(_) => Self::new(ProblemCode::Busy, capital(&error.to_string())),
            ServiceError::GitLab(_) => Self::new(ProblemCode::GitLabUnavailable, capital(&error.to_string())),
            ServiceError::SignedOut => super::access::not_signed_in(),
            ServiceError::Forbidden(_) => Self::new(ProblemCode::Forbidden, capital(&error.to_string())),
            ServiceError::Outdated(_) => Self::new(ProblemCode::Outdated, capital(&error.to_string())),
            ServiceError::DoneAlready => Self::new(ProblemCode::DoneAlready, super::idempotency::NO_ANSWER),
            ServiceError::KeyReused => Self::new(ProblemCode::KeyReused, capital(&error.to_string()))
                .about(super::idempotency::HEADER),
            ServiceError::Taken { field, why } => Self::new(ProblemCode::Taken, capital(why)).about(field),
            ServiceError::Invalid { field, why } => {
                Self::new(ProblemCode::Invalid, capital(why)).about(field)
            }
            ServiceError::LastAdministrator => {
                Self::new(ProblemCode::LastAdministrator, capital(&error.to_string()))
            }
            ServiceError::Locked { wait } => Self::locked(wait),
            ServiceError::Busy => Self::new(ProblemCode::Busy, capital(&error.to_string())),
        }
    }
}

impl From<LinkError> for ApiError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Spent => Self::new(ProblemCode::LinkSpent, capital(&error.to_string())),
            LinkError::Service(error) => error.into(),
        }
    }
}

impl From<IntakeError> for ApiError {
    fn from(error: IntakeError) -> Self {
        use crate::gitlab::CallFault;
        let code = match &error {
            IntakeError::Store(error) => return Self::store(error),
            IntakeError::Body(CallFault::Malformed(_)) => ProblemCode::MalformedJson,
            IntakeError::Body(CallFault::WrongKind(_)) => ProblemCode::NotAStatusCheck,
            IntakeError::Signature(_) => ProblemCode::BadSignature,
            IntakeError::RuleMismatch => ProblemCode::RuleMismatch,
            IntakeError::NotEnrolled => ProblemCode::NotFound,
        };
        Self::new(code, capital(&error.to_string()))
    }
}

/// A sentence; a name that it begins with stays as it is.
pub(super) fn capital(text: &str) -> String {
    if text.split(' ').next().is_some_and(|word| word.contains(['_', '.'])) {
        return format!("{}.", text.trim_end_matches('.'));
    }
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str().trim_end_matches('.')),
        None => String::new(),
    }
}

/// A JSON body that cannot be read.
#[expect(clippy::needless_pass_by_value, reason = "actix hands it over by value")]
pub fn json_error(error: actix_web::error::JsonPayloadError, _request: &HttpRequest) -> actix_web::Error {
    use actix_web::error::JsonPayloadError as E;
    let problem = match &error {
        E::ContentType => ApiError::new(
            ProblemCode::UnsupportedMediaType,
            "Send the body with Content-Type: application/json.",
        ),
        E::Overflow { .. } | E::OverflowKnownLength { .. } => ApiError::too_large(),
        E::Deserialize(error) => ApiError::new(ProblemCode::MalformedJson, capital(&error.to_string())),
        _ => ApiError::incomplete(),
    };
    problem.into()
}
