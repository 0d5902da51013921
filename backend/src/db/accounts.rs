//! Accounts: people, their roles, and whether they may sign in.

use std::collections::HashMap;

use diesel::prelude::*;

use super::schema::{account, account_identity, account_role};
use super::{Conn, DbError, lock, word};
use crate::domain::Time;
use crate::domain::access::Role;
use crate::domain::ids::AccountId;
use crate::domain::person::name_key;

/// An account on record.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// Its id.
    pub id: AccountId,
    /// Display name.
    pub name: String,
    /// E-mail address as it was typed.
    pub email: String,
    /// Whether all projects are reached.
    pub all_projects: bool,
    /// GitLab's id of the same person.
    pub gitlab_user_id: Option<i64>,
    /// Whether it may sign in.
    pub active: bool,
    /// Whether there is a password.
    pub has_password: bool,
    /// When the person first set a password or came through a provider.
    pub joined_at: Option<String>,
    /// When the person last signed in.
    pub last_sign_in_at: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// The roles.
    pub roles: Vec<Role>,
}

/// An account to be stored.
#[derive(Clone, Debug)]
pub struct NewAccount<'a> {
    /// Display name.
    pub name: &'a str,
    /// E-mail address.
    pub email: &'a str,
    /// The password's hash, if there is one already.
    pub password_hash: Option<&'a str>,
    /// The roles.
    pub roles: &'a [Role],
    /// Whether all projects are reached.
    pub all_projects: bool,
    /// GitLab's id of the same person.
    pub gitlab_user_id: Option<i64>,
}

/// What an administrator may change.
#[derive(Clone, Debug)]
pub struct AccountChange<'a> {
    /// Display name.
    pub name: &'a str,
    /// The roles.
    pub roles: &'a [Role],
    /// Whether all projects are reached.
    pub all_projects: bool,
    /// GitLab's id of the same person.
    pub gitlab_user_id: Option<i64>,
    /// Whether it may sign in.
    pub active: bool,
}

/// How two addresses are compared: without regard to case.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = account)]
struct Row {
    id: String,
    name: String,
    email: String,
    all_projects: bool,
    gitlab_user_id: Option<i64>,
    active: bool,
    password_hash: Option<String>,
    joined_at: Option<String>,
    last_sign_in_at: Option<String>,
    created_at: String,
}

impl Row {
    fn with(self, roles: Vec<Role>) -> AccountRow {
        AccountRow {
            id: AccountId::stored(self.id),
            name: self.name,
            email: self.email,
            all_projects: self.all_projects,
            gitlab_user_id: self.gitlab_user_id,
            active: self.active,
            has_password: self.password_hash.is_some(),
            joined_at: self.joined_at,
            last_sign_in_at: self.last_sign_in_at,
            created_at: self.created_at,
            roles,
        }
    }
}

/// Stores an account; `None` if somebody has that address already.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, new: &NewAccount<'_>, now: Time) -> Result<Option<AccountId>, DbError> {
    let key = email_key(new.email);
    lock(conn, &format!("account {key}"))?;
    if id_of(conn, new.email)?.is_some() {
        return Ok(None);
    }
    let id = AccountId::generate();
    let at = now.to_string();
    diesel::insert_into(account::table)
        .values((
            account::id.eq(id.as_str()),
            account::name.eq(new.name.trim()),
            account::email.eq(new.email.trim()),
            account::email_key.eq(key),
            account::password_hash.eq(new.password_hash),
            account::all_projects.eq(new.all_projects),
            account::gitlab_user_id.eq(new.gitlab_user_id),
            account::active.eq(true),
            account::joined_at.eq(new.password_hash.map(|_| at.clone())),
            account::created_at.eq(&at),
            account::updated_at.eq(&at),
        ))
        .execute(conn)?;
    set_roles(conn, &id, new.roles)?;
    Ok(Some(id))
}

fn set_roles(conn: &mut Conn, id: &AccountId, roles: &[Role]) -> Result<(), DbError> {
    diesel::delete(account_role::table.filter(account_role::account_id.eq(id.as_str()))).execute(conn)?;
    for role in roles {
        diesel::insert_into(account_role::table)
            .values((account_role::account_id.eq(id.as_str()), account_role::role.eq(role.as_str())))
            .execute(conn)?;
    }
    Ok(())
}

