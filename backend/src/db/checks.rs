//! Checks: the table `status_check`, written and read one by one; for listings see `inbox.rs`.

use std::time::Duration;

use diesel::prelude::*;

use super::reach::within;
use super::schema::{merge_request, project, rule, status_check as check};
use super::{Conn, DbError, decisions, word};
use crate::domain::access::Reach;
use crate::domain::ids::{CheckId, ConnectionId, MergeRequestId};
use crate::domain::{Check, CheckState, Time, Verdict};

/// A check as the rules need it.
#[derive(Clone, Debug)]
pub struct CheckRow {
    /// Our id.
    pub id: CheckId,
    /// Its state and the verdict that counts.
    pub check: Check,
    /// The commit.
    pub sha: String,
    /// The round; grows when decisions are voided by a new target branch.
    pub round: i64,
    /// The target branch it stands for.
    pub target_branch: String,
    /// The rule: our id.
    pub rule_id: String,
    /// The rule's name.
    pub rule_name: String,
    /// The project: our id.
    pub project_id: String,
    /// The merge request: our id.
    pub merge_request_id: String,
}

/// What only the check page shows.
#[derive(Clone, Debug, Queryable)]
pub struct CheckExtras {
    /// The merge request's description.
    pub description: String,
    /// HEAD as last known.
    pub head_sha: String,
    /// What is to be said about the check.
    pub notice: Option<String>,
    /// Why the rule does not work.
    pub rule_trouble: Option<String>,
    /// What GitLab showed.
    pub gitlab_status: Option<String>,
    /// When that was read.
    pub gitlab_status_at: Option<String>,
    /// Whether it passed there though nobody here approved it, and nobody has acknowledged that.
    pub undecided_pass: bool,
}

/// When a check arrived.
///
/// # Errors
/// The database's.
pub fn received_at(conn: &mut Conn, id: &str) -> Result<Time, DbError> {
    let at: String = check::table.find(id).select(check::received_at).first(conn)?;
    super::time(&at)
}

type Tuple = (String, String, String, i64, String, String, String, String, String);

fn columns() -> (
    check::id,
    check::state,
    check::sha,
    check::round,
    check::target_branch,
    check::rule_id,
    check::rule_name,
    check::project_id,
    check::merge_request_id,
) {
    (
        check::id,
        check::state,
        check::sha,
        check::round,
        check::target_branch,
        check::rule_id,
        check::rule_name,
        check::project_id,
        check::merge_request_id,
    )
}

fn read(conn: &mut Conn, row: Tuple) -> Result<CheckRow, DbError> {
    let (id, state, sha, round, target_branch, rule_id, rule_name, project_id, merge_request_id) = row;
    let standing = decisions::standing(conn, &id)?;
    Ok(CheckRow {
        check: Check { state: word(&state, CheckState::parse)?, standing },
        id: CheckId::stored(id),
        sha,
        round,
        target_branch,
        rule_id,
        rule_name,
        project_id,
        merge_request_id,
    })
}

/// A check by its id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: &str) -> Result<Option<CheckRow>, DbError> {
    let row: Option<Tuple> = check::table.find(id).select(columns()).first(conn).optional()?;
    row.map(|row| read(conn, row)).transpose()
}

/// The checks of a merge request that an observation can touch: those that are open or could be
/// again, which leaves out superseded ones of other commits than `head`.
///
/// # Errors
/// The database's.
pub fn of_merge_request(conn: &mut Conn, id: &MergeRequestId, head: &str) -> Result<Vec<CheckRow>, DbError> {
    let rows: Vec<Tuple> = check::table
        .filter(check::merge_request_id.eq(id.as_str()))
        .filter(check::state.ne(CheckState::Superseded.as_str()).or(check::sha.eq(head)))
        .order(check::received_at.asc())
        .select(columns())
        .load(conn)?;
    rows.into_iter().map(|row| read(conn, row)).collect()
}

/// When a check last changed that changes at `now`: later than before, whatever the clock says. Whoever compares two
/// readings takes the one with the larger `updated_at` for the newer; but work waits between looking at the clock and its
/// turn, and the clocks of replicas differ.
pub(super) fn stamp(conn: &mut Conn, id: &str, now: Time) -> Result<String, DbError> {
    let before: String = check::table.find(id).select(check::updated_at).first(conn)?;
    let next = super::time(&before)?.after(Duration::from_micros(1));
    Ok(now.max(next).to_string())
}

/// Whose decision counts after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided<'a> {
    /// The one that this person has just made.
    Now(&'a str),
    /// The same as before.
    Before,
    /// Nobody's.
    Not,
}

