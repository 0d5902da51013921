//! The service itself: overview, set-aside calls, deliveries that need a person, reconciliation.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use shared::{CallPage, DoctorReport, SystemInfo};

use super::dto;
use super::problem::ApiError;
use super::query::{self, Query};
use crate::app::App;
use crate::db::calls::CallState;
use crate::domain::access::Caller;
use crate::domain::ids::DeliveryId;
use crate::service::{ServiceError, deliver, doctor, system};

/// Read the state of the service
#[utoipa::path(
    get,
    path = "/system",
    operation_id = "read_system",
    tag = "system",
    responses((status = 200, description = "The service", body = SystemInfo))
)]
pub async fn read_system(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
) -> Result<web::Json<SystemInfo>, ApiError> {
    let overview = system::overview(&app, &caller).await?;
    Ok(web::Json(SystemInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        database: app.db.kind().into(),
        gitlab_url: app.config.gitlab.as_ref().map(|gitlab| gitlab.url.clone()),
        sandbox: app.config.sandbox,
        gitlab_trouble: overview.gitlab_trouble,
        pending_checks: overview.pending_checks,
        needs_you: overview.needs_you,
        waiting_on_others: overview.waiting_on_others,
        pending_deliveries: overview.pending_deliveries,
        failed_deliveries: overview.failed_deliveries,
        waiting_calls: overview.waiting_calls,
        set_aside_calls: overview.set_aside_calls,
        undecided_passes: overview.undecided_passes,
    }))
}

/// Look at what stands between the service and GitLab
#[utoipa::path(
    get,
    path = "/system/doctor",
    operation_id = "examine_system",
    tag = "system",
    responses(
        (status = 200, description = "What was found, after 20 seconds at most; GitLab is asked, nothing is changed", body = DoctorReport),
        (status = 503, description = "Somebody has it looked at right now", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn examine_system(app: web::Data<App>) -> Result<web::Json<DoctorReport>, ApiError> {
    let (at, findings) = doctor::examine_own(&app).await?;
    Ok(web::Json(dto::doctor_report(at, findings)))
}

/// What a listing of calls may be asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CallsQuery {
    /// `stored`, `processed`, `set_aside` or `all`. Default: `all`.
    state: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many at most, 1 to 200. Default: 50.
    limit: Option<i64>,
}

/// List received calls
#[utoipa::path(
    get,
    path = "/calls",
    operation_id = "list_calls",
    tag = "system",
    params(CallsQuery),
    responses(
        (status = 200, description = "The calls, newest first, without their bodies", body = CallPage),
        (status = 400, description = "A parameter is not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list_calls(
    app: web::Data<App>,
    asked: Query<CallsQuery>,
) -> Result<web::Json<CallPage>, ApiError> {
    let state = match asked.state.as_deref().map(str::trim) {
        None | Some("" | "all") => None,
        Some(word) => Some(CallState::parse(word).ok_or_else(|| {
            ApiError::parameter(
                "state",
                format!("{word:?} is no state; use stored, processed, set_aside or all."),
            )
        })?),
    };
    let before = query::after(asked.cursor.as_deref(), |cursor| cursor.parse().ok())?;
    let limit = usize::from(query::limit(asked.limit)?);
    let (rows, more) = system::list_calls(&app, state, before, limit).await?;
    let next_cursor = rows.last().filter(|_| more).map(|last| last.id.to_string());
    let items = rows.into_iter().map(dto::call_item).collect::<Result<_, _>>()?;
    Ok(web::Json(CallPage { items, next_cursor }))
}

/// Queue a set-aside call again
#[utoipa::path(
    post,
    path = "/calls/{id}/replay",
    operation_id = "replay_call",
    tag = "system",
    params(("id" = i64, Path, description = "The call's number")),
    responses(
        (status = 202, description = "Queued"),
        (status = 404, description = "No such call", body = shared::Problem, content_type = "application/problem+json"),
        (status = 409, description = "The call was not set aside", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn replay_call(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = id.parse::<i64>().map_err(|_| ServiceError::NotFound("call"))?;
    system::replay_call(&app, &caller, id).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Tell GitLab again, now
///
/// For a delivery that failed, and for one that waits: for its next attempt, or because its connection or rule is broken. It is
/// sent at once, whatever GitLab asked for before; what comes of it decides about the others.
#[utoipa::path(
    post,
    path = "/deliveries/{id}/retry",
    operation_id = "retry_delivery",
    tag = "deliveries",
    params(("id" = String, Path, description = "The delivery's id")),
    responses(
        (status = 202, description = "Queued"),
        (status = 404, description = "No such delivery", body = shared::Problem, content_type = "application/problem+json"),
        (status = 409, description = "It was delivered, is no longer true, or is on its way", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn retry_delivery(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = DeliveryId::parse(&id).ok_or(ServiceError::NotFound("delivery"))?;
    deliver::retry(&app, &caller, id.as_str().to_owned()).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Reconcile with GitLab now
#[utoipa::path(
    post,
    path = "/reconcile",
    operation_id = "start_reconciliation",
    tag = "system",
    responses((status = 202, description = "Started"))
)]
pub async fn start_reconciliation(app: web::Data<App>) -> HttpResponse {
    app.wake.reconcile.notify_one();
    HttpResponse::Accepted().finish()
}
