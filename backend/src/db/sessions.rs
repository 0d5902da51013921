//! Sessions of browsers. The secret in the cookie is not here, only its hash.

use diesel::prelude::*;

use super::schema::session;
use super::{Conn, DbError};
use crate::domain::Time;
use crate::domain::ids::{AccountId, SessionId};

/// A session to be stored.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    /// The hash of its secret.
    pub key_hash: &'a str,
    /// Whose it is.
    pub account_id: &'a AccountId,
    /// When it ends at the latest.
    pub expires_at: Time,
    /// The browser, as it calls itself.
    pub user_agent: &'a str,
    /// Where it was begun from.
    pub address: &'a str,
    /// The provider that said who it is, if one did.
    pub provider: Option<&'a str>,
}

/// A session on record.
#[derive(Clone, Debug, Queryable)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// When it began.
    pub created_at: String,
    /// When it was last used, to the minute.
    pub last_seen_at: String,
    /// When it ends at the latest.
    pub expires_at: String,
    /// The browser, as it calls itself.
    pub user_agent: String,
    /// Where it was begun from.
    pub address: String,
}

/// Stores a session.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, new: &NewSession<'_>, now: Time) -> Result<SessionId, DbError> {
    let id = SessionId::generate();
    let at = now.to_string();
    diesel::insert_into(session::table)
        .values((
            session::id.eq(id.as_str()),
            session::key_hash.eq(new.key_hash),
            session::account_id.eq(new.account_id.as_str()),
            session::created_at.eq(&at),
            session::last_seen_at.eq(&at),
            session::expires_at.eq(new.expires_at.to_string()),
            session::user_agent.eq(new.user_agent),
            session::address.eq(new.address),
            session::provider.eq(new.provider),
        ))
        .execute(conn)?;
    Ok(id)
}

/// The sessions of an account that were last used after `rested` and have not ended, newest first.
///
/// # Errors
/// The database's.
pub fn of_account(
    conn: &mut Conn,
    account: &AccountId,
    rested: Time,
    now: Time,
) -> Result<Vec<SessionRow>, DbError> {
    Ok(session::table
        .filter(session::account_id.eq(account.as_str()))
        .filter(session::expires_at.gt(now.to_string()))
        .filter(session::last_seen_at.gt(rested.to_string()))
        .order((session::created_at.desc(), session::id.desc()))
        .select((
            session::id,
            session::created_at,
            session::last_seen_at,
            session::expires_at,
            session::user_agent,
            session::address,
        ))
        .load(conn)?)
}

/// When a session ends at the latest, and the provider that said who it is, if one did.
///
/// # Errors
/// The database's.
pub fn end_and_provider(
    conn: &mut Conn,
    id: &SessionId,
) -> Result<Option<(String, Option<String>)>, DbError> {
    Ok(session::table
        .find(id.as_str())
        .select((session::expires_at, session::provider))
        .first(conn)
        .optional()?)
}

/// Notes that a session is used.
///
/// # Errors
/// The database's.
pub fn seen(conn: &mut Conn, id: &SessionId, now: Time) -> Result<(), DbError> {
    diesel::update(session::table.find(id.as_str()))
        .set(session::last_seen_at.eq(now.to_string()))
        .execute(conn)?;
    Ok(())
}

/// Ends a session of an account; `false` if it has none with this id.
///
/// # Errors
/// The database's.
pub fn end(conn: &mut Conn, account: &AccountId, id: &SessionId) -> Result<bool, DbError> {
    let ended =
        diesel::delete(session::table.find(id.as_str()).filter(session::account_id.eq(account.as_str())))
            .execute(conn)?;
    Ok(ended == 1)
}

/// Ends the session with this hash, whoever's it is.
///
/// # Errors
/// The database's.
pub fn end_by_key(conn: &mut Conn, key_hash: &str) -> Result<(), DbError> {
    diesel::delete(session::table.filter(session::key_hash.eq(key_hash))).execute(conn)?;
    Ok(())
}

/// Ends all sessions of an account but one; returns how many.
///
/// # Errors
/// The database's.
pub fn end_all(conn: &mut Conn, account: &AccountId, but: Option<&SessionId>) -> Result<usize, DbError> {
    let but = but.map_or("", SessionId::as_str);
    Ok(diesel::delete(
        session::table.filter(session::account_id.eq(account.as_str())).filter(session::id.ne(but)),
    )
    .execute(conn)?)
}

/// Deletes sessions that have ended.
///
/// # Errors
/// The database's.
pub fn prune(conn: &mut Conn, now: Time) -> Result<(), DbError> {
    diesel::delete(session::table.filter(session::expires_at.le(now.to_string()))).execute(conn)?;
    Ok(())
}
