//! Signing in through a provider of OpenID Connect: the browser is sent there and comes back with a
//! code. Whoever the provider names gets an account at the first sign-in, and at each one the roles
//! that their groups give them.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::ServiceError;
use super::sign_in::{self, Origin, Started};
use crate::app::App;
use crate::config::OidcConfig;
use crate::crypto::secret;
use crate::db::accounts::{self, AccountChange, AccountRow, NewAccount};
use crate::db::throttle::{self, Subject};
use crate::db::{Conn, DbError, Lane, events, lock};
use crate::domain::Time;
use crate::domain::access::Role;
use crate::domain::ids::AccountId;
use crate::domain::record::{Actor, EventKind, NewEvent};
use crate::oidc::{Expected, Identity, OidcError, Provider};

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
    #[error("there were too many failed attempts")]
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
            app.db.write(Lane::Front, move |conn| admit(conn, &admitting, &identity, &from, now, life)).await
        }
        Err(error) => Err(failed(id, &error)),
    };
    let started = match admitted {
        Ok(started) => started,
        Err(error) => {
            if error.word().is_some_and(|_| !matches!(error, ProviderError::Unavailable)) {
                let why = error.to_string();
                app.db.write(Lane::Front, move |conn| refused(conn, &config, &why, &origin, now)).await?;
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

/// Writes down that somebody was not let in, and counts it for their network address.
fn refused(
    conn: &mut Conn,
    provider: &OidcConfig,
    why: &str,
    origin: &Origin,
    now: Time,
) -> Result<(), DbError> {
    let subject = Subject::address(&origin.address);
    let failures = throttle::read(conn, &subject)?.failed(subject.what, now);
    throttle::save(conn, &subject, &failures)?;
    let event = NewEvent {
        kind: EventKind::SignInFailed,
        check_id: None,
        project_id: None,
        actor: Actor { name: "somebody".into(), account_id: None, via: "browser".into() },
        summary: format!("A sign-in through {} failed: {why}", provider.name),
        data: json!({"provider": provider.id, "address": origin.address}),
    };
    events::append(conn, &event, now)?;
    Ok(())
}

/// Begins a session for the account of whoever the provider names.
fn admit(
    conn: &mut Conn,
    provider: &OidcConfig,
    who: &Identity,
    origin: &Origin,
    now: Time,
    life: Duration,
) -> Result<Started, ProviderError> {
    let roles = provider.roles(&who.groups);
    if roles.is_empty() {
        return Err(ProviderError::NotPermitted);
    }
    // Two first sign-ins at once must not make two accounts; and see `people::apply`.
    lock(conn, "set-up")?;
    let account = match accounts::by_identity(conn, &who.issuer, &who.subject)? {
        Some(id) => id,
        None => first(conn, provider, who, &roles, now)?,
    };
    let known = accounts::find(conn, &account)?.ok_or(ProviderError::SwitchedOff)?;
    if !known.active {
        return Err(ProviderError::SwitchedOff);
    }
    follow(conn, provider, who, &known, roles, now)?;
    sign_in::start(conn, &account, origin, Some(&provider.id), now, life)?.ok_or(ProviderError::SwitchedOff)
}

/// The first sign-in: an account is made, or the one with the same address is linked.
fn first(
    conn: &mut Conn,
    provider: &OidcConfig,
    who: &Identity,
    roles: &[Role],
    now: Time,
) -> Result<AccountId, ProviderError> {
    let email = who.email.as_deref().ok_or(ProviderError::EmailTaken)?;
    let name = who.name.as_deref().unwrap_or(email);
    let id = match accounts::id_of(conn, email)? {
        Some(id) if provider.link_by_email && who.email_verified => id,
        Some(_) => return Err(ProviderError::EmailTaken),
        None => {
            let new = NewAccount {
                name,
                email,
                password_hash: None,
                roles,
                all_projects: provider.all_projects,
                gitlab_user_id: who.gitlab_user_id,
            };
            accounts::insert(conn, &new, now)?.ok_or(ProviderError::EmailTaken)?
        }
    };
    accounts::link_identity(conn, &who.issuer, &who.subject, &id, now)?;
    accounts::set_joined(conn, &id, now)?;
    let event = NewEvent {
        kind: EventKind::PersonJoined,
        check_id: None,
        project_id: None,
        actor: Actor {
            name: name.to_owned(),
            account_id: Some(id.as_str().to_owned()),
            via: "browser".into(),
        },
        summary: format!("{name} came through {}", provider.name),
        data: json!({"account": id.as_str(), "issuer": who.issuer, "subject": who.subject, "roles": words(roles)}),
    };
    events::append(conn, &event, now)?;
    Ok(id)
}

/// Brings an account to what the provider says: name, roles, GitLab's id. The last administrator who
/// can sign in stays one, or nobody could manage people any more.
fn follow(
    conn: &mut Conn,
    provider: &OidcConfig,
    who: &Identity,
    known: &AccountRow,
    mut roles: Vec<Role>,
    now: Time,
) -> Result<(), ProviderError> {
    let others = accounts::administrators(conn)?.iter().any(|one| one.id != known.id);
    if known.roles.contains(&Role::Administrator) && !roles.contains(&Role::Administrator) && !others {
        roles.push(Role::Administrator);
        roles.sort_unstable();
    }
    let name = who.name.as_deref().unwrap_or(&known.name);
    let gitlab_user_id = who.gitlab_user_id.or(known.gitlab_user_id);
    if (name, &roles, gitlab_user_id) == (&known.name, &known.roles, known.gitlab_user_id) {
        return Ok(());
    }
    let change =
        AccountChange { name, roles: &roles, all_projects: known.all_projects, gitlab_user_id, active: true };
    accounts::change(conn, &known.id, &change, now)?;
    let event = NewEvent {
        kind: EventKind::PersonChanged,
        check_id: None,
        project_id: None,
        actor: Actor::app(),
        summary: format!("{} says of {name}: {}", provider.name, words(&roles).join(", ")),
        data: json!({
            "account": known.id.as_str(),
            "name": name,
            "roles": words(&roles),
            "roles_before": words(&known.roles),
            "gitlab_user_id": gitlab_user_id,
            "provider": provider.id,
        }),
    };
    events::append(conn, &event, now)?;
    Ok(())
}

fn words(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.as_str()).collect()
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
