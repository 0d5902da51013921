//! What can go wrong with a request, in words.

use shared::{Problem, ProblemCode};

use crate::texts;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No answer came.
    Network,
    /// The service said what is wrong.
    Problem(Box<Problem>),
    /// Something in between answered with this HTTP status.
    Status(u16),
    /// The answer is not what this version understands.
    Unreadable,
}

impl Fault {
    /// What was wrong, for a person.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Fault::Network => texts::ERR_NETWORK.into(),
            Fault::Problem(problem) if problem.detail.is_empty() => problem.title.clone(),
            Fault::Problem(problem) => problem.detail.clone(),
            Fault::Status(status) => format!("{} ({status})", texts::ERR_NETWORK),
            Fault::Unreadable => texts::ERR_UNREADABLE.into(),
        }
    }

    /// The request id to quote when asking for help.
    #[must_use]
    pub fn request_id(&self) -> Option<String> {
        match self {
            Fault::Problem(problem) => problem.request_id.clone(),
            Fault::Network | Fault::Status(_) | Fault::Unreadable => None,
        }
    }

    /// Whether the thing asked for does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Fault::Problem(problem) => problem.code == ProblemCode::NotFound,
            Fault::Status(status) => *status == 404,
            Fault::Network | Fault::Unreadable => false,
        }
    }
}
