//! Signing in and out, one-time links, and one's own account.

use actix_web::http::header::SET_COOKIE;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;
use shared::account::{validate_email, validate_name, validate_password};
use shared::{
    AcceptLink, Credentials, LinkInfo, LinkSecret, NewPassword, ProblemCode, SamplePerson, Session,
    SessionList, SignInOptions, SignInProvider,
};

use super::body::Body;
use super::client;
use super::dto_people as dto;
use super::problem::ApiError;
use crate::app::App;
use crate::domain::access::Caller;
use crate::domain::ids::SessionId;
use crate::service::links::Acceptance;
use crate::service::sign_in::{SignInError, Started};
use crate::service::{ServiceError, account, links, people, samples, sign_in};

/// What the sign-in page offers
#[utoipa::path(
    get,
    path = "/sign-in",
    operation_id = "read_sign_in",
    tag = "sign-in",
    responses((status = 200, description = "Providers, and whether the first administrator is still to be made", body = SignInOptions))
)]
pub async fn read_sign_in(app: web::Data<App>) -> Result<web::Json<SignInOptions>, ApiError> {
    let samples = if app.config.sandbox {
        samples::SAMPLES
            .iter()
            .map(|sample| SamplePerson {
                name: sample.name.into(),
                email: sample.email.into(),
                password: samples::PASSWORD.into(),
                roles: sample.roles.iter().copied().map(dto::role).collect(),
            })
            .collect()
    } else {
        Vec::new()
    };
    let setup_needed = people::setup_needed(&app).await?;
    let providers = app.config.oidc.iter();
    let providers =
        providers.map(|one| SignInProvider { id: one.id.clone(), name: one.name.clone() }).collect();
    Ok(web::Json(SignInOptions { providers, setup_needed, samples }))
}

/// Sign in
///
/// The session is in a cookie. Programs use API tokens instead: `Authorization: Bearer …`.
#[utoipa::path(
    post,
    path = "/session",
    operation_id = "sign_in",
    tag = "sign-in",
    request_body = Credentials,
    responses(
        (status = 201, description = "Signed in", body = Session, headers(("Set-Cookie" = String, description = "The session"))),
        (status = 401, description = "E-mail address or password is wrong", body = shared::Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts; Retry-After says how many seconds to wait", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn sign_in(
    app: web::Data<App>,
    request: HttpRequest,
    body: Body<Credentials>,
) -> Result<HttpResponse, ApiError> {
    let given = body.0;
    if given.password.len() > shared::account::PASSWORD_MAX || given.email.len() > shared::account::EMAIL_MAX
    {
        return Err(ApiError::sign_in(SignInError::BadCredentials, app.clock.now()));
    }
    let origin = client::origin(&app, &request);
    let started = sign_in::sign_in(&app, given.email, SecretString::from(given.password), origin)
        .await
        .map_err(|error| ApiError::sign_in(error, app.clock.now()))?;
    begun(&app, started).await
}

async fn begun(app: &App, started: Started) -> Result<HttpResponse, ApiError> {
    let myself = account::myself(app, &started.caller).await?;
    let cookie = client::set_cookie(app, &started.secret, app.config.session_life);
    Ok(HttpResponse::Created().insert_header((SET_COOKIE, cookie)).json(dto::session(myself)))
}

/// Who is signed in
#[utoipa::path(
    get,
    path = "/session",
    operation_id = "read_session",
    tag = "sign-in",
    responses((status = 200, description = "The caller", body = Session))
)]
pub async fn read_session(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
) -> Result<web::Json<Session>, ApiError> {
    Ok(web::Json(dto::session(account::myself(&app, &caller).await?)))
}

/// Sign out
#[utoipa::path(
    delete,
    path = "/session",
    operation_id = "sign_out",
    tag = "sign-in",
    responses((status = 204, description = "The session has ended"))
)]
pub async fn sign_out(app: web::Data<App>, caller: web::ReqData<Caller>) -> Result<HttpResponse, ApiError> {
    sign_in::sign_out(&app, &caller).await?;
    Ok(HttpResponse::NoContent().insert_header((SET_COOKIE, client::clear_cookie(&app))).finish())
}

