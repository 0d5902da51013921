//! Rules: reading and changing what is set for them.

use serde_json::json;

use super::{Asking, ServiceError};
use crate::app::App;
use crate::db::rules::{self, ListedRule};
use crate::db::{DbError, Lane, events};
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::RuleId;
use crate::domain::record::{EventKind, NewEvent};

/// The rules within the caller's reach.
///
/// # Errors
/// The database's.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<ListedRule>, DbError> {
    let reach = caller.reach.clone();
    app.db.read(move |conn| rules::listed(conn, &reach)).await
}

/// Switches the notes of a rule on or off; returns the rule as it is now. Asking for what is so
/// already changes nothing and leaves no trace.
///
/// # Errors
/// [`ServiceError::NotFound`] or the database's.
pub async fn change(
    app: &App,
    caller: &Caller,
    id: RuleId,
    note_enabled: bool,
) -> Result<ListedRule, ServiceError> {
    let asking = Asking::new(app, caller);
    let rule = app
        .db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, Some(Permission::ProjectsWrite))?;
            let mut rule = rules::find(conn, &id, &caller.reach)?.ok_or(ServiceError::NotFound("rule"))?;
            if rule.note_enabled == note_enabled {
                return Ok(rule);
            }
            rules::set_note_enabled(conn, &id, note_enabled, asking.now)?;
            let event = NewEvent::new(
                EventKind::RuleChanged,
                caller.actor(),
                format!(
                    "{} switched the notes of {:?} in {} {}",
                    caller.name,
                    rule.name,
                    rule.project.2,
                    if note_enabled { "on" } else { "off" }
                ),
                json!({"rule": id.as_str(), "note_enabled": note_enabled}),
            )
            .of_project(&rule.project.0);
            events::append(conn, &event, asking.now)?;
            rule.note_enabled = note_enabled;
            Ok::<_, ServiceError>(rule)
        })
        .await?;
    app.changed();
    Ok(rule)
}
