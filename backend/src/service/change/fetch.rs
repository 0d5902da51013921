//! Reading GitLab and keeping what it says.

use std::sync::Arc;
use std::time::Duration;

use super::super::ServiceError;
use super::{AROUND, CONTENT, YOUNG};
use crate::app::{App, Connected};
use crate::db::changes::{self, Part, Target};
use crate::db::{DbError, Lane, notes};
use crate::domain::backoff::READ_BACK;
use crate::domain::change::{Content, RawFile, Summary, shelf};
use crate::gitlab::ReadError;
use crate::gitlab::change::RawContent;

/// One reading may take this long altogether.
const TOTAL: Duration = Duration::from_secs(20);

/// Why a change could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// GitLab did not tell.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It took too long.
    #[error("GitLab did not answer in time")]
    Slow,
    /// No GitLab is configured for it.
    #[error("no GitLab is configured for this check")]
    NotConnected,
    /// It was not kept.
    #[error("the store failed")]
    Store(#[from] DbError),
    /// Somebody else's reading, which this one waited for, failed so.
    #[error(transparent)]
    Shared(Arc<FetchError>),
    /// The reading panicked or the program is stopping.
    #[error("the reading was abandoned")]
    Abandoned,
}

impl FetchError {
    /// What a person reads, if it is GitLab that failed.
    ///
    /// # Errors
    /// The store's failure.
    pub fn for_people(&self) -> Result<String, ServiceError> {
        match self {
            FetchError::Read(ReadError::NotFound(_)) => {
                Ok("GitLab has no such merge request or commit any more, or the token cannot see it".into())
            }
            FetchError::Read(
                error
                @ (ReadError::Refused { .. } | ReadError::Unreadable(_) | ReadError::Unavailable { .. }),
            ) => Ok(error.to_string()),
            FetchError::Slow | FetchError::NotConnected => Ok(self.to_string()),
            FetchError::Shared(error) => error.for_people(),
            FetchError::Store(_) | FetchError::Abandoned => Err(ServiceError::Store(DbError::Abandoned)),
        }
    }

    /// Whether it was not GitLab that failed.
    pub fn is_ours(&self) -> bool {
        self.for_people().is_err()
    }

    /// Whether GitLab is in trouble, and how long it asks to wait.
    fn unavailable(&self) -> Option<Option<Duration>> {
        match self {
            FetchError::Read(ReadError::Unavailable { retry_after, .. }) => Some(*retry_after),
            // The token as such; 403 is about one project.
            FetchError::Slow | FetchError::Read(ReadError::Refused { status: 401, .. }) => Some(None),
            FetchError::Shared(error) => error.unavailable(),
            FetchError::Read(
                ReadError::Refused { .. } | ReadError::NotFound(_) | ReadError::Unreadable(_),
            )
            | FetchError::NotConnected
            | FetchError::Store(_)
            | FetchError::Abandoned => None,
        }
    }
}

/// Reads what stands around a commit, and the commit's own part if it is not kept. Whoever asks for the same meanwhile
/// waits for the same reading; and whoever comes when it has just ended, unless they want it `fresh`, has it already.
///
/// # Errors
/// See [`FetchError`].
pub async fn fetch(app: &App, target: &Target, fresh: bool) -> Result<(), FetchError> {
    let name = format!("{} {} {} {fresh}", target.key.merge_request_id, target.key.sha, target.target_branch);
    let (own, target) = (app.clone(), target.clone());
    share(app, name, async move {
        let connected = connected(&own, &target)?;
        let wanted = target.clone();
        let known = own.db.read(move |conn| {
            let ours = notes::written(conn, &wanted.key.merge_request_id)?;
            let around = changes::part(conn, &wanted.key, AROUND)?.map(|(_, read_at)| read_at);
            Ok::<_, DbError>((super::load_content(conn, &wanted)?, around, ours))
        });
        let (kept, around, ours) = known.await?;
        let young = around.is_some_and(|read_at| own.clock.now().since(read_at) < YOUNG);
        if !fresh && young && kept.is_some() {
            return Ok(());
        }
        let client = &connected.client;
        let (project, iid, sha) = (target.project, target.iid, target.key.sha.as_str());
        let at = own.clock.now();
        let content = async {
            match &kept {
                Some(_) => Ok(None),
                None => client.content(project, iid, sha).await.map(Some),
            }
        };
        let (content, around) = tokio::try_join!(content, client.around(project, iid, sha, &ours))?;
        let branch = target.target_branch.clone();
        let (mut parts, content) = match (content, kept) {
            (None, Some(kept)) => (Vec::new(), kept),
            (Some(raw), _) => packed(raw, branch).await?,
            // One of them is there.
            (None, None) => return Err(FetchError::Abandoned),
        };
        let instead_of: &[&str] = if parts.is_empty() { &[] } else { &["lines/", "since/"] };
        let summary = Summary::of(&content, &around);
        let said = serde_json::to_vec(&around).ok();
        parts.extend(said.as_deref().map(|said| (AROUND.to_owned(), changes::pack(said))));
        own.changes.wrote(parts.iter().map(|part| part.1.len()).sum());
        let changed = own
            .db
            .write(Lane::Back, move |conn| {
                let before = changes::part(conn, &target.key, AROUND)?.map(|(said, _)| said);
                changes::keep(conn, &target.key, &parts, instead_of, at)?;
                let listed = changes::summarise(conn, &target.key, &summary, at)?;
                if listed || before != said {
                    return changes::checks_of(conn, &target.key);
                }
                Ok::<_, DbError>(Vec::new())
            })
            .await?;
        for (project_id, check_id) in changed {
            own.live.mention(project_id, check_id, at);
        }
        Ok(())
    })
    .await
}

