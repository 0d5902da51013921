//! People: inviting, changing, switching off, links, sessions. All of it needs `admin`.

use serde_json::json;

use super::links::{self, Made};
use super::{Asking, ServiceError};
use crate::app::App;
use crate::crypto::secret;
use crate::db::accounts::{self, AccountRow, NewAccount};
use crate::db::{Conn, DbError, Lane, events, grants, groups, reach, sessions, throttle};
use crate::domain::Time;
use crate::domain::access::{Caller, Permission, Reach, Role};
use crate::domain::ids::AccountId;
use crate::domain::person::is_reserved;
use crate::domain::record::{Actor, EventKind, NewEvent};

/// A person with everything that an administrator sees.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account.
    pub account: AccountRow,
    /// Projects granted to the account itself.
    pub projects: Vec<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Until when sign-in is locked.
    pub locked_until: Option<String>,
}

impl Person {
    /// What stands for everything that an administrator may set: another text as soon as any of it is.
    #[must_use]
    pub fn version(&self) -> String {
        let account = &self.account;
        version(&json!([
            account.name,
            words(&account.roles),
            account.all_projects,
            distinct(&self.projects),
            distinct(&self.groups),
            account.gitlab_user_id,
            account.active,
        ]))
    }
}

/// A short text that stands for a value.
pub(super) fn version(of: &serde_json::Value) -> String {
    let mut hash = secret::hash(&of.to_string());
    hash.truncate(16);
    hash
}

/// A person to be invited.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// The roles.
    pub roles: Vec<Role>,
    /// Whether all projects are reached.
    pub all_projects: bool,
    /// Projects to grant.
    pub projects: Vec<String>,
    /// Groups to join.
    pub groups: Vec<String>,
    /// GitLab's id of the same person.
    pub gitlab_user_id: Option<i64>,
}

/// All people, by name.
///
/// # Errors
/// The database's.
pub async fn list(app: &App) -> Result<Vec<Person>, ServiceError> {
    let now = app.clock.now();
    app.db
        .read(move |conn| {
            let mut projects = grants::account_projects(conn)?;
            let mut groups = grants::account_groups(conn)?;
            let locked = throttle::locked(conn, now)?;
            let people = accounts::all(conn)?.into_iter().map(|account| Person {
                projects: projects.remove(account.id.as_str()).unwrap_or_default(),
                groups: groups.remove(account.id.as_str()).unwrap_or_default(),
                locked_until: throttle::locked_until(&locked, &account.email),
                account,
            });
            Ok(people.collect())
        })
        .await
}

/// One person.
///
/// # Errors
/// [`ServiceError::NotFound`] or the database's.
pub async fn read(app: &App, id: AccountId) -> Result<Person, ServiceError> {
    let now = app.clock.now();
    app.db.read(move |conn| load(conn, &id, now)).await
}

pub(super) fn load(conn: &mut Conn, id: &AccountId, now: Time) -> Result<Person, ServiceError> {
    let account = accounts::find(conn, id)?.ok_or(ServiceError::NotFound("person"))?;
    let locked = throttle::locked(conn, now)?;
    Ok(Person {
        projects: grants::projects_of_account(conn, id)?,
        groups: grants::groups_of_account(conn, id)?,
        locked_until: throttle::locked_until(&locked, &account.email),
        account,
    })
}

/// Invites a person: makes the account and a link to hand over.
///
/// # Errors
/// [`ServiceError::Taken`], [`ServiceError::Invalid`] or the database's.
pub async fn invite(app: &App, caller: &Caller, new: Invitation) -> Result<(Person, Made), ServiceError> {
    let asking = Asking::new(app, caller);
    let done = app
        .db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, Some(Permission::Admin))?;
            let id = create(conn, &caller.actor(), &new, None, asking.now)?;
            let made = links::make(conn, &id, false, asking.now)?;
            Ok::<_, ServiceError>((load(conn, &id, asking.now)?, made))
        })
        .await?;
    app.live.stir();
    Ok(done)
}

/// Refuses a name that the record uses for what nobody did in person.
pub(super) fn free(name: &str) -> Result<(), ServiceError> {
    if is_reserved(name) {
        let why = "the record calls the service or GitLab so; choose another name";
        return Err(ServiceError::Taken { field: "name", why });
    }
    Ok(())
}

