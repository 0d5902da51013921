//! What tests and demonstrations do to a sandbox: build its world, act as its people, make it fail.

use jiff::Timestamp;

use crate::config::Fault;
use crate::outgoing::HeldCall;
use crate::sandbox::Sandbox;
use crate::sync::lock;
use crate::world::{
    AccessLevel, Edit, FileChange, Missing, NewMergeRequest, Refusal, RuleChange, Visibility, World,
};

/// Unwraps what only a mistake of the caller can break.
#[track_caller]
fn known<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

/// People and projects.
impl Sandbox {
    #[track_caller]
    fn act<T, E: std::fmt::Display>(&self, act: impl FnOnce(&mut World, Timestamp) -> Result<T, E>) -> T {
        known(self.inner.change(act))
    }

    /// Accepts one more token. The access level is the user's in every project without an exception
    /// ([`set_access`](Self::set_access)); the scopes are GitLab's: `api`, `read_api`, `read_user`, …
    pub fn add_token(&self, token: &str, username: &str, access: AccessLevel, scopes: &[&str]) {
        self.inner.change(|world, now| world.put_token(token, username, access, scopes, now));
    }

    /// Takes a token back; GitLab answers it with 401 from now on.
    pub fn revoke_token(&self, token: &str) {
        self.inner.change(|world, _| {
            world.tokens.iter_mut().filter(|own| own.value == token).for_each(|own| own.revoked = true);
        });
    }

    /// Sets the day on which a token stops working, as `YYYY-MM-DD`.
    pub fn set_token_expiry(&self, token: &str, day: Option<&str>) {
        let day: Option<String> = day.map(Into::into);
        self.inner.change(|world, _| {
            world
                .tokens
                .iter_mut()
                .filter(|own| own.value == token)
                .for_each(|own| own.expires_at.clone_from(&day));
        });
    }

    /// The id of a user, who is made (a Developer) if unknown.
    pub fn user(&self, username: &str) -> i64 {
        self.inner.change(|world, _| world.user_named(username))
    }

    /// Makes an exception from a user's general access level in one project.
    pub fn set_access(&self, project: i64, username: &str, access: AccessLevel) {
        self.act(|world, _| {
            let user = world.user_named(username);
            world.project_mut(project).map(|own| own.members.insert(user, access))
        });
    }

    /// Makes a private project with a protected branch `main` and the gate on, and returns its id. A path that exists
    /// already gives the id of its project.
    pub fn create_project(&self, path: &str) -> i64 {
        self.inner.change(|world, now| world.create_project(path, now))
    }

    /// Sets who sees a project.
    pub fn set_visibility(&self, project: i64, visibility: Visibility) {
        self.act(|world, _| world.project_mut(project).map(|own| own.visibility = visibility));
    }

    /// Turns "Status checks must succeed" on or off.
    pub fn set_gate(&self, project: i64, on: bool) {
        self.act(|world, _| world.project_mut(project).map(|own| own.status_checks_must_pass = on));
    }

    /// Gives a project a plan with or without external status checks.
    pub fn set_licensed(&self, project: i64, on: bool) {
        self.act(|world, _| world.project_mut(project).map(|own| own.licensed = on));
    }

    /// Sets how many approvals GitLab itself asks for, and whether a push takes them away.
    pub fn set_approval_rules(&self, project: i64, required: usize, reset_on_push: bool) {
        self.act(|world, _| {
            world.project_mut(project).map(|own| {
                own.approvals_required = required;
                own.reset_approvals_on_push = reset_on_push;
            })
        });
    }

    /// Protects a branch, or a wildcard such as `release/*`, and returns its id.
    pub fn protect_branch(&self, project: i64, name: &str) -> i64 {
        self.act(|world, now| world.protect_branch(project, name, now))
    }

    /// Makes an external status check for all branches and returns its id.
    pub fn create_rule(&self, project: i64, name: &str, url: &str, secret: Option<&str>) -> i64 {
        let new = RuleChange {
            name: Some(name.into()),
            external_url: Some(url.into()),
            shared_secret: secret.map(Into::into),
            protected_branch_ids: None,
        };
        self.act(|world, _| world.create_rule(project, new))
    }

    fn change_rule(&self, project: i64, rule: i64, change: RuleChange) {
        self.act(|world, _| world.change_rule(project, rule, change));
    }

    /// Sets the URL that a rule calls, also for calls that wait.
    pub fn set_rule_url(&self, project: i64, rule: i64, url: &str) {
        self.change_rule(
            project,
            rule,
            RuleChange { external_url: Some(url.into()), ..RuleChange::default() },
        );
    }

    /// Sets or takes away a rule's HMAC key.
    pub fn set_rule_secret(&self, project: i64, rule: i64, secret: Option<&str>) {
        let secret = Some(secret.unwrap_or_default().into());
        self.change_rule(project, rule, RuleChange { shared_secret: secret, ..RuleChange::default() });
    }

