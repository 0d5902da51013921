//! What a call must be to be taken. It is stored by [`super::batcher`], and all else happens afterwards.

use secrecy::ExposeSecret as _;

use crate::app::App;
use crate::db::DbError;
use crate::gitlab::{Call, CallFault, signature};

/// Why a call is not taken.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The body is not a call.
    #[error(transparent)]
    Body(#[from] CallFault),
    /// The signature is missing or wrong.
    #[error("{0}")]
    Signature(&'static str),
    /// The URL's key belongs to another rule than the call names.
    #[error("this URL belongs to another external status check than the call names")]
    RuleMismatch,
    /// Neither the rule nor its key is known, and calls do not enrol.
    #[error("this project or external status check is not enrolled here")]
    NotEnrolled,
    /// The database did not take it: GitLab must not believe that it did.
    #[error("the call could not be stored")]
    Store(#[from] DbError),
}

/// Verifies a call as far as that needs no waiting; returns whether it is signed.
///
/// With a secret known for the rule (its own, else the connection's) a valid signature is required.
/// Without one, a call is only a hint.
///
/// # Errors
/// See [`IntakeError`].
pub fn verify(
    app: &App,
    rule_key: Option<&str>,
    body: &[u8],
    signature: Option<&[u8]>,
) -> Result<bool, IntakeError> {
    let call = Call::parse(body)?;
    let secrets = app.secrets();
    if let Some(key) = rule_key
        && let Some(owner) = secrets.owner_of(key)
        && owner != (call.project(), call.rule())
    {
        return Err(IntakeError::RuleMismatch);
    }
    let known = secrets.rule(call.project(), call.rule());
    if known.is_none() && !app.config.enrol {
        return Err(IntakeError::NotEnrolled);
    }
    let own = known.and_then(|rule| rule.secret.as_ref());
    let secret = own.or(app.config.hmac_secret.as_ref());
    match (secret, signature) {
        (Some(secret), Some(signature)) => {
            if signature::verify(secret.expose_secret(), body, signature) {
                Ok(true)
            } else {
                Err(IntakeError::Signature(
                    "X-Gitlab-Signature does not match the body: the shared secret in GitLab and the one here differ",
                ))
            }
        }
        (Some(_), None) => Err(IntakeError::Signature(
            "X-Gitlab-Signature is missing, but a secret is set here: set the same shared secret on the status check in GitLab",
        )),
        (None, _) if app.config.require_signature => Err(IntakeError::Signature(
            "signatures are required here, but no secret is known for this status check: set APPROVAL_HMAC_SECRET",
        )),
        (None, _) => Ok(false),
    }
}