/// Makes an account, with or without a password.
///
/// # Errors
/// As [`invite`].
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    new: &Invitation,
    password_hash: Option<&str>,
    now: Time,
) -> Result<AccountId, ServiceError> {
    known(conn, &new.projects, &new.groups)?;
    free(&new.name)?;
    let account = NewAccount {
        name: &new.name,
        email: &new.email,
        password_hash,
        roles: &new.roles,
        all_projects: new.all_projects,
        gitlab_user_id: new.gitlab_user_id,
    };
    let taken = || ServiceError::Taken { field: "email", why: "somebody has this address already" };
    let id = accounts::insert(conn, &account, now)?.ok_or_else(taken)?;
    grants::set_account_projects(conn, &id, &new.projects)?;
    grants::set_account_groups(conn, &id, &new.groups)?;
    let verb = if password_hash.is_some() { "made an account for" } else { "invited" };
    let event = NewEvent::new(
        EventKind::PersonInvited,
        actor.clone(),
        format!("{} {verb} {} as {}", actor.name, new.name.trim(), role_words(&new.roles)),
        json!({
            "account": id.as_str(),
            "email": new.email.trim(),
            "roles": words(&new.roles),
            "all_projects": new.all_projects,
            "projects": new.projects,
            "groups": new.groups,
            "gitlab_user_id": new.gitlab_user_id,
        }),
    );
    events::append(conn, &event, now)?;
    Ok(id)
}

/// Makes a link for a person: an invitation again, or a reset of the password.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Invalid`] or the database's.
pub async fn make_link(app: &App, caller: &Caller, id: AccountId) -> Result<Made, ServiceError> {
    let asking = Asking::new(app, caller);
    let made = app
        .db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, Some(Permission::Admin))?;
            link(conn, &caller.actor(), &id, asking.now)
        })
        .await?;
    app.live.stir();
    Ok(made)
}

/// Makes a link for a person, inside the transaction of whoever asked.
///
/// # Errors
/// As [`make_link`].
pub fn link(conn: &mut Conn, actor: &Actor, id: &AccountId, now: Time) -> Result<Made, ServiceError> {
    let account = accounts::find(conn, id)?.ok_or(ServiceError::NotFound("person"))?;
    if !account.active {
        let why = "the account is switched off; switch it on first";
        return Err(ServiceError::Invalid { field: "active", why });
    }
    let made = links::make(conn, id, account.joined_at.is_some(), now)?;
    let event = NewEvent::new(
        EventKind::LinkMade,
        actor.clone(),
        format!("{} made a one-time link for {}", actor.name, account.name),
        json!({"account": id.as_str(), "expires_at": made.expires_at.to_string()}),
    );
    events::append(conn, &event, now)?;
    Ok(made)
}

/// Ends all sessions of a person.
///
/// # Errors
/// [`ServiceError::NotFound`] or the database's.
pub async fn end_sessions(app: &App, caller: &Caller, id: AccountId) -> Result<(), ServiceError> {
    let asking = Asking::new(app, caller);
    app.db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, Some(Permission::Admin))?;
            let account = accounts::find(conn, &id)?.ok_or(ServiceError::NotFound("person"))?;
            let ended = sessions::end_all(conn, &id, None)?;
            let event = NewEvent::new(
                EventKind::SignedOut,
                caller.actor(),
                format!("{} ended all sessions of {}", caller.name, account.name),
                json!({"account": id.as_str(), "ended_sessions": ended}),
            );
            events::append(conn, &event, asking.now)?;
            Ok::<_, ServiceError>(())
        })
        .await?;
    app.live.stir();
    Ok(())
}

/// Whether nobody can manage people yet.
///
/// # Errors
/// The database's.
pub async fn setup_needed(app: &App) -> Result<bool, DbError> {
    app.db.read(|conn| Ok(accounts::administrators(conn)?.is_empty())).await
}

/// Projects and groups that are named must exist.
pub(super) fn known(conn: &mut Conn, projects: &[String], groups: &[String]) -> Result<(), ServiceError> {
    let (projects, groups) = (distinct(projects), distinct(groups));
    if !reach::all_within(conn, &Reach::All, &projects)? {
        return Err(ServiceError::Invalid {
            field: "projects",
            why: "there is no project with one of these ids",
        });
    }
    if !groups::all_exist(conn, &groups)? {
        return Err(ServiceError::Invalid {
            field: "groups",
            why: "there is no group with one of these ids",
        });
    }
    Ok(())
}

/// Each once.
pub(super) fn distinct(ids: &[String]) -> Vec<String> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Roles as the record says them.
pub(super) fn words(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.as_str()).collect()
}

pub(super) fn role_words(roles: &[Role]) -> String {
    words(roles).join(", ")
}
