//! Who comes in through a provider: an account of their own at the first sign-in, or the one that an administrator made for
//! their address; and at each one the roles that their groups give them.

use std::time::Duration;

use serde_json::json;

use super::ServiceError;
use super::people::words;
use super::providers::ProviderError;
use super::sign_in::{self, Origin, Started};
use crate::config::OidcConfig;
use crate::db::accounts::{self, AccountChange, AccountRow, NewAccount};
use crate::db::{Conn, events, links, lock, sessions, tokens};
use crate::domain::Time;
use crate::domain::access::Role;
use crate::domain::ids::AccountId;
use crate::domain::record::{Actor, EventKind, NewEvent};
use crate::oidc::Identity;

/// Begins a session for the account of whoever the provider names. `None` if none of their groups gives a role; their
/// account, if they have one, has none from then on, and its sessions end.
///
/// # Errors
/// See [`ProviderError`].
pub(super) fn admit(
    conn: &mut Conn,
    provider: &OidcConfig,
    who: &Identity,
    origin: &Origin,
    now: Time,
    life: Duration,
) -> Result<Option<Started>, ProviderError> {
    let roles = provider.roles(&who.groups);
    // Two first sign-ins at once must not make two accounts; and see `people::apply`.
    lock(conn, "set-up")?;
    let known = accounts::by_identity(conn, &who.issuer, &who.subject)?;
    let account = match known {
        None if roles.is_empty() => return Ok(None),
        None => first(conn, provider, who, &roles, now)?,
        Some(id) => id,
    };
    let known = accounts::find(conn, &account)?.ok_or(ProviderError::SwitchedOff)?;
    if !known.active {
        return Err(ProviderError::SwitchedOff);
    }
    if follow(conn, provider, who, &known, roles, now)?.is_empty() {
        // API tokens do nothing without a role of their person, and work again when a group that was lost by mistake is back.
        sessions::end_all(conn, &account, None)?;
        return Ok(None);
    }
    let started = sign_in::start(conn, &account, origin, Some(&provider.id), now, life)?;
    started.map(Some).ok_or(ProviderError::SwitchedOff)
}

/// The first sign-in: an account is made, or the one that was made here for this address is theirs.
fn first(
    conn: &mut Conn,
    provider: &OidcConfig,
    who: &Identity,
    roles: &[Role],
    now: Time,
) -> Result<AccountId, ProviderError> {
    let email = who.email.as_deref().ok_or(ProviderError::EmailTaken)?;
    let name = who.name.as_deref().unwrap_or(email);
    let mut revoked = Vec::new();
    let (kind, id, summary) = match accounts::id_of(conn, email)? {
        Some(id) => {
            // The address of an account that came through a provider is what that provider said, proven or not, and
            // the next person who has it may be another one.
            let made_here = !accounts::has_identity(conn, &id)?;
            if !(provider.link_by_email && who.email_verified && made_here) {
                return Err(ProviderError::EmailTaken);
            }
            // Whoever used the invitation may not have been the one who was invited.
            sessions::end_all(conn, &id, None)?;
            revoked = tokens::revoke_all(conn, &id, now)?;
            links::remove_of(conn, &id)?;
            accounts::forget_password(conn, &id, now)?;
            let theirs = accounts::find(conn, &id)?.map_or_else(|| name.to_owned(), |row| row.name);
            (
                EventKind::PersonChanged,
                id,
                format!("The account of {theirs} is {name}'s who came through {}", provider.name),
            )
        }
        None => {
            let new = NewAccount {
                name,
                email,
                password_hash: None,
                roles,
                all_projects: provider.all_projects,
                gitlab_user_id: who.gitlab_user_id,
            };
            let id = accounts::insert(conn, &new, now)?.ok_or(ProviderError::EmailTaken)?;
            (EventKind::PersonJoined, id, format!("{name} came through {}", provider.name))
        }
    };
    accounts::link_identity(conn, &who.issuer, &who.subject, &id, now)?;
    accounts::set_joined(conn, &id, now)?;
    let joined = accounts::find(conn, &id)?;
    let event = NewEvent::new(
        kind,
        Actor::in_browser(name, &id),
        summary,
        json!({
            "account": id.as_str(),
            "issuer": who.issuer,
            "subject": who.subject,
            "email": email,
            "email_verified": who.email_verified,
            "roles": words(roles),
            "all_projects": joined.as_ref().map(|row| row.all_projects),
            "gitlab_user_id": joined.as_ref().and_then(|row| row.gitlab_user_id),
            "tokens_revoked": revoked,
        }),
    );
    events::append(conn, &event, now)?;
    Ok(id)
}

/// Brings an account to what the provider says: name, roles, GitLab's id. Returns the roles: the last administrator who can
/// sign in stays one, or nobody could manage people any more.
fn follow(
    conn: &mut Conn,
    provider: &OidcConfig,
    who: &Identity,
    known: &AccountRow,
    mut roles: Vec<Role>,
    now: Time,
) -> Result<Vec<Role>, ProviderError> {
    let others = accounts::administrators(conn)?.iter().any(|one| one.id != known.id);
    if known.roles.contains(&Role::Administrator) && !roles.contains(&Role::Administrator) && !others {
        roles.push(Role::Administrator);
        roles.sort_unstable();
    }
    let name = who.name.as_deref().unwrap_or(&known.name);
    let gitlab_user_id = who.gitlab_user_id.or(known.gitlab_user_id);
    if (name, &roles, gitlab_user_id) == (&known.name, &known.roles, known.gitlab_user_id) {
        return Ok(roles);
    }
    let change =
        AccountChange { name, roles: &roles, all_projects: known.all_projects, gitlab_user_id, active: true };
    accounts::change(conn, &known.id, &change, now)?;
    let event = NewEvent::new(
        EventKind::PersonChanged,
        Actor::app(),
        if roles.is_empty() {
            format!("{} says of {name} that no group gives a role any more", provider.name)
        } else {
            format!("{} says of {name}: {}", provider.name, words(&roles).join(", "))
        },
        json!({
            "account": known.id.as_str(),
            "name": name,
            "roles": words(&roles),
            "roles_before": words(&known.roles),
            "gitlab_user_id": gitlab_user_id,
            "gitlab_user_id_before": known.gitlab_user_id,
            "provider": provider.id,
        }),
    );
    events::append(conn, &event, now)?;
    Ok(roles)
}

/// Unlinks an account from its identities at providers and ends its sessions and tokens, inside the transaction of whoever asked.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Invalid`] if nobody does, or the database's.
pub fn unlink(conn: &mut Conn, actor: &Actor, id: &AccountId, now: Time) -> Result<(), ServiceError> {
    let account = accounts::find(conn, id)?.ok_or(ServiceError::NotFound("person"))?;
    if accounts::unlink_identities(conn, id)? == 0 {
        let why = "nobody comes with this account through a provider";
        return Err(ServiceError::Invalid { field: "email", why });
    }
    sessions::end_all(conn, id, None)?;
    let revoked = tokens::revoke_all(conn, id, now)?;
    let event = NewEvent::new(
        EventKind::PersonChanged,
        actor.clone(),
        format!(
            "{} took the account of {} from who came with it through a provider",
            actor.name, account.name
        ),
        json!({"account": id.as_str(), "email": account.email, "tokens_revoked": revoked}),
    );
    events::append(conn, &event, now)?;
    Ok(())
}
