//! Checks: one thing to decide, as the inbox and the check page show it.

use serde::{Deserialize, Serialize};

use crate::{ChangeSummary, Decision, Delivery, DeliverySummary, Event, NoteState, Verdict};

/// Where a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CheckState {
    /// Waits for a decision.
    Pending,
    /// Approved for its SHA.
    Approved,
    /// Rejected for its SHA.
    Rejected,
    /// A newer commit exists.
    Superseded,
    /// The merge request was closed or merged, or the rule is gone.
    Withdrawn,
}

impl CheckState {
    /// All states, in the order the interface lists them.
    pub const ALL: [CheckState; 5] = [
        CheckState::Pending,
        CheckState::Approved,
        CheckState::Rejected,
        CheckState::Superseded,
        CheckState::Withdrawn,
    ];

    /// The word used in the API, in the database and in URLs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            CheckState::Pending => "pending",
            CheckState::Approved => "approved",
            CheckState::Rejected => "rejected",
            CheckState::Superseded => "superseded",
            CheckState::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word back; `None` if it is not a state.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What GitLab's merge request widget shows for a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum GitLabStatus {
    /// The check no longer holds the merge request.
    Passed,
    /// The check holds the merge request: rejected, or no answer within two minutes.
    Failed,
    /// The check holds the merge request: no answer yet.
    Pending,
}

impl GitLabStatus {
    /// The word GitLab's API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            GitLabStatus::Passed => "passed",
            GitLabStatus::Failed => "failed",
            GitLabStatus::Pending => "pending",
        }
    }

    /// Reads the word back; `None` if GitLab said something unknown.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "passed" => Some(GitLabStatus::Passed),
            "failed" => Some(GitLabStatus::Failed),
            "pending" => Some(GitLabStatus::Pending),
            _ => None,
        }
    }
}

/// The GitLab project of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectRef {
    /// GitLab's numeric project id.
    pub id: i64,
    /// Full path, for example `group/project`.
    pub path: String,
    /// The project's page in GitLab.
    pub web_url: String,
}

/// The merge request of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergeRequestRef {
    /// The number shown in GitLab as `!iid`, unique in its project.
    pub iid: i64,
    /// Title, plain text.
    pub title: String,
    /// Display name of the author; empty until GitLab has told it.
    pub author: String,
    /// The merge request's page in GitLab.
    pub url: String,
    /// Its state in GitLab as last heard: `opened`, `closed`, `locked` while it is being merged, `merged`.
    #[serde(default)]
    pub state: String,
}

/// The rule (one external status check of a project) that a check answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleRef {
    /// GitLab's numeric id of the external status check.
    pub id: i64,
    /// Its name in GitLab.
    pub name: String,
}

/// One check as the inbox lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckItem {
    /// UUID, version 7.
    pub id: String,
    /// Where the check stands.
    pub state: CheckState,
    /// The full commit SHA to decide on.
    pub sha: String,
    /// When the check arrived, RFC 3339 UTC.
    pub received_at: String,
    /// When the check last changed, RFC 3339 UTC.
    pub updated_at: String,
    /// Branch to be merged.
    pub source_branch: String,
    /// Branch to merge into.
    pub target_branch: String,
    /// The GitLab project.
    pub project: ProjectRef,
    /// The merge request.
    pub merge_request: MergeRequestRef,
    /// The rule.
    pub rule: RuleRef,
    /// Who made the decision that counts now; `null` while there is none.
    pub decided_by: Option<String>,
    /// When that was, RFC 3339 UTC.
    #[serde(default)]
    pub decided_at: Option<String>,
    /// What it says; also while the check is superseded or withdrawn, after the merge for instance.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// The newest delivery to GitLab; `null` while there is nothing to tell.
    pub delivery: Option<DeliverySummary>,
    /// Why a pending check waits; `null` for checks that do not.
    pub reason: Option<Reason>,
    /// Pipeline, approvals and size of the change as last read from GitLab; `null` if never read.
    pub change: Option<ChangeSummary>,
}

/// Why a check waits for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReasonKind {
    /// Nobody has decided on this merge request for this rule yet.
    New,
    /// Somebody decided on an earlier commit.
    NewCommits,
    /// Somebody decided on this commit for another target branch.
    Retargeted,
    /// The merge request was closed and is open again.
    Reopened,
}

/// Why a check waits, and the earlier decision that no longer counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// Why.
    pub kind: ReasonKind,
    /// The commit of the earlier decision; the caller's own newest one if there is any, else anybody's.
    pub sha: Option<String>,
    /// What was said then.
    pub verdict: Option<Verdict>,
    /// Who said it.
    pub reviewer: Option<String>,
    /// Whether that was the caller.
    pub own: bool,
}

/// One page of checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckPage {
    /// The checks, in the order asked for; else pending ones oldest first, all other listings newest first.
    pub items: Vec<CheckItem>,
    /// Pass it as `cursor` to read on; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// What a listing of checks can be narrowed to, within the caller's reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckFilters {
    /// Full paths of the projects, sorted.
    pub projects: Vec<String>,
    /// Names of the rules, sorted, each once.
    pub rules: Vec<String>,
}

