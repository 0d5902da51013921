//! `Idempotency-Key`: a write that is sent again is not done again, and is answered as before.
//!
//! The use case notes in its own transaction that the request is done, so that there is no moment at which a crash could
//! lead to a second time; the answer is kept right after. Refusals leave nothing behind: the same key may be tried again.

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::ErrorInternalServerError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, ResponseError as _, web};

use super::access;
use super::problem::ApiError;
use crate::app::App;
use crate::db::idempotency::{self, Answer, Found};
use crate::db::{DbError, Lane};
use crate::domain::access::Caller;
use crate::domain::once::{self, Once};
use crate::service::ServiceError;

/// The header, as documents write it.
pub const HEADER: &str = "Idempotency-Key";

/// Why there is nothing to answer again.
pub(super) const NO_ANSWER: &str = "This was done under the same Idempotency-Key, and there is no answer to repeat: the first request is not answered yet, its \
    answer was lost, or it held a secret that is shown only once. Look at what is there now.";

/// An answer that was given before says so by this header.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A response carries this if a part of what was asked for failed in a way that may pass: the answer is not kept then.
#[derive(Clone, Copy, Debug)]
pub struct Unfinished;

/// Has a write with a key done at most once by its caller.
///
/// # Errors
/// Those of the service behind.
pub async fn once(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut request = request;
    let begun = match begin(&mut request).await {
        Ok(begun) => begun,
        Err(refusal) => return Ok(request.into_response(refusal.error_response())),
    };
    match begun {
        Begun::AsAlways => Ok(next.call(request).await?.map_into_boxed_body()),
        Begun::Before(answer) => Ok(request.into_response(repeated(answer))),
        Begun::First(app, once) => {
            let response = next.call(request).await?.map_into_boxed_body();
            let unfinished = response.response().extensions().get::<Unfinished>().is_some();
            if response.status().is_success() && !unfinished {
                keep(&app, once, response).await
            } else {
                Ok(response)
            }
        }
    }
}

/// What a request turns out to be.
enum Begun {
    /// It has no key, or is none that a key is for.
    AsAlways,
    /// It was done, and this was its answer.
    Before(Answer),
    /// It has a key under which nothing was done.
    First(web::Data<App>, Once),
}

async fn begin(request: &mut ServiceRequest) -> Result<Begun, ApiError> {
    let mut keys = request.headers().get_all(HEADER);
    let takes = || access::takes_key(request.method().as_str(), &access::path_of(request.match_pattern()));
    let Some(value) = keys.next().filter(|_| takes()).cloned() else { return Ok(Begun::AsAlways) };
    let bad = |why: &str| ApiError::parameter(HEADER, format!("The header {HEADER} cannot be read: {why}."));
    if keys.next().is_some() {
        return Err(bad("there is more than one"));
    }
    let Some(caller) = request.extensions().get::<Caller>().cloned() else { return Ok(Begun::AsAlways) };
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else { return Ok(Begun::AsAlways) };
    let key = once::read_key(value.as_bytes()).map_err(bad)?;
    let body = read_body(request).await?;
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let once = Once::new(&caller, key, request.method().as_str(), target, &body);
    request.set_payload(Payload::from(body));
    let wanted = once.clone();
    match app.db.read(move |conn| idempotency::find(conn, &wanted)).await? {
        None => {
            request.extensions_mut().insert(Caller { once: Some(once.clone()), ..caller });
            Ok(Begun::First(app, once))
        }
        Some(Found { fingerprint, .. }) if fingerprint != once.fingerprint => {
            Err(ServiceError::KeyReused.into())
        }
        Some(Found { answer: Some(answer), .. }) => Ok(Begun::Before(answer)),
        Some(Found { answer: None, .. }) => Err(ServiceError::DoneAlready.into()),
    }
}

/// The body, whole: it belongs to what the key stands for.
async fn read_body(request: &mut ServiceRequest) -> Result<web::Bytes, ApiError> {
    match request.extract::<web::Payload>().await {
        Err(_) => Err(ApiError::incomplete()),
        Ok(payload) => match payload.to_bytes_limited(super::BODY_MAX).await {
            Err(_) => Err(ApiError::too_large()),
            Ok(Err(_)) => Err(ApiError::incomplete()),
            Ok(Ok(body)) => Ok(body),
        },
    }
}

fn repeated(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    response.insert_header((REPLAYED, HeaderValue::from_static("true")));
    match answer.body {
        Some((kind, body)) => response.insert_header((CONTENT_TYPE, kind)).body(body),
        None => response.finish(),
    }
}

/// Keeps the answer before anybody hears it. If that fails, what was done is done all the same, and a second request is told so.
async fn keep(
    app: &App,
    once: Once,
    response: ServiceResponse<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let secret = access::shows_a_secret(response.request());
    let (request, response) = response.into_parts();
    let status = response.status().as_u16();
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let (response, body) = response.into_parts();
    let body = to_bytes(body).await.map_err(ErrorInternalServerError)?;
    let text = std::str::from_utf8(&body).ok().map(str::to_owned);
    let answer = match (secret, kind.zip(text)) {
        (true, _) => None,
        (false, kept) => Some(Answer { status, body: kept.filter(|(_, text)| !text.is_empty()) }),
    };
    let now = app.clock.now();
    let kept =
        app.db.write(Lane::Front, move |conn| idempotency::keep(conn, &once, answer.as_ref(), now)).await;
    if let Err(error) = kept {
        let error: DbError = error;
        tracing::warn!(%error, "an answer could not be kept for its Idempotency-Key");
    }
    let body = if body.is_empty() { BoxBody::new(()) } else { BoxBody::new(body) };
    Ok(ServiceResponse::new(request, response.set_body(body)))
}