/// Stores a check's state after a step.
///
/// # Errors
/// The database's.
pub fn save(
    conn: &mut Conn,
    row: &CheckRow,
    decided: Decided<'_>,
    notice: Option<&str>,
    now: Time,
) -> Result<(), DbError> {
    let at = stamp(conn, row.id.as_str(), now)?;
    let decided = match decided {
        Decided::Now(who) => {
            Some((Some(who), Some(now.to_string()), row.check.standing.map(Verdict::as_str)))
        }
        Decided::Before => None,
        Decided::Not => Some((None, None, None)),
    };
    diesel::update(check::table.find(row.id.as_str()))
        .set((
            check::state.eq(row.check.state.as_str()),
            check::round.eq(row.round),
            check::target_branch.eq(&row.target_branch),
            decided.map(|(who, at, verdict)| {
                (check::decided_by.eq(who), check::decided_at.eq(at), check::verdict.eq(verdict))
            }),
            check::notice.eq(notice),
            check::updated_at.eq(at),
        ))
        .execute(conn)?;
    Ok(())
}

/// How people name its merge request: `group/project!7`.
///
/// # Errors
/// The database's.
pub fn reference(conn: &mut Conn, id: &str) -> Result<String, DbError> {
    Ok(names(conn, id)?.0)
}

/// The same, and the name of its rule.
///
/// # Errors
/// The database's.
pub fn names(conn: &mut Conn, id: &str) -> Result<(String, String), DbError> {
    let (path, iid, rule): (String, i64, String) = check::table
        .find(id)
        .select((check::project_path, check::merge_request_iid, check::rule_name))
        .first(conn)?;
    Ok((format!("{path}!{iid}"), rule))
}

/// What only the check page shows.
///
/// # Errors
/// The database's.
pub fn extras(conn: &mut Conn, id: &str) -> Result<CheckExtras, DbError> {
    Ok(check::table
        .inner_join(merge_request::table.on(merge_request::id.eq(check::merge_request_id)))
        .inner_join(rule::table.on(rule::id.eq(check::rule_id)))
        .filter(check::id.eq(id))
        .select((
            merge_request::description,
            merge_request::head_sha,
            check::notice,
            rule::broken_reason,
            check::gitlab_status,
            check::gitlab_status_at,
            check::undecided_pass,
        ))
        .first(conn)?)
}

/// Whether a check exists within the reach.
///
/// # Errors
/// The database's.
pub fn is_within(conn: &mut Conn, id: &str, reach: &Reach) -> Result<bool, DbError> {
    let found: Option<String> = check::table
        .filter(check::id.eq(id))
        .filter(within(reach, "status_check.project_id"))
        .select(check::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Who wrote the merge request of a check: the display name, empty until it is known, and GitLab's id.
///
/// # Errors
/// The database's.
pub fn author(conn: &mut Conn, id: &str) -> Result<(String, Option<i64>), DbError> {
    Ok(check::table
        .inner_join(merge_request::table.on(merge_request::id.eq(check::merge_request_id)))
        .filter(check::id.eq(id))
        .select((merge_request::author, merge_request::author_gitlab_id))
        .first(conn)?)
}

/// Where in GitLab a check belongs.
#[derive(Clone, Debug)]
pub struct Place {
    /// The connection.
    pub connection_id: ConnectionId,
    /// GitLab's project id.
    pub project: i64,
    /// The merge request's number.
    pub iid: i64,
    /// GitLab's id of the external status check.
    pub rule: i64,
}

/// Where in GitLab a check belongs.
///
/// # Errors
/// The database's.
pub fn place(conn: &mut Conn, id: &str) -> Result<Place, DbError> {
    let (connection_id, project, iid, rule): (String, i64, i64, i64) = check::table
        .inner_join(project::table.on(project::id.eq(check::project_id)))
        .inner_join(rule::table.on(rule::id.eq(check::rule_id)))
        .filter(check::id.eq(id))
        .select((project::connection_id, project::gitlab_id, check::merge_request_iid, rule::gitlab_id))
        .first(conn)?;
    Ok(Place { connection_id: ConnectionId::stored(connection_id), project, iid, rule })
}

/// The check of the same merge request and rule at another commit.
///
/// # Errors
/// The database's.
pub fn at_sha(
    conn: &mut Conn,
    merge_request_id: &str,
    rule_id: &str,
    sha: &str,
) -> Result<Option<String>, DbError> {
    Ok(check::table
        .filter(check::merge_request_id.eq(merge_request_id))
        .filter(check::rule_id.eq(rule_id))
        .filter(check::sha.eq(sha))
        .select(check::id)
        .first(conn)
        .optional()?)
}

/// The checks of the same merge request's other rules at this commit.
///
/// # Errors
/// The database's.
pub fn beside(
    conn: &mut Conn,
    merge_request_id: &str,
    rule_id: &str,
    sha: &str,
) -> Result<Vec<String>, DbError> {
    Ok(check::table
        .filter(check::merge_request_id.eq(merge_request_id))
        .filter(check::rule_id.ne(rule_id))
        .filter(check::sha.eq(sha))
        .select(check::id)
        .load(conn)?)
}
