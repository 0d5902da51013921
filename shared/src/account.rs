//! People: sign-in, sessions, accounts, groups, and the links that let somebody in.

use serde::{Deserialize, Serialize};

use crate::access::{Permission, Role};
use crate::decision::is_blank;

/// The shortest password, in Unicode scalar values (NIST SP 800-63B asks for at least 8, better 15).
pub const PASSWORD_MIN: usize = 12;
/// The longest password, in bytes: hashing more is only a way to keep the service busy.
pub const PASSWORD_MAX: usize = 512;
/// The longest name, in Unicode scalar values.
pub const NAME_MAX: usize = 100;
/// The longest e-mail address, in bytes (RFC 5321, section 4.5.3.1.3).
pub const EMAIL_MAX: usize = 254;

/// Who is signed in, as `GET session` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// The account's id; for an API token the account it acts for.
    pub account_id: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// The roles.
    pub roles: Vec<Role>,
    /// What the caller may do: from the roles, or the token's scopes.
    pub permissions: Vec<Permission>,
    /// Whether the caller reaches all projects, or only those granted.
    pub all_projects: bool,
    /// Whether the account has a password that can be changed here.
    pub has_password: bool,
    /// When the session ends at the latest, RFC 3339 UTC; `null` for a token that never does.
    pub expires_at: Option<String>,
    /// The provider it began with, by its id: signing out goes on there. `null` after a password.
    pub provider: Option<String>,
}

/// A provider that people can sign in with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignInProvider {
    /// Its name in the configuration and in addresses.
    pub id: String,
    /// What the button says.
    pub name: String,
}

/// A ready-made person of the sandbox: only the demo has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SamplePerson {
    /// Display name.
    pub name: String,
    /// E-mail address to sign in with.
    pub email: String,
    /// The password; everybody may know it.
    pub password: String,
    /// The roles.
    pub roles: Vec<Role>,
}

/// What the sign-in page offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignInOptions {
    /// OpenID Connect providers.
    pub providers: Vec<SignInProvider>,
    /// Whether nobody can sign in yet: the one-time link that the service printed at its start makes the first administrator.
    pub setup_needed: bool,
    /// The sandbox's people; empty outside the demo.
    pub samples: Vec<SamplePerson>,
}

/// The body of `POST session`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// E-mail address; case does not matter.
    pub email: String,
    /// Password.
    pub password: String,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LinkKind {
    /// Makes the first administrator.
    Setup,
    /// Lets an invited person set a password.
    Invitation,
    /// Lets a person set a new password.
    Reset,
}

impl LinkKind {
    /// The word used in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            LinkKind::Setup => "setup",
            LinkKind::Invitation => "invitation",
            LinkKind::Reset => "reset",
        }
    }
}

/// The body of `POST links/inspect`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkSecret {
    /// The part of the link behind `#`.
    pub token: String,
}

/// What a link is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkInfo {
    /// What it is for.
    pub kind: LinkKind,
    /// The person's name; empty for `setup`.
    pub name: String,
    /// The person's e-mail address; empty for `setup`.
    pub email: String,
    /// When it ends, RFC 3339 UTC; `null` for `setup`, which is good until used.
    pub expires_at: Option<String>,
}

/// The body of `POST links/accept`. Signs the person in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptLink {
    /// The part of the link behind `#`.
    pub token: String,
    /// The name; needed for `setup`, otherwise the one on record stays if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address; needed for `setup`, refused otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The new password.
    #[cfg_attr(feature = "openapi", schema(min_length = 12, max_length = 512))]
    pub password: String,
}

/// The body of `PUT account/password`. All other sessions of the account end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPassword {
    /// The password as it is.
    pub current: String,
    /// The password as it shall be.
    #[cfg_attr(feature = "openapi", schema(min_length = 12, max_length = 512))]
    pub new: String,
}

/// One session of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionItem {
    /// Its id; not the secret in the cookie.
    pub id: String,
    /// When it began, RFC 3339 UTC.
    pub created_at: String,
    /// When it was last used, RFC 3339 UTC, to the minute.
    pub last_seen_at: String,
    /// When it ends at the latest, RFC 3339 UTC.
    pub expires_at: String,
    /// The browser, as it calls itself.
    pub user_agent: String,
    /// Where it was begun from.
    pub address: String,
    /// Whether it is the caller's own.
    pub current: bool,
}

/// An account's sessions, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionList {
    /// The sessions that have not ended.
    pub items: Vec<SessionItem>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Person {
    /// The account's id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// The roles.
    pub roles: Vec<Role>,
    /// Whether all projects are reached.
    pub all_projects: bool,
    /// Our ids of the projects granted to this person, besides those of the groups.
    pub projects: Vec<String>,
    /// Ids of the groups the person is in.
    pub groups: Vec<String>,
    /// GitLab's numeric id of the same person; who wrote a merge request may not decide on it.
    pub gitlab_user_id: Option<i64>,
    /// Whether the account may sign in. Accounts are disabled, never deleted: the record keeps its names.
    pub active: bool,
    /// Whether the person has set a password, or signed in through a provider.
    pub accepted: bool,
    /// When the account was made, RFC 3339 UTC.
    pub created_at: String,
    /// When the person last signed in, RFC 3339 UTC.
    pub last_sign_in_at: Option<String>,
    /// Until when sign-in is locked after too many failures, RFC 3339 UTC.
    pub locked_until: Option<String>,
    /// Another one after every change of what an administrator may set.
    pub version: String,
}

