//! API tokens. The secret is not here, only its hash.

use diesel::prelude::*;

use super::schema::{account, api_token as token};
use super::{Conn, DbError, grants, word};
use crate::domain::Time;
use crate::domain::access::Permission;
use crate::domain::ids::{AccountId, TokenId};

/// A token to be stored.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// The hash of its secret.
    pub key_hash: &'a str,
    /// What it is for.
    pub name: &'a str,
    /// How its secret begins.
    pub hint: &'a str,
    /// Whom it acts for.
    pub account_id: &'a AccountId,
    /// What it may do.
    pub scopes: &'a [Permission],
    /// The projects it is limited to; empty if it is not.
    pub projects: &'a [String],
    /// When it ends.
    pub expires_at: Option<Time>,
}

/// Which tokens are meant.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// Everybody's.
    All,
    /// One account's.
    Of(&'a AccountId),
    /// This one.
    One(&'a TokenId),
}

/// A token on record.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// How its secret begins.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// The projects it is limited to.
    pub projects: Vec<String>,
    /// Whom it acts for.
    pub account_id: AccountId,
    /// That person's name.
    pub account_name: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends.
    pub expires_at: Option<String>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<String>,
}

/// Scopes as they are stored: words with spaces between.
#[must_use]
pub fn scopes_text(scopes: &[Permission]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

/// Reads what [`scopes_text`] wrote.
///
/// # Errors
/// [`DbError::Corrupt`].
pub fn read_scopes(text: &str) -> Result<Vec<Permission>, DbError> {
    text.split_whitespace().map(|one| word(one, Permission::parse)).collect()
}

/// Stores a token.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, new: &NewToken<'_>, now: Time) -> Result<TokenId, DbError> {
    let id = TokenId::generate();
    diesel::insert_into(token::table)
        .values((
            token::id.eq(id.as_str()),
            token::key_hash.eq(new.key_hash),
            token::name.eq(new.name.trim()),
            token::hint.eq(new.hint),
            token::account_id.eq(new.account_id.as_str()),
            token::scopes.eq(scopes_text(new.scopes)),
            token::limited.eq(!new.projects.is_empty()),
            token::created_at.eq(now.to_string()),
            token::expires_at.eq(new.expires_at.map(|at| at.to_string())),
        ))
        .execute(conn)?;
    grants::set_token_projects(conn, &id, new.projects)?;
    Ok(id)
}

type Tuple = (String, String, String, String, String, String, String, Option<String>, Option<String>);

/// Tokens that are neither revoked nor expired, newest first: of one account or of all.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn, which: Which<'_>, now: Time) -> Result<Vec<TokenRow>, DbError> {
    let mut query = token::table
        .inner_join(account::table.on(account::id.eq(token::account_id)))
        .into_boxed()
        .filter(token::revoked_at.is_null())
        .filter(token::expires_at.is_null().or(token::expires_at.gt(now.to_string())));
    query = match which {
        Which::All => query,
        Which::Of(account) => query.filter(token::account_id.eq(account.as_str().to_owned())),
        Which::One(id) => query.filter(token::id.eq(id.as_str().to_owned())),
    };
    let rows: Vec<Tuple> = query
        .order((token::created_at.desc(), token::id.desc()))
        .select((
            token::id,
            token::name,
            token::hint,
            token::scopes,
            token::account_id,
            account::name,
            token::created_at,
            token::expires_at,
            token::last_used_at,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, name, hint, scopes, account_id, account_name, created_at, expires_at, last_used_at)| {
            let id = TokenId::stored(id);
            Ok(TokenRow {
                projects: grants::projects_of_token(conn, &id)?,
                id,
                name,
                hint,
                scopes: read_scopes(&scopes)?,
                account_id: AccountId::stored(account_id),
                account_name,
                created_at,
                expires_at,
                last_used_at,
            })
        })
        .collect()
}

/// When a token ends; the outer `None` if there is no such token.
///
/// # Errors
/// The database's.
pub fn expires_at(conn: &mut Conn, id: &TokenId) -> Result<Option<Option<String>>, DbError> {
    Ok(token::table.find(id.as_str()).select(token::expires_at).first(conn).optional()?)
}

/// Whether a token with this hash exists, in whatever state.
///
/// # Errors
/// The database's.
pub fn exists(conn: &mut Conn, key_hash: &str) -> Result<bool, DbError> {
    let known: i64 = token::table.filter(token::key_hash.eq(key_hash)).count().get_result(conn)?;
    Ok(known > 0)
}

/// Notes that a token is used.
///
/// # Errors
/// The database's.
pub fn used(conn: &mut Conn, id: &TokenId, now: Time) -> Result<(), DbError> {
    diesel::update(token::table.find(id.as_str()))
        .set(token::last_used_at.eq(Some(now.to_string())))
        .execute(conn)?;
    Ok(())
}

/// Revokes a token, if it is of this account where one is given; returns its name and whose it was.
///
/// # Errors
/// The database's.
pub fn revoke(
    conn: &mut Conn,
    id: &TokenId,
    which: Which<'_>,
    now: Time,
) -> Result<Option<(String, AccountId)>, DbError> {
    let known: Option<(String, String)> = token::table
        .find(id.as_str())
        .filter(token::revoked_at.is_null())
        .select((token::name, token::account_id))
        .first(conn)
        .optional()?;
    let meant = |owner: &str| match which {
        Which::All => true,
        Which::Of(account) => account.as_str() == owner,
        Which::One(one) => one == id,
    };
    let Some((name, owner)) = known.filter(|(_, owner)| meant(owner)) else {
        return Ok(None);
    };
    diesel::update(token::table.find(id.as_str()))
        .set(token::revoked_at.eq(Some(now.to_string())))
        .execute(conn)?;
    Ok(Some((name, AccountId::stored(owner))))
}

/// Revokes all tokens of an account; returns their ids.
///
/// # Errors
/// The database's.
pub fn revoke_all(conn: &mut Conn, of: &AccountId, now: Time) -> Result<Vec<String>, DbError> {
    let valid = token::table.filter(token::account_id.eq(of.as_str())).filter(token::revoked_at.is_null());
    let mut ids: Vec<String> = diesel::update(valid)
        .set(token::revoked_at.eq(Some(now.to_string())))
        .returning(token::id)
        .get_results(conn)?;
    ids.sort_unstable();
    Ok(ids)
}
