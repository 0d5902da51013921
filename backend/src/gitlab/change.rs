//! Reading the change of a merge request: its versions, and what stands around it.
//!
//! GitLab keeps a version for each push (<https://docs.gitlab.com/api/merge_requests/#get-merge-request-diff-versions>),
//! which is how the commits and files of a commit are read that is no longer HEAD. What the token may not read, or
//! GitLab does not have, is left out; only the merge request itself must be readable.

use serde::Deserialize;

use super::client::{Client, ReadError};
use crate::domain::change::{
    Approvals, Around, COMMITS_MAX, Commit, DISCUSSIONS_MAX, Discussion, FILES_MAX, JOBS_MAX, Job, NOTES_MAX,
    Note, Pipeline, RawFile,
};

/// No answer with diffs may be larger.
const DIFFS_MAX: usize = 32 * 1024 * 1024;
/// Pages of discussions that are read at most, of 100 each.
const DISCUSSION_PAGES: u32 = 10;
/// Pages of diffs and commits that are read at most where there is no version, of 100 each.
const DIFF_PAGES: u32 = 10;
/// A comment, a description or a commit message is cut here, in Unicode scalar values.
const TEXT_MAX: usize = 20_000;

/// Commits and files as GitLab tells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawContent {
    /// The commit of the target branch that they start from.
    pub base_sha: Option<String>,
    /// Newest first, bounded.
    pub commits: Vec<Commit>,
    /// How many there are.
    pub commit_count: usize,
    /// Bounded.
    pub files: Vec<RawFile>,
    /// How many there are.
    pub file_count: usize,
}

#[derive(Deserialize)]
struct VersionEntity {
    id: i64,
    head_commit_sha: Option<String>,
    base_commit_sha: Option<String>,
}

#[derive(Deserialize)]
struct VersionDetail {
    #[serde(default)]
    commits: Vec<CommitEntity>,
    #[serde(default)]
    diffs: Vec<DiffEntity>,
}

#[derive(Deserialize)]
struct CommitEntity {
    id: String,
    title: Option<String>,
    message: Option<String>,
    author_name: Option<String>,
    created_at: Option<String>,
}

#[derive(Deserialize)]
struct DiffEntity {
    old_path: String,
    new_path: String,
    a_mode: Option<String>,
    b_mode: Option<String>,
    diff: Option<String>,
    #[serde(default)]
    new_file: bool,
    #[serde(default)]
    renamed_file: bool,
    #[serde(default)]
    deleted_file: bool,
    generated_file: Option<bool>,
    collapsed: Option<bool>,
    too_large: Option<bool>,
}

#[derive(Deserialize)]
struct ComparedEntity {
    #[serde(default)]
    diffs: Vec<DiffEntity>,
    compare_timeout: Option<bool>,
}

#[derive(Deserialize)]
struct RequestEntity {
    description: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    sha: Option<String>,
    head_pipeline: Option<PipelineEntity>,
    diff_refs: Option<RefsEntity>,
}

#[derive(Deserialize)]
struct RefsEntity {
    base_sha: Option<String>,
}

#[derive(Deserialize)]
struct PipelineEntity {
    id: i64,
    sha: Option<String>,
    status: String,
}

#[derive(Deserialize)]
struct JobEntity {
    name: String,
    #[serde(default)]
    stage: String,
    status: String,
    #[serde(default)]
    allow_failure: bool,
}

#[derive(Deserialize)]
struct ApprovalsEntity {
    approvals_required: Option<i64>,
    #[serde(default)]
    approved_by: Vec<ApprovedBy>,
}

#[derive(Deserialize)]
struct ApprovedBy {
    user: NameEntity,
}

#[derive(Deserialize)]
struct NameEntity {
    name: String,
}

#[derive(Deserialize)]
struct DiscussionEntity {
    #[serde(default)]
    notes: Vec<NoteEntity>,
}

#[derive(Deserialize)]
struct NoteEntity {
    #[serde(default)]
    id: i64,
    #[serde(default)]
    body: String,
    author: Option<NameEntity>,
    created_at: Option<String>,
    #[serde(default)]
    system: bool,
    #[serde(default)]
    resolvable: bool,
    resolved: Option<bool>,
    position: Option<PositionEntity>,
}

#[derive(Deserialize)]
struct PositionEntity {
    old_path: Option<String>,
    new_path: Option<String>,
    old_line: Option<i64>,
    new_line: Option<i64>,
}

