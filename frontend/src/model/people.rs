//! People, groups and tokens: what forms send, and how each stands.

use shared::account::{AccountFault, validate_email, validate_name, validate_password};
use shared::{
    AcceptLink, LinkKind, NewPassword, NewPerson, NewToken, Permission, Person, PersonChange, Role,
};

use crate::texts;

/// What is wrong with a field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field, as named in the API.
    pub field: String,
    /// What to do about it.
    pub says: String,
}

fn wrong(field: &str) -> impl Fn(AccountFault) -> Wrong {
    move |fault| Wrong { field: field.into(), says: texts::account_fault(fault) }
}

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Signs in.
    Active,
    /// Has not used the invitation.
    Invited,
    /// Sign-in is locked for a while.
    Locked,
    /// Switched off.
    Off,
}

impl Standing {
    /// How this person stands.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        match (person.active, &person.locked_until, person.accepted) {
            (false, _, _) => Standing::Off,
            (true, Some(_), _) => Standing::Locked,
            (true, None, false) => Standing::Invited,
            (true, None, true) => Standing::Active,
        }
    }
}

/// Whether a person matches what was typed into the search field.
#[must_use]
pub fn matches(person: &Person, q: &str) -> bool {
    let q = q.trim().to_ascii_lowercase();
    [&person.name, &person.email].into_iter().any(|text| text.to_ascii_lowercase().contains(&q))
}

/// What a form says about a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Display name.
    pub name: String,
    /// E-mail address; only for those who are invited.
    pub email: String,
    /// The roles.
    pub roles: Vec<Role>,
    /// Whether all projects are reached.
    pub all_projects: bool,
    /// The projects, else.
    pub projects: Vec<String>,
    /// The groups.
    pub groups: Vec<String>,
    /// GitLab's numeric id as typed.
    pub gitlab: String,
    /// Whether the account may sign in.
    pub active: bool,
}

impl Entry {
    /// The form for somebody known.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        let person = person.clone();
        Self {
            name: person.name,
            email: person.email,
            roles: person.roles,
            all_projects: person.all_projects,
            projects: person.projects,
            groups: person.groups,
            gitlab: person.gitlab_user_id.map(|id| id.to_string()).unwrap_or_default(),
            active: person.active,
        }
    }

    /// Name, roles and GitLab's id, if they are in order.
    fn checked(&self) -> Result<Option<i64>, Wrong> {
        validate_name(&self.name).map_err(wrong("name"))?;
        if self.roles.is_empty() {
            return Err(wrong("roles")(AccountFault::NoRole));
        }
        match self.gitlab.trim() {
            "" => Ok(None),
            typed => {
                typed.parse().ok().filter(|id: &i64| *id > 0).map(Some).ok_or_else(|| Wrong {
                    field: "gitlab_user_id".into(),
                    says: texts::BAD_GITLAB_ID.into(),
                })
            }
        }
    }

    /// The projects that are granted one by one.
    fn granted(&self) -> Vec<String> {
        if self.all_projects { Vec::new() } else { self.projects.clone() }
    }

    /// The invitation to send.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn invitation(&self) -> Result<NewPerson, Wrong> {
        let gitlab_user_id = self.checked()?;
        validate_email(&self.email).map_err(wrong("email"))?;
        Ok(NewPerson {
            name: self.name.trim().to_owned(),
            email: self.email.trim().to_owned(),
            roles: self.roles.clone(),
            all_projects: self.all_projects,
            projects: self.granted(),
            groups: self.groups.clone(),
            gitlab_user_id,
        })
    }

    /// The change to send.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn change(&self) -> Result<PersonChange, Wrong> {
        let gitlab_user_id = self.checked()?;
        Ok(PersonChange {
            name: self.name.trim().to_owned(),
            roles: self.roles.clone(),
            all_projects: self.all_projects,
            projects: self.granted(),
            groups: self.groups.clone(),
            gitlab_user_id,
            active: self.active,
            expected_version: None,
        })
    }
}

/// What is sent with a one-time link.
///
/// # Errors
/// The first field that is wrong.
pub fn acceptance(
    kind: LinkKind,
    token: &str,
    name: &str,
    email: &str,
    password: &str,
) -> Result<AcceptLink, Wrong> {
    let setup = kind == LinkKind::Setup;
    if kind != LinkKind::Reset {
        validate_name(name).map_err(wrong("name"))?;
    }
    if setup {
        validate_email(email).map_err(wrong("email"))?;
    }
    validate_password(password).map_err(wrong("password"))?;
    Ok(AcceptLink {
        token: token.to_owned(),
        name: (kind != LinkKind::Reset).then(|| name.trim().to_owned()),
        email: setup.then(|| email.trim().to_owned()),
        password: password.to_owned(),
    })
}

/// The change of a password.
///
/// # Errors
/// The first field that is wrong.
pub fn password_change(current: &str, new: &str) -> Result<NewPassword, Wrong> {
    if current.is_empty() {
        return Err(Wrong { field: "current".into(), says: texts::CURRENT_NEEDED.into() });
    }
    validate_password(new).map_err(wrong("new"))?;
    Ok(NewPassword { current: current.to_owned(), new: new.to_owned() })
}

/// The API token to make. `days` is what the choice says; empty for one that never ends.
///
/// # Errors
/// The first field that is wrong.
pub fn new_token(
    name: &str,
    scopes: Vec<Permission>,
    projects: Vec<String>,
    days: &str,
) -> Result<NewToken, Wrong> {
    validate_name(name).map_err(wrong("name"))?;
    if scopes.is_empty() {
        return Err(Wrong { field: "scopes".into(), says: texts::SCOPE_NEEDED.into() });
    }
    Ok(NewToken { name: name.trim().to_owned(), scopes, projects, expires_in_days: days.parse().ok() })
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
