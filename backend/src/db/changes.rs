//! What is kept of changes: parts as packed bytes, and a summary for each commit that listings show. Everything here can
//! be read again from GitLab; the longest unused goes first. For when it is read see `changes_due.rs`.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::reach::within;
use super::schema::{
    change_part as kept, change_summary as change, decision, project, status_check as check,
};
use super::{Conn, DbError, lock, packing, time, word};
use crate::domain::access::Reach;
use crate::domain::change::Summary;
use crate::domain::ids::ConnectionId;
use crate::domain::{Time, Verdict};

/// A commit of a merge request: our id of that, and the SHA.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The merge request: our id.
    pub merge_request_id: String,
    /// The commit.
    pub sha: String,
}

/// Where a change is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What it is kept under.
    pub key: Key,
    /// The target branch it is compared with.
    pub target_branch: String,
    /// The connection.
    pub connection_id: ConnectionId,
    /// GitLab's project id.
    pub project: i64,
    /// The merge request's number.
    pub iid: i64,
}

/// A decision of the caller on an earlier commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The commit.
    pub sha: String,
    /// What they said.
    pub verdict: Verdict,
    /// When, RFC 3339.
    pub decided_at: String,
    /// The target branch then.
    pub target_branch: String,
}

/// A part: its name, and its bytes.
pub type Part = (String, Vec<u8>);

/// Packs a part's bytes; worth doing outside of a transaction.
#[must_use]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    packing::pack(bytes)
}

/// Where the change of a check is read, if it is within the reach.
///
/// # Errors
/// The database's.
pub fn target(conn: &mut Conn, check_id: &str, reach: &Reach) -> Result<Option<Target>, DbError> {
    let row: Option<(String, String, String, String, i64, i64)> = check::table
        .inner_join(project::table.on(project::id.eq(check::project_id)))
        .filter(check::id.eq(check_id))
        .filter(within(reach, "status_check.project_id"))
        .select((
            check::merge_request_id,
            check::sha,
            check::target_branch,
            project::connection_id,
            project::gitlab_id,
            check::merge_request_iid,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(merge_request_id, sha, target_branch, connection_id, project, iid)| Target {
        key: Key { merge_request_id, sha },
        target_branch,
        connection_id: ConnectionId::stored(connection_id),
        project,
        iid,
    }))
}

/// The caller's last decision on an earlier commit of a check's merge request and rule.
///
/// # Errors
/// The database's.
pub fn decided(conn: &mut Conn, check_id: &str, account_id: &str) -> Result<Option<Decided>, DbError> {
    let (request, rule, sha, received_at): (String, String, String, String) = check::table
        .find(check_id)
        .select((check::merge_request_id, check::rule_id, check::sha, check::received_at))
        .first(conn)?;
    let row: Option<(String, String, String, String)> = decision::table
        .inner_join(check::table.on(check::id.eq(decision::check_id)))
        .filter(check::merge_request_id.eq(request))
        .filter(check::rule_id.eq(rule))
        .filter(check::sha.ne(sha))
        .filter(check::received_at.le(received_at))
        .filter(decision::account_id.eq(account_id))
        .order((decision::decided_at.desc(), decision::id.desc()))
        .select((decision::sha, decision::verdict, decision::decided_at, decision::target_branch))
        .first(conn)
        .optional()?;
    row.map(|(sha, verdict, decided_at, target_branch)| {
        Ok(Decided { sha, verdict: word(&verdict, Verdict::parse)?, decided_at, target_branch })
    })
    .transpose()
}

/// A part's bytes and when they were read; `None` if it is not kept.
///
/// # Errors
/// The database's.
pub fn part(conn: &mut Conn, key: &Key, part: &str) -> Result<Option<(Vec<u8>, Time)>, DbError> {
    let row: Option<(Vec<u8>, String)> = kept::table
        .find((&key.merge_request_id, &key.sha, part))
        .select((kept::packed, kept::read_at))
        .first(conn)
        .optional()?;
    row.map(|(packed, read_at)| Ok((packing::unpack(&packed)?, time(&read_at)?))).transpose()
}