impl Client {
    /// The commits and files of one commit of a merge request, present or past.
    ///
    /// # Errors
    /// See [`ReadError`]; `NotFound` if GitLab keeps no version of this commit.
    pub async fn content(&self, project: i64, iid: i64, sha: &str) -> Result<RawContent, ReadError> {
        let of_request = format!("projects/{project}/merge_requests/{iid}");
        let versions: Vec<VersionEntity> = self.list(&format!("{of_request}/versions")).await?;
        // Newest first: where the target branch changed there are several of one commit.
        let version = versions.into_iter().find(|version| version.head_commit_sha.as_deref() == Some(sha));
        if let Some(version) = version {
            let path = format!("{of_request}/versions/{}", version.id);
            let detail: VersionDetail = self.get_within(&path, DIFFS_MAX).await?;
            return Ok(content(version.base_commit_sha, detail.commits, detail.diffs));
        }
        let (of_diffs, of_commits) = (format!("{of_request}/diffs"), format!("{of_request}/commits"));
        let request: RequestEntity = self.get(&of_request).await?;
        if request.sha.as_deref() != Some(sha) {
            return Err(ReadError::NotFound(format!("{of_request}/versions at {sha}")));
        }
        let (diffs, commits) = tokio::try_join!(
            self.list_pages::<DiffEntity>(&of_diffs, DIFF_PAGES),
            self.list_pages::<CommitEntity>(&of_commits, DIFF_PAGES),
        )?;
        Ok(content(request.diff_refs.and_then(|refs| refs.base_sha), commits, diffs))
    }

    /// What changed between two commits, whatever lies between them.
    ///
    /// Source: <https://docs.gitlab.com/api/repositories/#compare-branches-tags-or-commits>.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn between(&self, project: i64, from: &str, to: &str) -> Result<Vec<RawFile>, ReadError> {
        let path = format!("projects/{project}/repository/compare?from={from}&to={to}&straight=true");
        let compared: ComparedEntity = self.get_within(&path, DIFFS_MAX).await?;
        if compared.compare_timeout == Some(true) {
            let message = "GitLab took too long to compare the two commits".to_owned();
            return Err(ReadError::Unreadable(message));
        }
        Ok(compared.diffs.into_iter().map(raw_file).collect())
    }

    /// What stands around a commit of a merge request now. Comments whose ids are in `ours` are none of the discussion.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn around(&self, project: i64, iid: i64, sha: &str, ours: &[i64]) -> Result<Around, ReadError> {
        let of_request = format!("projects/{project}/merge_requests/{iid}");
        let (of_approvals, of_discussions) =
            (format!("{of_request}/approvals"), format!("{of_request}/discussions"));
        let (request, approvals, discussions) = tokio::try_join!(
            self.with_pipeline(project, &of_request, sha),
            async { optional(self.get::<ApprovalsEntity>(&of_approvals).await) },
            async { optional(self.list_pages::<DiscussionEntity>(&of_discussions, DISCUSSION_PAGES).await) },
        )?;
        let (request, pipeline) = request;
        let mut around = Around {
            description: cut(request.description.unwrap_or_default()),
            labels: request.labels,
            pipeline,
            approvals: approvals.map(|one| Approvals {
                required: one.approvals_required.unwrap_or(0),
                by: one.approved_by.into_iter().map(|by| by.user.name).collect(),
            }),
            ..Around::default()
        };
        take_discussions(&mut around, discussions.unwrap_or_default(), ours);
        Ok(around)
    }

    async fn with_pipeline(
        &self,
        project: i64,
        of_request: &str,
        sha: &str,
    ) -> Result<(RequestEntity, Option<Pipeline>), ReadError> {
        let mut request: RequestEntity = self.get(of_request).await?;
        // The pipeline of HEAD may have run for a commit that merges it; those of other commits are found by theirs.
        let newest = if request.sha.as_deref() == Some(sha) {
            request.head_pipeline.take()
        } else {
            let path = format!("{of_request}/pipelines?per_page=100");
            let all: Option<Vec<PipelineEntity>> = optional(self.get(&path).await)?;
            all.unwrap_or_default().into_iter().find(|one| one.sha.as_deref() == Some(sha))
        };
        let Some(newest) = newest else { return Ok((request, None)) };
        let path = format!("projects/{project}/pipelines/{}/jobs?per_page=100", newest.id);
        let jobs: Option<Vec<JobEntity>> = optional(self.get(&path).await)?;
        // Newest first; the stages run from the oldest on.
        let jobs = jobs.unwrap_or_default().into_iter().rev().take(JOBS_MAX).map(|job| Job {
            name: job.name,
            stage: job.stage,
            status: job.status,
            allow_failure: job.allow_failure,
        });
        Ok((request, Some(Pipeline { status: newest.status, jobs: jobs.collect() })))
    }
}

