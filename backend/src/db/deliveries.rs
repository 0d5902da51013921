//! Deliveries: the outbox, in the same database and the same transactions as the decisions.

use diesel::prelude::*;

use super::schema::{connection, delivery, delivery_attempt as attempt, rule, status_check};
use super::{Conn, DbError, checks, time, word};
use crate::domain::ids::{ConnectionId, DeliveryId};
use crate::domain::{DeliveryState, GitLabStatus, Time};

/// A delivery to be queued.
#[derive(Debug)]
pub struct NewDelivery<'a> {
    /// The check's id.
    pub check_id: &'a str,
    /// The connection it goes to.
    pub connection_id: &'a str,
    /// The rule it answers.
    pub rule_id: &'a str,
    /// What GitLab is told.
    pub status: GitLabStatus,
    /// For which commit.
    pub sha: &'a str,
}

/// Queues a delivery as the check's newest. Older ones that nobody is sending become obsolete; one
/// that is on its way goes first, and the new one waits for its end.
///
/// # Errors
/// The database's.
pub fn enqueue(conn: &mut Conn, new: &NewDelivery<'_>, now: Time) -> Result<DeliveryId, DbError> {
    forget(conn, new.check_id, now)?;
    let newest: Option<i64> = delivery::table
        .filter(delivery::check_id.eq(new.check_id))
        .select(diesel::dsl::max(delivery::seq))
        .first(conn)?;
    let id = DeliveryId::generate();
    let at = now.to_string();
    diesel::insert_into(delivery::table)
        .values((
            delivery::id.eq(id.as_str()),
            delivery::check_id.eq(new.check_id),
            delivery::connection_id.eq(new.connection_id),
            delivery::rule_id.eq(new.rule_id),
            delivery::seq.eq(newest.unwrap_or(0) + 1),
            delivery::status.eq(new.status.as_str()),
            delivery::sha.eq(new.sha),
            delivery::state.eq(DeliveryState::Pending.as_str()),
            delivery::attempts.eq(0),
            delivery::due_at.eq(&at),
            delivery::created_at.eq(&at),
            delivery::updated_at.eq(&at),
        ))
        .execute(conn)?;
    diesel::update(status_check::table.find(new.check_id))
        .set(status_check::delivery_id.eq(Some(id.as_str())))
        .execute(conn)?;
    touch(conn, new.check_id, now)?;
    Ok(id)
}

/// A check changes with its deliveries: whoever compares `updated_at` sees that.
pub(super) fn touch(conn: &mut Conn, check_id: &str, now: Time) -> Result<(), DbError> {
    let at = checks::stamp(conn, check_id, now)?;
    diesel::update(status_check::table.find(check_id)).set(status_check::updated_at.eq(at)).execute(conn)?;
    Ok(())
}

/// Deliveries of a check that were neither accepted nor are on their way become obsolete.
///
/// # Errors
/// The database's.
pub fn forget(conn: &mut Conn, check_id: &str, now: Time) -> Result<(), DbError> {
    let at = now.to_string();
    diesel::update(
        delivery::table
            .filter(delivery::check_id.eq(check_id))
            .filter(delivery::state.eq_any([DeliveryState::Pending.as_str(), DeliveryState::Failed.as_str()]))
            .filter(delivery::lease_until.is_null().or(delivery::lease_until.lt(&at))),
    )
    .set((
        delivery::state.eq(DeliveryState::Obsolete.as_str()),
        delivery::lease_owner.eq(None::<String>),
        delivery::lease_until.eq(None::<String>),
        delivery::updated_at.eq(&at),
    ))
    .execute(conn)?;
    Ok(())
}

/// When a delivery was made.
///
/// # Errors
/// The database's.
pub fn made_at(conn: &mut Conn, id: &str) -> Result<Time, DbError> {
    let at: String = delivery::table.find(id).select(delivery::created_at).first(conn)?;
    time(&at)
}

