//! One-time links: the set-up of the first administrator, invitations, resets.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::sign_in::{self, Origin, Started};
use super::{ServiceError, people};
use crate::app::App;
use crate::crypto::keys::Keys;
use crate::crypto::secret;
use crate::db::accounts::{self, NewAccount};
use crate::db::links::{self, LinkKind, LinkRow};
use crate::db::throttle::{self, Subject};
use crate::db::{Blame, Conn, DbError, Lane, events, lock, sessions};
use crate::domain::Time;
use crate::domain::access::Role;
use crate::domain::ids::{AccountId, LinkId};
use crate::domain::record::{Actor, EventKind, NewEvent};

/// An invitation is good for so long.
const INVITATION: Duration = Duration::from_secs(7 * 24 * 3600);
/// A reset is good for so long.
const RESET: Duration = Duration::from_secs(24 * 3600);
/// What the set-up link's secret is derived for.
const SETUP: &str = "set-up link";

/// What a link is good for.
#[derive(Clone, Debug)]
pub struct Good {
    /// What it is for.
    pub kind: LinkKind,
    /// The person's name; empty for the set-up.
    pub name: String,
    /// The person's address; empty for the set-up.
    pub email: String,
    /// When it ends.
    pub expires_at: Option<String>,
}

/// A link to hand to a person.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its secret.
    pub secret: SecretString,
    /// When it ends.
    pub expires_at: Time,
}

/// What a person gives who uses a link.
#[derive(Debug)]
pub struct Acceptance {
    /// The link's secret.
    pub secret: SecretString,
    /// Their name; needed for the set-up.
    pub name: Option<String>,
    /// Their address; needed for the set-up, refused otherwise.
    pub email: Option<String>,
    /// The new password.
    pub password: SecretString,
}

/// Why a link did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It was used, has ended, or never was.
    #[error("this link was used, has ended, or never was; ask for a new one")]
    Spent,
    /// Anything else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Blame for LinkError {
    fn database(&self) -> Option<&DbError> {
        match self {
            Self::Service(error) => error.database(),
            _ => None,
        }
    }
}

impl From<DbError> for LinkError {
    fn from(error: DbError) -> Self {
        Self::Service(error.into())
    }
}

impl From<diesel::result::Error> for LinkError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Service(error.into())
    }
}

/// The set-up link's secret, for as long as nobody can manage people: the same after a restart,
/// because it is derived from the instance's key and the link's id. `None` once an administrator
/// exists.
///
/// # Errors
/// The database's.
pub fn setup(conn: &mut Conn, keys: &Keys, now: Time) -> Result<Option<SecretString>, DbError> {
    lock(conn, "set-up")?;
    if !accounts::administrators(conn)?.is_empty() {
        links::remove_setup(conn)?;
        return Ok(None);
    }
    if let Some((id, hash)) = links::setup(conn)? {
        let secret = secret::encode(&keys.derive(SETUP, id.as_str()));
        if secret::hash(secret.expose_secret()) == hash {
            return Ok(Some(secret));
        }
        // Made under another key, which this instance no longer has.
        links::remove_setup(conn)?;
    }
    let row = LinkRow { id: LinkId::generate(), kind: LinkKind::Setup, account_id: None, expires_at: None };
    let secret = secret::encode(&keys.derive(SETUP, row.id.as_str()));
    links::insert(conn, &row, &secret::hash(secret.expose_secret()), now)?;
    Ok(Some(secret))
}

/// Makes a link for a person in place of those they have: an invitation until they have joined, a
/// reset afterwards.
///
/// # Errors
/// The database's.
pub(super) fn make(conn: &mut Conn, account: &AccountId, joined: bool, now: Time) -> Result<Made, DbError> {
    links::remove_of(conn, account)?;
    let (kind, life) = if joined { (LinkKind::Reset, RESET) } else { (LinkKind::Invitation, INVITATION) };
    let made = Made { secret: secret::random(), expires_at: now.after(life) };
    let row = LinkRow {
        id: LinkId::generate(),
        kind,
        account_id: Some(account.clone()),
        expires_at: Some(made.expires_at.to_string()),
    };
    links::insert(conn, &row, &secret::hash(made.secret.expose_secret()), now)?;
    Ok(made)
}

/// What a link is good for.
///
/// # Errors
/// [`LinkError::Spent`] or the database's.
pub async fn inspect(app: &App, secret: &SecretString) -> Result<Good, LinkError> {
    let (hash, now) = (secret::hash(secret.expose_secret()), app.clock.now());
    app.db
        .read(move |conn| {
            let link = links::find(conn, &hash, now)?.ok_or(LinkError::Spent)?;
            let (name, email) = match &link.account_id {
                None => (String::new(), String::new()),
                Some(id) => accounts::find(conn, id)?
                    .filter(|row| row.active)
                    .map(|row| (row.name, row.email))
                    .ok_or(LinkError::Spent)?,
            };
            Ok(Good { kind: link.kind, name, email, expires_at: link.expires_at })
        })
        .await
}