/// A part that GitLab does not have, that the token may not read, or that cannot be read is left out.
fn optional<T>(read: Result<T, ReadError>) -> Result<Option<T>, ReadError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(ReadError::NotFound(_) | ReadError::Unreadable(_) | ReadError::Refused { status: 403, .. }) => {
            Ok(None)
        }
        Err(error @ (ReadError::Refused { .. } | ReadError::Unavailable { .. })) => Err(error),
    }
}

fn content(base_sha: Option<String>, commits: Vec<CommitEntity>, diffs: Vec<DiffEntity>) -> RawContent {
    RawContent {
        base_sha,
        commit_count: commits.len(),
        commits: commits.into_iter().take(COMMITS_MAX).map(commit).collect(),
        file_count: diffs.len(),
        files: diffs.into_iter().take(FILES_MAX).map(raw_file).collect(),
    }
}

fn commit(entity: CommitEntity) -> Commit {
    let message = entity.message.unwrap_or_default();
    let (first, rest) = message.split_once('\n').unwrap_or((message.as_str(), ""));
    Commit {
        sha: entity.id,
        title: entity.title.unwrap_or_else(|| first.to_owned()),
        message: cut(rest.trim().to_owned()),
        author: entity.author_name.unwrap_or_default(),
        at: entity.created_at,
    }
}

fn raw_file(entity: DiffEntity) -> RawFile {
    let diff = entity.diff.unwrap_or_default();
    let told = entity.collapsed == Some(true) || entity.too_large == Some(true);
    let modes = (entity.a_mode.as_deref(), entity.b_mode.as_deref());
    RawFile {
        mode_changed: !entity.new_file && !entity.deleted_file && modes.0 != modes.1,
        added: entity.new_file,
        deleted: entity.deleted_file,
        renamed: entity.renamed_file,
        generated: entity.generated_file == Some(true),
        left_out: told && diff.is_empty(),
        old_path: entity.old_path,
        new_path: entity.new_path,
        diff,
    }
}

fn take_discussions(around: &mut Around, all: Vec<DiscussionEntity>, ours: &[i64]) {
    let mut discussions: Vec<Discussion> = all.into_iter().filter_map(|one| discussion(one, ours)).collect();
    let count = |wanted| discussions.iter().filter(|one| one.resolved == Some(wanted)).count();
    around.open = i64::try_from(count(false)).unwrap_or(i64::MAX);
    around.resolved = i64::try_from(count(true)).unwrap_or(i64::MAX);
    discussions.sort_by_key(|one| match one.resolved {
        Some(false) => 0,
        None => 1,
        Some(true) => 2,
    });
    discussions.truncate(DISCUSSIONS_MAX);
    around.discussions = discussions;
}

fn discussion(entity: DiscussionEntity, ours: &[i64]) -> Option<Discussion> {
    let of_people = |note: &NoteEntity| !note.system && !ours.contains(&note.id);
    let notes: Vec<NoteEntity> = entity.notes.into_iter().filter(of_people).collect();
    let position = notes.first()?.position.as_ref();
    let path = position.and_then(|at| at.new_path.clone().or_else(|| at.old_path.clone()));
    let line = position.and_then(|at| at.new_line.or(at.old_line));
    let mut resolvable = notes.iter().filter(|note| note.resolvable).peekable();
    let resolved = resolvable.peek().is_some().then(|| resolvable.all(|note| note.resolved == Some(true)));
    let notes = notes.into_iter().take(NOTES_MAX).map(|note| Note {
        author: note.author.map(|author| author.name).unwrap_or_default(),
        at: note.created_at,
        body: cut(note.body),
    });
    Some(Discussion { resolved, path, line, notes: notes.collect() })
}

fn cut(text: String) -> String {
    if text.len() <= TEXT_MAX || text.chars().count() <= TEXT_MAX {
        return text;
    }
    text.chars().take(TEXT_MAX).chain(['…']).collect()
}
