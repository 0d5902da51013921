//! Identifiers: UUIDs, version 7, as text. They sort by the time they were made.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// A new identifier.
            #[must_use]
            pub fn generate() -> Self {
                Self(uuid::Uuid::now_v7().to_string())
            }

            /// Takes an identifier that was stored before.
            #[must_use]
            pub fn stored(text: String) -> Self {
                Self(text)
            }

            /// Reads an identifier from a request; `None` if it is not a UUID.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                uuid::Uuid::try_parse(text).ok().map(|id| Self(id.to_string()))
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A connection to a GitLab instance.
    ConnectionId;
    /// A GitLab project on a connection.
    ProjectId;
    /// An external status check of a project.
    RuleId;
    /// A merge request of a project.
    MergeRequestId;
    /// One thing to decide.
    CheckId;
    /// A decision.
    DecisionId;
    /// A delivery to GitLab.
    DeliveryId;
    /// A person's account.
    AccountId;
    /// A group of people.
    GroupId;
    /// A session; not the secret in the cookie.
    SessionId;
    /// An API token; not its secret.
    TokenId;
    /// A one-time link; not its secret.
    LinkId;
}

/// The first eight characters of a SHA, for people to read.
#[must_use]
pub fn short_sha(sha: &str) -> &str {
    sha.get(..8).unwrap_or(sha)
}

/// Whether this is a full commit SHA as GitLab sends it: 40 (SHA-1) or 64 (SHA-256) hex digits.
#[must_use]
pub fn is_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
