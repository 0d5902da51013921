//! What listings can be narrowed to, and those that a person keeps under a name.

use actix_web::web;
use shared::bulk::{FilterFault, SAVED_MAX, SAVED_NAME_MAX, SAVED_QUERY_MAX};
use shared::{CheckFilters, ProblemCode, SavedFilter, SavedFilters};

use super::body::Body;
use super::problem::ApiError;
use crate::app::App;
use crate::domain::access::Caller;
use crate::service::{filters, inbox};

/// List what checks can be narrowed to
#[utoipa::path(
    get,
    path = "/checks/filters",
    operation_id = "list_check_filters",
    tag = "checks",
    responses((status = 200, description = "The projects and rules within the caller's reach", body = CheckFilters))
)]
pub async fn list_check_filters(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
) -> Result<web::Json<CheckFilters>, ApiError> {
    let (projects, rules) = inbox::filters(&app, &caller).await?;
    Ok(web::Json(CheckFilters { projects, rules }))
}

/// Read one's kept listings
#[utoipa::path(
    get,
    path = "/account/filters",
    operation_id = "read_filters",
    tag = "account",
    responses((status = 200, description = "The listings, in the order they were put", body = SavedFilters))
)]
pub async fn read_filters(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
) -> Result<web::Json<SavedFilters>, ApiError> {
    Ok(web::Json(shown(filters::read(&app, &caller).await?)))
}

/// Replace one's kept listings
///
/// All of them at once: what is not in the body is gone.
#[utoipa::path(
    put,
    path = "/account/filters",
    operation_id = "replace_filters",
    tag = "account",
    request_body = SavedFilters,
    responses(
        (status = 200, description = "The listings as they are now", body = SavedFilters),
        (status = 422, description = "A name is empty, too long or there twice, a query is too long, or there are too many", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn replace_filters(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    body: Body<SavedFilters>,
) -> Result<web::Json<SavedFilters>, ApiError> {
    let given = body.0;
    given.validate().map_err(invalid)?;
    let rows = given.filters.into_iter().map(|one| (one.name.trim().to_owned(), one.query)).collect();
    Ok(web::Json(shown(filters::replace(&app, &caller, rows).await?)))
}

fn shown(rows: Vec<(String, String)>) -> SavedFilters {
    SavedFilters { filters: rows.into_iter().map(|(name, query)| SavedFilter { name, query }).collect() }
}

fn invalid(fault: FilterFault) -> ApiError {
    let why = match fault {
        FilterFault::TooMany => format!("Keep at most {SAVED_MAX} listings."),
        FilterFault::NameEmpty => "Every kept listing needs a name.".into(),
        FilterFault::NameTooLong => format!("A name may have {SAVED_NAME_MAX} characters."),
        FilterFault::NameTwice => "Two kept listings have the same name; give one of them another.".into(),
        FilterFault::QueryTooLong => format!("A query may have {SAVED_QUERY_MAX} bytes."),
        FilterFault::QuestionMark => "Write the query without the question mark.".into(),
        FilterFault::NotPrintable => "A name or a query has characters that cannot be shown.".into(),
    };
    ApiError::new(ProblemCode::Invalid, why).about("filters")
}
