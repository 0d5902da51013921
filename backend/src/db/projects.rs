//! Connections, projects and rules.

use diesel::prelude::*;

use super::reach::within;
use super::schema::{connection, project, rule, status_check as check};
use super::{Conn, DbError, deliveries, lock};
use crate::domain::access::Reach;
use crate::domain::facts::{ProjectFacts, RuleFacts};
use crate::domain::ids::{ConnectionId, ProjectId, RuleId};
use crate::domain::{CheckState, Time};

/// The policy that rules have so far: one approval by any reviewer.
pub const DEFAULT_POLICY: &str = r#"{"approvals":1}"#;

/// A project on record.
#[derive(Clone, Debug)]
pub struct ProjectRow {
    /// Our id.
    pub id: ProjectId,
    /// Full path.
    pub path: String,
}

/// A rule on record.
#[derive(Clone, Debug)]
pub struct RuleRow {
    /// Our id.
    pub id: RuleId,
    /// GitLab's id.
    pub gitlab_id: i64,
    /// Its name.
    pub name: String,
    /// Its policy, JSON.
    pub policy: String,
    /// Why it does not work, if it does not.
    pub broken_reason: Option<String>,
}

/// A project as access knows it.
#[derive(Clone, Debug, Queryable)]
pub struct ListedProject {
    /// Our id.
    pub id: String,
    /// GitLab's id.
    pub gitlab_id: i64,
    /// Full path.
    pub path: String,
    /// Its page in GitLab.
    pub web_url: String,
}

/// All connections and their base URLs.
///
/// # Errors
/// The database's.
pub fn base_urls(conn: &mut Conn) -> Result<Vec<(ConnectionId, String)>, DbError> {
    let all: Vec<(String, String)> = connection::table
        .order(connection::id.asc())
        .select((connection::id, connection::base_url))
        .load(conn)?;
    Ok(all.into_iter().map(|(id, url)| (ConnectionId::stored(id), url)).collect())
}

/// Makes a connection.
///
/// # Errors
/// The database's.
pub fn make_connection(conn: &mut Conn, base_url: &str, now: Time) -> Result<ConnectionId, DbError> {
    let id = ConnectionId::generate();
    let at = now.to_string();
    diesel::insert_into(connection::table)
        .values((
            connection::id.eq(id.as_str()),
            connection::base_url.eq(base_url),
            connection::created_at.eq(&at),
            connection::updated_at.eq(&at),
        ))
        .execute(conn)?;
    Ok(id)
}

/// Gives a connection another base URL.
///
/// # Errors
/// The database's.
pub fn set_base_url(conn: &mut Conn, id: &ConnectionId, base_url: &str) -> Result<(), DbError> {
    diesel::update(connection::table.find(id.as_str()))
        .set(connection::base_url.eq(base_url))
        .execute(conn)?;
    Ok(())
}

/// Removes a connection that has no project; `false` if it has one.
///
/// # Errors
/// The database's.
pub fn remove_unused_connection(conn: &mut Conn, id: &ConnectionId) -> Result<bool, DbError> {
    let used = project::table.filter(project::connection_id.eq(id.as_str()));
    if diesel::select(diesel::dsl::exists(used)).get_result(conn)? {
        return Ok(false);
    }
    diesel::delete(connection::table.find(id.as_str())).execute(conn)?;
    Ok(true)
}

/// The base URL of another connection that has decisions to be told; while this one has no project yet, also of one whose checks wait.
///
/// # Errors
/// The database's.
pub fn waiting_elsewhere(conn: &mut Conn, id: &ConnectionId) -> Result<Option<(String, bool)>, DbError> {
    let of_this = project::table.filter(project::connection_id.eq(id.as_str()));
    let is_new = !diesel::select(diesel::dsl::exists(of_this)).get_result::<bool>(conn)?;
    for (other, base_url) in base_urls(conn)?.into_iter().filter(|(other, _)| other != id) {
        let open = project::table
            .inner_join(check::table.on(check::project_id.eq(project::id)))
            .filter(project::connection_id.eq(other.as_str()))
            .filter(check::state.eq(CheckState::Pending.as_str()));
        if deliveries::is_any_pending(conn, other.as_str(), None)?
            || is_new && diesel::select(diesel::dsl::exists(open)).get_result(conn)?
        {
            return Ok(Some((base_url, is_new)));
        }
    }
    Ok(None)
}

/// All connections.
///
/// # Errors
/// The database's.
pub fn connections(conn: &mut Conn) -> Result<Vec<ConnectionId>, DbError> {
    let ids: Vec<String> = connection::table.order(connection::id.asc()).select(connection::id).load(conn)?;
    Ok(ids.into_iter().map(ConnectionId::stored).collect())
}

/// A project by GitLab's id.
///
/// # Errors
/// The database's.
pub fn find_project(
    conn: &mut Conn,
    connection_id: &ConnectionId,
    gitlab_id: i64,
) -> Result<Option<ProjectRow>, DbError> {
    let row: Option<(String, String)> = project::table
        .filter(project::connection_id.eq(connection_id.as_str()))
        .filter(project::gitlab_id.eq(gitlab_id))
        .select((project::id, project::path))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, path)| ProjectRow { id: ProjectId::stored(id), path }))
}

