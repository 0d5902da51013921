//! What changed between two commits of a merge request, apart from what its target branch changed.

use std::collections::{HashMap, HashSet};

use super::{Commit, Content, FileEntry, RawFile};

/// The paths of files that the merge request itself changes otherwise in one than in the other.
#[must_use]
pub fn differing(old: &Content, new: &Content) -> HashSet<String> {
    let index = |content: &Content| -> HashMap<String, FileEntry> {
        content.files.iter().map(|file| (file.path.clone(), file.clone())).collect()
    };
    let (before, after) = (index(old), index(new));
    let same = |path: &String| match (before.get(path), after.get(path)) {
        // Without lines nothing can be told: what GitLab compares decides.
        (Some(one), Some(other)) => {
            one.print.is_some()
                && one.print == other.print
                && one.kind == other.kind
                && one.old_path == other.old_path
        }
        (None, _) | (_, None) => false,
    };
    before.keys().chain(after.keys()).filter(|path| !same(path)).cloned().collect()
}

/// Of what GitLab found between the two commits, the files that the merge request changed in between.
#[must_use]
pub fn ours(between: Vec<RawFile>, differing: &HashSet<String>) -> Vec<RawFile> {
    let concerns = |file: &RawFile| differing.contains(&file.new_path) || differing.contains(&file.old_path);
    between.into_iter().filter(concerns).collect()
}

/// The commits that were not there before, newest first.
#[must_use]
pub fn new_commits(old: &Content, new: &Content) -> Vec<Commit> {
    let known: HashSet<&str> = old.commits.iter().map(|commit| commit.sha.as_str()).collect();
    new.commits.iter().filter(|commit| !known.contains(commit.sha.as_str())).cloned().collect()
}

/// Whether the branch starts from another commit of its target branch.
#[must_use]
pub fn rebased(old: &Content, new: &Content) -> bool {
    match (&old.base_sha, &new.base_sha) {
        (Some(one), Some(other)) => one != other,
        (None, _) | (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::shelf;

    fn content(base: &str, files: &[(&str, &str)]) -> Content {
        let raw: Vec<RawFile> = files
            .iter()
            .map(|(path, diff)| RawFile {
                old_path: (*path).into(),
                new_path: (*path).into(),
                diff: (*diff).into(),
                ..RawFile::default()
            })
            .collect();
        Content {
            target_branch: "main".into(),
            base_sha: Some(base.into()),
            commits: Vec::new(),
            commit_count: 0,
            files: shelf::shelve(&raw).0,
            file_count: 0,
        }
    }

    #[test]
    fn what_moved_only_with_the_target_branch_is_left_out() {
        let old = content(
            "1",
            &[
                ("same", "@@ -1 +1 @@\n+x\n"),
                ("changed", "@@ -1 +1 @@\n+x\n"),
                ("gone", "@@ -1 +1 @@\n+x\n"),
                ("a.png", "Binary files differ"),
            ],
        );
        let new = content(
            "2",
            &[
                ("same", "@@ -9 +9 @@\n+x\n"),
                ("changed", "@@ -1 +1 @@\n+y\n"),
                ("new", "@@ -1 +1 @@\n+x\n"),
                ("a.png", "Binary files differ"),
            ],
        );
        let differing = differing(&old, &new);
        let mut names: Vec<_> = differing.iter().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["a.png", "changed", "gone", "new"]);
        assert!(rebased(&old, &new) && !rebased(&old, &old));
        let raw = |path: &str| RawFile { old_path: path.into(), new_path: path.into(), ..RawFile::default() };
        let ours = ours(vec![raw("upstream"), raw("changed"), raw("same")], &differing);
        assert_eq!(ours.len(), 1);
    }
}
