//! Reads merge requests back from GitLab: where a call left something open, after a 409, and for
//! every merge request that reconciliation looks at.

use std::time::Duration;

use futures_util::future::join_all;

use super::connection;
use super::observe::{self, Observation, Observed};
use crate::app::App;
use crate::db::merge_requests::{self, ToRead};
use crate::db::{DbError, Lane, projects};
use crate::domain::backoff::READ_BACK;
use crate::domain::ids::ConnectionId;
use crate::gitlab::ReadError;
use crate::request_id;

const LEASE: Duration = Duration::from_secs(60);
const CLAIM: i64 = 8;

/// Reads back what is due; returns how many merge requests were read.
///
/// # Errors
/// The database's.
pub async fn step(app: &App) -> Result<usize, DbError> {
    let Some(connected) = app.connected() else { return Ok(0) };
    let now = app.clock.now();
    let due = app
        .db
        .write(Lane::Back, move |conn| {
            merge_requests::claim_refresh(conn, &connected.id, now, now.after(LEASE), CLAIM)
        })
        .await?;
    let count = due.len();
    join_all(due.into_iter().map(|one| read_named(app, one)))
        .await
        .into_iter()
        .collect::<Result<Vec<()>, _>>()?;
    if count > 0 {
        app.changed();
    }
    Ok(count)
}

async fn read_named(app: &App, wanted: ToRead) -> Result<(), DbError> {
    let id = request_id::fresh();
    let span = app.traces.work("read merge request", Some(&id), None);
    span.within(request_id::within(id, read_one(app, wanted))).await
}

async fn read_one(app: &App, wanted: ToRead) -> Result<(), DbError> {
    let insist = wanted.attempts >= 3;
    let observed = read_and_observe(app, wanted.project, wanted.iid, insist).await?;
    let now = app.clock.now();
    let again = match observed {
        Read::Observed(Observed::Applied | Observed::NotOurs) | Read::Gone => None,
        Read::Observed(Observed::Stale) => Some(None),
        Read::Refused | Read::Unreadable => Some(None),
        Read::Failed(asked) => Some(asked),
    };
    app.db
        .write(Lane::Back, move |conn| match again {
            None => merge_requests::end_refresh(conn, &wanted),
            Some(asked) => {
                let failures = u32::try_from(wanted.attempts + 1).unwrap_or(u32::MAX);
                let wait = READ_BACK.wait(failures, rand::random()).max(asked.unwrap_or_default());
                merge_requests::set_refresh(conn, &wanted.id, Some(now.after(wait)), wanted.attempts + 1)
            }
        })
        .await
}

/// What reading one merge request came to.
pub enum Read {
    /// It was read and taken in.
    Observed(Observed),
    /// GitLab has no such merge request (any more), or the token cannot see it.
    Gone,
    /// GitLab does not let the token read this one.
    Refused,
    /// GitLab's answer cannot be read.
    Unreadable,
    /// GitLab did not answer; it may have said how long to wait.
    Failed(Option<Duration>),
}

/// Reads one merge request and takes it in.
///
/// # Errors
/// The database's.
pub async fn read_and_observe(app: &App, project: i64, iid: i64, insist: bool) -> Result<Read, DbError> {
    let Some(connected) = app.connected() else { return Ok(Read::Failed(None)) };
    let began = app.clock.now();
    let facts = match connection::read(app, &connected, (project, iid), began).await? {
        Ok(facts) => facts,
        Err(ReadError::NotFound(path)) => {
            tracing::info!(%path, "GitLab has no such merge request, or the token cannot see it");
            vanish(app, &connected.id, project, iid).await?;
            return Ok(Read::Gone);
        }
        Err(ReadError::Unavailable { message, retry_after }) => {
            tracing::info!(error = %message, project, iid, "a merge request could not be read");
            return Ok(Read::Failed(retry_after));
        }
        Err(error @ (ReadError::Refused { .. } | ReadError::Unreadable(_))) => {
            tracing::warn!(%error, project, iid, "a merge request could not be read");
            let refused = matches!(error, ReadError::Refused { .. });
            return Ok(if refused { Read::Refused } else { Read::Unreadable });
        }
    };
    let now = app.clock.now();
    app.db
        .write(Lane::Back, move |conn| {
            let received_at = now.to_string();
            let seen = Observation {
                connection_id: &connected.id,
                facts: &facts,
                named_rule: None,
                retry: false,
                signed: false,
                enrol: false,
                insist,
                received_at: &received_at,
                now,
            };
            Ok(Read::Observed(observe::observe(conn, &seen)?))
        })
        .await
}

/// GitLab has no such merge request any more, or the token cannot see it.
///
/// # Errors
/// The database's.
pub async fn vanish(app: &App, connection: &ConnectionId, project: i64, iid: i64) -> Result<(), DbError> {
    let (connection, now) = (connection.clone(), app.clock.now());
    app.db.write(Lane::Back, move |conn| observe::vanished(conn, &connection, project, iid, now)).await
}

/// Has a merge request read once more, soon.
///
/// # Errors
/// The database's.
pub async fn again(app: &App, project: i64, iid: i64) -> Result<(), DbError> {
    let Some(connected) = app.connected() else { return Ok(()) };
    let now = app.clock.now();
    app.db
        .write(Lane::Back, move |conn| {
            let Some(project) = projects::find_project(conn, &connected.id, project)? else { return Ok(()) };
            let Some(known) = merge_requests::find(conn, &project.id, iid)? else { return Ok(()) };
            merge_requests::want_refresh(conn, known.id.as_str(), now)
        })
        .await
}
