//! What checks say of their merge requests: written when a check is made, and again when GitLab says something else.

use diesel::prelude::*;

use super::checks::{CheckRow, stamp};
use super::schema::{merge_request, status_check as check};
use super::{Conn, DbError};
use crate::domain::ids::CheckId;
use crate::domain::{CheckState, Time};

/// A check to be stored.
#[derive(Debug)]
pub struct NewCheck<'a> {
    /// The project: our id.
    pub project_id: &'a str,
    /// Its path.
    pub project_path: &'a str,
    /// The merge request: our id.
    pub merge_request_id: &'a str,
    /// Its number.
    pub iid: i64,
    /// The rule: our id.
    pub rule_id: &'a str,
    /// Its name.
    pub rule_name: &'a str,
    /// Its policy now.
    pub policy: &'a str,
    /// The commit.
    pub sha: &'a str,
    /// Title of the merge request.
    pub title: &'a str,
    /// Its author; empty until known.
    pub author: &'a str,
    /// Branch to be merged.
    pub source_branch: &'a str,
    /// Branch to merge into.
    pub target_branch: &'a str,
}

impl NewCheck<'_> {
    /// The text that searching looks through, in lower case.
    fn search_text(&self) -> String {
        let Self { project_path, iid, title, author, rule_name, source_branch, target_branch, sha, .. } =
            self;
        format!("{project_path}!{iid} {title} {author} {rule_name} {source_branch} {target_branch} {sha}")
            .to_lowercase()
    }
}

/// Stores a new pending check.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, new: &NewCheck<'_>, received_at: &str, now: Time) -> Result<CheckId, DbError> {
    let id = CheckId::generate();
    let author: Option<i64> = merge_request::table
        .find(new.merge_request_id)
        .select(merge_request::author_gitlab_id)
        .first(conn)?;
    diesel::insert_into(check::table)
        .values((
            (
                check::id.eq(id.as_str()),
                check::state.eq(CheckState::Pending.as_str()),
                check::project_path.eq(new.project_path),
                check::merge_request_iid.eq(new.iid),
                check::title.eq(new.title),
                check::author.eq(new.author),
                check::rule_name.eq(new.rule_name),
                check::sha.eq(new.sha),
                check::source_branch.eq(new.source_branch),
                check::target_branch.eq(new.target_branch),
            ),
            (
                check::undecided_pass.eq(false),
                check::received_at.eq(received_at),
                check::updated_at.eq(now.to_string()),
                check::round.eq(1),
                check::policy.eq(new.policy),
                check::project_id.eq(new.project_id),
                check::merge_request_id.eq(new.merge_request_id),
                check::author_gitlab_id.eq(author),
                check::rule_id.eq(new.rule_id),
                check::search_text.eq(new.search_text()),
            ),
        ))
        .execute(conn)?;
    Ok(id)
}

/// How a check described its merge request.
#[derive(Clone, Debug, Queryable)]
pub struct Described {
    /// The title.
    pub title: String,
    /// The author's display name.
    pub author: String,
    /// The source branch.
    pub source_branch: String,
    /// The target branch.
    pub target_branch: String,
}

/// Copies new facts of a merge request onto a check of its HEAD, and returns what it said before; `None` if it says so already.
///
/// # Errors
/// The database's.
pub fn redescribe(
    conn: &mut Conn,
    row: &CheckRow,
    new: &NewCheck<'_>,
    now: Time,
) -> Result<Option<Described>, DbError> {
    let (id, text) = (row.id.as_str(), new.search_text());
    let before: Option<Described> = check::table
        .find(id)
        // The text is in lower case, and branches differ by their case alone.
        .filter(
            check::search_text
                .ne(&text)
                .or(check::title.ne(new.title))
                .or(check::author.ne(new.author))
                .or(check::rule_name.ne(new.rule_name))
                .or(check::source_branch.ne(new.source_branch))
                .or(check::target_branch.ne(new.target_branch)),
        )
        .select((check::title, check::author, check::source_branch, check::target_branch))
        .first(conn)
        .optional()?;
    if before.is_some() {
        let at = stamp(conn, id, now)?;
        diesel::update(check::table.find(id))
            .set((
                check::project_path.eq(new.project_path),
                check::title.eq(new.title),
                check::author.eq(new.author),
                check::rule_name.eq(new.rule_name),
                check::source_branch.eq(new.source_branch),
                check::target_branch.eq(new.target_branch),
                check::search_text.eq(&text),
                check::updated_at.eq(at),
            ))
            .execute(conn)?;
    }
    Ok(before)
}
