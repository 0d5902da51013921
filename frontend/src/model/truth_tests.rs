//! The sentences about delivery, as a person reads them.

use super::*;
use crate::model::samples::{delivery, detail, item};
use shared::{DeliveryAttempt, DeliverySummary};

fn read(line: &Line) -> String {
    line.parts
        .iter()
        .map(|part| match part {
            Part::Text(words) => words.clone(),
            Part::Status(status) => format!("*{}*", status.as_str()),
            Part::At(at) => at.get(11..16).unwrap_or(at).to_owned(),
            Part::Until(at) => format!("<{at}>"),
        })
        .collect()
}

fn reading(status: GitLabStatus) -> Reading {
    Reading { status, at: None }
}

#[test]
fn told_and_shown() {
    let mut check = detail("1", CheckState::Approved);
    let mut told = delivery(DeliveryState::Delivered, GitLabStatus::Passed);
    told.delivered_at = Some("2026-01-31T10:42:00.000000Z".into());
    check.deliveries.push(told);
    let said = lines(&check, Some(&reading(GitLabStatus::Passed)));
    assert_eq!(read(&said[0]), "GitLab was told *passed* at 10:42.");
    assert_eq!(read(&said[1]), "GitLab shows *passed*.");
    assert_eq!(said[1].tone, Tone::Good);
    let at = Some("2026-01-31T10:47:00.000000Z".into());
    let read_then = Reading { status: GitLabStatus::Passed, at };
    assert_eq!(read(&lines(&check, Some(&read_then))[1]), "GitLab shows *passed* (read at 10:47).");
    // What was read before says nothing about it.
    let at = Some("2026-01-31T10:41:00.000000Z".into());
    let before = lines(&check, Some(&Reading { status: GitLabStatus::Pending, at }));
    assert_eq!(read(&before[1]), "GitLab shows *pending* (read at 10:41); that was before it was told.");
    assert_eq!(before[1].tone, Tone::Waiting);
    let wrong = lines(&check, Some(&reading(GitLabStatus::Failed)));
    assert_eq!(wrong[1].tone, Tone::Bad);
}

#[test]
fn silence_is_not_a_rejection() {
    let check = detail("1", CheckState::Pending);
    let said = lines(&check, Some(&reading(GitLabStatus::Failed)));
    assert!(
        read(&said[1]).starts_with("GitLab shows *failed*: no answer within two minutes, not a rejection."),
        "{}",
        read(&said[1])
    );
    assert_eq!(said[1].tone, Tone::Waiting);
}

#[test]
fn a_pass_nobody_gave_is_an_alarm() {
    let check = detail("1", CheckState::Pending);
    assert_eq!(lines(&check, Some(&reading(GitLabStatus::Passed)))[1].tone, Tone::Bad);
}

#[test]
fn waiting_says_which_try_and_why() {
    let mut check = detail("1", CheckState::Approved);
    let mut waits = delivery(DeliveryState::Pending, GitLabStatus::Passed);
    check.deliveries.push(waits.clone());
    assert_eq!(read(&lines(&check, None)[0]), "Waiting to tell GitLab *passed*.");
    waits.attempts = 2;
    waits.due_at = Some("soon".into());
    waits.last_error = Some("connection refused".into());
    check.deliveries = vec![waits];
    assert_eq!(
        read(&lines(&check, None)[0]),
        "Waiting to tell GitLab *passed*; attempt 3, next try <soon>: connection refused."
    );
}

#[test]
fn a_refusal_waits_for_a_person() {
    let mut check = detail("1", CheckState::Rejected);
    let mut failed = delivery(DeliveryState::Failed, GitLabStatus::Failed);
    failed.last_error = Some("401 Unauthorized".into());
    check.deliveries.push(failed);
    let said = lines(&check, None);
    assert_eq!(said[0].tone, Tone::Bad);
    assert_eq!(
        read(&said[0]),
        "GitLab could not be told *failed*: 401 Unauthorized. Mend that, then tell GitLab again."
    );
}

#[test]
fn what_was_overtaken_was_sent_or_not() {
    let mut check = detail("1", CheckState::Superseded);
    let mut overtaken = delivery(DeliveryState::Obsolete, GitLabStatus::Passed);
    check.deliveries.push(overtaken.clone());
    assert_eq!(
        read(&lines(&check, None)[0]),
        "The answer *passed* was not sent: a newer decision or commit came first."
    );
    overtaken.attempts = 1;
    overtaken.last_error = Some("401 Unauthorized".into());
    check.deliveries = vec![overtaken.clone()];
    assert_eq!(
        read(&lines(&check, None)[0]),
        "The answer *passed* was not accepted: 401 Unauthorized. A newer decision or commit came since."
    );
    overtaken.log.push(DeliveryAttempt {
        number: 1,
        at: String::new(),
        duration_ms: 12,
        http_status: Some(409),
        error: Some("409 Conflict".into()),
    });
    check.deliveries = vec![overtaken];
    assert_eq!(
        read(&lines(&check, None)[0]),
        "The answer *passed* was sent and refused: the commit had moved on."
    );
}

#[test]
fn a_closed_check_says_nothing_about_what_gitlab_shows() {
    let check = detail("1", CheckState::Superseded);
    assert_eq!(lines(&check, Some(&reading(GitLabStatus::Failed))).len(), 1);
}

#[test]
fn rows_speak_only_when_gitlab_was_not_told() {
    let mut row = item("1", CheckState::Approved);
    assert_eq!(in_row(&row), None);
    let mut summary = DeliverySummary {
        state: DeliveryState::Delivered,
        attempts: 1,
        last_error: None,
        delivered_at: None,
    };
    row.delivery = Some(summary.clone());
    assert_eq!(in_row(&row), None);
    summary.state = DeliveryState::Failed;
    summary.last_error = Some("403".into());
    row.delivery = Some(summary);
    assert_eq!(in_row(&row), Some((Tone::Bad, "GitLab was not told: 403".into())));
}
