//! Who may call which operation: one table, which the door asks for every request and which the
//! OpenAPI document shows. What is not in the table is not offered.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, ResponseError as _, web};
use shared::ProblemCode;

use super::client;
use super::problem::ApiError;
use crate::app::App;
use crate::crypto::secret;
use crate::db::callers::Proof;
use crate::domain::access::Permission;
use crate::service::sign_in;

/// What an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: anybody may call it.
    Nothing,
    /// To be let in, no matter with which permissions.
    Anyone,
    /// A session: API tokens may not call it.
    Session,
    /// A permission.
    May(Permission),
}

impl Needs {
    /// The word in the OpenAPI document, under `x-permission`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Needs::Nothing => "public",
            Needs::Anyone => "signed-in",
            Needs::Session => "session",
            Needs::May(permission) => permission.as_str(),
        }
    }
}

/// Where the operations of the table live, below the base path.
pub const API: &str = "/api/v1";

/// Every operation below [`API`]: method, path, and what it needs.
pub const OPERATIONS: &[(&str, &str, Needs)] = &[
    ("GET", "/openapi.json", Needs::Nothing),
    ("GET", "/sign-in", Needs::Nothing),
    ("GET", "/sign-in/{provider}", Needs::Nothing),
    ("GET", "/sign-in/{provider}/callback", Needs::Nothing),
    ("GET", "/sign-in/{provider}/sign-out", Needs::Nothing),
    ("POST", "/session", Needs::Nothing),
    ("POST", "/links/inspect", Needs::Nothing),
    ("POST", "/links/accept", Needs::Nothing),
    ("GET", "/session", Needs::Anyone),
    ("DELETE", "/session", Needs::Session),
    ("PUT", "/account/password", Needs::Session),
    ("GET", "/account/filters", Needs::Session),
    ("PUT", "/account/filters", Needs::Session),
    ("GET", "/account/sessions", Needs::Session),
    ("DELETE", "/account/sessions/{id}", Needs::Session),
    ("GET", "/tokens", Needs::Anyone),
    ("POST", "/tokens", Needs::Session),
    ("DELETE", "/tokens/{id}", Needs::Anyone),
    ("GET", "/checks", Needs::May(Permission::ChecksRead)),
    ("POST", "/checks/decisions", Needs::May(Permission::ChecksDecide)),
    ("GET", "/checks/filters", Needs::May(Permission::ChecksRead)),
    ("GET", "/checks/{id}", Needs::May(Permission::ChecksRead)),
    ("GET", "/checks/{id}/change", Needs::May(Permission::ChecksRead)),
    ("GET", "/checks/{id}/diff", Needs::May(Permission::ChecksRead)),
    ("GET", "/checks/{id}/since", Needs::May(Permission::ChecksRead)),
    ("GET", "/checks/{id}/gitlab", Needs::May(Permission::ChecksRead)),
    ("POST", "/checks/{id}/decisions", Needs::May(Permission::ChecksDecide)),
    ("POST", "/checks/{id}/acknowledgement", Needs::May(Permission::Admin)),
    ("POST", "/deliveries/{id}/retry", Needs::May(Permission::ChecksDecide)),
    ("GET", "/events", Needs::May(Permission::ChecksRead)),
    ("GET", "/system", Needs::May(Permission::ChecksRead)),
    ("GET", "/projects", Needs::May(Permission::ProjectsRead)),
    ("GET", "/rules", Needs::May(Permission::ProjectsRead)),
    ("PUT", "/rules/{id}", Needs::May(Permission::ProjectsWrite)),
    ("POST", "/reconcile", Needs::May(Permission::ProjectsWrite)),
    ("GET", "/audit", Needs::May(Permission::AuditRead)),
    ("GET", "/audit/export", Needs::May(Permission::AuditRead)),
    ("GET", "/audit/verification", Needs::May(Permission::AuditRead)),
    ("GET", "/system/doctor", Needs::May(Permission::Admin)),
    ("GET", "/calls", Needs::May(Permission::Admin)),
    ("POST", "/calls/{id}/replay", Needs::May(Permission::Admin)),
    ("GET", "/people", Needs::May(Permission::Admin)),
    ("POST", "/people", Needs::May(Permission::Admin)),
    ("GET", "/people/{id}", Needs::May(Permission::Admin)),
    ("PUT", "/people/{id}", Needs::May(Permission::Admin)),
    ("POST", "/people/{id}/link", Needs::May(Permission::Admin)),
    ("GET", "/people/{id}/sessions", Needs::May(Permission::Admin)),
    ("DELETE", "/people/{id}/sessions", Needs::May(Permission::Admin)),
    ("GET", "/groups", Needs::May(Permission::Admin)),
    ("POST", "/groups", Needs::May(Permission::Admin)),
    ("PUT", "/groups/{id}", Needs::May(Permission::Admin)),
    ("DELETE", "/groups/{id}", Needs::May(Permission::Admin)),
];

