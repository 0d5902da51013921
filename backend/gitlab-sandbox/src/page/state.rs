//! Everything that the page shows, as one JSON document.

use serde_json::{Value, json};

use crate::outgoing::{CallAnswer, SentCall};
use crate::sandbox::Inner;
use crate::sync::lock;
use crate::world::{MergeRequest, MergeRequestState, Missing, Project, World};

/// How many merge requests the page lists.
const MERGE_REQUESTS: usize = 200;
/// How many lines the logs show.
const LINES: usize = 40;
/// How many answers each merge request shows.
const ANSWERS: usize = 6;

pub(super) fn of(inner: &Inner) -> Value {
    let (requests, request_count) = {
        let log = lock(&inner.log);
        (log.newest(LINES), log.total())
    };
    let calls = inner.outgoing.newest(LINES);
    inner.read(|world| {
        json!({
            "now": inner.now(),
            "url": inner.url,
            "fault": lock(&inner.faults).current().map(|fault| fault.name()),
            "calls_paused": inner.outgoing.is_paused(),
            "held": inner.outgoing.held(),
            "projects": world.projects.values().map(project).collect::<Vec<_>>(),
            "merge_requests": merge_requests(world),
            "calls": calls.iter().map(|sent| call(world, sent)).collect::<Vec<_>>(),
            "call_count": inner.outgoing.total(),
            "requests": requests,
            "request_count": request_count,
        })
    })
}

fn project(project: &Project) -> Value {
    let rules = project.rules.values().map(|rule| {
        let branches =
            project.protected_branches.iter().filter(|one| rule.protected_branch_ids.contains(&one.id));
        json!({
            "id": rule.id,
            "name": rule.name,
            "url": rule.url_without_query(),
            "signed": rule.shared_secret.is_some(),
            "branches": branches.map(|branch| &branch.name).collect::<Vec<_>>(),
        })
    });
    json!({
        "id": project.id,
        "path": project.path,
        "gate": project.status_checks_must_pass,
        "licensed": project.licensed,
        "rules": rules.collect::<Vec<_>>(),
    })
}

/// Open merge requests first, then the rest, each with the last changed first.
fn merge_requests(world: &World) -> Vec<Value> {
    let mut all: Vec<_> =
        world.projects.values().flat_map(|project| project.merge_requests.values()).collect();
    all.sort_by_key(|one| (one.state == MergeRequestState::Opened, one.updated_at, one.id));
    all.into_iter().rev().take(MERGE_REQUESTS).filter_map(|one| merge_request(world, one).ok()).collect()
}

fn merge_request(world: &World, one: &MergeRequest) -> Result<Value, Missing> {
    let project = world.project(one.project)?;
    let name = |id: i64| world.users.get(&id).map_or("", |user| user.username.as_str());
    let rule_name = |id: i64| project.rules.get(&id).map_or("a deleted check", |rule| rule.name.as_str());
    let answers = one.responses.iter().rev().take(ANSWERS).map(|row| {
        json!({
            "id": row.id,
            "rule": rule_name(row.rule),
            "sha": row.sha,
            "status": row.status,
            "timed_out": row.timed_out_at.is_some(),
            "source": row.source,
            "by": row.by,
            "at": row.retried_at.unwrap_or(row.created_at),
        })
    });
    let mut checks = Vec::new();
    for rule in project.rules_for(&one.target_branch) {
        let row = world.newest_row(one.project, one.iid, rule.id, &one.head)?;
        checks.push(json!({
            "rule": rule.id,
            "name": rule.name,
            "status": world.status(one.project, one.iid, rule.id)?,
            "timed_out": row.is_some_and(|row| row.timed_out_at.is_some()),
            "by": row.map(|row| &row.by),
        }));
    }
    Ok(json!({
        "project": one.project,
        "path": project.path,
        "iid": one.iid,
        "title": one.title,
        "description": one.description,
        "state": one.state.word(),
        "author": name(one.author),
        "source_branch": one.source_branch,
        "target_branch": one.target_branch,
        "sha": one.head,
        "labels": one.labels,
        "pipeline": one.pipeline,
        "approvals": one.approvals.iter().map(|id| name(*id)).collect::<Vec<_>>(),
        "auto_merge": one.auto_merge,
        "merge_status": world.merge_status(one.project, one.iid)?,
        "updated_at": one.updated_at,
        "checks": checks,
        "answers": answers.collect::<Vec<_>>(),
        "notes": one.notes.iter().map(|note| json!({ "id": note.id, "by": name(note.author), "body": note.body })).collect::<Vec<_>>(),
    }))
}

fn call(world: &World, sent: &SentCall) -> Value {
    let project = world.project(sent.project).ok();
    let rule = project.and_then(|project| project.rules.get(&sent.rule));
    let (status, error) = match &sent.answer {
        CallAnswer::Status(status) => (Some(status), None),
        CallAnswer::Transport(error) => (None, Some(error)),
    };
    json!({
        "id": sent.id,
        "at": sent.at,
        "merge_request": format!("{}!{}", project.map_or("", |project| &project.path), sent.iid),
        "rule": rule.map_or("a deleted check", |rule| rule.name.as_str()),
        "action": sent.action,
        "attempt": sent.attempt,
        "signed": sent.header("x-gitlab-signature").is_some(),
        "status": status,
        "error": error,
    })
}
