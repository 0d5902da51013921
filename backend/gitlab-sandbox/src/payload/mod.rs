//! Builds the bodies of GitLab's calls: the hook data of a merge request plus `external_approval_rule`
//! (`lib/gitlab/data_builder/issuable.rb`, `lib/gitlab/hook_data/merge_request_builder.rb` and the example in
//! <https://docs.gitlab.com/api/status_checks/>).
//!
//! [`MergeRequestCall::default`] is a complete, fictional call; change the fields that matter and take
//! [`bytes`](MergeRequestCall::bytes). Every variant that GitLab is known to send can be expressed.

mod attributes;
mod parts;

use serde_json::{Map, Value, json};

pub use self::parts::{CommitData, DateForm, LabelData, MergeRequestData, Person, ProjectData, RuleData};

/// One call of GitLab to an external status check, as values.
#[derive(Debug, Clone)]
pub struct MergeRequestCall {
    /// `object_attributes.action`; `None` leaves the key out, as a retry does.
    pub action: Option<String>,
    /// Who did it.
    pub user: Person,
    /// The target project.
    pub project: ProjectData,
    /// The source project; `None` sends `null`, as when a fork was deleted.
    pub source: Option<ProjectData>,
    /// The merge request itself.
    pub merge_request: MergeRequestData,
    /// HEAD; `None` sends `null`.
    pub last_commit: Option<CommitData>,
    /// `object_attributes.oldrev`, which only pushes have.
    pub oldrev: Option<String>,
    /// `object_attributes.system_action`, which comes with `system: true` (since GitLab 18.6).
    pub system_action: Option<String>,
    /// `object_attributes.actioned_at`, if sent.
    pub actioned_at: Option<jiff::Timestamp>,
    /// `changes`: field to (previous, current).
    pub changes: Map<String, Value>,
    /// Labels, sent at the top and inside `object_attributes`.
    pub labels: Vec<LabelData>,
    /// Assignees; the top-level key is left out if there are none.
    pub assignees: Vec<Person>,
    /// Reviewers; the top-level key is left out if there are none.
    pub reviewers: Vec<Person>,
    /// The external status check that is called.
    pub rule: RuleData,
    /// How dates are written.
    pub dates: DateForm,
    /// Keys to add or replace at the top level.
    pub extra: Map<String, Value>,
    /// Keys to add or replace in `object_attributes`.
    pub extra_attributes: Map<String, Value>,
}

impl Default for MergeRequestCall {
    fn default() -> Self {
        let project = ProjectData::default();
        Self {
            action: Some("open".into()),
            user: Person::default(),
            source: Some(project.clone()),
            project,
            merge_request: MergeRequestData::default(),
            last_commit: Some(CommitData::default()),
            oldrev: None,
            system_action: None,
            actioned_at: None,
            changes: Map::new(),
            labels: Vec::new(),
            assignees: Vec::new(),
            reviewers: Vec::new(),
            rule: RuleData::default(),
            dates: DateForm::Hook,
            extra: Map::new(),
            extra_attributes: Map::new(),
        }
    }
}

impl MergeRequestCall {
    /// Sets the action.
    #[must_use]
    pub fn action(mut self, action: &str) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Leaves the action out and empties the changes: what Retry sends.
    #[must_use]
    pub fn retry(mut self) -> Self {
        self.action = None;
        self.changes = Map::new();
        self
    }

    /// A push: action `update`, the new HEAD and the commit it replaced.
    #[must_use]
    pub fn push(mut self, new_sha: &str, old_sha: &str) -> Self {
        self.action = Some("update".into());
        self.oldrev = Some(old_sha.into());
        self.sha(new_sha)
    }

    /// Sets the id of HEAD.
    #[must_use]
    pub fn sha(mut self, sha: &str) -> Self {
        let mut commit = self.last_commit.take().unwrap_or_default();
        commit.id = sha.into();
        self.last_commit = Some(commit);
        self
    }

