//! The world that the sandbox plays: projects, rules, merge requests, people and answers.
//!
//! Nothing here knows HTTP. A change that GitLab would announce leaves an [`Event`] in the outbox, which the
//! sandbox turns into calls.

mod compare;
mod discussion;
mod events;
mod file;
mod lifecycle;
mod merge_request;
mod people;
mod pipeline;
mod project;
mod rebase;
mod status;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::discussion::{Discussion, DiscussionNote, NewDiscussion};
pub use self::events::Event;
pub use self::file::FileChange;
pub(crate) use self::lifecycle::Edit;
pub use self::merge_request::{Commit, MergeRequest, MergeRequestState, NewMergeRequest, Note, Version};
pub use self::people::{AccessLevel, Token, User};
pub use self::pipeline::Job;
pub use self::project::{Project, ProtectedBranch, Rule, RuleChange, Visibility};
pub use self::status::{Source, Status, StatusResponse, TIMEOUT};

/// Something the caller named does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// No project with this id.
    #[error("there is no project {0}")]
    Project(i64),
    /// No merge request with this project and iid.
    #[error("there is no merge request {0}!{1}")]
    MergeRequest(i64, i64),
    /// No rule with this id in the project.
    #[error("there is no external status check {0} in this project")]
    Rule(i64),
    /// No commit with this id on the merge request's branch.
    #[error("there is no commit {0} in this merge request")]
    Commit(String),
}

/// Why GitLab would not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something named does not exist.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// Values that GitLab's validations refuse, in GitLab's words.
    #[error("{}", .0.join(", "))]
    Invalid(Vec<String>),
    /// Not in this state of the merge request.
    #[error("the merge request is {}", .0.word())]
    State(MergeRequestState),
    /// The merge gate is shut; the value of `detailed_merge_status` says why.
    #[error("the merge request cannot be merged: {0}")]
    Blocked(&'static str),
    /// Only a failed check can be retried.
    #[error("External status check must be failed")]
    NotFailed,
}

/// Everything the sandbox remembers, and all of it that a state file keeps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct World {
    /// Counters for new ids.
    pub ids: Ids,
    /// Users by id.
    pub users: BTreeMap<i64, User>,
    /// Access tokens.
    pub tokens: Vec<Token>,
    /// Projects by id.
    pub projects: BTreeMap<i64, Project>,
    /// Whether the worker that writes pending rows for new merge requests is held back.
    pub creation_rows_held: bool,
    /// Merge requests whose pending rows that worker still owes: project, iid, HEAD at creation.
    pub creation_rows_owed: Vec<(i64, i64, String)>,
    /// Endpoints that are refused: the end of the path, and the status.
    #[serde(skip)]
    pub refused: BTreeMap<String, u16>,
    /// Where this GitLab is seen from outside, without a trailing slash.
    #[serde(skip)]
    pub base_url: String,
    /// Announcements that wait to become calls.
    #[serde(skip)]
    pub outbox: Vec<Event>,
}

/// Counters for new ids. They start apart from each other, so that mixing up two kinds of id is noticed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ids {
    project: i64,
    rule: i64,
    user: i64,
    merge_request: i64,
    response: i64,
    note: i64,
    token: i64,
    version: i64,
    branch: i64,
    commit: i64,
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            project: 0,
            rule: 10,
            user: 20,
            merge_request: 1_000,
            response: 5_000,
            note: 300,
            token: 70,
            version: 800,
            branch: 40,
            commit: 0,
        }
    }
}

macro_rules! counters {
    ($($name:ident),+) => {
        impl Ids {
            $(pub(crate) fn $name(&mut self) -> i64 {
                self.$name += 1;
                self.$name
            })+
        }
    };
}
counters!(project, rule, user, merge_request, response, note, token, version, branch, commit);

impl World {
    /// A project by id.
    pub fn project(&self, id: i64) -> Result<&Project, Missing> {
        self.projects.get(&id).ok_or(Missing::Project(id))
    }

    /// A project by id, to be changed.
    pub fn project_mut(&mut self, id: i64) -> Result<&mut Project, Missing> {
        self.projects.get_mut(&id).ok_or(Missing::Project(id))
    }

    /// A merge request by project and iid.
    pub fn merge_request(&self, project: i64, iid: i64) -> Result<&MergeRequest, Missing> {
        self.project(project)?.merge_requests.get(&iid).ok_or(Missing::MergeRequest(project, iid))
    }

    /// A merge request by project and iid, to be changed.
    pub fn merge_request_mut(&mut self, project: i64, iid: i64) -> Result<&mut MergeRequest, Missing> {
        self.project_mut(project)?.merge_requests.get_mut(&iid).ok_or(Missing::MergeRequest(project, iid))
    }
}
