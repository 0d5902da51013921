//! Traces: spans of requests, of deliveries and other work, and of what GitLab is asked, sent to a collector by OTLP.
//!
//! Only where one is configured: without it a [`Traces`] is empty, no span is made, and nothing of this runs. Names
//! and attributes follow <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>; what is in the path is told by
//! its template only, since ids and keys are in it.

mod export;

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::context::FutureExt as _;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use reqwest::header::{HeaderMap, HeaderValue};

use crate::config::TracesConfig;
use crate::request_id;

/// Spans that are left when the service stops get this long to be sent.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// So many causes of later work are remembered.
const CAUSES: usize = 1000;
/// The headers of W3C's trace context, <https://www.w3.org/TR/trace-context/>.
const HEADERS: [&str; 2] = ["traceparent", "tracestate"];
/// What the spans are named after if the environment says nothing else (`OTEL_SERVICE_NAME`).
const SERVICE: &str = "approval-app";

/// Spans cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be sent: {0}")]
pub struct TracesError(String);

/// Where spans go, if anywhere; cheap to clone.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Inner>>);

struct Inner {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    /// Where work was asked for that is done later, the oldest first.
    causes: Mutex<VecDeque<(String, SpanContext)>>,
}

impl Inner {
    fn causes(&self) -> MutexGuard<'_, VecDeque<(String, SpanContext)>> {
        self.causes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Traces {
    /// Begins to send spans from this process, whose name is `instance`. Does not talk to the collector: that may be
    /// down. Needs a tokio runtime, on which spans are sent.
    ///
    /// The sampler, the size and the pace of batches, and further attributes come from the standard variables
    /// (`OTEL_TRACES_SAMPLER…`, `OTEL_BSP_…`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`), which the SDK reads.
    ///
    /// # Errors
    /// See [`TracesError`].
    pub fn start(config: &TracesConfig, instance: &str) -> Result<Self, TracesError> {
        let mut resource = Resource::builder().with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance.to_owned()),
        ]);
        let named = Resource::builder().build().get(&"service.name".into());
        if named.is_none_or(|name| name.as_str().starts_with("unknown_service")) {
            resource = resource.with_service_name(SERVICE);
        }
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(export::exporter(config)?)
            .with_resource(resource.build())
            .build();
        let tracer = provider.tracer(SERVICE);
        Ok(Self(Some(Arc::new(Inner { provider, tracer, causes: Mutex::default() }))))
    }

    fn begin(&self, parent: &Context, build: impl FnOnce() -> SpanBuilder) -> Span {
        let Some(inner) = &self.0 else { return Span(None) };
        let span = inner.tracer.build_with_context(build(), parent);
        Span(Some(parent.with_span(span)))
    }

    /// Begins the span of a request with this id; `header` looks up its headers. It belongs to the caller's trace if
    /// they say that they have one.
    pub fn request<'a>(&self, method: &str, id: &str, header: impl Fn(&str) -> Option<&'a str>) -> Span {
        if self.0.is_none() {
            return Span(None);
        }
        let said = |name: &str| header(name).map(|value| (name.to_owned(), value.to_owned()));
        let headers: HashMap<String, String> = HEADERS.iter().filter_map(|name| said(name)).collect();
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
        self.begin(&parent, || {
            SpanBuilder::from_name(method.to_owned()).with_kind(SpanKind::Server).with_attributes([
                KeyValue::new("http.request.method", method.to_owned()),
                KeyValue::new("request_id", id.to_owned()),
            ])
        })
    }

    /// Begins the span of work that nobody waits for. It belongs to the trace in which this `cause` was remembered, if
    /// one is given and it was.
    pub fn work(&self, name: &'static str, id: Option<&str>, cause: Option<&str>) -> Span {
        let Some(inner) = &self.0 else { return Span(None) };
        let mut parent = Context::current();
        if let Some(cause) = cause
            && let Some((_, asked)) = inner.causes().iter().rev().find(|(known, _)| known == cause)
        {
            parent = Context::new().with_remote_span_context(asked.clone());
        }
        self.begin(&parent, || {
            SpanBuilder::from_name(name)
                .with_kind(SpanKind::Internal)
                .with_attributes(id.map(|id| KeyValue::new("request_id", id.to_owned())))
        })
    }

    /// Begins the span of a question to GitLab. Its path is told as a template.
    pub fn question(&self, request: &reqwest::Request) -> Span {
        if self.0.is_none() {
            return Span(None);
        }
        self.begin(&Context::current(), || {
            let (method, url) = (request.method().to_string(), request.url());
            let id = request.headers().get(request_id::HEADER).and_then(|id| id.to_str().ok());
            let template = template(url.path());
            let mut attributes = vec![
                KeyValue::new("http.request.method", method.clone()),
                KeyValue::new("url.template", template.clone()),
                KeyValue::new("server.address", url.host_str().unwrap_or_default().to_owned()),
            ];
            attributes.extend(id.map(|id| KeyValue::new("request_id", id.to_owned())));
            attributes.extend(
                url.port_or_known_default().map(|port| KeyValue::new("server.port", i64::from(port))),
            );
            SpanBuilder::from_name(format!("{method} {template}"))
                .with_kind(SpanKind::Client)
                .with_attributes(attributes)
        })
    }

    /// Remembers that this work was asked for in the current span, for [`Traces::work`]: in memory only, so that work
    /// which another replica does, or which is done after a restart, has a trace of its own.
    pub fn remember(&self, cause: &str) {
        let Some(inner) = &self.0 else { return };
        let current = Context::current().span().span_context().clone();
        if current.is_valid() {
            let mut causes = inner.causes();
            if causes.len() >= CAUSES {
                causes.pop_front();
            }
            causes.push_back((cause.to_owned(), current));
        }
    }

    /// Sends what is left, for a few seconds at most; afterwards no span is made.
    pub async fn finish(&self) {
        let Some(inner) = self.0.clone() else { return };
        let finishing = tokio::task::spawn_blocking(move || inner.provider.shutdown_with_timeout(LAST_WORDS));
        match finishing.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last traces were not sent"),
            Err(error) => tracing::warn!(%error, "the last traces were not sent"),
        }
    }
}

