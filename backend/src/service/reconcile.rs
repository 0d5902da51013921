//! Reconciliation: GitLab does not repeat lost calls, so the open merge requests and what GitLab
//! shows for them are read now and then and compared with what is known here.

use super::refresh::{self, Read};
use crate::app::App;
use crate::db::{DbError, merge_requests, projects};

/// What a round of reconciliation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Merge requests that were read and taken in.
    pub read: usize,
    /// Merge requests or projects that could not be read.
    pub failed: usize,
}

/// Reads every merge request that is open in GitLab or here.
///
/// # Errors
/// The database's.
pub async fn run(app: &App) -> Result<Round, DbError> {
    let mut round = Round::default();
    let Some(connected) = app.connected() else { return Ok(round) };
    let connection_id = connected.id.clone();
    let known = app.db.read(move |conn| projects::projects(conn, &connection_id)).await?;
    for (project_id, gitlab_id) in known {
        let mut wanted = match connected.client.open_merge_requests(gitlab_id).await {
            Ok(iids) => iids,
            Err(error) => {
                tracing::warn!(%error, project = gitlab_id, "a project could not be reconciled");
                round.failed += 1;
                continue;
            }
        };
        wanted.extend(app.db.read(move |conn| merge_requests::open_iids(conn, &project_id)).await?);
        wanted.sort_unstable();
        wanted.dedup();
        for iid in wanted {
            match refresh::read_and_observe(app, gitlab_id, iid, true).await? {
                Read::Observed(_) | Read::Gone => round.read += 1,
                // The token may not read this project, or it has no licence: others may be read all the same.
                Read::Refused => {
                    round.failed += 1;
                    break;
                }
                Read::Failed(_) => {
                    // GitLab is down or asks for a pause; the next round begins anew.
                    round.failed += 1;
                    tracing::warn!(
                        project = gitlab_id,
                        iid,
                        "reconciliation stopped: GitLab does not answer"
                    );
                    return Ok(round);
                }
            }
        }
    }
    app.changed();
    tracing::info!(read = round.read, failed = round.failed, "reconciled with GitLab");
    Ok(round)
}
