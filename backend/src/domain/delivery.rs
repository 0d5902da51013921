//! Telling GitLab: what its answers mean and what to do next.

use std::time::Duration;

/// What GitLab is told and what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GitLabStatus {
    /// The check lets the merge request pass.
    Passed,
    /// The check holds the merge request.
    Failed,
    /// The check waits.
    Pending,
}

impl GitLabStatus {
    /// GitLab's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            GitLabStatus::Passed => "passed",
            GitLabStatus::Failed => "failed",
            GitLabStatus::Pending => "pending",
        }
    }

    /// Reads GitLab's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [GitLabStatus::Passed, GitLabStatus::Failed, GitLabStatus::Pending]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// Where a delivery stands. Being sent is a lease, not a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// To be sent.
    Pending,
    /// Accepted.
    Delivered,
    /// Refused: where the token, its role or the licence was the reason, it is tried again every ten minutes; otherwise a person
    /// must act.
    Failed,
    /// No longer true when its turn came.
    Obsolete,
}

impl DeliveryState {
    /// The word in the database.
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
        [DeliveryState::Pending, DeliveryState::Delivered, DeliveryState::Failed, DeliveryState::Obsolete]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// What one attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// GitLab's HTTP status; `None` if there was no answer.
    pub http_status: Option<u16>,
    /// What it means.
    pub meaning: Meaning,
    /// What went wrong, for people; `None` if it was accepted.
    pub error: Option<String>,
}

/// What an answer of GitLab means for a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Stored by GitLab.
    Accepted,
    /// HEAD is another commit: never send this again, ask for HEAD.
    Superseded,
    /// The token is not accepted (or the project is not licensed, which the answer does not tell): stop for the whole connection.
    ConnectionBroken,
    /// The token may not answer this rule, or the rule is gone: stop for the rule.
    RuleBroken,
    /// The merge request was deleted: nothing is left to tell. GitLab answers as for a rule that is gone.
    Gone,
    /// The token is accepted, but the project is not licensed: stop for the rule. GitLab answers as for a token that is not.
    Unlicensed,
    /// GitLab does not understand the request: stop for this delivery.
    Refused,
    /// Try again; not before this long from now, if GitLab said so.
    Later(Option<Duration>),
}

/// What an HTTP status of `POST …/status_check_responses` means.
///
/// Source: <https://docs.gitlab.com/api/status_checks/>, `ee/lib/api/status_checks.rb`.
#[must_use]
pub const fn meaning(http_status: u16, retry_after: Option<Duration>) -> Meaning {
    match http_status {
        201 => Meaning::Accepted,
        409 => Meaning::Superseded,
        401 => Meaning::ConnectionBroken,
        403 | 404 => Meaning::RuleBroken,
        // GitLab answers 201 and nothing else: another 2xx is the sign-in page or the maintenance page of a proxy.
        // Nor does it redirect: that is a page for signing in or for maintenance, or an address that is not GitLab's any more.
        200..=399 | 408 | 425 | 429 | 500..=599 => Meaning::Later(retry_after),
        _ => Meaning::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_answer_table() {
        let wait = Some(Duration::from_secs(30));
        for (status, expected) in [
            (201, Meaning::Accepted),
            (200, Meaning::Later(wait)),
            (204, Meaning::Later(wait)),
            (400, Meaning::Refused),
            (401, Meaning::ConnectionBroken),
            (403, Meaning::RuleBroken),
            (404, Meaning::RuleBroken),
            (409, Meaning::Superseded),
            (422, Meaning::Refused),
            (429, Meaning::Later(wait)),
            (500, Meaning::Later(wait)),
            (502, Meaning::Later(wait)),
            (503, Meaning::Later(wait)),
            (302, Meaning::Later(wait)),
            (307, Meaning::Later(wait)),
        ] {
            assert_eq!(meaning(status, wait), expected, "HTTP {status}");
        }
    }
}
