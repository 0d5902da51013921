//! Sends spans to the collector over the HTTP client that the program has anyway.
//!
//! The SDK gathers spans on a thread of its own, in a queue that is bounded (2048): whatever the collector does, nobody
//! who makes a span waits for it, and what does not fit is left out.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use tokio::runtime::Handle;

use super::TracesError;
use crate::causes;
use crate::config::TracesConfig;

/// Connecting may take this long.
const CONNECT: Duration = Duration::from_secs(3);
/// A whole request may take this long.
const TOTAL: Duration = Duration::from_secs(5);
/// No answer that is read may be larger.
const ANSWER_MAX: usize = 64 * 1024;
/// Trouble is told at most this often.
const TOLD_EVERY: Duration = Duration::from_secs(300);

/// The exporter for a collector.
pub(super) fn exporter(config: &TracesConfig) -> Result<SpanExporter, TracesError> {
    let http = reqwest::Client::builder()
        .user_agent(concat!("approval-app/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .build()
        .map_err(|error| TracesError(error.to_string()))?;
    let runtime = Handle::try_current().map_err(|error| TracesError(error.to_string()))?;
    let line = Line { http, headers: config.headers.clone(), runtime, trouble: Mutex::default() };
    SpanExporter::builder()
        .with_http()
        .with_http_client(line)
        .with_endpoint(&config.endpoint)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(TOTAL)
        .with_retry_policy(RetryPolicy::recommended().with_max_retries(1))
        .build()
        .map_err(|error| TracesError(error.to_string()))
}

/// The line to the collector.
#[derive(Debug)]
struct Line {
    http: reqwest::Client,
    headers: HeaderMap,
    /// The SDK's thread has none.
    runtime: Handle,
    trouble: Mutex<Trouble>,
}

/// What is wrong with the line.
#[derive(Debug, Default)]
struct Trouble {
    /// When it was last told.
    told: Option<Instant>,
    /// Failures since it last worked.
    failures: u64,
}

impl HttpClient for Line {
    // What `async_trait` makes of an `async fn`, without it.
    fn send_bytes<'line, 'sending>(
        &'line self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sending>>
    where
        'line: 'sending,
        Self: 'sending,
    {
        Box::pin(async move {
            let sending = self.runtime.spawn(send(self.http.clone(), self.headers.clone(), request));
            let sent = sending.await.unwrap_or_else(|error| Err(error.into()));
            match &sent {
                Ok(answer) if answer.status().is_success() => self.works(),
                Ok(answer) => self.fails(&format!("the collector answered {}", answer.status())),
                Err(error) => self.fails(&causes::told(error.as_ref())),
            }
            sent
        })
    }
}

impl Line {
    fn works(&self) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.failures > 0 {
            tracing::info!(failures = trouble.failures, "traces are sent again");
            trouble.failures = 0;
        }
    }

    fn fails(&self, error: &str) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.failures += 1;
        if trouble.told.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            trouble.told = Some(Instant::now());
            let failures = trouble.failures;
            tracing::warn!(error, failures, "traces cannot be sent; they are left out, all else goes on");
        }
    }
}

async fn send(
    http: reqwest::Client,
    headers: HeaderMap,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let (head, body) = request.into_parts();
    let mut asking = http.post(head.uri.to_string()).headers(headers).body(body);
    if let Some(kind) = head.headers.get(CONTENT_TYPE) {
        asking = asking.header(CONTENT_TYPE, kind);
    }
    let mut answer = asking.send().await.map_err(reqwest::Error::without_url)?;
    let mut response = Response::builder().status(answer.status());
    if let Some(wait) = answer.headers().get(RETRY_AFTER) {
        response = response.header(RETRY_AFTER, wait);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err(format!("the collector's answer is larger than {ANSWER_MAX} bytes").into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(response.body(Bytes::from(body))?)
}
