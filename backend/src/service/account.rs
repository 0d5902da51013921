//! One's own account: who am I, my sessions, my password.

use secrecy::SecretString;
use serde_json::json;

use super::{Asking, ServiceError, sign_in};
use crate::app::App;
use crate::crypto::password::Verified;
use crate::db::accounts::{self, AccountRow};
use crate::db::sessions::{self, SessionRow};
use crate::db::throttle::{self, Subject};
use crate::db::{Conn, Lane, events, links, tokens};
use crate::domain::access::{Caller, Reach, Via};
use crate::domain::ids::{AccountId, SessionId};
use crate::domain::record::{EventKind, NewEvent};

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Myself {
    /// The account.
    pub account: AccountRow,
    /// What may be done, and how.
    pub caller: Caller,
    /// When the session or the token ends.
    pub expires_at: Option<String>,
    /// The provider that the session began with, if it did.
    pub provider: Option<String>,
}

impl Myself {
    /// Whether all projects are reached.
    #[must_use]
    pub fn reaches_all(&self) -> bool {
        self.caller.reach == Reach::All
    }
}

/// Who is signed in.
///
/// # Errors
/// [`ServiceError::SignedOut`] or the database's.
pub async fn myself(app: &App, caller: &Caller) -> Result<Myself, ServiceError> {
    let asking = Asking::new(app, caller);
    app.db
        .read(move |conn| {
            let caller = asking.again(conn, None)?;
            let account = accounts::find(conn, &caller.account_id)?.ok_or(ServiceError::SignedOut)?;
            let (expires_at, provider) = match &caller.via {
                Via::Browser { session } => sessions::end_and_provider(conn, session)?
                    .map_or((None, None), |(end, provider)| (Some(end), provider)),
                Via::Token { id, .. } => (tokens::expires_at(conn, id)?.flatten(), None),
            };
            Ok(Myself { account, caller, expires_at, provider })
        })
        .await
}

/// The caller's own session, if they act through one.
///
/// # Errors
/// [`ServiceError::Forbidden`] for a token.
pub fn own_session(caller: &Caller) -> Result<SessionId, ServiceError> {
    match &caller.via {
        Via::Browser { session } => Ok(session.clone()),
        Via::Token { .. } => {
            Err(ServiceError::Forbidden("this is for people who are signed in; a token cannot do it"))
        }
    }
}

/// The sessions of an account that have not ended, newest first.
///
/// # Errors
/// The database's.
pub async fn sessions(app: &App, account: AccountId) -> Result<Vec<SessionRow>, ServiceError> {
    let now = app.clock.now();
    let rested = now.before(app.config.session_idle);
    app.db
        .read(move |conn| {
            accounts::find(conn, &account)?.ok_or(ServiceError::NotFound("person"))?;
            Ok(sessions::of_account(conn, &account, rested, now)?)
        })
        .await
}

/// Sets a new password; all other sessions of the account end.
///
/// # Errors
/// [`ServiceError::Invalid`] if the present password is wrong.
pub async fn change_password(
    app: &App,
    caller: &Caller,
    current: SecretString,
    new: SecretString,
) -> Result<(), ServiceError> {
    let session = own_session(caller)?;
    let asking = Asking::new(app, caller);
    let guess = asking.clone();
    // Counted as a failure before it is looked at: whoever took over a session may not guess either.
    let (subject, stored) = app
        .db
        .write(Lane::Front, move |conn| {
            let caller = guess.again(conn, None)?;
            let email = accounts::find(conn, &caller.account_id)?.ok_or(ServiceError::SignedOut)?.email;
            let subject = Subject::account(&email);
            let failures = throttle::read(conn, &subject)?;
            if let Some(until) = failures.locked(guess.now) {
                return Err(ServiceError::Locked { wait: until.since(guess.now) });
            }
            throttle::save(conn, &subject, &failures.failed(subject.what, guess.now))?;
            Ok((subject, accounts::password_hash(conn, &caller.account_id)?))
        })
        .await?;
    let wrong = || ServiceError::Invalid { field: "current", why: "this is not your present password" };
    match app.passwords.verify(stored.clone(), current).await {
        Ok(Verified::Right(_)) => {}
        Ok(Verified::Wrong) => {
            app.db.write(Lane::Front, move |conn| guessed(conn, &asking)).await?;
            return Err(wrong());
        }
        Err(error) => {
            // Nobody looked at it, so it was no failure.
            app.db.write(Lane::Front, move |conn| sign_in::take_back(conn, &[subject])).await?;
            return Err(error.into());
        }
    }
    let hash = app.passwords.hash(new).await?;
    app.db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, None)?;
            if accounts::password_hash(conn, &caller.account_id)? != stored {
                return Err(wrong());
            }
            throttle::clear(conn, &subject)?;
            accounts::set_password(conn, &caller.account_id, &hash, asking.now)?;
            links::remove_of(conn, &caller.account_id)?;
            let ended = sessions::end_all(conn, &caller.account_id, Some(&session))?;
            let event = NewEvent::new(
                EventKind::PasswordChanged,
                caller.actor(),
                format!("{} changed the password", caller.name),
                json!({"account": caller.account_id.as_str(), "ended_sessions": ended}),
            );
            events::append(conn, &event, asking.now)?;
            Ok(())
        })
        .await?;
    app.live.stir();
    Ok(())
}

/// Writes down that somebody who is signed in did not know the password: it may be a session that was taken over.
fn guessed(conn: &mut Conn, asking: &Asking) -> Result<(), ServiceError> {
    let caller = asking.again(conn, None)?;
    let event = NewEvent::new(
        EventKind::SignInFailed,
        caller.actor(),
        format!("{} did not know the present password when setting a new one", caller.name),
        json!({"account": caller.account_id.as_str()}),
    );
    events::append(conn, &event, asking.now)?;
    Ok(())
}
