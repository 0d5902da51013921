//! What happens to a merge request after it was opened, and what GitLab announces about it.

use jiff::Timestamp;
use serde_json::json;

use super::events::Announcement;
use super::{Commit, FileChange, MergeRequestState, Missing, Refusal, Version, World};
use crate::clock::hook_date;
use crate::signature::commit_id;

/// The fields that an edit may touch; `None` keeps what there is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Edit {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) target_branch: Option<String>,
    pub(crate) labels: Option<Vec<String>>,
}

impl World {
    /// Pushes one commit to the source branch and returns its id. Every open merge request of that branch gets a new
    /// HEAD and a call; closed ones learn of it when they are reopened (`MergeRequests::RefreshService`).
    pub fn push(
        &mut self,
        project: i64,
        iid: i64,
        message: &str,
        files: Vec<FileChange>,
        now: Timestamp,
    ) -> Result<String, Missing> {
        let number = self.ids.commit();
        let merge_request = self.merge_request(project, iid)?;
        let id = commit_id(&format!("{project} {iid} {number} {message}"));
        let message = if message.is_empty() { format!("Revision {number}") } else { message.into() };
        let files = if files.is_empty() {
            vec![FileChange::added(&format!("changes/revision-{number}.md"), &message)]
        } else {
            files
        };
        let parent = merge_request.branch_head.clone();
        let commit =
            Commit { id: id.clone(), parent, message, author: merge_request.author, created_at: now };
        self.move_branch(project, iid, &id, Some(&(commit, files)), now)?;
        Ok(id)
    }

    /// Force-pushes the source branch to a commit that it had before.
    pub fn force_push_back(
        &mut self,
        project: i64,
        iid: i64,
        sha: &str,
        now: Timestamp,
    ) -> Result<(), Missing> {
        if !self.merge_request(project, iid)?.commits.contains_key(sha) {
            return Err(Missing::Commit(sha.into()));
        }
        self.move_branch(project, iid, sha, None, now)
    }

    fn move_branch(
        &mut self,
        project: i64,
        iid: i64,
        head: &str,
        new: Option<&(Commit, Vec<FileChange>)>,
        now: Timestamp,
    ) -> Result<(), Missing> {
        let pushed = self.merge_request(project, iid)?;
        let actor = pushed.author;
        let branch = (pushed.source_project, pushed.source_branch.clone());
        let siblings: Vec<_> = self
            .projects
            .values()
            .flat_map(|project| project.merge_requests.values())
            .filter(|other| (other.source_project, &other.source_branch) == (branch.0, &branch.1))
            .filter(|other| other.state != MergeRequestState::Merged)
            .map(|other| (other.project, other.iid, other.state))
            .collect();
        for (project, iid, state) in siblings {
            let merge_request = self.merge_request_mut(project, iid)?;
            let old = merge_request.branch_head.clone();
            merge_request.branch_head = head.into();
            if let Some((commit, files)) = new {
                merge_request.commits.insert(commit.id.clone(), commit.clone());
                let files = overlaid(merge_request.files_at(&old), files);
                let base = merge_request.base_of(&old).to_owned();
                let version = Version {
                    id: self.ids.version(),
                    head: head.into(),
                    created_at: now,
                    files,
                    base,
                    upstream: Vec::new(),
                };
                self.merge_request_mut(project, iid)?.versions.push(version);
            }
            if state == MergeRequestState::Opened {
                self.refresh(project, iid, actor, old, now)?;
            }
        }
        Ok(())
    }

    /// Brings an open merge request to the branch's HEAD and announces it, with what a push takes away.
    pub(super) fn refresh(
        &mut self,
        project: i64,
        iid: i64,
        actor: i64,
        old: String,
        now: Timestamp,
    ) -> Result<(), Missing> {
        let resets = self.project(project)?.reset_approvals_on_push;
        let required = self.project(project)?.approvals_required;
        let merge_request = self.merge_request_mut(project, iid)?;
        merge_request.head.clone_from(&merge_request.branch_head);
        merge_request.updated_at = now;
        let approvals = if resets { std::mem::take(&mut merge_request.approvals).len() } else { 0 };
        self.announce(project, iid, Announcement::by(actor, "update").pushed_over(old))?;
        if approvals > 0 {
            let action = if approvals >= required && required > 0 { "unapproved" } else { "unapproval" };
            self.announce(project, iid, Announcement::by(actor, action).system("approvals_reset_on_push"))?;
        }
        Ok(())
    }

    /// Changes title, description, labels or target branch; nothing changed, nothing announced.
    pub(crate) fn edit(
        &mut self,
        project: i64,
        iid: i64,
        edit: Edit,
        actor: i64,
        now: Timestamp,
    ) -> Result<(), Missing> {
        let merge_request = self.merge_request_mut(project, iid)?;
        let mut what = Announcement::by(actor, "update");
        let mut touched = false;
        let fields = [
            ("title", &mut merge_request.title, edit.title),
            ("description", &mut merge_request.description, edit.description),
            ("target_branch", &mut merge_request.target_branch, edit.target_branch),
        ];
        for (name, field, new) in fields {
            if let Some(new) = new.filter(|new| new != field) {
                what = what.change(name, &json!(field), &json!(new));
                *field = new;
                touched = true;
            }
        }
        if touched {
            merge_request.edited = Some((now, actor));
        }
        if let Some(labels) = edit.labels.filter(|labels| *labels != merge_request.labels) {
            let titles = |labels: &[String]| {
                json!(labels.iter().map(|title| json!({ "title": title })).collect::<Vec<_>>())
            };
            what = what.change("labels", &titles(&merge_request.labels), &titles(&labels));
            merge_request.labels = labels;
            touched = true;
        }
        if !touched {
            return Ok(());
        }
        what = what.change("updated_at", &json!(hook_date(merge_request.updated_at)), &json!(hook_date(now)));
        merge_request.updated_at = now;
        self.announce(project, iid, what)
    }

