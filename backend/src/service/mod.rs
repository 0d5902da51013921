//! Use cases: what the product does, one write transaction each.

pub mod audit;
pub mod decide;
pub mod deliver;
pub mod inbox;
pub mod intake;
pub mod observe;
pub mod process;
pub mod reconcile;
pub mod refresh;
mod steps;
pub mod system;

use crate::db::DbError;

/// Why a use case did not do what was asked; each has its own errors, this is what they share.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The database did not do it.
    #[error("the store failed")]
    Store(#[from] DbError),
    /// There is no such thing.
    #[error("there is no {0} with this id")]
    NotFound(&'static str),
    /// There is nothing to retry or replay.
    #[error("{0}")]
    NotRetryable(&'static str),
    /// GitLab did not answer, or not as expected.
    #[error("{0}")]
    GitLab(String),
}

impl From<diesel::result::Error> for ServiceError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(DbError::from(error))
    }
}
