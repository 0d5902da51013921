//! Merge requests: what they are made of and how they come into being.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::discussion::{Discussion, NewDiscussion};
use super::events::Announcement;
use super::file::FileChange;
use super::pipeline::Job;
use super::{Missing, StatusResponse, World};
use crate::signature::commit_id;

/// The state of a merge request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeRequestState {
    /// Under review.
    Opened,
    /// Given up, for now.
    Closed,
    /// Done.
    Merged,
}

impl MergeRequestState {
    /// GitLab's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Closed => "closed",
            Self::Merged => "merged",
        }
    }
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// The full id.
    pub id: String,
    /// The commit before it.
    pub parent: String,
    /// The whole message.
    pub message: String,
    /// Who wrote it: a user's id.
    pub author: i64,
    /// When.
    pub created_at: Timestamp,
}

impl Commit {
    /// The first line of the message.
    pub fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

/// What the merge request contained after a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The version's id.
    pub id: i64,
    /// HEAD then.
    pub head: String,
    /// When it came to be.
    pub created_at: Timestamp,
    /// All changed files against the target branch.
    pub files: Vec<FileChange>,
    /// The commit of the target branch it starts from; empty means the merge request's.
    #[serde(default)]
    pub base: String,
    /// What the target branch changed between the version before and this one.
    #[serde(default)]
    pub upstream: Vec<FileChange>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The note's id.
    pub id: i64,
    /// Markdown.
    pub body: String,
    /// Who wrote it.
    pub author: i64,
    /// When.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A merge request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MergeRequest {
    /// The id, unique in the instance.
    pub id: i64,
    /// The number within the target project.
    pub iid: i64,
    /// The target project.
    pub project: i64,
    /// The project of the source branch.
    pub source_project: i64,
    /// The title; `Draft:` in front makes a draft.
    pub title: String,
    /// Markdown.
    pub description: String,
    /// The branch to be merged.
    pub source_branch: String,
    /// The branch it goes to.
    pub target_branch: String,
    /// Who opened it.
    pub author: i64,
    /// Assigned users.
    pub assignees: Vec<i64>,
    /// Reviewing users.
    pub reviewers: Vec<i64>,
    /// Label names.
    pub labels: Vec<String>,
    /// Its state.
    pub state: MergeRequestState,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When anything last changed.
    pub updated_at: Timestamp,
    /// When title or description last changed, and who did it.
    pub edited: Option<(Timestamp, i64)>,
    /// When it was closed, and by whom.
    pub closed: Option<(Timestamp, i64)>,
    /// When it was merged, and by whom.
    pub merged: Option<(Timestamp, i64)>,
    /// The merge commit.
    pub merge_commit: Option<String>,
    /// Whether it merges by itself once the gate opens.
    pub auto_merge: bool,
    /// The commit of the target branch it starts from.
    pub base: String,
    /// HEAD of the merge request, GitLab's `diff_head_sha`.
    pub head: String,
    /// HEAD of the source branch; it runs ahead of `head` while the merge request is closed.
    pub branch_head: String,
    /// Every commit ever pushed, by id.
    pub commits: BTreeMap<String, Commit>,
    /// One version per push, oldest first.
    pub versions: Vec<Version>,
    /// Users who approved, in order.
    pub approvals: Vec<i64>,
    /// Comments.
    pub notes: Vec<Note>,
    /// The state of the pipeline of HEAD: `success`, `running`, `failed`, …
    pub pipeline: Option<String>,
    /// The jobs of that pipeline; none makes some that go with its state.
    #[serde(default)]
    pub jobs: Vec<Job>,
    /// Discussions, oldest first; plain comments are in `notes`.
    #[serde(default)]
    pub discussions: Vec<Discussion>,
    /// Every answer ever given, oldest first.
    pub responses: Vec<StatusResponse>,
}

impl MergeRequest {
    /// Whether it is a draft.
    pub fn is_draft(&self) -> bool {
        self.title.starts_with("Draft:")
    }

    /// The commits of HEAD, newest first.
    pub fn commits(&self) -> Vec<&Commit> {
        self.commits_between(self.base_of(&self.head), &self.head)
    }

    /// The commit of the target branch that a HEAD, present or past, starts from.
    pub fn base_of(&self, head: &str) -> &str {
        let version = self.versions.iter().rev().find(|version| version.head == head);
        version.map(|version| version.base.as_str()).filter(|base| !base.is_empty()).unwrap_or(&self.base)
    }

    /// The commits after `from` up to `to`, newest first.
    pub fn commits_between(&self, from: &str, to: &str) -> Vec<&Commit> {
        let step = |commit: &&Commit| self.commits.get(&commit.parent).filter(|parent| parent.id != from);
        std::iter::successors(self.commits.get(to).filter(|commit| commit.id != from), step).collect()
    }

