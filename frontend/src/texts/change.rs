//! Words about the change that a check is about.

use shared::{ChangedFile, Discussion, FileFold, FileKind, Since};

use super::done;
use crate::model::text::short_sha;

texts! {
    ABOUT_CHANGE = "About the change";
    LABELS = "Labels";
    COMMITS = "Commits";
    PIPELINE = "Pipeline";
    MAY_FAIL = "may fail";
    GITLAB_APPROVALS = "GitLab approvals";
    NO_APPROVALS = "none asked for";
    DISCUSSIONS = "Discussions";
    OPEN = "open";
    RESOLVED = "resolved";
    FILES = "Changed files";
    NO_FILES = "No files changed.";
    NO_LINES = "No lines changed: only the name or the mode.";
    SHOW_LINES = "Show the lines";
    VIEWED = "Viewed";
    BEFORE = "before";
    AFTER = "after";
    SIDE_BY_SIDE = "Side by side";
    ALL_CHANGES = "All changes";
    REBASED = "The branch was rebased in between; files that only the rebase changed are left out.";
    READ_FROM_GITLAB = "Read from GitLab";
    READ_AGAIN = "Read from GitLab again";
    ERR_CHANGE = "The change could not be read";
    ERR_LINES = "The lines could not be read";
    ERR_SINCE = "What changed since could not be read";
    STALE_FROM = "GitLab cannot be read now; this is from ";
    POLICY = "What this check needs";
    POLICY_NEEDS = "Needs one approval by a reviewer";
    POLICY_MISSING = ": missing.";
    POLICY_OVER = "; no longer asked for.";
    POLICY_AUTHOR = "The author of the change may not decide.";
    HELP_FILES = "Next and previous file";
}

/// GitLab's word for a pipeline or a job, for people.
#[must_use]
pub fn pipeline(status: &str) -> String {
    match status {
        "success" => "passed".into(),
        other => other.replace('_', " "),
    }
}

/// What happened to a file.
#[must_use]
pub const fn file_kind(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Added => "added",
        FileKind::Modified => "modified",
        FileKind::Renamed => "renamed",
        FileKind::Deleted => "deleted",
    }
}

/// Why the lines of a file are not shown.
#[must_use]
pub const fn file_fold(fold: FileFold) -> &'static str {
    match fold {
        FileFold::Generated => "Made by a program, so folded.",
        FileFold::Large => "Many lines, so folded.",
        FileFold::Binary => "Not text: there are no lines to show.",
        FileFold::TooLarge => "Too large to be shown here.",
    }
}

/// "src/old.rs → src/new.rs".
#[must_use]
pub fn paths(file: &ChangedFile) -> String {
    file.old_path.as_ref().map_or_else(|| file.path.clone(), |old| format!("{old} → {}", file.path))
}

/// "+12".
#[must_use]
pub fn more(n: i64) -> String {
    format!("+{n}")
}

/// "−3".
#[must_use]
pub fn less(n: i64) -> String {
    format!("−{n}")
}

/// "1 of 2".
#[must_use]
pub fn n_of(n: usize, all: i64) -> String {
    format!("{n} of {all}")
}

/// "5", or "1000 of 1234" where not all are shown.
#[must_use]
pub fn shown_of(shown: usize, all: i64) -> String {
    if shown as i64 == all { all.to_string() } else { n_of(shown, all) }
}

/// "2 open, 3 resolved".
#[must_use]
pub fn discussions(open: i64, resolved: i64) -> String {
    format!("{open} {OPEN}, {resolved} {RESOLVED}")
}

/// "src/main.rs:12"; empty for a discussion about the whole.
#[must_use]
pub fn discussed(about: &Discussion) -> String {
    let path = about.path.clone().unwrap_or_default();
    about.line.map_or_else(|| path.clone(), |line| format!("{path}:{line}"))
}

/// "Since you approved 9f8e7d6c".
#[must_use]
pub fn since(since: &Since) -> String {
    format!("Since you {} {}", done(since.verdict), short_sha(&since.sha))
}

/// ": Ada approved."
#[must_use]
pub fn policy_by(name: &str, done: &str) -> String {
    format!(": {name} {done}.")
}
