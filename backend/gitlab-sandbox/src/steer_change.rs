//! What tests and demonstrations do to the change of a merge request.

use crate::sandbox::Sandbox;
use crate::world::{FileChange, Missing, NewDiscussion, World};

impl Sandbox {
    #[track_caller]
    fn alter<T>(&self, act: impl FnOnce(&mut World, jiff::Timestamp) -> Result<T, Missing>) -> T {
        match self.inner.change(act) {
            Ok(value) => value,
            Err(missing) => panic!("{missing}"),
        }
    }

    /// Begins a discussion.
    pub fn discuss(&self, project: i64, iid: i64, new: NewDiscussion) {
        self.alter(|world, now| world.discuss(project, iid, new, now));
    }

    /// Rebases a merge request onto a newer commit of its target branch, which changed `upstream` in between; returns
    /// the new HEAD. `files` replaces what the merge request changes.
    pub fn rebase(
        &self,
        project: i64,
        iid: i64,
        upstream: Vec<FileChange>,
        files: Option<Vec<FileChange>>,
    ) -> String {
        self.alter(|world, now| world.rebase(project, iid, upstream, files, now))
    }

    /// Refuses all endpoints whose path ends with `end` with this status; `None` answers them again. A token without
    /// the role for jobs hears 403, for instance.
    pub fn refuse(&self, end: &str, status: Option<u16>) {
        self.inner.change(|world, _| match status {
            Some(status) => drop(world.refused.insert(end.into(), status)),
            None => drop(world.refused.remove(end)),
        });
    }
}
