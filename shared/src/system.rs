//! What the interface needs to know about the service it talks to.

use serde::{Deserialize, Serialize};

/// The service, as `GET system` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemInfo {
    /// The running version; when it changes, the browser offers a reload.
    pub version: String,
    /// `sqlite` or `postgresql`.
    pub database: String,
    /// The GitLab instance decisions go to; `null` when none is configured.
    pub gitlab_url: Option<String>,
    /// Whether that GitLab is the bundled sandbox.
    pub sandbox: bool,
    /// What is wrong with the connection to GitLab; `null` when nothing is known to be.
    pub gitlab_trouble: Option<String>,
    /// Checks that wait for a decision, counted up to 1,000.
    pub pending_checks: i64,
    /// Of those, the ones that the caller may decide on, counted up to 1,000.
    pub needs_you: i64,
    /// Of those, the ones that others have to decide on, counted up to 1,000.
    pub waiting_on_others: i64,
    /// Deliveries that wait to be sent, counted up to 1,000.
    pub pending_deliveries: i64,
    /// Deliveries that need a person, counted up to 1,000.
    pub failed_deliveries: i64,
    /// Calls that wait to be processed, counted up to 1,000.
    pub waiting_calls: i64,
    /// Calls that were set aside, counted up to 1,000.
    pub set_aside_calls: i64,
    /// Checks that GitLab shows as `passed` though nobody here approved them, counted up to 1,000.
    pub undecided_passes: i64,
}

/// What stands between the service and GitLab, as `GET system/doctor` found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DoctorReport {
    /// When it was looked at, RFC 3339 UTC.
    pub examined_at: String,
    /// The worst verdict of all findings.
    pub verdict: DoctorVerdict,
    /// One for each thing that was looked at, in that order; several may have the same topic.
    pub findings: Vec<DoctorFinding>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DoctorFinding {
    /// What was looked at, in a word or two for people: `token`, `GitLab`, `clock`.
    pub topic: String,
    /// How it is.
    pub verdict: DoctorVerdict,
    /// What was found: one sentence, plain text without secrets.
    pub says: String,
    /// What to do about it, plain text; `null` if there is nothing to do.
    pub mend: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DoctorVerdict {
    /// As it should be.
    Ok,
    /// It works, or may work, but somebody should look.
    Warning,
    /// It does not work.
    Failed,
    /// It could not be found out, since something that is needed does not answer.
    Unknown,
}
