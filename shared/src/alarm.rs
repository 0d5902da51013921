//! Alarms about checks, and that a person has looked into one.

use serde::{Deserialize, Serialize};

/// Something about a check that needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// GitLab could not be told.
    FailedDelivery,
    /// GitLab shows `passed` though nobody here approved.
    UndecidedPass,
}

impl Alarm {
    /// All of them.
    pub const ALL: [Alarm; 2] = [Alarm::FailedDelivery, Alarm::UndecidedPass];

    /// The word used in the API and in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Alarm::FailedDelivery => "failed_delivery",
            Alarm::UndecidedPass => "undecided_pass",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alarm| alarm.as_str() == word)
    }
}

/// The longest comment on an alarm, in Unicode scalar values.
pub const ALARM_COMMENT_MAX: usize = 1_000;

/// The body of `POST checks/{id}/acknowledgement`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAcknowledgement {
    /// What was found out; 1 to 1,000 characters.
    pub comment: String,
}
