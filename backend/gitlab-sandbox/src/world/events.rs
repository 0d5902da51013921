//! Which changes GitLab announces, to whom and with what data (`Project#execute_external_compliance_hooks`).

use serde_json::{Map, Value, json};

use super::{MergeRequest, Missing, Project, World};
use crate::payload::{
    CommitData, DateForm, LabelData, MergeRequestCall, MergeRequestData, Person, ProjectData, RuleData,
};

/// One call that GitLab has decided to make.
#[derive(Debug, Clone)]
pub struct Event {
    /// The target project.
    pub project: i64,
    /// The merge request.
    pub iid: i64,
    /// The rule to call; its URL and secret are read when the call goes out.
    pub rule: i64,
    /// The action, if the call has one.
    pub action: Option<String>,
    /// The body, fixed now.
    pub body: Vec<u8>,
}

/// What happened, before it is turned into calls.
#[derive(Debug, Clone)]
pub(crate) struct Announcement {
    actor: i64,
    action: Option<&'static str>,
    changes: Map<String, Value>,
    oldrev: Option<String>,
    system_action: Option<&'static str>,
    only: Option<i64>,
}

impl Announcement {
    pub(super) fn by(actor: i64, action: &'static str) -> Self {
        Self {
            actor,
            action: Some(action),
            changes: Map::new(),
            oldrev: None,
            system_action: None,
            only: None,
        }
    }

    pub(super) fn retry(actor: i64, rule: i64) -> Self {
        Self { action: None, only: Some(rule), ..Self::by(actor, "") }
    }

    pub(super) fn pushed_over(mut self, oldrev: String) -> Self {
        self.oldrev = Some(oldrev);
        self
    }

    pub(super) fn system(mut self, system_action: &'static str) -> Self {
        self.system_action = Some(system_action);
        self
    }

    pub(super) fn change(mut self, field: &str, previous: &Value, current: &Value) -> Self {
        self.changes.insert(field.into(), json!({ "previous": previous, "current": current }));
        self
    }
}

impl World {
    /// Leaves one event per rule in scope of the target branch.
    pub(super) fn announce(&mut self, project: i64, iid: i64, what: Announcement) -> Result<(), Missing> {
        let merge_request = self.merge_request(project, iid)?;
        let own = self.project(project)?;
        if !own.licensed {
            return Ok(());
        }
        let rules: Vec<_> = own.rules_for(&merge_request.target_branch).cloned().collect();
        let mut call = self.call(own, merge_request, what.actor);
        call.action = what.action.map(Into::into);
        call.changes = what.changes;
        call.oldrev = what.oldrev;
        call.system_action = what.system_action.map(Into::into);
        let mut events = Vec::new();
        for rule in rules.into_iter().filter(|rule| what.only.is_none_or(|only| only == rule.id)) {
            call.rule = RuleData { id: rule.id, name: rule.name, external_url: rule.external_url };
            let action = call.action.clone();
            events.push(Event { project, iid, rule: rule.id, action, body: call.bytes() });
        }
        self.outbox.append(&mut events);
        Ok(())
    }

    /// The body for a rule as it would be sent now by the author, whether the rule is in scope or not.
    pub fn payload(
        &self,
        project: i64,
        iid: i64,
        rule: i64,
        action: Option<&str>,
    ) -> Result<Vec<u8>, Missing> {
        let merge_request = self.merge_request(project, iid)?;
        let own = self.project(project)?;
        let rule = own.rule(rule)?.clone();
        let mut call = self.call(own, merge_request, merge_request.author);
        call.action = action.map(Into::into);
        call.rule = RuleData { id: rule.id, name: rule.name, external_url: rule.external_url };
        Ok(call.bytes())
    }

    fn call(&self, project: &Project, merge_request: &MergeRequest, actor: i64) -> MergeRequestCall {
        let people = |ids: &[i64]| ids.iter().map(|id| self.person(*id)).collect();
        let label = |(index, title): (usize, &String)| LabelData {
            id: 600 + i64::try_from(index).unwrap_or_default(),
            title: title.clone(),
            project_id: project.id,
            created_at: project.created_at,
        };
        MergeRequestCall {
            action: None,
            user: self.person(actor),
            project: self.project_data(project),
            source: self.project(merge_request.source_project).ok().map(|source| self.project_data(source)),
            merge_request: self.merge_request_data(merge_request),
            last_commit: self.commit_data(project, merge_request),
            labels: merge_request.labels.iter().enumerate().map(label).collect(),
            assignees: people(&merge_request.assignees),
            reviewers: people(&merge_request.reviewers),
            dates: DateForm::Hook,
            ..MergeRequestCall::default()
        }
    }

    fn merge_request_data(&self, merge_request: &MergeRequest) -> MergeRequestData {
        let status = self.merge_status(merge_request.project, merge_request.iid).unwrap_or("unchecked");
        MergeRequestData {
            id: merge_request.id,
            iid: merge_request.iid,
            title: merge_request.title.clone(),
            description: Some(merge_request.description.clone()),
            state: merge_request.state.word().into(),
            source_branch: merge_request.source_branch.clone(),
            target_branch: merge_request.target_branch.clone(),
            source_project_id: merge_request.source_project,
            author_id: merge_request.author,
            created_at: merge_request.created_at,
            updated_at: merge_request.updated_at,
            last_edited_at: merge_request.edited.map(|(at, _)| at),
            last_edited_by_id: merge_request.edited.map(|(_, by)| by),
            head_pipeline_id: merge_request.pipeline.as_ref().map(|_| merge_request.id + 90_000),
            merge_commit_sha: merge_request.merge_commit.clone(),
            merge_user_id: merge_request.merged.map(|(_, by)| by),
            auto_merge: merge_request.auto_merge,
            detailed_merge_status: status.into(),
        }
    }

    fn commit_data(&self, project: &Project, merge_request: &MergeRequest) -> Option<CommitData> {
        let commit = merge_request.commits.get(&merge_request.head)?;
        let author = self.person(commit.author);
        Some(CommitData {
            id: commit.id.clone(),
            message: commit.message.clone(),
            title: commit.title().into(),
            timestamp: commit.created_at,
            url: format!("{}/{}/-/commit/{}", self.base_url, project.path, commit.id),
            author_email: format!("{}@example.test", author.username),
            author_name: author.name,
        })
    }

    fn project_data(&self, project: &Project) -> ProjectData {
        ProjectData {
            id: project.id,
            name: project.name().into(),
            description: project.description.clone(),
            web_url: format!("{}/{}", self.base_url, project.path),
            namespace: project.namespace().into(),
            visibility_level: project.visibility.level(),
            path_with_namespace: project.path.clone(),
            default_branch: project.default_branch.clone(),
        }
    }

    fn person(&self, id: i64) -> Person {
        let user = self.users.get(&id);
        Person {
            id,
            name: user.map_or_else(String::new, |user| user.name.clone()),
            username: user.map_or_else(String::new, |user| user.username.clone()),
            avatar_url: None,
            email: "[REDACTED]".into(),
        }
    }
}
