//! Deliveries that failed: found, looked at, and queued again.

use diesel::prelude::*;

use super::deliveries::{of, touch};
use super::reach::within;
use super::schema::{delivery, status_check};
use super::trouble::REFUSALS;
use super::{Conn, DbError};
use crate::domain::access::Reach;
use crate::domain::{DeliveryState, Time};

/// Has a delivery sent now that failed, or that waits for its time and is not on its way; `None` if there is no such
/// delivery, `Some(false)` if it is neither.
///
/// # Errors
/// The database's.
pub fn retry(conn: &mut Conn, id: &str, now: Time) -> Result<Option<bool>, DbError> {
    let check: Option<String> = delivery::table.find(id).select(delivery::check_id).first(conn).optional()?;
    let Some(check) = check else { return Ok(None) };
    let changed = diesel::update(
        delivery::table
            .find(id)
            .filter(delivery::state.eq_any([DeliveryState::Failed.as_str(), DeliveryState::Pending.as_str()]))
            .filter(delivery::lease_until.is_null().or(delivery::lease_until.lt(now.to_string()))),
    )
    .set((
        delivery::state.eq(DeliveryState::Pending.as_str()),
        delivery::due_at.eq(now.to_string()),
        delivery::updated_at.eq(now.to_string()),
    ))
    .execute(conn)?;
    if changed == 1 {
        touch(conn, &check, now)?;
    }
    Ok(Some(changed == 1))
}

/// Whether a delivery exists whose check is within the reach.
///
/// # Errors
/// The database's.
pub fn is_within(conn: &mut Conn, id: &str, reach: &Reach) -> Result<bool, DbError> {
    let found: Option<String> = delivery::table
        .inner_join(status_check::table.on(status_check::id.eq(delivery::check_id)))
        .filter(delivery::id.eq(id))
        .filter(within(reach, "status_check.project_id"))
        .select(delivery::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// What a delivery belongs to: our ids.
#[derive(Clone, Debug, Queryable)]
pub struct Owners {
    /// The connection it goes to.
    pub connection_id: String,
    /// The rule it answers.
    pub rule_id: String,
    /// The check it tells of.
    pub check_id: String,
    /// The check's project.
    pub project_id: String,
}

/// What a delivery belongs to.
///
/// # Errors
/// The database's.
pub fn owners(conn: &mut Conn, id: &str) -> Result<Owners, DbError> {
    Ok(delivery::table
        .inner_join(status_check::table.on(status_check::id.eq(delivery::check_id)))
        .filter(delivery::id.eq(id))
        .select((delivery::connection_id, delivery::rule_id, delivery::check_id, status_check::project_id))
        .first(conn)?)
}

/// The oldest delivery of a broken connection, or one of its rules, that failed because of it.
///
/// # Errors
/// The database's.
pub fn oldest_refused(
    conn: &mut Conn,
    connection_id: &str,
    rule_id: Option<&str>,
) -> Result<Option<String>, DbError> {
    Ok(of(connection_id, rule_id)
        .filter(delivery::state.eq(DeliveryState::Failed.as_str()))
        .filter(delivery::http_status.eq_any(REFUSALS))
        .order(delivery::created_at.asc())
        .select(delivery::id)
        .first(conn)
        .optional()?)
}

/// Queues everything again that failed because its connection (or rule) was broken; returns how
/// many. What is to be recorded of that is recorded before: others hold the record when they change deliveries
/// ([`super::events::hold`]), and on PostgreSQL the two would wait for each other.
///
/// # Errors
/// The database's.
pub fn resume(
    conn: &mut Conn,
    connection_id: &str,
    rule_id: Option<&str>,
    now: Time,
) -> Result<usize, DbError> {
    let refused = delivery::state
        .eq(DeliveryState::Failed.as_str())
        .and(delivery::http_status.eq_any(REFUSALS))
        .and(delivery::connection_id.eq(connection_id));
    let again = (
        delivery::state.eq(DeliveryState::Pending.as_str()),
        delivery::due_at.eq(now.to_string()),
        delivery::updated_at.eq(now.to_string()),
    );
    Ok(match rule_id {
        Some(rule_id) => {
            diesel::update(delivery::table.filter(refused).filter(delivery::rule_id.eq(rule_id)))
                .set(again)
                .execute(conn)?
        }
        None => diesel::update(delivery::table.filter(refused)).set(again).execute(conn)?,
    })
}
