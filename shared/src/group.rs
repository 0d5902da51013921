//! Groups: people who reach the same projects.

use serde::{Deserialize, Serialize};

/// A group: people who reach the same projects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its name; unique.
    pub name: String,
    /// Our ids of the projects its members reach.
    pub projects: Vec<String>,
    /// Ids of its members.
    pub members: Vec<String>,
    /// Another one after every change.
    pub version: String,
}

/// All groups, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupList {
    /// The groups.
    pub items: Vec<Group>,
}

/// The body of `POST groups` and `PUT groups/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupChange {
    /// Its name; unique.
    pub name: String,
    /// Our ids of the projects its members reach.
    pub projects: Vec<String>,
    /// Ids of its members.
    pub members: Vec<String>,
    /// The `version` that was looked at. If the group was changed since, the answer is 409.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<String>,
}
