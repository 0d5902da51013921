//! The pieces of a call: people, projects, commits, labels, the merge request and the check.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::{hook_date, rfc3339};

/// How dates are written. Real captures show [`Hook`](Self::Hook); receivers should read both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateForm {
    /// `2026-03-01 09:30:00 UTC`
    #[default]
    Hook,
    /// `2026-03-01T09:30:00.000Z`
    Iso,
}

impl DateForm {
    pub(super) fn write(self, at: Timestamp) -> Value {
        match self {
            Self::Hook => hook_date(at).into(),
            Self::Iso => rfc3339(at).into(),
        }
    }

    pub(super) fn write_or_null(self, at: Option<Timestamp>) -> Value {
        at.map_or(Value::Null, |at| self.write(at))
    }
}

/// A user in hook data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user's id.
    pub id: i64,
    /// The name people read.
    pub name: String,
    /// The login name.
    pub username: String,
    /// The picture, or null.
    pub avatar_url: Option<String>,
    /// The address, or `[REDACTED]` if it is not public.
    pub email: String,
}

impl Default for Person {
    fn default() -> Self {
        Self {
            id: 21,
            name: "Sam Sample".into(),
            username: "sam-sample".into(),
            avatar_url: None,
            email: "[REDACTED]".into(),
        }
    }
}

impl Person {
    pub(super) fn value(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "username": self.username,
            "avatar_url": self.avatar_url,
            "email": self.email,
        })
    }
}

/// A project in hook data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectData {
    /// The project's id.
    pub id: i64,
    /// The last part of the path.
    pub name: String,
    /// One line about it.
    pub description: String,
    /// Its page, without a trailing slash.
    pub web_url: String,
    /// The group.
    pub namespace: String,
    /// 0 private, 10 internal, 20 public.
    pub visibility_level: i64,
    /// `group/project`
    pub path_with_namespace: String,
    /// The default branch.
    pub default_branch: String,
}

impl Default for ProjectData {
    fn default() -> Self {
        Self {
            id: 1,
            name: "storefront".into(),
            description: "A sample shop".into(),
            web_url: "http://gitlab.example.test/demo/storefront".into(),
            namespace: "demo".into(),
            visibility_level: 0,
            path_with_namespace: "demo/storefront".into(),
            default_branch: "main".into(),
        }
    }
}

impl ProjectData {
    pub(super) fn ssh_url(&self) -> String {
        let host = self.web_url.split_once("://").map_or(self.web_url.as_str(), |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or_default();
        format!("git@{host}:{}.git", self.path_with_namespace)
    }

    pub(super) fn value(&self) -> Value {
        let (ssh, http) = (self.ssh_url(), format!("{}.git", self.web_url));
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "web_url": self.web_url,
            "avatar_url": null,
            "git_ssh_url": ssh,
            "git_http_url": http,
            "namespace": self.namespace,
            "visibility_level": self.visibility_level,
            "path_with_namespace": self.path_with_namespace,
            "default_branch": self.default_branch,
            "ci_config_path": null,
            "homepage": self.web_url,
            "url": ssh,
            "ssh_url": ssh,
            "http_url": http,
        })
    }
}

/// A commit in hook data. It names no user, only a Git author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitData {
    /// The full id.
    pub id: String,
    /// The whole message.
    pub message: String,
    /// Its first line.
    pub title: String,
    /// When it was made; always ISO 8601 with an offset.
    pub timestamp: Timestamp,
    /// Its page.
    pub url: String,
    /// The Git author's name.
    pub author_name: String,
    /// The Git author's address.
    pub author_email: String,
}

impl Default for CommitData {
    fn default() -> Self {
        let id = crate::signature::commit_id("a sample commit");
        Self {
            url: format!("http://gitlab.example.test/demo/storefront/-/commit/{id}"),
            id,
            message: "Show the delivery date in the basket\n".into(),
            title: "Show the delivery date in the basket".into(),
            timestamp: sample_time(-60),
            author_name: "Sam Sample".into(),
            author_email: "sam-sample@example.test".into(),
        }
    }
}

impl CommitData {
    pub(super) fn value(&self) -> Value {
        json!({
            "id": self.id,
            "message": self.message,
            "title": self.title,
            "timestamp": self.timestamp.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
            "url": self.url,
            "author": { "name": self.author_name, "email": self.author_email },
        })
    }
}

/// A label in hook data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelData {
    /// The label's id.
    pub id: i64,
    /// Its name.
    pub title: String,
    /// The project it belongs to.
    pub project_id: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

impl LabelData {
    pub(super) fn value(&self, dates: DateForm) -> Value {
        json!({
            "id": self.id,
            "title": self.title,
            "color": "#6699cc",
            "project_id": self.project_id,
            "created_at": dates.write(self.created_at),
            "updated_at": dates.write(self.created_at),
            "template": false,
            "description": null,
            "type": "ProjectLabel",
            "group_id": null,
        })
    }
}

/// The check that is called, as `external_approval_rule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleData {
    /// The check's id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The URL in full, with its query string.
    pub external_url: String,
}

impl Default for RuleData {
    fn default() -> Self {
        Self {
            id: 11,
            name: "Change approval".into(),
            external_url: "http://approval.example.test/approval-apps/status_check".into(),
        }
    }
}

/// The merge request's own values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeRequestData {
    /// The id, unique in the instance.
    pub id: i64,
    /// The number within the project.
    pub iid: i64,
    /// The title; one that starts with `Draft:` makes a draft.
    pub title: String,
    /// The description; `None` sends `null`.
    pub description: Option<String>,
    /// `opened`, `closed`, `locked` or `merged`.
    pub state: String,
    /// The branch to be merged.
    pub source_branch: String,
    /// The branch it goes to.
    pub target_branch: String,
    /// The project of the source branch, named even if that project is gone.
    pub source_project_id: i64,
    /// Who opened it.
    pub author_id: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When anything last changed.
    pub updated_at: Timestamp,
    /// When title or description last changed.
    pub last_edited_at: Option<Timestamp>,
    /// Who changed them.
    pub last_edited_by_id: Option<i64>,
    /// The pipeline of HEAD.
    pub head_pipeline_id: Option<i64>,
    /// The merge commit, once merged.
    pub merge_commit_sha: Option<String>,
    /// Who merged it, or set it to merge by itself.
    pub merge_user_id: Option<i64>,
    /// Whether it merges by itself once everything passes.
    pub auto_merge: bool,
    /// `mergeable`, `status_checks_must_pass`, …
    pub detailed_merge_status: String,
}

impl Default for MergeRequestData {
    fn default() -> Self {
        Self {
            id: 1_001,
            iid: 1,
            title: "Show the delivery date in the basket".into(),
            description: Some("Customers ask for it.".into()),
            state: "opened".into(),
            source_branch: "delivery-date".into(),
            target_branch: "main".into(),
            source_project_id: 1,
            author_id: 21,
            created_at: sample_time(0),
            updated_at: sample_time(0),
            last_edited_at: None,
            last_edited_by_id: None,
            head_pipeline_id: None,
            merge_commit_sha: None,
            merge_user_id: None,
            auto_merge: false,
            detailed_merge_status: "status_checks_must_pass".into(),
        }
    }
}

/// 2026-03-02 09:30:00 UTC, moved by some seconds.
fn sample_time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_772_443_800 + seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
