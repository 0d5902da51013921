//! Reads the changes of pending checks before anybody looks, so that listings show their pipelines and approvals, and
//! pages open at once, also when GitLab is down by then. And lets go what nobody looks at.
//!
//! When a change is read again is data (`change_summary.due_at`): every minute while its pipeline runs, every ten minutes
//! else, at once when the merge request changed. The pace is bounded (`hub`): with ten thousand pending checks a round
//! takes hours, and GitLab hardly notices.

use std::time::Duration;

use futures_util::future::join_all;

use super::fetch;
use crate::app::App;
use crate::db::changes;
use crate::db::changes_due::{self, Due};
use crate::db::{DbError, Lane};
use crate::domain::backoff::Backoff;
use crate::domain::change::Pipeline;

const LEASE: Duration = Duration::from_secs(60);
/// So many are read at once.
const CLAIM: usize = 2;
/// While the pipeline runs.
const SOON: Duration = Duration::from_secs(60);
/// Else.
const LATER: Duration = Duration::from_secs(600);
/// After failures.
const AGAIN: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(900) };

/// Reads what is due and may be read now; returns how many changes that were.
///
/// # Errors
/// The database's.
pub async fn step(app: &App) -> Result<usize, DbError> {
    if !app.config.read_ahead || app.connected().is_none() {
        return Ok(0);
    }
    let now = app.clock.now();
    let admitted = app.changes.gate().admit(CLAIM, now);
    if admitted == 0 {
        return Ok(0);
    }
    let limit = i64::try_from(admitted).unwrap_or(1);
    let claimed =
        app.db.write(Lane::Back, move |conn| changes_due::claim(conn, now, now.after(LEASE), limit)).await;
    let due: Vec<Due> = claimed.inspect_err(|_| app.changes.gate().give_back(admitted))?;
    app.changes.gate().give_back(admitted - due.len().min(admitted));
    let count = due.len();
    join_all(due.into_iter().map(|one| read_one(app, one)))
        .await
        .into_iter()
        .collect::<Result<Vec<()>, _>>()?;
    Ok(count)
}

/// When it is worth looking again, if something is due and may not be read yet.
pub fn retry_after(app: &App) -> Duration {
    let now = app.clock.now();
    app.changes.gate().retry_at(now).since(now)
}

async fn read_one(app: &App, due: Due) -> Result<(), DbError> {
    let span = app.traces.work("read change", None, None);
    let outcome = span.within(fetch::fetch(app, &due.target, true)).await;
    let now = app.clock.now();
    let failed = match outcome {
        Ok(()) => false,
        Err(error) if error.is_ours() => return Err(DbError::Abandoned),
        Err(_) => true,
    };
    app.db
        .write(Lane::Back, move |conn| {
            let key = &due.target.key;
            if failed {
                let attempts = due.attempts + 1;
                let failures = u32::try_from(attempts).unwrap_or(u32::MAX);
                let next = now.after(AGAIN.wait(failures, rand::random()));
                return changes_due::end(conn, &due, next, attempts);
            }
            let pipeline = changes_due::pipeline(conn, key)?;
            let moving = pipeline.as_deref().is_some_and(Pipeline::is_moving);
            changes_due::end(conn, &due, now.after(if moving { SOON } else { LATER }), 0)
        })
        .await
}

/// Notes what was looked at, and lets the longest unused go if more is kept than the settings allow. `always` looks even
/// if little was kept since the last time.
///
/// # Errors
/// The database's.
pub async fn tidy(app: &App, always: bool) -> Result<(), DbError> {
    let most = app.config.change_cache;
    if !app.changes.wrote_more_than(most / 16) && !always {
        return Ok(());
    }
    let used = app.changes.take_used();
    let bytes = i64::try_from(most).unwrap_or(i64::MAX);
    loop {
        let used = used.clone();
        let more = app
            .db
            .write(Lane::Back, move |conn| {
                changes::used(conn, &used)?;
                changes::prune(conn, bytes)
            })
            .await?;
        if !more {
            return Ok(());
        }
    }
}
