//! What is known of a merge request: from a signed call, or read back from GitLab.

use super::{GitLabStatus, Time};

/// A GitLab project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectFacts {
    /// GitLab's numeric id.
    pub gitlab_id: i64,
    /// Full path, `group/project`.
    pub path: String,
    /// Its page in GitLab.
    pub web_url: String,
}

/// A person in GitLab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// GitLab's numeric user id.
    pub gitlab_id: i64,
    /// Display name.
    pub name: String,
}

/// A merge request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeRequestFacts {
    /// Its number in the project.
    pub iid: i64,
    /// Title.
    pub title: String,
    /// Description, Markdown source.
    pub description: String,
    /// The author's GitLab user id.
    pub author_gitlab_id: Option<i64>,
    /// The author's display name, where it is known.
    pub author: Option<String>,
    /// Its page in GitLab.
    pub url: String,
    /// Branch to be merged.
    pub source_branch: String,
    /// Branch to merge into.
    pub target_branch: String,
    /// `opened`, `closed`, `locked` or `merged`.
    pub state: String,
    /// The full SHA of HEAD; `None` if there is no commit.
    pub head_sha: Option<String>,
    /// When GitLab last changed it, by GitLab's clock.
    pub updated_at: Option<Time>,
}

impl MergeRequestFacts {
    /// Whether it can still be merged. `locked` is the short state while GitLab merges it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == "opened"
    }
}

/// A rule, and what GitLab shows for it where that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFacts {
    /// GitLab's numeric id of the external status check.
    pub gitlab_id: i64,
    /// Its name.
    pub name: String,
    /// What the merge request's widget shows for HEAD; `None` if it was not read.
    pub shows: Option<GitLabStatus>,
    /// The URL GitLab calls, without its query; `None` where it was not told.
    pub external_url: Option<String>,
}

/// Where facts come from; it decides how far they reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A signed call: speaks of one rule only.
    SignedCall,
    /// Read with the connection's token: `rules` is the whole list that applies.
    ReadBack,
}

/// What is known of one merge request at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where this comes from.
    pub source: Source,
    /// When it was known to be true, by our clock (when the reading began).
    pub known_at: Time,
    /// The target project.
    pub project: ProjectFacts,
    /// The merge request.
    pub merge_request: MergeRequestFacts,
    /// The rules this speaks of; see [`Source`].
    pub rules: Vec<RuleFacts>,
}
