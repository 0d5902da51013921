//! Who asks, and what they may (`ee/app/policies/ee/merge_request_policy.rb`).

use jiff::Timestamp;
use serde_json::json;

use super::answer::Answer;
use super::{Context, Request};
use crate::world::{AccessLevel, Token, Visibility, World};

/// The holder of an accepted token.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) user: i64,
    pub(super) token: Token,
}

impl Caller {
    /// Accepts an active token with a scope that covers the request.
    pub(super) fn authenticate(world: &World, request: &Request, now: Timestamp) -> Result<Self, Answer> {
        let sent = request.token.as_deref().ok_or_else(Answer::unauthorized)?;
        let token = world.tokens.iter().find(|token| token.value == sent && token.is_active(now));
        let token = token.ok_or_else(Answer::unauthorized)?.clone();
        let reads = matches!(request.method.as_str(), "GET" | "HEAD");
        let path: Vec<_> = request.segments.iter().map(String::as_str).collect();
        let enough = token.has_scope("api")
            || (reads && token.has_scope("read_api"))
            || match path.as_slice() {
                ["user"] => reads && token.has_scope("read_user"),
                // Every token may look at itself.
                ["personal_access_tokens", "self"] => reads,
                _ => false,
            };
        if enough { Ok(Self { user: token.user, token }) } else { Err(insufficient_scope()) }
    }
}

fn insufficient_scope() -> Answer {
    Answer::json(
        403,
        &json!({
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
            "scope": "api read_api",
        }),
    )
}

/// The id of a project that the caller may see, from its id or its path.
pub(super) fn project(context: &Context<'_>, id: &str) -> Result<i64, Answer> {
    let missing = || Answer::message(404, "404 Project Not Found");
    let project = match id.parse() {
        Ok(id) => context.world.project(id).ok(),
        Err(_) => context.world.project_at(id),
    };
    let project = project.ok_or_else(missing)?;
    let visible = project.visibility != Visibility::Private || level(context, project.id) > AccessLevel::None;
    if visible { Ok(project.id) } else { Err(missing()) }
}

/// The caller's access level in a project.
pub(super) fn level(context: &Context<'_>, project: i64) -> AccessLevel {
    context.world.access(project, context.caller.user).unwrap_or(AccessLevel::None)
}

/// Whether the caller is the author of a merge request.
fn is_author(context: &Context<'_>, project: i64, iid: i64) -> bool {
    context.world.merge_request(project, iid).is_ok_and(|own| own.author == context.caller.user)
}

/// The iid of a merge request that the caller may see: members from Reporter on, anybody who sees an internal or
/// public project, and its author.
pub(super) fn merge_request(context: &Context<'_>, project: i64, iid: &str) -> Result<i64, Answer> {
    let iid = iid.parse().map_err(|_| Answer::error(400, "merge_request_iid is invalid"))?;
    context.world.merge_request(project, iid)?;
    let open = context.world.project(project)?.visibility != Visibility::Private;
    let visible =
        open || level(context, project) >= AccessLevel::Reporter || is_author(context, project, iid);
    if visible { Ok(iid) } else { Err(Answer::not_found()) }
}

/// `approve_merge_request`: whoever may update the merge request (Developers and its author) as a member. A member
/// who may not gets 403: so does GitLab answer a guest who is the author, and here every guest
/// (`ee/spec/requests/api/status_checks_spec.rb`).
pub(super) fn approvable(context: &Context<'_>, project: i64, iid: &str) -> Result<i64, Answer> {
    let iid = iid.parse().map_err(|_| Answer::error(400, "merge_request_iid is invalid"))?;
    context.world.merge_request(project, iid)?;
    let level = level(context, project);
    let author = is_author(context, project, iid) && level >= AccessLevel::Reporter;
    if level >= AccessLevel::Developer || author { Ok(iid) } else { Err(Answer::forbidden()) }
}

/// Asks for an access level in a project.
pub(super) fn at_least(context: &Context<'_>, project: i64, needed: AccessLevel) -> Result<(), Answer> {
    if level(context, project) >= needed { Ok(()) } else { Err(Answer::forbidden()) }
}

/// 401 unless the project's plan has external status checks.
pub(super) fn licensed(context: &Context<'_>, project: i64) -> Result<(), Answer> {
    if context.world.project(project)?.licensed { Ok(()) } else { Err(Answer::unauthorized()) }
}
