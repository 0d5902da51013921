//! From what the store holds to what the API says; exhaustive, so that a new state cannot be
//! forgotten here.

use shared as dto;

use crate::db::DbError;
use crate::db::calls::{CallState, ListedCall};
use crate::db::decisions::DecisionRow;
use crate::db::delivery_log::{AttemptRow, DeliveryRow};
use crate::db::inbox::Alarm;
use crate::db::notes::NoteRow;
use crate::db::word;
use crate::domain::audit::Entry;
use crate::domain::note::NoteState;
use crate::domain::record::{Event, EventKind};
use crate::domain::waiting::{Waiting, Why};
use crate::domain::{CheckState, DeliveryState, GitLabStatus, Time, Verdict};
use crate::service::doctor::{Finding, Severity};
use crate::service::inbox::{Detail, Item};

/// A check's state.
#[must_use]
pub const fn check_state(state: CheckState) -> dto::CheckState {
    match state {
        CheckState::Pending => dto::CheckState::Pending,
        CheckState::Approved => dto::CheckState::Approved,
        CheckState::Rejected => dto::CheckState::Rejected,
        CheckState::Superseded => dto::CheckState::Superseded,
        CheckState::Withdrawn => dto::CheckState::Withdrawn,
    }
}

/// The other way.
#[must_use]
pub const fn domain_state(state: dto::CheckState) -> CheckState {
    match state {
        dto::CheckState::Pending => CheckState::Pending,
        dto::CheckState::Approved => CheckState::Approved,
        dto::CheckState::Rejected => CheckState::Rejected,
        dto::CheckState::Superseded => CheckState::Superseded,
        dto::CheckState::Withdrawn => CheckState::Withdrawn,
    }
}

/// What a listing of alarms is about.
#[must_use]
pub const fn alarm(alarm: dto::Alarm) -> Alarm {
    match alarm {
        dto::Alarm::FailedDelivery => Alarm::FailedDelivery,
        dto::Alarm::UndecidedPass => Alarm::UndecidedPass,
    }
}

/// A verdict.
#[must_use]
pub const fn verdict(verdict: Verdict) -> dto::Verdict {
    match verdict {
        Verdict::Approve => dto::Verdict::Approve,
        Verdict::Reject => dto::Verdict::Reject,
    }
}

/// The other way.
#[must_use]
pub const fn domain_verdict(verdict: dto::Verdict) -> Verdict {
    match verdict {
        dto::Verdict::Approve => Verdict::Approve,
        dto::Verdict::Reject => Verdict::Reject,
    }
}

/// GitLab's status.
#[must_use]
pub const fn status(status: GitLabStatus) -> dto::GitLabStatus {
    match status {
        GitLabStatus::Passed => dto::GitLabStatus::Passed,
        GitLabStatus::Failed => dto::GitLabStatus::Failed,
        GitLabStatus::Pending => dto::GitLabStatus::Pending,
    }
}

/// A delivery's state.
#[must_use]
pub const fn delivery_state(state: DeliveryState) -> dto::DeliveryState {
    match state {
        DeliveryState::Pending => dto::DeliveryState::Pending,
        DeliveryState::Delivered => dto::DeliveryState::Delivered,
        DeliveryState::Failed => dto::DeliveryState::Failed,
        DeliveryState::Obsolete => dto::DeliveryState::Obsolete,
    }
}

/// A call's state.
#[must_use]
pub const fn call_state(state: CallState) -> dto::CallState {
    match state {
        CallState::Stored => dto::CallState::Stored,
        CallState::Processed => dto::CallState::Processed,
        CallState::SetAside => dto::CallState::SetAside,
    }
}