/// Stores what is known of a project, making it if it is new.
///
/// # Errors
/// The database's.
pub fn upsert_project(
    conn: &mut Conn,
    connection_id: &ConnectionId,
    facts: &ProjectFacts,
    now: Time,
) -> Result<ProjectRow, DbError> {
    if let Some(known) = find_project(conn, connection_id, facts.gitlab_id)? {
        if known.path != facts.path {
            diesel::update(project::table.find(known.id.as_str()))
                .set((
                    project::path.eq(&facts.path),
                    project::web_url.eq(&facts.web_url),
                    project::updated_at.eq(now.to_string()),
                ))
                .execute(conn)?;
        }
        return Ok(ProjectRow { path: facts.path.clone(), ..known });
    }
    lock(conn, &format!("project {connection_id} {}", facts.gitlab_id))?;
    if let Some(known) = find_project(conn, connection_id, facts.gitlab_id)? {
        return Ok(known);
    }
    let id = ProjectId::generate();
    let at = now.to_string();
    diesel::insert_into(project::table)
        .values((
            project::id.eq(id.as_str()),
            project::connection_id.eq(connection_id.as_str()),
            project::gitlab_id.eq(facts.gitlab_id),
            project::path.eq(&facts.path),
            project::web_url.eq(&facts.web_url),
            project::created_at.eq(&at),
            project::updated_at.eq(&at),
        ))
        .execute(conn)?;
    Ok(ProjectRow { id, path: facts.path.clone() })
}

type RuleTuple = (String, i64, String, String, Option<String>);

fn rule_columns() -> (rule::id, rule::gitlab_id, rule::name, rule::policy, rule::broken_reason) {
    (rule::id, rule::gitlab_id, rule::name, rule::policy, rule::broken_reason)
}

fn read_rule((id, gitlab_id, name, policy, broken_reason): RuleTuple) -> RuleRow {
    RuleRow { id: RuleId::stored(id), gitlab_id, name, policy, broken_reason }
}

/// All rules of a project.
///
/// # Errors
/// The database's.
pub fn rules(conn: &mut Conn, project_id: &ProjectId) -> Result<Vec<RuleRow>, DbError> {
    let rows: Vec<RuleTuple> = rule::table
        .filter(rule::project_id.eq(project_id.as_str()))
        .order(rule::gitlab_id.asc())
        .select(rule_columns())
        .load(conn)?;
    Ok(rows.into_iter().map(read_rule).collect())
}

/// Makes a rule; if another replica was faster, returns that one. The flag says whether it is new.
///
/// # Errors
/// The database's.
pub fn enrol_rule(
    conn: &mut Conn,
    project_id: &ProjectId,
    facts: &RuleFacts,
    now: Time,
) -> Result<(RuleRow, bool), DbError> {
    lock(conn, &format!("rule {project_id} {}", facts.gitlab_id))?;
    if let Some(known) = rules(conn, project_id)?.into_iter().find(|rule| rule.gitlab_id == facts.gitlab_id) {
        return Ok((known, false));
    }
    let id = RuleId::generate();
    let at = now.to_string();
    diesel::insert_into(rule::table)
        .values((
            rule::id.eq(id.as_str()),
            rule::project_id.eq(project_id.as_str()),
            rule::gitlab_id.eq(facts.gitlab_id),
            rule::rule_key.eq(uuid::Uuid::new_v4().simple().to_string()),
            rule::name.eq(&facts.name),
            rule::policy.eq(DEFAULT_POLICY),
            rule::created_at.eq(&at),
            rule::updated_at.eq(&at),
        ))
        .execute(conn)?;
    let row = RuleRow {
        id,
        gitlab_id: facts.gitlab_id,
        name: facts.name.clone(),
        policy: DEFAULT_POLICY.into(),
        broken_reason: None,
    };
    Ok((row, true))
}

/// Renames a rule.
///
/// # Errors
/// The database's.
pub fn rename_rule(conn: &mut Conn, id: &RuleId, name: &str, now: Time) -> Result<(), DbError> {
    diesel::update(rule::table.find(id.as_str()))
        .set((rule::name.eq(name), rule::updated_at.eq(now.to_string())))
        .execute(conn)?;
    Ok(())
}

/// The projects within the reach, by path.
///
/// # Errors
/// The database's.
pub fn listed(conn: &mut Conn, reach: &Reach) -> Result<Vec<ListedProject>, DbError> {
    Ok(project::table
        .filter(within(reach, "project.id"))
        .order((project::path.asc(), project::id.asc()))
        .select((project::id, project::gitlab_id, project::path, project::web_url))
        .load(conn)?)
}

/// All projects of a connection: our id and GitLab's.
///
/// # Errors
/// The database's.
pub fn projects(conn: &mut Conn, connection_id: &ConnectionId) -> Result<Vec<(ProjectId, i64)>, DbError> {
    let rows: Vec<(String, i64)> = project::table
        .filter(project::connection_id.eq(connection_id.as_str()))
        .order(project::id.asc())
        .select((project::id, project::gitlab_id))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, gitlab_id)| (ProjectId::stored(id), gitlab_id)).collect())
}
