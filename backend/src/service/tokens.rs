//! API tokens: made by a person for themselves, revoked by them or an administrator.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::account::own_session;
use super::people::distinct;
use super::{Asking, ServiceError};
use crate::app::App;
use crate::crypto::secret;
use crate::db::tokens::{self, NewToken, TokenRow, Which};
use crate::db::{Conn, Lane, accounts, events, reach};
use crate::domain::Time;
use crate::domain::access::{Caller, Permission, Permissions, Reach, Via};
use crate::domain::ids::{AccountId, TokenId};
use crate::domain::record::{Actor, EventKind, NewEvent};

/// A token that somebody wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// The projects to limit it to; empty for all that its person reaches.
    pub projects: Vec<String>,
    /// How long it lives.
    pub life: Option<Duration>,
}

/// Whose tokens somebody may see and end: their own, an administrator everybody's. A token without that scope only ends itself,
/// so that whoever finds one that may do little cannot stop those that do more.
fn which(caller: &Caller) -> Which<'_> {
    match &caller.via {
        _ if caller.may(Permission::Admin) => Which::All,
        Via::Token { id, .. } => Which::One(id),
        Via::Browser { .. } => Which::Of(&caller.account_id),
    }
}

/// Tokens that still work: the caller's own, for an administrator everybody's, for a token without that scope itself.
///
/// # Errors
/// The database's.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<TokenRow>, ServiceError> {
    let asking = Asking::new(app, caller);
    app.db
        .read(move |conn| {
            let caller = asking.again(conn, None)?;
            Ok(tokens::list(conn, which(&caller), asking.now)?)
        })
        .await
}

/// Makes a token that acts for the caller. Its secret is shown this once.
///
/// # Errors
/// [`ServiceError::Forbidden`] to a token, [`ServiceError::Invalid`] or the database's.
pub async fn make(
    app: &App,
    caller: &Caller,
    wanted: Wanted,
) -> Result<(SecretString, TokenRow), ServiceError> {
    own_session(caller)?;
    let asking = Asking::new(app, caller);
    let made = app
        .db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, None)?;
            create(conn, &caller.actor(), &caller.account_id, &wanted, secret::token(), asking.now)
        })
        .await?;
    app.live.stir();
    Ok(made)
}

/// Makes a token with this secret, inside the transaction of whoever asked.
///
/// # Errors
/// As [`make`].
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    account: &AccountId,
    wanted: &Wanted,
    secret: SecretString,
    now: Time,
) -> Result<(SecretString, TokenRow), ServiceError> {
    let person = accounts::find(conn, account)?
        .filter(|row| row.active)
        .ok_or(ServiceError::NotFound("active account"))?;
    let held = Permissions::of_roles(&person.roles);
    if wanted.scopes.is_empty() || wanted.scopes.iter().any(|scope| !held.allow(*scope)) {
        let why = "a token needs a scope, and its person needs a role for each of its scopes";
        return Err(ServiceError::Invalid { field: "scopes", why });
    }
    let projects = distinct(&wanted.projects);
    if !projects.is_empty() && wanted.scopes.contains(&Permission::Admin) {
        // Whoever manages people could let themselves into every project.
        let why = "a token with the scope admin cannot be limited to projects";
        return Err(ServiceError::Invalid { field: "projects", why });
    }
    if !reach::all_within(conn, &Reach::of(person.all_projects, account, None), &projects)? {
        let why = "there is no project with one of these ids";
        return Err(ServiceError::Invalid { field: "projects", why });
    }
    let expires_at = wanted.life.map(|life| now.after(life));
    let new = NewToken {
        key_hash: &secret::hash(secret.expose_secret()),
        name: &wanted.name,
        hint: &secret::hint(&secret),
        account_id: account,
        scopes: &wanted.scopes,
        projects: &projects,
        expires_at,
    };
    let id = tokens::insert(conn, &new, now)?;
    let event = NewEvent::new(
        EventKind::TokenMade,
        actor.clone(),
        format!("{} made the token {} that acts for {}", actor.name, wanted.name.trim(), person.name),
        json!({
            "token": id.as_str(),
            "account": account.as_str(),
            "scopes": tokens::scopes_text(&wanted.scopes),
            "projects": projects,
            "expires_at": expires_at.map(|at| at.to_string()),
        }),
    );
    events::append(conn, &event, now)?;
    let row = tokens::list(conn, Which::Of(account), now)?
        .into_iter()
        .find(|row| row.id == id)
        .ok_or(ServiceError::NotFound("token"))?;
    Ok((secret, row))
}

/// Revokes a token: one's own, for an administrator anybody's, for a token without that scope itself.
///
/// # Errors
/// [`ServiceError::NotFound`] or the database's.
pub async fn revoke(app: &App, caller: &Caller, id: TokenId) -> Result<(), ServiceError> {
    let asking = Asking::new(app, caller);
    app.db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, None)?;
            end(conn, &caller.actor(), &id, which(&caller), asking.now)
        })
        .await?;
    app.live.stir();
    Ok(())
}

/// Revokes a token, inside the transaction of whoever asked.
///
/// # Errors
/// As [`revoke`].
pub fn end(
    conn: &mut Conn,
    actor: &Actor,
    id: &TokenId,
    which: Which<'_>,
    now: Time,
) -> Result<(), ServiceError> {
    let (name, owner) = tokens::revoke(conn, id, which, now)?.ok_or(ServiceError::NotFound("token"))?;
    let event = NewEvent::new(
        EventKind::TokenRevoked,
        actor.clone(),
        format!("{} revoked the token {name}", actor.name),
        json!({"token": id.as_str(), "account": owner.as_str()}),
    );
    events::append(conn, &event, now)?;
    Ok(())
}
