//! Rules as people see and set them.

use diesel::prelude::*;

use super::reach::within;
use super::schema::{project, rule};
use super::{Conn, DbError};
use crate::domain::Time;
use crate::domain::access::Reach;
use crate::domain::ids::RuleId;

/// A rule in a listing.
#[derive(Clone, Debug, Queryable)]
pub struct ListedRule {
    /// Our id.
    pub id: String,
    /// GitLab's id of the external status check.
    pub gitlab_id: i64,
    /// Its name in GitLab.
    pub name: String,
    /// Why it does not work, if it does not.
    pub broken_reason: Option<String>,
    /// Whether decisions are told in a note on the merge request.
    pub note_enabled: bool,
    /// Our id of the project, and GitLab's id, path and page.
    pub project: (String, i64, String, String),
}

macro_rules! listed {
    ($reach:expr) => {
        rule::table
            .inner_join(project::table.on(project::id.eq(rule::project_id)))
            .filter(within($reach, "rule.project_id"))
            .select((
                rule::id,
                rule::gitlab_id,
                rule::name,
                rule::broken_reason,
                rule::note_enabled,
                (project::id, project::gitlab_id, project::path, project::web_url),
            ))
    };
}

/// The rules within the reach, by project and name.
///
/// # Errors
/// The database's.
pub fn listed(conn: &mut Conn, reach: &Reach) -> Result<Vec<ListedRule>, DbError> {
    Ok(listed!(reach).order((project::path.asc(), rule::name.asc(), rule::id.asc())).load(conn)?)
}

/// A rule, if it is within the reach.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: &RuleId, reach: &Reach) -> Result<Option<ListedRule>, DbError> {
    Ok(listed!(reach).filter(rule::id.eq(id.as_str())).first(conn).optional()?)
}

/// Switches the notes of a rule on or off.
///
/// # Errors
/// The database's.
pub fn set_note_enabled(conn: &mut Conn, id: &RuleId, on: bool, now: Time) -> Result<(), DbError> {
    diesel::update(rule::table.find(id.as_str()))
        .set((rule::note_enabled.eq(on), rule::updated_at.eq(now.to_string())))
        .execute(conn)?;
    Ok(())
}