/// Uses a link: sets the password and signs the person in.
///
/// # Errors
/// See [`LinkError`].
pub async fn accept(app: &App, given: Acceptance, origin: Origin) -> Result<Started, LinkError> {
    // Before a password is hashed: whoever has no link may not keep the service busy.
    let good = inspect(app, &given.secret).await?;
    if good.kind != LinkKind::Setup && given.email.is_some() {
        let why = "the address is the one that was invited";
        return Err(ServiceError::Invalid { field: "email", why }.into());
    }
    let hash = app.passwords.hash(given.password).await.map_err(ServiceError::from)?;
    let (key, now, life) =
        (secret::hash(given.secret.expose_secret()), app.clock.now(), app.config.session_life);
    let (name, email) = (given.name, given.email);
    let started = app
        .db
        .write(Lane::Front, move |conn| {
            let link = links::find(conn, &key, now)?.ok_or(LinkError::Spent)?;
            if !links::spend(conn, &link.id)? {
                return Err(LinkError::Spent);
            }
            let account = match (link.kind, link.account_id) {
                (LinkKind::Setup, _) => set_up(conn, name.as_deref(), email.as_deref(), &hash, now)?,
                (LinkKind::Invitation | LinkKind::Reset, Some(id)) => {
                    join(conn, &id, link.kind, name.as_deref(), &hash, now)?;
                    id
                }
                (LinkKind::Invitation | LinkKind::Reset, None) => return Err(LinkError::Spent),
            };
            sign_in::start(conn, &account, &origin, None, now, life)?.ok_or(LinkError::Spent)
        })
        .await?;
    app.live.stir();
    Ok(started)
}

fn set_up(
    conn: &mut Conn,
    name: Option<&str>,
    email: Option<&str>,
    hash: &str,
    now: Time,
) -> Result<AccountId, LinkError> {
    lock(conn, "set-up")?;
    if !accounts::administrators(conn)?.is_empty() {
        return Err(LinkError::Spent);
    }
    let missing = |field| ServiceError::Invalid { field, why: "the first administrator needs it" };
    let (name, email) = (name.ok_or_else(|| missing("name"))?, email.ok_or_else(|| missing("email"))?);
    people::free(name)?;
    let new = NewAccount {
        name,
        email,
        password_hash: Some(hash),
        roles: &[Role::Reviewer, Role::Administrator],
        all_projects: true,
        gitlab_user_id: None,
    };
    let taken = || ServiceError::Taken { field: "email", why: "somebody has this address already" };
    let id = accounts::insert(conn, &new, now)?.ok_or_else(taken)?;
    links::remove_setup(conn)?;
    let event = NewEvent::new(
        EventKind::SetUp,
        Actor::in_browser(name.trim(), &id),
        format!("{} became the first administrator through the set-up link", name.trim()),
        json!({"account": id.as_str()}),
    );
    events::append(conn, &event, now)?;
    Ok(id)
}

fn join(
    conn: &mut Conn,
    id: &AccountId,
    kind: LinkKind,
    name: Option<&str>,
    hash: &str,
    now: Time,
) -> Result<(), LinkError> {
    let account = accounts::find(conn, id)?.filter(|row| row.active).ok_or(LinkError::Spent)?;
    let invited_as = account.name;
    let name = match name.map(str::trim) {
        Some(name) if name != invited_as && kind == LinkKind::Invitation => {
            people::free(name)?;
            if accounts::is_called(conn, name, id)? {
                let why = "somebody else is called so here; an administrator can give you the same name";
                return Err(ServiceError::Taken { field: "name", why }.into());
            }
            accounts::rename(conn, id, name, now)?;
            name.to_owned()
        }
        Some(_) | None => invited_as.clone(),
    };
    accounts::set_password(conn, id, hash, now)?;
    links::remove_of(conn, id)?;
    throttle::clear(conn, &Subject::account(&account.email))?;
    let ended = sessions::end_all(conn, id, None)?;
    let (kind, summary) = match account.joined_at {
        None if name != invited_as => (
            EventKind::PersonJoined,
            format!("{invited_as} accepted the invitation, set a password and is called {name} now"),
        ),
        None => (EventKind::PersonJoined, format!("{name} accepted the invitation and set a password")),
        Some(_) => (EventKind::PasswordChanged, format!("{name} set a new password through a link")),
    };
    let event = NewEvent::new(
        kind,
        Actor::in_browser(&name, id),
        summary,
        json!({"account": id.as_str(), "name": name, "name_before": invited_as, "ended_sessions": ended}),
    );
    events::append(conn, &event, now)?;
    Ok(())
}