/// What a one-time link is good for
#[utoipa::path(
    post,
    path = "/links/inspect",
    operation_id = "inspect_link",
    tag = "sign-in",
    request_body = LinkSecret,
    responses(
        (status = 200, description = "What it is for", body = LinkInfo),
        (status = 404, description = "It was used, has ended, or never was", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn inspect_link(
    app: web::Data<App>,
    body: Body<LinkSecret>,
) -> Result<web::Json<LinkInfo>, ApiError> {
    let good = links::inspect(&app, &SecretString::from(body.0.token)).await?;
    Ok(web::Json(dto::link_info(good)))
}

/// Use a one-time link
///
/// Sets the password and signs the person in.
#[utoipa::path(
    post,
    path = "/links/accept",
    operation_id = "accept_link",
    tag = "sign-in",
    request_body = AcceptLink,
    responses(
        (status = 201, description = "Signed in", body = Session, headers(("Set-Cookie" = String, description = "The session"))),
        (status = 404, description = "It was used, has ended, or never was", body = shared::Problem, content_type = "application/problem+json"),
        (status = 409, description = "Somebody has that e-mail address", body = shared::Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing or not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn accept_link(
    app: web::Data<App>,
    request: HttpRequest,
    body: Body<AcceptLink>,
) -> Result<HttpResponse, ApiError> {
    let given = body.0;
    if let Some(name) = &given.name {
        validate_name(name).map_err(|fault| dto::fault(fault, "name"))?;
    }
    if let Some(email) = &given.email {
        validate_email(email).map_err(|fault| dto::fault(fault, "email"))?;
    }
    validate_password(&given.password).map_err(|fault| dto::fault(fault, "password"))?;
    let acceptance = Acceptance {
        secret: SecretString::from(given.token),
        name: given.name,
        email: given.email,
        password: SecretString::from(given.password),
    };
    let started = links::accept(&app, acceptance, client::origin(&app, &request)).await?;
    begun(&app, started).await
}

/// Change one's password
///
/// All other sessions of the account end.
#[utoipa::path(
    put,
    path = "/account/password",
    operation_id = "change_password",
    tag = "account",
    request_body = NewPassword,
    responses(
        (status = 204, description = "Changed"),
        (status = 422, description = "The present password is wrong, or the new one is not valid", body = shared::Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn change_password(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    body: Body<NewPassword>,
) -> Result<HttpResponse, ApiError> {
    let given = body.0;
    validate_password(&given.new).map_err(|fault| dto::fault(fault, "new"))?;
    if given.current.len() > shared::account::PASSWORD_MAX {
        let why = "This is not your present password.";
        return Err(ApiError::new(ProblemCode::Invalid, why).about("current"));
    }
    let (current, new) = (SecretString::from(given.current), SecretString::from(given.new));
    account::change_password(&app, &caller, current, new).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// One's own sessions
#[utoipa::path(
    get,
    path = "/account/sessions",
    operation_id = "list_own_sessions",
    tag = "account",
    responses((status = 200, description = "The sessions that have not ended, newest first", body = SessionList))
)]
pub async fn list_own_sessions(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
) -> Result<web::Json<SessionList>, ApiError> {
    let own = account::own_session(&caller)?;
    let rows = account::sessions(&app, caller.account_id.clone()).await?;
    Ok(web::Json(dto::sessions(rows, Some(&own))))
}

/// End one of one's own sessions
#[utoipa::path(
    delete,
    path = "/account/sessions/{id}",
    operation_id = "end_own_session",
    tag = "account",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 204, description = "It has ended"),
        (status = 404, description = "No such session", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn end_own_session(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = SessionId::parse(&id).ok_or(ServiceError::NotFound("session"))?;
    sign_in::end(&app, &caller, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
