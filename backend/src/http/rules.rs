//! Rules: what is set for an external status check.

use actix_web::web;
use shared::{ProjectItem, RuleChange, RuleItem, RuleList};

use super::body::Body;
use super::problem::ApiError;
use crate::app::App;
use crate::db::rules::ListedRule;
use crate::domain::access::Caller;
use crate::domain::ids::RuleId;
use crate::service::{ServiceError, rules};

/// List rules
#[utoipa::path(
    get,
    path = "/rules",
    operation_id = "list_rules",
    tag = "projects",
    responses((status = 200, description = "The rules of the projects the caller reaches, by project and name", body = RuleList))
)]
pub async fn list_rules(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
) -> Result<web::Json<RuleList>, ApiError> {
    let items = rules::list(&app, &caller).await?.into_iter().map(item).collect();
    Ok(web::Json(RuleList { items }))
}

/// Change a rule
#[utoipa::path(
    put,
    path = "/rules/{id}",
    operation_id = "change_rule",
    tag = "projects",
    params(("id" = String, Path, description = "The rule's id")),
    request_body = RuleChange,
    responses(
        (status = 200, description = "The rule as it is now", body = RuleItem),
        (status = 404, description = "No such rule", body = shared::Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing or not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn change_rule(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
    body: Body<RuleChange>,
) -> Result<web::Json<RuleItem>, ApiError> {
    let id = RuleId::parse(&id).ok_or(ServiceError::NotFound("rule"))?;
    Ok(web::Json(item(rules::change(&app, &caller, id, body.0.note_enabled).await?)))
}

fn item(row: ListedRule) -> RuleItem {
    let (id, gitlab_id, path, web_url) = row.project;
    RuleItem {
        id: row.id,
        gitlab_id: row.gitlab_id,
        name: row.name,
        project: ProjectItem { id, gitlab_id, path, web_url },
        broken_reason: row.broken_reason,
        note_enabled: row.note_enabled,
    }
}
