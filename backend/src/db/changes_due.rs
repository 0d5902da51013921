//! When the change of a commit is read unasked: what is due, and who reads it.

use diesel::prelude::*;

use super::changes::{Key, Target, begin};
use super::schema::{change_summary as change, merge_request as mr, project, status_check as check};
use super::{Conn, DbError};
use crate::domain::ids::{ConnectionId, MergeRequestId};
use crate::domain::{CheckState, Time};

/// A target whose time has come.
#[derive(Clone, Debug)]
pub struct Due {
    /// Where it is read.
    pub target: Target,
    /// Failures in a row so far.
    pub attempts: i64,
    /// Until when nobody else reads it.
    pub until: Time,
}

/// Asks for a commit to be read now. Without `anew` only if that was never asked for.
///
/// # Errors
/// The database's.
pub fn want(conn: &mut Conn, id: &MergeRequestId, sha: &str, anew: bool, now: Time) -> Result<(), DbError> {
    let key = Key { merge_request_id: id.as_str().to_owned(), sha: sha.to_owned() };
    if !anew {
        let there: Option<String> =
            change::table.find((id.as_str(), sha)).select(change::sha).first(conn).optional()?;
        if there.is_some() {
            return Ok(());
        }
    }
    begin(conn, &key, now)?;
    plan(conn, &key, Some(now), 0)
}

/// Says when a commit is to be read again, `None` for not unasked, and after how many failures.
///
/// # Errors
/// The database's.
pub fn plan(conn: &mut Conn, key: &Key, due: Option<Time>, attempts: i64) -> Result<(), DbError> {
    diesel::update(change::table.find((&key.merge_request_id, &key.sha)))
        .set((change::due_at.eq(due.map(|at| at.to_string())), change::attempts.eq(attempts)))
        .execute(conn)?;
    Ok(())
}

/// GitLab's word for the pipeline of a commit, as last read.
///
/// # Errors
/// The database's.
pub fn pipeline(conn: &mut Conn, key: &Key) -> Result<Option<String>, DbError> {
    Ok(change::table.find((&key.merge_request_id, &key.sha)).select(change::pipeline).first(conn)?)
}

/// It was read; says when it is to be read again, and after how many failures. What was asked for meanwhile stays asked
/// for.
///
/// # Errors
/// The database's.
pub fn end(conn: &mut Conn, read: &Due, next: Time, attempts: i64) -> Result<(), DbError> {
    let key = &read.target.key;
    diesel::update(
        change::table
            .find((&key.merge_request_id, &key.sha))
            .filter(change::due_at.eq(read.until.to_string())),
    )
    .set((change::due_at.eq(next.to_string()), change::attempts.eq(attempts)))
    .execute(conn)?;
    Ok(())
}

/// Whether a check of this commit waits for a decision.
fn is_pending(conn: &mut Conn, key: &Key) -> Result<bool, DbError> {
    let pending = check::table
        .filter(check::merge_request_id.eq(&key.merge_request_id))
        .filter(check::sha.eq(&key.sha))
        .filter(check::state.eq(CheckState::Pending.as_str()));
    Ok(diesel::select(diesel::dsl::exists(pending)).get_result(conn)?)
}

/// Takes up to `limit` commits that are due to be read; nobody else gets them before `until`. Those that were never
/// read come first. Those that nobody waits for any more are read no further.
///
/// # Errors
/// The database's.
pub fn claim(conn: &mut Conn, now: Time, until: Time, limit: i64) -> Result<Vec<Due>, DbError> {
    let at = now.to_string();
    let mut due: Vec<(String, String)> = Vec::new();
    for unread in [true, false] {
        let left = limit - i64::try_from(due.len()).unwrap_or(limit);
        let query = change::table
            .filter(change::due_at.le(&at))
            .order(change::due_at.asc())
            .limit(left)
            .select((change::merge_request_id, change::sha));
        due.extend(match unread {
            true => query.filter(change::files.is_null()).load::<(String, String)>(conn)?,
            false => query.filter(change::files.is_not_null()).load::<(String, String)>(conn)?,
        });
    }
    let mut claimed = Vec::with_capacity(due.len());
    for (merge_request_id, sha) in due {
        let key = Key { merge_request_id, sha };
        let pending = is_pending(conn, &key)?;
        let next = pending.then(|| until.to_string());
        let ours = diesel::update(
            change::table.find((&key.merge_request_id, &key.sha)).filter(change::due_at.le(&at)),
        )
        .set(change::due_at.eq(next))
        .execute(conn)?;
        if ours == 1 && pending {
            claimed.extend(due_target(conn, key, until)?);
        }
    }
    Ok(claimed)
}

fn due_target(conn: &mut Conn, key: Key, until: Time) -> Result<Option<Due>, DbError> {
    let row: Option<(String, String, i64, i64, i64)> = mr::table
        .inner_join(project::table.on(project::id.eq(mr::project_id)))
        .inner_join(change::table.on(change::merge_request_id.eq(mr::id)))
        .filter(mr::id.eq(&key.merge_request_id))
        .filter(change::sha.eq(&key.sha))
        .select((mr::target_branch, project::connection_id, project::gitlab_id, mr::iid, change::attempts))
        .first(conn)
        .optional()?;
    Ok(row.map(|(target_branch, connection_id, project, iid, attempts)| Due {
        target: Target {
            key,
            target_branch,
            connection_id: ConnectionId::stored(connection_id),
            project,
            iid,
        },
        attempts,
        until,
    }))
}

/// When the next reading is due.
///
/// # Errors
/// The database's.
pub fn next_due(conn: &mut Conn) -> Result<Option<String>, DbError> {
    let mut all: Vec<String> = Vec::new();
    for unread in [true, false] {
        let query = change::table
            .filter(change::due_at.is_not_null())
            .order(change::due_at.asc())
            .select(change::due_at.assume_not_null());
        all.extend(match unread {
            true => query.filter(change::files.is_null()).first::<String>(conn).optional()?,
            false => query.filter(change::files.is_not_null()).first::<String>(conn).optional()?,
        });
    }
    Ok(all.into_iter().min())
}
