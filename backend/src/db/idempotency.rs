//! Requests that carried an `Idempotency-Key`: that they were done, and what was answered.

use diesel::prelude::*;

use super::schema::idempotency_key as keys;
use super::{Conn, DbError, lock};
use crate::domain::Time;
use crate::domain::once::{KEPT, Once};

/// The part of a request that stands for all of it, and has its answer.
const WHOLE: &str = "";

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body and what it is; `None` if the answer had none.
    pub body: Option<(String, String)>,
}

/// What is known under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The fingerprint of the request that was done under it.
    pub fingerprint: String,
    /// Its answer; `None` if that is not kept.
    pub answer: Option<Answer>,
}

/// What is known under this key, if a request was done under it.
///
/// # Errors
/// The database's, or a status that is none.
pub fn find(conn: &mut Conn, once: &Once) -> Result<Option<Found>, DbError> {
    type Tuple = (String, Option<i64>, Option<String>, Option<String>);
    let row: Option<Tuple> = keys::table
        .find((&once.sender, &once.key, WHOLE))
        .select((keys::fingerprint, keys::status, keys::content_type, keys::body))
        .first(conn)
        .optional()?;
    let Some((fingerprint, status, kind, body)) = row else { return Ok(None) };
    let answer = match status {
        None => None,
        Some(status) => {
            let status = u16::try_from(status)
                .map_err(|_| DbError::Corrupt(format!("the status {status} of an answer")))?;
            Some(Answer { status, body: kind.zip(body) })
        }
    };
    Ok(Some(Found { fingerprint, answer }))
}

/// Notes, in the transaction that does it, that a request is done, or the part of it that has this name. Returns the fingerprint of
/// what was done before under this key, if something was: then nothing more is to be done.
///
/// # Errors
/// The database's.
pub fn claim(conn: &mut Conn, once: &Once, part: Option<&str>, now: Time) -> Result<Option<String>, DbError> {
    let part = part.unwrap_or(WHOLE);
    lock(conn, &format!("idempotency:{}:{}", once.sender, once.key))?;
    let before: Option<String> =
        keys::table.find((&once.sender, &once.key, part)).select(keys::fingerprint).first(conn).optional()?;
    if before.is_none() {
        diesel::insert_into(keys::table)
            .values((
                keys::sender.eq(&once.sender),
                keys::key.eq(&once.key),
                keys::part.eq(part),
                keys::fingerprint.eq(&once.fingerprint),
                keys::done_at.eq(now.to_string()),
            ))
            .execute(conn)?;
    }
    Ok(before)
}

/// Keeps the answer to a request that was done; without one, that it was done. Not where another request has that key.
///
/// # Errors
/// The database's.
pub fn keep(conn: &mut Conn, once: &Once, answer: Option<&Answer>, now: Time) -> Result<(), DbError> {
    let before = claim(conn, once, None, now)?;
    let (Some(answer), true) = (answer, before.is_none_or(|before| before == once.fingerprint)) else {
        return Ok(());
    };
    let (kind, body) = answer.body.as_ref().map(|(kind, body)| (kind, body)).unzip();
    diesel::update(keys::table.find((&once.sender, &once.key, WHOLE)))
        .set((keys::status.eq(i64::from(answer.status)), keys::content_type.eq(kind), keys::body.eq(body)))
        .execute(conn)?;
    Ok(())
}

/// Forgets keys that were used longer ago than they are kept.
///
/// # Errors
/// The database's.
pub fn prune(conn: &mut Conn, now: Time) -> Result<(), DbError> {
    let before = now.before(KEPT).to_string();
    diesel::delete(keys::table.filter(keys::done_at.lt(before))).execute(conn)?;
    Ok(())
}
