//! Rebasing: the same work on another commit of the target branch.

use jiff::Timestamp;

use super::{Commit, FileChange, Missing, Version, World};
use crate::signature::commit_id;

impl World {
    /// Puts the commits of a merge request on a newer commit of its target branch, which changed `upstream` in
    /// between, and force-pushes them; returns the new HEAD. `files` replaces what the merge request changes.
    pub fn rebase(
        &mut self,
        project: i64,
        iid: i64,
        upstream: Vec<FileChange>,
        files: Option<Vec<FileChange>>,
        now: Timestamp,
    ) -> Result<String, Missing> {
        let number = self.ids.commit();
        let one = self.merge_request(project, iid)?;
        let (old, actor) = (one.branch_head.clone(), one.author);
        let base = commit_id(&format!("{project} {} base {number}", one.target_branch));
        let files = files.unwrap_or_else(|| one.files_at(&old).to_vec());
        let mut head = base.clone();
        let mut commits = Vec::new();
        for before in one.commits_between(one.base_of(&old), &old).into_iter().rev() {
            let id = commit_id(&format!("{} on {head}", before.id));
            commits.push(Commit { id: id.clone(), parent: head, ..before.clone() });
            head = id;
        }
        let version =
            Version { id: self.ids.version(), head: head.clone(), created_at: now, files, base, upstream };
        let one = self.merge_request_mut(project, iid)?;
        one.commits.extend(commits.into_iter().map(|commit| (commit.id.clone(), commit)));
        one.versions.push(version);
        one.branch_head.clone_from(&head);
        self.refresh(project, iid, actor, old, now)?;
        Ok(head)
    }
}
