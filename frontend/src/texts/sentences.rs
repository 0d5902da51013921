//! Texts with something in them: names, numbers, states.

use shared::decision::{COMMENT_MAX, DecisionFault};
use shared::{Alarm, CheckState, EventKind, Verdict};

use super::{APPROVE, CALL, GITLAB, PRODUCT, Q_FAILED_DELIVERIES, Q_UNDECIDED, REJECT, UNVERIFIED};
use crate::model::age::Age;
use crate::model::alarm::count;

/// The word of a state.
#[must_use]
pub const fn state(state: CheckState) -> &'static str {
    match state {
        CheckState::Pending => "Pending",
        CheckState::Approved => "Approved",
        CheckState::Rejected => "Rejected",
        CheckState::Superseded => "Superseded",
        CheckState::Withdrawn => "Withdrawn",
    }
}

/// The verb of a verdict.
#[must_use]
pub const fn verb(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => APPROVE,
        Verdict::Reject => REJECT,
    }
}

/// The past of a verdict.
#[must_use]
pub const fn done(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approved",
        Verdict::Reject => "rejected",
    }
}

/// What a timeline entry is about, in a word or two.
#[must_use]
pub const fn event(kind: EventKind) -> &'static str {
    match kind {
        EventKind::CheckCreated => "Arrived",
        EventKind::CheckUpdated => "Updated",
        EventKind::CheckRetargeted => "New target branch",
        EventKind::CheckDecided => "Decided",
        EventKind::CheckSuperseded => "Superseded",
        EventKind::CheckWithdrawn => "Withdrawn",
        EventKind::CheckReopened => "Reopened",
        EventKind::CheckVoided => "Decision void",
        EventKind::CheckRetried => "Retried in GitLab",
        EventKind::DeliveryDelivered => "GitLab told",
        EventKind::DeliveryFailed => "GitLab refused",
        EventKind::DeliveryRetried => "Sending again",
        EventKind::AlarmUndecidedPass => "Undecided pass",
        EventKind::AlarmAcknowledged => "Pass looked into",
        EventKind::ConnectionBroken => "Connection broken",
        EventKind::ConnectionRestored => "Connection restored",
        EventKind::CallSetAside => "Call set aside",
        EventKind::CallReplayed => "Call replayed",
        EventKind::RuleEnrolled => "Rule enrolled",
        EventKind::RuleChanged => "Rule changed",
        EventKind::SignedIn => "Signed in",
        EventKind::SignInFailed => "Sign-in failed",
        EventKind::SignedOut => "Session ended",
        EventKind::SetUp => "Set up",
        EventKind::PersonInvited => "Invited",
        EventKind::PersonChanged => "Person changed",
        EventKind::PersonJoined => "Joined",
        EventKind::PasswordChanged => "Password set",
        EventKind::LinkMade => "Link made",
        EventKind::GroupChanged => "Group changed",
        EventKind::TokenMade => "Token made",
        EventKind::TokenRevoked => "Token revoked",
        EventKind::SecretsRotated => "Key replaced",
        EventKind::AuditExported => "Record exported",
        EventKind::DecisionRefused => "Decision refused",
    }
}

/// An age, short: "4 min ago".
#[must_use]
pub fn ago(age: Age) -> String {
    match age {
        Age::Now => "just now".into(),
        Age::Minutes(n) => format!("{n} min ago"),
        Age::Hours(n) => format!("{n} h ago"),
        Age::Days(n) => format!("{n} days ago"),
    }
}

/// How long something has waited: "waits 4 min".
#[must_use]
pub fn waits(age: Age) -> String {
    match age {
        Age::Now => "just arrived".into(),
        Age::Minutes(n) => format!("waits {n} min"),
        Age::Hours(n) => format!("waits {n} h"),
        Age::Days(n) => format!("waits {n} days"),
    }
}

/// "in 40 s".
#[must_use]
pub fn in_seconds(n: u32) -> String {
    format!("in {n} s")
}

/// "in 5 min".
#[must_use]
pub fn in_minutes(n: u32) -> String {
    format!("in {n} min")
}

/// "in 3 h".
#[must_use]
pub fn in_hours(n: u32) -> String {
    format!("in {n} h")
}

/// ": connection refused".
#[must_use]
pub fn because(error: &str) -> String {
    format!(": {}", error.trim_end_matches('.'))
}

/// "; attempt 3".
#[must_use]
pub fn attempt(n: i64) -> String {
    format!("; attempt {n}")
}

/// What a row says while GitLab waits to be told.
#[must_use]
pub fn row_waiting(attempts: i64, error: Option<&str>) -> String {
    match error {
        Some(error) if attempts > 0 => format!("GitLab not told yet, {attempts} tried{}", because(error)),
        _ => "Telling GitLab …".into(),
    }
}

/// What a row says when GitLab refused to be told.
#[must_use]
pub fn row_failed(error: Option<&str>) -> String {
    format!("GitLab was not told{}", error.map(because).unwrap_or_default())
}

/// "by Ada".
#[must_use]
pub fn by(name: &str) -> String {
    format!("by {name}")
}

/// Who did something of which the service keeps a record: a person, GitLab or the service itself.
#[must_use]
pub fn by_actor(name: &str) -> String {
    by(match name {
        "gitlab" => GITLAB,
        "approval-app" => PRODUCT,
        person => person,
    })
}

/// The words on the pill.
#[must_use]
pub fn new_rows(n: usize, more: bool) -> String {
    match (n, more) {
        (0, _) => "New checks".into(),
        (n, true) => format!("{n}+ new"),
        (n, false) => format!("{n} new"),
    }
}