/// The roles of an account, in the order of [`Role::ALL`].
///
/// # Errors
/// The database's.
pub fn roles(conn: &mut Conn, id: &AccountId) -> Result<Vec<Role>, DbError> {
    let words: Vec<String> = account_role::table
        .filter(account_role::account_id.eq(id.as_str()))
        .select(account_role::role)
        .load(conn)?;
    let mut roles = words.iter().map(|text| word(text, Role::parse)).collect::<Result<Vec<_>, _>>()?;
    roles.sort_unstable();
    Ok(roles)
}

/// An account by its id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: &AccountId) -> Result<Option<AccountRow>, DbError> {
    let row: Option<Row> =
        account::table.find(id.as_str()).select(Row::as_select()).first(conn).optional()?;
    match row {
        Some(row) => Ok(Some(row.with(roles(conn, id)?))),
        None => Ok(None),
    }
}

/// Whose address this is.
///
/// # Errors
/// The database's.
pub fn id_of(conn: &mut Conn, email: &str) -> Result<Option<AccountId>, DbError> {
    let id: Option<String> = account::table
        .filter(account::email_key.eq(email_key(email)))
        .select(account::id)
        .first(conn)
        .optional()?;
    Ok(id.map(AccountId::stored))
}

/// All accounts, by name.
///
/// # Errors
/// The database's.
pub fn all(conn: &mut Conn) -> Result<Vec<AccountRow>, DbError> {
    let rows: Vec<Row> = account::table
        .order((account::name.asc(), account::email_key.asc()))
        .select(Row::as_select())
        .load(conn)?;
    let words: Vec<(String, String)> =
        account_role::table.select((account_role::account_id, account_role::role)).load(conn)?;
    let mut by_account: HashMap<String, Vec<Role>> = HashMap::new();
    for (id, text) in words {
        by_account.entry(id).or_default().push(word(&text, Role::parse)?);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let mut roles = by_account.remove(&row.id).unwrap_or_default();
            roles.sort_unstable();
            row.with(roles)
        })
        .collect())
}

/// Changes what an administrator may change.
///
/// # Errors
/// The database's.
pub fn change(conn: &mut Conn, id: &AccountId, new: &AccountChange<'_>, now: Time) -> Result<(), DbError> {
    diesel::update(account::table.find(id.as_str()))
        .set((
            account::name.eq(new.name.trim()),
            account::all_projects.eq(new.all_projects),
            account::gitlab_user_id.eq(new.gitlab_user_id),
            account::active.eq(new.active),
            account::updated_at.eq(now.to_string()),
        ))
        .execute(conn)?;
    set_roles(conn, id, new.roles)
}

/// Whether anybody else who may sign in has a name that looks the same.
///
/// # Errors
/// The database's.
pub fn is_called(conn: &mut Conn, name: &str, but: &AccountId) -> Result<bool, DbError> {
    lock(conn, "names")?;
    // Compared here: the databases know small letters of ASCII only, or of their own language.
    let others: Vec<String> = account::table
        .filter(account::active)
        .filter(account::id.ne(but.as_str()))
        .select(account::name)
        .load(conn)?;
    let name = name_key(name);
    Ok(others.iter().any(|other| name_key(other) == name))
}

/// Changes the name alone.
///
/// # Errors
/// The database's.
pub fn rename(conn: &mut Conn, id: &AccountId, name: &str, now: Time) -> Result<(), DbError> {
    diesel::update(account::table.find(id.as_str()))
        .set((account::name.eq(name), account::updated_at.eq(now.to_string())))
        .execute(conn)?;
    Ok(())
}

/// The password's hash; `None` if there is none.
///
/// # Errors
/// The database's; also if there is no such account.
pub fn password_hash(conn: &mut Conn, id: &AccountId) -> Result<Option<String>, DbError> {
    Ok(account::table.find(id.as_str()).select(account::password_hash).first(conn)?)
}

