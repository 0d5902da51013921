//! People, sessions and tokens: from what the store holds to what the API says.

use secrecy::ExposeSecret as _;
use shared as dto;
use shared::ProblemCode;
use shared::account::{AccountFault, EMAIL_MAX, NAME_MAX, PASSWORD_MAX, PASSWORD_MIN, validate_name};

use super::problem::ApiError;
use crate::db::groups::{GroupContents, GroupRow};
use crate::db::links::LinkKind;
use crate::db::sessions::SessionRow;
use crate::db::tokens::TokenRow;
use crate::domain::access::{Permission, Role};
use crate::domain::ids::SessionId;
use crate::service::account::Myself;
use crate::service::groups;
use crate::service::links::{Good, Made};
use crate::service::people::Person;

/// A permission.
#[must_use]
pub const fn permission(permission: Permission) -> dto::Permission {
    match permission {
        Permission::ChecksRead => dto::Permission::ChecksRead,
        Permission::ChecksDecide => dto::Permission::ChecksDecide,
        Permission::ProjectsRead => dto::Permission::ProjectsRead,
        Permission::ProjectsWrite => dto::Permission::ProjectsWrite,
        Permission::AuditRead => dto::Permission::AuditRead,
        Permission::WebhooksManage => dto::Permission::WebhooksManage,
        Permission::Admin => dto::Permission::Admin,
    }
}

/// The other way.
#[must_use]
pub const fn domain_permission(permission: dto::Permission) -> Permission {
    match permission {
        dto::Permission::ChecksRead => Permission::ChecksRead,
        dto::Permission::ChecksDecide => Permission::ChecksDecide,
        dto::Permission::ProjectsRead => Permission::ProjectsRead,
        dto::Permission::ProjectsWrite => Permission::ProjectsWrite,
        dto::Permission::AuditRead => Permission::AuditRead,
        dto::Permission::WebhooksManage => Permission::WebhooksManage,
        dto::Permission::Admin => Permission::Admin,
    }
}

/// A role.
#[must_use]
pub const fn role(role: Role) -> dto::Role {
    match role {
        Role::Viewer => dto::Role::Viewer,
        Role::Reviewer => dto::Role::Reviewer,
        Role::Administrator => dto::Role::Administrator,
        Role::Auditor => dto::Role::Auditor,
    }
}

/// The other way.
#[must_use]
pub const fn domain_role(role: dto::Role) -> Role {
    match role {
        dto::Role::Viewer => Role::Viewer,
        dto::Role::Reviewer => Role::Reviewer,
        dto::Role::Administrator => Role::Administrator,
        dto::Role::Auditor => Role::Auditor,
    }
}

/// The roles of a request: at least one, each once.
///
/// # Errors
/// 422 if there is none.
pub fn roles(given: &[dto::Role]) -> Result<Vec<Role>, ApiError> {
    let mut roles: Vec<Role> = given.iter().copied().map(domain_role).collect();
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() {
        return Err(fault(AccountFault::NoRole, "roles"));
    }
    Ok(roles)
}

/// What is wrong with a field.
#[must_use]
pub fn fault(fault: AccountFault, field: &str) -> ApiError {
    let why = match fault {
        AccountFault::BadName => {
            format!(
                "A name has 1 to {NAME_MAX} characters, some of which can be seen, and no control characters."
            )
        }
        AccountFault::BadEmail => {
            format!("An e-mail address looks like somebody@example.com and has at most {EMAIL_MAX} bytes.")
        }
        AccountFault::PasswordTooShort => format!("A password has at least {PASSWORD_MIN} characters."),
        AccountFault::PasswordTooLong => format!("A password has at most {PASSWORD_MAX} bytes."),
        AccountFault::NoRole => "Give at least one role.".to_owned(),
    };
    ApiError::new(ProblemCode::Invalid, why).about(field)
}

/// GitLab's number of a person.
///
/// # Errors
/// 422 for what is no id.
pub fn gitlab_user_id(id: Option<i64>) -> Result<Option<i64>, ApiError> {
    if id.is_some_and(|id| id < 1) {
        let why = "GitLab's user ids are whole numbers from 1 on; write null if it is not known.";
        return Err(ApiError::new(ProblemCode::Invalid, why).about("gitlab_user_id"));
    }
    Ok(id)
}

/// Who is signed in.
#[must_use]
pub fn session(me: Myself) -> dto::Session {
    dto::Session {
        all_projects: me.reaches_all(),
        account_id: me.account.id.as_str().to_owned(),
        name: me.account.name,
        email: me.account.email,
        roles: me.account.roles.into_iter().map(role).collect(),
        permissions: me.caller.permissions.all().iter().copied().map(permission).collect(),
        has_password: me.account.has_password,
        expires_at: me.expires_at,
        provider: me.provider,
    }
}

