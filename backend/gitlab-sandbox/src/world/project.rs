//! Projects, their external status checks and protected branches.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccessLevel, MergeRequest, Missing, Refusal, World};

/// Who sees a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Members only (0).
    Private,
    /// Every signed-in user (10).
    Internal,
    /// Everybody (20).
    Public,
}

impl Visibility {
    /// The number in hook data.
    pub fn level(self) -> i64 {
        match self {
            Self::Private => 0,
            Self::Internal => 10,
            Self::Public => 20,
        }
    }
}

/// A project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Project {
    /// The project's id.
    pub id: i64,
    /// `group/project`.
    pub path: String,
    /// One line about it.
    pub description: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// The branch that merge requests aim at.
    pub default_branch: String,
    /// "Status checks must succeed": `only_allow_merge_if_all_status_checks_passed`.
    pub status_checks_must_pass: bool,
    /// Whether the project's plan has external status checks (Ultimate).
    pub licensed: bool,
    /// Approvals that GitLab itself asks for.
    pub approvals_required: usize,
    /// Whether a push takes approvals away.
    pub reset_approvals_on_push: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// External status checks by id.
    pub rules: BTreeMap<i64, Rule>,
    /// Merge requests by iid.
    pub merge_requests: BTreeMap<i64, MergeRequest>,
    /// Protected branches.
    pub protected_branches: Vec<ProtectedBranch>,
    /// Access levels that differ from the users' general ones.
    pub members: BTreeMap<i64, AccessLevel>,
}

impl Project {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// All but the last part of the path.
    pub fn namespace(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(namespace, _)| namespace)
    }

    /// A rule by id.
    pub fn rule(&self, id: i64) -> Result<&Rule, Missing> {
        self.rules.get(&id).ok_or(Missing::Rule(id))
    }

    /// The rules that apply to a target branch: those without protected branches, and those one of whose
    /// protected branches matches. Wildcards match since 2026 (gitlab-org/gitlab!233327).
    pub fn rules_for(&self, target_branch: &str) -> impl Iterator<Item = &Rule> {
        self.rules.values().filter(move |rule| {
            let matches = |id: &i64| {
                let branch = self.protected_branches.iter().find(|branch| branch.id == *id);
                branch.is_some_and(|branch| wildcard(&branch.name, target_branch))
            };
            rule.protected_branch_ids.is_empty() || rule.protected_branch_ids.iter().any(matches)
        })
    }
}

/// An external status check: GitLab's `external_approval_rule`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The check's id, unique in the instance.
    pub id: i64,
    /// Its name, unique in the project.
    pub name: String,
    /// The URL that is called, unique in the project, with its query string.
    pub external_url: String,
    /// The HMAC key, if calls are signed.
    pub shared_secret: Option<String>,
    /// The target branches it applies to; none means all.
    pub protected_branch_ids: Vec<i64>,
}

impl Rule {
    /// The URL as the API shows it below a merge request: without the query string, which may hold a secret.
    pub fn url_without_query(&self) -> &str {
        self.external_url.split(['?', '#']).next().unwrap_or_default()
    }
}

/// A protected branch or wildcard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectedBranch {
    /// The branch's id.
    pub id: i64,
    /// `main`, or with a wildcard `release/*`.
    pub name: String,
    /// When it was protected.
    pub created_at: Timestamp,
}

/// Values for a rule; `None` keeps what there is.
#[derive(Debug, Clone, Default)]
pub struct RuleChange {
    /// The name.
    pub name: Option<String>,
    /// The URL to call.
    pub external_url: Option<String>,
    /// The HMAC key; an empty one takes the key away.
    pub shared_secret: Option<String>,
    /// The target branches.
    pub protected_branch_ids: Option<Vec<i64>>,
}

impl World {
    /// Makes a private project with protected branch `main`, or returns the one that has this path.
    pub fn create_project(&mut self, path: &str, now: Timestamp) -> i64 {
        if let Some(project) = self.project_at(path) {
            return project.id;
        }
        let id = self.ids.project();
        let main = ProtectedBranch { id: self.ids.branch(), name: "main".into(), created_at: now };
        let project = Project {
            id,
            path: path.into(),
            description: String::new(),
            visibility: Visibility::Private,
            default_branch: "main".into(),
            status_checks_must_pass: true,
            licensed: true,
            approvals_required: 0,
            reset_approvals_on_push: false,
            created_at: now,
            rules: BTreeMap::new(),
            merge_requests: BTreeMap::new(),
            protected_branches: vec![main],
            members: BTreeMap::new(),
        };
        self.projects.insert(id, project);
        id
    }

