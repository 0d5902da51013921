//! Merge requests as last known.

use diesel::prelude::*;

use super::schema::{merge_request as mr, project, status_check as check};
use super::{Conn, DbError, time};
use crate::domain::Time;
use crate::domain::facts::MergeRequestFacts;
use crate::domain::ids::{ConnectionId, MergeRequestId, ProjectId};

/// A merge request on record.
#[derive(Clone, Debug)]
pub struct MergeRequestRow {
    /// Our id.
    pub id: MergeRequestId,
    /// HEAD as last known.
    pub head_sha: String,
    /// Target branch as last known.
    pub target_branch: String,
    /// Title as last known.
    pub title: String,
    /// Description as last known.
    pub description: String,
    /// The author's display name; empty until known.
    pub author: String,
    /// State as last known.
    pub state: String,
    /// When GitLab last changed it, by GitLab's clock, as far as we know.
    pub gitlab_updated_at: Option<Time>,
    /// When these facts were known to be true, by our clock.
    pub facts_at: Time,
}

/// A merge request to be read back from GitLab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToRead {
    /// Our id.
    pub id: String,
    /// GitLab's project id.
    pub project: i64,
    /// The merge request's number.
    pub iid: i64,
    /// Failures in a row so far.
    pub attempts: i64,
    /// Until when nobody else reads it.
    pub until: Time,
}

type Tuple = (String, String, String, String, String, String, String, String, String);

/// A merge request by project and number.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, project_id: &ProjectId, iid: i64) -> Result<Option<MergeRequestRow>, DbError> {
    let row: Option<Tuple> = mr::table
        .filter(mr::project_id.eq(project_id.as_str()))
        .filter(mr::iid.eq(iid))
        .select((
            mr::id,
            mr::head_sha,
            mr::target_branch,
            mr::title,
            mr::description,
            mr::author,
            mr::state,
            mr::gitlab_updated_at,
            mr::facts_at,
        ))
        .first(conn)
        .optional()?;
    row.map(
        |(id, head_sha, target_branch, title, description, author, state, gitlab_updated_at, facts_at)| {
            Ok(MergeRequestRow {
                id: MergeRequestId::stored(id),
                head_sha,
                target_branch,
                title,
                description,
                author,
                state,
                gitlab_updated_at: Time::parse(&gitlab_updated_at),
                facts_at: time(&facts_at)?,
            })
        },
    )
    .transpose()
}

/// Stores what is known of a merge request; returns our id. The caller holds its lock.
///
/// # Errors
/// The database's.
pub fn save(
    conn: &mut Conn,
    project_id: &ProjectId,
    known: Option<&MergeRequestRow>,
    facts: &MergeRequestFacts,
    known_at: Time,
    now: Time,
) -> Result<MergeRequestId, DbError> {
    let at = now.to_string();
    let changed_at = facts.updated_at.map(|at| at.to_string()).unwrap_or_default();
    let head = facts.head_sha.as_deref().unwrap_or("");
    if let Some(known) = known {
        let author = facts.author.as_deref().unwrap_or(&known.author);
        if facts.author_gitlab_id.is_some() {
            note_author(conn, &known.id, facts.author_gitlab_id)?;
        }
        diesel::update(mr::table.find(known.id.as_str()))
            .set((
                mr::title.eq(&facts.title),
                mr::description.eq(&facts.description),
                mr::author.eq(author),
                mr::url.eq(&facts.url),
                mr::source_branch.eq(&facts.source_branch),
                mr::target_branch.eq(&facts.target_branch),
                mr::state.eq(&facts.state),
                mr::head_sha.eq(head),
                mr::gitlab_updated_at.eq(&changed_at),
                mr::facts_at.eq(known_at.to_string()),
                mr::updated_at.eq(&at),
            ))
            .execute(conn)?;
        return Ok(known.id.clone());
    }
    let id = MergeRequestId::generate();
    diesel::insert_into(mr::table)
        .values((
            (
                mr::id.eq(id.as_str()),
                mr::project_id.eq(project_id.as_str()),
                mr::iid.eq(facts.iid),
                mr::title.eq(&facts.title),
                mr::description.eq(&facts.description),
                mr::author_gitlab_id.eq(facts.author_gitlab_id),
                mr::author.eq(facts.author.as_deref().unwrap_or("")),
                mr::url.eq(&facts.url),
            ),
            (
                mr::source_branch.eq(&facts.source_branch),
                mr::target_branch.eq(&facts.target_branch),
                mr::state.eq(&facts.state),
                mr::head_sha.eq(head),
                mr::gitlab_updated_at.eq(&changed_at),
                mr::facts_at.eq(known_at.to_string()),
                mr::refresh_attempts.eq(0),
                mr::created_at.eq(&at),
                mr::updated_at.eq(&at),
            ),
        ))
        .execute(conn)?;
    Ok(id)
}

