//! What keeps a connection or a rule from working, and when it is tried again.

use std::time::Duration;

use diesel::prelude::*;

use super::deliveries::of;
use super::redelivery::oldest_refused;
use super::schema::{connection, delivery, project, rule};
use super::{Conn, DbError, time};
use crate::domain::ids::ConnectionId;
use crate::domain::{DeliveryState, Time};

/// Where there is something new to try, a broken connection or rule is tried so long after it was refused.
const SOON: Duration = Duration::from_secs(30);

/// The answers that break a connection or a rule.
pub(super) const REFUSALS: [Option<i64>; 3] = [Some(401), Some(403), Some(404)];

/// Why the connection does not work; `None` if it does as far as is known.
///
/// # Errors
/// The database's.
pub fn connection_trouble(conn: &mut Conn, id: &str) -> Result<Option<String>, DbError> {
    Ok(connection::table.find(id).select(connection::broken_reason).first(conn)?)
}

/// Marks a connection as broken (`reason`) or working (`None`); `false` if it was so already.
///
/// # Errors
/// The database's.
pub fn set_connection_trouble(
    conn: &mut Conn,
    id: &str,
    reason: Option<&str>,
    probe_at: Option<Time>,
    now: Time,
) -> Result<bool, DbError> {
    let was = connection_trouble(conn, id)?;
    if was.is_none() && reason.is_none() {
        // Nearly always; the row is not held then.
        return Ok(false);
    }
    diesel::update(connection::table.find(id))
        .set((
            connection::broken_reason.eq(reason),
            connection::probe_at.eq(probe_at.map(|at| at.to_string())),
            connection::updated_at.eq(now.to_string()),
        ))
        .execute(conn)?;
    Ok(was.is_some() != reason.is_some())
}

/// Puts off the next probe of a broken connection.
///
/// # Errors
/// The database's.
pub fn postpone_connection_probe(conn: &mut Conn, id: &str, at: Time) -> Result<(), DbError> {
    diesel::update(connection::table.find(id).filter(connection::broken_reason.is_not_null()))
        .set(connection::probe_at.eq(at.to_string()))
        .execute(conn)?;
    Ok(())
}

/// Marks a rule as broken (`reason`) or working (`None`); `false` if it was so already.
///
/// # Errors
/// The database's.
pub fn set_rule_trouble(
    conn: &mut Conn,
    id: &str,
    reason: Option<&str>,
    probe_at: Option<Time>,
    now: Time,
) -> Result<bool, DbError> {
    let was: Option<String> = rule::table.find(id).select(rule::broken_reason).first(conn)?;
    if was.is_none() && reason.is_none() {
        return Ok(false);
    }
    diesel::update(rule::table.find(id))
        .set((
            rule::broken_reason.eq(reason),
            rule::probe_at.eq(probe_at.map(|at| at.to_string())),
            rule::updated_at.eq(now.to_string()),
        ))
        .execute(conn)?;
    Ok(was.is_some() != reason.is_some())
}

/// The broken rules of a connection that may be probed now: their ids, and those of their projects.
///
/// # Errors
/// The database's.
pub fn due_rule_probes(
    conn: &mut Conn,
    connection_id: &ConnectionId,
    now: Time,
) -> Result<Vec<(String, String)>, DbError> {
    let mut due = Vec::new();
    for (rule, project, planned, refused_at) in broken_rules(conn, connection_id)? {
        if probe_time(conn, connection_id.as_str(), Some(&rule), &planned, &refused_at)? <= now {
            due.push((rule, project));
        }
    }
    Ok(due)
}

/// When the next probe of a connection or one of its rules is due; `None` if nothing is broken.
///
/// # Errors
/// The database's.
pub fn next_probe(conn: &mut Conn, connection_id: &ConnectionId) -> Result<Option<String>, DbError> {
    let mut next = connection_probe(conn, connection_id.as_str())?;
    for (rule, _, planned, refused_at) in broken_rules(conn, connection_id)? {
        let at = probe_time(conn, connection_id.as_str(), Some(&rule), &planned, &refused_at)?;
        next = Some(next.map_or(at, |next| next.min(at)));
    }
    Ok(next.map(|at| at.to_string()))
}

/// When a broken connection may send one delivery as a probe.
///
/// # Errors
/// The database's.
pub fn connection_probe(conn: &mut Conn, id: &str) -> Result<Option<Time>, DbError> {
    let (planned, refused_at): (Option<String>, String) =
        connection::table.find(id).select((connection::probe_at, connection::updated_at)).first(conn)?;
    planned.map(|planned| probe_time(conn, id, None, &planned, &refused_at)).transpose()
}

/// A connection's broken rules: id, project, the planned probe, and the last refusal.
fn broken_rules(
    conn: &mut Conn,
    connection_id: &ConnectionId,
) -> Result<Vec<(String, String, String, String)>, DbError> {
    Ok(rule::table
        .inner_join(project::table.on(project::id.eq(rule::project_id)))
        .filter(project::connection_id.eq(connection_id.as_str()))
        .filter(rule::probe_at.is_not_null())
        .order(rule::id.asc())
        .select((rule::id, project::id, rule::probe_at.assume_not_null(), rule::updated_at))
        .load(conn)?)
}

/// When it is tried again: as planned as long as all there is to send is what was refused. It is tried [`SOON`] after the
/// refusal if nothing of that is left (the merge request was deleted, somebody decided otherwise), or more was queued since:
/// a new decision, a push, Retry in GitLab.
fn probe_time(
    conn: &mut Conn,
    connection_id: &str,
    rule_id: Option<&str>,
    planned: &str,
    refused_at: &str,
) -> Result<Time, DbError> {
    let planned = time(planned)?;
    let refused = oldest_refused(conn, connection_id, rule_id)?;
    let queued_since: Option<String> = of(connection_id, rule_id)
        .filter(delivery::state.eq(DeliveryState::Pending.as_str()))
        .filter(delivery::created_at.ge(refused_at))
        .select(delivery::id)
        .first(conn)
        .optional()?;
    if refused.is_some() && queued_since.is_none() {
        return Ok(planned);
    }
    Ok(planned.min(time(refused_at)?.after(SOON)))
}

/// Lets a connection and a rule be probed now, if they are broken.
///
/// # Errors
/// The database's.
pub fn probe(conn: &mut Conn, connection_id: &str, rule_id: &str, now: Time) -> Result<(), DbError> {
    let at = Some(now.to_string());
    diesel::update(connection::table.find(connection_id).filter(connection::broken_reason.is_not_null()))
        .set(connection::probe_at.eq(at.clone()))
        .execute(conn)?;
    diesel::update(rule::table.find(rule_id).filter(rule::broken_reason.is_not_null()))
        .set(rule::probe_at.eq(at))
        .execute(conn)?;
    Ok(())
}

/// Makes all probes due now: after a start the token may be another one.
///
/// # Errors
/// The database's.
pub fn probe_now(conn: &mut Conn, now: Time) -> Result<(), DbError> {
    let at = Some(now.to_string());
    diesel::update(connection::table.filter(connection::probe_at.is_not_null()))
        .set(connection::probe_at.eq(at.clone()))
        .execute(conn)?;
    diesel::update(rule::table.filter(rule::probe_at.is_not_null()))
        .set(rule::probe_at.eq(at))
        .execute(conn)?;
    Ok(())
}
