//! Who may do what: permissions, roles, and the projects somebody reaches.

use super::Time;
use super::ids::{AccountId, SessionId, TokenId};
use super::once::Once;
use super::record::Actor;

/// What an operation needs. API tokens carry them as scopes; people get them from their roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// See checks, the live stream and what the service says about itself.
    ChecksRead,
    /// Decide on checks and have GitLab told again.
    ChecksDecide,
    /// List projects.
    ProjectsRead,
    /// Connect and change projects, and reconcile with GitLab.
    ProjectsWrite,
    /// Read, export and verify the record.
    AuditRead,
    /// Manage outgoing webhooks.
    WebhooksManage,
    /// Manage people, groups and tokens, and replay calls.
    Admin,
}

impl Permission {
    /// All permissions.
    pub const ALL: [Permission; 7] = [
        Permission::ChecksRead,
        Permission::ChecksDecide,
        Permission::ProjectsRead,
        Permission::ProjectsWrite,
        Permission::AuditRead,
        Permission::WebhooksManage,
        Permission::Admin,
    ];

    /// The word in the database, in the API and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Permission::ChecksRead => "checks:read",
            Permission::ChecksDecide => "checks:decide",
            Permission::ProjectsRead => "projects:read",
            Permission::ProjectsWrite => "projects:write",
            Permission::AuditRead => "audit:read",
            Permission::WebhooksManage => "webhooks:manage",
            Permission::Admin => "admin",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// What a person is here. One may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Sees checks.
    Viewer,
    /// Sees checks and decides on them.
    Reviewer,
    /// Manages people, tokens and projects; decides only when also a reviewer.
    Administrator,
    /// Sees checks and reads the record.
    Auditor,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Reviewer, Role::Administrator, Role::Auditor];

    /// The word in the database, in the API and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Reviewer => "reviewer",
            Role::Administrator => "administrator",
            Role::Auditor => "auditor",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }

    /// What the role permits.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Role::Viewer => &[Permission::ChecksRead],
            Role::Reviewer => &[Permission::ChecksRead, Permission::ChecksDecide],
            Role::Administrator => &[
                Permission::ChecksRead,
                Permission::ProjectsRead,
                Permission::ProjectsWrite,
                Permission::AuditRead,
                Permission::WebhooksManage,
                Permission::Admin,
            ],
            Role::Auditor => &[Permission::ChecksRead, Permission::ProjectsRead, Permission::AuditRead],
        }
    }
}

/// A set of permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(Vec<Permission>);

impl Permissions {
    /// What these roles permit together.
    #[must_use]
    pub fn of_roles(roles: &[Role]) -> Self {
        roles.iter().flat_map(|role| role.permissions()).copied().collect()
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn allow(&self, one: Permission) -> bool {
        self.0.contains(&one)
    }

    /// Those that are in both sets.
    #[must_use]
    pub fn and(&self, other: &[Permission]) -> Self {
        self.0.iter().filter(|one| other.contains(one)).copied().collect()
    }

    /// All of them, in the order of [`Permission::ALL`].
    #[must_use]
    pub fn all(&self) -> &[Permission] {
        &self.0
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(some: I) -> Self {
        let mut all: Vec<Permission> = some.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        Self(all)
    }
}

/// Which projects somebody reaches. It names the grants instead of listing the projects: the store
/// looks them up inside each query, so that thousands of projects cost no bind variables and a grant
/// that is taken away is gone at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All projects, also those that are not known yet.
    All,
    /// Only projects that every grant given here names.
    Granted {
        /// The projects of this account and of its groups; `None` if the account reaches all.
        account: Option<AccountId>,
        /// The projects that this token is limited to; `None` if it is not limited.
        token: Option<TokenId>,
    },
}

impl Reach {
    /// The reach of an account, perhaps through a token that is limited.
    #[must_use]
    pub fn of(all_projects: bool, account: &AccountId, limited_token: Option<&TokenId>) -> Self {
        match (all_projects, limited_token) {
            (true, None) => Self::All,
            (true, Some(token)) => Self::Granted { account: None, token: Some(token.clone()) },
            (false, token) => Self::Granted { account: Some(account.clone()), token: token.cloned() },
        }
    }
}

/// Through what somebody acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// A session in a browser.
    Browser {
        /// The session.
        session: SessionId,
    },
    /// An API token.
    Token {
        /// The token.
        id: TokenId,
        /// What it is for.
        name: String,
    },
}