/// Sessions; `own` is the caller's.
#[must_use]
pub fn sessions(rows: Vec<SessionRow>, own: Option<&SessionId>) -> dto::SessionList {
    let items = rows.into_iter().map(|row| dto::SessionItem {
        current: own.is_some_and(|own| own.as_str() == row.id),
        id: row.id,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
        user_agent: row.user_agent,
        address: row.address,
    });
    dto::SessionList { items: items.collect() }
}

/// What a link is good for.
#[must_use]
pub fn link_info(good: Good) -> dto::LinkInfo {
    let kind = match good.kind {
        LinkKind::Setup => dto::LinkKind::Setup,
        LinkKind::Invitation => dto::LinkKind::Invitation,
        LinkKind::Reset => dto::LinkKind::Reset,
    };
    dto::LinkInfo { kind, name: good.name, email: good.email, expires_at: good.expires_at }
}

/// A link to hand over; `place` is where browsers find the app.
#[must_use]
pub fn one_time_link(place: &str, made: &Made) -> dto::OneTimeLink {
    dto::OneTimeLink {
        url: format!("{place}/welcome#{}", made.secret.expose_secret()),
        expires_at: made.expires_at.to_string(),
    }
}

/// A person.
#[must_use]
pub fn person(person: Person) -> dto::Person {
    let version = person.version();
    let account = person.account;
    dto::Person {
        id: account.id.as_str().to_owned(),
        name: account.name,
        email: account.email,
        roles: account.roles.into_iter().map(role).collect(),
        all_projects: account.all_projects,
        projects: person.projects,
        groups: person.groups,
        gitlab_user_id: account.gitlab_user_id,
        active: account.active,
        accepted: account.joined_at.is_some(),
        created_at: account.created_at,
        last_sign_in_at: account.last_sign_in_at,
        locked_until: person.locked_until,
        version,
    }
}

/// A group.
#[must_use]
pub fn group(row: GroupRow) -> dto::Group {
    dto::Group {
        version: groups::version(&row),
        id: row.id.as_str().to_owned(),
        name: row.name,
        projects: row.projects,
        members: row.members,
    }
}

/// A group's contents from a request.
///
/// # Errors
/// 422 if the name is not valid.
pub fn group_contents(new: dto::GroupChange) -> Result<GroupContents, ApiError> {
    validate_name(&new.name).map_err(|wrong| fault(wrong, "name"))?;
    Ok(GroupContents { name: new.name, projects: new.projects, members: new.members })
}

/// A token.
#[must_use]
pub fn token(row: TokenRow) -> dto::TokenItem {
    dto::TokenItem {
        id: row.id.as_str().to_owned(),
        name: row.name,
        hint: row.hint,
        scopes: row.scopes.into_iter().map(permission).collect(),
        projects: row.projects,
        account_id: row.account_id.as_str().to_owned(),
        account_name: row.account_name,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_from_elsewhere_are_called_what_a_form_would_take() {
        use crate::domain::person;
        for letter in '\0'..=char::MAX {
            assert_eq!(person::is_unseen(letter), shared::decision::is_unseen(letter), "{letter:?}");
            let name = format!("A{letter}b");
            let kept = person::tidy_name(&name);
            assert!(kept.as_deref().is_some_and(|name| validate_name(name).is_ok()), "{letter:?}");
            // What a form takes stays as it is, but for blanks.
            if validate_name(&name).is_ok() && !letter.is_whitespace() {
                assert_eq!(kept.as_deref(), Some(&*name), "{letter:?}");
            }
        }
        for email in [
            "a@b",
            " a@b ",
            "@b",
            "a@",
            "a b@c",
            "a\0@b",
            "ü@例え.jp",
            "",
            &format!("{}@b", "a".repeat(EMAIL_MAX)),
        ] {
            assert_eq!(
                person::address(email).is_some(),
                shared::account::validate_email(email).is_ok(),
                "{email}"
            );
        }
    }

    #[test]
    fn the_api_uses_the_words_and_the_rules_of_the_domain() {
        for one in Permission::ALL {
            assert_eq!(permission(one).as_str(), one.as_str());
            assert_eq!(domain_permission(permission(one)), one);
        }
        for one in Role::ALL {
            assert_eq!(role(one).as_str(), one.as_str());
            assert_eq!(domain_role(role(one)), one);
            let shown: Vec<_> = one.permissions().iter().copied().map(permission).collect();
            assert_eq!(role(one).permissions(), shown);
        }
    }
}
