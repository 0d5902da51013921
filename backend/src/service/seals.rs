//! Secrets at rest: sealed under the instance's key, and sealed anew under another one.

use serde_json::json;

use crate::crypto::keys::{KeyError, Keys};
use crate::db::{Blame, Conn, DbError, events, rule_secrets};
use crate::domain::Time;
use crate::domain::record::{Actor, EventKind, NewEvent};

/// Why something could not be sealed anew.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It does not open.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database did not do it.
    #[error("the store failed")]
    Store(#[from] DbError),
}

impl Blame for SealError {
    fn database(&self) -> Option<&DbError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<diesel::result::Error> for SealError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(DbError::from(error))
    }
}

/// Seals with the present key whatever is not; returns how many secrets that were.
///
/// # Errors
/// See [`SealError`].
pub fn seal_all(conn: &mut Conn, keys: &Keys, now: Time) -> Result<usize, SealError> {
    let mut sealed = 0;
    for (rule, text) in rule_secrets::stored(conn)? {
        if keys.is_current(&text) {
            continue;
        }
        let secret = keys.open(rule.as_str(), &text)?;
        rule_secrets::set(conn, &rule, Some(&keys.seal(rule.as_str(), &secret)), now)?;
        sealed += 1;
    }
    Ok(sealed)
}

/// Seals everything anew after the key was replaced, and writes that down.
///
/// # Errors
/// See [`SealError`].
pub fn rotate(conn: &mut Conn, keys: &Keys, actor: Actor, now: Time) -> Result<usize, SealError> {
    let sealed = seal_all(conn, keys, now)?;
    let summary = format!("{} replaced the key that seals secrets", actor.name);
    let event = NewEvent::new(EventKind::SecretsRotated, actor, summary, json!({"sealed_anew": sealed}));
    events::append(conn, &event, now)?;
    Ok(sealed)
}