    /// Closes an open merge request.
    pub fn close(&mut self, project: i64, iid: i64, actor: i64, now: Timestamp) -> Result<(), Refusal> {
        let merge_request = self.merge_request_mut(project, iid)?;
        expect_state(merge_request.state, MergeRequestState::Opened)?;
        merge_request.state = MergeRequestState::Closed;
        merge_request.closed = Some((now, actor));
        merge_request.auto_merge = false;
        merge_request.updated_at = now;
        Ok(self.announce(project, iid, state_change(actor, "close", "opened", "closed"))?)
    }

    /// Reopens a closed merge request at its branch's present HEAD.
    pub fn reopen(&mut self, project: i64, iid: i64, actor: i64, now: Timestamp) -> Result<(), Refusal> {
        let merge_request = self.merge_request_mut(project, iid)?;
        expect_state(merge_request.state, MergeRequestState::Closed)?;
        merge_request.state = MergeRequestState::Opened;
        merge_request.closed = None;
        merge_request.head.clone_from(&merge_request.branch_head);
        merge_request.updated_at = now;
        Ok(self.announce(project, iid, state_change(actor, "reopen", "closed", "opened"))?)
    }

    /// Merges an open merge request; unless `forced`, only through an open gate
    /// (`MergeRequests::Mergeability::CheckExternalStatusChecksPassedService`).
    pub fn merge(
        &mut self,
        project: i64,
        iid: i64,
        actor: i64,
        forced: bool,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        expect_state(self.merge_request(project, iid)?.state, MergeRequestState::Opened)?;
        let status = self.merge_status(project, iid)?;
        if status != "mergeable" && !forced {
            return Err(Refusal::Blocked(status));
        }
        let merge_request = self.merge_request_mut(project, iid)?;
        merge_request.state = MergeRequestState::Merged;
        merge_request.merged = Some((now, actor));
        merge_request.merge_commit =
            Some(commit_id(&format!("merge {project} {iid} {}", merge_request.head)));
        merge_request.auto_merge = false;
        merge_request.updated_at = now;
        Ok(self.announce(project, iid, state_change(actor, "merge", "opened", "merged"))?)
    }

    /// Merges if the merge request was told to do so by itself and the gate is open.
    pub(super) fn auto_merge(&mut self, project: i64, iid: i64, now: Timestamp) -> Result<(), Missing> {
        let merge_request = self.merge_request(project, iid)?;
        if merge_request.auto_merge && self.merge_status(project, iid)? == "mergeable" {
            let author = merge_request.author;
            // The gate was just found open, so only a missing merge request could refuse.
            self.merge(project, iid, author, false, now).unwrap_or_default();
        }
        Ok(())
    }

    /// Sets whether a merge request merges by itself; it does so at once if nothing stands in the way.
    pub fn set_auto_merge(
        &mut self,
        project: i64,
        iid: i64,
        on: bool,
        now: Timestamp,
    ) -> Result<(), Missing> {
        self.merge_request_mut(project, iid)?.auto_merge = on;
        self.auto_merge(project, iid, now)
    }

    /// Approves in GitLab's own sense: `approved` if that completes the approvals, else `approval`.
    pub fn approve(&mut self, project: i64, iid: i64, user: i64, now: Timestamp) -> Result<(), Missing> {
        let required = self.project(project)?.approvals_required;
        let merge_request = self.merge_request_mut(project, iid)?;
        if merge_request.approvals.contains(&user) {
            return Ok(());
        }
        merge_request.approvals.push(user);
        merge_request.updated_at = now;
        let complete = merge_request.approvals.len() >= required;
        self.announce(project, iid, Announcement::by(user, if complete { "approved" } else { "approval" }))
    }

    /// Takes an approval back: `unapproved` if the approvals are no longer complete, else `unapproval`.
    pub fn unapprove(&mut self, project: i64, iid: i64, user: i64, now: Timestamp) -> Result<(), Missing> {
        let required = self.project(project)?.approvals_required;
        let merge_request = self.merge_request_mut(project, iid)?;
        let before = merge_request.approvals.len();
        merge_request.approvals.retain(|other| *other != user);
        let after = merge_request.approvals.len();
        if before == after {
            return Ok(());
        }
        merge_request.updated_at = now;
        let lost = before >= required && after < required;
        self.announce(project, iid, Announcement::by(user, if lost { "unapproved" } else { "unapproval" }))
    }
}

fn state_change(actor: i64, action: &'static str, from: &str, to: &str) -> Announcement {
    let id = |state: &str| match state {
        "opened" => 1,
        "closed" => 2,
        _ => 3,
    };
    Announcement::by(actor, action).change("state_id", &json!(id(from)), &json!(id(to)))
}

fn expect_state(state: MergeRequestState, expected: MergeRequestState) -> Result<(), Refusal> {
    if state == expected { Ok(()) } else { Err(Refusal::State(state)) }
}

/// The files of a version after a push on top of it.
fn overlaid(before: &[FileChange], pushed: &[FileChange]) -> Vec<FileChange> {
    let kept = before.iter().filter(|old| pushed.iter().all(|new| new.new_path != old.new_path));
    kept.chain(pushed).cloned().collect()
}