/// A span that has begun, or none; it ends when it is dropped.
#[must_use]
pub struct Span(Option<Context>);

impl Span {
    /// None.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Does work in it: spans that begin meanwhile are its children.
    pub async fn within<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.0 {
            None => work.await,
            Some(context) => work.with_context(context.clone()).await,
        }
    }

    /// Takes up the route by which a request was answered, with its pattern, for example `/checks/{id}`.
    pub fn routed(&self, method: &str, pattern: impl FnOnce() -> Option<String>) {
        if let Some(context) = &self.0
            && let Some(pattern) = pattern()
        {
            context.span().update_name(format!("{method} {pattern}"));
            context.span().set_attribute(KeyValue::new("http.route", pattern));
        }
    }

    /// Takes up the status of the answer; it is an error from `error_from` on: a server is to blame for 5xx, who
    /// asked for 4xx as well.
    pub fn answered(&self, status: u16, error_from: u16) {
        let Some(context) = &self.0 else { return };
        context.span().set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        if status >= error_from {
            self.failed(status.to_string());
        }
    }

    /// Takes up that it went wrong, and the kind of error: a word or a number, never a text with secrets.
    pub fn failed(&self, kind: impl Into<Cow<'static, str>>) {
        let Some(context) = &self.0 else { return };
        context.span().set_attribute(KeyValue::new("error.type", kind.into()));
        context.span().set_status(Status::error(""));
    }

    /// Takes up what came of it.
    pub fn outcome(&self, word: &'static str) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new("outcome", word));
        }
    }

    /// Adds the headers that let another server join this trace.
    pub fn carry(&self, headers: &mut HeaderMap) {
        let Some(context) = &self.0 else { return };
        let mut said = HashMap::new();
        TraceContextPropagator::new().inject_context(context, &mut said);
        for name in HEADERS {
            let value = said.get(name).filter(|value| !value.is_empty());
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                headers.insert(name, value);
            }
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(context) = &self.0 {
            context.span().end();
        }
    }
}

/// Work that goes on by itself, still in the span in which it was begun.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    work.with_current_context()
}

/// A path with its ids left out, from `/api/` on: `/api/v4/projects/{id}`.
fn template(path: &str) -> String {
    let path = path.find("/api/").map_or(path, |at| &path[at..]);
    let is_word = |part: &&str| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let parts = path.split('/').map(|part| if part == "v4" || is_word(&part) { part } else { "{id}" });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_no_ids() {
        let template = |path| super::template(path);
        assert_eq!(
            template("/gitlab/api/v4/projects/42/merge_requests/7/status_check_responses"),
            "/api/v4/projects/{id}/merge_requests/{id}/status_check_responses"
        );
        assert_eq!(
            template("/api/v4/projects/group%2Fname/repository/compare"),
            "/api/v4/projects/{id}/repository/compare"
        );
        assert_eq!(template("/api/v4/user"), "/api/v4/user");
    }

    #[tokio::test]
    async fn without_a_collector_there_are_no_spans() {
        let traces = Traces::default();
        let span = traces.request("GET", "id", |_| panic!("no header is looked at"));
        span.within(async { traces.remember("cause") }).await;
        let mut headers = HeaderMap::new();
        span.carry(&mut headers);
        assert!(headers.is_empty());
        assert!(traces.work("deliver", Some("id"), Some("cause")).0.is_none());
        traces.finish().await;
    }
}
