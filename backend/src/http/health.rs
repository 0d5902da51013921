//! Health: is the process alive, and can it take work.

use actix_web::{HttpResponse, web};

use super::problem::ApiError;
use crate::app::App;

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
    app.db.check().await?;
    Ok(HttpResponse::Ok().content_type("text/plain").body("ready\n"))
}
