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
    /// The checks, 1 to 100, each once.
    pub items: Vec<BulkItem>,
}

/// One check of a bulk decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkItem {
    /// The check's id.
    pub id: String,
    /// The SHA the reviewer looked at.
    pub expected_sha: String,
    /// The target branch the reviewer saw; without it the decision counts for whichever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_target_branch: Option<String>,
}

impl BulkDecision {
    /// The decision on one of its checks, which must be pending.
    #[must_use]
    pub fn of(&self, item: &BulkItem) -> NewDecision {
        NewDecision {
            verdict: self.verdict,
            comment: self.comment.clone(),
            expected_sha: item.expected_sha.clone(),
            expected_target_branch: item.expected_target_branch.clone(),
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

/// The answer to a bulk decision: it is 200 even if every check was refused.
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

/// What is wrong with [`SavedFilters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterFault {
    /// More than [`SAVED_MAX`].
    TooMany,
    /// A name is empty.
    NameEmpty,
    /// A name is longer than [`SAVED_NAME_MAX`].
    NameTooLong,
    /// A name is there twice; upper and lower case are the same.
    NameTwice,
    /// A query is longer than [`SAVED_QUERY_MAX`].
    QueryTooLong,
    /// A query begins with a question mark.
    QuestionMark,
    /// A name or a query has control characters.
    NotPrintable,
}

/// All listings that a person keeps, as `GET` and `PUT account/filters` exchange them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedFilters {
    /// In the order shown; at most 20.
    pub filters: Vec<SavedFilter>,
}

impl SavedFilters {
    /// The rules that the browser checks before sending and the server checks again.
    ///
    /// # Errors
    /// The first fault found.
    pub fn validate(&self) -> Result<(), FilterFault> {
        if self.filters.len() > SAVED_MAX {
            return Err(FilterFault::TooMany);
        }
        let mut names: Vec<String> = Vec::with_capacity(self.filters.len());
        for filter in &self.filters {
            filter.validate()?;
            let name = filter.name.trim().to_lowercase();
            if names.contains(&name) {
                return Err(FilterFault::NameTwice);
            }
            names.push(name);
        }
        Ok(())
    }
}

impl SavedFilter {
    fn validate(&self) -> Result<(), FilterFault> {
        let name = self.name.trim();
        if name.is_empty() {
            return Err(FilterFault::NameEmpty);
        }
        if name.chars().count() > SAVED_NAME_MAX {
            return Err(FilterFault::NameTooLong);
        }
        if self.query.len() > SAVED_QUERY_MAX {
            return Err(FilterFault::QueryTooLong);
        }
        if self.query.starts_with('?') {
            return Err(FilterFault::QuestionMark);
        }
        if name.chars().chain(self.query.chars()).any(char::is_control) {
            return Err(FilterFault::NotPrintable);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(pairs: &[(&str, &str)]) -> SavedFilters {
        let filters =
            pairs.iter().map(|(name, query)| SavedFilter { name: (*name).into(), query: (*query).into() });
        SavedFilters { filters: filters.collect() }
    }

    #[test]
    fn what_is_wrong_with_kept_listings_is_said() {
        assert_eq!(filters(&[("Mine", "turn=mine"), ("All", "")]).validate(), Ok(()));
        let long_name = "é".repeat(SAVED_NAME_MAX + 1);
        let long_query = "q".repeat(SAVED_QUERY_MAX + 1);
        for (pairs, fault) in [
            (vec![(" ", "q=1")], FilterFault::NameEmpty),
            (vec![(long_name.as_str(), "")], FilterFault::NameTooLong),
            (vec![("Élan", ""), (" élan ", "q=1")], FilterFault::NameTwice),
            (vec![("a", long_query.as_str())], FilterFault::QueryTooLong),
            (vec![("a", "?q=1")], FilterFault::QuestionMark),
            (vec![("a", "q=\n")], FilterFault::NotPrintable),
            (vec![("a\u{7}b", "")], FilterFault::NotPrintable),
            (vec![("a", ""); SAVED_MAX + 1], FilterFault::TooMany),
        ] {
            assert_eq!(filters(&pairs).validate(), Err(fault));
        }
    }
}
