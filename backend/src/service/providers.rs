//! Signing in through a provider of OpenID Connect: the browser is sent there and comes back with a
//! code. Who comes in is decided in `admission`.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sign_in::{Origin, Started};
use super::{ServiceError, admission};
use crate::app::App;
use crate::config::OidcConfig;
use crate::crypto::secret;
use crate::db::throttle::{self, Subject};
use crate::db::{Blame, Conn, DbError, Lane, events};
use crate::domain::Time;
use crate::domain::record::{Actor, EventKind, NewEvent};
use crate::oidc::{Expected, OidcError, Provider};

/// How long somebody may take at the provider.
pub const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// There is no such provider.
    #[error("there is no such provider")]
    Unknown,
    /// The provider cannot be used now.
    #[error("the provider cannot be used now")]
    Unavailable,
    /// The provider says no, or the person did.
    #[error("the provider refused")]
    Refused,
    /// What the provider issued does not prove who it is.
    #[error("the provider's answer proves nothing")]
    Token,
    /// This browser has begun no sign-in, or too long ago.
    #[error("the sign-in was not begun in this browser, or too long ago")]
    Expired,
    /// None of the person's groups gives a role.
    #[error("none of the person's groups gives a role")]
    NotPermitted,
    /// The account is switched off.
    #[error("the account is switched off")]
    SwitchedOff,
    /// The provider tells no address, or one that belongs to another account.
    #[error("the address is missing or belongs to another account")]
    EmailTaken,
    /// There were too many failures from that network address.
    #[error("there were too many attempts")]
    Locked,
    /// Anything else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl ProviderError {
    /// The word that the sign-in page gets; `None` for what is no matter of signing in.
    #[must_use]
    pub const fn word(&self) -> Option<&'static str> {
        match self {
            ProviderError::Unavailable => Some("provider_unavailable"),
            ProviderError::Refused => Some("provider_refused"),
            ProviderError::Token => Some("provider_token"),
            ProviderError::Expired => Some("sign_in_expired"),
            ProviderError::NotPermitted => Some("not_permitted"),
            ProviderError::SwitchedOff => Some("switched_off"),
            ProviderError::EmailTaken => Some("email_taken"),
            ProviderError::Locked => Some("too_many_attempts"),
            ProviderError::Unknown | ProviderError::Service(_) => None,
        }
    }

    /// Whether nobody knows who that was. Whom the provider has named is not guessing, and a group that was forgotten must
    /// not shut out everybody else behind the same network address.
    const fn proves_nothing(&self) -> bool {
        !matches!(self, ProviderError::NotPermitted | ProviderError::SwitchedOff | ProviderError::EmailTaken)
    }
}

impl Blame for ProviderError {
    fn database(&self) -> Option<&DbError> {
        match self {
            Self::Service(error) => error.database(),
            _ => None,
        }
    }
}

impl From<DbError> for ProviderError {
    fn from(error: DbError) -> Self {
        Self::Service(error.into())
    }
}

impl From<diesel::result::Error> for ProviderError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Service(error.into())
    }
}

/// Where the browser goes, and what it keeps meanwhile.
#[derive(Debug)]
pub struct Sent {
    /// The provider's page.
    pub url: String,
    /// For a cookie: sealed, so that a restart or another replica does not matter.
    pub pending: SecretString,
}

/// What the browser brings back.
#[derive(Debug)]
pub struct Answer {
    /// The code.
    pub code: Option<String>,
    /// The state it was sent with.
    pub state: Option<String>,
    /// What [`Sent::pending`] was.
    pub pending: Option<SecretString>,
}

/// A sign-in that went well.
#[derive(Debug)]
pub struct Finished {
    /// The session.
    pub started: Started,
    /// Where the person wanted to go.
    pub return_to: Option<String>,
}

/// A sign-in on its way.
#[derive(Serialize, Deserialize)]
struct Pending {
    state: String,
    nonce: String,
    verifier: String,
    return_to: Option<String>,
    until: String,
}

fn provider(app: &App, id: &str) -> Result<Provider, ProviderError> {
    app.providers.iter().find(|one| one.config().id == id).cloned().ok_or(ProviderError::Unknown)
}

/// What a pending sign-in is sealed for: with one provider nobody finishes at another.
fn purpose(id: &str) -> String {
    format!("sign-in through {id}")
}

