//! The HTTP edge: the route table on one page; handlers translate, use cases decide.

pub mod access;
mod alarm;
pub mod audit;
mod body;
pub mod bulk;
pub mod change;
pub mod checks;
pub mod client;
mod csv;
pub mod dto;
pub mod dto_change;
pub mod dto_people;
pub mod events;
pub mod filters;
pub mod health;
pub mod idempotency;
pub mod intake;
mod listing;
pub mod metrics;
pub mod middleware;
pub mod openapi;
pub mod people;
pub mod problem;
pub mod providers;
mod query;
pub mod return_to;
pub mod rules;
pub mod session;
pub mod spa;
pub mod system;
pub mod tokens;

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, guard, web};
use shared::ProblemCode;

use crate::app::App;
use crate::service::batcher::Batcher;
use problem::ApiError;

/// The longest JSON body, in bytes: the longest comment (10,000 characters) takes twelve for each where a client writes
/// those beyond ASCII as escapes.
const BODY_MAX: usize = 256 * 1024;

/// Everything that is served, for one application.
pub fn routes(
    app: &App,
    budget: &intake::Budget,
    index: &web::Data<spa::Index>,
) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let (app, budget, index) = (app.clone(), budget.clone(), index.clone());
    move |config| {
        let base = app.config.base_path.clone();
        // One for each of the server's threads, which call this.
        let batcher = Batcher::new(&app);
        let home = format!("{base}/");
        // The last one wrapped is the first one asked.
        let api = web::scope(access::API)
            .wrap(from_fn(idempotency::once))
            .wrap(from_fn(access::authorise))
            .wrap(from_fn(middleware::same_site))
            .route("/sign-in", web::get().to(session::read_sign_in))
            .route("/sign-in/{provider}", web::get().to(providers::begin_provider_sign_in))
            .route("/sign-in/{provider}/callback", web::get().to(providers::finish_provider_sign_in))
            .route("/sign-in/{provider}/sign-out", web::get().to(providers::sign_out_at_provider))
            .route("/session", web::get().to(session::read_session))
            .route("/session", web::post().to(session::sign_in))
            .route("/session", web::delete().to(session::sign_out))
            .route("/links/inspect", web::post().to(session::inspect_link))
            .route("/links/accept", web::post().to(session::accept_link))
            .route("/account/password", web::put().to(session::change_password))
            .route("/account/filters", web::get().to(filters::read_filters))
            .route("/account/filters", web::put().to(filters::replace_filters))
            .route("/account/sessions", web::get().to(session::list_own_sessions))
            .route("/account/sessions/{id}", web::delete().to(session::end_own_session))
            .route("/tokens", web::get().to(tokens::list_tokens))
            .route("/tokens", web::post().to(tokens::make_token))
            .route("/tokens/{id}", web::delete().to(tokens::revoke_token))
            .route("/projects", web::get().to(tokens::list_projects))
            .route("/rules", web::get().to(rules::list_rules))
            .route("/rules/{id}", web::put().to(rules::change_rule))
            .route("/people", web::get().to(people::list_people))
            .route("/people", web::post().to(people::invite_person))
            .route("/people/{id}", web::get().to(people::read_person))
            .route("/people/{id}", web::put().to(people::change_person))
            .route("/people/{id}/link", web::post().to(people::make_person_link))
            .route("/people/{id}/sessions", web::get().to(people::list_person_sessions))
            .route("/people/{id}/sessions", web::delete().to(people::end_person_sessions))
            .route("/groups", web::get().to(people::list_groups))
            .route("/groups", web::post().to(people::make_group))
            .route("/groups/{id}", web::put().to(people::change_group))
            .route("/groups/{id}", web::delete().to(people::remove_group))
            .route("/checks", web::get().to(checks::list_checks))
            .route("/checks/decisions", web::post().to(bulk::decide_checks))
            .route("/checks/filters", web::get().to(filters::list_check_filters))
            .route("/checks/{id}", web::get().to(checks::read_check))
            .route("/checks/{id}/change", web::get().to(change::read_change))
            .route("/checks/{id}/diff", web::get().to(change::read_file_diff))
            .route("/checks/{id}/since", web::get().to(change::read_change_since))
            .route("/checks/{id}/gitlab", web::get().to(checks::read_gitlab_status))
            .route("/checks/{id}/decisions", web::post().to(checks::decide_check))
            .route("/checks/{id}/acknowledgement", web::post().to(alarm::acknowledge_alarm))
            .route("/deliveries/{id}/retry", web::post().to(system::retry_delivery))
            .route("/calls", web::get().to(system::list_calls))
            .route("/calls/{id}/replay", web::post().to(system::replay_call))
            .route("/reconcile", web::post().to(system::start_reconciliation))
            .route("/system", web::get().to(system::read_system))
            .route("/system/doctor", web::get().to(system::examine_system))
            .route("/events", web::get().to(events::follow_events))
            .route("/audit", web::get().to(audit::list_audit_entries))
            .route("/audit/export", web::get().to(audit::export_audit_entries))
            .route("/audit/verification", web::get().to(audit::verify_audit_entries))
            .route("/openapi.json", web::get().to(openapi::document))
            .default_service(web::to(no_such_operation));
        let scope = web::scope(&base)
            .service(only(web::resource("/status_check").route(web::post().to(intake::receive_call))))
            .service(only(
                web::resource("/status_check/{rule_key:.*}").route(web::post().to(intake::receive_rule_call)),
            ))
            .service(read("/api/docs", get_or_head().to(|| redirect("docs/".into()))))
            .service(openapi::swagger_ui_heads(&base))
            .service(openapi::swagger_ui(&base))
            .service(api)
            .route("/{path:.*}", web::get().to(spa::serve_file))
            .route("/{path:.*}", web::head().to(spa::serve_file))
            .default_service(web::to(|| not_offered("GET, HEAD")));
        config
            .app_data(web::Data::new(app))
            .app_data(web::Data::new(budget))
            .app_data(web::Data::new(batcher))
            .app_data(index)
            .app_data(web::JsonConfig::default().limit(BODY_MAX).error_handler(problem::json_error))
            .service(read("/livez", get_or_head().to(health::live)))
            .service(read("/readyz", get_or_head().to(health::ready)));
        if !base.is_empty() {
            for from in ["/", base.as_str()] {
                let home = home.clone();
                config.service(read(from, get_or_head().to(move || redirect(home.clone()))));
            }
        }
        config.service(scope).default_service(web::to(nothing_here));
    }
}

async fn nothing_here(app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    let place = &app.config.base_path;
    Err(ApiError::new(ProblemCode::NotFound, format!("There is nothing here; the pages are at {place}/.")))
}

/// A resource that takes calls and refuses all other methods, before the pages of the application answer them.
fn only(resource: actix_web::Resource) -> actix_web::Resource {
    resource.default_service(web::to(|| not_offered("POST")))
}

/// A resource that is read.
fn read(path: &str, route: actix_web::Route) -> actix_web::Resource {
    web::resource(path).route(route).default_service(web::to(|| not_offered("GET, HEAD")))
}

/// Whoever watches the service may ask by HEAD.
fn get_or_head() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn redirect(to: String) -> HttpResponse {
    HttpResponse::Found().insert_header((actix_web::http::header::LOCATION, to)).finish()
}

async fn no_such_operation() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(ProblemCode::NotFound, "There is no such operation; see api/docs."))
}

async fn not_offered(allowed: &'static str) -> Result<HttpResponse, ApiError> {
    Err(ApiError::method(allowed))
}