impl Via {
    /// As the record says it: `browser` or `token NAME`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Via::Browser { .. } => "browser".into(),
            Via::Token { name, .. } => format!("token {name}"),
        }
    }
}

/// Somebody who was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account; for a token the one it acts for.
    pub account_id: AccountId,
    /// The person's name.
    pub name: String,
    /// Through what they act.
    pub via: Via,
    /// What they may do.
    pub permissions: Permissions,
    /// Which projects they reach.
    pub reach: Reach,
    /// GitLab's id of the same person.
    pub gitlab_user_id: Option<i64>,
    /// That what they ask for is to be done only once, if they say so.
    pub once: Option<Once>,
}

impl Caller {
    /// Whether this permission is held.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.allow(permission)
    }

    /// As the record names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            name: self.name.clone(),
            account_id: Some(self.account_id.as_str().to_owned()),
            via: self.via.text(),
            token_id: match &self.via {
                Via::Browser { .. } => None,
                Via::Token { id, .. } => Some(id.as_str().to_owned()),
            },
        }
    }

    /// The account whose own acts may be heard of: that of a person in a browser. A token is for what it may do, not for
    /// what its owner does elsewhere.
    #[must_use]
    pub fn own_account(&self) -> Option<&str> {
        matches!(self.via, Via::Browser { .. }).then(|| self.account_id.as_str())
    }

    /// Whether events that belong to no project may be seen.
    #[must_use]
    pub fn sees_everything_else(&self) -> bool {
        self.may(Permission::Admin) || self.may(Permission::AuditRead)
    }
}

/// Why somebody may not decide on a check that they can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// Their roles, or the token's scopes, do not include deciding.
    NoPermission,
    /// They wrote the merge request.
    OwnChange,
}

impl Barred {
    /// What a person reads about it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Barred::NoPermission => "You may look at this check, but your roles do not include deciding.",
            Barred::OwnChange => {
                "You wrote this merge request; somebody else has to decide on it. Nobody decides on their own change."
            }
        }
    }
}

/// Whether something bars the caller from deciding on a merge request of this author.
#[must_use]
pub fn barred(caller: &Caller, author_gitlab_id: Option<i64>) -> Option<Barred> {
    if !caller.may(Permission::ChecksDecide) {
        return Some(Barred::NoPermission);
    }
    match (caller.gitlab_user_id, author_gitlab_id) {
        (Some(me), Some(author)) if me == author => Some(Barred::OwnChange),
        (_, _) => None,
    }
}

/// Of the checks that wait for a decision: those that the caller may decide on, or the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The caller may decide.
    Mine,
    /// Somebody else has to.
    Others,
}

/// Who must have written a merge request (or not), by GitLab's id; what a [`Turn`] comes to for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It does not matter.
    ByAnybody,
    /// Nothing fits.
    ByNobody,
    /// This person.
    By(i64),
    /// Anybody but this person.
    NotBy(i64),
}

impl Turn {
    /// Whose merge requests these are: [`barred`], turned into a condition on the author.
    #[must_use]
    pub fn of(self, caller: &Caller) -> Written {
        let me = caller.gitlab_user_id.filter(|_| caller.may(Permission::ChecksDecide));
        match (self, me, caller.may(Permission::ChecksDecide)) {
            (Turn::Mine, _, false) | (Turn::Others, None, true) => Written::ByNobody,
            (Turn::Mine, None, true) | (Turn::Others, _, false) => Written::ByAnybody,
            (Turn::Mine, Some(me), true) => Written::NotBy(me),
            (Turn::Others, Some(me), true) => Written::By(me),
        }
    }
}

/// Whether a session has not ended at `now`: neither by age nor by rest.
#[must_use]
pub fn session_lives(last_seen: Time, expires: Time, idle: std::time::Duration, now: Time) -> bool {
    now < expires && now < last_seen.after(idle)
}

#[cfg(test)]
mod tests;
