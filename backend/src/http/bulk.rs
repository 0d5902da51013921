//! One verdict for many checks: each is decided by itself, and each has its own result.

use std::collections::{HashMap, HashSet};

use actix_web::{HttpResponse, web};
use shared::bulk::BULK_MAX;
use shared::{BulkDecision, BulkItem, BulkOutcome, BulkResult, CheckItem, ProblemCode};

use super::body::Body;
use super::checks::{invalid, not_taken};
use super::dto;
use super::idempotency::Unfinished;
use super::problem::ApiError;
use crate::app::App;
use crate::domain::CheckState;
use crate::domain::access::Caller;
use crate::domain::ids::CheckId;
use crate::service::decide::Wish;
use crate::service::{decide, inbox};

/// Decide on many checks
///
/// Each is decided in a transaction of its own, for its own `expected_sha`, and has a result of its own
/// with the code that the single operation would have answered. Only pending checks are decided on;
/// reversing is done one by one.
#[utoipa::path(
    post,
    path = "/checks/decisions",
    operation_id = "decide_checks",
    tag = "checks",
    request_body = BulkDecision,
    responses(
        (status = 200, description = "One result for each check, in their order, also if all were refused", body = BulkResult),
        (status = 422, description = "No checks, more than 100, one of them twice, or no comment where one is needed", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn decide_checks(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    body: Body<BulkDecision>,
) -> Result<HttpResponse, ApiError> {
    let bulk = body.0;
    check_items(&bulk)?;
    bulk.validate().map_err(invalid)?;
    let wishes = bulk.items.iter().map(|item| wish(&bulk, item)).collect();
    let results = decide::decide_all(&app, &caller, wishes).await;
    let ids = bulk.items.iter().filter_map(|item| CheckId::parse(&item.id)).map(|id| id.as_str().to_owned());
    let mut now: HashMap<String, CheckItem> = HashMap::new();
    // What was decided stays decided, also if it cannot be read back.
    let rows = inbox::some(&app, &caller, ids.collect()).await.unwrap_or_else(|error| {
        tracing::warn!(error = %error, "checks could not be read back after a decision on many");
        Vec::new()
    });
    for row in rows {
        let item = dto::check_item(row)?;
        now.insert(item.id.clone(), item);
    }
    let results = bulk.items.into_iter().zip(results).map(|(item, result)| {
        let check = CheckId::parse(&item.id).and_then(|id| now.remove(id.as_str()));
        let problem = result.err().map(|error| not_taken(error, check.as_ref()).into_problem());
        BulkOutcome {
            id: item.id,
            decided: problem.is_none(),
            code: problem.as_ref().map(|problem| problem.code),
            detail: problem.map(|problem| problem.detail),
            check,
        }
    });
    let results: Vec<BulkOutcome> = results.collect();
    let unfinished = results
        .iter()
        .any(|one| matches!(one.code, Some(ProblemCode::StoreUnavailable | ProblemCode::OutcomeUnknown)));
    let mut response = HttpResponse::Ok().json(BulkResult { results });
    if unfinished {
        // Sent again under the same key, it is tried again; what was decided stays as it is.
        response.extensions_mut().insert(Unfinished);
    }
    Ok(response)
}

/// What is wrong with the list of checks as a whole.
fn check_items(bulk: &BulkDecision) -> Result<(), ApiError> {
    let fault = |why: String| Err(ApiError::new(ProblemCode::Invalid, why).about("items"));
    if bulk.items.is_empty() {
        return fault("Name at least one check.".into());
    }
    if bulk.items.len() > BULK_MAX {
        return fault(format!("Decide on at most {BULK_MAX} checks at once."));
    }
    let mut seen = HashSet::new();
    // An id may be written in several ways.
    let key = |id: &str| CheckId::parse(id).map_or_else(|| id.to_owned(), |id| id.as_str().to_owned());
    if let Some(twice) = bulk.items.iter().find(|item| !seen.insert(key(&item.id))) {
        return fault(format!("The check {} is named twice.", twice.id));
    }
    Ok(())
}

/// What is asked for one of them; `None` if its id is none.
fn wish(bulk: &BulkDecision, item: &BulkItem) -> Option<Wish> {
    Some(Wish {
        check_id: CheckId::parse(&item.id)?,
        verdict: dto::domain_verdict(bulk.verdict),
        comment: bulk.comment.trim().to_owned(),
        expected_sha: item.expected_sha.trim().to_owned(),
        expected_target: item.expected_target_branch.clone(),
        seen: CheckState::Pending,
    })
}
