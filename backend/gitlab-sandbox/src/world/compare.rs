//! Comparing two commits of a merge request, as far as it can be done without Git.

use similar::TextDiff;

use super::{FileChange, MergeRequest};

impl MergeRequest {
    /// The diff from one commit straight to another. The text of a file is what its own diffs show of it, so for new
    /// files the result is exact, and for changed ones it shows the lines in question. What the target branch changed
    /// in between (after a rebase) is in it as well.
    pub fn straight(&self, from: &str, to: &str) -> Vec<FileChange> {
        let (before, after) = (self.files_at(from), self.files_at(to));
        let named = |files: &[FileChange], path: &str| files.iter().find(|one| one.new_path == path).cloned();
        let mut all = Vec::new();
        for new in after {
            match named(before, &new.new_path) {
                None => all.push(new.clone()),
                Some(old) if old == *new => {}
                Some(old) => all.push(between(&old, new)),
            }
        }
        for old in before.iter().filter(|old| named(after, &old.new_path).is_none()) {
            all.push(undone(old));
        }
        if let Some(version) = self.versions.iter().rev().find(|version| version.head == to) {
            all.extend(version.upstream.iter().cloned());
        }
        all
    }
}

/// What changed between two states of a file that the merge request changes in both.
fn between(old: &FileChange, new: &FileChange) -> FileChange {
    let (before, after) = (text_after(&old.diff), text_after(&new.diff));
    let diff = TextDiff::from_lines(&before, &after).unified_diff().context_radius(3).to_string();
    FileChange {
        diff,
        new_file: old.deleted_file && !new.deleted_file,
        deleted_file: new.deleted_file && !old.deleted_file,
        ..new.clone()
    }
}

/// The change that takes a change back.
fn undone(old: &FileChange) -> FileChange {
    let diff: String = old
        .diff
        .lines()
        .map(|line| match line.split_at_checked(1) {
            Some(("+", rest)) => format!("-{rest}\n"),
            Some(("-", rest)) => format!("+{rest}\n"),
            _ => match hunk(line) {
                Some((before, after)) => format!("@@ -{after} +{before} @@\n"),
                None => format!("{line}\n"),
            },
        })
        .collect();
    FileChange {
        old_path: old.new_path.clone(),
        new_path: old.old_path.clone(),
        diff,
        new_file: old.deleted_file,
        deleted_file: old.new_file,
        ..old.clone()
    }
}

/// The two ranges of a hunk's heading.
fn hunk(line: &str) -> Option<(&str, &str)> {
    let (ranges, _) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    ranges.split_once(" +")
}

/// The lines after the change that a diff shows.
fn text_after(diff: &str) -> String {
    let shown = |line: &str| match line.split_at_checked(1) {
        Some(("+" | " ", rest)) => Some(format!("{rest}\n")),
        _ => None,
    };
    diff.lines().filter_map(shown).collect()
}
