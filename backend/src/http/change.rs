//! The change of a check: what it is, the lines of its files, what is new since one's last decision.

use actix_web::web;
use serde::Deserialize;
use shared::{Change, ChangeSince, FileDiff};

use super::checks::check_id;
use super::dto_change;
use super::problem::ApiError;
use super::query::Query;
use crate::app::App;
use crate::domain::access::Caller;
use crate::service::change;

/// How a change may be asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ChangeQuery {
    /// Read GitLab even if what is kept is young. Default: false.
    fresh: Option<bool>,
}

/// Which file's lines are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DiffQuery {
    /// The file's `path` as the change tells it.
    path: String,
    /// The lines between the commit that the caller decided on last and this one. Default: false.
    since: Option<bool>,
}

/// Read the change of a check
///
/// Its commits and files, and what stands around them in GitLab. What was read before is kept: if GitLab cannot be read,
/// that is told, with `stale` saying why. Ask anew every 15 seconds or less often.
#[utoipa::path(
    get,
    path = "/checks/{id}/change",
    operation_id = "read_change",
    tag = "checks",
    params(("id" = String, Path, description = "The check's id"), ChangeQuery),
    responses(
        (status = 200, description = "The change of the check's commit", body = Change),
        (status = 404, description = "No such check", body = shared::Problem, content_type = "application/problem+json"),
        (status = 502, description = "GitLab did not tell, and nothing is kept", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read_change(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
    query: Query<ChangeQuery>,
) -> Result<web::Json<Change>, ApiError> {
    let id = check_id(&id)?;
    let view = change::read(&app, &caller, id.as_str(), query.fresh == Some(true)).await?;
    Ok(web::Json(dto_change::change(view)))
}

/// Read the lines of a changed file
///
/// They never change for a check, since it is about one commit.
#[utoipa::path(
    get,
    path = "/checks/{id}/diff",
    operation_id = "read_file_diff",
    tag = "checks",
    params(("id" = String, Path, description = "The check's id"), DiffQuery),
    responses(
        (status = 200, description = "The file and its rows; none for what is binary or too large", body = FileDiff),
        (status = 404, description = "No such check, or no such file in its change", body = shared::Problem, content_type = "application/problem+json"),
        (status = 502, description = "GitLab did not tell, and nothing is kept", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read_file_diff(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
    query: Query<DiffQuery>,
) -> Result<web::Json<FileDiff>, ApiError> {
    let id = check_id(&id)?;
    let drawn = change::file(&app, &caller, id.as_str(), &query.path, query.since == Some(true)).await?;
    Ok(web::Json(dto_change::file_diff(drawn)))
}

/// Read what changed since one's last decision
///
/// Between the commit that the caller decided on last and the check's. Files that only the target branch changed are
/// left out, also after a rebase.
#[utoipa::path(
    get,
    path = "/checks/{id}/since",
    operation_id = "read_change_since",
    tag = "checks",
    params(("id" = String, Path, description = "The check's id")),
    responses(
        (status = 200, description = "What changed", body = ChangeSince),
        (status = 404, description = "No such check, or the caller decided on no other commit of it", body = shared::Problem, content_type = "application/problem+json"),
        (status = 502, description = "GitLab did not tell, and nothing is kept", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read_change_since(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
) -> Result<web::Json<ChangeSince>, ApiError> {
    let id = check_id(&id)?;
    Ok(web::Json(dto_change::change_since(change::since(&app, &caller, id.as_str()).await?)))
}
