//! The record: appended in the transaction of the act, read in order.

use diesel::prelude::*;

use super::schema::{event, event_counter};
use super::{Conn, DbError, word};
use crate::domain::Time;
use crate::domain::record::{Event, EventKind, NewEvent};

type Row = (i64, String, String, Option<String>, String, String);

fn columns() -> (event::id, event::at, event::kind, event::check_id, event::actor, event::summary) {
    (event::id, event::at, event::kind, event::check_id, event::actor, event::summary)
}

fn read(row: Row) -> Result<Event, DbError> {
    let (id, at, kind, check_id, actor, summary) = row;
    Ok(Event { id, at, kind: word(&kind, EventKind::parse)?, check_id, actor, summary })
}

/// Appends an event; returns its number. Numbers become visible in order.
///
/// # Errors
/// The database's.
pub fn append(conn: &mut Conn, new: &NewEvent, at: Time) -> Result<i64, DbError> {
    diesel::update(event_counter::table.find(1))
        .set(event_counter::last.eq(event_counter::last + 1))
        .execute(conn)?;
    let id: i64 = event_counter::table.find(1).select(event_counter::last).first(conn)?;
    diesel::insert_into(event::table)
        .values((
            event::id.eq(id),
            event::at.eq(at.to_string()),
            event::kind.eq(new.kind.as_str()),
            event::check_id.eq(new.check_id.as_deref()),
            event::actor.eq(&new.actor),
            event::summary.eq(&new.summary),
            event::data.eq(new.data.to_string()),
        ))
        .execute(conn)?;
    Ok(id)
}

/// The number of the newest event; 0 if there is none.
///
/// # Errors
/// The database's.
pub fn newest(conn: &mut Conn) -> Result<i64, DbError> {
    Ok(event_counter::table.find(1).select(event_counter::last).first(conn)?)
}

/// Up to `limit` events after number `after`, in order.
///
/// # Errors
/// The database's.
pub fn after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Event>, DbError> {
    let rows: Vec<Row> = event::table
        .filter(event::id.gt(after))
        .order(event::id.asc())
        .limit(limit)
        .select(columns())
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// The newest `limit` events of a check, oldest first.
///
/// # Errors
/// The database's.
pub fn of_check(conn: &mut Conn, check_id: &str, limit: i64) -> Result<Vec<Event>, DbError> {
    let rows: Vec<Row> = event::table
        .filter(event::check_id.eq(check_id))
        .order(event::id.desc())
        .limit(limit)
        .select(columns())
        .load(conn)?;
    rows.into_iter().rev().map(read).collect()
}