    /// An approval taken away by GitLab itself, `unapproved` or `unapproval`
    /// (`approvals_reset_on_push`, `code_owner_approvals_reset_on_push`).
    #[must_use]
    pub fn system(mut self, action: &str, system_action: &str) -> Self {
        self.action = Some(action.into());
        self.system_action = Some(system_action.into());
        self
    }

    /// Records one changed field.
    #[must_use]
    pub fn change(mut self, field: &str, previous: impl Into<Value>, current: impl Into<Value>) -> Self {
        self.changes.insert(field.into(), json!({ "previous": previous.into(), "current": current.into() }));
        self
    }

    /// Names the check that is called.
    #[must_use]
    pub fn rule(mut self, id: i64, name: &str, external_url: &str) -> Self {
        self.rule = RuleData { id, name: name.into(), external_url: external_url.into() };
        self
    }

    /// The body as a value.
    pub fn value(&self) -> Value {
        let mut body = json!({
            "object_kind": "merge_request",
            "event_type": "merge_request",
            "user": self.user.value(),
            "project": self.project.value(),
            "object_attributes": attributes::of(self),
            "labels": self.labels.iter().map(|label| label.value(self.dates)).collect::<Vec<_>>(),
            "changes": self.changes,
            "repository": {
                "name": self.project.name,
                "url": self.project.ssh_url(),
                "description": self.project.description,
                "homepage": self.project.web_url,
            },
            "external_approval_rule": {
                "id": self.rule.id,
                "name": self.rule.name,
                "external_url": self.rule.external_url,
            },
        });
        for (key, people) in [("assignees", &self.assignees), ("reviewers", &self.reviewers)] {
            if !people.is_empty() {
                body[key] = people.iter().map(Person::value).collect();
            }
        }
        for (key, value) in &self.extra {
            body[key] = value.clone();
        }
        body
    }

    /// The body as GitLab would send it.
    pub fn bytes(&self) -> Vec<u8> {
        self.value().to_string().into_bytes()
    }

    /// Lengthens the description with ASCII so that [`bytes`](Self::bytes) is exactly `length` long; a body
    /// that is longer already stays as it is. GitLab's encoder stops at 25 MB (26,214,400 bytes).
    #[must_use]
    pub fn padded_to(mut self, length: usize) -> Self {
        let mut text = self.merge_request.description.take().unwrap_or_default();
        self.merge_request.description = Some(text.clone());
        let missing = length.saturating_sub(self.bytes().len());
        text.extend(
            std::iter::repeat_n("All work and no play. ", missing / 22 + 1)
                .flat_map(str::chars)
                .take(missing),
        );
        self.merge_request.description = Some(text);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optional_keys_are_absent_rather_than_null() {
        let body = MergeRequestCall::default().retry().value();
        assert!(body["object_attributes"].get("action").is_none());
        assert!(body["object_attributes"].get("oldrev").is_none());
        assert!(body["object_attributes"].get("system").is_none());
        assert!(body.get("assignees").is_none());
        assert_eq!(body["changes"], json!({}));
    }

    #[test]
    fn nulls_are_sent_as_null() {
        let call = MergeRequestCall { last_commit: None, source: None, ..MergeRequestCall::default() };
        let body = call.value();
        assert_eq!(body["object_attributes"]["last_commit"], Value::Null);
        assert_eq!(body["object_attributes"]["source"], Value::Null);
        assert_eq!(body["object_attributes"]["target"]["id"], body["project"]["id"]);
    }

    #[test]
    fn both_forms_of_dates() {
        let hook = MergeRequestCall::default().value();
        let iso = MergeRequestCall { dates: DateForm::Iso, ..MergeRequestCall::default() }.value();
        assert_eq!(hook["object_attributes"]["updated_at"], "2026-03-02 09:30:00 UTC");
        assert_eq!(iso["object_attributes"]["updated_at"], "2026-03-02T09:30:00.000Z");
        assert_eq!(hook["object_attributes"]["last_commit"]["timestamp"], "2026-03-02T09:29:00+00:00");
    }

    #[test]
    fn padding_hits_the_length() {
        for length in [5_000, 26_214_400] {
            assert_eq!(MergeRequestCall::default().padded_to(length).bytes().len(), length);
        }
    }
}
