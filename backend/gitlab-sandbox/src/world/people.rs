//! Users, their access levels and the tokens they hold.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Missing, World};

/// GitLab's access levels (<https://docs.gitlab.com/api/access_requests/#valid-access-levels>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// Not a member.
    None = 0,
    /// 10
    Guest = 10,
    /// 15
    Planner = 15,
    /// 20
    Reporter = 20,
    /// 30
    Developer = 30,
    /// 40
    Maintainer = 40,
    /// 50
    Owner = 50,
}

impl AccessLevel {
    /// The number that GitLab's API shows.
    pub fn number(self) -> i64 {
        self as i64
    }
}

/// Somebody known to this GitLab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user's id.
    pub id: i64,
    /// The login name.
    pub username: String,
    /// The name people read.
    pub name: String,
    /// Access to every project that says nothing else.
    pub access: AccessLevel,
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The token's id.
    pub id: i64,
    /// What a client sends.
    pub value: String,
    /// Whose it is.
    pub user: i64,
    /// `api`, `read_api`, …
    pub scopes: Vec<String>,
    /// The last day it works on, as `YYYY-MM-DD`.
    pub expires_at: Option<String>,
    /// Whether it was taken back.
    pub revoked: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Token {
    /// Whether the token still opens doors at `now`; it expires at midnight UTC of its date.
    pub fn is_active(&self, now: Timestamp) -> bool {
        let today = now.strftime("%Y-%m-%d").to_string();
        !self.revoked && self.expires_at.as_ref().is_none_or(|day| today < *day)
    }

    /// Whether the token has a scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }
}

impl World {
    /// The id of the user with this name, who is made (a Developer) if nobody has it.
    pub fn user_named(&mut self, username: &str) -> i64 {
        if let Some(user) = self.users.values().find(|user| user.username == username) {
            return user.id;
        }
        let id = self.ids.user();
        let user =
            User { id, username: username.into(), name: readable(username), access: AccessLevel::Developer };
        self.users.insert(id, user);
        id
    }

    /// Makes or replaces a token together with its user's general access level.
    pub fn put_token(
        &mut self,
        value: &str,
        username: &str,
        access: AccessLevel,
        scopes: &[&str],
        now: Timestamp,
    ) {
        let user = self.user_named(username);
        if let Some(user) = self.users.get_mut(&user) {
            user.access = access;
        }
        self.tokens.retain(|token| token.value != value);
        let id = self.ids.token();
        self.tokens.push(Token {
            id,
            value: value.into(),
            user,
            scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
            expires_at: None,
            revoked: false,
            created_at: now,
        });
    }

    /// The access level of a user in a project.
    pub fn access(&self, project: i64, user: i64) -> Result<AccessLevel, Missing> {
        let project = self.project(project)?;
        let general = self.users.get(&user).map_or(AccessLevel::None, |user| user.access);
        Ok(project.members.get(&user).copied().unwrap_or(general))
    }
}

/// `sam-sample` read as `Sam Sample`.
fn readable(username: &str) -> String {
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    username.split(['-', '_', '.']).map(capitalised).collect::<Vec<_>>().join(" ")
}
