//! Carries out what the domain decided about a check: its new state and its effects, inside the
//! caller's transaction.

use serde_json::json;

use crate::db::checks::{self, CheckRow, Decided};
use crate::db::deliveries::{self, NewDelivery};
use crate::db::{Conn, DbError, decisions, events, notes, shown};
use crate::domain::check::{Effect, Happening, Step};
use crate::domain::ids::{ConnectionId, short_sha};
use crate::domain::record::{Actor, EventKind, NewEvent};
use crate::domain::{CheckState, GitLabStatus, Time};

/// Why a step happens, for the record.
pub struct Cause<'a> {
    /// Who acted; `None` for GitLab or the app itself, by what happened.
    pub actor: Option<&'a Actor>,
    /// Who made the decision, if this step is one.
    pub decided_by: Option<&'a str>,
    /// What to say on the check's page from now on.
    pub notice: Option<&'a str>,
    /// More facts for machines.
    pub data: serde_json::Value,
}

/// Stores a step and carries out its effects. `row` holds everything but the new state.
///
/// # Errors
/// The database's.
pub fn take(
    conn: &mut Conn,
    connection_id: &ConnectionId,
    row: &mut CheckRow,
    step: &Step,
    cause: &Cause<'_>,
    now: Time,
) -> Result<(), DbError> {
    let moved = row.check != step.check;
    row.check = step.check;
    if step.effects.iter().any(|effect| matches!(effect, Effect::Tell(_) | Effect::Forget)) {
        events::hold(conn)?;
    }
    for effect in &step.effects {
        match effect {
            Effect::Tell(status) => {
                let new = NewDelivery {
                    check_id: row.id.as_str(),
                    connection_id: connection_id.as_str(),
                    rule_id: &row.rule_id,
                    status: *status,
                    sha: &row.sha,
                };
                deliveries::enqueue(conn, &new, now)?;
            }
            Effect::Forget => deliveries::forget(conn, row.id.as_str(), now)?,
            Effect::VoidDecisions => decisions::void(conn, row.id.as_str())?,
            Effect::Record(happening) => {
                if *happening == Happening::Voided {
                    row.round += 1;
                }
                if matches!(happening, Happening::Decided | Happening::Reversed | Happening::Voided) {
                    shown::expect_anew(conn, row.id.as_str())?;
                    if row.check.state == CheckState::Approved {
                        shown::approved(conn, row.id.as_str())?;
                    }
                }
                record(conn, row, *happening, cause, now)?;
            }
        }
    }
    if moved {
        let (request, rule) = (&row.merge_request_id, &row.rule_id);
        notes::want(conn, request, rule, connection_id.as_str(), cause.decided_by.is_some(), now)?;
    }
    if moved || !step.effects.is_empty() {
        let decided = match (cause.decided_by, row.check.standing) {
            (Some(who), _) => Decided::Now(who),
            (None, Some(_)) => Decided::Before,
            (None, None) => Decided::Not,
        };
        checks::save(conn, row, decided, cause.notice, now)?;
    }
    Ok(())
}

fn record(
    conn: &mut Conn,
    row: &CheckRow,
    happening: Happening,
    cause: &Cause<'_>,
    now: Time,
) -> Result<(), DbError> {
    let sha = commit(conn, row.id.as_str(), &row.sha)?;
    let (kind, actor, summary) = match happening {
        Happening::Superseded => {
            (EventKind::CheckSuperseded, Actor::gitlab(), format!("A newer commit replaced {sha}"))
        }
        Happening::Withdrawn => (
            EventKind::CheckWithdrawn,
            Actor::gitlab(),
            format!("{sha}: {}", cause.notice.unwrap_or("the merge request is no longer open")),
        ),
        Happening::Reopened => (
            EventKind::CheckReopened,
            Actor::gitlab(),
            format!("{sha} is to be decided again, or its decision counts again"),
        ),
        Happening::Voided => (
            EventKind::CheckVoided,
            Actor::gitlab(),
            format!(
                "The target branch is now {}; the decision for {sha} no longer counts",
                row.target_branch
            ),
        ),
        Happening::Decided => (EventKind::CheckDecided, Actor::app(), decided_text(conn, row, cause, "")?),
        Happening::Reversed => (
            EventKind::CheckDecided,
            Actor::app(),
            decided_text(conn, row, cause, ", reversing the earlier decision")?,
        ),
        Happening::Retried => {
            (EventKind::CheckRetried, Actor::gitlab(), format!("Retry was pressed in GitLab for {sha}"))
        }
        Happening::Resent => (
            EventKind::CheckRetried,
            Actor::app(),
            format!("GitLab did not show what it was told for {sha}; it is sent again"),
        ),
    };
    let mut data = json!({
        "sha": row.sha,
        "state": row.check.state.as_str(),
        "target_branch": row.target_branch,
        "round": row.round,
    });
    if let (Some(data), Some(more)) = (data.as_object_mut(), cause.data.as_object()) {
        data.extend(more.clone());
    }
    events::append(
        conn,
        &NewEvent::new(kind, cause.actor.cloned().unwrap_or(actor), summary, data)
            .of_check(row.id.as_str(), &row.project_id),
        now,
    )?;
    Ok(())
}

/// How the record names a check's commit, so that its entries speak for themselves: `66a5129b of group/project!7 for "Change approval"`.
///
/// # Errors
/// The database's.
pub fn commit(conn: &mut Conn, check_id: &str, sha: &str) -> Result<String, DbError> {
    let (reference, rule) = checks::names(conn, check_id)?;
    Ok(format!("{} of {reference} for {rule:?}", short_sha(sha)))
}

/// Who decided what, where, and why.
fn decided_text(conn: &mut Conn, row: &CheckRow, cause: &Cause<'_>, tail: &str) -> Result<String, DbError> {
    let verb = match row.check.state {
        CheckState::Approved => "approved",
        CheckState::Rejected => "rejected",
        CheckState::Pending | CheckState::Superseded | CheckState::Withdrawn => "decided",
    };
    let who = cause.actor.map_or("Somebody", |actor| &actor.name);
    let sha = commit(conn, row.id.as_str(), &row.sha)?;
    let why = match cause.data["comment"].as_str() {
        None | Some("") => String::new(),
        Some(comment) => format!(": {comment}"),
    };
    Ok(format!("{who} {verb} {sha}{tail}{why}"))
}

/// What GitLab should show for a check in this state; `None` where the app has nothing to say.
#[must_use]
pub fn expected(state: CheckState) -> Option<GitLabStatus> {
    match state {
        CheckState::Approved => Some(GitLabStatus::Passed),
        CheckState::Rejected => Some(GitLabStatus::Failed),
        CheckState::Pending | CheckState::Superseded | CheckState::Withdrawn => None,
    }
}
