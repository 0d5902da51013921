//! One-time links: set-up, invitations, resets. The secret is not here, only its hash.

use diesel::prelude::*;

use super::schema::one_time_link as link;
use super::{Conn, DbError};
use crate::domain::Time;
use crate::domain::ids::{AccountId, LinkId};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// Makes the first administrator.
    Setup,
    /// Lets an invited person set a password.
    Invitation,
    /// Lets a person set a new password.
    Reset,
}

impl LinkKind {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            LinkKind::Setup => "setup",
            LinkKind::Invitation => "invitation",
            LinkKind::Reset => "reset",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [LinkKind::Setup, LinkKind::Invitation, LinkKind::Reset]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// A link on record.
#[derive(Clone, Debug)]
pub struct LinkRow {
    /// Its id.
    pub id: LinkId,
    /// What it is for.
    pub kind: LinkKind,
    /// For whom; nobody yet for the set-up.
    pub account_id: Option<AccountId>,
    /// When it ends; `None` if only when used.
    pub expires_at: Option<String>,
}

type Tuple = (String, String, Option<String>, Option<String>);

fn read((id, kind, account_id, expires_at): Tuple) -> Result<LinkRow, DbError> {
    Ok(LinkRow {
        id: LinkId::stored(id),
        kind: super::word(&kind, LinkKind::parse)?,
        account_id: account_id.map(AccountId::stored),
        expires_at,
    })
}

/// Stores a link under an id that was chosen before.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &LinkRow, key_hash: &str, now: Time) -> Result<(), DbError> {
    diesel::insert_into(link::table)
        .values((
            link::id.eq(row.id.as_str()),
            link::key_hash.eq(key_hash),
            link::kind.eq(row.kind.as_str()),
            link::account_id.eq(row.account_id.as_ref().map(AccountId::as_str)),
            link::created_at.eq(now.to_string()),
            link::expires_at.eq(row.expires_at.as_deref()),
        ))
        .execute(conn)?;
    Ok(())
}

/// The link with this hash, if it has not ended.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, key_hash: &str, now: Time) -> Result<Option<LinkRow>, DbError> {
    let row: Option<Tuple> = link::table
        .filter(link::key_hash.eq(key_hash))
        .filter(link::expires_at.is_null().or(link::expires_at.gt(now.to_string())))
        .select((link::id, link::kind, link::account_id, link::expires_at))
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// The set-up link, with its hash.
///
/// # Errors
/// The database's.
pub fn setup(conn: &mut Conn) -> Result<Option<(LinkId, String)>, DbError> {
    let row: Option<(String, String)> = link::table
        .filter(link::kind.eq(LinkKind::Setup.as_str()))
        .order(link::id.asc())
        .select((link::id, link::key_hash))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, hash)| (LinkId::stored(id), hash)))
}

/// Uses a link up; `false` if somebody else was faster.
///
/// # Errors
/// The database's.
pub fn spend(conn: &mut Conn, id: &LinkId) -> Result<bool, DbError> {
    Ok(diesel::delete(link::table.find(id.as_str())).execute(conn)? == 1)
}

/// Removes all set-up links.
///
/// # Errors
/// The database's.
pub fn remove_setup(conn: &mut Conn) -> Result<(), DbError> {
    diesel::delete(link::table.filter(link::kind.eq(LinkKind::Setup.as_str()))).execute(conn)?;
    Ok(())
}

/// Removes all links of an account: a newer one replaces them.
///
/// # Errors
/// The database's.
pub fn remove_of(conn: &mut Conn, account: &AccountId) -> Result<(), DbError> {
    diesel::delete(link::table.filter(link::account_id.eq(account.as_str()))).execute(conn)?;
    Ok(())
}

/// Deletes links that have ended.
///
/// # Errors
/// The database's.
pub fn prune(conn: &mut Conn, now: Time) -> Result<(), DbError> {
    diesel::delete(link::table.filter(link::expires_at.le(now.to_string()))).execute(conn)?;
    Ok(())
}