/// Begins a sign-in.
///
/// # Errors
/// [`ProviderError::Unknown`], [`ProviderError::Unavailable`].
pub async fn begin(app: &App, id: &str, return_to: Option<String>) -> Result<Sent, ProviderError> {
    let begun = provider(app, id)?.begin().await.map_err(|error| failed(id, &error))?;
    let pending = Pending {
        state: begun.state,
        nonce: begun.nonce,
        verifier: begun.verifier,
        return_to,
        until: app.clock.now().after(PATIENCE).to_string(),
    };
    let text = serde_json::to_string(&pending).map_err(|_| ProviderError::Unavailable)?;
    let sealed = app.keys().seal(&purpose(id), &SecretString::from(text));
    Ok(Sent { url: begun.url, pending: SecretString::from(sealed) })
}

fn failed(id: &str, error: &OidcError) -> ProviderError {
    tracing::warn!(provider = id, %error, "nobody was identified");
    match error {
        OidcError::Unavailable(_) => ProviderError::Unavailable,
        OidcError::Token(_) => ProviderError::Token,
    }
}

/// Finishes a sign-in.
///
/// # Errors
/// See [`ProviderError`].
pub async fn finish(app: &App, id: &str, answer: Answer, origin: Origin) -> Result<Finished, ProviderError> {
    let provider = provider(app, id)?;
    let now = app.clock.now();
    let pending = opened(app, id, &answer, now).ok_or(ProviderError::Expired)?;
    let code = answer.code.ok_or(ProviderError::Refused)?;
    let address = Subject::address(&origin.address);
    let failures = app.db.read(move |conn| throttle::read(conn, &address)).await?;
    if failures.locked(now).is_some() {
        return Err(ProviderError::Locked);
    }
    let expected = Expected { nonce: pending.nonce, verifier: pending.verifier };
    let config = provider.config().clone();
    let admitted = match provider.finish(code, expected).await {
        Ok(identity) => {
            let (life, from) = (app.config.session_life, origin.clone());
            let admitting = config.clone();
            let admitted = app
                .db
                .write(Lane::Front, move |conn| {
                    admission::admit(conn, &admitting, &identity, &from, now, life)
                })
                .await;
            // That the roles are gone is on record by now.
            admitted.and_then(|started| started.ok_or(ProviderError::NotPermitted))
        }
        Err(error) => Err(failed(id, &error)),
    };
    let started = match admitted {
        Ok(started) => started,
        Err(error) => {
            if error.word().is_some_and(|_| !matches!(error, ProviderError::Unavailable)) {
                let (why, counts) = (error.to_string(), error.proves_nothing());
                app.db
                    .write(Lane::Front, move |conn| refused(conn, &config, &why, counts, &origin, now))
                    .await?;
            }
            return Err(error);
        }
    };
    app.live.stir();
    Ok(Finished { started, return_to: pending.return_to })
}

/// The sign-in that this browser has begun, if what came back belongs to it.
fn opened(app: &App, id: &str, answer: &Answer, now: Time) -> Option<Pending> {
    // The same text that was never sealed would be given back as it is: anybody could write that.
    let sealed = answer.pending.as_ref()?.expose_secret();
    let keys = app.keys();
    let text = keys.open(&purpose(id), sealed).ok().filter(|text| text.expose_secret() != sealed)?;
    let pending: Pending = serde_json::from_str(text.expose_secret()).ok()?;
    let fresh = Time::parse(&pending.until).is_some_and(|until| now < until);
    // Compared as hashes: how long that takes tells nothing of either.
    let own =
        answer.state.as_deref().is_some_and(|state| secret::hash(state) == secret::hash(&pending.state));
    (fresh && own).then_some(pending)
}

/// Writes down that somebody was not let in, and counts it for their network address if it `counts`.
fn refused(
    conn: &mut Conn,
    provider: &OidcConfig,
    why: &str,
    counts: bool,
    origin: &Origin,
    now: Time,
) -> Result<(), DbError> {
    if counts {
        let subject = Subject::address(&origin.address);
        let failures = throttle::read(conn, &subject)?.failed(subject.what, now);
        throttle::save(conn, &subject, &failures)?;
    }
    let event = NewEvent::new(
        EventKind::SignInFailed,
        Actor::without_account("somebody", "browser"),
        format!("A sign-in through {} failed: {why}", provider.name),
        json!({"provider": provider.id, "address": origin.address}),
    );
    events::append(conn, &event, now)?;
    Ok(())
}

/// Where a browser goes to end the session at the provider as well; `None` if there is no such place.
///
/// # Errors
/// [`ProviderError::Unknown`]. A provider that cannot be asked is like one without such a page: here the
/// session has ended.
pub async fn sign_out_url(app: &App, id: &str, back: String) -> Result<Option<String>, ProviderError> {
    let asked = provider(app, id)?.sign_out_url(back).await;
    Ok(asked.unwrap_or_else(|error| {
        tracing::warn!(provider = id, %error, "the session at the provider goes on");
        None
    }))
}
