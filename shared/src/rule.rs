//! Rules (external status checks of projects) as people see and set them, and the notes they leave.

use serde::{Deserialize, Serialize};

use crate::ProjectItem;

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleItem {
    /// Our id (UUID, version 7).
    pub id: String,
    /// GitLab's numeric id of the external status check.
    pub gitlab_id: i64,
    /// Its name in GitLab.
    pub name: String,
    /// The project it belongs to.
    pub project: ProjectItem,
    /// Why GitLab cannot be told anything for it; `null` if it works as far as is known.
    pub broken_reason: Option<String>,
    /// Whether decisions are told in a note on the merge request.
    pub note_enabled: bool,
}

/// All rules, by project and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleList {
    /// The rules the caller may see.
    pub items: Vec<RuleItem>,
}

/// The body of `PUT rules/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleChange {
    /// Whether decisions are told in a note on the merge request. Switched off, notes stay as they are.
    pub note_enabled: bool,
}

/// Whether the note on a merge request says what is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NoteStage {
    /// It will be written or brought up to date.
    Pending,
    /// It says what is true.
    Written,
    /// GitLab refused; it is tried again when there is something new to say.
    Failed,
}

/// The note on the merge request that says who decided and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoteState {
    /// Where it stands.
    pub state: NoteStage,
    /// What went wrong last; plain text without secrets.
    pub last_error: Option<String>,
    /// When it was last brought up to date, RFC 3339 UTC.
    pub written_at: Option<String>,
}