/// The deliveries of a connection, or of one of its rules.
pub(super) fn of<'a>(
    connection_id: &'a str,
    rule_id: Option<&'a str>,
) -> delivery::BoxedQuery<'a, <Conn as Connection>::Backend> {
    let all = delivery::table.filter(delivery::connection_id.eq(connection_id)).into_boxed();
    match rule_id {
        Some(id) => all.filter(delivery::rule_id.eq(id)),
        None => all,
    }
}

/// Whether a connection, or one of its rules, has a delivery that is to be sent.
///
/// # Errors
/// The database's.
pub fn is_any_pending(conn: &mut Conn, connection_id: &str, rule_id: Option<&str>) -> Result<bool, DbError> {
    let pending = of(connection_id, rule_id).filter(delivery::state.eq(DeliveryState::Pending.as_str()));
    let first: Option<String> = pending.select(delivery::id).first(conn).optional()?;
    Ok(first.is_some())
}

/// When the next delivery of a connection is due, unless that or its rule is broken.
///
/// # Errors
/// The database's.
pub fn next_due(conn: &mut Conn, connection_id: &ConnectionId) -> Result<Option<String>, DbError> {
    Ok(delivery::table
        .inner_join(rule::table.on(rule::id.eq(delivery::rule_id)))
        .inner_join(connection::table.on(connection::id.eq(delivery::connection_id)))
        .filter(rule::broken_reason.is_null())
        .filter(connection::id.eq(connection_id.as_str()).and(connection::broken_reason.is_null()))
        .filter(delivery::state.eq(DeliveryState::Pending.as_str()))
        .order((delivery::due_at.asc(), delivery::id.asc()))
        .select(delivery::due_at)
        .first(conn)
        .optional()?)
}

/// A check's newest delivery, in short.
#[derive(Clone, Copy, Debug)]
pub struct Newest {
    /// What GitLab is told.
    pub status: GitLabStatus,
    /// Where it stands.
    pub state: DeliveryState,
    /// How many the check has had.
    pub number: u32,
    /// When it last changed.
    pub updated_at: Time,
}

/// The newest delivery of a check.
///
/// # Errors
/// The database's.
pub fn newest_of(conn: &mut Conn, check_id: &str) -> Result<Option<Newest>, DbError> {
    let row: Option<(String, String, i64, String)> = delivery::table
        .filter(delivery::check_id.eq(check_id))
        .order(delivery::seq.desc())
        .select((delivery::status, delivery::state, delivery::seq, delivery::updated_at))
        .first(conn)
        .optional()?;
    row.map(|(status, state, number, updated_at)| {
        Ok(Newest {
            status: word(&status, GitLabStatus::parse)?,
            state: word(&state, DeliveryState::parse)?,
            number: u32::try_from(number).unwrap_or(u32::MAX),
            updated_at: time(&updated_at)?,
        })
    })
    .transpose()
}

/// When a check's newest try began that got no answer, of deliveries before the newest one: GitLab may still do what that asked for.
///
/// # Errors
/// The database's.
pub fn unanswered_before(conn: &mut Conn, check_id: &str, newest: &Newest) -> Result<Option<Time>, DbError> {
    let at: Option<String> = delivery::table
        .inner_join(attempt::table.on(attempt::delivery_id.eq(delivery::id)))
        .filter(delivery::check_id.eq(check_id))
        .filter(delivery::seq.lt(i64::from(newest.number)))
        .filter(attempt::http_status.is_null())
        .select(diesel::dsl::max(attempt::at))
        .first(conn)?;
    at.map(|at| time(&at)).transpose()
}

/// Whether GitLab took a `passed` for this check, or may have taken one.
///
/// # Errors
/// The database's.
pub fn may_have_passed(conn: &mut Conn, check_id: &str) -> Result<bool, DbError> {
    let tried = delivery::table
        .inner_join(attempt::table.on(attempt::delivery_id.eq(delivery::id)))
        .filter(delivery::check_id.eq(check_id))
        .filter(delivery::status.eq(GitLabStatus::Passed.as_str()))
        .filter(attempt::http_status.is_null().or(attempt::http_status.eq(201)));
    Ok(diesel::select(diesel::dsl::exists(tried)).get_result(conn)?)
}
