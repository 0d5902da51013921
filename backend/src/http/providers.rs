//! Signing in through a provider: the browser leaves, and comes back.

use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;
use serde::Deserialize;
use shared::ProblemCode;

use super::client;
use super::problem::ApiError;
use super::query::Query;
use super::return_to;
use crate::app::App;
use crate::service::providers::{self, Answer, ProviderError};

/// The longest path that is returned to, in bytes.
const RETURN_TO_MAX: usize = 2_000;

/// Where to go afterwards.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// A path of the app; anything else is ignored.
    return_to: Option<String>,
}

/// What the provider adds to the address; some add more, which is no matter.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Returned {
    /// What the sign-in was begun with.
    state: Option<String>,
    /// What proves to the provider that this is the answer to that.
    code: Option<String>,
}

/// Sign in through a provider
///
/// For browsers: leads to the provider.
#[utoipa::path(
    get,
    path = "/sign-in/{provider}",
    operation_id = "begin_provider_sign_in",
    tag = "sign-in",
    params(("provider" = String, Path, description = "The provider's id"), Wanted),
    responses(
        (status = 303, description = "To the provider; to the sign-in page with `?error=provider_unavailable` if it cannot be reached"),
        (status = 404, description = "No such provider", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn begin_provider_sign_in(
    app: web::Data<App>,
    id: web::Path<String>,
    query: Query<Wanted>,
) -> Result<HttpResponse, ApiError> {
    let base = &app.config.base_path;
    // It travels in a cookie, for which browsers have 4096 bytes.
    let short = query.return_to.as_deref().filter(|path| path.len() <= RETURN_TO_MAX);
    let wanted = short.and_then(|path| return_to::checked(base, path));
    match providers::begin(&app, &id, wanted.map(str::to_owned)).await {
        Ok(sent) => Ok(to(&sent.url, &[client::set_pending_cookie(&app, &sent.pending)])),
        Err(error) => not_signed_in(&app, error, &[]),
    }
}

/// Come back from a provider
///
/// For browsers: the provider leads here.
#[utoipa::path(
    get,
    path = "/sign-in/{provider}/callback",
    operation_id = "finish_provider_sign_in",
    tag = "sign-in",
    params(("provider" = String, Path, description = "The provider's id"), Returned),
    responses(
        (status = 303, description = "Signed in: to where the person wanted to go. If not, to the sign-in page, with the reason in `error`", headers(("Set-Cookie" = String, description = "The session"))),
        (status = 404, description = "No such provider", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn finish_provider_sign_in(
    app: web::Data<App>,
    id: web::Path<String>,
    request: HttpRequest,
    query: Query<Returned>,
) -> Result<HttpResponse, ApiError> {
    let Returned { state, code } = query.0;
    let pending = client::pending_cookie(&app, request.headers()).map(SecretString::from);
    let origin = client::origin(&app, &request);
    // Good for one answer, whatever that is.
    let forget = client::clear_pending_cookie(&app);
    match providers::finish(&app, &id, Answer { code, state, pending }, origin).await {
        Ok(done) => {
            let session = client::set_cookie(&app, &done.started.secret, app.config.session_life);
            let place = done.return_to.unwrap_or_else(|| format!("{}/", app.config.base_path));
            Ok(to(&place, &[forget, session]))
        }
        Err(error) => not_signed_in(&app, error, &[forget]),
    }
}

/// Sign out at a provider
///
/// For browsers: leads to the provider's page for that, if it has one. The session here is ended before, with
/// `DELETE session`.
#[utoipa::path(
    get,
    path = "/sign-in/{provider}/sign-out",
    operation_id = "sign_out_at_provider",
    tag = "sign-in",
    params(("provider" = String, Path, description = "The provider's id")),
    responses(
        (status = 303, description = "To the provider, or to the sign-in page"),
        (status = 404, description = "No such provider", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn sign_out_at_provider(
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let page = format!("{}/sign-in", app.config.base_path);
    let back = format!("{}{page}", app.config.public_url.as_deref().unwrap_or_default());
    match providers::sign_out_url(&app, &id, back).await {
        Ok(url) => Ok(to(&url.unwrap_or(page), &[])),
        Err(error) => not_signed_in(&app, error, &[]),
    }
}

/// Leads the browser elsewhere.
fn to(place: &str, cookies: &[String]) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, place));
    for cookie in cookies {
        answer.append_header((SET_COOKIE, cookie.as_str()));
    }
    answer.finish()
}

/// Leads back to the sign-in page, which says why.
fn not_signed_in(app: &App, error: ProviderError, cookies: &[String]) -> Result<HttpResponse, ApiError> {
    match (error.word(), error) {
        (Some(word), _) => Ok(to(&format!("{}/sign-in?error={word}", app.config.base_path), cookies)),
        (None, ProviderError::Service(error)) => Err(error.into()),
        (None, _) => Err(ApiError::new(ProblemCode::NotFound, "There is no such provider.")),
    }
}
