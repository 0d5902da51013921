//! A person has looked into an alarm.

use serde_json::json;

use super::{Asking, ServiceError, steps};
use crate::app::App;
use crate::db::{Lane, checks, events, lock_merge_request, shown};
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::CheckId;
use crate::domain::record::{EventKind, NewEvent};

/// Puts on record that somebody has looked into why GitLab shows `passed` for a check that nobody here approved, and ends
/// the alarm. It is raised again if GitLab takes the answer back, somebody decides here or the target branch changes, and GitLab then shows
/// `passed` once more.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::NotRetryable`] if there is no alarm, or the database's.
pub async fn acknowledge(
    app: &App,
    caller: &Caller,
    id: CheckId,
    comment: String,
) -> Result<(), ServiceError> {
    let asking = Asking::new(app, caller);
    app.db
        .write(Lane::Front, move |conn| {
            let caller = asking.again(conn, Some(Permission::Admin))?;
            if !checks::is_within(conn, id.as_str(), &caller.reach)? {
                return Err(ServiceError::NotFound("check"));
            }
            let place = checks::place(conn, id.as_str())?;
            // What GitLab shows may be on its way into the store.
            lock_merge_request(conn, &place.connection_id, place.project, place.iid)?;
            // As whoever decides does: the merge request's lock comes first.
            if !asking.is_first(conn, None)? {
                return Err(ServiceError::DoneAlready);
            }
            let row = checks::find(conn, id.as_str())?.ok_or(ServiceError::NotFound("check"))?;
            if !shown::acknowledge(conn, id.as_str())? {
                return Err(ServiceError::NotRetryable("there is no alarm about this check, or no longer"));
            }
            let event = NewEvent::new(
                EventKind::AlarmAcknowledged,
                caller.actor(),
                format!(
                    "{} looked into why {} passed in GitLab: {comment}",
                    caller.name,
                    steps::commit(conn, id.as_str(), &row.sha)?
                ),
                json!({"sha": row.sha, "comment": comment}),
            )
            .of_check(id.as_str(), &row.project_id);
            events::append(conn, &event, asking.now)?;
            Ok(())
        })
        .await?;
    app.live.stir();
    Ok(())
}
