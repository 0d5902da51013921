//! Events: the append-only record, and the live stream of the same.

use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EventKind {
    /// A check arrived.
    #[serde(rename = "check.created")]
    CheckCreated,
    /// Facts of the merge request changed (title, branches, …).
    #[serde(rename = "check.updated")]
    CheckUpdated,
    /// The merge request is to be merged into another branch.
    #[serde(rename = "check.retargeted")]
    CheckRetargeted,
    /// Somebody approved or rejected.
    #[serde(rename = "check.decided")]
    CheckDecided,
    /// A newer commit exists.
    #[serde(rename = "check.superseded")]
    CheckSuperseded,
    /// The merge request was closed or merged, or the rule is gone.
    #[serde(rename = "check.withdrawn")]
    CheckWithdrawn,
    /// The check is open again: reopened, or HEAD came back to its SHA.
    #[serde(rename = "check.reopened")]
    CheckReopened,
    /// The target branch changed, so the decision no longer counts.
    #[serde(rename = "check.voided")]
    CheckVoided,
    /// Retry was pressed in GitLab, or a lost answer is sent again.
    #[serde(rename = "check.retried")]
    CheckRetried,
    /// GitLab accepted a delivery.
    #[serde(rename = "delivery.delivered")]
    DeliveryDelivered,
    /// GitLab refused a delivery; a person must act.
    #[serde(rename = "delivery.failed")]
    DeliveryFailed,
    /// A person had a delivery sent again.
    #[serde(rename = "delivery.retried")]
    DeliveryRetried,
    /// GitLab shows `passed` though nobody here decided so.
    #[serde(rename = "alarm.undecided_pass")]
    AlarmUndecidedPass,
    /// A person looked into such an alarm.
    #[serde(rename = "alarm.acknowledged")]
    AlarmAcknowledged,
    /// A connection or rule stopped working.
    #[serde(rename = "connection.broken")]
    ConnectionBroken,
    /// A connection or rule works again.
    #[serde(rename = "connection.restored")]
    ConnectionRestored,
    /// A stored call could not be processed and was set aside.
    #[serde(rename = "call.set_aside")]
    CallSetAside,
    /// A set-aside call was put back in the queue.
    #[serde(rename = "call.replayed")]
    CallReplayed,
    /// A call for a project or rule not seen before enrolled it.
    #[serde(rename = "rule.enrolled")]
    RuleEnrolled,
    /// A rule's settings were changed.
    #[serde(rename = "rule.changed")]
    RuleChanged,
    /// Somebody signed in.
    #[serde(rename = "session.started")]
    SignedIn,
    /// A sign-in failed.
    #[serde(rename = "session.refused")]
    SignInFailed,
    /// A session was ended.
    #[serde(rename = "session.ended")]
    SignedOut,
    /// The first administrator was made.
    #[serde(rename = "account.set_up")]
    SetUp,
    /// A person was invited or made.
    #[serde(rename = "account.invited")]
    PersonInvited,
    /// A person's roles, projects or groups changed, or the account was switched on or off.
    #[serde(rename = "account.changed")]
    PersonChanged,
    /// An invited person set a password or came through a provider.
    #[serde(rename = "account.joined")]
    PersonJoined,
    /// A password was set anew.
    #[serde(rename = "account.password_changed")]
    PasswordChanged,
    /// A link to set a new password was made.
    #[serde(rename = "account.link_made")]
    LinkMade,
    /// A group was made, changed or removed.
    #[serde(rename = "group.changed")]
    GroupChanged,
    /// An API token was made.
    #[serde(rename = "token.made")]
    TokenMade,
    /// An API token was revoked.
    #[serde(rename = "token.revoked")]
    TokenRevoked,
    /// The key that seals secrets was replaced.
    #[serde(rename = "secrets.rotated")]
    SecretsRotated,
    /// The record was exported.
    #[serde(rename = "audit.exported")]
    AuditExported,
    /// Somebody tried to decide who may not.
    #[serde(rename = "check.decision_refused")]
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

    /// The word used in the API and in the database.
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

/// One event. In the live stream it is the `data` of a server-sent event named `event`, whose `id` is `id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Grows with every event; send it as `Last-Event-ID` to resume. 0: not in the record, read the check again.
    pub id: i64,
    /// When, RFC 3339 UTC.
    pub at: String,
    /// What happened.
    pub kind: EventKind,
    /// The check it is about, if any.
    pub check_id: Option<String>,
    /// Who did it: a person's name, `command line`, `gitlab` or `approval-app`.
    pub actor: String,
    /// What a person reads about it: one sentence of plain text.
    pub summary: String,
}

#[cfg(test)]
mod tests {
    use super::EventKind;

    #[test]
    fn the_word_in_json_is_the_word_in_the_database() {
        for kind in EventKind::ALL {
            let json = serde_json::to_string(&kind).expect("serialises");
            assert_eq!(json, format!("\"{}\"", kind.as_str()));
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
    }
}
