//! What the control API does; its table is in the module above.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::Fault;
use crate::sandbox::Inner;
use crate::sync::lock;
use crate::world::{Edit, FileChange, Missing, NewMergeRequest, Refusal, RuleChange, Source, Status, World};

/// So many lines a merge request may be asked to have.
const LINES_MAX: usize = 100_000;

/// Why a request was not done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The request makes no sense.
    Bad(String),
    /// Something it names is not there.
    Missing(String),
    /// The world says no.
    Refused(String),
}

impl From<Missing> for Trouble {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing.to_string())
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Missing(missing) => missing.into(),
            Refusal::Invalid(_) | Refusal::State(_) | Refusal::Blocked(_) | Refusal::NotFailed => {
                Self::Refused(refusal.to_string())
            }
        }
    }
}

type Done = Result<Value, Trouble>;

/// Does what `POST /sandbox/{path}` asks.
pub(super) async fn act(inner: &Arc<Inner>, path: &str, body: &Value) -> Done {
    let parts: Vec<_> = path.trim_end_matches('/').split('/').collect();
    match parts.as_slice() {
        ["merge_requests"] => open(inner, body),
        ["merge_requests", project, iid, action] => {
            let at = (number(project)?, number(iid)?);
            inner.change(|world, now| merge_request(world, at, action, body, now))
        }
        ["projects"] => {
            let path = text(body, "path")?;
            Ok(json!({ "id": inner.change(|world, now| world.create_project(&path, now)) }))
        }
        ["projects", project, "rules"] => {
            let project = number(project)?;
            inner.change(|world, now| create_rule(world, project, body, now))
        }
        ["projects", project, "gate"] => {
            let (project, on) = (number(project)?, truth(body, "on")?);
            inner.change(|world, _| {
                world.project_mut(project)?.status_checks_must_pass = on;
                Ok(json!({}))
            })
        }
        ["fault"] => fault(inner, body),
        ["calls"] => calls(inner, body).await,
        ["cron"] => Ok(json!({ "failed": inner.change(|world, now| world.time_out(now)) })),
        _ => Err(Trouble::Missing(format!("there is nothing to do at {path}"))),
    }
}

fn open(inner: &Arc<Inner>, body: &Value) -> Done {
    let project = body["project"].as_i64().ok_or_else(|| Trouble::Bad("project is missing".into()))?;
    let standard = NewMergeRequest::default();
    let lines = body["diff_lines"].as_u64().and_then(|lines| usize::try_from(lines).ok());
    let files = lines
        .map_or(standard.files, |lines| vec![FileChange::of_lines("src/ledger.rs", lines.min(LINES_MAX))]);
    let or = |name: &str, standard: String| maybe(body, name).unwrap_or(standard);
    let new = NewMergeRequest {
        title: or("title", standard.title),
        description: or("description", standard.description),
        source_branch: or("source_branch", standard.source_branch),
        target_branch: or("target_branch", standard.target_branch),
        author: or("author", standard.author),
        labels: list(body, "labels"),
        files,
        ..NewMergeRequest::default()
    };
    Ok(json!({ "iid": inner.change(|world, now| world.create_merge_request(project, new, now))? }))
}

fn create_rule(world: &mut World, project: i64, body: &Value, now: Timestamp) -> Done {
    let mut branches = Vec::new();
    for name in list(body, "branches") {
        branches.push(world.protect_branch(project, &name, now)?);
    }
    let rule = RuleChange {
        name: Some(text(body, "name")?),
        external_url: Some(text(body, "url")?),
        shared_secret: maybe(body, "secret"),
        protected_branch_ids: Some(branches),
    };
    Ok(json!({ "id": world.create_rule(project, rule)? }))
}

