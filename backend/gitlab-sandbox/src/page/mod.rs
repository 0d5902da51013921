//! The page for people (`GET /`) and the control API for it, for demonstrations and for browser tests.
//!
//! Nobody signs in: a sandbox is for one's own machine. Every `POST` needs `Content-Type: application/json`, which a
//! foreign web page cannot send without asking. Answers are 200 with JSON, 400 for a bad request, 404 for something
//! that is not there and 409 for something that the world refuses; both with `{"error": …}`.
//!
//! | request | body |
//! |---|---|
//! | `GET /sandbox/state` | everything that the page shows |
//! | `POST /sandbox/merge_requests` | `{project, title?, description?, source_branch?, target_branch?, author?, labels?, diff_lines?}` → `{iid}`; with `diff_lines`, one changed file whose diff is as long |
//! | `POST /sandbox/merge_requests/:project/:iid/push` | `{message?}` → `{sha}` |
//! | `… /force_push_back` | `{sha}` |
//! | `… /title`, `… /description`, `… /target_branch` | `{value}` |
//! | `… /labels` | `{value: [..]}` |
//! | `… /close`, `… /reopen` | `{}` |
//! | `… /merge` | `{forced?}` |
//! | `… /auto_merge` | `{on}` |
//! | `… /approve`, `… /unapprove` | `{user?}`: GitLab's own approvals |
//! | `… /retry` | `{rule}` |
//! | `… /answer` | `{rule, status, user?}`: somebody answers behind the application's back |
//! | `POST /sandbox/projects` | `{path}` → `{id}` |
//! | `POST /sandbox/projects/:project/rules` | `{name, url, secret?, branches?: [..]}` → `{id}` |
//! | `POST /sandbox/projects/:project/gate` | `{on}`: "Status checks must succeed" |
//! | `POST /sandbox/fault` | `{fault, requests?, milliseconds?, retry_after_seconds?}`; `fault` is a name or null |
//! | `POST /sandbox/calls` | `{paused?, release?: "reversed" or [ids], drop_next?, duplicate_next?}` |
//! | `POST /sandbox/cron` | `{}`: the one-minute job, now |

mod control;
mod state;

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use self::control::Trouble;
use crate::sandbox::Inner;

const HTML: &str = include_str!("index.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The routes of the page and of the control API.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(|| text("text/html; charset=utf-8", HTML)))
        .route("/sandbox/style.css", web::get().to(|| text("text/css; charset=utf-8", STYLE)))
        .route("/sandbox/script.js", web::get().to(|| text("text/javascript; charset=utf-8", SCRIPT)))
        .route("/sandbox/state", web::get().to(state))
        .route("/sandbox/{path:.*}", web::post().to(control))
        .route("/{project:.+}/-/merge_requests/{iid}", web::get().to(merge_request))
        .route("/{project:.+}/-/merge_requests/{iid}/{tab:.*}", web::get().to(merge_request))
        .route("/{project:.+}/-/{rest:.*}", web::get().to(|| to("/".into())));
}

async fn text(kind: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(body)
}

async fn to(place: String) -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, place)).finish()
}

async fn state(inner: web::Data<Inner>) -> HttpResponse {
    json(200, &state::of(&inner))
}

/// `/group/project/-/merge_requests/1`, where the application links to: the page, at that merge request.
async fn merge_request(path: web::Path<(String, String)>, inner: web::Data<Inner>) -> HttpResponse {
    let (project, iid) = path.into_inner();
    let id = inner.read(|world| world.project_at(&project).map(|project| project.id));
    to(id.map_or_else(|| "/".into(), |id| format!("/#mr-{id}-{iid}"))).await
}

async fn control(
    http: HttpRequest,
    path: web::Path<String>,
    body: web::Bytes,
    inner: web::Data<Inner>,
) -> HttpResponse {
    let inner: Arc<Inner> = inner.into_inner();
    let kind = http.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return json(415, &json!({ "error": "send JSON" }));
    }
    let Ok(body @ Value::Object(_)) = serde_json::from_slice(&body) else {
        return json(400, &json!({ "error": "send a JSON object" }));
    };
    match control::act(&inner, &path, &body).await {
        Ok(result) => json(200, &result),
        Err(Trouble::Bad(error)) => json(400, &json!({ "error": error })),
        Err(Trouble::Missing(error)) => json(404, &json!({ "error": error })),
        Err(Trouble::Refused(error)) => json(409, &json!({ "error": error })),
    }
}

fn json(status: u16, body: &Value) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status)
        .unwrap_or(actix_web::http::StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}
