//! Answers to external status checks: setting, listing and retrying them (`ee/lib/api/status_checks.rb`).

use serde_json::json;

use super::answer::{Answer, Reply};
use super::{Context, access, entity, paging};
use crate::world::{AccessLevel, Missing, Source, Status, Visibility};

/// `POST …/status_check_responses`. The order of checks decides which error a client sees first.
pub(super) fn respond(context: &mut Context<'_>, project: i64, iid: &str) -> Reply {
    access::licensed(context, project)?;
    let (rule, sha, status) = answer_params(context)?;
    let iid = access::approvable(context, project, iid)?;
    context.world.project(project)?.rule(rule)?;
    let head = &context.world.merge_request(project, iid)?.head;
    if *head != sha {
        return Err(Answer::message(409, &format!("SHA does not match HEAD of source branch: {head}")));
    }
    if access::level(context, project) < AccessLevel::Developer {
        return Err(Answer::not_found());
    }
    let by = (Source::Api, context.caller.user);
    let row = context.world.insert_row((project, iid, rule), &sha, status, by, context.now)?;
    let merge_request = entity::merge_request(context.world, context.world.merge_request(project, iid)?);
    let rule = context.world.project(project)?.rule(rule)?;
    Ok(Answer::json(
        201,
        &json!({
            "id": row,
            "merge_request": merge_request,
            "external_status_check": { "id": rule.id, "name": rule.name, "external_url": rule.external_url },
        }),
    ))
}

/// The three required parameters, or all that is wrong with them in Grape's words.
fn answer_params(context: &Context<'_>) -> Result<(i64, String, Status), Answer> {
    let params = &context.params;
    let mut faults = Vec::new();
    let rule = params.number("external_status_check_id");
    if !params.has("external_status_check_id") {
        faults.push("external_status_check_id is missing");
    } else if rule.is_none() {
        faults.push("external_status_check_id is invalid");
    }
    let sha = params.text("sha");
    if sha.is_none() {
        faults.push(if params.has("sha") { "sha is invalid" } else { "sha is missing" });
    }
    let status = params.text("status").and_then(|word| Status::from_word(&word));
    if !params.has("status") {
        faults.push("status is missing");
    }
    if status.is_none() {
        faults.push("status does not have a valid value");
    }
    match (rule, sha, status) {
        (Some(rule), Some(sha), Some(status)) => Ok((rule, sha, status)),
        _ => Err(Answer::error(400, &faults.join(", "))),
    }
}

/// `GET …/status_checks`: the rules in scope of the target branch with their status for HEAD. Reporters and above,
/// and anybody in an internal or public project; the URL only for Developers, and never its query string.
pub(super) fn list(context: &mut Context<'_>, project: i64, iid: &str) -> Reply {
    access::licensed(context, project)?;
    let own = context.world.project(project)?;
    let level = access::level(context, project);
    if level < AccessLevel::Reporter && own.visibility == Visibility::Private {
        return Err(Answer::forbidden());
    }
    let iid = access::merge_request(context, project, iid)?;
    let target = &context.world.merge_request(project, iid)?.target_branch;
    let rules: Vec<_> = own.rules_for(target).collect();
    let shown = |rule: &&crate::world::Rule| {
        json!({
            "id": rule.id,
            "name": rule.name,
            "external_url": if level >= AccessLevel::Developer { rule.url_without_query() } else { "" },
            "status": context.world.status(project, iid, rule.id).unwrap_or(Status::Pending).word(),
        })
    };
    Ok(paging::page(context, &rules, shown)?.header("poll-interval", &10_000))
}

/// `POST …/status_checks/:external_status_check_id/retry`.
pub(super) fn retry(context: &mut Context<'_>, project: i64, iid: &str, rule: &str) -> Reply {
    access::licensed(context, project)?;
    let rule: i64 = rule.parse().map_err(|_| Answer::error(400, "external_status_check_id is invalid"))?;
    let iid: i64 = iid.parse().map_err(|_| Answer::error(400, "merge_request_iid is invalid"))?;
    context.world.merge_request(project, iid)?;
    access::at_least(context, project, AccessLevel::Developer)?;
    context.world.project(project)?.rules.get(&rule).ok_or(Missing::Rule(rule))?;
    context.world.retry(project, iid, rule, context.caller.user, context.now)?;
    Ok(Answer::message(202, "202 Accepted"))
}