/// Notes who wrote a merge request where that was not known: nobody may decide on their own change.
fn note_author(conn: &mut Conn, id: &MergeRequestId, author: Option<i64>) -> Result<(), DbError> {
    let noted = diesel::update(mr::table.find(id.as_str()).filter(mr::author_gitlab_id.is_null()))
        .set(mr::author_gitlab_id.eq(author))
        .execute(conn)?;
    if noted > 0 {
        diesel::update(check::table.filter(check::merge_request_id.eq(id.as_str())))
            .set(check::author_gitlab_id.eq(author))
            .execute(conn)?;
    }
    Ok(())
}

/// Asks for a merge request to be read back at `due`, or (with `None`) no longer.
///
/// # Errors
/// The database's.
pub fn set_refresh(conn: &mut Conn, id: &str, due: Option<Time>, attempts: i64) -> Result<(), DbError> {
    diesel::update(mr::table.find(id))
        .set((mr::refresh_due_at.eq(due.map(|at| at.to_string())), mr::refresh_attempts.eq(attempts)))
        .execute(conn)?;
    Ok(())
}

/// It was read back; what was asked for meanwhile stays asked for.
///
/// # Errors
/// The database's.
pub fn end_refresh(conn: &mut Conn, read: &ToRead) -> Result<(), DbError> {
    diesel::update(mr::table.find(&read.id).filter(mr::refresh_due_at.eq(read.until.to_string())))
        .set((mr::refresh_due_at.eq(None::<String>), mr::refresh_attempts.eq(0)))
        .execute(conn)?;
    Ok(())
}

/// Asks for a merge request to be read back now; also while it is being read, since that may have begun too early.
///
/// # Errors
/// The database's.
pub fn want_refresh(conn: &mut Conn, id: &str, now: Time) -> Result<(), DbError> {
    diesel::update(mr::table.find(id))
        .set((mr::refresh_due_at.eq(now.to_string()), mr::refresh_attempts.eq(0)))
        .execute(conn)?;
    Ok(())
}

/// When a merge request was first heard of.
///
/// # Errors
/// The database's.
pub fn first_seen(conn: &mut Conn, id: &str) -> Result<Time, DbError> {
    let at: String = mr::table.find(id).select(mr::created_at).first(conn)?;
    time(&at)
}

/// Asks for a merge request to be read back at `at` (again, if it is being read now), unless that is due already.
///
/// # Errors
/// The database's.
pub fn want_refresh_at(conn: &mut Conn, id: &str, at: Time, now: Time) -> Result<(), DbError> {
    diesel::update(
        mr::table.find(id).filter(mr::refresh_due_at.is_null().or(mr::refresh_due_at.gt(now.to_string()))),
    )
    .set((mr::refresh_due_at.eq(at.to_string()), mr::refresh_attempts.eq(0)))
    .execute(conn)?;
    Ok(())
}

/// Takes up to `limit` merge requests of a connection that are due to be read back; nobody else gets them
/// before `until`.
///
/// # Errors
/// The database's.
pub fn claim_refresh(
    conn: &mut Conn,
    connection_id: &ConnectionId,
    now: Time,
    until: Time,
    limit: i64,
) -> Result<Vec<ToRead>, DbError> {
    let at = now.to_string();
    let due: Vec<(String, i64, i64, i64)> = mr::table
        .inner_join(project::table.on(project::id.eq(mr::project_id)))
        .filter(project::connection_id.eq(connection_id.as_str()))
        .filter(mr::refresh_due_at.le(&at))
        .order(mr::refresh_due_at.asc())
        .limit(limit)
        .select((mr::id, project::gitlab_id, mr::iid, mr::refresh_attempts))
        .load(conn)?;
    let mut claimed = Vec::with_capacity(due.len());
    for (id, project, iid, attempts) in due {
        let ours = diesel::update(mr::table.find(&id).filter(mr::refresh_due_at.le(&at)))
            .set(mr::refresh_due_at.eq(until.to_string()))
            .execute(conn)?;
        if ours == 1 {
            claimed.push(ToRead { id, project, iid, attempts, until });
        }
    }
    Ok(claimed)
}

/// When the next reading back of a connection is due.
///
/// # Errors
/// The database's.
pub fn next_refresh(conn: &mut Conn, connection_id: &ConnectionId) -> Result<Option<String>, DbError> {
    Ok(mr::table
        .inner_join(project::table.on(project::id.eq(mr::project_id)))
        .filter(project::connection_id.eq(connection_id.as_str()))
        .filter(mr::refresh_due_at.is_not_null())
        .order(mr::refresh_due_at.asc())
        .select(mr::refresh_due_at.assume_not_null())
        .first(conn)
        .optional()?)
}

/// The numbers of all merge requests of a project that are open as far as we know.
///
/// # Errors
/// The database's.
pub fn open_iids(conn: &mut Conn, project_id: &ProjectId) -> Result<Vec<i64>, DbError> {
    Ok(mr::table
        .filter(mr::project_id.eq(project_id.as_str()))
        // What GitLab was merging when it was last seen may be open again, or merged.
        .filter(mr::state.eq_any(["opened", "locked"]))
        .select(mr::iid)
        .load(conn)?)
}