/// An operation whose body holds a password: not even its hash is kept, so that it takes no `Idempotency-Key`.
const WITH_PASSWORD: &str = "/account/password";

/// Whether an operation takes an `Idempotency-Key`: every write of somebody who was let in.
#[must_use]
pub fn takes_key(method: &str, path: &str) -> bool {
    method != "GET"
        && path != WITH_PASSWORD
        && needs(method, path).is_some_and(|needs| needs != Needs::Nothing)
}

/// The operation's path in [`OPERATIONS`].
#[must_use]
pub fn path_of(pattern: Option<String>) -> String {
    let pattern = pattern.unwrap_or_default();
    // The last one: a base path may hold it as well.
    pattern.rsplit_once(API).map_or_else(String::new, |(_, path)| path.to_owned())
}

/// Operations whose answer holds a secret that is shown this once: it is not kept to be repeated.
const SHOWN_ONCE: &[(&str, &str)] =
    &[("POST", "/tokens"), ("POST", "/people"), ("POST", "/people/{id}/link")];

/// Whether the answer to this request holds a secret that is shown only once.
#[must_use]
pub fn shows_a_secret(request: &HttpRequest) -> bool {
    let path = path_of(request.match_pattern());
    SHOWN_ONCE.contains(&(request.method().as_str(), path.as_str()))
}

/// What an operation needs; `None` if it is not offered.
#[must_use]
pub fn needs(method: &str, path: &str) -> Option<Needs> {
    OPERATIONS.iter().find(|one| (one.0, one.1) == (method, path)).map(|one| one.2)
}

/// Lets a request through if its caller may do what it asks; handlers get the caller as
/// `web::ReqData<Caller>`. Else it is answered here and not by an error, so that the answer gets what every answer
/// has: 401 without a valid session or token, 403 without the permission, 404 and 405 for what is not offered.
///
/// # Errors
/// Those of the service behind.
pub async fn authorise(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    match let_in(&request).await {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(refusal) => Ok(request.into_response(refusal.error_response()).map_into_right_body()),
    }
}

/// Finds out who asks and notes it at the request, if they may.
async fn let_in(request: &ServiceRequest) -> Result<(), ApiError> {
    let app = request.app_data::<web::Data<App>>().cloned().ok_or_else(unwired)?;
    let path = path_of(request.match_pattern());
    let Some(needs) = needs(request.method().as_str(), &path) else {
        return Err(not_offered(&path));
    };
    if needs == Needs::Nothing {
        return Ok(());
    }
    let proof = proof(&app, request)?;
    let by_token = matches!(proof, Proof::Token(_));
    let caller = sign_in::known(&app, proof).await.map_err(ApiError::from)?.ok_or_else(not_signed_in)?;
    match needs {
        Needs::Nothing | Needs::Anyone => {}
        Needs::Session if by_token => {
            let why = "This is for people who are signed in; an API token cannot do it.";
            return Err(ApiError::new(ProblemCode::Forbidden, why));
        }
        Needs::Session => {}
        Needs::May(permission) if caller.may(permission) => {}
        Needs::May(permission) => {
            let why = format!("This needs the permission {}, which you do not have.", permission.as_str());
            return Err(ApiError::new(ProblemCode::Forbidden, why));
        }
    }
    request.extensions_mut().insert(caller);
    Ok(())
}

/// What the request shows to prove who sends it: a token if there is one, else a session.
fn proof(app: &App, request: &ServiceRequest) -> Result<Proof, ApiError> {
    if let Some(value) = request.headers().get(AUTHORIZATION) {
        let token = value
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .filter(|token| secret::is_token(token))
            .ok_or_else(not_signed_in)?;
        return Ok(Proof::Token(secret::hash(token)));
    }
    let cookie = client::session_cookie(app, request.headers()).ok_or_else(not_signed_in)?;
    Ok(Proof::Session(secret::hash(&cookie)))
}

/// The answer to whoever is not let in.
#[must_use]
pub fn not_signed_in() -> ApiError {
    ApiError::new(
        ProblemCode::NotSignedIn,
        "Sign in, or send a valid API token: the session or token is missing, has ended or was revoked.",
    )
}

fn not_offered(path: &str) -> ApiError {
    let allowed: Vec<&str> = OPERATIONS.iter().filter(|one| one.1 == path).map(|one| one.0).collect();
    if !allowed.is_empty() {
        return ApiError::method(allowed.join(", "));
    }
    ApiError::new(ProblemCode::NotFound, "There is no such operation; see api/docs.")
}

fn unwired() -> ApiError {
    ApiError::new(ProblemCode::Internal, "The service is not put together.")
}
