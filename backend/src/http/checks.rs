//! Checks: listing, detail, what GitLab shows, deciding.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use shared::decision::{COMMENT_MAX, DecisionFault};
use shared::{CheckDetail, CheckItem, CheckPage, NewDecision, ProblemCode};

use super::dto;
use super::problem::ApiError;
use super::query::{Query, searchable};
use crate::app::App;
use crate::db::inbox::{Listing, Order};
use crate::domain::access::{Barred, Caller, Turn};
use crate::domain::ids::CheckId;
use crate::domain::{CheckState, Refused, Verdict};
use crate::service::decide::{DecideError, Wish};
use crate::service::{decide, inbox};

/// So many checks come at once if nothing else is said.
const LIMIT: i64 = 50;
/// So many at most.
const LIMIT_MAX: i64 = 200;

/// What a listing may be asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ChecksQuery {
    /// One state, several separated by commas, or `all`. Default: `pending`; with `alarm`, `all`.
    state: Option<String>,
    /// Only this project: GitLab's numeric id or the full path.
    project: Option<String>,
    /// Only this rule: GitLab's numeric id of the external status check, or its name.
    rule: Option<String>,
    /// Only checks whose title, project, number, author, rule, branches and SHA contain every word of this text, in any order;
    /// at most 32 words; words in double quotes stay together. `group/project!7`, `!7` and a merge request's address find that merge request.
    q: Option<String>,
    /// Only checks that need a person: `failed_delivery` are those that GitLab could not be told about, `undecided_pass` those that
    /// GitLab shows as passed though nobody here approved them. Without `state`, those of all states.
    alarm: Option<String>,
    /// Only checks about which this was decided, `approve` or `reject`; also those that were merged, closed or superseded since.
    verdict: Option<String>,
    /// Only with pending checks: `mine` are those that the caller may decide on, `others` the rest.
    turn: Option<String>,
    /// `oldest` or `newest`: what arrived first or last comes first; `decided`, only with a `state` that leaves
    /// out `pending`: what was decided last comes first, and what was never decided is left out. Default: only pending checks oldest first, otherwise newest first.
    sort: Option<String>,
    /// `next_cursor` of the page before, asked for with the same parameters.
    cursor: Option<String>,
    /// How many at most, 1 to 200. Default: 50.
    limit: Option<i64>,
}

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
    let listing = read_listing(query.0, &caller)?;
    let order = listing.order;
    let (rows, more) = inbox::list(&app, &caller, listing).await?;
    let next_cursor = rows.last().filter(|_| more).map(|(last, _)| {
        let (at, id) = order.place(last);
        format!("{at}~{id}")
    });
    let items = rows.into_iter().map(dto::check_item).collect::<Result<_, _>>()?;
    Ok(web::Json(CheckPage { items, next_cursor }))
}

fn read_listing(query: ChecksQuery, caller: &Caller) -> Result<Listing, ApiError> {
    let mut states = Vec::new();
    let alarm = match query.alarm.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(word) => Some(shared::Alarm::parse(word).map(dto::alarm).ok_or_else(|| {
            let why = format!("{word:?} is no alarm; use failed_delivery or undecided_pass.");
            ApiError::parameter("alarm", why)
        })?),
    };
    let all = alarm.is_some() && query.turn.is_none();
    let text = query.state.as_deref().unwrap_or(if all { "all" } else { "pending" }).trim();
    if text != "all" {
        for word in text.split(',').map(str::trim) {
            let state = CheckState::parse(word).ok_or_else(|| {
                let all: Vec<&str> = CheckState::ALL.iter().map(|state| state.as_str()).collect();
                ApiError::parameter(
                    "state",
                    format!("{word:?} is no state; use all, or some of {}.", all.join(", ")),
                )
            })?;
            if !states.contains(&state) {
                states.push(state);
            }
        }
    }
    let after = match query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
        None => None,
        Some(cursor) => Some(
            cursor
                .split_once('~')
                .filter(|(at, id)| crate::domain::Time::parse(at).is_some() && CheckId::parse(id).is_some())
                .map(|(at, id)| (at.to_owned(), id.to_owned()))
                .ok_or_else(|| {
                    ApiError::parameter("cursor", "This cursor was not made here; begin without one.")
                })?,
        ),
    };
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(ApiError::parameter("limit", format!("limit is {limit}; use 1 to {LIMIT_MAX}.")));
    }
    let pending = states == [CheckState::Pending];
    let order = match query.sort.as_deref().map(str::trim) {
        None | Some("") if pending => Order::Oldest,
        Some("oldest") => Order::Oldest,
        None | Some("" | "newest") => Order::Newest,
        Some("decided") if !states.is_empty() && !states.contains(&CheckState::Pending) => Order::Decided,
        Some("decided") => {
            let why = "What waits is in no order of decisions; ask for state=approved,rejected,withdrawn or some of them.";
            return Err(ApiError::parameter("sort", why));
        }
        Some(word) => {
            let why = format!("{word:?} is no order; use oldest, newest or decided.");
            return Err(ApiError::parameter("sort", why));
        }
    };
    let turn = match query.turn.as_deref().map(str::trim) {
        None | Some("") => None,
        Some("mine") => Some(Turn::Mine),
        Some("others") => Some(Turn::Others),
        Some(word) => {
            let why = format!("{word:?} is nobody's turn; use mine or others.");
            return Err(ApiError::parameter("turn", why));
        }
    };
    if turn.is_some() && !pending {
        let why = "Only pending checks are somebody's turn; leave out turn, or ask for state=pending.";
        return Err(ApiError::parameter("turn", why));
    }
    let verdict = match query.verdict.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(word) => Some(Verdict::parse(word).ok_or_else(|| {
            let why = format!("{word:?} is no verdict; use approve or reject.");
            ApiError::parameter("verdict", why)
        })?),
    };
    let given =
        |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(Listing {
        written: turn.map(|turn| turn.of(caller)),
        order,
        states,
        project: given(query.project),
        rule: given(query.rule),
        text: searchable(given(query.q))?,
        verdict,
        alarm,
        after,
        limit,
    })
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
    body: web::Json<NewDecision>,
) -> Result<HttpResponse, ApiError> {
    let id = check_id(&id)?;
    let new = body.into_inner();
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
                    ProblemCode::StoreUnavailable,
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
            Some(who) => format!(
                "Nothing was decided: the check is {} by {who}. To reverse that, say so.",
                now.state.as_str()
            ),
            None => format!("Nothing was decided: the check is {} by now.", now.state.as_str()),
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
