//! What the durable door is compared with: the same server, with handlers that do less.
//!
//! A process of its own, like the measured one: the same HTTP server with the same settings, the
//! same middleware and the same routes, and two more routes behind them.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App as ActixApp, HttpRequest, HttpResponse, HttpServer, web};
use approval_app::app::App;
use approval_app::config::Given;
use approval_app::domain::SystemClock;
use approval_app::gitlab::signature;
use approval_app::http::intake::{Budget, read_body};
use approval_app::http::problem::ApiError;
use approval_app::http::spa::Index;
use approval_app::http::{self, middleware};
use approval_app::server;
use approval_app::service::intake;

use crate::process::Served;
use crate::{Error, Result, calls};

/// The first argument with which this program serves instead of measuring.
pub const ARGUMENT: &str = "serve-baseline";
/// Reads the call, verifies its signature and form, and forgets it.
pub const VERIFY: &str = "/approval-apps/bench/verify";
/// Takes the bytes and does nothing.
pub const EMPTY: &str = "/approval-apps/bench/empty";

/// Starts the baseline server with a database of its own, which it does not use.
///
/// # Errors
/// If it does not start.
pub fn start(database: &Path) -> Result<Served> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(ARGUMENT).arg(database).env_clear();
    Served::start(command)
}

/// The server's side: serves until it is killed.
///
/// # Errors
/// If it cannot serve.
pub fn serve(args: &[String]) -> Result<()> {
    let database = args.first().ok_or("which database?")?.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut once = Some(runtime);
    let system = actix_web::rt::System::with_tokio_rt(|| match once.take() {
        Some(runtime) => runtime,
        None => std::process::abort(),
    });
    system.block_on(serve_forever(database))
}

async fn serve_forever(database: String) -> Result<()> {
    // As in the command line: what is not logged costs something, too.
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new("info,actix_server=warn"))
        .with_writer(std::io::stderr)
        .json()
        .init();
    let given = Given {
        database_url: Some(format!("sqlite:{database}")),
        hmac_secret: Some(calls::SECRET.into()),
        ..Given::default()
    };
    let config = given.check().map_err(|faults| Error::from(faults.join("; ")))?;
    let app = App::open(config, Arc::new(SystemClock)).await?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let budget = Budget::new(app.config.call_budget);
    let index = web::Data::new(Index::load(&app.config.base_path));
    // As in `server::start`.
    let server = HttpServer::new(move || {
        ActixApp::new()
            .wrap(from_fn(middleware::secure_headers))
            .wrap(from_fn(middleware::trace))
            .route(VERIFY, web::post().to(verify_only))
            .route(EMPTY, web::post().to(nothing))
            .configure(http::routes(&app, &budget, &index))
    })
    .workers(server::http_threads())
    .keep_alive(Duration::from_secs(75))
    .client_request_timeout(Duration::from_secs(10))
    .disable_signals()
    .listen(listener)?
    .run();
    let mut out = std::io::stdout();
    writeln!(out, "http://{address}")?;
    out.flush()?;
    tokio::spawn(server).await??;
    Ok(())
}

/// The body is taken in, as it would otherwise end the connection.
async fn nothing(_body: web::Bytes) -> HttpResponse {
    HttpResponse::Accepted().finish()
}

async fn verify_only(
    app: web::Data<App>,
    budget: web::Data<Budget>,
    request: HttpRequest,
    payload: web::Payload,
) -> std::result::Result<HttpResponse, ApiError> {
    let (body, _held) = read_body(&budget, &request, payload).await?;
    let signature = request.headers().get(signature::HEADER).map(|value| value.as_bytes());
    intake::verify(&app, None, &body, signature)?;
    Ok(HttpResponse::Accepted().finish())
}