    /// Limits a rule to target branches, which become protected; none means all.
    pub fn set_rule_branches(&self, project: i64, rule: i64, branches: &[&str]) {
        let ids = branches.iter().map(|name| self.protect_branch(project, name)).collect();
        self.change_rule(
            project,
            rule,
            RuleChange { protected_branch_ids: Some(ids), ..RuleChange::default() },
        );
    }

    /// Removes a rule.
    pub fn delete_rule(&self, project: i64, rule: i64) {
        self.act(|world, _| world.delete_rule(project, rule));
    }
}

/// Merge requests.
impl Sandbox {
    /// Deletes a merge request, of which GitLab calls nobody.
    pub fn delete_merge_request(&self, project: i64, iid: i64) {
        self.act(|world, _| world.delete_merge_request(project, iid));
    }

    /// Opens a merge request and returns its iid; the rules are called with `open`.
    pub fn create_merge_request(&self, project: i64, new: NewMergeRequest) -> i64 {
        self.act(|world, now| world.create_merge_request(project, new, now))
    }

    /// Pushes one commit to the source branch and returns its id.
    pub fn push(&self, project: i64, iid: i64) -> String {
        self.push_files(project, iid, "", Vec::new())
    }

    /// Pushes one commit with this message and these changes against the target branch.
    pub fn push_files(&self, project: i64, iid: i64, message: &str, files: Vec<FileChange>) -> String {
        self.act(|world, now| world.push(project, iid, message, files, now))
    }

    /// Force-pushes the source branch back to a commit that it had before.
    pub fn force_push_back(&self, project: i64, iid: i64, sha: &str) {
        self.act(|world, now| world.force_push_back(project, iid, sha, now));
    }

    #[track_caller]
    fn edit(&self, project: i64, iid: i64, edit: Edit) {
        self.act(|world, now| {
            let author = world.merge_request(project, iid)?.author;
            world.edit(project, iid, edit, author, now)
        });
    }

    /// Changes the title, by the author.
    pub fn edit_title(&self, project: i64, iid: i64, title: &str) {
        self.edit(project, iid, Edit { title: Some(title.into()), ..Edit::default() });
    }

    /// Changes the target branch, by the author. Only the rules in scope of the new branch hear of it.
    pub fn set_target_branch(&self, project: i64, iid: i64, branch: &str) {
        self.edit(project, iid, Edit { target_branch: Some(branch.into()), ..Edit::default() });
    }

    /// Rewrites the description, by the author.
    pub fn set_description(&self, project: i64, iid: i64, text: &str) {
        self.edit(project, iid, Edit { description: Some(text.into()), ..Edit::default() });
    }

    /// Replaces the labels, by the author.
    pub fn set_labels(&self, project: i64, iid: i64, labels: &[&str]) {
        let labels = labels.iter().map(|label| (*label).into()).collect();
        self.edit(project, iid, Edit { labels: Some(labels), ..Edit::default() });
    }

    /// Sets the state of the pipeline of HEAD (`success`, `failed`, …). No status check hears of it.
    pub fn set_pipeline(&self, project: i64, iid: i64, state: Option<&str>) {
        self.act(|world, _| {
            world.merge_request_mut(project, iid).map(|one| one.pipeline = state.map(Into::into))
        });
    }

    fn by_author<T>(
        &self,
        project: i64,
        iid: i64,
        act: impl FnOnce(&mut World, i64, Timestamp) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.inner.change(|world, now| {
            let author = world.merge_request(project, iid)?.author;
            act(world, author, now)
        })
    }

    /// Closes an open merge request; a closed one stays as it is.
    pub fn close(&self, project: i64, iid: i64) {
        ignore_state(
            self.by_author(project, iid, |world, author, now| world.close(project, iid, author, now)),
        );
    }

    /// Reopens a closed merge request at its branch's present HEAD; an open one stays as it is.
    pub fn reopen(&self, project: i64, iid: i64) {
        ignore_state(
            self.by_author(project, iid, |world, author, now| world.reopen(project, iid, author, now)),
        );
    }

    /// Merges.
    ///
    /// # Errors
    ///
    /// If the gate is shut or the merge request is not open.
    pub fn merge(&self, project: i64, iid: i64) -> Result<(), Refusal> {
        self.by_author(project, iid, |world, author, now| world.merge(project, iid, author, false, now))
    }

    /// Merges past a shut gate, as an administrator can by turning the gate off for a moment.
    ///
    /// # Errors
    ///
    /// If the merge request is not open.
    pub fn merge_forced(&self, project: i64, iid: i64) -> Result<(), Refusal> {
        self.by_author(project, iid, |world, author, now| world.merge(project, iid, author, true, now))
    }