/// An event's kind.
#[must_use]
pub const fn event_kind(kind: EventKind) -> dto::EventKind {
    match kind {
        EventKind::CheckCreated => dto::EventKind::CheckCreated,
        EventKind::CheckUpdated => dto::EventKind::CheckUpdated,
        EventKind::CheckRetargeted => dto::EventKind::CheckRetargeted,
        EventKind::CheckDecided => dto::EventKind::CheckDecided,
        EventKind::CheckSuperseded => dto::EventKind::CheckSuperseded,
        EventKind::CheckWithdrawn => dto::EventKind::CheckWithdrawn,
        EventKind::CheckReopened => dto::EventKind::CheckReopened,
        EventKind::CheckVoided => dto::EventKind::CheckVoided,
        EventKind::CheckRetried => dto::EventKind::CheckRetried,
        EventKind::DeliveryDelivered => dto::EventKind::DeliveryDelivered,
        EventKind::DeliveryFailed => dto::EventKind::DeliveryFailed,
        EventKind::DeliveryRetried => dto::EventKind::DeliveryRetried,
        EventKind::AlarmUndecidedPass => dto::EventKind::AlarmUndecidedPass,
        EventKind::AlarmAcknowledged => dto::EventKind::AlarmAcknowledged,
        EventKind::ConnectionBroken => dto::EventKind::ConnectionBroken,
        EventKind::ConnectionRestored => dto::EventKind::ConnectionRestored,
        EventKind::CallSetAside => dto::EventKind::CallSetAside,
        EventKind::CallReplayed => dto::EventKind::CallReplayed,
        EventKind::RuleEnrolled => dto::EventKind::RuleEnrolled,
        EventKind::RuleChanged => dto::EventKind::RuleChanged,
        EventKind::SignedIn => dto::EventKind::SignedIn,
        EventKind::SignInFailed => dto::EventKind::SignInFailed,
        EventKind::SignedOut => dto::EventKind::SignedOut,
        EventKind::SetUp => dto::EventKind::SetUp,
        EventKind::PersonInvited => dto::EventKind::PersonInvited,
        EventKind::PersonChanged => dto::EventKind::PersonChanged,
        EventKind::PersonJoined => dto::EventKind::PersonJoined,
        EventKind::PasswordChanged => dto::EventKind::PasswordChanged,
        EventKind::LinkMade => dto::EventKind::LinkMade,
        EventKind::GroupChanged => dto::EventKind::GroupChanged,
        EventKind::TokenMade => dto::EventKind::TokenMade,
        EventKind::TokenRevoked => dto::EventKind::TokenRevoked,
        EventKind::SecretsRotated => dto::EventKind::SecretsRotated,
        EventKind::AuditExported => dto::EventKind::AuditExported,
        EventKind::DecisionRefused => dto::EventKind::DecisionRefused,
    }
}

/// An event.
#[must_use]
pub fn event(event: Event) -> dto::Event {
    dto::Event {
        id: event.id,
        at: event.at,
        kind: event_kind(event.kind),
        check_id: event.check_id,
        actor: event.actor,
        summary: event.summary,
    }
}

/// An entry of the record.
///
/// # Errors
/// If the database holds a word that this version does not know.
pub fn audit_entry(entry: Entry) -> Result<dto::AuditEntry, DbError> {
    Ok(dto::AuditEntry {
        id: entry.id,
        at: entry.at,
        kind: event_kind(word(&entry.kind, EventKind::parse)?),
        check_id: entry.check_id,
        project_id: entry.project_id,
        actor: entry.actor,
        account_id: entry.account_id,
        via: entry.via,
        summary: entry.summary,
        data: entry.data,
        hash: entry.hash,
    })
}

/// A check in a listing.
///
/// # Errors
/// If the database holds a word that this version does not know.
pub fn check_item((row, waiting): Item) -> Result<dto::CheckItem, DbError> {
    let (project_id, path, web_url) = row.project;
    let (iid, title, author, url, state) = row.merge_request;
    let (decided_by, decided_at, decided) = row.decided;
    let (rule_id, rule_name) = row.rule;
    let delivery = row
        .delivery
        .map(|(state, attempts, last_error, delivered_at)| {
            Ok::<_, DbError>(dto::DeliverySummary {
                state: delivery_state(word(&state, DeliveryState::parse)?),
                attempts,
                last_error,
                delivered_at,
            })
        })
        .transpose()?;
    Ok(dto::CheckItem {
        id: row.id,
        state: check_state(word(&row.state, CheckState::parse)?),
        sha: row.sha,
        received_at: row.received_at,
        updated_at: row.updated_at,
        source_branch: row.source_branch,
        target_branch: row.target_branch,
        project: dto::ProjectRef { id: project_id, path, web_url },
        merge_request: dto::MergeRequestRef { iid, title, author, url, state },
        rule: dto::RuleRef { id: rule_id, name: rule_name },
        decided_by,
        decided_at,
        verdict: decided.map(|text| word(&text, Verdict::parse).map(verdict)).transpose()?,
        delivery,
        reason: waiting.map(reason),
        change: row.change.and_then(super::dto_change::summary),
    })
}

fn reason(waiting: Waiting) -> dto::Reason {
    let kind = match waiting.why {
        Why::New => dto::ReasonKind::New,
        Why::NewCommits => dto::ReasonKind::NewCommits,
        Why::Retargeted => dto::ReasonKind::Retargeted,
        Why::Reopened => dto::ReasonKind::Reopened,
    };
    let own = waiting.earlier.as_ref().is_some_and(|earlier| earlier.own);
    let (sha, said, reviewer) = waiting.earlier.map_or((None, None, None), |earlier| {
        (Some(earlier.sha), Some(verdict(earlier.verdict)), Some(earlier.reviewer))
    });
    dto::Reason { kind, sha, verdict: said, reviewer, own }
}

