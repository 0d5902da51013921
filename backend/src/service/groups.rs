//! Groups of people who reach the same projects. All of it needs `admin`.

use serde_json::json;

use super::people::{self, distinct, known};
use super::{Asking, ServiceError};
use crate::app::App;
use crate::db::groups::{self, GroupContents, GroupRow};
use crate::db::{Conn, DbError, Lane, events};
use crate::domain::Time;
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::GroupId;
use crate::domain::record::{EventKind, NewEvent};

/// All groups, by name.
///
/// # Errors
/// The database's.
pub async fn list(app: &App) -> Result<Vec<GroupRow>, DbError> {
    app.db.read(groups::all).await
}

/// What stands for a group's contents: another text as soon as any of it is.
#[must_use]
pub fn version(group: &GroupRow) -> String {
    people::version(&json!([group.name, distinct(&group.projects), distinct(&group.members)]))
}

/// Makes a group, or changes the one with this id, if it still is of the version that the caller saw.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Outdated`], [`ServiceError::Taken`], [`ServiceError::Invalid`] or the database's.
pub async fn save(
    app: &App,
    caller: &Caller,
    id: Option<GroupId>,
    new: GroupContents,
    expected: Option<String>,
) -> Result<GroupRow, ServiceError> {
    let asking = Asking::new(app, caller);
    let group = app
        .db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, Some(Permission::Admin))?;
            groups::hold(conn)?;
            if let Some(id) = &id {
                let now = groups::find(conn, id)?.ok_or(ServiceError::NotFound("group"))?;
                if expected.is_some_and(|expected| expected != version(&now)) {
                    return Err(ServiceError::Outdated("group"));
                }
            }
            known(conn, &new.projects, &[])?;
            if !groups::all_people_exist(conn, &distinct(&new.members))? {
                let why = "there is no person with one of these ids";
                return Err(ServiceError::Invalid { field: "members", why });
            }
            let taken = || ServiceError::Taken { field: "name", why: "another group has this name" };
            let saved = groups::save(conn, id.as_ref(), &new, asking.now)?.ok_or_else(taken)?;
            let verb = if id.is_some() { "changed" } else { "made" };
            let group = groups::find(conn, &saved)?.ok_or(ServiceError::NotFound("group"))?;
            record(conn, &caller, &group, verb, asking.now)?;
            Ok(group)
        })
        .await?;
    app.live.stir();
    Ok(group)
}

/// Removes a group.
///
/// # Errors
/// [`ServiceError::NotFound`] or the database's.
pub async fn remove(app: &App, caller: &Caller, id: GroupId) -> Result<(), ServiceError> {
    let asking = Asking::new(app, caller);
    app.db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, Some(Permission::Admin))?;
            groups::hold(conn)?;
            let group = groups::find(conn, &id)?.ok_or(ServiceError::NotFound("group"))?;
            groups::remove(conn, &id)?;
            record(conn, &caller, &group, "removed", asking.now)?;
            Ok::<_, ServiceError>(())
        })
        .await?;
    app.live.stir();
    Ok(())
}

fn record(conn: &mut Conn, caller: &Caller, group: &GroupRow, verb: &str, now: Time) -> Result<(), DbError> {
    let event = NewEvent::new(
        EventKind::GroupChanged,
        caller.actor(),
        format!("{} {verb} the group {}", caller.name, group.name),
        json!({
            "group": group.id.as_str(),
            "name": group.name,
            "projects": group.projects,
            "members": group.members,
            "what": verb,
        }),
    );
    events::append(conn, &event, now)?;
    Ok(())
}
