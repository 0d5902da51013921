//! Deliveries and their attempts, as the check page shows them.

use diesel::prelude::*;

use super::schema::{delivery, delivery_attempt as attempt};
use super::{Conn, DbError};

/// A delivery on record.
#[derive(Clone, Debug, Queryable)]
pub struct DeliveryRow {
    /// Our id.
    pub id: String,
    /// The check's id.
    pub check_id: String,
    /// What GitLab is told.
    pub status: String,
    /// For which commit.
    pub sha: String,
    /// Where it stands.
    pub state: String,
    /// Attempts so far.
    pub attempts: i64,
    /// When it is sent next.
    pub due_at: String,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was queued.
    pub created_at: String,
    /// When GitLab accepted it.
    pub delivered_at: Option<String>,
}

/// An attempt on record.
#[derive(Clone, Debug, Queryable)]
pub struct AttemptRow {
    /// The delivery's id.
    pub delivery_id: String,
    /// 1 for the first.
    pub number: i64,
    /// When it began.
    pub at: String,
    /// How long it took.
    pub duration_ms: i64,
    /// GitLab's HTTP status.
    pub http_status: Option<i64>,
    /// What went wrong.
    pub error: Option<String>,
}

/// The deliveries of a check, oldest first, with the newest `limit` attempts of each.
///
/// # Errors
/// The database's.
pub fn of_check(
    conn: &mut Conn,
    check_id: &str,
    limit: usize,
) -> Result<Vec<(DeliveryRow, Vec<AttemptRow>)>, DbError> {
    let rows: Vec<DeliveryRow> = delivery::table
        .filter(delivery::check_id.eq(check_id))
        .order(delivery::seq.asc())
        .select((
            delivery::id,
            delivery::check_id,
            delivery::status,
            delivery::sha,
            delivery::state,
            delivery::attempts,
            delivery::due_at,
            delivery::last_error,
            delivery::created_at,
            delivery::delivered_at,
        ))
        .load(conn)?;
    let mut result = Vec::with_capacity(rows.len());
    for row in rows {
        let mut log: Vec<AttemptRow> = attempt::table
            .filter(attempt::delivery_id.eq(&row.id))
            .order(attempt::number.desc())
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .select((
                attempt::delivery_id,
                attempt::number,
                attempt::at,
                attempt::duration_ms,
                attempt::http_status,
                attempt::error,
            ))
            .load(conn)?;
        log.reverse();
        result.push((row, log));
    }
    Ok(result)
}
