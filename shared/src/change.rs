//! The change that a check is about, as the service reads it from GitLab for people who have no account there.
//!
//! Everything comes from GitLab's API through the connection's token and is kept by commit, so that it is there
//! when GitLab is not; `read_at` says how old it is and `stale` why it could not be read anew.

use serde::{Deserialize, Serialize};

use crate::Verdict;

/// The change of a check's commit against its target branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// The commit it describes: the check's.
    pub sha: String,
    /// When GitLab was read, RFC 3339 UTC.
    pub read_at: String,
    /// Why GitLab could not be read just now, plain text; what is here is from `read_at` then.
    pub stale: Option<String>,
    /// The merge request's description: HTML made from its Markdown and cleaned. It has no scripts, styles, images,
    /// forms or event handlers, and links only to the connection's host, which open a new window.
    pub description_html: String,
    /// Label names.
    pub labels: Vec<String>,
    /// The commits, newest first; at most 200.
    pub commits: Vec<ChangeCommit>,
    /// How many there are.
    pub commit_count: i64,
    /// The changed files in GitLab's order; at most 1,000.
    pub files: Vec<ChangedFile>,
    /// How many there are.
    pub file_count: i64,
    /// The newest pipeline of the commit; `null` if it has none.
    pub pipeline: Option<Pipeline>,
    /// The approvals in GitLab; `null` if GitLab does not tell.
    pub approvals: Option<Approvals>,
    /// The discussions, those that are open first; at most 100.
    pub discussions: Vec<Discussion>,
    /// How many of all are open.
    pub open_discussions: i64,
    /// How many of all are resolved.
    pub resolved_discussions: i64,
    /// The commit that the caller decided on last, if this is another one: what changed since can be asked for.
    pub since: Option<Since>,
}

/// A commit of the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeCommit {
    /// The full SHA.
    pub sha: String,
    /// The first line of its message.
    pub title: String,
    /// The rest of its message; may be empty.
    pub message: String,
    /// Who wrote it, as the commit says.
    pub author: String,
    /// When it was made, RFC 3339; `null` if GitLab does not tell.
    pub at: Option<String>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FileKind {
    /// It is new.
    Added,
    /// Its text or mode changed.
    Modified,
    /// It has another path; its text may have changed as well.
    Renamed,
    /// It is gone.
    Deleted,
}

/// Why a file's lines are not shown unasked, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FileFold {
    /// Made by a program (a lock file, minified code, …): shown on request.
    Generated,
    /// Many lines: shown on request.
    Large,
    /// Not text: there are no lines.
    Binary,
    /// Larger than GitLab or this service show: there are no lines.
    TooLarge,
}

/// A changed file without its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangedFile {
    /// The path after the change (before it, if the file is deleted).
    pub path: String,
    /// The path before, if it was another one.
    pub old_path: Option<String>,
    /// What happened to it.
    pub kind: FileKind,
    /// Added lines.
    pub additions: i64,
    /// Removed lines.
    pub deletions: i64,
    /// Rows of its diff: lines of all kinds and the headings of hunks.
    pub rows: i64,
    /// Why its lines are folded; `null` if they can be shown at once.
    pub fold: Option<FileFold>,
}

/// The pipeline of the commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pipeline {
    /// GitLab's word, for instance `success`, `running`, `failed`.
    pub status: String,
    /// Its jobs in GitLab's order of stages; at most 100. Empty if the token may not read them.
    pub jobs: Vec<Job>,
}

/// A job of the pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

/// The approvals of the merge request in GitLab. They are not decisions of this service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Approvals {
    /// How many GitLab asks for; 0 if none.
    pub required: i64,
    /// Who approved, by display name.
    pub by: Vec<String>,
}

/// The pipeline and the approvals in short, as last read, for a row of the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeSummary {
    /// GitLab's word for the state of the commit's pipeline; `null` if it has none.
    pub pipeline: Option<String>,
    /// Approvals given in GitLab.
    pub approvals_given: i64,
    /// Approvals that GitLab asks for; 0 if none.
    pub approvals_required: i64,
    /// Lines added.
    pub additions: i64,
    /// Lines removed.
    pub deletions: i64,
    /// Files changed.
    pub files: i64,
}

/// A discussion on the merge request, without what GitLab itself writes into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Discussion {
    /// Whether it is resolved; `null` for a comment that cannot be.
    pub resolved: Option<bool>,
    /// The file it is about, if it is about one.
    pub path: Option<String>,
    /// The line of that file after the change (before it, for a removed line).
    pub line: Option<i64>,
    /// The comments, oldest first; at most 20.
    pub notes: Vec<DiscussionNote>,
}

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiscussionNote {
    /// Display name.
    pub author: String,
    /// When, RFC 3339; `null` if GitLab does not tell.
    pub at: Option<String>,
    /// Cleaned HTML, like `Change::description_html`.
    pub html: String,
}

/// The commit that the caller decided on last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Since {
    /// The full SHA.
    pub sha: String,
    /// What they said.
    pub verdict: Verdict,
    /// When, RFC 3339 UTC.
    pub decided_at: String,
}

/// What changed between the commit that the caller decided on last and the check's, as `GET checks/{id}/since` tells.
/// Files whose own change is the same in both commits are left out, also when the branch was rebased in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeSince {
    /// The commit decided on, and how.
    pub since: Since,
    /// Whether the branch starts from another commit of the target branch by now.
    pub rebased: bool,
    /// Commits that were not there then, newest first; at most 200.
    pub commits: Vec<ChangeCommit>,
    /// The files that differ; at most 1,000.
    pub files: Vec<ChangedFile>,
}

/// What a row of a diff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RowKind {
    /// The heading of a hunk.
    Hunk,
    /// The same before and after.
    Same,
    /// Only after.
    Added,
    /// Only before.
    Removed,
    /// A remark of the diff itself, like "No newline at end of file".
    Remark,
}

/// One row of a diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffRow {
    /// What it is.
    pub kind: RowKind,
    /// The line's number before the change.
    pub old: Option<i64>,
    /// The line's number after the change.
    pub new: Option<i64>,
    /// The line without its sign and without its end; at most 2,000 characters.
    pub text: String,
    /// How to colour the text, from its beginning on: a length in UTF-16 code units, then a class, and so on; what
    /// is left is plain. Classes: 0 plain, 1 keyword, 2 string, 3 comment, 4 number, 5 function, 6 type, 7 tag or
    /// attribute, 8 constant, 9 variable, 10 operator or punctuation; 16 more where it differs from its counterpart.
    pub marks: Vec<i64>,
}

/// The lines of one changed file, as `GET checks/{id}/diff` tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileDiff {
    /// The file.
    pub file: ChangedFile,
    /// Its rows.
    pub rows: Vec<DiffRow>,
}