/// One check with everything the check page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "FlatDetail")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckDetail {
    /// The same fields as in a listing.
    #[serde(flatten)]
    pub item: CheckItem,
    /// The merge request's description, Markdown source; shown as text.
    pub description: String,
    /// The merge request's HEAD as last known; differs from `sha` when superseded.
    pub head_sha: String,
    /// The check of the same merge request and rule at HEAD, when this one is superseded.
    pub successor_id: Option<String>,
    /// Why the check was withdrawn or what is wrong with its rule or connection; plain text.
    pub notice: Option<String>,
    /// What GitLab showed when the app last read it; `null` if never read.
    pub gitlab_status: Option<GitLabStatus>,
    /// When `gitlab_status` was read, RFC 3339 UTC.
    pub gitlab_status_at: Option<String>,
    /// Whether GitLab showed `passed` though nobody here approved, and nobody has acknowledged that.
    pub undecided_pass: bool,
    /// Why the caller may not decide on this check; plain text, `null` if nothing bars them.
    pub barred: Option<String>,
    /// The note on the merge request; `null` while there is nothing to say, or if the rule has none.
    pub note: Option<NoteState>,
    /// The checks of the same merge request's other rules at HEAD, by name of the rule, as in a listing.
    pub others: Vec<CheckItem>,
    /// All decisions, oldest first.
    pub decisions: Vec<Decision>,
    /// All deliveries with their attempts, oldest first.
    pub deliveries: Vec<Delivery>,
    /// The check's events, oldest first, the newest 200.
    pub timeline: Vec<Event>,
}

/// How a [`CheckDetail`] is read: the item's fields written out. To flatten while reading, serde keeps everything in a
/// buffer first; that asks for a format that knows which type a value has, and weighs on the browser.
#[derive(Deserialize)]
struct FlatDetail {
    id: String,
    state: CheckState,
    sha: String,
    received_at: String,
    updated_at: String,
    source_branch: String,
    target_branch: String,
    project: ProjectRef,
    merge_request: MergeRequestRef,
    rule: RuleRef,
    decided_by: Option<String>,
    #[serde(default)]
    decided_at: Option<String>,
    #[serde(default)]
    verdict: Option<Verdict>,
    delivery: Option<DeliverySummary>,
    reason: Option<Reason>,
    change: Option<ChangeSummary>,
    description: String,
    head_sha: String,
    successor_id: Option<String>,
    notice: Option<String>,
    gitlab_status: Option<GitLabStatus>,
    gitlab_status_at: Option<String>,
    undecided_pass: bool,
    barred: Option<String>,
    note: Option<NoteState>,
    #[serde(default)]
    others: Vec<CheckItem>,
    decisions: Vec<Decision>,
    deliveries: Vec<Delivery>,
    timeline: Vec<Event>,
}

impl From<FlatDetail> for CheckDetail {
    fn from(flat: FlatDetail) -> Self {
        Self {
            item: CheckItem {
                id: flat.id,
                state: flat.state,
                sha: flat.sha,
                received_at: flat.received_at,
                updated_at: flat.updated_at,
                source_branch: flat.source_branch,
                target_branch: flat.target_branch,
                project: flat.project,
                merge_request: flat.merge_request,
                rule: flat.rule,
                decided_by: flat.decided_by,
                decided_at: flat.decided_at,
                verdict: flat.verdict,
                delivery: flat.delivery,
                reason: flat.reason,
                change: flat.change,
            },
            description: flat.description,
            head_sha: flat.head_sha,
            successor_id: flat.successor_id,
            notice: flat.notice,
            gitlab_status: flat.gitlab_status,
            gitlab_status_at: flat.gitlab_status_at,
            undecided_pass: flat.undecided_pass,
            barred: flat.barred,
            note: flat.note,
            others: flat.others,
            decisions: flat.decisions,
            deliveries: flat.deliveries,
            timeline: flat.timeline,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::CheckDetail;

    #[test]
    fn a_check_reads_back_every_field_that_it_writes() {
        let text = r#"{"id":"1","state":"rejected","sha":"s","received_at":"a","updated_at":"b",
            "source_branch":"x","target_branch":"y","project":{"id":1,"path":"p","web_url":"w"},
            "merge_request":{"iid":7,"title":"t","author":"m","url":"u","state":"opened"},"rule":{"id":3,"name":"r"},
            "decided_by":"d","decided_at":"n","verdict":"reject","delivery":{"state":"failed","attempts":3,"last_error":"e","delivered_at":"f"},
            "reason":{"kind":"new_commits","sha":"o","verdict":"approve","reviewer":"r","own":true},
            "change":{"pipeline":"success","approvals_given":1,"approvals_required":2,"additions":3,"deletions":4,"files":5},
            "description":"g","head_sha":"h","successor_id":"i","notice":"j","gitlab_status":"failed",
            "gitlab_status_at":"k","undecided_pass":true,"barred":"l","note":{"state":"failed","last_error":"m","written_at":"n"},"others":[],"decisions":[],"deliveries":[],"timeline":[]}"#;
        let detail: CheckDetail = serde_json::from_str(text).expect("reads");
        let written = serde_json::to_value(&detail).expect("writes");
        assert_eq!(written, serde_json::from_str::<Value>(text).expect("is JSON"));
    }
}