    /// A project by its full path; paths differ in more than case.
    pub fn project_at(&self, path: &str) -> Option<&Project> {
        self.projects.values().find(|project| project.path.eq_ignore_ascii_case(path))
    }

    /// Protects a branch or wildcard; the same name twice is one protected branch.
    pub fn protect_branch(&mut self, project: i64, name: &str, now: Timestamp) -> Result<i64, Missing> {
        let fresh = self.ids.branch();
        let project = self.project_mut(project)?;
        if let Some(known) = project.protected_branches.iter().find(|branch| branch.name == name) {
            return Ok(known.id);
        }
        project.protected_branches.push(ProtectedBranch { id: fresh, name: name.into(), created_at: now });
        Ok(fresh)
    }

    /// Makes a rule. Name and URL must be present and unique in the project (model
    /// `MergeRequests::ExternalStatusCheck`).
    pub fn create_rule(&mut self, project: i64, new: RuleChange) -> Result<i64, Refusal> {
        let empty = Rule {
            id: 0,
            name: String::new(),
            external_url: String::new(),
            shared_secret: None,
            protected_branch_ids: Vec::new(),
        };
        let mut rule = changed(empty, new);
        validate(self.project(project)?, &rule)?;
        rule.id = self.ids.rule();
        let id = rule.id;
        self.project_mut(project)?.rules.insert(id, rule);
        Ok(id)
    }

    /// Changes a rule under the same validations.
    pub fn change_rule(&mut self, project: i64, rule: i64, change: RuleChange) -> Result<(), Refusal> {
        let project = self.project_mut(project)?;
        let rule = changed(project.rule(rule)?.clone(), change);
        validate(project, &rule)?;
        project.rules.insert(rule.id, rule);
        Ok(())
    }

    /// Deletes a merge request.
    pub fn delete_merge_request(&mut self, project: i64, iid: i64) -> Result<(), Missing> {
        let all = &mut self.project_mut(project)?.merge_requests;
        all.remove(&iid).map(|_| ()).ok_or(Missing::MergeRequest(project, iid))
    }

    /// Removes a rule. Its rows stay in the record, but nothing shows them any more.
    pub fn delete_rule(&mut self, project: i64, rule: i64) -> Result<(), Missing> {
        self.project_mut(project)?.rules.remove(&rule).map(|_| ()).ok_or(Missing::Rule(rule))
    }
}

fn changed(rule: Rule, change: RuleChange) -> Rule {
    Rule {
        id: rule.id,
        name: change.name.unwrap_or(rule.name),
        external_url: change.external_url.unwrap_or(rule.external_url),
        shared_secret: change.shared_secret.or(rule.shared_secret).filter(|secret| !secret.is_empty()),
        protected_branch_ids: change.protected_branch_ids.unwrap_or(rule.protected_branch_ids),
    }
}

/// GitLab's validations, with its messages.
fn validate(project: &Project, rule: &Rule) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    let others = || project.rules.values().filter(|other| other.id != rule.id);
    if rule.external_url.is_empty() {
        faults.push("External url can't be blank");
    } else if others().any(|other| other.external_url == rule.external_url) {
        faults.push("External url has already been taken");
    } else if !is_http(&rule.external_url) {
        faults.push("External url is blocked: Only allowed schemes are http, https");
    }
    if rule.name.is_empty() {
        faults.push("Name can't be blank");
    } else if others().any(|other| other.name == rule.name) {
        faults.push("Name has already been taken");
    }
    if rule.shared_secret.as_ref().is_some_and(|secret| secret.chars().count() > 255) {
        faults.push("Shared secret is too long (maximum is 255 characters)");
    }
    let own = |id: &i64| project.protected_branches.iter().any(|branch| branch.id == *id);
    if !rule.protected_branch_ids.iter().all(own) {
        faults.push("all protected branches must exist within the project");
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Invalid(faults.into_iter().map(Into::into).collect()))
    }
}

fn is_http(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}

/// Matches a branch name against a pattern in which `*` stands for any run of characters.
fn wildcard(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| wildcard(tail, rest)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::wildcard;

    #[test]
    fn wildcards_match_as_in_protected_branches() {
        assert!(wildcard("main", "main"));
        assert!(!wildcard("main", "main2"));
        assert!(wildcard("release/*", "release/1.2"));
        assert!(wildcard("*-stable", "16-stable"));
        assert!(wildcard("*/x/*", "a/x/b"));
        assert!(!wildcard("release/*", "hotfix/1"));
    }
}
