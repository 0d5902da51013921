//! GitLab's REST API, version 4, as far as external status checks need it. The routes are on this page.
//!
//! Order of checks, as in `ee/lib/api/status_checks.rb`: token, project, licence, parameters, then the endpoint.

mod access;
mod answer;
mod discussions;
mod entity;
mod external_status_checks;
mod merge_requests;
mod meta;
mod notes;
mod paging;
mod pipelines;
mod projects;
mod repository;
mod request;
mod status_checks;

use std::sync::Arc;

use jiff::Timestamp;

use self::access::Caller;
pub(crate) use self::answer::Answer;
use self::answer::Reply;
use self::request::Params;
pub(crate) use self::request::Request;
use crate::sandbox::Inner;
use crate::world::World;

/// What an endpoint has at hand.
pub(crate) struct Context<'a> {
    world: &'a mut World,
    request: &'a Request,
    params: Params,
    caller: Caller,
    now: Timestamp,
}

/// Answers one request.
pub(crate) fn answer(inner: &Arc<Inner>, request: &Request) -> Answer {
    let params = match Params::of(request) {
        Ok(params) => params,
        Err(refusal) => return refusal,
    };
    let act = |world: &mut World, now| match Caller::authenticate(world, request, now) {
        Ok(caller) => {
            if let Some(status) = refused(world, request) {
                return Answer::message(
                    status,
                    if status == 404 { "404 Not found" } else { "403 Forbidden" },
                );
            }
            let result = route(&mut Context { world, request, params, caller, now });
            result.unwrap_or_else(|refusal| refusal)
        }
        Err(refusal) => refusal,
    };
    if matches!(request.method.as_str(), "GET" | "HEAD") { inner.visit(act) } else { inner.change(act) }
}

/// The status with which this endpoint was told to refuse.
fn refused(world: &World, request: &Request) -> Option<u16> {
    world.refused.iter().find(|(end, _)| request.path.ends_with(end.as_str())).map(|(_, status)| *status)
}

/// The route table.
fn route(context: &mut Context<'_>) -> Reply {
    let request = context.request;
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let get = matches!(request.method.as_str(), "GET" | "HEAD");
    match (request.method.as_str(), segments.as_slice()) {
        (_, ["version"]) if get => meta::version(),
        (_, ["user"]) if get => meta::user(context),
        (_, ["personal_access_tokens", "self"]) if get => meta::token(context),

        (_, ["projects"]) if get => projects::list(context),
        (_, ["projects", id, rest @ ..]) => {
            let project = access::project(context, id)?;
            match (context.request.method.as_str(), rest) {
                (_, []) if get => projects::show(context, project),
                ("PUT", []) => projects::update(context, project),
                (_, ["members", "all"] | ["members"]) if get => projects::members(context, project),
                (_, ["members", "all", user] | ["members", user]) if get => {
                    projects::member(context, project, user)
                }
                (_, ["protected_branches"]) if get => projects::protected_branches(context, project),
                (_, ["repository", "compare"]) if get => repository::compare(context, project),

                (_, ["pipelines", pipeline, "jobs"]) if get => pipelines::jobs(context, project, pipeline),

                (_, ["external_status_checks"]) if get => external_status_checks::list(context, project),
                ("POST", ["external_status_checks"]) => external_status_checks::create(context, project),
                ("PUT", ["external_status_checks", rule]) => {
                    external_status_checks::update(context, project, rule)
                }
                ("DELETE", ["external_status_checks", rule]) => {
                    external_status_checks::delete(context, project, rule)
                }

                (_, ["merge_requests"]) if get => merge_requests::list(context, project),
                (_, ["merge_requests", iid, rest @ ..]) => merge_request_route(context, project, iid, rest),
                _ => Err(Answer::error(404, "404 Not Found")),
            }
        }
        _ => Err(Answer::error(404, "404 Not Found")),
    }
}

/// The routes below a merge request.
fn merge_request_route(context: &mut Context<'_>, project: i64, iid: &str, rest: &[&str]) -> Reply {
    let method = context.request.method.as_str();
    match (method, rest) {
        ("POST", ["status_check_responses"]) => return status_checks::respond(context, project, iid),
        ("GET" | "HEAD", ["status_checks"]) => return status_checks::list(context, project, iid),
        ("POST", ["status_checks", rule, "retry"]) => {
            return status_checks::retry(context, project, iid, rule);
        }
        _ => {}
    }
    let iid = access::merge_request(context, project, iid)?;
    let at = (project, iid);
    match (method, rest) {
        ("GET" | "HEAD", []) => merge_requests::show(context, at),
        ("PUT", []) => merge_requests::update(context, at),
        ("PUT", ["merge"]) => merge_requests::merge(context, at),
        ("GET" | "HEAD", ["commits"]) => repository::commits(context, at),
        ("GET" | "HEAD", ["diffs"]) => repository::diffs(context, at),
        ("GET" | "HEAD", ["changes"]) => repository::changes(context, at),
        ("GET" | "HEAD", ["versions"]) => repository::versions(context, at),
        ("GET" | "HEAD", ["versions", version]) => repository::version(context, at, version),
        ("GET" | "HEAD", ["approvals"]) => merge_requests::approvals(context, at),
        ("GET" | "HEAD", ["pipelines"]) => pipelines::list(context, at),
        ("GET" | "HEAD", ["discussions"]) => discussions::list(context, at),
        ("GET" | "HEAD", ["notes"]) => notes::list(context, at),
        ("POST", ["notes"]) => notes::create(context, at),
        ("GET" | "HEAD", ["notes", note]) => notes::show(context, at, note),
        ("PUT", ["notes", note]) => notes::update(context, at, note),
        ("DELETE", ["notes", note]) => notes::delete(context, at, note),
        _ => Err(Answer::error(404, "404 Not Found")),
    }
}

/// The fault `HeadMoves`: somebody pushes to the merge request that the request names.
pub(crate) fn push_before_answer(inner: &Arc<Inner>, request: &Request) {
    let ["projects", project, "merge_requests", iid, ..] =
        request.segments.iter().map(String::as_str).collect::<Vec<_>>()[..]
    else {
        return;
    };
    let pushed = inner.change(|world, now| {
        let project = match project.parse() {
            Ok(id) => id,
            Err(_) => world.project_at(project)?.id,
        };
        world.push(project, iid.parse().ok()?, "", Vec::new(), now).ok()
    });
    tracing::debug!(?pushed, "HEAD moved before an answer");
}
