//! Changing a person: what they are called, may do and reach, and whether they may sign in.

use serde_json::json;

use super::people::{Person, distinct, free, known, load, role_words, words};
use super::{Asking, ServiceError};
use crate::app::App;
use crate::db::accounts::{self, AccountChange, AccountRow};
use crate::db::{Conn, Lane, events, grants, links, lock, sessions, tokens};
use crate::domain::Time;
use crate::domain::access::{Caller, Permission, Role};
use crate::domain::ids::AccountId;
use crate::domain::record::{Actor, EventKind, NewEvent};

/// How a person shall be.
#[derive(Clone, Debug)]
pub struct Change {
    /// Display name.
    pub name: String,
    /// The roles.
    pub roles: Vec<Role>,
    /// Whether all projects are reached.
    pub all_projects: bool,
    /// Projects granted.
    pub projects: Vec<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// GitLab's id of the same person.
    pub gitlab_user_id: Option<i64>,
    /// Whether the account may sign in.
    pub active: bool,
    /// The [`version`](Person::version) that the caller saw, if it matters.
    pub expected: Option<String>,
}

/// Changes a person. Switching an account off ends its sessions and revokes its tokens.
///
/// # Errors
/// [`ServiceError::Outdated`], [`ServiceError::LastAdministrator`], [`ServiceError::Invalid`],
/// [`ServiceError::NotFound`] or the database's.
pub async fn change(app: &App, caller: &Caller, id: AccountId, new: Change) -> Result<Person, ServiceError> {
    let asking = Asking::new(app, caller);
    let person = app
        .db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, Some(Permission::Admin))?;
            apply(conn, &caller.actor(), &id, &new, asking.now)?;
            load(conn, &id, asking.now)
        })
        .await?;
    app.live.stir();
    Ok(person)
}

/// Changes a person, inside the transaction of whoever asked.
///
/// # Errors
/// As [`change`].
pub fn apply(
    conn: &mut Conn,
    actor: &Actor,
    id: &AccountId,
    new: &Change,
    now: Time,
) -> Result<(), ServiceError> {
    // Two administrators who switch each other off at once must not both succeed, nor two who saw the same version.
    lock(conn, "set-up")?;
    if let Some(expected) = &new.expected
        && load(conn, id, now)?.version() != *expected
    {
        return Err(ServiceError::Outdated("person"));
    }
    let before = Standing {
        account: accounts::find(conn, id)?.ok_or(ServiceError::NotFound("person"))?,
        projects: grants::projects_of_account(conn, id)?,
        groups: grants::groups_of_account(conn, id)?,
    };
    known(conn, &new.projects, &new.groups)?;
    if new.name.trim() != before.account.name {
        free(&new.name)?;
    }
    let change = AccountChange {
        name: &new.name,
        roles: &new.roles,
        all_projects: new.all_projects,
        gitlab_user_id: new.gitlab_user_id,
        active: new.active,
    };
    let managed = !accounts::administrators(conn)?.is_empty();
    accounts::change(conn, id, &change, now)?;
    if managed && accounts::administrators(conn)?.is_empty() {
        return Err(ServiceError::LastAdministrator);
    }
    grants::set_account_projects(conn, id, &new.projects)?;
    grants::set_account_groups(conn, id, &new.groups)?;
    let mut revoked = Vec::new();
    if !new.active {
        sessions::end_all(conn, id, None)?;
        revoked = tokens::revoke_all(conn, id, now)?;
        links::remove_of(conn, id)?;
    }
    let event = NewEvent::new(
        EventKind::PersonChanged,
        actor.clone(),
        said(actor, &before, new),
        json!({
            "account": id.as_str(),
            "name": new.name.trim(),
            "roles": words(&new.roles),
            "roles_before": words(&before.account.roles),
            "all_projects": new.all_projects,
            "all_projects_before": before.account.all_projects,
            "projects": new.projects,
            "projects_before": before.projects,
            "groups": new.groups,
            "groups_before": before.groups,
            "gitlab_user_id": new.gitlab_user_id,
            "gitlab_user_id_before": before.account.gitlab_user_id,
            "active": new.active,
            "active_before": before.account.active,
            "tokens_revoked": revoked,
        }),
    );
    events::append(conn, &event, now)?;
    Ok(())
}

/// How a person stood before a change.
struct Standing {
    account: AccountRow,
    projects: Vec<String>,
    groups: Vec<String>,
}

/// What the record says of a change.
fn said(actor: &Actor, before: &Standing, new: &Change) -> String {
    let name = new.name.trim();
    let mut says = match (before.account.active, new.active) {
        (true, false) => format!("{} switched the account of {name} off", actor.name),
        (false, true) => format!("{} switched the account of {name} on", actor.name),
        (true, true) | (false, false) => format!("{} changed {name}", actor.name),
    };
    says.push_str(&format!(": {}", role_words(&new.roles)));
    if before.account.name != name {
        says.push_str(&format!("; was called {}", before.account.name));
    }
    // With it goes who may decide on whose merge requests.
    if before.account.gitlab_user_id != new.gitlab_user_id {
        let of = |id: Option<i64>| id.map_or("none".into(), |id| id.to_string());
        let (was, is) = (of(before.account.gitlab_user_id), of(new.gitlab_user_id));
        says.push_str(&format!("; GitLab user id {is} instead of {was}"));
    }
    let granted =
        |all: bool, projects: &[String], groups: &[String]| (all, distinct(projects), distinct(groups));
    if granted(before.account.all_projects, &before.projects, &before.groups)
        != granted(new.all_projects, &new.projects, &new.groups)
    {
        says.push_str("; reaches other projects");
    }
    says
}
