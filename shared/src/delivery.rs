//! Deliveries: the durable job of telling GitLab an outcome.

use serde::{Deserialize, Serialize};

use crate::GitLabStatus;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DeliveryState {
    /// Will be sent, now or after a back-off.
    Pending,
    /// GitLab accepted it.
    Delivered,
    /// GitLab refused it. Where the token, its role or the licence was the reason, it is tried again every ten minutes; otherwise a
    /// person has to act.
    Failed,
    /// No longer true when its turn came (a newer decision or commit exists); never sent again.
    Obsolete,
}

impl DeliveryState {
    /// The word used in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Pending => "pending",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Failed => "failed",
            DeliveryState::Obsolete => "obsolete",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "pending" => Some(DeliveryState::Pending),
            "delivered" => Some(DeliveryState::Delivered),
            "failed" => Some(DeliveryState::Failed),
            "obsolete" => Some(DeliveryState::Obsolete),
            _ => None,
        }
    }
}

/// A check's newest delivery, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliverySummary {
    /// Where it stands.
    pub state: DeliveryState,
    /// How many times it was sent.
    pub attempts: i64,
    /// What went wrong last; plain text without secrets.
    pub last_error: Option<String>,
    /// When GitLab accepted it, RFC 3339 UTC.
    pub delivered_at: Option<String>,
}

/// One delivery with its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// UUID, version 7.
    pub id: String,
    /// The check it belongs to.
    pub check_id: String,
    /// What GitLab is told.
    pub status: GitLabStatus,
    /// The SHA it is told for.
    pub sha: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// How many times it was sent.
    pub attempts: i64,
    /// When it will be sent next, RFC 3339 UTC; only while pending.
    pub due_at: Option<String>,
    /// What went wrong last; plain text without secrets.
    pub last_error: Option<String>,
    /// When it was made, RFC 3339 UTC.
    pub created_at: String,
    /// When GitLab accepted it, RFC 3339 UTC.
    pub delivered_at: Option<String>,
    /// The attempts, oldest first, the newest 50.
    pub log: Vec<DeliveryAttempt>,
}

/// One attempt to tell GitLab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveryAttempt {
    /// 1 for the first.
    pub number: i64,
    /// When it began, RFC 3339 UTC.
    pub at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// GitLab's HTTP status; `null` if there was no answer.
    pub http_status: Option<i64>,
    /// What went wrong; `null` if it was accepted.
    pub error: Option<String>,
}
