//! Decisions: who said what about which SHA.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;

use super::schema::decision;
use super::{Conn, DbError, time, word};
use crate::domain::Verdict;
use crate::domain::audit::ToldDecision;
use crate::domain::ids::DecisionId;

/// A decision as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = decision)]
struct Row {
    id: String,
    check_id: String,
    round: i64,
    verdict: String,
    comment: String,
    sha: String,
    target_branch: String,
    reviewer: String,
    reviewer_verified: bool,
    reversed: bool,
    decided_at: String,
    account_id: Option<String>,
    via: Option<String>,
}

/// A decision on record.
#[derive(Clone, Debug)]
pub struct DecisionRow {
    /// Our id.
    pub id: DecisionId,
    /// The check's id.
    pub check_id: String,
    /// The check's round; another one means that the target branch changed since.
    pub round: i64,
    /// What was said.
    pub verdict: Verdict,
    /// Why.
    pub comment: String,
    /// About which commit.
    pub sha: String,
    /// For which target branch.
    pub target_branch: String,
    /// Who said it.
    pub reviewer: String,
    /// Whether we know that it was them.
    pub reviewer_verified: bool,
    /// Whether it no longer counts.
    pub reversed: bool,
    /// When, RFC 3339.
    pub decided_at: String,
    /// The account that said it; `None` for decisions older than accounts.
    pub account_id: Option<String>,
    /// Through what; `None` for decisions older than accounts.
    pub via: Option<String>,
}

/// Stores a decision. It comes after those that there are, also where another replica's clock, which was ahead, said
/// when they were made: then it is noted a microsecond after the last.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &DecisionRow) -> Result<(), DbError> {
    let last: Option<String> = decision::table
        .filter(decision::check_id.eq(&row.check_id))
        .select(diesel::dsl::max(decision::decided_at))
        .first(conn)?;
    let decided_at = match last {
        Some(last) if last >= row.decided_at => time(&last)?.after(Duration::from_micros(1)).to_string(),
        Some(_) | None => row.decided_at.clone(),
    };
    diesel::insert_into(decision::table)
        .values((
            decision::id.eq(row.id.as_str()),
            decision::check_id.eq(&row.check_id),
            decision::round.eq(row.round),
            decision::verdict.eq(row.verdict.as_str()),
            decision::comment.eq(&row.comment),
            decision::sha.eq(&row.sha),
            decision::target_branch.eq(&row.target_branch),
            decision::reviewer.eq(&row.reviewer),
            decision::reviewer_verified.eq(row.reviewer_verified),
            decision::reversed.eq(row.reversed),
            decision::decided_at.eq(decided_at),
            decision::account_id.eq(row.account_id.as_deref()),
            decision::via.eq(row.via.as_deref()),
        ))
        .execute(conn)?;
    Ok(())
}

/// The decisions of a check, oldest first.
///
/// # Errors
/// The database's.
pub fn of_check(conn: &mut Conn, check_id: &str) -> Result<Vec<DecisionRow>, DbError> {
    let rows: Vec<Row> = decision::table
        .filter(decision::check_id.eq(check_id))
        .order((decision::decided_at.asc(), decision::id.asc()))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter()
        .map(|row| {
            Ok(DecisionRow {
                id: DecisionId::stored(row.id),
                check_id: row.check_id,
                round: row.round,
                verdict: word(&row.verdict, Verdict::parse)?,
                comment: row.comment,
                sha: row.sha,
                target_branch: row.target_branch,
                reviewer: row.reviewer,
                reviewer_verified: row.reviewer_verified,
                reversed: row.reversed,
                decided_at: row.decided_at,
                account_id: row.account_id,
                via: row.via,
            })
        })
        .collect()
}

/// Those of these decisions that are kept, by id, as the record tells of them.
///
/// # Errors
/// The database's.
pub fn kept(conn: &mut Conn, ids: &[&str]) -> Result<HashMap<String, ToldDecision>, DbError> {
    let mut kept = HashMap::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let rows: Vec<Row> =
            decision::table.filter(decision::id.eq_any(some)).select(Row::as_select()).load(conn)?;
        kept.extend(rows.into_iter().map(|row| {
            let told = ToldDecision {
                id: row.id.clone(),
                check_id: row.check_id,
                reviewer: row.reviewer,
                account_id: row.account_id,
                verdict: row.verdict,
                comment: row.comment,
                sha: row.sha,
                target_branch: row.target_branch,
                round: row.round,
                via: row.via.unwrap_or_default(),
            };
            (row.id, told)
        }));
    }
    Ok(kept)
}

/// The verdict that counts for a check now.
///
/// # Errors
/// The database's.
pub fn standing(conn: &mut Conn, check_id: &str) -> Result<Option<Verdict>, DbError> {
    let found: Option<String> = decision::table
        .filter(decision::check_id.eq(check_id))
        .filter(decision::reversed.eq(false))
        .order((decision::decided_at.desc(), decision::id.desc()))
        .select(decision::verdict)
        .first(conn)
        .optional()?;
    found.map(|text| word(&text, Verdict::parse)).transpose()
}

/// All decisions of a check no longer count.
///
/// # Errors
/// The database's.
pub fn void(conn: &mut Conn, check_id: &str) -> Result<(), DbError> {
    diesel::update(decision::table.filter(decision::check_id.eq(check_id)))
        .set(decision::reversed.eq(true))
        .execute(conn)?;
    Ok(())
}
