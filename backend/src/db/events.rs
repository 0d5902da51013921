//! The record: appended in the transaction of the act, read in order.

use diesel::prelude::*;

use super::reach::within;
use super::schema::{event, event_counter, instance};
use super::{Conn, DbError};
use crate::domain::Time;
use crate::domain::access::Caller;
use crate::domain::audit::{self, Content};
use crate::domain::record::{Event, EventKind, NewEvent};

#[derive(Queryable, Selectable)]
#[diesel(table_name = event)]
struct Row {
    id: i64,
    at: String,
    kind: String,
    check_id: Option<String>,
    project_id: Option<String>,
    actor: String,
    account_id: Option<String>,
    summary: String,
}

fn read(row: Row) -> Result<Event, DbError> {
    let Row { id, at, kind, check_id, project_id, actor, account_id, summary } = row;
    // While a newer version serves beside this one: something about a check, as far as this version can tell.
    let kind = EventKind::parse(&kind).unwrap_or(EventKind::CheckUpdated);
    Ok(Event { id, at, kind, check_id, project_id, actor, account_id, summary })
}

/// The end of the record: a number and the hash of the entry that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The newest entry's number; 0 if there is none.
    pub id: i64,
    /// Its hash; the genesis if there is none.
    pub hash: String,
}

/// Holds everybody else who writes to the record until this transaction ends, for whoever first changes what others change
/// after they have written to it. SQLite has one writer anyway.
///
/// # Errors
/// The database's.
pub fn hold(conn: &mut Conn) -> Result<(), DbError> {
    match conn {
        Conn::Sqlite(_) => {}
        Conn::Postgres(pg) => {
            event_counter::table.find(1).select(event_counter::last).for_update().first::<i64>(pg)?;
        }
    }
    Ok(())
}

/// Appends an event, chained to the one before; returns the record's new end. Numbers become
/// visible in order: whoever takes one holds the counter until the commit.
///
/// # Errors
/// The database's.
pub fn append(conn: &mut Conn, new: &NewEvent, at: Time) -> Result<Head, DbError> {
    let counter = event_counter::table.find(1).select((event_counter::last, event_counter::head));
    let (last, head): (i64, String) = match conn {
        // Its transactions hold the database from their beginning.
        Conn::Sqlite(sqlite) => counter.first(sqlite)?,
        Conn::Postgres(pg) => counter.for_update().first(pg)?,
    };
    let previous = if head.is_empty() { audit::genesis(&instance_id(conn)?) } else { head };
    let mut data = new.data.clone();
    if let (Some(facts), Some(token)) = (data.as_object_mut(), &new.actor.token_id) {
        facts.insert("by_token".into(), token.as_str().into());
    }
    let (id, at, data) = (last + 1, at.to_string(), data.to_string());
    let content = Content {
        id,
        at: &at,
        kind: new.kind.as_str(),
        check_id: new.check_id.as_deref(),
        project_id: new.project_id.as_deref(),
        actor: &new.actor.name,
        account_id: new.actor.account_id.as_deref(),
        via: &new.actor.via,
        summary: &new.summary,
        data: &data,
    };
    let hash = content.hash(&previous);
    diesel::insert_into(event::table)
        .values((
            event::id.eq(content.id),
            event::at.eq(content.at),
            event::kind.eq(content.kind),
            event::check_id.eq(content.check_id),
            event::project_id.eq(content.project_id),
            event::actor.eq(content.actor),
            event::account_id.eq(content.account_id),
            event::via.eq(content.via),
            event::summary.eq(content.summary),
            event::data.eq(content.data),
            event::previous_hash.eq(&previous),
            event::hash.eq(&hash),
        ))
        .execute(conn)?;
    diesel::update(event_counter::table.find(1))
        .set((event_counter::last.eq(id), event_counter::head.eq(&hash)))
        .execute(conn)?;
    Ok(Head { id, hash })
}

/// The id of this instance, with which its record begins.
///
/// # Errors
/// The database's.
pub fn instance_id(conn: &mut Conn) -> Result<String, DbError> {
    Ok(instance::table.select(instance::id).first(conn)?)
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
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// Up to `limit` events after number `after` that a caller may hear, in order: those within their reach, and of those
/// that belong to no project what they did themselves, or all of it if they may see everything else.
///
/// # Errors
/// The database's.
pub fn after_within(conn: &mut Conn, after: i64, limit: i64, caller: &Caller) -> Result<Vec<Event>, DbError> {
    let theirs = event::project_id.is_not_null().and(within(&caller.reach, "event.project_id"));
    let of_nobody = event::project_id.is_null();
    let mut query = event::table.into_boxed().filter(event::id.gt(after));
    query = if caller.sees_everything_else() {
        query.filter(theirs.or(of_nobody))
    } else if let Some(own) = caller.own_account() {
        query.filter(theirs.or(of_nobody.and(event::account_id.eq(own).assume_not_null())))
    } else {
        query.filter(theirs)
    };
    let rows: Vec<Row> = query.order(event::id.asc()).limit(limit).select(Row::as_select()).load(conn)?;
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
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().rev().map(read).collect()
}
