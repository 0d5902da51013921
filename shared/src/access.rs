//! Who may do what: roles, permissions, and the projects they reach.

use serde::{Deserialize, Serialize};

/// What an operation needs. API tokens carry them as scopes; people get them from their roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Permission {
    /// See checks, the live stream and what the service says about itself.
    #[serde(rename = "checks:read")]
    ChecksRead,
    /// Decide on checks and have GitLab told again.
    #[serde(rename = "checks:decide")]
    ChecksDecide,
    /// List projects.
    #[serde(rename = "projects:read")]
    ProjectsRead,
    /// Connect and change projects, and reconcile with GitLab.
    #[serde(rename = "projects:write")]
    ProjectsWrite,
    /// Read, export and verify the record.
    #[serde(rename = "audit:read")]
    AuditRead,
    /// Manage outgoing webhooks.
    #[serde(rename = "webhooks:manage")]
    WebhooksManage,
    /// Manage people, groups and tokens, and replay calls.
    #[serde(rename = "admin")]
    Admin,
}

impl Permission {
    /// All permissions.
    pub const ALL: [Permission; 7] = [
        Permission::ChecksRead,
        Permission::ChecksDecide,
        Permission::ProjectsRead,
        Permission::ProjectsWrite,
        Permission::AuditRead,
        Permission::WebhooksManage,
        Permission::Admin,
    ];

    /// The word used in the API, on the command line and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Permission::ChecksRead => "checks:read",
            Permission::ChecksDecide => "checks:decide",
            Permission::ProjectsRead => "projects:read",
            Permission::ProjectsWrite => "projects:write",
            Permission::AuditRead => "audit:read",
            Permission::WebhooksManage => "webhooks:manage",
            Permission::Admin => "admin",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// What a person is here. One may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    /// Sees checks.
    Viewer,
    /// Sees checks and decides on them.
    Reviewer,
    /// Manages people, tokens and projects; decides only when also a reviewer.
    Administrator,
    /// Sees checks and reads the record.
    Auditor,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Reviewer, Role::Administrator, Role::Auditor];

    /// The word used in the API, on the command line and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Reviewer => "reviewer",
            Role::Administrator => "administrator",
            Role::Auditor => "auditor",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }

    /// What the role permits.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Role::Viewer => &[Permission::ChecksRead],
            Role::Reviewer => &[Permission::ChecksRead, Permission::ChecksDecide],
            Role::Administrator => &[
                Permission::ChecksRead,
                Permission::ProjectsRead,
                Permission::ProjectsWrite,
                Permission::AuditRead,
                Permission::WebhooksManage,
                Permission::Admin,
            ],
            Role::Auditor => &[Permission::ChecksRead, Permission::ProjectsRead, Permission::AuditRead],
        }
    }
}

/// A project as far as access is concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectItem {
    /// Our id (UUID, version 7).
    pub id: String,
    /// GitLab's numeric id.
    pub gitlab_id: i64,
    /// Full path in GitLab.
    pub path: String,
    /// Its page in GitLab.
    pub web_url: String,
}

/// All projects, by path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectList {
    /// The projects the caller may see.
    pub items: Vec<ProjectItem>,
}
