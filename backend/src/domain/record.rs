//! The record: what happened, in words that stay.

use super::ids::AccountId;

/// The kind of an event; the words are part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A check arrived.
    CheckCreated,
    /// Facts of the merge request changed.
    CheckUpdated,
    /// The merge request is to be merged into another branch.
    CheckRetargeted,
    /// Somebody decided.
    CheckDecided,
    /// A newer commit exists.
    CheckSuperseded,
    /// Closed, merged, or the rule is gone.
    CheckWithdrawn,
    /// To be decided, or decided, again.
    CheckReopened,
    /// The decision no longer counts.
    CheckVoided,
    /// Retry was pressed in GitLab, or a lost answer is sent again.
    CheckRetried,
    /// GitLab accepted a delivery.
    DeliveryDelivered,
    /// GitLab refused a delivery.
    DeliveryFailed,
    /// A person has a delivery sent again.
    DeliveryRetried,
    /// GitLab shows `passed` though nobody here decided so.
    AlarmUndecidedPass,
    /// A person looked into such an alarm.
    AlarmAcknowledged,
    /// A connection or rule stopped working.
    ConnectionBroken,
    /// A connection or rule works again.
    ConnectionRestored,
    /// A call was set aside.
    CallSetAside,
    /// A set-aside call is queued again.
    CallReplayed,
    /// A rule was enrolled by its first call.
    RuleEnrolled,
    /// A rule's settings were changed.
    RuleChanged,
    /// Somebody signed in.
    SignedIn,
    /// A sign-in failed.
    SignInFailed,
    /// A session was ended.
    SignedOut,
    /// The first administrator was made.
    SetUp,
    /// A person was invited or made.
    PersonInvited,
    /// A person's roles, projects or groups changed, or the account was switched on or off.
    PersonChanged,
    /// An invited person set a password or came through a provider.
    PersonJoined,
    /// A password was set anew.
    PasswordChanged,
    /// A link to set a new password was made.
    LinkMade,
    /// A group was made, changed or removed.
    GroupChanged,
    /// An API token was made.
    TokenMade,
    /// An API token was revoked.
    TokenRevoked,
    /// The key that seals secrets was replaced.
    SecretsRotated,
    /// The record was exported.
    AuditExported,
    /// Somebody tried to decide who may not.
    DecisionRefused,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [EventKind; 35] = [
        EventKind::CheckCreated,
        EventKind::CheckUpdated,
        EventKind::CheckRetargeted,
        EventKind::CheckDecided,
        EventKind::CheckSuperseded,
        EventKind::CheckWithdrawn,
        EventKind::CheckReopened,
        EventKind::CheckVoided,
        EventKind::CheckRetried,
        EventKind::DeliveryDelivered,
        EventKind::DeliveryFailed,
        EventKind::DeliveryRetried,
        EventKind::AlarmUndecidedPass,
        EventKind::AlarmAcknowledged,
        EventKind::ConnectionBroken,
        EventKind::ConnectionRestored,
        EventKind::CallSetAside,
        EventKind::CallReplayed,
        EventKind::RuleEnrolled,
        EventKind::RuleChanged,
        EventKind::SignedIn,
        EventKind::SignInFailed,
        EventKind::SignedOut,
        EventKind::SetUp,
        EventKind::PersonInvited,
        EventKind::PersonChanged,
        EventKind::PersonJoined,
        EventKind::PasswordChanged,
        EventKind::LinkMade,
        EventKind::GroupChanged,
        EventKind::TokenMade,
        EventKind::TokenRevoked,
        EventKind::SecretsRotated,
        EventKind::AuditExported,
        EventKind::DecisionRefused,
    ];

    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            EventKind::CheckCreated => "check.created",
            EventKind::CheckUpdated => "check.updated",
            EventKind::CheckRetargeted => "check.retargeted",
            EventKind::CheckDecided => "check.decided",
            EventKind::CheckSuperseded => "check.superseded",
            EventKind::CheckWithdrawn => "check.withdrawn",
            EventKind::CheckReopened => "check.reopened",
            EventKind::CheckVoided => "check.voided",
            EventKind::CheckRetried => "check.retried",
            EventKind::DeliveryDelivered => "delivery.delivered",
            EventKind::DeliveryFailed => "delivery.failed",
            EventKind::DeliveryRetried => "delivery.retried",
            EventKind::AlarmUndecidedPass => "alarm.undecided_pass",
            EventKind::AlarmAcknowledged => "alarm.acknowledged",
            EventKind::ConnectionBroken => "connection.broken",
            EventKind::ConnectionRestored => "connection.restored",
            EventKind::CallSetAside => "call.set_aside",
            EventKind::CallReplayed => "call.replayed",
            EventKind::RuleEnrolled => "rule.enrolled",
            EventKind::RuleChanged => "rule.changed",
            EventKind::SignedIn => "session.started",
            EventKind::SignInFailed => "session.refused",
            EventKind::SignedOut => "session.ended",
            EventKind::SetUp => "account.set_up",
            EventKind::PersonInvited => "account.invited",
            EventKind::PersonChanged => "account.changed",
            EventKind::PersonJoined => "account.joined",
            EventKind::PasswordChanged => "account.password_changed",
            EventKind::LinkMade => "account.link_made",
            EventKind::GroupChanged => "group.changed",
            EventKind::TokenMade => "token.made",
            EventKind::TokenRevoked => "token.revoked",
            EventKind::SecretsRotated => "secrets.rotated",
            EventKind::AuditExported => "audit.exported",
            EventKind::DecisionRefused => "check.decision_refused",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The service itself, as the actor and as the way.
