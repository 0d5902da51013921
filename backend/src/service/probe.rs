//! What is broken is tried with one delivery now and then, and counts as working again when that is accepted.

use std::time::Duration;

use serde_json::json;

use crate::db::{Conn, DbError, deliveries, events, redelivery, sending, trouble};
use crate::domain::Time;
use crate::domain::ids::ConnectionId;
use crate::domain::record::{Actor, EventKind, NewEvent};

/// A broken connection or rule is tried this often. [`trouble`] knows when sooner.
pub(super) const EVERY: Duration = Duration::from_secs(600);

/// What a connection may send now; with it the broken rules that may be tried.
pub(super) enum Probe {
    /// It works.
    NotNeeded(Vec<String>),
    /// It is broken, and one delivery finds out whether it still is.
    One(Vec<String>),
    /// It is broken, and nothing may be sent before then.
    NotBefore(Option<Time>),
}

/// Finds out what may be tried, and queues the oldest refused delivery of that again; the next oldest the next time, if that one
/// has to wait for something else. Where there is none, what waits is tried. Without that either, a broken rule counts as
/// working until the next refusal; whether a connection works is found out by reading, too ([`super::connection`]).
pub(super) fn due(conn: &mut Conn, connection: &ConnectionId, now: Time) -> Result<Probe, DbError> {
    let id = connection.as_str();
    let mut probing = false;
    if let Some(at) = trouble::connection_probe(conn, id)? {
        if at > now {
            return Ok(Probe::NotBefore(Some(at)));
        }
        if sending::is_any_on_its_way(conn, id, None, now)? {
            return Ok(Probe::NotBefore(None));
        }
        probing = queue(conn, id, None, now)?;
        if !probing {
            // Nothing is there to try. Reading finds out as well.
            let again_at = now.after(EVERY);
            trouble::postpone_connection_probe(conn, id, again_at)?;
            return Ok(Probe::NotBefore(Some(again_at)));
        }
    }
    let mut rules = Vec::new();
    for (rule, project) in trouble::due_rule_probes(conn, connection, now)? {
        if sending::is_any_on_its_way(conn, id, Some(&rule), now)? {
            continue;
        }
        if queue(conn, id, Some(&rule), now)? {
            rules.push(rule);
        } else {
            trouble::set_rule_trouble(conn, &rule, None, None, now)?;
            restored(conn, Some(&project), "Nothing is left that the broken rule keeps", now)?;
        }
    }
    Ok(if probing { Probe::One(rules) } else { Probe::NotNeeded(rules) })
}

/// Makes sure that something is there to try; `false` if there is nothing.
fn queue(conn: &mut Conn, connection: &str, rule: Option<&str>, now: Time) -> Result<bool, DbError> {
    match redelivery::oldest_refused(conn, connection, rule)? {
        Some(delivery) => redelivery::retry(conn, &delivery, now).map(|queued| queued.is_some()),
        None => deliveries::is_any_pending(conn, connection, rule),
    }
}

/// Marks a connection as broken and records it, unless it is so already.
pub(super) fn broken(
    conn: &mut Conn,
    connection: &ConnectionId,
    reason: &str,
    now: Time,
) -> Result<(), DbError> {
    if !trouble::set_connection_trouble(conn, connection.as_str(), Some(reason), Some(now.after(EVERY)), now)?
    {
        return Ok(());
    }
    let event = NewEvent::new(
        EventKind::ConnectionBroken,
        Actor::app(),
        format!("Telling GitLab stopped: {reason}"),
        json!({}),
    );
    events::append(conn, &event, now)?;
    Ok(())
}

/// Records that something works again.
pub(super) fn restored(
    conn: &mut Conn,
    project_id: Option<&str>,
    summary: &str,
    now: Time,
) -> Result<(), DbError> {
    let event = NewEvent::new(EventKind::ConnectionRestored, Actor::app(), summary.into(), json!({}));
    let event = match project_id {
        Some(id) => event.of_project(id),
        None => event,
    };
    events::append(conn, &event, now)?;
    Ok(())
}
