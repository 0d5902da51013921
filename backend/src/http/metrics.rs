//! `GET /metrics`, on a listener of its own.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::db::gauges;
use crate::domain::Time;
use crate::metrics::Stored;

/// What the database holds is read at most this often, however many ask.
const EVERY: Duration = Duration::from_secs(15);

/// What the database held when it was asked last.
#[derive(Default)]
pub struct Kept(Mutex<Option<(Time, Stored)>>);

impl Kept {
    fn young(&self, now: Time) -> Option<Stored> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(at, _)| now.since(*at) < EVERY).map(|(_, stored)| stored.clone())
    }

    fn keep(&self, at: Time, stored: Stored) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, stored));
    }
}

/// Everything that is measured, in Prometheus' text format. What the database holds is left out while it cannot be
/// read: an old number would look like a good one.
pub async fn read_metrics(app: web::Data<App>, kept: web::Data<Kept>) -> HttpResponse {
    let now = app.clock.now();
    let stored = match kept.young(now) {
        Some(stored) => Some(stored),
        None => match app.db.read(move |conn| gauges::stored(conn, now)).await {
            Ok(stored) => {
                kept.keep(now, stored.clone());
                Some(stored)
            }
            Err(error) => {
                tracing::warn!(%error, "what the database holds could not be read for metrics");
                None
            }
        },
    };
    let text = app.metrics.render(stored.as_ref(), app.db.connections());
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}
