//! Merge requests: listing, reading, editing and merging them.

use jiff::Timestamp;
use serde_json::json;

use super::answer::{Answer, Reply};
use super::{Context, access, entity, paging};
use crate::world::{AccessLevel, Edit, MergeRequest, Visibility};

/// `GET …/merge_requests`.
pub(super) fn list(context: &mut Context<'_>, project: i64) -> Reply {
    let own = context.world.project(project)?;
    let everything =
        own.visibility != Visibility::Private || access::level(context, project) >= AccessLevel::Reporter;
    let params = &context.params;
    let state = params.text("state").unwrap_or_else(|| "all".into());
    if !["all", "opened", "closed", "locked", "merged"].contains(&&*state) {
        return Err(Answer::error(400, "state does not have a valid value"));
    }
    let same = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
    let time = |name: &str| match params.text(name).map(|text| text.parse::<Timestamp>()) {
        Some(Err(_)) => Err(Answer::error(400, &format!("{name} is invalid"))),
        Some(Ok(at)) => Ok(Some(at)),
        None => Ok(None),
    };
    let (updated_after, updated_before) = (time("updated_after")?, time("updated_before")?);
    let (created_after, created_before) = (time("created_after")?, time("created_before")?);
    let iids = params.numbers("iids")?;
    let labels = params.list("labels").unwrap_or_default();
    let search = params.text("search").unwrap_or_default().to_lowercase();
    let author = params.number("author_id");
    let seen = |one: &&MergeRequest| {
        (everything || one.author == context.caller.user)
            && (state == "all" || state == one.state.word())
            && same("source_branch", &one.source_branch)
            && same("target_branch", &one.target_branch)
            && updated_after.is_none_or(|at| one.updated_at >= at)
            && updated_before.is_none_or(|at| one.updated_at <= at)
            && created_after.is_none_or(|at| one.created_at >= at)
            && created_before.is_none_or(|at| one.created_at <= at)
            && iids.as_ref().is_none_or(|iids| iids.contains(&one.iid))
            && labels.iter().all(|label| one.labels.contains(label))
            && author.is_none_or(|author| one.author == author)
            && (search.is_empty()
                || format!("{} {}", one.title, one.description).to_lowercase().contains(&search))
    };
    let mut found: Vec<_> = own.merge_requests.values().filter(seen).collect();
    let by_update = params.text("order_by").is_some_and(|field| field == "updated_at");
    found.sort_by_key(|one| (if by_update { one.updated_at } else { one.created_at }, one.id));
    if params.text("sort").is_none_or(|order| order != "asc") {
        found.reverse();
    }
    paging::page(context, &found, |one| entity::merge_request_brief(context.world, one))
}

/// `GET …/merge_requests/:iid`.
pub(super) fn show(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    let one = context.world.merge_request(project, iid)?;
    let mut body = entity::merge_request(context.world, one);
    body["user"] = json!({ "can_merge": access::level(context, project) >= AccessLevel::Developer });
    Ok(Answer::json(200, &body))
}

/// `PUT …/merge_requests/:iid`: title, description, target branch, labels, and closing or reopening.
pub(super) fn update(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    access::approvable(context, project, &iid.to_string())?;
    let (params, user, now) = (&context.params, context.caller.user, context.now);
    let edit = Edit {
        title: params.text("title"),
        description: params.text("description"),
        target_branch: params.text("target_branch"),
        labels: params.list("labels"),
    };
    let event = params.text("state_event");
    context.world.edit(project, iid, edit, user, now)?;
    match event.as_deref() {
        Some("close") => context.world.close(project, iid, user, now)?,
        Some("reopen") => context.world.reopen(project, iid, user, now)?,
        Some(_) => return Err(Answer::error(400, "state_event does not have a valid value")),
        None => {}
    }
    show(context, (project, iid))
}

/// `PUT …/merge_requests/:iid/merge`: 405 while the gate is shut, 409 for a stale `sha`. With
/// `merge_when_pipeline_succeeds` (or `auto_merge`) it waits for the gate.
pub(super) fn merge(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    access::at_least(context, project, AccessLevel::Developer)?;
    let head = &context.world.merge_request(project, iid)?.head;
    if let Some(sha) = context.params.text("sha").filter(|sha| sha != head) {
        tracing::debug!(%sha, "merge of a stale commit refused");
        return Err(Answer::message(409, &format!("SHA does not match HEAD of source branch: {head}")));
    }
    let waits = ["auto_merge", "merge_when_pipeline_succeeds"];
    if waits.iter().any(|name| context.params.truth(name) == Some(true)) {
        context.world.set_auto_merge(project, iid, true, context.now)?;
    } else {
        context.world.merge(project, iid, context.caller.user, false, context.now)?;
    }
    show(context, (project, iid))
}

/// `GET …/merge_requests/:iid/approvals`: GitLab's own approvals.
pub(super) fn approvals(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    let one = context.world.merge_request(project, iid)?;
    let required = context.world.project(project)?.approvals_required;
    let user = context.caller.user;
    let by = |id: &i64| json!({ "user": entity::user(context.world, *id) });
    Ok(Answer::json(
        200,
        &json!({
            "id": one.id,
            "iid": one.iid,
            "project_id": project,
            "title": one.title,
            "state": one.state.word(),
            "approved": one.approvals.len() >= required,
            "approvals_required": required,
            "approvals_left": required.saturating_sub(one.approvals.len()),
            "approved_by": one.approvals.iter().map(by).collect::<Vec<_>>(),
            "user_has_approved": one.approvals.contains(&user),
            "user_can_approve": !one.approvals.contains(&user) && one.author != user,
        }),
    ))
}
