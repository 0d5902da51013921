//! API tokens: how programs act for a person.

use serde::{Deserialize, Serialize};

use crate::access::Permission;

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenItem {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// The beginning of the secret, to tell tokens apart.
    pub hint: String,
    /// What it may do, as far as the person it acts for still may.
    pub scopes: Vec<Permission>,
    /// Our ids of the projects it is limited to; empty if it is not.
    pub projects: Vec<String>,
    /// The account it acts for.
    pub account_id: String,
    /// That account's name.
    pub account_name: String,
    /// When it was made, RFC 3339 UTC.
    pub created_at: String,
    /// When it ends, RFC 3339 UTC; `null` if never.
    pub expires_at: Option<String>,
    /// When it was last used, RFC 3339 UTC, to the minute.
    pub last_used_at: Option<String>,
}

/// Tokens, newest first: the caller's own, with `admin` everybody's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenList {
    /// The tokens that are neither revoked nor expired.
    pub items: Vec<TokenItem>,
}

/// The body of `POST tokens`: makes a token that acts for the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// At least one; each must be the caller's own.
    pub scopes: Vec<Permission>,
    /// Our ids of the projects to limit it to; empty for all the caller reaches.
    #[serde(default)]
    pub projects: Vec<String>,
    /// Days until it ends, 1 to 3650; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 3650))]
    pub expires_in_days: Option<u32>,
}

/// A token just made. Its secret is shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MadeToken {
    /// The secret: send it as `Authorization: Bearer …`.
    pub secret: String,
    /// The token.
    pub token: TokenItem,
}