    /// The changed files at a HEAD, present or past.
    pub fn files_at(&self, head: &str) -> &[FileChange] {
        let version = self.versions.iter().rev().find(|version| version.head == head);
        version.map_or(&[], |version| &version.files)
    }
}

/// What a new merge request starts with.
#[derive(Debug, Clone)]
pub struct NewMergeRequest {
    /// The title.
    pub title: String,
    /// Markdown.
    pub description: String,
    /// The source branch; empty makes one from the iid.
    pub source_branch: String,
    /// The target branch.
    pub target_branch: String,
    /// The username of the author, who is made if unknown.
    pub author: String,
    /// Changed files; none makes one small file.
    pub files: Vec<FileChange>,
    /// Label names.
    pub labels: Vec<String>,
    /// Usernames.
    pub assignees: Vec<String>,
    /// Usernames.
    pub reviewers: Vec<String>,
    /// Messages of the commits, oldest first; none makes one of the title.
    pub commits: Vec<String>,
    /// The source project, if it is a fork.
    pub source_project: Option<i64>,
    /// The state of the pipeline of HEAD.
    pub pipeline: Option<String>,
    /// The jobs of that pipeline; none makes some that go with its state.
    pub jobs: Vec<Job>,
    /// Usernames of those who approved in GitLab.
    pub approvals: Vec<String>,
    /// Discussions.
    pub discussions: Vec<NewDiscussion>,
}

impl Default for NewMergeRequest {
    fn default() -> Self {
        Self {
            title: "Change a thing".into(),
            description: String::new(),
            source_branch: String::new(),
            target_branch: "main".into(),
            author: "sam-sample".into(),
            files: Vec::new(),
            labels: Vec::new(),
            assignees: Vec::new(),
            reviewers: Vec::new(),
            commits: Vec::new(),
            source_project: None,
            pipeline: None,
            jobs: Vec::new(),
            approvals: Vec::new(),
            discussions: Vec::new(),
        }
    }
}

impl World {
    /// Opens a merge request: GitLab calls the rules with `open` and writes a pending row for each rule of the
    /// project, in scope or not.
    pub fn create_merge_request(
        &mut self,
        project: i64,
        new: NewMergeRequest,
        now: Timestamp,
    ) -> Result<i64, Missing> {
        let iid = self.project(project)?.merge_requests.keys().last().copied().unwrap_or(0) + 1;
        let author = self.user_named(&new.author);
        let assignees = new.assignees.iter().map(|name| self.user_named(name)).collect();
        let reviewers = new.reviewers.iter().map(|name| self.user_named(name)).collect();
        let source_branch =
            if new.source_branch.is_empty() { format!("change-{iid}") } else { new.source_branch };
        let base = commit_id(&format!("{project} {} base", new.target_branch));
        let files = if new.files.is_empty() {
            vec![FileChange::added(&format!("changes/{source_branch}.md"), &new.title)]
        } else {
            new.files
        };
        let messages = if new.commits.is_empty() { vec![new.title.clone()] } else { new.commits };
        let approvals = new.approvals.iter().map(|name| self.user_named(name)).collect();
        let discussions = new.discussions.into_iter().map(|one| self.discussion(one, now)).collect();
        let mut merge_request = MergeRequest {
            id: self.ids.merge_request(),
            iid,
            project,
            source_project: new.source_project.unwrap_or(project),
            title: new.title,
            description: new.description,
            source_branch,
            target_branch: new.target_branch,
            author,
            assignees,
            reviewers,
            labels: new.labels,
            state: MergeRequestState::Opened,
            created_at: now,
            updated_at: now,
            edited: None,
            closed: None,
            merged: None,
            merge_commit: None,
            auto_merge: false,
            head: base.clone(),
            branch_head: base.clone(),
            base,
            commits: BTreeMap::new(),
            versions: Vec::new(),
            approvals,
            notes: Vec::new(),
            pipeline: new.pipeline,
            jobs: new.jobs,
            discussions,
            responses: Vec::new(),
        };
        for message in messages {
            let parent = merge_request.head.clone();
            let id = commit_id(&format!("{project} {iid} {} {message}", self.ids.commit()));
            merge_request.head.clone_from(&id);
            merge_request.commits.insert(id.clone(), Commit { id, parent, message, author, created_at: now });
        }
        merge_request.branch_head.clone_from(&merge_request.head);
        let version = Version {
            id: self.ids.version(),
            head: merge_request.head.clone(),
            created_at: now,
            files,
            base: merge_request.base.clone(),
            upstream: Vec::new(),
        };
        merge_request.versions.push(version);
        let head = merge_request.head.clone();
        self.project_mut(project)?.merge_requests.insert(iid, merge_request);
        self.creation_rows_owed.push((project, iid, head));
        if !self.creation_rows_held {
            self.write_creation_rows(now);
        }
        self.announce(project, iid, Announcement::by(author, "open"))?;
        Ok(iid)
    }
}
