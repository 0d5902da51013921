//! Alarms about checks.

use actix_web::{HttpResponse, web};
use shared::alarm::ALARM_COMMENT_MAX;
use shared::decision::is_blank;
use shared::{NewAcknowledgement, ProblemCode};

use super::body::Body;
use super::checks::check_id;
use super::problem::ApiError;
use crate::app::App;
use crate::domain::access::Caller;
use crate::service::alarm;

/// Acknowledge that a check passed undecided
///
/// GitLab shows `passed` for the check though nobody here approved it (`undecided_pass`). The comment says what was found out; it
/// stays in the record. The alarm ends, until GitLab takes the answer back and shows `passed` once more.
#[utoipa::path(
    post,
    path = "/checks/{id}/acknowledgement",
    operation_id = "acknowledge_alarm",
    tag = "checks",
    params(("id" = String, Path, description = "The check's id")),
    request_body = NewAcknowledgement,
    responses(
        (status = 204, description = "Recorded; the alarm has ended"),
        (status = 404, description = "No such check", body = shared::Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is no alarm about this check", body = shared::Problem, content_type = "application/problem+json"),
        (status = 422, description = "The comment is missing or not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn acknowledge_alarm(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
    body: Body<NewAcknowledgement>,
) -> Result<HttpResponse, ApiError> {
    let id = check_id(&id)?;
    let comment = body.0.comment.trim();
    let wrong = |code, why: String| Err(ApiError::new(code, why).about("comment"));
    if is_blank(comment) {
        return wrong(ProblemCode::CommentRequired, "Say what you found out.".into());
    }
    if comment.chars().count() > ALARM_COMMENT_MAX {
        return wrong(ProblemCode::Invalid, format!("The comment may have {ALARM_COMMENT_MAX} characters."));
    }
    if comment.contains('\0') {
        return wrong(
            ProblemCode::Invalid,
            "The comment holds a NUL character (U+0000); leave it out.".into(),
        );
    }
    alarm::acknowledge(&app, &caller, id, comment.to_owned()).await?;
    Ok(HttpResponse::NoContent().finish())
}
