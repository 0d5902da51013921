//! API tokens, and the projects they can be limited to.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use secrecy::ExposeSecret as _;
use shared::account::validate_name;
use shared::{MadeToken, NewToken, ProblemCode, ProjectItem, ProjectList, TokenList};

use super::body::Body;
use super::dto_people as dto;
use super::problem::ApiError;
use crate::app::App;
use crate::domain::access::Caller;
use crate::domain::ids::TokenId;
use crate::service::tokens::Wanted;
use crate::service::{ServiceError, projects, tokens};

/// The longest life of a token that ends, in days.
const DAYS_MAX: u32 = 3650;

/// List tokens
#[utoipa::path(
    get,
    path = "/tokens",
    operation_id = "list_tokens",
    tag = "account",
    responses((status = 200, description = "The caller's own, with `admin` everybody's; to a token without `admin` only itself", body = TokenList))
)]
pub async fn list_tokens(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
) -> Result<web::Json<TokenList>, ApiError> {
    let items = tokens::list(&app, &caller).await?.into_iter().map(dto::token).collect();
    Ok(web::Json(TokenList { items }))
}

/// Make a token
///
/// It acts for the caller. The secret in the answer is shown this once.
#[utoipa::path(
    post,
    path = "/tokens",
    operation_id = "make_token",
    tag = "account",
    request_body = NewToken,
    responses(
        (status = 201, description = "Made", body = MadeToken),
        (status = 422, description = "A field is missing or not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn make_token(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    body: Body<NewToken>,
) -> Result<HttpResponse, ApiError> {
    let new = body.0;
    validate_name(&new.name).map_err(|fault| dto::fault(fault, "name"))?;
    if new.expires_in_days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
        let why = format!("A token lives for 1 to {DAYS_MAX} days, or for good if nothing is said.");
        return Err(ApiError::new(ProblemCode::Invalid, why).about("expires_in_days"));
    }
    let wanted = Wanted {
        name: new.name,
        scopes: new.scopes.into_iter().map(dto::domain_permission).collect(),
        projects: new.projects,
        life: new.expires_in_days.map(|days| Duration::from_secs(u64::from(days) * 86_400)),
    };
    let (secret, row) = tokens::make(&app, &caller, wanted).await?;
    let made = MadeToken { secret: secret.expose_secret().to_owned(), token: dto::token(row) };
    Ok(HttpResponse::Created().json(made))
}

/// Revoke a token
///
/// One's own, with `admin` anybody's. A token without `admin` revokes only itself.
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    operation_id = "revoke_token",
    tag = "account",
    params(("id" = String, Path, description = "The token's id")),
    responses(
        (status = 204, description = "It does not work any more"),
        (status = 404, description = "No such token", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn revoke_token(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = TokenId::parse(&id).ok_or(ServiceError::NotFound("token"))?;
    tokens::revoke(&app, &caller, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List projects
#[utoipa::path(
    get,
    path = "/projects",
    operation_id = "list_projects",
    tag = "projects",
    responses((status = 200, description = "The projects the caller reaches, by path", body = ProjectList))
)]
pub async fn list_projects(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
) -> Result<web::Json<ProjectList>, ApiError> {
    let items = projects::list(&app, &caller)
        .await?
        .into_iter()
        .map(|row| ProjectItem { id: row.id, gitlab_id: row.gitlab_id, path: row.path, web_url: row.web_url })
        .collect();
    Ok(web::Json(ProjectList { items }))
}
