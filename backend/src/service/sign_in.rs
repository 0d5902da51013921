//! Signing in and out: who shows the right password gets a session, whoever guesses has to wait.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::ServiceError;
use crate::app::App;
use crate::crypto::password::Verified;
use crate::crypto::secret;
use crate::db::callers::{self, Known, Proof};
use crate::db::sessions::{self, NewSession};
use crate::db::throttle::{self, Subject};
use crate::db::{Blame, Conn, DbError, Lane, accounts, events, tokens};
use crate::domain::Time;
use crate::domain::access::{Caller, Via};
use crate::domain::ids::{AccountId, SessionId};
use crate::domain::record::{Actor, EventKind, NewEvent};

/// That somebody used their session or token is noted at most this often, and four times before a rest ends it.
const NOTED_EVERY: Duration = Duration::from_secs(60);
/// The longest part of a browser's own name that is kept.
const USER_AGENT_MAX: usize = 200;

/// Where a request came from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The network address of the client.
    pub address: String,
    /// The browser, as it calls itself.
    pub user_agent: String,
    /// The hash of the session's secret that the browser showed, if any: it ends with the next one.
    pub previous: Option<String>,
}

/// A session that was just begun.
#[derive(Debug)]
pub struct Started {
    /// The secret for the cookie.
    pub secret: SecretString,
    /// When the session ends at the latest.
    pub expires_at: Time,
    /// Who it is.
    pub caller: Caller,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Address and password do not belong together, or the account is switched off.
    #[error("e-mail address or password is wrong")]
    BadCredentials,
    /// Too many failures.
    #[error("there were too many attempts")]
    Locked {
        /// When it is worth trying again.
        until: Time,
    },
    /// Anything else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Blame for SignInError {
    fn database(&self) -> Option<&DbError> {
        match self {
            Self::Service(error) => error.database(),
            _ => None,
        }
    }
}

impl From<DbError> for SignInError {
    fn from(error: DbError) -> Self {
        Self::Service(error.into())
    }
}

impl From<diesel::result::Error> for SignInError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Service(error.into())
    }
}

/// Signs somebody in with address and password.
///
/// # Errors
/// See [`SignInError`].
pub async fn sign_in(
    app: &App,
    email: String,
    password: SecretString,
    origin: Origin,
) -> Result<Started, SignInError> {
    let now = app.clock.now();
    let subjects = [Subject::account(&email), Subject::address(&origin.address)];
    let counted = subjects.clone();
    // Counted as a failure before anything is known: guesses made at once do not slip through.
    let attempt = app.db.write(Lane::Front, move |conn| begin(conn, &email, &counted, now)).await?;
    let stored = attempt.account.as_ref().and_then(|(_, stored)| stored.clone());
    let verified = match app.passwords.verify(stored, password).await {
        Ok(verified) => verified,
        Err(error) => {
            // Nobody looked at the password, so it was no failure.
            app.db.write(Lane::Front, move |conn| take_back(conn, &subjects)).await?;
            return Err(ServiceError::from(error).into());
        }
    };
    let life = app.config.session_life;
    let done = app
        .db
        .write(Lane::Front, move |conn| {
            let (Verified::Right(newer), Some((account, Some(stored)))) = (verified, &attempt.account) else {
                return Ok(refused(conn, &attempt, &origin, now)?);
            };
            // Switched off, or the password changed, while it was being looked at.
            if accounts::password_hash(conn, account)?.as_ref() != Some(stored) {
                return Ok(refused(conn, &attempt, &origin, now)?);
            }
            if let Some(newer) = &newer {
                accounts::rehash(conn, account, stored, newer)?;
            }
            throttle::clear(conn, &subjects[0])?;
            take_back(conn, &subjects[1..])?;
            match start(conn, account, &origin, None, now, life)? {
                Some(started) => Ok::<_, SignInError>(Some(started)),
                None => Ok(refused(conn, &attempt, &origin, now)?),
            }
        })
        .await?;
    app.live.stir();
    done.ok_or(SignInError::BadCredentials)
}

/// What is known when the password is about to be looked at.
struct Attempt {
    /// Whose address it is, and their password's hash if they may sign in.
    account: Option<(AccountId, Option<String>)>,
    /// Until when nothing more is tried if this one fails.
    locks_until: Option<Time>,
}

/// Counts a failure in advance; what follows takes it back if it was none.
fn begin(conn: &mut Conn, email: &str, subjects: &[Subject; 2], now: Time) -> Result<Attempt, SignInError> {
    let mut locks_until = None;
    for subject in subjects {
        let failures = throttle::read(conn, subject)?;
        if let Some(until) = failures.locked(now) {
            return Err(SignInError::Locked { until });
        }
        let failures = failures.failed(subject.what, now);
        throttle::save(conn, subject, &failures)?;
        locks_until = locks_until.max(failures.locked(now));
    }
    let account = match accounts::id_of(conn, email)? {
        None => None,
        // An account that is switched off costs the same work and gets the same answer.
        Some(id) => {
            let active = accounts::find(conn, &id)?.is_some_and(|row| row.active);
            let stored = if active { accounts::password_hash(conn, &id)? } else { None };
            Some((id, stored))
        }
    };
    Ok(Attempt { account, locks_until })
}

