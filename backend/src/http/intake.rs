//! `POST {base}/status_check`: reads the body within bounds and hands it to the use case.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header::{CONTENT_LENGTH, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use shared::ProblemCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::client;
use super::problem::ApiError;
use crate::app::App;
use crate::config::CALL_MAX;
use crate::db::DbError;
use crate::db::batches::Arrived;
use crate::gitlab::{Call, signature};
use crate::metrics::CallResult;
use crate::service::batcher::Batcher;
use crate::service::intake::{self, IntakeError};

/// A body must arrive within this time; GitLab itself gives up writing after 30 s.
const BODY_TIME: Duration = Duration::from_secs(30);
/// After this time a body that comes slower than [`BODY_RATE`] is given up: memory is held for it that others wait for.
const BODY_GRACE: Duration = Duration::from_secs(5);
/// In bytes a second. The largest call, of 25 MB, has to be three times as fast to be there in time.
const BODY_RATE: f64 = 256.0 * 1024.0;
/// A call waits this long for memory to become free; GitLab gives up reading after 20 s and does
/// not repeat what was refused, so waiting beats refusing.
const BUDGET_TIME: Duration = Duration::from_secs(10);
/// The unit of the budget.
const UNIT: usize = 4096;

/// Calls up to this size, which nearly all are, have a part of the budget to themselves: large ones that arrive slowly must
/// not keep them out.
const ORDINARY: usize = 256 * 1024;

/// How many bytes of calls are in memory, for all calls together.
#[derive(Clone)]
pub struct Budget {
    ordinary: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Budget {
    /// A budget of `bytes`, a quarter of them for ordinary calls only.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let units = bytes / UNIT;
        let ordinary = units / 4;
        Self {
            ordinary: Arc::new(Semaphore::new(ordinary)),
            large: Arc::new(Semaphore::new(units - ordinary)),
        }
    }

    async fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, ApiError> {
        let units = u32::try_from(bytes.div_ceil(UNIT).max(1)).unwrap_or(u32::MAX);
        let part = if bytes <= ORDINARY { &self.ordinary } else { &self.large };
        let waiting = Arc::clone(part).acquire_many_owned(units);
        match tokio::time::timeout(BUDGET_TIME, waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(ApiError::new(
                ProblemCode::Busy,
                "Too many calls are being received at once; nothing was stored. Press Retry in GitLab, or wait for the next reconciliation.",
            )),
        }
    }
}

