//! The listener, the order of middleware, and the order of stopping.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App as ActixApp, HttpServer, web};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::App;
use crate::http::{self, intake::Budget, middleware, spa::Index};
use crate::worker;

/// Requests get this long to finish when the service stops, in seconds.
const GRACE: u64 = 25;
/// Between saying "not ready" and closing the door, so that load balancers notice.
const NOTICE: Duration = Duration::from_millis(500);

/// What the loops are doing gets this long when the service stops: GitLab's answers may take 15 s.
const LOOPS: Duration = Duration::from_secs(16);

/// A service that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    handle: ServerHandle,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
    loops: tokio::task::JoinSet<()>,
    app: App,
}

/// How many threads serve HTTP: one less than there are processors, from 1 to 8. What takes long is done elsewhere (the
/// database, passwords, drawing a change, large calls), so that one thread serves many; and where calls come in a flood, one
/// processor is left to write them down and to answer reviewers.
#[must_use]
pub fn http_threads() -> usize {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    processors.saturating_sub(1).clamp(1, 8)
}

/// Starts serving and working on `listener`.
///
/// # Errors
/// The system's, if the socket cannot be used.
pub fn start(app: &App, listener: TcpListener, work: bool) -> std::io::Result<Running> {
    let address = listener.local_addr()?;
    let budget = Budget::new(app.config.call_budget);
    let index = web::Data::new(Index::load(&app.config.base_path));
    let served = app.clone();
    let server = HttpServer::new(move || {
        ActixApp::new()
            .wrap(from_fn(middleware::secure_headers))
            .wrap(from_fn(middleware::trace))
            .configure(http::routes(&served, &budget, &index))
    })
    .workers(http_threads())
    .keep_alive(Duration::from_secs(75))
    .client_request_timeout(Duration::from_secs(10))
    .shutdown_timeout(GRACE)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    let serving = tokio::spawn(server);
    if let Some(at) = app.config.metrics_listen {
        tokio::spawn(metrics_server(app, at)?);
    }
    let loops = if work { worker::start(app) } else { tokio::task::JoinSet::new() };
    Ok(Running { address, handle, serving, loops, app: app.clone() })
}

/// The listener for metrics: one thread, until the program ends, so that stopping can be watched.
fn metrics_server(app: &App, at: SocketAddr) -> std::io::Result<actix_web::dev::Server> {
    let (served, kept) = (app.clone(), web::Data::new(http::metrics::Kept::default()));
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(web::Data::new(served.clone()))
            .app_data(kept.clone())
            .route("/metrics", web::get().to(http::metrics::read_metrics))
    });
    let bound = server.workers(1).disable_signals().bind(at);
    let bound = bound.map_err(|error| {
        let why = format!(
            "cannot listen for metrics on {at}: {error}; choose another with APPROVAL_METRICS_LISTEN"
        );
        std::io::Error::new(error.kind(), why)
    })?;
    for address in bound.addrs() {
        tracing::info!("metrics are at http://{address}/metrics");
    }
    Ok(bound.run())
}

/// Hears SIGTERM and SIGINT.
pub struct Told {
    terminate: Signal,
    interrupt: Signal,
}

impl Told {
    /// Listens from now on; without that, a signal ends the process at once, or, if it is the first one of a container, does
    /// nothing at all.
    ///
    /// # Errors
    /// The system's.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits until one comes.
    pub async fn to_stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

impl Running {
    /// Stops in order: not ready, streams say goodbye, requests finish, loops end, leases are given
    /// back, traces are sent. Nothing that was acknowledged is lost.
    pub async fn stop(mut self) {
        self.app.stopping.cancel();
        tokio::time::sleep(NOTICE).await;
        self.handle.stop(true).await;
        let ended = async { while self.loops.join_next().await.is_some() {} };
        if tokio::time::timeout(LOOPS, ended).await.is_err() {
            // What they had taken is given back below, or comes free by itself.
            tracing::warn!("work that was on its way to GitLab is broken off");
            self.loops.shutdown().await;
        }
        if let Err(error) = worker::release(&self.app).await {
            tracing::warn!(error = %error, "leases could not be given back; they end by themselves");
        }
        self.app.traces.finish().await;
    }

    /// Runs until SIGTERM or SIGINT, then stops in order.
    ///
    /// # Errors
    /// If the server ends by itself.
    pub async fn until_told_to_stop(mut self, mut told: Told) -> std::io::Result<()> {
        tokio::select! {
            () = told.to_stop() => {}
            ended = &mut self.serving => {
                return ended.unwrap_or_else(|error| Err(std::io::Error::other(error)));
            }
            // They end when they are told to, and that was not told: better started again than half alive.
            Some(ended) = self.loops.join_next() => {
                let why = ended.err().map_or_else(|| "it ended".into(), |error| error.to_string());
                tracing::error!(why, "a loop of the service is gone; the service stops");
                self.stop().await;
                return Err(std::io::Error::other(format!("a loop of the service is gone: {why}")));
            }
        }
        tracing::info!("stopping");
        self.stop().await;
        tracing::info!("stopped");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;

    use super::{Told, start};
    use crate::app::App;
    use crate::config::Given;
    use crate::domain::SystemClock;

    #[actix_web::test]
    async fn a_service_that_has_lost_a_loop_stops_and_says_so() {
        let folder =
            std::env::temp_dir().join(format!("approval-app-server-{}", uuid::Uuid::now_v7().simple()));
        let database_url = Some(format!("sqlite:{}", folder.join("app.db").display()));
        let config = Given { database_url, ..Given::default() }.check().expect("is enough");
        let app = App::open(config, Arc::new(SystemClock)).await.expect("opens");
        let mut running =
            start(&app, TcpListener::bind("127.0.0.1:0").expect("binds"), true).expect("starts");
        running.loops.spawn(async { panic!("a defect, made here") });
        let told = Told::listen().expect("listens");
        let ended = running.until_told_to_stop(told).await.expect_err("has failed").to_string();
        assert!(ended.contains("a loop of the service is gone") && ended.contains("a defect"), "{ended}");
        assert!(app.stopping.is_cancelled());
        // What is left in the folder for temporary files hurts nobody.
        let _left = std::fs::remove_dir_all(&folder);
    }
}
