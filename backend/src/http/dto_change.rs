//! Changes, from what is kept to what the API says.

use shared as dto;

use super::dto::verdict;
use crate::db::changes::Decided;
use crate::db::inbox::ListedChange;
use crate::domain::change::{Around, Commit, FileEntry, FileKind, Fold, RowKind};
use crate::service::change::{DrawnFile, DrawnRow, SinceView, View};

/// What a row of the inbox shows; `None` until the change was read.
#[must_use]
pub fn summary(listed: ListedChange) -> Option<dto::ChangeSummary> {
    let (pipeline, given, required, additions, deletions, files) = listed;
    Some(dto::ChangeSummary {
        pipeline,
        approvals_given: given.unwrap_or(0),
        approvals_required: required.unwrap_or(0),
        additions: additions.unwrap_or(0),
        deletions: deletions.unwrap_or(0),
        files: files?,
    })
}

const fn kind(kind: FileKind) -> dto::FileKind {
    match kind {
        FileKind::Added => dto::FileKind::Added,
        FileKind::Modified => dto::FileKind::Modified,
        FileKind::Renamed => dto::FileKind::Renamed,
        FileKind::Deleted => dto::FileKind::Deleted,
    }
}

const fn fold(fold: Fold) -> dto::FileFold {
    match fold {
        Fold::Generated => dto::FileFold::Generated,
        Fold::Large => dto::FileFold::Large,
        Fold::Binary => dto::FileFold::Binary,
        Fold::TooLarge => dto::FileFold::TooLarge,
    }
}

const fn row_kind(kind: RowKind) -> dto::RowKind {
    match kind {
        RowKind::Hunk => dto::RowKind::Hunk,
        RowKind::Same => dto::RowKind::Same,
        RowKind::Added => dto::RowKind::Added,
        RowKind::Removed => dto::RowKind::Removed,
        RowKind::Remark => dto::RowKind::Remark,
    }
}

fn file(entry: FileEntry) -> dto::ChangedFile {
    dto::ChangedFile {
        path: entry.path,
        old_path: entry.old_path,
        kind: kind(entry.kind),
        additions: entry.additions,
        deletions: entry.deletions,
        rows: entry.rows,
        fold: entry.fold.map(fold),
    }
}

fn commit(commit: Commit) -> dto::ChangeCommit {
    dto::ChangeCommit {
        sha: commit.sha,
        title: commit.title,
        message: commit.message,
        author: commit.author,
        at: commit.at,
    }
}

fn since(decided: Decided) -> dto::Since {
    dto::Since { sha: decided.sha, verdict: verdict(decided.verdict), decided_at: decided.decided_at }
}

/// A change.
#[must_use]
pub fn change(view: View) -> dto::Change {
    let Around { description: _, labels, pipeline, approvals, discussions, open, resolved } = view.around;
    let pipeline = pipeline.map(|one| dto::Pipeline {
        status: one.status,
        jobs: one
            .jobs
            .into_iter()
            .map(|job| dto::Job {
                name: job.name,
                stage: job.stage,
                status: job.status,
                allow_failure: job.allow_failure,
            })
            .collect(),
    });
    let discussions = discussions.into_iter().zip(view.notes).map(|(one, drawn)| dto::Discussion {
        resolved: one.resolved,
        path: one.path,
        line: one.line,
        notes: one
            .notes
            .into_iter()
            .zip(drawn)
            .map(|(note, html)| dto::DiscussionNote { author: note.author, at: note.at, html })
            .collect(),
    });
    dto::Change {
        sha: view.sha,
        read_at: view.read_at.to_string(),
        stale: view.stale,
        description_html: view.description,
        labels,
        commits: view.content.commits.into_iter().map(commit).collect(),
        commit_count: view.content.commit_count,
        files: view.content.files.into_iter().map(file).collect(),
        file_count: view.content.file_count,
        pipeline,
        approvals: approvals.map(|one| dto::Approvals { required: one.required, by: one.by }),
        discussions: discussions.collect(),
        open_discussions: open,
        resolved_discussions: resolved,
        since: view.since.map(since),
    }
}

/// What changed since the caller decided.
#[must_use]
pub fn change_since(view: SinceView) -> dto::ChangeSince {
    dto::ChangeSince {
        since: since(view.since),
        rebased: view.rebased,
        commits: view.commits.into_iter().map(commit).collect(),
        files: view.files.into_iter().map(file).collect(),
    }
}

/// The lines of a file.
#[must_use]
pub fn file_diff(drawn: DrawnFile) -> dto::FileDiff {
    let row = |one: &DrawnRow| dto::DiffRow {
        kind: row_kind(one.row.kind),
        old: one.row.old,
        new: one.row.new,
        text: one.row.text.clone(),
        marks: one.marks.clone(),
    };
    dto::FileDiff { file: file(drawn.file), rows: drawn.rows.iter().map(row).collect() }
}
