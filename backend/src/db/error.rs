//! Why the database did not do what was asked, and what that means for who asked.

use super::connection::CommitUnknown;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The URL names no database this program knows.
    #[error("{0}")]
    BadUrl(String),
    /// The file is in use by another process.
    #[error("{0}")]
    InUse(String),
    /// No connection could be had.
    #[error("no database connection")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database refused a statement or a commit.
    #[error("the database refused a statement")]
    Query(#[from] diesel::result::Error),
    /// Migrations could not be run, or the schema is newer than this program.
    #[error("{0}")]
    Migration(String),
    /// A store is not moved into another database, for this reason.
    #[error("{0}")]
    NotMoved(String),
    /// A file beside the database, such as a copy of it, cannot be used or made.
    #[error("{0}")]
    File(String),
    /// The file of a SQLite database is damaged.
    #[error("the database file is damaged: {0}")]
    Damaged(String),
    /// A stored value that this program never writes.
    #[error("the database holds {0}, which this version does not understand")]
    Corrupt(String),
    /// The work was abandoned: it panicked or the program is stopping.
    #[error("the database work was abandoned")]
    Abandoned,
}

/// An error of what was to be done in the database, which may be the database's.
pub trait Blame {
    /// The database's error, if it is one.
    fn database(&self) -> Option<&DbError>;
}

impl Blame for DbError {
    fn database(&self) -> Option<&DbError> {
        Some(self)
    }
}

impl DbError {
    /// Whether the database did not do what it can do at other times.
    pub(super) fn is_trouble(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Abandoned => true,
            Self::Query(error) => !matches!(error, diesel::result::Error::NotFound),
            _ => false,
        }
    }

    /// Whether what was to be written may have been written all the same.
    #[must_use]
    pub fn may_be_done(&self) -> bool {
        matches!(self, Self::Query(diesel::result::Error::QueryBuilderError(why)) if why.is::<CommitUnknown>())
    }

    /// Whether the same may succeed at another time: it was not about what was to be written. PostgreSQL's codes for this are
    /// not told apart by diesel, so that its words have to do.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        match self {
            Self::Unavailable(_) => true,
            Self::Query(Error::DatabaseError(Kind::Unknown, why)) => {
                let passing = [
                    "timeout",
                    "deadlock",
                    "space left",
                    "disk is full",
                    "extend file",
                    "terminating",
                    "locked",
                ];
                passing.iter().any(|word| why.message().contains(word))
            }
            Self::Query(Error::DatabaseError(kind, _)) => matches!(
                kind,
                Kind::SerializationFailure
                    | Kind::ReadOnlyTransaction
                    | Kind::ClosedConnection
                    | Kind::UnableToSendCommand
            ),
            Self::Query(Error::BrokenTransactionManager) => true,
            other => other.may_be_done(),
        }
    }
}
