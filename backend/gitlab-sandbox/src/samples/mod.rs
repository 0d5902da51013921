//! Sample projects, people and merge requests for demonstrations. All of them are made up.

mod delivery;
mod payments;
mod storefront;

use crate::sandbox::Sandbox;
use crate::world::{NewMergeRequest, Refusal, Rule, RuleChange, World};

/// A sample rule: project path, name, path below the application, target branches.
type SampleRule = (&'static str, &'static str, &'static str, &'static [&'static str]);

const STOREFRONT: &str = "demo/storefront";
const PAYMENTS: &str = "demo/payments";
const RULES: [SampleRule; 4] = [
    (STOREFRONT, "Change approval", "/approval-apps/status_check", &[]),
    (STOREFRONT, "Security review", "/approval-apps/status_check/security", &[]),
    (PAYMENTS, "Change approval", "/approval-apps/status_check", &[]),
    (PAYMENTS, "Release compliance", "/approval-apps/status_check/compliance", &["main", "release/*"]),
];

impl Sandbox {
    /// Makes two sample projects whose rules call `{app_url}/approval-apps/status_check` (and paths below it), and
    /// opens eight merge requests, for each of which the rules are called with `open`.
    ///
    /// What exists already stays: a second call only points the rules at the application given now.
    pub fn seed_samples(&self, app_url: &str, secret: Option<&str>) {
        let app_url = app_url.trim_end_matches('/');
        self.seed_projects();
        let made = self.inner.change(|world, now| {
            for (project, name, path, branches) in RULES {
                let project = world.create_project(project, now);
                let mut ids = Vec::new();
                for branch in branches {
                    ids.push(world.protect_branch(project, branch, now)?);
                }
                let rule = RuleChange {
                    name: Some(name.into()),
                    external_url: Some(format!("{app_url}{path}")),
                    shared_secret: Some(secret.unwrap_or_default().into()),
                    protected_branch_ids: Some(ids),
                };
                match rule_named(world, project, name) {
                    Some(known) => world.change_rule(project, known, rule)?,
                    None => world.create_rule(project, rule).map(|_| ())?,
                }
            }
            Ok::<_, Refusal>(())
        });
        if let Err(error) = made {
            tracing::warn!(%error, "the sample rules were not made");
        }
        self.seed_merge_requests();
    }

    /// The sample projects without rules, so that nobody is called.
    pub(crate) fn seed_projects(&self) {
        self.inner.change(|world, now| {
            let samples =
                [(STOREFRONT, "The shop that customers see"), (PAYMENTS, "Takes and returns money")];
            for (path, description) in samples {
                let id = world.create_project(path, now);
                if let Ok(project) = world.project_mut(id) {
                    project.description = description.into();
                }
            }
        });
    }

    /// The sample merge requests, in projects that have none.
    pub(crate) fn seed_merge_requests(&self) {
        for (path, samples) in
            [(STOREFRONT, storefront::merge_requests()), (PAYMENTS, payments::merge_requests())]
        {
            let project = self.create_project(path);
            if self.merge_requests(project).is_empty() {
                for sample in samples {
                    self.create_merge_request(project, sample);
                }
            }
        }
    }
}

fn rule_named(world: &World, project: i64, name: &str) -> Option<i64> {
    let named = |rule: &&Rule| rule.name == name;
    world.project(project).ok()?.rules.values().find(named).map(|rule| rule.id)
}

/// A sample by its most telling values.
fn sample(author: &str, branch: &str, title: &str, description: &str, labels: &[&str]) -> NewMergeRequest {
    NewMergeRequest {
        title: title.into(),
        description: description.into(),
        source_branch: branch.into(),
        author: author.into(),
        labels: labels.iter().map(|label| (*label).into()).collect(),
        pipeline: Some("success".into()),
        ..NewMergeRequest::default()
    }
}

fn messages(messages: &[&str]) -> Vec<String> {
    messages.iter().map(|message| (*message).into()).collect()
}
