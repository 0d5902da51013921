//! Health: is the process alive, and can it take work.

use std::time::Duration;

use actix_web::{HttpResponse, web};

use super::problem::ApiError;
use crate::app::App;
use crate::db::DbError;

/// Whoever asks does not wait for ever.
const PATIENCE: Duration = Duration::from_secs(4);

/// Alive: depends on nothing.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// Ready: the database answers with the right schema, takes what is written to it if it did not before, and the
/// process is not stopping. Never asks
/// GitLab: its being down is no reason to refuse calls.
pub async fn ready(app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    if app.stopping.is_cancelled() {
        return Err(ApiError::stopping());
    }
    let checked = tokio::time::timeout(PATIENCE, app.db.check()).await;
    checked.unwrap_or_else(|_| Err(DbError::Unavailable("it did not answer in time".into())))?;
    Ok(HttpResponse::Ok().content_type("text/plain").body("ready\n"))
}
