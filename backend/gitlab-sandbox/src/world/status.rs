//! The rows of answers and what they add up to (`MergeRequests::StatusCheckResponse`).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::events::Announcement;
use super::{MergeRequestState, Missing, Refusal, World};

/// How old a pending row gets before the cron fails it (`TIMEOUT_INTERVAL`).
pub const TIMEOUT: Duration = Duration::from_secs(120);

/// The status of a check, of a row and of a merge request's widget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Approved.
    Passed,
    /// Rejected or timed out.
    Failed,
    /// Nobody has answered.
    Pending,
}

impl Status {
    /// GitLab's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Pending => "pending",
        }
    }

    /// Reads GitLab's word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Passed, Self::Failed, Self::Pending].into_iter().find(|status| status.word() == word)
    }
}

/// How a row came to be. Retry and the cron change rows, they never add one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Written by GitLab for a new merge request.
    Creation,
    /// Posted to `status_check_responses`.
    Api,
}

/// One row of answers. Rows are never removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusResponse {
    /// The row's id; the highest one of a (merge request, rule, sha) is what counts.
    pub id: i64,
    /// The rule it answers.
    pub rule: i64,
    /// The commit it answers for.
    pub sha: String,
    /// Its status now.
    pub status: Status,
    /// When it was written.
    pub created_at: Timestamp,
    /// When somebody last pressed Retry.
    pub retried_at: Option<Timestamp>,
    /// When the cron failed it, if it did.
    pub timed_out_at: Option<Timestamp>,
    /// How it came to be.
    pub source: Source,
    /// The username that posted it; the author for rows written at creation.
    pub by: String,
}

impl World {
    /// The newest row for a rule and a commit.
    pub fn newest_row(
        &self,
        project: i64,
        iid: i64,
        rule: i64,
        sha: &str,
    ) -> Result<Option<&StatusResponse>, Missing> {
        let rows = &self.merge_request(project, iid)?.responses;
        Ok(rows.iter().rev().find(|row| row.rule == rule && row.sha == sha))
    }

    /// What GitLab shows for HEAD: the newest row's status, and `pending` without a row.
    pub fn status(&self, project: i64, iid: i64, rule: i64) -> Result<Status, Missing> {
        let head = &self.merge_request(project, iid)?.head;
        Ok(self.newest_row(project, iid, rule, head)?.map_or(Status::Pending, |row| row.status))
    }

    /// Adds a row. `passed` may let a merge request with auto-merge go.
    pub fn insert_row(
        &mut self,
        (project, iid, rule): (i64, i64, i64),
        sha: &str,
        status: Status,
        (source, by): (Source, i64),
        now: Timestamp,
    ) -> Result<i64, Missing> {
        let id = self.ids.response();
        let by = self.users.get(&by).map_or_else(String::new, |user| user.username.clone());
        self.merge_request_mut(project, iid)?.responses.push(StatusResponse {
            id,
            rule,
            sha: sha.into(),
            status,
            created_at: now,
            retried_at: None,
            timed_out_at: None,
            source,
            by,
        });
        if status == Status::Passed && source == Source::Api {
            self.auto_merge(project, iid, now)?;
        }
        Ok(id)
    }

    /// What `PendingStatusCheckWorker` does: one pending row per rule of the project for the HEAD at creation.
    pub fn write_creation_rows(&mut self, now: Timestamp) {
        for (project, iid, head) in std::mem::take(&mut self.creation_rows_owed) {
            let Ok(merge_request) = self.merge_request(project, iid) else { continue };
            let author = merge_request.author;
            let rules: Vec<_> =
                self.project(project).map(|own| own.rules.keys().copied().collect()).unwrap_or_default();
            for rule in rules {
                let row = self.insert_row(
                    (project, iid, rule),
                    &head,
                    Status::Pending,
                    (Source::Creation, author),
                    now,
                );
                row.unwrap_or_default();
            }
        }
    }

    /// What `TimeoutPendingStatusCheckResponsesWorker` does each minute: pending rows older than two minutes, by
    /// their retry if they have one, become failed. Returns how many did.
    pub fn time_out(&mut self, now: Timestamp) -> usize {
        let old = |since: Timestamp| {
            now.duration_since(since) > jiff::SignedDuration::from_secs(TIMEOUT.as_secs().cast_signed())
        };
        let merge_requests =
            self.projects.values_mut().flat_map(|project| project.merge_requests.values_mut());
        let mut failed = 0;
        for row in merge_requests.flat_map(|merge_request| &mut merge_request.responses) {
            if row.status == Status::Pending && old(row.retried_at.unwrap_or(row.created_at)) {
                row.status = Status::Failed;
                row.timed_out_at = Some(now);
                failed += 1;
            }
        }
        failed
    }

    /// Retry: the newest row of a failed check is pending again, and that check alone is called, without an action
    /// (`ExternalStatusChecks::RetryService`).
    pub fn retry(
        &mut self,
        project: i64,
        iid: i64,
        rule: i64,
        actor: i64,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.project(project)?.rule(rule)?;
        if self.status(project, iid, rule)? != Status::Failed {
            return Err(Refusal::NotFailed);
        }
        let merge_request = self.merge_request_mut(project, iid)?;
        let head = merge_request.head.clone();
        if let Some(row) =
            merge_request.responses.iter_mut().rev().find(|row| row.rule == rule && row.sha == head)
        {
            row.status = Status::Pending;
            row.retried_at = Some(now);
            row.timed_out_at = None;
        }
        self.announce(project, iid, Announcement::retry(actor, rule))?;
        Ok(())
    }

    /// `detailed_merge_status`: `mergeable`, or what stands in the way.
    pub fn merge_status(&self, project: i64, iid: i64) -> Result<&'static str, Missing> {
        let merge_request = self.merge_request(project, iid)?;
        let project = self.project(project)?;
        let unanswered = |rule: i64| !matches!(self.status(project.id, iid, rule), Ok(Status::Passed));
        Ok(if merge_request.state != MergeRequestState::Opened {
            "not_open"
        } else if merge_request.is_draft() {
            "draft_status"
        } else if merge_request.approvals.len() < project.approvals_required {
            "not_approved"
        } else if project.licensed
            && project.status_checks_must_pass
            && project.rules_for(&merge_request.target_branch).any(|rule| unanswered(rule.id))
        {
            "status_checks_must_pass"
        } else {
            "mergeable"
        })
    }
}
