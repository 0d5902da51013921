//! What GitLab shows for checks, and the alarm about a `passed` that nobody here decided.

use diesel::prelude::*;

use super::schema::status_check as check;
use super::{Conn, DbError};
use crate::domain::{GitLabStatus, Time};

/// Whether GitLab lets a check pass that nobody here approved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndecidedPass {
    /// It does, and nobody has acknowledged that.
    pub alarm: bool,
    /// Somebody has.
    pub acknowledged: bool,
}

/// What is known of a check.
///
/// # Errors
/// The database's.
pub fn undecided_pass(conn: &mut Conn, id: &str) -> Result<UndecidedPass, DbError> {
    let (alarm, acknowledged) =
        check::table.find(id).select((check::undecided_pass, check::pass_acknowledged)).first(conn)?;
    Ok(UndecidedPass { alarm, acknowledged })
}

/// Stores what GitLab shows.
///
/// # Errors
/// The database's.
pub fn save(
    conn: &mut Conn,
    id: &str,
    shows: GitLabStatus,
    alarm: bool,
    read_at: Time,
) -> Result<(), DbError> {
    diesel::update(check::table.find(id))
        .set((
            check::gitlab_status.eq(Some(shows.as_str())),
            check::gitlab_status_at.eq(Some(read_at.to_string())),
            check::undecided_pass.eq(alarm),
        ))
        .execute(conn)?;
    if shows != GitLabStatus::Passed {
        // The next time it passes, somebody answered anew.
        expect_anew(conn, id)?;
    }
    Ok(())
}

/// What was acknowledged is over: a `passed` that nobody here decides is one to raise an alarm about again.
///
/// # Errors
/// The database's.
pub fn expect_anew(conn: &mut Conn, id: &str) -> Result<(), DbError> {
    diesel::update(check::table.find(id))
        .filter(check::pass_acknowledged)
        .set(check::pass_acknowledged.eq(false))
        .execute(conn)?;
    Ok(())
}

/// Somebody here approved the check: that GitLab lets it pass is no alarm any more.
///
/// # Errors
/// The database's.
pub fn approved(conn: &mut Conn, id: &str) -> Result<(), DbError> {
    diesel::update(check::table.find(id))
        .filter(check::undecided_pass)
        .set(check::undecided_pass.eq(false))
        .execute(conn)?;
    Ok(())
}

/// Ends the alarm about a check; `false` if there is none.
///
/// # Errors
/// The database's.
pub fn acknowledge(conn: &mut Conn, id: &str) -> Result<bool, DbError> {
    let ended = diesel::update(check::table.find(id))
        .filter(check::undecided_pass)
        .set((check::undecided_pass.eq(false), check::pass_acknowledged.eq(true)))
        .execute(conn)?;
    Ok(ended == 1)
}
