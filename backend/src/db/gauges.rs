//! Numbers about what the database holds, for metrics; each is answered by an index.

use diesel::prelude::*;

use super::calls::CallState;
use super::schema::{connection, delivery, received_call, rule, status_check};
use super::{Conn, DbError, batches, word};
use crate::domain::{CheckState, DeliveryState, Time};
use crate::metrics::Stored;

/// Reads them as of `now`.
///
/// # Errors
/// The database's.
pub fn stored(conn: &mut Conn, now: Time) -> Result<Stored, DbError> {
    let age = |at: Option<String>| {
        let at = at.as_deref().map(super::time).transpose()?;
        Ok::<_, DbError>(at.map_or(0.0, |at| now.since(at).as_secs_f64()))
    };
    let (calls_waiting, oldest_call) = calls(conn)?;
    let (deliveries_waiting, oldest_delivery) = deliveries(conn)?;
    Ok(Stored {
        checks: checks(conn)?,
        oldest_pending: age(status_check::table
            .filter(status_check::state.eq(CheckState::Pending.as_str()))
            .order((status_check::received_at.asc(), status_check::id.asc()))
            .select(status_check::received_at)
            .first(conn)
            .optional()?)?,
        undecided_passes: status_check::table
            .filter(status_check::undecided_pass)
            .count()
            .get_result(conn)?,
        calls_waiting,
        oldest_call: age(oldest_call)?,
        calls_set_aside: received_call::table
            .filter(received_call::state.eq(CallState::SetAside.as_str()))
            .count()
            .get_result(conn)?,
        deliveries_waiting,
        oldest_delivery: age(oldest_delivery)?,
        deliveries_failed: delivery::table
            .filter(delivery::state.eq(DeliveryState::Failed.as_str()))
            .count()
            .get_result(conn)?,
        connection_broken: connection::table
            .filter(connection::broken_reason.is_not_null())
            .count()
            .get_result::<i64>(conn)?
            > 0,
        rules_broken: rule::table.filter(rule::broken_reason.is_not_null()).count().get_result(conn)?,
    })
}

fn checks(conn: &mut Conn) -> Result<Vec<(CheckState, i64)>, DbError> {
    let rows: Vec<(String, i64)> = status_check::table
        .group_by(status_check::state)
        .select((status_check::state, diesel::dsl::count_star()))
        .load(conn)?;
    rows.into_iter().map(|(state, count)| Ok((word(&state, CheckState::parse)?, count))).collect()
}

/// Those in batches have no row of their own yet.
fn calls(conn: &mut Conn) -> Result<(i64, Option<String>), DbError> {
    let waits = received_call::state.eq(CallState::Stored.as_str());
    let own: i64 = received_call::table.filter(waits).count().get_result(conn)?;
    let first: Option<String> = received_call::table
        .filter(waits)
        .order((received_call::due_at.asc(), received_call::id.asc()))
        .select(received_call::received_at)
        .first(conn)
        .optional()?;
    let batched = batches::waiting(conn, i64::MAX)?;
    Ok((own + batched, first.into_iter().chain(batches::oldest(conn)?).min()))
}

fn deliveries(conn: &mut Conn) -> Result<(i64, Option<String>), DbError> {
    let waits = delivery::state.eq(DeliveryState::Pending.as_str());
    let count: i64 = delivery::table.filter(waits).count().get_result(conn)?;
    let oldest: Option<Option<String>> = delivery::table
        .filter(waits)
        .select(diesel::dsl::min(delivery::created_at))
        .first(conn)
        .optional()?;
    Ok((count, oldest.flatten()))
}
