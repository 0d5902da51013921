//! What follows from GitLab's answer to a delivery.

use std::time::Duration;

use serde_json::json;

use super::compare::{ARRIVES_WITHIN, SETTLED_AFTER};
use super::{observe, probe, steps};
use crate::db::sending::ClaimedDelivery;
use crate::db::{Conn, DbError, deliveries, events, merge_requests, redelivery, shown, trouble};
use crate::domain::Time;
use crate::domain::delivery::{Answer, Meaning};
use crate::domain::ids::ConnectionId;
use crate::domain::record::{Actor, EventKind, NewEvent};

/// What GitLab shows for a new merge request is looked at so long after the decision: its own pending row may have come later. See
/// [`SETTLED_AFTER`].
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// Does what follows. The rows of the connection and of the rule come before the record, whose counter all hold until they
/// commit: in another order two of these could wait for each other.
///
/// # Errors
/// The database's.
pub(super) fn follow(
    conn: &mut Conn,
    sent: &ClaimedDelivery,
    answer: &Answer,
    now: Time,
) -> Result<(), DbError> {
    let error = answer.error.as_deref().unwrap_or("GitLab refused");
    match answer.meaning {
        Meaning::Accepted => accepted(conn, sent, now),
        Meaning::Superseded => merge_requests::want_refresh(conn, &sent.merge_request_id, now),
        Meaning::Gone => {
            let connection = ConnectionId::stored(sent.connection_id.clone());
            observe::vanished(conn, &connection, sent.project, sent.iid, now)
        }
        Meaning::ConnectionBroken => connection_broken(conn, sent, error, now),
        Meaning::Unlicensed => {
            let why = "the project has no Ultimate licence; the token is accepted";
            rule_broken(conn, sent, &format!("{error}: {why}"), now)
        }
        Meaning::RuleBroken => {
            let why = "the token needs the role Developer on the project and the scope api, or the status check was deleted in GitLab";
            rule_broken(conn, sent, &format!("{error}: {why}"), now)
        }
        Meaning::Refused => failed(conn, sent, error, now),
        Meaning::Later(_) => Ok(()),
    }
}

fn accepted(conn: &mut Conn, sent: &ClaimedDelivery, now: Time) -> Result<(), DbError> {
    let of_connection = trouble::set_connection_trouble(conn, &sent.connection_id, None, None, now)?;
    let of_rule = trouble::set_rule_trouble(conn, &sent.rule_id, None, None, now)?;
    let commit = steps::commit(conn, &sent.check_id, &sent.sha)?;
    let told = format!("GitLab was told {} for {commit}", sent.status.as_str());
    record(conn, sent, EventKind::DeliveryDelivered, told, now)?;
    // GitLab's own row of a new merge request, or an earlier answer that was not heard of, may come after this one; and where
    // somebody had let it pass behind our back, the alarm is to end.
    let settling = now < merge_requests::first_seen(conn, &sent.merge_request_id)?.after(SETTLED_AFTER);
    if settling || may_be_replaced(conn, sent, now)? || shown::undecided_pass(conn, &sent.check_id)?.alarm {
        merge_requests::want_refresh_at(conn, &sent.merge_request_id, now.after(LOOK_AFTER), now)?;
    }
    if of_rule {
        probe::restored(conn, Some(&sent.project_id), "The rule works again; what it kept is sent", now)?;
    }
    if of_connection {
        probe::restored(conn, None, "The connection to GitLab works again; what it kept is sent", now)?;
    }
    if of_connection || of_rule {
        let rule = Some(sent.rule_id.as_str()).filter(|_| !of_connection);
        redelivery::resume(conn, &sent.connection_id, rule, now)?;
    }
    Ok(())
}

fn connection_broken(conn: &mut Conn, sent: &ClaimedDelivery, error: &str, now: Time) -> Result<(), DbError> {
    let reason = format!("{error}: the token is not accepted");
    let probe = Some(now.after(probe::EVERY));
    if trouble::set_connection_trouble(conn, &sent.connection_id, Some(&reason), probe, now)? {
        record(conn, sent, EventKind::ConnectionBroken, format!("Telling GitLab stopped: {reason}"), now)?;
    }
    failed(conn, sent, &reason, now)
}

fn rule_broken(conn: &mut Conn, sent: &ClaimedDelivery, reason: &str, now: Time) -> Result<(), DbError> {
    let probe = Some(now.after(probe::EVERY));
    if trouble::set_rule_trouble(conn, &sent.rule_id, Some(reason), probe, now)? {
        record(
            conn,
            sent,
            EventKind::ConnectionBroken,
            format!("Telling GitLab stopped for this rule: {reason}"),
            now,
        )?;
    }
    failed(conn, sent, reason, now)?;
    // If the rule is gone, reading the merge request says so and withdraws the check.
    merge_requests::want_refresh(conn, &sent.merge_request_id, now)
}

/// Whether an earlier request of this check got no answer and may still be done by GitLab.
fn may_be_replaced(conn: &mut Conn, sent: &ClaimedDelivery, now: Time) -> Result<bool, DbError> {
    let Some(newest) = deliveries::newest_of(conn, &sent.check_id)? else { return Ok(false) };
    let unanswered = deliveries::unanswered_before(conn, &sent.check_id, &newest)?;
    Ok(unanswered.is_some_and(|at| now < at.after(ARRIVES_WITHIN)))
}

fn failed(conn: &mut Conn, sent: &ClaimedDelivery, why: &str, now: Time) -> Result<(), DbError> {
    let commit = steps::commit(conn, &sent.check_id, &sent.sha)?;
    record(conn, sent, EventKind::DeliveryFailed, format!("{commit}: {why}"), now)
}

fn record(
    conn: &mut Conn,
    sent: &ClaimedDelivery,
    kind: EventKind,
    summary: String,
    now: Time,
) -> Result<(), DbError> {
    let event = NewEvent::new(
        kind,
        Actor::app(),
        summary,
        json!({"delivery": sent.id, "status": sent.status.as_str(), "sha": sent.sha}),
    )
    .of_check(&sent.check_id, &sent.project_id);
    events::append(conn, &event, now)?;
    Ok(())
}
