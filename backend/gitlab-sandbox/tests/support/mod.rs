//! What the tests share: a sandbox with a clock of its own, a client, and a receiver of calls.
#![expect(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it, and a test may panic"
)]

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use gitlab_sandbox::{ManualClock, NewMergeRequest, Sandbox, SandboxConfig};
use reqwest::{Method, StatusCode};
use serde_json::Value;

pub const TOKEN: &str = "glpat-test";

/// A sandbox with one project, one rule and one merge request.
pub struct World {
    pub gitlab: Sandbox,
    pub clock: Arc<ManualClock>,
    pub http: reqwest::Client,
    pub receiver: Receiver,
    pub project: i64,
    pub rule: i64,
    pub iid: i64,
}

pub struct Reply {
    pub code: u16,
    pub body: Value,
    pub text: String,
    pub headers: reqwest::header::HeaderMap,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub fn config(clock: &Arc<ManualClock>) -> SandboxConfig {
    SandboxConfig {
        token: TOKEN.into(),
        clock: Arc::clone(clock) as _,
        cron: false,
        retry_delays: vec![Duration::from_millis(10); 3],
        ..SandboxConfig::default()
    }
}

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new("2026-03-02T09:30:00Z".parse().unwrap()))
}

impl World {
    pub async fn new() -> Self {
        let clock = clock();
        let gitlab = Sandbox::start(config(&clock)).await.unwrap();
        let receiver = Receiver::start();
        let project = gitlab.create_project("demo/storefront");
        let rule = gitlab.create_rule(project, "Change approval", &receiver.url("/hook"), Some("secret"));
        let iid = gitlab.create_merge_request(project, NewMergeRequest::default());
        gitlab.settle().await;
        Self { gitlab, clock, http: reqwest::Client::new(), receiver, project, rule, iid }
    }

    pub fn pass_seconds(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Sends a request with the standard token.
    pub async fn api(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.api_as(TOKEN, method, path, body).await
    }

    pub async fn api_as(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
        let request = self.http.request(method, format!("{}/api/v4{path}", self.gitlab.url()));
        let request = request.header("PRIVATE-TOKEN", token);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        Self::reply(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.api(Method::GET, path, None).await
    }

    pub async fn reply(answer: reqwest::Response) -> Reply {
        let code = answer.status().as_u16();
        let headers = answer.headers().clone();
        let text = answer.text().await.unwrap();
        Reply { code, body: serde_json::from_str(&text).unwrap_or(Value::Null), text, headers }
    }

    pub fn mr_path(&self) -> String {
        format!("/projects/{}/merge_requests/{}", self.project, self.iid)
    }

    /// Posts an answer for HEAD.
    pub async fn answer(&self, status: &str) -> Reply {
        self.answer_for(&self.gitlab.head(self.project, self.iid), status).await
    }

    pub async fn answer_for(&self, sha: &str, status: &str) -> Reply {
        let path = format!("{}/status_check_responses", self.mr_path());
        let body = serde_json::json!({ "external_status_check_id": self.rule, "sha": sha, "status": status });
        self.api(Method::POST, &path, Some(body)).await
    }
}

/// One call as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Arrived {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A server that notes what it is sent and answers with a chosen status.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    handle: actix_web::dev::ServerHandle,
}

struct Shared {
    arrived: Mutex<Vec<Arrived>>,
    status: Mutex<u16>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { arrived: Mutex::default(), status: Mutex::new(200) });
        let data = web::Data::from(Arc::clone(&shared));
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let limit = web::PayloadConfig::new(64 * 1024 * 1024);
                    App::new().app_data(data.clone()).app_data(limit).default_service(web::to(take))
                };
                let server =
                    HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
                send.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Self { address, shared, handle: receive.recv().unwrap() }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn answer_with(&self, status: u16) {
        *self.shared.status.lock().unwrap() = status;
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.shared.arrived.lock().unwrap().clone()
    }

    pub fn actions(&self) -> Vec<Option<String>> {
        let action = |call: &Arrived| call.json()["object_attributes"]["action"].as_str().map(Into::into);
        self.arrived().iter().map(action).collect()
    }

    pub fn forget(&self) {
        self.shared.arrived.lock().unwrap().clear();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn take(http: HttpRequest, body: web::Bytes, shared: web::Data<Shared>) -> HttpResponse {
    let headers = http.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    shared.arrived.lock().unwrap().push(Arrived {
        method: http.method().to_string(),
        path: http.uri().to_string(),
        headers,
        body: body.to_vec(),
    });
    let status = StatusCode::from_u16(*shared.status.lock().unwrap()).unwrap().as_u16();
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).body("ignored")
}