    /// Lets a merge request merge by itself as soon as the gate opens.
    pub fn set_auto_merge(&self, project: i64, iid: i64, on: bool) {
        self.act(|world, now| world.set_auto_merge(project, iid, on, now));
    }

    /// Approves in GitLab's own sense.
    pub fn approve(&self, project: i64, iid: i64, username: &str) {
        self.act(|world, now| {
            let user = world.user_named(username);
            world.approve(project, iid, user, now)
        });
    }

    /// Takes such an approval back.
    pub fn unapprove(&self, project: i64, iid: i64, username: &str) {
        self.act(|world, now| {
            let user = world.user_named(username);
            world.unapprove(project, iid, user, now)
        });
    }

    /// Presses Retry beside a failed check, as the author.
    ///
    /// # Errors
    ///
    /// If the check is not failed.
    pub fn retry(&self, project: i64, iid: i64, rule: i64) -> Result<(), Refusal> {
        self.by_author(project, iid, |world, author, now| world.retry(project, iid, rule, author, now))
    }
}

#[track_caller]
fn ignore_state(result: Result<(), Refusal>) {
    match result {
        Ok(()) | Err(Refusal::State(_)) => {}
        Err(error) => known(Err(error)),
    }
}

/// Time and trouble.
impl Sandbox {
    /// Runs the one-minute job by the sandbox's clock: pending rows older than two minutes become failed.
    pub fn run_cron(&self) {
        self.inner.change(|world, now| world.time_out(now));
    }

    /// Holds back the worker that writes the pending rows of new merge requests; letting it go writes what it owes.
    /// GitLab's worker is asynchronous, so an answer may come before it.
    pub fn hold_creation_rows(&self, on: bool) {
        self.inner.change(|world, now| {
            world.creation_rows_held = on;
            if !on {
                world.write_creation_rows(now);
            }
        });
    }

    /// Makes the whole GitLab fail in one way, until told otherwise; `None` heals it.
    pub fn set_fault(&self, fault: Option<Fault>) {
        lock(&self.inner.faults).set(fault, None);
    }

    /// Makes the next `requests` requests fail that the fault concerns, and then heals.
    pub fn set_fault_for(&self, fault: Fault, requests: u64) {
        lock(&self.inner.faults).set(Some(fault), Some(requests));
    }

    /// Makes all requests for one more merge request fail in one way, until told otherwise.
    pub fn set_fault_on(&self, project: i64, iid: i64, fault: Fault) {
        self.set_fault_below(&format!("/api/v4/projects/{project}/merge_requests/{iid}"), fault);
    }

    /// Makes all requests for one more path, and what is below it, fail in one way, until told otherwise.
    pub fn set_fault_below(&self, path: &str, fault: Fault) {
        lock(&self.inner.faults).set_below(path, fault);
    }

    /// Holds back all further calls; `false` lets those held go, oldest first.
    pub fn pause_calls(&self, on: bool) {
        self.inner.outgoing.pause(&self.inner, on);
    }

    /// The calls held back, oldest first.
    pub fn held_calls(&self) -> Vec<HeldCall> {
        self.inner.outgoing.held()
    }

    /// Sends held calls one after the other in the order of `ids`, each answered before the next; calls stay paused.
    pub async fn release_calls(&self, ids: &[u64]) {
        self.inner.outgoing.release_in_order(&self.inner, ids).await;
    }

    /// Sends all held calls one after the other, the youngest first; calls stay paused.
    pub async fn release_calls_reversed(&self) {
        let ids: Vec<_> = self.held_calls().iter().rev().map(|call| call.id).collect();
        self.release_calls(&ids).await;
    }

    /// Throws held calls away, as if GitLab had lost them.
    pub fn discard_held_calls(&self) {
        let ids: Vec<_> = self.held_calls().iter().map(|call| call.id).collect();
        drop(self.inner.outgoing.take(&ids));
    }

    /// Loses the next `count` calls before they are sent.
    pub fn drop_next_calls(&self, count: usize) {
        self.inner.outgoing.drop_next(count);
    }

    /// Sends the next `count` calls twice.
    pub fn duplicate_next_calls(&self, count: usize) {
        self.inner.outgoing.duplicate_next(count);
    }

    /// Waits until no call is queued or in flight. A retry that waits for its delay does not count, nor do held calls.
    pub async fn settle(&self) {
        self.inner.outgoing.settled(false).await;
    }

    /// Waits until no call is queued or in flight and no retry is to come.
    pub async fn settle_retries(&self) {
        self.inner.outgoing.settled(true).await;
    }
}

/// The body GitLab would send.
impl Sandbox {
    /// The exact body that GitLab would send to a rule now, by the author; without an action it is a Retry's.
    pub fn payload(&self, project: i64, iid: i64, rule: i64, action: Option<&str>) -> Vec<u8> {
        known::<_, Missing>(self.inner.read(|world| world.payload(project, iid, rule, action)))
    }
}