/// All people, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonList {
    /// The people.
    pub items: Vec<Person>,
}

/// The body of `POST people`: invites a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPerson {
    /// Display name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: String,
    /// E-mail address; nobody else may have it.
    pub email: String,
    /// At least one role.
    pub roles: Vec<Role>,
    /// Whether all projects are reached.
    pub all_projects: bool,
    /// Our ids of the projects to grant.
    #[serde(default)]
    pub projects: Vec<String>,
    /// Ids of the groups to join.
    #[serde(default)]
    pub groups: Vec<String>,
    /// GitLab's numeric id of the same person, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gitlab_user_id: Option<i64>,
}

/// The body of `PUT people/{id}`: everything about a person that an administrator may set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonChange {
    /// Display name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: String,
    /// At least one role.
    pub roles: Vec<Role>,
    /// Whether all projects are reached.
    pub all_projects: bool,
    /// Our ids of the projects granted.
    pub projects: Vec<String>,
    /// Ids of the groups.
    pub groups: Vec<String>,
    /// GitLab's numeric id of the same person; `null` if they have none. It keeps authors from deciding on their own
    /// merge requests, so that it has to be said.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub gitlab_user_id: Option<i64>,
    /// Whether the account may sign in; switching it off ends its sessions and its tokens.
    pub active: bool,
    /// The `version` that was looked at. If the person was changed since, the answer is 409.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<String>,
}

/// A link to hand to a person. It is shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OneTimeLink {
    /// The address to open.
    pub url: String,
    /// When it ends, RFC 3339 UTC.
    pub expires_at: String,
}

/// A person just invited.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invited {
    /// The person.
    pub person: Person,
    /// What to send to them.
    pub link: OneTimeLink,
}

/// What is wrong with a name, an address or a password before anything is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountFault {
    /// Nothing to be seen of it, longer than [`NAME_MAX`], or with control characters or such that turn the direction of text.
    BadName,
    /// Not of the form `somebody@somewhere`, or longer than [`EMAIL_MAX`].
    BadEmail,
    /// Shorter than [`PASSWORD_MIN`].
    PasswordTooShort,
    /// Longer than [`PASSWORD_MAX`].
    PasswordTooLong,
    /// No role.
    NoRole,
}

/// Checks a display name.
///
/// # Errors
/// [`AccountFault::BadName`].
pub fn validate_name(name: &str) -> Result<(), AccountFault> {
    let name = name.trim();
    if is_blank(name) || name.chars().count() > NAME_MAX || name.chars().any(is_no_part_of_names) {
        return Err(AccountFault::BadName);
    }
    Ok(())
}

/// Control characters, and those with which what follows stands in another direction or order.
fn is_no_part_of_names(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Checks an e-mail address: enough to catch a slip; only a mail that arrives proves more.
///
/// # Errors
/// [`AccountFault::BadEmail`].
pub fn validate_email(email: &str) -> Result<(), AccountFault> {
    let email = email.trim();
    let fine = email.len() <= EMAIL_MAX
        && email.chars().all(|c| !c.is_whitespace() && !c.is_control())
        && email.rsplit_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if fine { Ok(()) } else { Err(AccountFault::BadEmail) }
}

/// Checks a new password: its length only, as NIST SP 800-63B advises.
///
/// # Errors
/// [`AccountFault::PasswordTooShort`] or [`AccountFault::PasswordTooLong`].
pub fn validate_password(password: &str) -> Result<(), AccountFault> {
    if password.chars().count() < PASSWORD_MIN {
        return Err(AccountFault::PasswordTooShort);
    }
    if password.len() > PASSWORD_MAX {
        return Err(AccountFault::PasswordTooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_caught_and_odd_but_valid_ones_are_not() {
        for fine in ["a@b", "rita.o'neil+x@example.com", "ü@例え.jp"] {
            assert_eq!(validate_email(fine), Ok(()), "{fine}");
        }
        for wrong in ["", "rita", "@example.com", "rita@", "ri ta@example.com"] {
            assert_eq!(validate_email(wrong), Err(AccountFault::BadEmail), "{wrong}");
        }
        assert_eq!(validate_name("Rita"), Ok(()));
        for wrong in
            [" \t", "", "\u{200b}\u{200b}", "\u{3164}", "Rita\u{202e}", "Ri\nta", &"x".repeat(NAME_MAX + 1)]
        {
            assert_eq!(validate_name(wrong), Err(AccountFault::BadName), "{wrong:?}");
        }
        assert_eq!(validate_password("é".repeat(PASSWORD_MIN).as_str()), Ok(()));
        assert_eq!(validate_password("eleven char"), Err(AccountFault::PasswordTooShort));
        assert_eq!(validate_password(&"x".repeat(PASSWORD_MAX + 1)), Err(AccountFault::PasswordTooLong));
    }
}
