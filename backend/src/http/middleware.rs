//! What applies to every request: security headers, and no writes from other sites.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST,
    HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError as _, web};
use shared::ProblemCode;

use super::problem::ApiError;
use super::spa::Index;
use crate::app::App;
use crate::request_id;
use crate::traces::Span;

/// Swagger UI's own policy: its page has inline styles; still nothing leaves the origin.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The header that names a request, in answers and in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static(request_id::HEADER);

/// Gives every request an id and one line in the log: what was asked, the answer, how long it took.
/// Never bodies, queries or headers, which may hold secrets. With a collector it is a span as well.
///
/// # Errors
/// Those of the service behind.
pub async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| {
            !id.is_empty()
                && id.len() <= 64
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
        .map_or_else(request_id::fresh, str::to_owned);
    let begun = std::time::Instant::now();
    let app = request.app_data::<web::Data<App>>().cloned();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let span = match &app {
        // Who asks for health asks every few seconds.
        Some(app) if !matches!(path.as_str(), "/livez" | "/readyz") => {
            let headers = request.headers();
            app.traces.request(method.as_str(), &id, |name| headers.get(name)?.to_str().ok())
        }
        Some(_) | None => Span::none(),
    };
    let result = span.within(request_id::within(id.clone(), next.call(request))).await;
    // What a handler refused is an answer by now; what is left are errors of the server itself.
    let status =
        result.as_ref().map_or_else(|error| error.as_response_error().status_code(), ServiceResponse::status);
    if let Some(app) = &app {
        app.metrics.answered(status.as_u16());
    }
    span.answered(status.as_u16(), 500);
    let mut response = result?;
    span.routed(method.as_str(), || response.request().match_pattern());
    let millis = begun.elapsed().as_millis();
    let status = response.status().as_u16();
    tracing::debug!(request_id = %id, %method, %path, status, millis, "answered");
    if app.is_some_and(|app| app.stopping.is_cancelled()) {
        // Who keeps connections, a proxy for instance, is to make the next one elsewhere.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    Ok(response)
}

/// Adds the headers that tell browsers to be strict.
///
/// # Errors
/// Those of the service behind.
pub async fn secure_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let index = request.app_data::<web::Data<Index>>().cloned();
    let app = request.app_data::<web::Data<App>>();
    let https = app.is_some_and(|app| app.config.is_https());
    let below = app.and_then(|app| request.path().strip_prefix(app.config.base_path.as_str()));
    let docs = below.is_some_and(|path| path == "/api/docs" || path.starts_with("/api/docs/"));
    let api = below.is_some_and(|path| path.starts_with("/api/")) && !docs;
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    let policy = match (&index, docs) {
        (Some(index), false) => HeaderValue::try_from(index.policy.as_str()).ok(),
        (_, true) | (None, false) => Some(HeaderValue::from_static(DOCS_POLICY)),
    };
    if let Some(policy) = policy {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if api && !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// Refuses writes that a browser sends from another site. Where a cookie says who it is, the browser
/// must say that the page is the app's own; programs send neither cookies nor these headers. Bodies
/// are JSON, which no form can send.
///
/// Source: Fetch Metadata, <https://www.w3.org/TR/fetch-metadata/>.
///
/// Addresses with a NUL character are refused as well, with 400.
///
/// It is answered here and not by an error, so that the answer gets what every answer has: 403 with the code
/// `cross_site`, 415 for another body.
///
/// # Errors
/// Those of the service behind.
pub async fn same_site(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    match with_nul(&request).or_else(|| from_elsewhere(&request)) {
        None => Ok(next.call(request).await?.map_into_left_body()),
        Some(refusal) => Ok(request.into_response(refusal.error_response()).map_into_right_body()),
    }
}

/// Addresses with a NUL in them: PostgreSQL cannot even look for one.
fn with_nul(request: &ServiceRequest) -> Option<ApiError> {
    let address = request.uri().path_and_query()?.as_str();
    let refused = || ApiError::new(ProblemCode::BadParameter, "The address holds a NUL character, %00.");
    address.contains("%00").then(refused)
}

/// Why a write is refused; `None` if it is not.
fn from_elsewhere(request: &ServiceRequest) -> Option<ApiError> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return None;
    }
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let by_cookie = headers.contains_key(COOKIE) && !headers.contains_key(AUTHORIZATION);
    let own = match text(HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin") => true,
        Some("none") => !by_cookie,
        Some(_) => false,
        // Plain http: browsers send no Fetch Metadata, but they do send Origin.
        None => text(ORIGIN).map_or(!by_cookie, |origin| is_own(request, origin)),
    };
    if !own {
        return Some(ApiError::new(
            ProblemCode::CrossSite,
            "This was sent from a page of another site; open the app itself.",
        ));
    }
    let empty =
        text(CONTENT_LENGTH).is_none_or(|length| length == "0") && !headers.contains_key(TRANSFER_ENCODING);
    let kind = text(CONTENT_TYPE).map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let json = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    if !(json || (empty && kind.is_none())) {
        return Some(ApiError::new(
            ProblemCode::UnsupportedMediaType,
            "Send the body with Content-Type: application/json.",
        ));
    }
    None
}

/// Whether an origin is the app's: the public URL, or the host that was asked.
fn is_own(request: &ServiceRequest, origin: &str) -> bool {
    let public = request.app_data::<web::Data<App>>().and_then(|app| app.config.public_url.clone());
    // HTTP/2 has the host in the address.
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .map(str::to_owned)
        .or_else(|| request.uri().authority().map(ToString::to_string));
    public.as_deref() == Some(origin)
        || origin.split_once("://").is_some_and(|(_, place)| host.as_deref() == Some(place))
}