fn note(row: NoteRow) -> Result<dto::NoteState, DbError> {
    let state = match word(&row.state, NoteState::parse)? {
        NoteState::Pending => dto::NoteStage::Pending,
        NoteState::Written => dto::NoteStage::Written,
        NoteState::Failed => dto::NoteStage::Failed,
    };
    Ok(dto::NoteState { state, last_error: row.last_error, written_at: row.written_at })
}

fn decision(row: DecisionRow) -> dto::Decision {
    dto::Decision {
        id: row.id.as_str().to_owned(),
        verdict: verdict(row.verdict),
        comment: row.comment,
        sha: row.sha,
        target_branch: row.target_branch,
        reviewer: row.reviewer,
        reviewer_verified: row.reviewer_verified,
        account_id: row.account_id,
        via: row.via,
        counts: !row.reversed,
        decided_at: row.decided_at,
    }
}

fn delivery((row, log): (DeliveryRow, Vec<AttemptRow>)) -> Result<dto::Delivery, DbError> {
    let state = word(&row.state, DeliveryState::parse)?;
    Ok(dto::Delivery {
        id: row.id,
        check_id: row.check_id,
        status: status(word(&row.status, GitLabStatus::parse)?),
        sha: row.sha,
        state: delivery_state(state),
        attempts: row.attempts,
        due_at: (state == DeliveryState::Pending).then_some(row.due_at),
        last_error: row.last_error,
        created_at: row.created_at,
        delivered_at: row.delivered_at,
        log: log
            .into_iter()
            .map(|attempt| dto::DeliveryAttempt {
                number: attempt.number,
                at: attempt.at,
                duration_ms: attempt.duration_ms,
                http_status: attempt.http_status,
                error: attempt.error,
            })
            .collect(),
    })
}

/// A check with everything its page shows.
///
/// # Errors
/// If the database holds a word that this version does not know.
pub fn check_detail(detail: Detail) -> Result<dto::CheckDetail, DbError> {
    let notices = [detail.extras.notice, detail.extras.rule_trouble, detail.connection_trouble];
    let notice = notices.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Ok(dto::CheckDetail {
        item: check_item(detail.item)?,
        description: detail.extras.description,
        head_sha: detail.extras.head_sha,
        successor_id: detail.successor,
        notice: (!notice.is_empty()).then_some(notice),
        gitlab_status: detail.extras.gitlab_status.as_deref().and_then(GitLabStatus::parse).map(status),
        gitlab_status_at: detail.extras.gitlab_status_at,
        undecided_pass: detail.extras.undecided_pass,
        barred: detail.barred.map(|bar| bar.text().to_owned()),
        note: detail.note.map(note).transpose()?,
        others: detail.others.into_iter().map(check_item).collect::<Result<_, _>>()?,
        decisions: detail.decisions.into_iter().map(decision).collect(),
        deliveries: detail.deliveries.into_iter().map(delivery).collect::<Result<_, _>>()?,
        timeline: detail.timeline.into_iter().map(event).collect(),
    })
}

/// A call in a listing.
///
/// # Errors
/// If the database holds a word that this version does not know.
pub fn call_item(row: ListedCall) -> Result<dto::CallItem, DbError> {
    Ok(dto::CallItem {
        id: row.id,
        received_at: row.received_at,
        state: call_state(word(&row.state, CallState::parse)?),
        signed: row.signed,
        size: row.size,
        note: row.note,
        attempts: row.attempts,
    })
}

/// What was found out about the service at that moment.
#[must_use]
pub fn doctor_report(at: Time, findings: Vec<Finding>) -> dto::DoctorReport {
    let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Fine);
    let finding = |one: Finding| dto::DoctorFinding {
        topic: one.topic.into(),
        verdict: doctor_verdict(one.severity),
        says: one.says,
        mend: one.mend,
    };
    dto::DoctorReport {
        examined_at: at.to_string(),
        verdict: doctor_verdict(worst),
        findings: findings.into_iter().map(finding).collect(),
    }
}

const fn doctor_verdict(severity: Severity) -> dto::DoctorVerdict {
    match severity {
        Severity::Fine => dto::DoctorVerdict::Ok,
        Severity::Warning => dto::DoctorVerdict::Warning,
        Severity::Failure => dto::DoctorVerdict::Failed,
        Severity::Unreachable => dto::DoctorVerdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_uses_the_words_of_the_database() {
        for kind in EventKind::ALL {
            assert_eq!(event_kind(kind).as_str(), kind.as_str());
        }
        for state in CheckState::ALL {
            assert_eq!(check_state(state).as_str(), state.as_str());
            assert_eq!(domain_state(check_state(state)), state);
        }
    }
}
