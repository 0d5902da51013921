//! `GET /metrics`, on a listener of its own.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::{HttpResponse, web};
use tokio::time::timeout;

use crate::app::App;
use crate::db::gauges;
use crate::metrics::Stored;

/// What the database holds is read at most this often, however many ask.
const EVERY: Duration = Duration::from_secs(15);

/// So long the database is waited for: Prometheus waits 10 s, and what is not in the database is wanted just then.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the database held when it was asked last. The clock may be set; this one is not.
#[derive(Default)]
pub struct Kept(Mutex<Option<(Instant, Stored)>>);

impl Kept {
    fn young(&self) -> Option<Stored> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(at, _)| at.elapsed() < EVERY).map(|(_, stored)| stored.clone())
    }

    fn keep(&self, stored: Stored) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), stored));
    }
}

/// Everything that is measured, in Prometheus' text format. What the database holds is left out while it cannot be
/// read: an old number would look like a good one.
pub async fn read_metrics(app: web::Data<App>, kept: web::Data<Kept>) -> HttpResponse {
    let (stored, ready) = tokio::join!(stored(&app, &kept), is_ready(&app));
    let text = app.metrics.render(stored.as_ref(), app.db.connections(), ready);
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}

async fn stored(app: &App, kept: &Kept) -> Option<Stored> {
    if let Some(stored) = kept.young() {
        return Some(stored);
    }
    let now = app.clock.now();
    match timeout(PATIENCE, app.db.read(move |conn| gauges::stored(conn, now))).await {
        Ok(Ok(stored)) => {
            kept.keep(stored.clone());
            Some(stored)
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "what the database holds could not be read for metrics");
            None
        }
        Err(_) => {
            tracing::warn!("the database did not answer in time for metrics");
            None
        }
    }
}

/// What `/readyz` says, if it says so in time.
async fn is_ready(app: &App) -> bool {
    !app.stopping.is_cancelled() && matches!(timeout(PATIENCE, app.db.check()).await, Ok(Ok(())))
}
