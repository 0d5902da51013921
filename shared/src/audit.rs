//! The record as auditors read it.

use serde::{Deserialize, Serialize};

use crate::EventKind;

/// One entry of the record, chained to the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Its number; there are no gaps.
    pub id: i64,
    /// When, RFC 3339 UTC.
    pub at: String,
    /// What happened.
    pub kind: EventKind,
    /// The check it is about.
    pub check_id: Option<String>,
    /// Our id of the project it is about.
    pub project_id: Option<String>,
    /// Who did it: a person's name, `command line`, `gitlab` or `approval-app`.
    pub actor: String,
    /// The account of the person, if it was one.
    pub account_id: Option<String>,
    /// Through what: `browser`, `token NAME`, `command line`, `gitlab` or `approval-app`.
    pub via: String,
    /// One sentence of plain text.
    pub summary: String,
    /// Facts for machines: an object, as JSON text.
    pub data: String,
    /// SHA-256 over the entry and the hash before it, lower-case hex.
    pub hash: String,
}

/// A page of the record, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// The entries.
    pub items: Vec<AuditEntry>,
    /// Pass it as `cursor` to read on; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// Whether the chain holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditVerification {
    /// Whether every entry fits the one before it, and every decision is stored as its entry tells of it.
    pub intact: bool,
    /// How many entries there are, or how many of them fit up to the first fault.
    pub entries: i64,
    /// The newest entry's hash: keep it elsewhere, and later truncation shows.
    pub head: String,
    /// The number of the first entry that does not fit, or whose decision is stored otherwise.
    pub broken_at: Option<i64>,
    /// What is wrong there; plain text.
    pub reason: Option<String>,
}
