//! The OpenAPI document, from the code, and Swagger UI from the binary.

use actix_web::{HttpResponse, web};
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Approval App",
        description = "Human decisions for GitLab's external status checks. Errors are RFC 9457 problems with a stable \
                       `code`; times are RFC 3339 in UTC; pages are read with `cursor`.",
        license(name = "MIT", identifier = "MIT")
    ),
    tags(
        (name = "intake", description = "What GitLab calls"),
        (name = "checks", description = "What is to be decided, and deciding"),
        (name = "deliveries", description = "Telling GitLab"),
        (name = "events", description = "What happens, live"),
        (name = "audit", description = "The record: reading, exporting, verifying"),
        (name = "system", description = "The service itself")
    )
)]
struct Everything;

#[derive(OpenApi)]
#[openapi(paths(super::intake::receive_call, super::intake::receive_rule_call))]
struct Intake;

#[derive(OpenApi)]
#[openapi(paths(
    super::checks::list_checks,
    super::checks::read_check,
    super::checks::read_gitlab_status,
    super::checks::decide_check,
    super::system::retry_delivery,
    super::events::follow_events,
    super::system::read_system,
    super::system::list_calls,
    super::system::replay_call,
    super::system::start_reconciliation,
    super::audit::list_audit_entries,
    super::audit::export_audit_entries,
    super::audit::verify_audit_entries,
))]
struct Api;

/// The document, for a base path.
#[must_use]
pub fn build(base_path: &str) -> utoipa::openapi::OpenApi {
    Everything::openapi()
        .nest(base_path.to_owned(), Intake::openapi())
        .nest(format!("{base_path}/api/v1"), Api::openapi())
}

/// Serves the document.
pub async fn document(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok().json(build(&app.config.base_path))
}

/// Swagger UI under `api/docs`.
#[must_use]
pub fn swagger_ui(base_path: &str) -> SwaggerUi {
    SwaggerUi::new("/api/docs/{_:.*}").config(Config::from(format!("{base_path}/api/v1/openapi.json")))
}