/// Receive a status-check call
///
/// GitLab calls this URL for every event of a merge request. 202 means that the call is on disk.
/// A call without `X-Gitlab-Signature` is only a hint: what it says is read back from GitLab.
#[utoipa::path(
    post,
    path = "/status_check",
    operation_id = "receive_call",
    tag = "intake",
    request_body(content = serde_json::Value, description = "The call, as GitLab documents it for external status checks; at most 26 MiB", content_type = "application/json"),
    params(("X-Gitlab-Signature" = Option<String>, Header, description = "Lower-case hex HMAC-SHA256 of the body under the check's shared secret")),
    responses(
        (status = 202, description = "Stored"),
        (status = 400, description = "Not JSON", body = shared::Problem, content_type = "application/problem+json"),
        (status = 401, description = "The signature is missing or wrong", body = shared::Problem, content_type = "application/problem+json"),
        (status = 404, description = "Its project or rule is not known, and calls enrol none", body = shared::Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = shared::Problem, content_type = "application/problem+json"),
        (status = 413, description = "Larger than 26 MiB", body = shared::Problem, content_type = "application/problem+json"),
        (status = 422, description = "JSON, but not a status-check call", body = shared::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store is not available", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn receive_call(
    app: web::Data<App>,
    batcher: web::Data<Batcher>,
    budget: web::Data<Budget>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    receive(&app, &batcher, &budget, None, &request, payload).await
}

/// Receive a status-check call at a rule's own URL
///
/// GitLab wants a different URL for every check of a project; anything may follow `status_check/`.
#[utoipa::path(
    post,
    path = "/status_check/{rule_key}",
    operation_id = "receive_rule_call",
    tag = "intake",
    request_body(content = serde_json::Value, description = "As for /status_check", content_type = "application/json"),
    params(
        ("rule_key" = String, Path, description = "The rule's key, or any word of your own"),
        ("X-Gitlab-Signature" = Option<String>, Header, description = "As for /status_check"),
    ),
    responses(
        (status = 202, description = "Stored"),
        (status = 400, description = "Not JSON", body = shared::Problem, content_type = "application/problem+json"),
        (status = 401, description = "The signature is missing or wrong", body = shared::Problem, content_type = "application/problem+json"),
        (status = 404, description = "Its project or rule is not known, and calls enrol none", body = shared::Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = shared::Problem, content_type = "application/problem+json"),
        (status = 413, description = "Larger than 26 MiB", body = shared::Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not a status-check call, or one of another rule", body = shared::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store is not available", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn receive_rule_call(
    app: web::Data<App>,
    batcher: web::Data<Batcher>,
    budget: web::Data<Budget>,
    rule_key: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    receive(&app, &batcher, &budget, Some(rule_key.into_inner()), &request, payload).await
}

async fn receive(
    app: &App,
    batcher: &Batcher,
    budget: &Budget,
    rule_key: Option<String>,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let begun = Instant::now();
    let answer = store(app, batcher, budget, rule_key, request, payload).await;
    let result = answer
        .as_ref()
        .map_or_else(|error| call_result(error.status_code().as_u16()), |_| CallResult::Stored);
    app.metrics.called(result, begun.elapsed());
    answer
}

/// How a refusal is counted.
const fn call_result(status: u16) -> CallResult {
    match status {
        400 => CallResult::NotJson,
        401 => CallResult::BadSignature,
        404 => CallResult::NotEnrolled,
        408 => CallResult::TooSlow,
        413 => CallResult::TooLarge,
        422 => CallResult::NotACheck,
        _ => CallResult::Unavailable,
    }
}

async fn store(
    app: &App,
    batcher: &Batcher,
    budget: &Budget,
    rule_key: Option<String>,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let (body, held) = read_body(budget, request, payload).await?;
    let signature = request.headers().get(signature::HEADER);
    let verifying = verify(app, rule_key.as_deref(), &body, signature, held);
    let (signed, held) = verifying.await.inspect_err(|error| {
        if let IntakeError::Signature(why) = error {
            tell_of_signature(why, &body, &client::origin(app, request).address);
        }
    })?;
    // It has served its purpose, and text with a NUL in it cannot be stored everywhere.
    let rule_key = rule_key.filter(|key| !key.is_empty() && !key.contains('\0'));
    let call = Arrived { received_at: app.clock.now(), signed, rule_key, body };
    batcher.store(call, held).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Verifies a call: an ordinary one here, a large one, which takes tens of milliseconds, where it holds up nobody. Its share of
/// memory goes along and comes back: the caller may go away meanwhile.
async fn verify(
    app: &App,
    rule_key: Option<&str>,
    body: &Bytes,
    signature: Option<&HeaderValue>,
    held: OwnedSemaphorePermit,
) -> Result<(bool, OwnedSemaphorePermit), IntakeError> {
    if body.len() <= ORDINARY {
        let signed = intake::verify(app, rule_key, body, signature.map(HeaderValue::as_bytes))?;
        return Ok((signed, held));
    }
    let (app, rule_key) = (app.clone(), rule_key.map(str::to_owned));
    let (body, signature) = (body.clone(), signature.cloned());
    let verifying = tokio::task::spawn_blocking(move || {
        let signature = signature.as_ref().map(HeaderValue::as_bytes);
        Ok((intake::verify(&app, rule_key.as_deref(), &body, signature)?, held))
    });
    verifying.await.unwrap_or(Err(IntakeError::Store(DbError::Abandoned)))
}

/// Says in the log whose calls are refused, so that somebody can mend the secret; at most once in so long, since anybody can
/// send such calls.
fn tell_of_signature(why: &str, body: &[u8], address: &str) {
    const EVERY: Duration = Duration::from_secs(10);
    static TOLD: Mutex<(Option<Instant>, u64)> = Mutex::new((None, 0));
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.0.is_some_and(|at| at.elapsed() < EVERY) {
        told.1 += 1;
        return;
    }
    let untold = std::mem::take(&mut told.1);
    told.0 = Some(Instant::now());
    drop(told);
    // What it says of itself, which nobody has proven.
    let named = Call::parse(body).ok();
    let project = named.as_ref().map(Call::project);
    let rule = named.as_ref().map(Call::rule);
    tracing::warn!(project, rule, address, untold, "a call was refused: {why}");
}

/// Reads the body; what it takes of the budget is given back when the permit is dropped.
///
/// # Errors
/// 413 before anything is read if the length is told, 408 if it takes too long, 503 if there is no
/// room.
pub async fn read_body(
    budget: &Budget,
    request: &HttpRequest,
    mut payload: web::Payload,
) -> Result<(Bytes, OwnedSemaphorePermit), ApiError> {
    let told = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if told.is_some_and(|told| told > CALL_MAX) {
        return Err(too_large());
    }
    // Whoever sends nothing holds nothing.
    let mut begun = timely(BODY_TIME, payload.next()).await?;
    // Ordinary calls hold what has arrived, so that nobody keeps others out by announcing and not sending. What is large is
    // reserved whole, since two that hold a half each would wait for each other; without a told length that is the worst case,
    // and what is too much is given back once the length is known.
    let ordinary = told.is_some_and(|told| told <= ORDINARY);
    let arrived = begun.as_ref().and_then(|chunk| chunk.as_ref().ok()).map_or(0, Bytes::len);
    let mut held = budget.take(if ordinary { arrived } else { told.unwrap_or(CALL_MAX) }).await?;
    let since = Instant::now();
    // Most bodies come in one piece, which needs no copy.
    let (mut first, mut joined) = (Bytes::new(), BytesMut::new());
    while let Some(chunk) = begun {
        let chunk = chunk.map_err(|_| {
            ApiError::new(ProblemCode::IncompleteBody, "The body did not arrive whole; nothing was stored.")
        })?;
        if first.len() + joined.len() + chunk.len() > CALL_MAX {
            return Err(too_large());
        }
        let missing = (first.len() + joined.len() + chunk.len()).saturating_sub(held.num_permits() * UNIT);
        if missing > 0 {
            held.merge(budget.take(missing).await?);
        }
        if first.is_empty() && joined.is_empty() {
            first = chunk;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut first));
            joined.extend_from_slice(&chunk);
        }
        let earned = Duration::from_secs_f64((first.len() + joined.len()) as f64 / BODY_RATE);
        let until = BODY_TIME.min(BODY_GRACE + earned);
        begun = timely(until.saturating_sub(since.elapsed()), payload.next()).await?;
    }
    let body = if joined.is_empty() { first } else { joined.freeze() };
    if told.is_none() {
        let needed = body.len().div_ceil(UNIT).max(1);
        if let Some(spare) = held.num_permits().checked_sub(needed)
            && let Some(spare) = held.split(spare)
        {
            drop(spare);
        }
    }
    Ok((body, held))
}

async fn timely<T>(patience: Duration, arriving: impl Future<Output = T>) -> Result<T, ApiError> {
    let late = |_| {
        let detail =
            "The body did not arrive within 30 seconds, or came too slowly for that; nothing was stored.";
        ApiError::new(ProblemCode::BodyTimeout, detail)
    };
    tokio::time::timeout(patience, arriving).await.map_err(late)
}

fn too_large() -> ApiError {
    ApiError::new(
        ProblemCode::TooLarge,
        "The body is larger than 26 MiB, more than GitLab ever sends; nothing was stored.",
    )
}
