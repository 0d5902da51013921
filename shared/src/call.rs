//! Calls as received from GitLab, for administrators.

use serde::{Deserialize, Serialize};

/// What became of a stored call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CallState {
    /// Stored, waits to be processed (or for GitLab to answer).
    Stored,
    /// Processed.
    Processed,
    /// Could not be processed; waits for a person, who can replay it.
    SetAside,
}

impl CallState {
    /// The word used in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            CallState::Stored => "stored",
            CallState::Processed => "processed",
            CallState::SetAside => "set_aside",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "stored" => Some(CallState::Stored),
            "processed" => Some(CallState::Processed),
            "set_aside" => Some(CallState::SetAside),
            _ => None,
        }
    }
}

/// One call, without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallItem {
    /// Grows with every call.
    pub id: i64,
    /// When it was stored, RFC 3339 UTC.
    pub received_at: String,
    /// What became of it.
    pub state: CallState,
    /// Whether its signature was verified; an unsigned call is only a hint.
    pub signed: bool,
    /// Size of the body in bytes.
    pub size: i64,
    /// What happened to it or what is wrong with it; plain text.
    pub note: Option<String>,
    /// How many times processing was tried.
    pub attempts: i64,
}

/// One page of calls, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallPage {
    /// The calls.
    pub items: Vec<CallItem>,
    /// Pass it as `cursor` to read on; `null` on the last page.
    pub next_cursor: Option<String>,
}
