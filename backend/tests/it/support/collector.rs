//! A collector of traces: takes what OTLP sends over HTTP, and remembers it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A span as it arrived, ids in hex.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub name: String,
    pub trace: String,
    pub id: String,
    pub parent: String,
    /// 1 internal, 2 server, 3 client.
    pub kind: i32,
    pub attributes: BTreeMap<String, String>,
    pub resource: BTreeMap<String, String>,
    pub failed: bool,
}

impl Arrived {
    pub fn said(&self, key: &str) -> &str {
        self.attributes.get(key).map_or("", String::as_str)
    }
}

/// What arrived.
#[derive(Default)]
struct Taken {
    spans: Vec<Arrived>,
    heads: Vec<String>,
    bytes: Vec<u8>,
}

pub struct Collector {
    /// Its address, without a path.
    pub url: String,
    taken: Arc<Mutex<Taken>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Collector {
    /// Takes whatever comes.
    pub async fn start() -> Self {
        Self::serve(true).await
    }

    /// Lets everybody wait for an answer.
    pub async fn that_never_answers() -> Self {
        Self::serve(false).await
    }

    async fn serve(answers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let taken: Arc<Mutex<Taken>> = Arc::default();
        let kept = Arc::clone(&taken);
        let serving = tokio::spawn(async move {
            let mut lines = tokio::task::JoinSet::new();
            while let Ok((line, _)) = listener.accept().await {
                lines.spawn(take(line, Arc::clone(&kept), answers));
            }
        });
        Self { url, taken, serving }
    }

    pub fn spans(&self) -> Vec<Arrived> {
        self.taken.lock().unwrap().spans.clone()
    }

    /// The lines and headers of all requests.
    pub fn heads(&self) -> Vec<String> {
        self.taken.lock().unwrap().heads.clone()
    }

    /// Whether a text is anywhere in what arrived.
    pub fn knows(&self, text: &str) -> bool {
        self.taken.lock().unwrap().bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// One request on one connection, as RFC 9112 has it, with a `Content-Length`.
async fn take(mut line: TcpStream, taken: Arc<Mutex<Taken>>, answers: bool) {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        if line.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            bytes.drain(..end + 4);
            break (head.clone(), length.parse::<usize>().unwrap());
        }
    };
    while bytes.len() < length {
        if line.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
    if !answers {
        return std::future::pending().await;
    }
    let request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
    {
        let mut taken = taken.lock().unwrap();
        taken.heads.push(head);
        taken.bytes.extend_from_slice(&bytes);
        taken.spans.extend(spans(request));
    }
    // Who sends may be gone already.
    let _gone = line.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
}

fn spans(request: ExportTraceServiceRequest) -> Vec<Arrived> {
    let mut all = Vec::new();
    for of_resource in request.resource_spans {
        let resource = words(&of_resource.resource.unwrap_or_default().attributes);
        for span in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            assert!(span.end_time_unix_nano >= span.start_time_unix_nano && span.start_time_unix_nano > 0);
            all.push(Arrived {
                name: span.name,
                trace: hex::encode(span.trace_id),
                id: hex::encode(span.span_id),
                parent: hex::encode(span.parent_span_id),
                kind: span.kind,
                attributes: words(&span.attributes),
                resource: resource.clone(),
                failed: span.status.is_some_and(|status| status.code == 2),
            });
        }
    }
    all
}

fn words(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let word = |one: &KeyValue| match one.value.as_ref().and_then(|any| any.value.clone()) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|one| (one.key.clone(), word(one))).collect()
}