/// One act on one merge request, by its author unless a user is named.
fn merge_request(
    world: &mut World,
    (project, iid): (i64, i64),
    action: &str,
    body: &Value,
    now: Timestamp,
) -> Done {
    let author = world.merge_request(project, iid)?.author;
    let mut edit = Edit::default();
    match action {
        "push" => {
            let message = maybe(body, "message").unwrap_or_default();
            return Ok(json!({ "sha": world.push(project, iid, &message, Vec::new(), now)? }));
        }
        "force_push_back" => world.force_push_back(project, iid, &text(body, "sha")?, now)?,
        "title" => edit.title = Some(text(body, "value")?),
        "description" => edit.description = Some(text(body, "value")?),
        "target_branch" => edit.target_branch = Some(text(body, "value")?),
        "labels" => edit.labels = Some(list(body, "value")),
        "close" => world.close(project, iid, author, now)?,
        "reopen" => world.reopen(project, iid, author, now)?,
        "merge" => world.merge(project, iid, author, body["forced"] == true, now)?,
        "auto_merge" => world.set_auto_merge(project, iid, truth(body, "on")?, now)?,
        "approve" | "unapprove" => {
            let user = world.user_named(&maybe(body, "user").unwrap_or_else(|| "rita-review".into()));
            match action {
                "approve" => world.approve(project, iid, user, now)?,
                _ => world.unapprove(project, iid, user, now)?,
            }
        }
        "retry" => world.retry(project, iid, rule(body)?, author, now)?,
        "answer" => {
            let rule = rule(body)?;
            world.project(project)?.rule(rule)?;
            let status = Status::from_word(&text(body, "status")?);
            let status = status.ok_or_else(|| Trouble::Bad("status does not have a valid value".into()))?;
            let user = world.user_named(&maybe(body, "user").unwrap_or_else(|| "some-developer".into()));
            let head = world.merge_request(project, iid)?.head.clone();
            world.insert_row((project, iid, rule), &head, status, (Source::Api, user), now)?;
        }
        _ => return Err(Trouble::Missing(format!("a merge request cannot {action}"))),
    }
    world.edit(project, iid, edit, author, now)?;
    Ok(json!({}))
}

fn fault(inner: &Inner, body: &Value) -> Done {
    let number = |name: &str, standard: u64| body[name].as_u64().unwrap_or(standard);
    let fault = match body["fault"].as_str() {
        None | Some("none") => None,
        Some("down") => Some(Fault::Down),
        Some("slow") => Some(Fault::Slow(Duration::from_millis(number("milliseconds", 5_000)))),
        Some("rate_limited") => {
            Some(Fault::RateLimited { retry_after_seconds: number("retry_after_seconds", 30) })
        }
        Some("server_error") => Some(Fault::ServerError),
        Some("drop_connection") => Some(Fault::DropConnection),
        Some("drop_after_work") => Some(Fault::DropAfterWork),
        Some("unlicensed") => Some(Fault::Unlicensed),
        Some("token_revoked") => Some(Fault::TokenRevoked),
        Some("forbidden") => Some(Fault::Forbidden),
        Some("no_route") => Some(Fault::NotGitLab(u16::try_from(number("status", 404)).unwrap_or(404))),
        Some("head_moves") => Some(Fault::HeadMoves),
        Some(other) => return Err(Trouble::Bad(format!("there is no fault {other}"))),
    };
    lock(&inner.faults).set(fault, body["requests"].as_u64());
    Ok(json!({}))
}

async fn calls(inner: &Arc<Inner>, body: &Value) -> Done {
    let outgoing = &inner.outgoing;
    let count = |name: &str| body[name].as_u64().and_then(|count| usize::try_from(count).ok());
    if let Some(count) = count("drop_next") {
        outgoing.drop_next(count);
    }
    if let Some(count) = count("duplicate_next") {
        outgoing.duplicate_next(count);
    }
    if let Some(paused) = body["paused"].as_bool() {
        outgoing.pause(inner, paused);
    }
    match &body["release"] {
        Value::Array(ids) => {
            let ids: Vec<_> = ids.iter().filter_map(Value::as_u64).collect();
            outgoing.release_in_order(inner, &ids).await;
        }
        Value::String(order) if order == "reversed" => {
            let ids: Vec<_> = outgoing.held().iter().rev().map(|call| call.id).collect();
            outgoing.release_in_order(inner, &ids).await;
        }
        _ => {}
    }
    Ok(json!({}))
}

fn number(text: &str) -> Result<i64, Trouble> {
    text.parse().map_err(|_| Trouble::Missing(format!("{text} is no id")))
}

fn rule(body: &Value) -> Result<i64, Trouble> {
    body["rule"].as_i64().ok_or_else(|| Trouble::Bad("rule is missing".into()))
}

fn truth(body: &Value, name: &str) -> Result<bool, Trouble> {
    body[name].as_bool().ok_or_else(|| Trouble::Bad(format!("{name} is missing")))
}

fn maybe(body: &Value, name: &str) -> Option<String> {
    body[name].as_str().filter(|text| !text.is_empty()).map(Into::into)
}

fn text(body: &Value, name: &str) -> Result<String, Trouble> {
    maybe(body, name).ok_or_else(|| Trouble::Bad(format!("{name} is missing")))
}

fn list(body: &Value, name: &str) -> Vec<String> {
    let items = body[name].as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(Into::into).collect()
}