/// Takes back failures that were counted in advance and were none.
///
/// # Errors
/// The database's.
pub(super) fn take_back(conn: &mut Conn, subjects: &[Subject]) -> Result<(), DbError> {
    for subject in subjects {
        let failures = throttle::read(conn, subject)?.taken_back();
        throttle::save(conn, subject, &failures)?;
    }
    Ok(())
}

/// Writes down that a sign-in failed. What was typed is not kept: it may be a password in the wrong
/// field.
fn refused(
    conn: &mut Conn,
    attempt: &Attempt,
    origin: &Origin,
    now: Time,
) -> Result<Option<Started>, DbError> {
    let known = match &attempt.account {
        Some((id, _)) => accounts::find(conn, id)?,
        None => None,
    };
    let whose = known.as_ref().map_or("an unknown address".to_owned(), |row| row.name.clone());
    let lock = attempt
        .locks_until
        .map(|until| format!("; further attempts are refused until {until}"))
        .unwrap_or_default();
    let event = NewEvent::new(
        EventKind::SignInFailed,
        Actor::without_account("somebody", "browser"),
        format!("A sign-in for {whose} failed{lock}"),
        json!({
            "account": known.map(|row| row.id.as_str().to_owned()),
            "address": origin.address,
            "locked_until": attempt.locks_until.map(|until| until.to_string()),
        }),
    );
    events::append(conn, &event, now)?;
    Ok(None)
}

/// Begins a session with a secret of its own, so that nobody can plant one beforehand; the one that
/// the browser had ends. `provider` is who said who it is, if it was not a password. `None` if the account
/// may not sign in.
///
/// # Errors
/// The database's.
pub(super) fn start(
    conn: &mut Conn,
    account: &AccountId,
    origin: &Origin,
    provider: Option<&str>,
    now: Time,
    life: Duration,
) -> Result<Option<Started>, DbError> {
    if let Some(previous) = &origin.previous {
        sessions::end_by_key(conn, previous)?;
    }
    let secret = secret::random();
    let key_hash = secret::hash(secret.expose_secret());
    let expires_at = now.after(life);
    let user_agent: String =
        origin.user_agent.chars().filter(|letter| !letter.is_control()).take(USER_AGENT_MAX).collect();
    let new = NewSession {
        key_hash: &key_hash,
        account_id: account,
        expires_at,
        user_agent: &user_agent,
        address: &origin.address,
        provider,
    };
    let session = sessions::insert(conn, &new, now)?;
    let Some(Known { caller, .. }) = callers::known(conn, &Proof::Session(key_hash), life, now)? else {
        return Ok(None);
    };
    accounts::signed_in(conn, account, now)?;
    let event = NewEvent::new(
        EventKind::SignedIn,
        caller.actor(),
        match provider {
            None => format!("{} signed in", caller.name),
            Some(provider) => format!("{} signed in through {provider}", caller.name),
        },
        json!({"session": session.as_str(), "address": origin.address, "with": provider.unwrap_or("password")}),
    );
    events::append(conn, &event, now)?;
    Ok(Some(Started { secret, expires_at, caller }))
}

/// Who shows this proof, if it is valid. Notes now and then that it is used; where that cannot be written, reading goes on.
///
/// # Errors
/// The database's.
pub async fn known(app: &App, proof: Proof) -> Result<Option<Caller>, DbError> {
    let (now, idle) = (app.clock.now(), app.config.session_idle);
    let known = app.db.read(move |conn| callers::known(conn, &proof, idle, now)).await?;
    let Some(Known { caller, noted }) = known else { return Ok(None) };
    if noted.is_none_or(|noted| now.since(noted) >= NOTED_EVERY.min(idle / 4)) {
        let via = caller.via.clone();
        let noting = app.db.write(Lane::Front, move |conn| match &via {
            Via::Browser { session } => sessions::seen(conn, session, now),
            Via::Token { id, .. } => tokens::used(conn, id, now),
        });
        if let Err(error) = noting.await {
            tracing::debug!(%error, "it could not be noted that a session or token is used");
        }
    }
    Ok(Some(caller))
}

/// The caller as they are now; `None` if they are let in no more. For what lasts longer than a
/// request: the live stream.
///
/// # Errors
/// The database's.
pub async fn still(app: &App, caller: &Caller) -> Result<Option<Caller>, DbError> {
    let (now, idle, caller) = (app.clock.now(), app.config.session_idle, caller.clone());
    app.db.read(move |conn| callers::again(conn, &caller, idle, now)).await
}

/// Ends the caller's own session.
///
/// # Errors
/// The database's.
pub async fn sign_out(app: &App, caller: &Caller) -> Result<(), ServiceError> {
    let Via::Browser { session } = caller.via.clone() else {
        return Err(ServiceError::Forbidden("only a session can be ended; revoke the token instead"));
    };
    end(app, caller, session).await
}

/// Ends one session of the caller's account.
///
/// # Errors
/// [`ServiceError::NotFound`] if the account has no such session.
pub async fn end(app: &App, caller: &Caller, session: SessionId) -> Result<(), ServiceError> {
    let asking = super::Asking::new(app, caller);
    app.db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, None)?;
            if !sessions::end(conn, &caller.account_id, &session)? {
                return Err(ServiceError::NotFound("session"));
            }
            let event = NewEvent::new(
                EventKind::SignedOut,
                caller.actor(),
                format!("{} ended a session", caller.name),
                json!({"session": session.as_str()}),
            );
            events::append(conn, &event, asking.now)?;
            Ok(())
        })
        .await?;
    app.live.stir();
    Ok(())
}