/// Keeps parts that were read at `now`, packed by [`pack`]; those whose names begin with one of `instead_of` go.
///
/// # Errors
/// The database's.
pub fn keep(
    conn: &mut Conn,
    key: &Key,
    parts: &[Part],
    instead_of: &[&str],
    now: Time,
) -> Result<(), DbError> {
    begin(conn, key, now)?;
    let own = || {
        kept::table.filter(kept::merge_request_id.eq(&key.merge_request_id)).filter(kept::sha.eq(&key.sha))
    };
    for prefix in instead_of {
        diesel::delete(own().filter(kept::part.like(format!("{prefix}%")))).execute(conn)?;
    }
    for (name, packed) in parts {
        diesel::delete(own().filter(kept::part.eq(name))).execute(conn)?;
        diesel::insert_into(kept::table)
            .values((
                kept::merge_request_id.eq(&key.merge_request_id),
                kept::sha.eq(&key.sha),
                kept::part.eq(name),
                kept::packed.eq(packed),
                kept::size.eq(i64::try_from(packed.len()).unwrap_or(i64::MAX)),
                kept::read_at.eq(now.to_string()),
            ))
            .execute(conn)?;
    }
    let size: i64 = own().select(sql::<BigInt>("CAST(COALESCE(SUM(size), 0) AS BIGINT)")).first(conn)?;
    diesel::update(change::table.find((&key.merge_request_id, &key.sha)))
        .set((change::size.eq(size), change::last_used_at.eq(now.to_string())))
        .execute(conn)?;
    Ok(())
}

/// Sees to it that the commit has a row, under its lock.
pub(super) fn begin(conn: &mut Conn, key: &Key, now: Time) -> Result<(), DbError> {
    lock(conn, &format!("change {} {}", key.merge_request_id, key.sha))?;
    let there: Option<String> =
        change::table.find((&key.merge_request_id, &key.sha)).select(change::sha).first(conn).optional()?;
    if there.is_none() {
        diesel::insert_into(change::table)
            .values((
                change::merge_request_id.eq(&key.merge_request_id),
                change::sha.eq(&key.sha),
                change::size.eq(0),
                change::last_used_at.eq(now.to_string()),
                change::attempts.eq(0),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Stores what listings show; `true` if it is something else than before.
///
/// # Errors
/// The database's.
pub fn summarise(conn: &mut Conn, key: &Key, summary: &Summary, now: Time) -> Result<bool, DbError> {
    begin(conn, key, now)?;
    let row = (&key.merge_request_id, &key.sha);
    let values = (
        change::pipeline.eq(summary.pipeline.as_deref()),
        change::approvals_given.eq(Some(summary.approvals_given)),
        change::approvals_required.eq(Some(summary.approvals_required)),
        change::additions.eq(Some(summary.additions)),
        change::deletions.eq(Some(summary.deletions)),
        change::files.eq(Some(summary.files)),
    );
    type Known = (Option<String>, Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);
    let known: Known = change::table
        .find(row)
        .select((
            change::pipeline,
            change::approvals_given,
            change::approvals_required,
            change::additions,
            change::deletions,
            change::files,
        ))
        .first(conn)?;
    let now_known: Known = (
        summary.pipeline.clone(),
        Some(summary.approvals_given),
        Some(summary.approvals_required),
        Some(summary.additions),
        Some(summary.deletions),
        Some(summary.files),
    );
    if known == now_known {
        return Ok(false);
    }
    diesel::update(change::table.find(row)).set(values).execute(conn)?;
    Ok(true)
}

/// The checks of a commit, each behind its project: our ids.
///
/// # Errors
/// The database's.
pub fn checks_of(conn: &mut Conn, key: &Key) -> Result<Vec<(String, String)>, DbError> {
    Ok(check::table
        .filter(check::merge_request_id.eq(&key.merge_request_id))
        .filter(check::sha.eq(&key.sha))
        .select((check::project_id, check::id))
        .load(conn)?)
}

/// Notes when somebody looked at these.
///
/// # Errors
/// The database's.
pub fn used(conn: &mut Conn, keys: &HashMap<Key, Time>) -> Result<(), DbError> {
    for (key, at) in keys {
        diesel::update(change::table.find((&key.merge_request_id, &key.sha)))
            .set(change::last_used_at.eq(at.to_string()))
            .execute(conn)?;
    }
    Ok(())
}

/// Lets the longest unused go until at most `bytes` are kept, up to 100 commits at once; `true` if there are more to go.
///
/// # Errors
/// The database's.
pub fn prune(conn: &mut Conn, bytes: i64) -> Result<bool, DbError> {
    let kept_now: i64 = change::table
        .filter(change::size.gt(0))
        .select(sql::<BigInt>("CAST(COALESCE(SUM(size), 0) AS BIGINT)"))
        .first(conn)?;
    let mut over = kept_now - bytes;
    if over <= 0 {
        return Ok(false);
    }
    let oldest: Vec<(String, String, i64)> = change::table
        .filter(change::size.gt(0))
        .order(change::last_used_at.asc())
        .limit(100)
        .select((change::merge_request_id, change::sha, change::size))
        .load(conn)?;
    for (merge_request_id, sha, size) in oldest {
        if over <= 0 {
            break;
        }
        diesel::delete(
            kept::table.filter(kept::merge_request_id.eq(&merge_request_id)).filter(kept::sha.eq(&sha)),
        )
        .execute(conn)?;
        diesel::update(change::table.find((&merge_request_id, &sha)))
            .set(change::size.eq(0))
            .execute(conn)?;
        over -= size;
    }
    Ok(over > 0)
}
