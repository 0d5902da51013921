//! What the service knows of the change that a check is about.

use shared::{Change, ChangeSince, FileDiff};

use super::{Api, Asked};
use crate::model::text::encode;

impl Api {
    /// The change of a check's commit; `fresh` asks GitLab even if what the service keeps is young.
    pub fn read_change(self, id: &str, fresh: bool) -> Asked<Change> {
        let fresh = if fresh { "?fresh=true" } else { "" };
        self.get_plain(format!("checks/{}/change{fresh}", encode(id)))
    }

    /// What changed since the caller decided on another commit.
    pub fn read_since(self, id: &str) -> Asked<ChangeSince> {
        self.get_plain(format!("checks/{}/since", encode(id)))
    }

    /// The lines of a file; with `since` only what changed since the caller decided.
    pub fn read_diff(self, id: &str, path: &str, since: bool) -> Asked<FileDiff> {
        let since = if since { "&since=true" } else { "" };
        self.get_plain(format!("checks/{}/diff?path={}{since}", encode(id), encode(path)))
    }
}
