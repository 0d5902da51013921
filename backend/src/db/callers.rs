//! Who is asking: a session's or a token's account with its roles and reach, as they are now.

use std::time::Duration;

use diesel::prelude::*;

use super::schema::{account, api_token as token, session};
use super::{Conn, DbError, accounts, time, tokens};
use crate::domain::Time;
use crate::domain::access::{Caller, Permissions, Reach, Via, session_lives};
use crate::domain::ids::{AccountId, SessionId, TokenId};

/// Somebody who was let in, and when the session or token was last noted as used.
#[derive(Clone, Debug)]
pub struct Known {
    /// The caller.
    pub caller: Caller,
    /// When that was noted; `None` if never.
    pub noted: Option<Time>,
}

/// What proves who somebody is.
#[derive(Clone, Debug)]
pub enum Proof {
    /// The hash of the secret in a cookie.
    Session(String),
    /// The hash of an API token.
    Token(String),
}

/// Who shows this proof, if it is valid at `now`. `idle` is how long a session may rest.
///
/// # Errors
/// The database's.
pub fn known(conn: &mut Conn, proof: &Proof, idle: Duration, now: Time) -> Result<Option<Known>, DbError> {
    match proof {
        Proof::Session(hash) => {
            let id: Option<String> = session::table
                .filter(session::key_hash.eq(hash))
                .select(session::id)
                .first(conn)
                .optional()?;
            id.map_or(Ok(None), |id| by_session(conn, &SessionId::stored(id), idle, now))
        }
        Proof::Token(hash) => {
            let id: Option<String> =
                token::table.filter(token::key_hash.eq(hash)).select(token::id).first(conn).optional()?;
            id.map_or(Ok(None), |id| by_token(conn, &TokenId::stored(id), now))
        }
    }
}

/// The same caller as they are now; `None` if the session, the token or the account has ended
/// meanwhile.
///
/// # Errors
/// The database's.
pub fn again(conn: &mut Conn, caller: &Caller, idle: Duration, now: Time) -> Result<Option<Caller>, DbError> {
    let known = match &caller.via {
        Via::Browser { session } => by_session(conn, session, idle, now)?,
        Via::Token { id, .. } => by_token(conn, id, now)?,
    };
    Ok(known.map(|known| known.caller))
}

fn by_session(conn: &mut Conn, id: &SessionId, idle: Duration, now: Time) -> Result<Option<Known>, DbError> {
    let row: Option<(String, String, String)> = session::table
        .find(id.as_str())
        .select((session::account_id, session::last_seen_at, session::expires_at))
        .first(conn)
        .optional()?;
    let Some((account_id, seen, expires)) = row else { return Ok(None) };
    let seen = time(&seen)?;
    if !session_lives(seen, time(&expires)?, idle, now) {
        return Ok(None);
    }
    let Some(person) = person(conn, account_id)? else { return Ok(None) };
    let caller = Caller {
        permissions: person.permissions,
        reach: Reach::of(person.all_projects, &person.id, None),
        account_id: person.id,
        name: person.name,
        via: Via::Browser { session: id.clone() },
        gitlab_user_id: person.gitlab_user_id,
        once: None,
    };
    Ok(Some(Known { caller, noted: Some(seen) }))
}

fn by_token(conn: &mut Conn, id: &TokenId, now: Time) -> Result<Option<Known>, DbError> {
    type Tuple = (String, String, String, bool, Option<String>, Option<String>);
    let row: Option<Tuple> = token::table
        .find(id.as_str())
        .filter(token::revoked_at.is_null())
        .select((
            token::account_id,
            token::name,
            token::scopes,
            token::limited,
            token::expires_at,
            token::last_used_at,
        ))
        .first(conn)
        .optional()?;
    let Some((account_id, name, scopes, limited, expires, used)) = row else { return Ok(None) };
    if let Some(expires) = expires
        && time(&expires)? <= now
    {
        return Ok(None);
    }
    let Some(person) = person(conn, account_id)? else { return Ok(None) };
    let caller = Caller {
        permissions: person.permissions.and(&tokens::read_scopes(&scopes)?),
        reach: Reach::of(person.all_projects, &person.id, limited.then_some(id)),
        account_id: person.id,
        name: person.name,
        via: Via::Token { id: id.clone(), name },
        gitlab_user_id: person.gitlab_user_id,
        once: None,
    };
    Ok(Some(Known { caller, noted: used.map(|used| time(&used)).transpose()? }))
}

struct Person {
    id: AccountId,
    name: String,
    all_projects: bool,
    gitlab_user_id: Option<i64>,
    permissions: Permissions,
}

/// An account that may act.
fn person(conn: &mut Conn, id: String) -> Result<Option<Person>, DbError> {
    let row: Option<(String, bool, Option<i64>)> = account::table
        .find(&id)
        .filter(account::active.eq(true))
        .select((account::name, account::all_projects, account::gitlab_user_id))
        .first(conn)
        .optional()?;
    let Some((name, all_projects, gitlab_user_id)) = row else { return Ok(None) };
    let id = AccountId::stored(id);
    let permissions = Permissions::of_roles(&accounts::roles(conn, &id)?);
    Ok(Some(Person { id, name, all_projects, gitlab_user_id, permissions }))
}
