//! Use cases: what the product does, one write transaction each.

pub mod account;
pub mod admission;
pub mod alarm;
mod answered;
pub mod audit;
pub mod batcher;
pub mod change;
pub mod compare;
pub mod connection;
pub mod decide;
pub mod deliver;
pub mod doctor;
mod enrol;
pub mod filters;
mod freshness;
pub mod groups;
pub mod inbox;
pub mod intake;
pub mod links;
pub mod note;
pub mod observe;
pub mod people;
pub mod person;
mod probe;
pub mod process;
pub mod projects;
pub mod providers;
pub mod reconcile;
pub mod refresh;
pub mod rules;
pub mod samples;
pub mod seals;
pub mod sign_in;
mod steps;
pub mod system;
pub mod tokens;

use std::time::Duration;

use crate::app::App;
use crate::crypto::password::PasswordError;
use crate::db::{Blame, Conn, DbError, callers, idempotency};
use crate::domain::Time;
use crate::domain::access::{Caller, Permission};

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
    /// It is not as it was when the caller looked at it.
    #[error("somebody changed this {0} meanwhile, and nothing was saved; look at it again")]
    Outdated(&'static str),
    /// It is being done already, and only once at a time.
    #[error("{0}")]
    Running(&'static str),
    /// GitLab did not answer, or not as expected.
    #[error("{0}")]
    GitLab(String),
    /// The session, the token or the account ended since the request came in.
    #[error("you are not signed in any more")]
    SignedOut,
    /// The caller may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Somebody else has that name or address.
    #[error("{why}")]
    Taken {
        /// The field.
        field: &'static str,
        /// What a person reads.
        why: &'static str,
    },
    /// A field that can only be judged with the store at hand.
    #[error("{why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What a person reads.
        why: &'static str,
    },
    /// Without this person nobody could manage people any more.
    #[error("this is the last administrator who can sign in; make somebody else one first")]
    LastAdministrator,
    /// It was done already, under the same `Idempotency-Key`.
    #[error("this was done already under this Idempotency-Key")]
    DoneAlready,
    /// Another request was done under this `Idempotency-Key`.
    #[error(
        "this Idempotency-Key belongs to another request; use a new one for each thing that is to be done"
    )]
    KeyReused,
    /// Too many wrong passwords.
    #[error("there were too many attempts")]
    Locked {
        /// For how long nothing is tried.
        wait: Duration,
    },
    /// Too many passwords are being looked at.
    #[error("too many people are signing in at once; try again in a moment")]
    Busy,
}

/// Somebody asks for something: who, and as of when.
#[derive(Clone)]
pub struct Asking {
    caller: Caller,
    idle: Duration,
    /// The present moment.
    pub now: Time,
}

impl Asking {
    /// A request of this caller.
    #[must_use]
    pub fn new(app: &App, caller: &Caller) -> Self {
        Self { caller: caller.clone(), idle: app.config.session_idle, now: app.clock.now() }
    }

    /// The caller as they are in this transaction: what was allowed when the request came in may have
    /// been taken away since.
    ///
    /// # Errors
    /// [`ServiceError::SignedOut`], [`ServiceError::Forbidden`] or the database's.
    pub fn again(&self, conn: &mut Conn, permission: Option<Permission>) -> Result<Caller, ServiceError> {
        let caller =
            callers::again(conn, &self.caller, self.idle, self.now)?.ok_or(ServiceError::SignedOut)?;
        if permission.is_some_and(|permission| !caller.may(permission)) {
            return Err(ServiceError::Forbidden("you may not do this any more"));
        }
        Ok(caller)
    }

    /// The same at the beginning of something that is done only once if the caller says so.
    ///
    /// # Errors
    /// [`ServiceError::DoneAlready`], and as [`Self::again`] and [`Self::is_first`].
    pub fn begin(&self, conn: &mut Conn, permission: Option<Permission>) -> Result<Caller, ServiceError> {
        let caller = self.again(conn, permission)?;
        if self.is_first(conn, None)? { Ok(caller) } else { Err(ServiceError::DoneAlready) }
    }

    /// Whether what is asked for, or the part of it with this name, is to be done: not if it was done under the same
    /// `Idempotency-Key`. Noted in this transaction; whatever undoes that undoes the note.
    ///
    /// # Errors
    /// [`ServiceError::KeyReused`] or the database's.
    pub fn is_first(&self, conn: &mut Conn, part: Option<&str>) -> Result<bool, ServiceError> {
        let Some(once) = &self.caller.once else { return Ok(true) };
        match idempotency::claim(conn, once, part, self.now)? {
            None => Ok(true),
            Some(before) if before == once.fingerprint => Ok(false),
            Some(_) => Err(ServiceError::KeyReused),
        }
    }
}

impl From<PasswordError> for ServiceError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy,
            PasswordError::Broken => Self::Store(DbError::Corrupt("a password hash".into())),
        }
    }
}

impl Blame for ServiceError {
    fn database(&self) -> Option<&DbError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<diesel::result::Error> for ServiceError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(DbError::from(error))
    }
}
