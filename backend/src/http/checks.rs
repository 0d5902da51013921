//! Checks: listing, detail, what GitLab shows, deciding.

use actix_web::{HttpResponse, web};
use shared::decision::{COMMENT_MAX, DecisionFault};
use shared::{CheckDetail, CheckItem, CheckPage, NewDecision, ProblemCode};

use super::body::Body;
use super::dto;
use super::listing::ChecksQuery;
use super::problem::ApiError;
use super::query::Query;
use crate::app::App;
use crate::domain::access::{Barred, Caller};
use crate::domain::ids::CheckId;
use crate::domain::{CheckState, Refused};
use crate::service::decide::{DecideError, Wish};
use crate::service::{decide, inbox};

/// What GitLab shows for a check.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct GitLabReading {
    /// The state in the merge request's widget.
    status: shared::GitLabStatus,
    /// When it was read, RFC 3339 UTC.
    read_at: String,
}

/// List checks
#[utoipa::path(
    get,
    path = "/checks",
    operation_id = "list_checks",
    tag = "checks",
    params(ChecksQuery),
    responses(
        (status = 200, description = "Only pending checks: oldest first. Otherwise: newest first.", body = CheckPage),
        (status = 400, description = "A parameter is not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list_checks(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    query: Query<ChecksQuery>,
) -> Result<web::Json<CheckPage>, ApiError> {
    let listing = query.0.listing(&caller)?;
    let order = listing.order;
    let (rows, more) = inbox::list(&app, &caller, listing).await?;
    let next_cursor = rows.last().filter(|_| more).map(|(last, _)| {
        let (at, id) = order.place(last);
        format!("{at}~{id}")
    });
    let items = rows.into_iter().map(dto::check_item).collect::<Result<_, _>>()?;
    Ok(web::Json(CheckPage { items, next_cursor }))
}

/// Read one check
#[utoipa::path(
    get,
    path = "/checks/{id}",
    operation_id = "read_check",
    tag = "checks",
    params(("id" = String, Path, description = "The check's id")),
    responses(
        (status = 200, description = "The check", body = CheckDetail),
        (status = 404, description = "No such check", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read_check(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
) -> Result<web::Json<CheckDetail>, ApiError> {
    Ok(web::Json(load(&app, &caller, &check_id(&id)?).await?))
}

/// Read what GitLab shows for a check, now
#[utoipa::path(
    get,
    path = "/checks/{id}/gitlab",
    operation_id = "read_gitlab_status",
    tag = "checks",
    params(("id" = String, Path, description = "The check's id")),
    responses(
        (status = 200, description = "What GitLab shows for the merge request's HEAD", body = GitLabReading),
        (status = 404, description = "No such check", body = shared::Problem, content_type = "application/problem+json"),
        (status = 502, description = "GitLab did not say", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read_gitlab_status(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
) -> Result<web::Json<GitLabReading>, ApiError> {
    let id = check_id(&id)?;
    let (status, read_at) = inbox::shown(&app, &caller, id.as_str().to_owned()).await?;
    Ok(web::Json(GitLabReading { status: dto::status(status), read_at: read_at.to_string() }))
}

/// Decide on a check
///
/// The decision is for `expected_sha` only, and for `expected_target_branch` if that is given. If HEAD or the target moved or somebody decided first, the answer is
/// 409 and carries the check as it is now. To reverse a decision, send the decided state as
/// `expected_state` and a comment.
#[utoipa::path(
    post,
    path = "/checks/{id}/decisions",
    operation_id = "decide_check",
    tag = "checks",
    params(("id" = String, Path, description = "The check's id")),
    request_body = NewDecision,
    responses(
        (status = 201, description = "Decided; GitLab is told next", body = CheckDetail),
        (status = 403, description = "The caller may not decide, or wrote the merge request", body = shared::Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such check", body = shared::Problem, content_type = "application/problem+json"),
        (status = 409, description = "HEAD or the target branch moved, or somebody decided first", body = shared::Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing or not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn decide_check(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
    body: Body<NewDecision>,
) -> Result<HttpResponse, ApiError> {
    let id = check_id(&id)?;
    let new = body.0;
    new.validate().map_err(invalid)?;
    let wish = Wish {
        check_id: id.clone(),
        verdict: dto::domain_verdict(new.verdict),
        comment: new.comment.trim().to_owned(),
        expected_sha: new.expected_sha.trim().to_owned(),
        expected_target: new.expected_target_branch,
        seen: new.expected_state.map_or(CheckState::Pending, dto::domain_state),
    };
    match decide::decide(&app, &caller, wish).await {
        Ok(()) => {
            let detail = load(&app, &caller, &id).await.map_err(|error| {
                tracing::warn!(%error, "a check could not be read back after the decision on it");
                ApiError::new(
                    ProblemCode::OutcomeUnknown,
                    "The decision is recorded, but the check could not be read back. Load it again.",
                )
            })?;
            Ok(HttpResponse::Created().json(detail))
        }
        Err(DecideError::Refused(refused)) => Err(conflict(refused, load(&app, &caller, &id).await?)),
        Err(error) => Err(not_taken(error, None)),
    }
}

/// What is answered to a decision that was not taken; `now` is the check as it is, where it is known.
pub(super) fn not_taken(error: DecideError, now: Option<&CheckItem>) -> ApiError {
    match error {
        DecideError::NotFound => no_such_check(),
        DecideError::Service(error) => error.into(),
        DecideError::Refused(refused) => {
            ApiError::new(conflict_code(refused), conflict_text(refused, now, None))
        }
        DecideError::Barred(bar) => {
            let code = match bar {
                Barred::NoPermission => ProblemCode::Forbidden,
                Barred::OwnChange => ProblemCode::OwnChange,
            };
            ApiError::new(code, bar.text())
        }
    }
}

async fn load(app: &App, caller: &Caller, id: &CheckId) -> Result<CheckDetail, ApiError> {
    Ok(dto::check_detail(inbox::detail(app, caller, id.as_str().to_owned()).await?)?)
}

pub(super) fn check_id(text: &str) -> Result<CheckId, ApiError> {
    CheckId::parse(text).ok_or_else(no_such_check)
}

fn no_such_check() -> ApiError {
    ApiError::new(ProblemCode::NotFound, "There is no check with this id.")
}

fn conflict(refused: Refused, now: CheckDetail) -> ApiError {
    let detail = conflict_text(refused, Some(&now.item), Some(&now.head_sha));
    ApiError::new(conflict_code(refused), detail).with_check(now)
}

const fn conflict_code(refused: Refused) -> ProblemCode {
    match refused {
        Refused::ShaMoved => ProblemCode::ShaMoved,
        Refused::TargetMoved => ProblemCode::TargetMoved,
        Refused::StateChanged => ProblemCode::StateChanged,
    }
}

fn conflict_text(refused: Refused, now: Option<&CheckItem>, head: Option<&str>) -> String {
    match (refused, now) {
        (Refused::ShaMoved, _) => format!(
            "Nothing was decided: HEAD is {} by now. Look at what changed and decide on that.",
            head.unwrap_or("another commit")
        ),
        (Refused::TargetMoved, now) => format!(
            "Nothing was decided: the merge request is to be merged into {} by now. Look at it again and decide for that.",
            now.map_or("another branch", |now| &now.target_branch)
        ),
        (Refused::StateChanged, None) => "Nothing was decided: the check changed meanwhile.".into(),
        (Refused::StateChanged, Some(now)) => match &now.decided_by {
            Some(who) if matches!(now.state, shared::CheckState::Approved | shared::CheckState::Rejected) => {
                format!(
                    "Nothing was decided: the check is {} by {who}. To reverse that, say so.",
                    now.state.as_str()
                )
            }
            // Withdrawn and superseded checks keep the name of who had decided before.
            Some(_) | None => format!("Nothing was decided: the check is {} by now.", now.state.as_str()),
        },
    }
}

pub(super) fn invalid(fault: DecisionFault) -> ApiError {
    let (code, detail) = match fault {
        DecisionFault::CommentRequired => {
            (ProblemCode::CommentRequired, "Say why: a rejection or a reversal needs a comment.".to_owned())
        }
        DecisionFault::CommentTooLong => {
            (ProblemCode::Invalid, format!("The comment may have {COMMENT_MAX} characters."))
        }
        DecisionFault::CommentWithNul => {
            (ProblemCode::Invalid, "The comment holds a NUL character (U+0000); leave it out.".to_owned())
        }
        DecisionFault::ShaRequired => (
            ProblemCode::Invalid,
            "Say which commit was looked at: expected_sha is the check's whole sha, 40 or 64 hexadecimal digits."
                .to_owned(),
        ),
        DecisionFault::BadExpectedState => (
            ProblemCode::Invalid,
            "Nothing can be decided in that state; expected_state is pending, approved or rejected."
                .to_owned(),
        ),
        DecisionFault::NothingToReverse => (
            ProblemCode::Invalid,
            "The check already has this verdict; there is nothing to reverse.".to_owned(),
        ),
    };
    ApiError::new(code, detail).about(fault.field())
}
