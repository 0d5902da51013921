//! Reconciliation: GitLab does not repeat lost calls, so the open merge requests and what GitLab
//! shows for them are read now and then and compared with what is known here.

use std::ops::Range;
use std::time::Duration;

use super::connection;
use super::observe::Observed;
use super::refresh::{self, Read};
use crate::app::App;
use crate::db::{DbError, merge_requests, projects};
use crate::domain::ids::ProjectId;
use crate::gitlab::ReadError;

/// A round ends when GitLab did not answer so many times in a row. One merge request that it cannot serve keeps no other back.
const PATIENCE: u32 = 3;

/// A merge request by GitLab's numbers: the project's and its own.
type Place = (i64, i64);

/// What a round of reconciliation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Merge requests that were read and taken in.
    pub read: usize,
    /// Merge requests or projects that could not be read.
    pub failed: usize,
    /// Where the next round begins, if this one was not finished: those at the end must not be left out each time.
    pub next: Option<Place>,
    /// How long GitLab asked to be left alone.
    pub wait: Option<Duration>,
}

/// Reads every merge request that is open in GitLab or here, from a place on.
///
/// # Errors
/// The database's.
pub async fn run(app: &App, from: Option<Place>) -> Result<Round, DbError> {
    let mut round = Round::default();
    let Some(connected) = app.connected() else { return Ok(round) };
    let connection_id = connected.id.clone();
    let known = app.db.read(move |conn| projects::projects(conn, &connection_id)).await?;
    let mut silent = 0;
    for Part { project_id, project, iids } in parts(known, from) {
        let open = app.db.read(move |conn| merge_requests::open_iids(conn, &project_id)).await?;
        let listed = connected.client.open_merge_requests(project).await;
        connection::hear(app, &connected, listed.as_ref().err()).await?;
        let mut listed = match listed {
            Ok(listed) => listed,
            Err(error) => {
                tracing::warn!(%error, project, "a project could not be reconciled");
                round.failed += 1;
                match error {
                    // The project was deleted, or the token cannot see it any more.
                    ReadError::NotFound(_) => {
                        for iid in open.into_iter().filter(|iid| iids.contains(iid)) {
                            refresh::vanish(app, &connected.id, project, iid).await?;
                        }
                    }
                    ReadError::Unavailable { retry_after, .. } => {
                        silent += 1;
                        (round.next, round.wait) = (Some((project, i64::MAX)), retry_after);
                    }
                    ReadError::Refused { .. } | ReadError::Unreadable(_) => {}
                }
                if silent >= PATIENCE || round.wait.is_some() {
                    break;
                }
                continue;
            }
        };
        listed.sort_unstable();
        listed.dedup();
        // What GitLab lists no more was merged or closed. It comes first: without a licence GitLab tells nothing of the others.
        let mut ended = open;
        ended.retain(|iid| listed.binary_search(iid).is_err());
        let wanted = ended.into_iter().chain(listed).filter(|iid| iids.contains(iid)).collect();
        silent = read_all(app, project, wanted, silent, &mut round).await?;
        if silent >= PATIENCE || round.wait.is_some() {
            break;
        }
    }
    if silent >= PATIENCE || round.wait.is_some() {
        let wait_seconds = round.wait.map(|wait| wait.as_secs());
        tracing::warn!(
            wait_seconds,
            "reconciliation stopped: GitLab does not answer; the next round goes on from there"
        );
    } else {
        round.next = None;
    }
    app.changed();
    tracing::info!(read = round.read, failed = round.failed, "reconciled with GitLab");
    Ok(round)
}

/// Some of the merge requests of a project.
struct Part {
    project_id: ProjectId,
    project: i64,
    iids: Range<i64>,
}

/// Everything in an order in which what could not be read comes last: from the place on, then the other projects, then what is
/// before it.
fn parts(mut known: Vec<(ProjectId, i64)>, from: Option<Place>) -> Vec<Part> {
    let first =
        from.and_then(|from| Some((known.iter().position(|(_, project)| *project == from.0)?, from.1)));
    let (at, iid) = first.unwrap_or((0, i64::MIN));
    known.rotate_left(at);
    let before = known.first().filter(|_| iid > i64::MIN).cloned();
    let part = |(project_id, project), iids| Part { project_id, project, iids };
    let whole = |(nth, one)| part(one, if nth == 0 { iid..i64::MAX } else { i64::MIN..i64::MAX });
    let rest = before.map(|one| part(one, i64::MIN..iid));
    known.into_iter().enumerate().map(whole).chain(rest).collect()
}

/// Reads merge requests of a project; returns how many in a row GitLab did not answer about, with the `silent` before.
async fn read_all(
    app: &App,
    project: i64,
    iids: Vec<i64>,
    mut silent: u32,
    round: &mut Round,
) -> Result<u32, DbError> {
    for iid in iids {
        match refresh::read_and_observe(app, project, iid, false).await? {
            Read::Observed(observed) => {
                round.read += 1;
                silent = 0;
                if observed == Observed::Stale {
                    // GitLab seems to lag behind its own calls; it is asked again, and believed at last.
                    refresh::again(app, project, iid).await?;
                }
            }
            Read::Gone => {
                round.read += 1;
                silent = 0;
            }
            Read::Unreadable => round.failed += 1,
            // The token may not read this project, or it has no licence: others may be read all the same.
            Read::Refused => {
                round.failed += 1;
                break;
            }
            Read::Failed(wait) => {
                round.failed += 1;
                silent += 1;
                // Behind it: what GitLab cannot serve must not be asked about first each time.
                (round.next, round.wait) = (Some((project, iid + 1)), wait);
                if silent >= PATIENCE || wait.is_some() {
                    break;
                }
            }
        }
    }
    Ok(silent)
}