const SELF: &str = "approval-app";
/// GitLab, as the actor and as the way.
const GITLAB: &str = "gitlab";

/// Who acted, and through what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// A person's name, `gitlab` or `approval-app`.
    pub name: String,
    /// The person's account, if it was one that has signed in.
    pub account_id: Option<String>,
    /// `browser`, `token NAME`, `command line`, `gitlab` or `approval-app`.
    pub via: String,
    /// Which token, since several may have one name.
    pub token_id: Option<String>,
}

impl Actor {
    /// The service itself.
    #[must_use]
    pub fn app() -> Self {
        Self::without_account(SELF, SELF)
    }

    /// GitLab.
    #[must_use]
    pub fn gitlab() -> Self {
        Self::without_account(GITLAB, GITLAB)
    }

    /// Somebody who has no account, or is not known to have one.
    #[must_use]
    pub fn without_account(name: &str, via: &str) -> Self {
        Self { name: name.into(), account_id: None, via: via.into(), token_id: None }
    }

    /// Somebody in a browser, whose account is known though no session has begun.
    #[must_use]
    pub fn in_browser(name: &str, account: &AccountId) -> Self {
        Self { account_id: Some(account.as_str().to_owned()), ..Self::without_account(name, "browser") }
    }
}

/// An event to be recorded.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// The check it is about.
    pub check_id: Option<String>,
    /// The project it is about: our id. Without one, only those who may read the whole record see it.
    pub project_id: Option<String>,
    /// Who did it.
    pub actor: Actor,
    /// One sentence of plain text.
    pub summary: String,
    /// Facts for machines.
    pub data: serde_json::Value,
}

impl NewEvent {
    /// An event that is about no project: only those who may read the whole record see it.
    #[must_use]
    pub fn new(kind: EventKind, actor: Actor, summary: String, data: serde_json::Value) -> Self {
        Self { kind, check_id: None, project_id: None, actor, summary, data }
    }

    /// It is about this project: our id.
    #[must_use]
    pub fn of_project(self, id: &str) -> Self {
        Self { project_id: Some(id.to_owned()), ..self }
    }

    /// It is about this check, which is one of this project: our ids.
    #[must_use]
    pub fn of_check(self, id: &str, project: &str) -> Self {
        Self { check_id: Some(id.to_owned()), ..self.of_project(project) }
    }
}

/// A recorded event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its number in the record.
    pub id: i64,
    /// When, RFC 3339.
    pub at: String,
    /// What happened.
    pub kind: EventKind,
    /// The check it is about.
    pub check_id: Option<String>,
    /// The project it is about: our id.
    pub project_id: Option<String>,
    /// Who did it.
    pub actor: String,
    /// The account of whoever did it, if they have one.
    pub account_id: Option<String>,
    /// One sentence of plain text.
    pub summary: String,
}