/// Stores a password's hash; with the first one the person has joined.
///
/// # Errors
/// The database's.
pub fn set_password(conn: &mut Conn, id: &AccountId, hash: &str, now: Time) -> Result<(), DbError> {
    let at = now.to_string();
    diesel::update(account::table.find(id.as_str()))
        .set((account::password_hash.eq(Some(hash)), account::updated_at.eq(&at)))
        .execute(conn)?;
    set_joined(conn, id, now)
}

/// Takes the password away.
///
/// # Errors
/// The database's.
pub fn forget_password(conn: &mut Conn, id: &AccountId, now: Time) -> Result<(), DbError> {
    diesel::update(account::table.find(id.as_str()))
        .set((account::password_hash.eq(None::<String>), account::updated_at.eq(now.to_string())))
        .execute(conn)?;
    Ok(())
}

/// The person was here: joined, if not before.
///
/// # Errors
/// The database's.
pub fn set_joined(conn: &mut Conn, id: &AccountId, now: Time) -> Result<(), DbError> {
    diesel::update(account::table.find(id.as_str()).filter(account::joined_at.is_null()))
        .set(account::joined_at.eq(Some(now.to_string())))
        .execute(conn)?;
    Ok(())
}

/// Stores the same password hashed with newer parameters, unless it was changed meanwhile.
///
/// # Errors
/// The database's.
pub fn rehash(conn: &mut Conn, id: &AccountId, was: &str, hash: &str) -> Result<(), DbError> {
    diesel::update(account::table.find(id.as_str()).filter(account::password_hash.eq(was)))
        .set(account::password_hash.eq(Some(hash)))
        .execute(conn)?;
    Ok(())
}

/// Notes a sign-in.
///
/// # Errors
/// The database's.
pub fn signed_in(conn: &mut Conn, id: &AccountId, now: Time) -> Result<(), DbError> {
    diesel::update(account::table.find(id.as_str()))
        .set(account::last_sign_in_at.eq(Some(now.to_string())))
        .execute(conn)?;
    Ok(())
}

/// The administrators who can sign in: active and joined.
///
/// # Errors
/// The database's.
pub fn administrators(conn: &mut Conn) -> Result<Vec<AccountRow>, DbError> {
    Ok(all(conn)?
        .into_iter()
        .filter(|one| one.active && one.joined_at.is_some() && one.roles.contains(&Role::Administrator))
        .collect())
}

/// The account that a provider's person has.
///
/// # Errors
/// The database's.
pub fn by_identity(conn: &mut Conn, issuer: &str, subject: &str) -> Result<Option<AccountId>, DbError> {
    let id: Option<String> = account_identity::table
        .find((issuer, subject))
        .select(account_identity::account_id)
        .first(conn)
        .optional()?;
    Ok(id.map(AccountId::stored))
}

/// Unlinks an account from all identities that providers know it by; returns how many there were.
///
/// # Errors
/// The database's.
pub fn unlink_identities(conn: &mut Conn, id: &AccountId) -> Result<usize, DbError> {
    let all = account_identity::table.filter(account_identity::account_id.eq(id.as_str()));
    Ok(diesel::delete(all).execute(conn)?)
}

/// Whether an account is that of a provider's person.
///
/// # Errors
/// The database's.
pub fn has_identity(conn: &mut Conn, id: &AccountId) -> Result<bool, DbError> {
    let any = account_identity::table.filter(account_identity::account_id.eq(id.as_str()));
    Ok(diesel::select(diesel::dsl::exists(any)).get_result(conn)?)
}

/// Links a provider's person to an account.
///
/// # Errors
/// The database's; also if that person is linked already.
pub fn link_identity(
    conn: &mut Conn,
    issuer: &str,
    subject: &str,
    id: &AccountId,
    now: Time,
) -> Result<(), DbError> {
    diesel::insert_into(account_identity::table)
        .values((
            account_identity::issuer.eq(issuer),
            account_identity::subject.eq(subject),
            account_identity::account_id.eq(id.as_str()),
            account_identity::created_at.eq(now.to_string()),
        ))
        .execute(conn)?;
    Ok(())
}
