//! The change of a merge request as it is kept: commits and files of one commit, which never age, and what stands
//! around them in GitLab, which does.

pub mod fold;
pub mod marks;
pub mod patch;
pub mod shelf;
pub mod since;
pub mod words;

use serde::{Deserialize, Serialize};

pub use fold::Fold;
pub use patch::{Row, RowKind};

/// So many commits are kept of a change.
pub const COMMITS_MAX: usize = 200;
/// So many files are kept of a change.
pub const FILES_MAX: usize = 1_000;
/// So many jobs are kept of a pipeline.
pub const JOBS_MAX: usize = 100;
/// So many discussions are kept of a merge request, and so many comments of each.
pub const DISCUSSIONS_MAX: usize = 100;
/// See [`DISCUSSIONS_MAX`].
pub const NOTES_MAX: usize = 20;

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// The full SHA.
    pub sha: String,
    /// The first line of its message.
    pub title: String,
    /// The rest of it.
    pub message: String,
    /// Who wrote it, as the commit says.
    pub author: String,
    /// When, RFC 3339.
    pub at: Option<String>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// It is new.
    Added,
    /// Its text or mode changed.
    Modified,
    /// It has another path.
    Renamed,
    /// It is gone.
    Deleted,
}

/// A changed file as GitLab tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawFile {
    /// The path before.
    pub old_path: String,
    /// The path after.
    pub new_path: String,
    /// The unified diff from its first hunk on; empty if there is none to show.
    pub diff: String,
    /// Whether it is new.
    pub added: bool,
    /// Whether it is gone.
    pub deleted: bool,
    /// Whether its path changed.
    pub renamed: bool,
    /// Whether its mode changed.
    pub mode_changed: bool,
    /// Whether GitLab takes it for the work of a program.
    pub generated: bool,
    /// Whether GitLab left the lines out because there are too many.
    pub left_out: bool,
}

/// A changed file as it is kept: all but its lines, and where those are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The path after the change (before it, if the file is gone).
    pub path: String,
    /// The path before, if it was another one.
    pub old_path: Option<String>,
    /// What happened to it.
    pub kind: FileKind,
    /// Added lines.
    pub additions: i64,
    /// Removed lines.
    pub deletions: i64,
    /// Rows of its diff.
    pub rows: i64,
    /// Why its lines are folded.
    pub fold: Option<Fold>,
    /// A fingerprint of its lines without the hunks' numbers; `None` where there are no lines to tell from.
    pub print: Option<String>,
    /// The chunk that holds its diff, and where in it.
    pub place: (usize, usize, usize),
}

/// Commits and files of one commit against the target branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The target branch it was read for.
    pub target_branch: String,
    /// The commit of the target branch that it starts from.
    pub base_sha: Option<String>,
    /// Newest first, at most [`COMMITS_MAX`].
    pub commits: Vec<Commit>,
    /// How many there are.
    pub commit_count: i64,
    /// In GitLab's order, at most [`FILES_MAX`].
    pub files: Vec<FileEntry>,
    /// How many there are.
    pub file_count: i64,
}

impl Content {
    /// Added and removed lines of all files that are kept.
    #[must_use]
    pub fn lines(&self) -> (i64, i64) {
        self.files.iter().fold((0, 0), |sum, file| (sum.0 + file.additions, sum.1 + file.deletions))
    }
}

/// What stands around a change in GitLab.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Around {
    /// The description, Markdown.
    pub description: String,
    /// Label names.
    pub labels: Vec<String>,
    /// The newest pipeline of the commit.
    pub pipeline: Option<Pipeline>,
    /// The approvals; `None` if GitLab does not tell.
    pub approvals: Option<Approvals>,
    /// Those that are open first, at most [`DISCUSSIONS_MAX`].
    pub discussions: Vec<Discussion>,
    /// How many of all are open.
    pub open: i64,
    /// How many of all are resolved.
    pub resolved: i64,
}

/// A pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// GitLab's word.
    pub status: String,
    /// Its jobs in the order of stages.
    pub jobs: Vec<Job>,
}

impl Pipeline {
    /// Whether its state is still going to change by itself.
    #[must_use]
    pub fn is_moving(status: &str) -> bool {
        matches!(
            status,
            "created" | "waiting_for_resource" | "preparing" | "pending" | "running" | "canceling"
        )
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Its stage.
    pub stage: String,
    /// GitLab's word.
    pub status: String,
    /// Whether it may fail without failing the pipeline.
    pub allow_failure: bool,
}

/// Approvals in GitLab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvals {
    /// How many GitLab asks for.
    pub required: i64,
    /// Who approved, by display name.
    pub by: Vec<String>,
}

/// A discussion without what GitLab itself writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discussion {
    /// Whether it is resolved; `None` if it cannot be.
    pub resolved: Option<bool>,
    /// The file it is about.
    pub path: Option<String>,
    /// The line of that file.
    pub line: Option<i64>,
    /// Oldest first, at most [`NOTES_MAX`].
    pub notes: Vec<Note>,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Display name.
    pub author: String,
    /// When, RFC 3339.
    pub at: Option<String>,
    /// Markdown.
    pub body: String,
}

/// What a row of the inbox shows of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// GitLab's word for the state of the pipeline.
    pub pipeline: Option<String>,
    /// Approvals given.
    pub approvals_given: i64,
    /// Approvals that GitLab asks for.
    pub approvals_required: i64,
    /// Lines added.
    pub additions: i64,
    /// Lines removed.
    pub deletions: i64,
    /// Files changed.
    pub files: i64,
}

impl Summary {
    /// Of a change and what stands around it.
    #[must_use]
    pub fn of(content: &Content, around: &Around) -> Self {
        let (additions, deletions) = content.lines();
        let approvals = around.approvals.as_ref();
        Self {
            pipeline: around.pipeline.as_ref().map(|one| one.status.clone()),
            approvals_given: approvals.map_or(0, |one| i64::try_from(one.by.len()).unwrap_or(i64::MAX)),
            approvals_required: approvals.map_or(0, |one| one.required),
            additions,
            deletions,
            files: content.file_count,
        }
    }
}
