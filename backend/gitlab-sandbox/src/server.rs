//! The HTTP server: its thread, its background tasks, and the faults that strike before and after the API.

use std::any::Any;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use crate::api::{self, Answer, Request};
use crate::config::{Fault, SandboxError};
use crate::log::{ApiRequest, RefusedRequest};
use crate::sandbox::Inner;
use crate::sync::lock;
use crate::{page, state_file};

/// GitLab takes larger bodies than the API here will ever see.
const BODY_LIMIT: usize = 32 * 1024 * 1024;
/// How long the cron of GitLab waits between runs (`*/1 * * * *`).
const CRON_PERIOD: Duration = Duration::from_secs(60);

/// Serves on a thread of its own; the result turns true when the server has ended.
pub(crate) async fn spawn(
    inner: Arc<Inner>,
    listener: TcpListener,
    stopping: watch::Receiver<bool>,
) -> Result<watch::Receiver<bool>, SandboxError> {
    let (ready, started) = oneshot::channel();
    let (end, stopped) = watch::channel(false);
    let thread = std::thread::Builder::new().name("gitlab-sandbox".into());
    let run = move || {
        actix_web::rt::System::new().block_on(serve(Arc::clone(&inner), listener, stopping, ready));
        state_file::save(&inner);
        end.send_replace(true);
    };
    thread.spawn(run).map_err(|error| SandboxError::Server(error.to_string()))?;
    started.await.map_err(|_| SandboxError::Server("its thread ended".into()))??;
    Ok(stopped)
}

async fn serve(
    inner: Arc<Inner>,
    listener: TcpListener,
    mut stopping: watch::Receiver<bool>,
    ready: oneshot::Sender<Result<(), SandboxError>>,
) {
    let shared = web::Data::from(Arc::clone(&inner));
    let app = move || {
        App::new()
            .app_data(shared.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .route("/api/v4/{path:.*}", web::route().to(gitlab_api))
            .configure(page::routes)
    };
    let server = HttpServer::new(app)
        .workers(2)
        .disable_signals()
        .shutdown_timeout(1)
        .on_connect(|io: &dyn Any, data: &mut actix_web::dev::Extensions| {
            if let Some(line) = io.downcast_ref::<actix_web::rt::net::TcpStream>().and_then(Line::of) {
                data.insert(line);
            }
        })
        .listen(listener);
    let server = match server {
        Ok(server) => server.run(),
        Err(error) => {
            drop(ready.send(Err(SandboxError::Server(error.to_string()))));
            return;
        }
    };
    let handle = server.handle();
    inner.runtime.get_or_init(Handle::current);
    let cron = inner.cron.then(|| tokio::spawn(run_cron(Arc::clone(&inner))));
    let saver = inner.state_file.is_some().then(|| tokio::spawn(state_file::follow(Arc::clone(&inner))));
    drop(ready.send(Ok(())));
    let stop = async move {
        // An error means that every handle is gone, which stops the server too.
        drop(stopping.wait_for(|stop| *stop).await);
        handle.stop(false).await;
    };
    let (ended, ()) = futures_util::future::join(server, stop).await;
    if let Err(error) = ended {
        tracing::warn!(%error, "the sandbox's server ended with an error");
    }
    for task in [cron, saver].into_iter().flatten() {
        task.abort();
    }
}

async fn run_cron(inner: Arc<Inner>) {
    let mut minutes = tokio::time::interval(CRON_PERIOD);
    minutes.tick().await;
    loop {
        minutes.tick().await;
        inner.change(|world, now| world.time_out(now));
    }
}

/// A second hold on a client's connection, to hang up on it.
struct Line(TcpStream);

impl Line {
    #[cfg(unix)]
    fn of(stream: &actix_web::rt::net::TcpStream) -> Option<Self> {
        use std::os::fd::AsFd;
        stream.as_fd().try_clone_to_owned().ok().map(|fd| Self(fd.into()))
    }

    #[cfg(windows)]
    fn of(stream: &actix_web::rt::net::TcpStream) -> Option<Self> {
        use std::os::windows::io::AsSocket;
        stream.as_socket().try_clone_to_owned().ok().map(|socket| Self(socket.into()))
    }

    /// Closes the connection; whatever the server still writes goes nowhere.
    fn hang_up(&self) {
        // It fails only if the client was quicker.
        self.0.shutdown(Shutdown::Both).unwrap_or_default();
    }
}

/// Every request to GitLab's API passes here: faults first, then the API, then the logs.
async fn gitlab_api(http: HttpRequest, body: web::Bytes, inner: web::Data<Inner>) -> HttpResponse {
    let inner = inner.into_inner();
    let request = Request::of(&http, body);
    let fault = lock(&inner.faults).strike(&request.method, &request.path);
    let mut hang_up = false;
    let answer = match fault {
        Some(Fault::Down) => return hang_up_on(&http),
        Some(Fault::DropConnection) => {
            hang_up = true;
            Answer::no_content()
        }
        Some(Fault::Slow(delay)) => {
            tokio::time::sleep(delay).await;
            api::answer(&inner, &request)
        }
        Some(Fault::RateLimited { retry_after_seconds }) => Answer::text(429, "Retry later")
            .header("retry-after", &retry_after_seconds)
            .header("ratelimit-limit", &2_000)
            .header("ratelimit-remaining", &0),
        Some(Fault::ServerError) => Answer::message(500, "500 Internal Server Error"),
        Some(Fault::Unlicensed | Fault::TokenRevoked) => Answer::message(401, "401 Unauthorized"),
        Some(Fault::Forbidden) => Answer::message(403, "403 Forbidden"),
        Some(Fault::NotGitLab(status)) => {
            Answer::text(status, &format!("<html><body>default backend - {status}</body></html>"))
        }
        Some(Fault::HeadMoves) => {
            api::push_before_answer(&inner, &request);
            api::answer(&inner, &request)
        }
        Some(Fault::DropAfterWork) => {
            hang_up = true;
            api::answer(&inner, &request)
        }
        None => api::answer(&inner, &request),
    };
    log(&inner, &request, &answer, hang_up);
    if hang_up { hang_up_on(&http) } else { respond(answer) }
}

fn hang_up_on(http: &HttpRequest) -> HttpResponse {
    if let Some(line) = http.conn_data::<Line>() {
        line.hang_up();
    }
    HttpResponse::ServiceUnavailable().force_close().finish()
}

fn log(inner: &Inner, request: &Request, answer: &Answer, hung_up: bool) {
    let at = inner.now();
    let path = request.path_and_query();
    let mut log = lock(&inner.log);
    let status = (!hung_up).then_some(answer.status);
    log.request(ApiRequest {
        at,
        method: request.method.clone(),
        path: path.clone(),
        status,
        request_id: request.id.clone(),
        traceparent: request.traceparent.clone(),
    });
    if !hung_up && !(200..300).contains(&answer.status) {
        log.refusal(RefusedRequest {
            at,
            method: request.method.clone(),
            path,
            code: answer.status,
            sent: String::from_utf8_lossy(&request.body).into_owned(),
            answer: answer.body.clone(),
        });
    }
}

fn respond(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.insert_header((name, value));
        }
    }
    if status == StatusCode::NO_CONTENT {
        return response.finish();
    }
    response.insert_header((header::CONTENT_TYPE, answer.content_type)).body(answer.body)
}