/// Reads what changed between an earlier commit and this one, of the files in `differing`, and keeps it.
///
/// # Errors
/// See [`FetchError`].
pub async fn fetch_between(
    app: &App,
    target: &Target,
    from: &str,
    keep_only: impl FnOnce(Vec<RawFile>) -> Vec<RawFile> + Send + 'static,
) -> Result<(), FetchError> {
    let name = format!("{} {} since {from}", target.key.merge_request_id, target.key.sha);
    let (own, target, from) = (app.clone(), target.clone(), from.to_owned());
    share(app, name, async move {
        let connected = connected(&own, &target)?;
        let at = own.clock.now();
        let files = connected.client.between(target.project, &from, &target.key.sha).await?;
        let part = super::since::part(&from);
        let prefix = format!("{part}/");
        let parts = blocking(move || {
            let (entries, chunks) = shelf::shelve(&keep_only(files));
            let mut parts = packed_chunks(&prefix, &chunks);
            parts.extend(json(&part, &entries));
            parts
        })
        .await?;
        own.changes.wrote(parts.iter().map(|part| part.1.len()).sum());
        own.db.write(Lane::Back, move |conn| changes::keep(conn, &target.key, &parts, &[], at)).await?;
        Ok(())
    })
    .await
}

/// One reading for all who want it, within bounds.
async fn share<F>(app: &App, name: String, reading: F) -> Result<(), FetchError>
where
    F: Future<Output = Result<(), FetchError>> + Send + 'static,
{
    let own = app.clone();
    let bounded = async move {
        let _turn = own.changes.reading.acquire().await.map_err(|_| FetchError::Abandoned)?;
        let outcome = tokio::time::timeout(TOTAL, reading).await.unwrap_or(Err(FetchError::Slow));
        match &outcome {
            Ok(()) => own.changes.answered(),
            Err(error) => {
                tracing::info!(%error, "a change could not be read");
                match error.unavailable() {
                    Some(asked) => {
                        let wait = READ_BACK.wait(own.changes.gate().failures().max(1), rand::random());
                        own.changes.failed(own.clock.now(), asked, wait, &error.to_string());
                    }
                    // It says nothing about GitLab, so that somebody else may try.
                    None => own.changes.gate().undecided(),
                }
            }
        }
        outcome
    };
    app.changes.share(name, bounded).await.map_err(FetchError::Shared)
}

fn connected(app: &App, target: &Target) -> Result<Connected, FetchError> {
    app.connected().filter(|connected| connected.id == target.connection_id).ok_or(FetchError::NotConnected)
}

/// The parts that hold commits and files, ready to be kept.
async fn packed(raw: RawContent, target_branch: String) -> Result<(Vec<Part>, Content), FetchError> {
    blocking(move || {
        let (files, chunks) = shelf::shelve(&raw.files);
        let content = Content {
            target_branch,
            base_sha: raw.base_sha,
            commits: raw.commits,
            commit_count: i64::try_from(raw.commit_count).unwrap_or(i64::MAX),
            files,
            file_count: i64::try_from(raw.file_count).unwrap_or(i64::MAX),
        };
        let mut parts = packed_chunks("lines/", &chunks);
        parts.extend(json(CONTENT, &content));
        (parts, content)
    })
    .await
}

fn packed_chunks(prefix: &str, chunks: &[Vec<u8>]) -> Vec<Part> {
    chunks
        .iter()
        .enumerate()
        .map(|(number, chunk)| (format!("{prefix}{number}"), changes::pack(chunk)))
        .collect()
}

fn json(name: &str, value: &impl serde::Serialize) -> Option<Part> {
    let bytes = serde_json::to_vec(value).ok()?;
    Some((name.to_owned(), changes::pack(&bytes)))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, FetchError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| FetchError::Abandoned)
}
