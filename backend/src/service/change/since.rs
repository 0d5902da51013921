//! What changed since the caller decided last.

use super::super::ServiceError;
use super::{content, fetch, target};
use crate::app::App;
use crate::db::changes::{self, Decided, Key, Target};
use crate::domain::access::Caller;
use crate::domain::change::{Commit, FILES_MAX, FileEntry, since};

/// What changed between two commits of a merge request.
#[derive(Debug)]
pub struct SinceView {
    /// The commit decided on.
    pub since: Decided,
    /// Whether the branch starts from another commit by now.
    pub rebased: bool,
    /// Commits that were not there then.
    pub commits: Vec<Commit>,
    /// The files that differ.
    pub files: Vec<FileEntry>,
}

/// The name of the part that holds what changed since a commit.
pub fn part(sha: &str) -> String {
    format!("since/{sha}")
}

/// What changed between the commit that the caller decided on last and a check's.
///
/// # Errors
/// [`ServiceError::NotFound`] if they decided on no other commit, [`ServiceError::GitLab`] or the database's.
pub async fn since(app: &App, caller: &Caller, id: &str) -> Result<SinceView, ServiceError> {
    let (target, decided) = target(app, caller, id).await?;
    let decided = decided.ok_or(ServiceError::NotFound("earlier decision of yours"))?;
    files(app, &target, &decided).await
}

/// The same for a target that is known.
pub(super) async fn files(app: &App, target: &Target, decided: &Decided) -> Result<SinceView, ServiceError> {
    let earlier = Target {
        key: Key { sha: decided.sha.clone(), ..target.key.clone() },
        target_branch: decided.target_branch.clone(),
        ..target.clone()
    };
    let (old, new) = (content(app, &earlier).await?, content(app, target).await?);
    let files = match kept(app, target, &decided.sha).await? {
        Some(files) => files,
        None => {
            let differing = since::differing(&old, &new);
            let keep_only = move |between| {
                let mut ours = since::ours(between, &differing);
                ours.truncate(FILES_MAX);
                ours
            };
            fetch::fetch_between(app, target, &decided.sha, keep_only).await?;
            let files = kept(app, target, &decided.sha).await?;
            files.ok_or_else(|| ServiceError::GitLab("the comparison could not be kept".into()))?
        }
    };
    Ok(SinceView {
        since: decided.clone(),
        rebased: since::rebased(&old, &new),
        commits: since::new_commits(&old, &new),
        files,
    })
}

async fn kept(app: &App, target: &Target, from: &str) -> Result<Option<Vec<FileEntry>>, ServiceError> {
    let (key, part) = (target.key.clone(), part(from));
    let kept = app.db.read(move |conn| changes::part(conn, &key, &part)).await?;
    Ok(kept.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()))
}
