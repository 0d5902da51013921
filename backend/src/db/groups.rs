//! Groups of people who reach the same projects.

use diesel::prelude::*;

use super::grants;
use super::schema::{account, person_group};
use super::{Conn, DbError, lock};
use crate::domain::Time;
use crate::domain::ids::GroupId;

/// A group on record.
#[derive(Clone, Debug)]
pub struct GroupRow {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// The projects its members reach.
    pub projects: Vec<String>,
    /// Its members.
    pub members: Vec<String>,
}

/// A group's contents, to be stored.
#[derive(Clone, Debug)]
pub struct GroupContents {
    /// Its name.
    pub name: String,
    /// The projects its members reach.
    pub projects: Vec<String>,
    /// Its members.
    pub members: Vec<String>,
}

/// All groups, by name.
///
/// # Errors
/// The database's.
pub fn all(conn: &mut Conn) -> Result<Vec<GroupRow>, DbError> {
    let rows: Vec<(String, String)> = person_group::table
        .order(person_group::name.asc())
        .select((person_group::id, person_group::name))
        .load(conn)?;
    let mut projects = grants::group_projects(conn)?;
    let mut members = grants::group_members(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, name)| GroupRow {
            projects: projects.remove(&id).unwrap_or_default(),
            members: members.remove(&id).unwrap_or_default(),
            id: GroupId::stored(id),
            name,
        })
        .collect())
}

/// The name of a group.
///
/// # Errors
/// The database's.
pub fn name(conn: &mut Conn, id: &GroupId) -> Result<Option<String>, DbError> {
    Ok(person_group::table.find(id.as_str()).select(person_group::name).first(conn).optional()?)
}

/// A group by its id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: &GroupId) -> Result<Option<GroupRow>, DbError> {
    let Some(name) = name(conn, id)? else { return Ok(None) };
    Ok(Some(GroupRow {
        projects: grants::projects_of_group(conn, id)?,
        members: grants::members_of_group(conn, id)?,
        id: id.clone(),
        name,
    }))
}

/// Holds everybody else who changes groups until this transaction ends. Taken before they are looked at.
///
/// # Errors
/// The database's.
pub fn hold(conn: &mut Conn) -> Result<(), DbError> {
    lock(conn, "groups")
}

/// Makes a group, or changes the one with this id; `None` if another one has the name, be it in capitals.
///
/// # Errors
/// The database's.
pub fn save(
    conn: &mut Conn,
    id: Option<&GroupId>,
    new: &GroupContents,
    now: Time,
) -> Result<Option<GroupId>, DbError> {
    let (name, at) = (new.name.trim(), now.to_string());
    // Compared here: SQLite knows upper and lower case of ASCII only.
    let folded = name.to_lowercase();
    let all: Vec<(String, String)> =
        person_group::table.select((person_group::id, person_group::name)).load(conn)?;
    let is_other = |other: &str| id.is_none_or(|id| id.as_str() != other);
    if all.iter().any(|(other, theirs)| is_other(other) && theirs.to_lowercase() == folded) {
        return Ok(None);
    }
    let id = match id {
        Some(id) => {
            diesel::update(person_group::table.find(id.as_str()))
                .set((person_group::name.eq(name), person_group::updated_at.eq(&at)))
                .execute(conn)?;
            id.clone()
        }
        None => {
            let id = GroupId::generate();
            diesel::insert_into(person_group::table)
                .values((
                    person_group::id.eq(id.as_str()),
                    person_group::name.eq(name),
                    person_group::created_at.eq(&at),
                    person_group::updated_at.eq(&at),
                ))
                .execute(conn)?;
            id
        }
    };
    grants::set_group_projects(conn, &id, &new.projects)?;
    grants::set_group_members(conn, &id, &new.members)?;
    Ok(Some(id))
}

/// Removes a group; its members keep what they have otherwise.
///
/// # Errors
/// The database's.
pub fn remove(conn: &mut Conn, id: &GroupId) -> Result<(), DbError> {
    grants::set_group_projects(conn, id, &[])?;
    grants::set_group_members(conn, id, &[])?;
    diesel::delete(person_group::table.find(id.as_str())).execute(conn)?;
    Ok(())
}

/// Whether all of these groups exist.
///
/// # Errors
/// The database's.
pub fn all_exist(conn: &mut Conn, ids: &[String]) -> Result<bool, DbError> {
    for id in ids {
        if name(conn, &GroupId::stored(id.clone()))?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether all of these accounts exist.
///
/// # Errors
/// The database's.
pub fn all_people_exist(conn: &mut Conn, ids: &[String]) -> Result<bool, DbError> {
    for some in ids.chunks(500) {
        let known: i64 = account::table.filter(account::id.eq_any(some)).count().get_result(conn)?;
        if usize::try_from(known) != Ok(some.len()) {
            return Ok(false);
        }
    }
    Ok(true)
}
