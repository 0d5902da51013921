//! The pipeline of a merge request's HEAD, and the pipelines of the commits before.

use serde::{Deserialize, Serialize};

use super::MergeRequest;

/// A job of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Its stage.
    pub stage: String,
    /// `success`, `running`, `failed`, `manual`, …
    pub status: String,
    /// Whether it may fail without failing the pipeline.
    pub allow_failure: bool,
}

impl Job {
    /// A job that may not fail.
    pub fn new(stage: &str, name: &str, status: &str) -> Self {
        Self { name: name.into(), stage: stage.into(), status: status.into(), allow_failure: false }
    }
}

/// A pipeline as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// The pipeline's id.
    pub id: i64,
    /// The commit it ran for.
    pub sha: String,
    /// Its state.
    pub status: String,
    /// Its jobs.
    pub jobs: Vec<Job>,
}

impl MergeRequest {
    /// All pipelines, newest first: that of HEAD, and for each commit pushed before one that went well.
    pub fn pipelines(&self) -> Vec<Pipeline> {
        let Some(status) = &self.pipeline else { return Vec::new() };
        let mut all = vec![Pipeline {
            id: self.id + 90_000,
            sha: self.head.clone(),
            status: status.clone(),
            jobs: if self.jobs.is_empty() { jobs(status) } else { self.jobs.clone() },
        }];
        let earlier = self.versions.iter().rev().filter(|version| version.head != self.head);
        all.extend(earlier.map(|version| Pipeline {
            id: version.id + 80_000,
            sha: version.head.clone(),
            status: "success".into(),
            jobs: jobs("success"),
        }));
        all
    }
}

/// Jobs that go with a pipeline's state.
fn jobs(status: &str) -> Vec<Job> {
    vec![Job::new("build", "compile", "success"), Job::new("test", "unit-tests", status)]
}
