//! Many checks at once: decisions with one result for each, and listings that a person keeps.

use serde::{Deserialize, Serialize};

use crate::decision::DecisionFault;
use crate::{CheckItem, CheckState, NewDecision, ProblemCode, Verdict};

/// So many checks at most are decided on at once.
pub const BULK_MAX: usize = 100;
/// So many listings at most are kept for one person.
pub const SAVED_MAX: usize = 20;
/// The longest name of a kept listing, in Unicode scalar values.
pub const SAVED_NAME_MAX: usize = 60;
/// The longest query of a kept listing, in bytes.
pub const SAVED_QUERY_MAX: usize = 1_000;

/// The body of `POST checks/decisions`: one verdict and comment for several checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkDecision {
    /// Approve or reject.
    pub verdict: Verdict,
    /// Why; required on reject.
    #[serde(default)]
    pub comment: String,
    /// The checks, 1 to [`BULK_MAX`], each once.
    pub items: Vec<BulkItem>,
}

/// One check of a [`BulkDecision`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkItem {
    /// The check's id.
    pub id: String,
    /// The SHA the reviewer looked at.
    pub expected_sha: String,
}

impl BulkDecision {
    /// The decision on one of its checks, which must be pending.
    #[must_use]
    pub fn of(&self, item: &BulkItem) -> NewDecision {
        NewDecision {
            verdict: self.verdict,
            comment: self.comment.clone(),
            expected_sha: item.expected_sha.clone(),
            expected_state: Some(CheckState::Pending),
        }
    }

    /// The rules of a single decision, for each of them.
    ///
    /// # Errors
    /// The first fault found.
    pub fn validate(&self) -> Result<(), DecisionFault> {
        self.items.iter().try_for_each(|item| self.of(item).validate())
    }
}

/// The answer to a [`BulkDecision`]: it is 200 even if every check was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkResult {
    /// One for each item, in their order.
    pub results: Vec<BulkOutcome>,
}

/// What became of one check. Each is decided in a transaction of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkOutcome {
    /// The check's id.
    pub id: String,
    /// Whether the decision was taken.
    pub decided: bool,
    /// Why not, as the single operation would say; `null` if it was taken.
    pub code: Option<ProblemCode>,
    /// The same for a person.
    pub detail: Option<String>,
    /// The check as it is now; `null` if there is none within reach.
    pub check: Option<CheckItem>,
}

/// A listing that a person keeps under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedFilter {
    /// Its name, unique for this person.
    pub name: String,
    /// The query of the inbox's address without the question mark, for example `state=all&q=login`.
    pub query: String,
}

/// All listings that a person keeps, as `GET` and `PUT account/filters` exchange them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedFilters {
    /// In the order shown; at most [`SAVED_MAX`].
    pub filters: Vec<SavedFilter>,
}