/// What a screen reader hears when checks arrive.
#[must_use]
pub fn new_rows_said(n: usize, more: bool) -> String {
    match (n, more) {
        (1, false) => "1 new check has arrived".into(),
        _ => format!("{} checks have arrived", new_rows(n, more)),
    }
}

/// The name of an approve or reject button for screen readers.
#[must_use]
pub fn decide_label(verb: &str, reference: &str, rule: &str, sha: &str) -> String {
    format!("{verb} {reference}, {rule}, at {sha}")
}

/// The heading of the dialog.
#[must_use]
pub fn dialog_title(verdict: Verdict, reversal: bool) -> &'static str {
    match (verdict, reversal) {
        (Verdict::Approve, false) => "Approve this change",
        (Verdict::Reject, false) => "Reject this change",
        (Verdict::Approve, true) => "Change the decision to approved",
        (Verdict::Reject, true) => "Change the decision to rejected",
    }
}

/// What the decision does, exactly.
#[must_use]
pub fn effect(verdict: Verdict, rule: &str, sha: &str) -> String {
    match verdict {
        Verdict::Approve => {
            format!(
                "“{rule}” becomes passed in GitLab for {sha}; if auto-merge is set, GitLab may merge at once."
            )
        }
        Verdict::Reject => {
            format!(
                "“{rule}” becomes failed in GitLab for {sha}; where status checks must succeed, the merge stays blocked."
            )
        }
    }
}

/// The words on the button that decides.
#[must_use]
pub fn decide_button(verdict: Verdict, sha: &str) -> String {
    format!("{} {sha}", verb(verdict))
}

/// What a fault in the form asks for.
#[must_use]
pub fn fault(fault: DecisionFault) -> String {
    match fault {
        DecisionFault::CommentRequired => "Say why: a comment is required here.".into(),
        DecisionFault::CommentTooLong => {
            format!("The comment is longer than {COMMENT_MAX} characters: shorten it.")
        }
        // No browser lets a NUL in.
        DecisionFault::CommentWithNul
        | DecisionFault::ShaRequired
        | DecisionFault::BadExpectedState
        | DecisionFault::NothingToReverse => "This check cannot be decided as shown: reload it.".into(),
    }
}

/// What a screen reader hears after a decision.
#[must_use]
pub fn decided_said(verdict: Verdict, reference: &str) -> String {
    format!("{reference} {}. GitLab is being told.", done(verdict))
}

/// A conflict: new commits.
#[must_use]
pub fn conflict_moved(seen: &str, head: &str) -> String {
    if seen == head {
        format!("The merge request moved on from {seen}.")
    } else {
        format!("The merge request has new commits: it is at {head} now, you looked at {seen}.")
    }
}

/// A conflict: another target branch.
#[must_use]
pub fn retargeted(branch: &str) -> String {
    ["It is to be merged into ", branch, " now."].concat()
}

/// A conflict: somebody was first.
#[must_use]
pub fn conflict_decided(name: &str, verified: bool, verdict: Verdict, comment: &str) -> String {
    let name = if verified { name.to_owned() } else { format!("{name} ({UNVERIFIED})") };
    let comment = if comment.is_empty() { String::new() } else { format!(": “{comment}”") };
    format!("{name} {} this check first{comment}", done(verdict))
}

/// A conflict: the check is closed.
#[must_use]
pub fn conflict_withdrawn(notice: Option<&str>) -> String {
    format!("The check was withdrawn{}.", notice.map(because).unwrap_or_default())
}

/// The banner on a check whose merge request moved on.
#[must_use]
pub fn stale(head: &str) -> String {
    format!("New commits: the merge request is at {head} now. This check can no longer be decided.")
}

/// One attempt to tell GitLab.
#[must_use]
pub fn attempt_result(status: Option<i64>, error: Option<&str>) -> String {
    match (status, error) {
        (Some(status), Some(error)) => format!("{status}: {error}"),
        (Some(status), None) => format!("{status}, accepted"),
        (None, Some(error)) => error.into(),
        (None, None) => "accepted".into(),
    }
}

/// The name of a call.
#[must_use]
pub fn call(id: i64) -> String {
    format!("{CALL} {id}")
}

/// How long something took.
#[must_use]
pub fn milliseconds(n: i64) -> String {
    format!("{n} ms")
}

/// An alarm.
#[must_use]
pub fn gitlab_trouble(what: &str) -> String {
    format!("GitLab cannot be told decisions: {}.", what.trim_end_matches('.'))
}

/// An alarm.
#[must_use]
pub fn undecided_passes(n: i64) -> String {
    match n {
        1 => "1 check shows passed in GitLab though nobody here approved it.".into(),
        n => format!("{} checks show passed in GitLab though nobody here approved them.", count(n)),
    }
}

/// An alarm.
#[must_use]
pub fn failed_deliveries(n: i64) -> String {
    match n {
        1 => "1 decision has not reached GitLab and needs a person.".into(),
        n => format!("{} decisions have not reached GitLab and need a person.", count(n)),
    }
}

/// An alarm.
#[must_use]
pub fn set_aside_calls(n: i64) -> String {
    match n {
        1 => "1 call from GitLab could not be processed and was set aside.".into(),
        n => format!("{} calls from GitLab could not be processed and were set aside.", count(n)),
    }
}

/// What an alarm is about.
#[must_use]
pub const fn alarm(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::FailedDelivery => Q_FAILED_DELIVERIES,
        Alarm::UndecidedPass => Q_UNDECIDED,
    }
}

/// A size in bytes.
#[must_use]
pub fn bytes(n: i64) -> String {
    if n < 10_000 { format!("{n} B") } else { format!("{} KB", n / 1_000) }
}

/// How many times something was tried.
#[must_use]
pub fn tries(n: i64) -> String {
    if n == 1 { "1 try".into() } else { format!("{n} tries") }
}
