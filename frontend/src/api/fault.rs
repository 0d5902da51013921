//! What can go wrong with a request, in words.

use shared::{Problem, ProblemCode};

use crate::texts;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// No answer came.
    Network,
    /// Nobody is signed in, or not any more.
    SignedOut,
    /// Too many attempts: nothing is looked at until then, in milliseconds since 1970.
    TooOften(f64),
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
            Fault::SignedOut => texts::SESSION_ENDED.into(),
            Fault::TooOften(_) => texts::ERR_TOO_OFTEN.into(),
            Fault::Problem(problem) if problem.detail.is_empty() => problem.title.clone(),
            Fault::Problem(problem) => problem.detail.clone(),
            Fault::Status(status) => format!("{} ({status})", texts::ERR_NETWORK),
            Fault::Unreadable => texts::ERR_UNREADABLE.into(),
        }
    }

    /// What the service said, if it was the service.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Fault::Problem(problem) => Some(problem),
            Fault::Network | Fault::SignedOut | Fault::TooOften(_) | Fault::Status(_) | Fault::Unreadable => {
                None
            }
        }
    }

    /// The request id to quote when asking for help.
    #[must_use]
    pub fn request_id(&self) -> Option<String> {
        self.problem()?.request_id.clone()
    }

    /// Whether the service refused with this code.
    #[must_use]
    pub fn is(&self, code: ProblemCode) -> bool {
        self.problem().is_some_and(|problem| problem.code == code)
    }

    /// Whether the thing asked for does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.is(ProblemCode::NotFound) || *self == Fault::Status(404)
    }
}
