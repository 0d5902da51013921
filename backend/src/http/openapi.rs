//! The OpenAPI document, from the code, and Swagger UI from the binary.

use std::sync::Arc;

use actix_web::{HttpResponse, Resource, guard, web};
use utoipa::OpenApi;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Content, Object, OpenApi as OpenApiDocument, Ref, RefOr, Required, ResponseBuilder, Type,
};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::access::{self, Needs};
use super::idempotency;

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
        (name = "sign-in", description = "Getting in and out"),
        (name = "account", description = "One's own password, sessions and tokens"),
        (name = "people", description = "Who may do what, for administrators"),
        (name = "projects", description = "The projects that are known here"),
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
    document,
    super::session::read_sign_in,
    super::providers::begin_provider_sign_in,
    super::providers::finish_provider_sign_in,
    super::providers::sign_out_at_provider,
    super::session::sign_in,
    super::session::read_session,
    super::session::sign_out,
    super::session::inspect_link,
    super::session::accept_link,
    super::session::change_password,
    super::filters::read_filters,
    super::filters::replace_filters,
    super::session::list_own_sessions,
    super::session::end_own_session,
    super::tokens::list_tokens,
    super::tokens::make_token,
    super::tokens::revoke_token,
    super::tokens::list_projects,
    super::rules::list_rules,
    super::rules::change_rule,
    super::people::list_people,
    super::people::invite_person,
    super::people::read_person,
    super::people::change_person,
    super::people::make_person_link,
    super::people::list_person_sessions,
    super::people::end_person_sessions,
    super::people::list_groups,
    super::people::make_group,
    super::people::change_group,
    super::people::remove_group,
    super::checks::list_checks,
    super::filters::list_check_filters,
    super::bulk::decide_checks,
    super::checks::read_check,
    super::change::read_change,
    super::change::read_file_diff,
    super::change::read_change_since,
    super::checks::read_gitlab_status,
    super::checks::decide_check,
    super::alarm::acknowledge_alarm,
    super::system::retry_delivery,
    super::events::follow_events,
    super::system::read_system,
    super::system::examine_system,
    super::system::list_calls,
    super::system::replay_call,
    super::system::start_reconciliation,
    super::audit::list_audit_entries,
    super::audit::export_audit_entries,
    super::audit::verify_audit_entries,
))]
struct Api;

/// The names under which the document describes how callers prove who they are.
const BEARER: &str = "token";
const COOKIE: &str = "session";

/// The document, for a base path.
#[must_use]
pub fn build(base_path: &str) -> OpenApiDocument {
    let mut api = Api::openapi();
    for (path, item) in &mut api.paths.paths {
        let operations = [
            ("GET", &mut item.get),
            ("PUT", &mut item.put),
            ("POST", &mut item.post),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let (Some(operation), Some(needs)) = (operation, access::needs(method, path)) {
                describe(operation, method, access::takes_key(method, path), needs);
            }
        }
    }
    let mut document = Everything::openapi()
        .nest(base_path.to_owned(), Intake::openapi())
        .nest(format!("{base_path}{}", access::API), api);
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(
        BEARER,
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    components.add_security_scheme(
        COOKIE,
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            "approval-session",
            "Browsers; `__Host-approval-session` where the public URL is https.",
        ))),
    );
    document
}

/// Says in the document what an operation needs, and what whoever does not have it is told.
fn describe(operation: &mut Operation, method: &str, takes_key: bool, needs: Needs) {
    let none: [&str; 0] = [];
    operation.security = Some(match needs {
        Needs::Nothing => Vec::new(),
        Needs::Session => vec![SecurityRequirement::new(COOKIE, none)],
        Needs::Anyone | Needs::May(_) => {
            vec![SecurityRequirement::new(BEARER, none), SecurityRequirement::new(COOKIE, none)]
        }
    });
    operation.extensions = Some(ExtensionsBuilder::new().add("x-permission", needs.as_str()).build());
    let mut refusals = Vec::new();
    if operation.request_body.is_some() {
        refusals.extend([("400", "The body is no JSON"), ("422", "A field is missing or not valid")]);
    }
    let asks = |one: &RefOr<Parameter>| matches!(one, RefOr::T(one) if matches!(one.parameter_in, ParameterIn::Query));
    if operation.parameters.as_ref().is_some_and(|all| all.iter().any(asks)) {
        refusals.push(("400", "A parameter is not valid"));
    }
    if takes_key {
        operation.parameters.get_or_insert_default().push(idempotency_key().into());
        refusals.extend([
            ("400", "The Idempotency-Key cannot be read"),
            ("409", "It was done under this Idempotency-Key, and there is no answer to repeat"),
            ("422", "The Idempotency-Key belongs to another request"),
        ]);
    }
    match needs {
        Needs::Nothing => {}
        Needs::Anyone => refusals.push(("401", "Not signed in")),
        Needs::Session | Needs::May(_) => {
            refusals.extend([("401", "Not signed in"), ("403", "Not permitted")]);
        }
    }
    if method != "GET" {
        refusals.extend([
            ("403", "Sent by another site's page"),
            ("413", "The body is too large"),
            ("415", "The body does not call itself JSON"),
        ]);
    }
    refusals.extend([
        ("400", "The address holds what cannot be read"),
        ("503", "The database or the service is too busy or away"),
    ]);
    for (status, description) in refusals {
        operation.responses.responses.entry(status.into()).or_insert_with(|| {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            let response =
                ResponseBuilder::new().description(description).content("application/problem+json", problem);
            response.build().into()
        });
    }
}

/// The header that every write takes.
fn idempotency_key() -> Parameter {
    let text = Object::builder().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    ParameterBuilder::new()
        .name(idempotency::HEADER)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Chosen by the client, new for each thing that is to be done: a request that is sent again with the same key within 24 \
             hours is not done again and is answered as before, with the header `Idempotency-Replayed: true`. What was refused as a whole \
             may be tried again.",
        ))
        .schema(Some(text))
        .build()
}

/// Read this document
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "read_openapi",
    tag = "system",
    responses((status = 200, description = "The document, OpenAPI 3.1", body = serde_json::Value))
)]
pub async fn document(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok().json(build(&app.config.base_path))
}

/// Swagger UI under `api/docs`.
#[must_use]
pub fn swagger_ui(base_path: &str) -> SwaggerUi {
    SwaggerUi::new("/api/docs/{_:.*}").config(settings(base_path))
}

/// The same for whoever asks by HEAD, which the library does not offer.
#[must_use]
pub fn swagger_ui_heads(base_path: &str) -> Resource {
    let settings = Arc::new(settings(base_path));
    let answer = move |file: web::Path<String>| {
        let found = utoipa_swagger_ui::serve(&file, settings.clone()).ok().flatten();
        let answer = match found {
            Some(file) => HttpResponse::Ok().content_type(file.content_type).finish(),
            None => HttpResponse::NotFound().finish(),
        };
        async { answer }
    };
    web::resource("/api/docs/{file:.*}").guard(guard::Head()).to(answer)
}

fn settings(base_path: &str) -> Config<'static> {
    // Otherwise the page has a service elsewhere judge the document.
    Config::from(format!("{base_path}/api/v1/openapi.json")).validator_url("none")
}
