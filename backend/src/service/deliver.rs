//! Tells GitLab: claims due deliveries, sends them, and stores what came of it.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::app::{App, Connected};
use crate::db::deliveries::{self, ClaimedDelivery, Outcome};
use crate::db::{Conn, DbError, Lane, events, lock, merge_requests, projects, redelivery};
use crate::domain::access::{Caller, Permission};
use crate::domain::backoff::DELIVERY;
use crate::domain::delivery::{Answer, Meaning};
use crate::domain::ids::{ConnectionId, short_sha};
use crate::domain::record::{Actor, EventKind, NewEvent};
use crate::domain::{DeliveryState, Time};
use crate::request_id;
use crate::traces::Span;

use super::{Asking, ServiceError};

/// A delivery is taken for this long: well over the client's own time-out.
const LEASE: Duration = Duration::from_secs(60);
/// So many are on their way at once to one GitLab.
pub const PARALLEL: usize = 8;
/// A broken connection or rule is tried this often with one delivery.
const PROBE_EVERY: Duration = Duration::from_secs(600);

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Deliveries that were sent.
    pub count: usize,
    /// Nothing may be sent before then, though something is due.
    pub closed_until: Option<Time>,
}

/// Sends deliveries that are due, up to [`PARALLEL`] at once.
///
/// # Errors
/// The database's.
pub async fn step(app: &App) -> Result<Sent, DbError> {
    let Some(connected) = app.connected() else { return Ok(Sent::default()) };
    let now = app.clock.now();
    let admitted = connected.gate().admit(PARALLEL, now);
    if admitted == 0 {
        return Ok(Sent { count: 0, closed_until: Some(connected.gate().retry_at(now)) });
    }
    let claimed = match claim(app, &connected, admitted, now).await {
        Ok(Claim::Claimed(claimed)) => claimed,
        Ok(Claim::BrokenUntil(probe)) => {
            connected.gate().give_back(admitted);
            return Ok(Sent { count: 0, closed_until: probe });
        }
        Err(error) => {
            connected.gate().give_back(admitted);
            return Err(error);
        }
    };
    connected.gate().give_back(admitted - claimed.len());
    let count = claimed.len();
    join_all(claimed.into_iter().map(|one| send(app, &connected, one)))
        .await
        .into_iter()
        .collect::<Result<Vec<()>, _>>()?;
    if count > 0 {
        app.changed();
    }
    Ok(Sent { count, closed_until: None })
}

/// What could be claimed.
enum Claim {
    Claimed(Vec<ClaimedDelivery>),
    /// The connection is broken; it is probed then.
    BrokenUntil(Option<Time>),
}

async fn claim(app: &App, connected: &Connected, limit: usize, now: Time) -> Result<Claim, DbError> {
    if app.db.kind() == "sqlite" {
        return claim_up_to(app, connected, limit, now).await;
    }
    // On PostgreSQL one in each transaction: whoever takes calls in locks the deliveries of a merge request in another order.
    let mut all = Vec::new();
    while all.len() < limit {
        match claim_up_to(app, connected, 1, now).await? {
            Claim::Claimed(one) if one.is_empty() => break,
            Claim::Claimed(mut one) => all.append(&mut one),
            until @ Claim::BrokenUntil(_) if all.is_empty() => return Ok(until),
            Claim::BrokenUntil(_) => break,
        }
    }
    Ok(Claim::Claimed(all))
}

async fn claim_up_to(app: &App, connected: &Connected, limit: usize, now: Time) -> Result<Claim, DbError> {
    let (owner, id) = (app.owner.clone(), connected.id.clone());
    app.db
        .write(Lane::Front, move |conn| {
            wake_probes(conn, &id, now)?;
            let limit = match projects::connection_trouble(conn, id.as_str())? {
                None => i64::try_from(limit).unwrap_or(i64::MAX),
                Some(_) => match projects::connection_probe(conn, id.as_str())? {
                    Some(at) if at <= now => 1,
                    probe => return Ok(Claim::BrokenUntil(probe)),
                },
            };
            deliveries::claim(conn, &owner, id.as_str(), now, now.after(LEASE), limit).map(Claim::Claimed)
        })
        .await
}

/// Where a probe is due, queues the oldest refused delivery again. Without one there is nothing to try, and what was broken
/// counts as working until the next refusal.
fn wake_probes(conn: &mut Conn, connection: &ConnectionId, now: Time) -> Result<(), DbError> {
    if projects::connection_probe(conn, connection.as_str())?.is_some_and(|at| at <= now) {
        match redelivery::oldest_refused(conn, connection.as_str(), None)? {
            Some(delivery) => {
                redelivery::retry(conn, &delivery, now)?;
            }
            None if deliveries::is_any_pending(conn, connection.as_str(), None)? => {}
            None => {
                projects::set_connection_trouble(conn, connection.as_str(), None, None, now)?;
                restored(conn, None, "Nothing is left that the broken connection keeps", now)?;
            }
        }
    }
    for (rule, project) in projects::due_rule_probes(conn, connection, now)? {
        match redelivery::oldest_refused(conn, connection.as_str(), Some(&rule))? {
            Some(delivery) => {
                redelivery::retry(conn, &delivery, now)?;
            }
            None if deliveries::is_any_pending(conn, connection.as_str(), Some(&rule))? => {}
            None => {
                projects::set_rule_trouble(conn, &rule, None, None, now)?;
                restored(conn, Some(&project), "Nothing is left that the broken rule keeps", now)?;
            }
        }
    }
    Ok(())
}

/// Sends one, under its own id: that is in the log and at GitLab. Its span is one of the decision's trace.
async fn send(app: &App, connected: &Connected, claimed: ClaimedDelivery) -> Result<(), DbError> {
    let id = claimed.id.clone();
    let span = app.traces.work("deliver", Some(&id), Some(&claimed.check_id));
    span.within(request_id::within(id, send_one(app, connected, claimed, &span))).await
}

async fn send_one(
    app: &App,
    connected: &Connected,
    claimed: ClaimedDelivery,
    span: &Span,
) -> Result<(), DbError> {
    let started_at = app.clock.now();
    let stopwatch = std::time::Instant::now();
    let mut answer =
        connected.client.tell(claimed.project, claimed.iid, claimed.rule, &claimed.sha, claimed.status).await;
    // The same 401 says that the token is not accepted, or that the project has no licence.
    if answer.meaning == Meaning::ConnectionBroken && connected.client.own_user().await.is_ok() {
        answer.meaning = Meaning::Unlicensed;
    }
    let duration_ms = i64::try_from(stopwatch.elapsed().as_millis()).unwrap_or(i64::MAX);
    let now = app.clock.now();
    let failures = u32::try_from(claimed.attempts + 1).unwrap_or(u32::MAX);
    let wait = DELIVERY.wait(failures, rand::random());
    let due_at = match answer.meaning {
        Meaning::Later(asked) => {
            let mut gate = connected.gate();
            let trips = gate.failures() + 1;
            gate.failed(now, asked, DELIVERY.wait(trips, rand::random()));
            now.after(wait.max(asked.unwrap_or_default()))
        }
        Meaning::Accepted
        | Meaning::Superseded
        | Meaning::ConnectionBroken
        | Meaning::RuleBroken
        | Meaning::Unlicensed
        | Meaning::Refused => {
            app.gitlab_answered(connected);
            now
        }
    };
    tracing::info!(
        check = %claimed.check_id,
        delivery = %claimed.id,
        status = claimed.status.as_str(),
        http_status = answer.http_status,
        duration_ms,
        error = answer.error.as_deref(),
        "told GitLab"
    );
    span.outcome(state_after(answer.meaning).as_str());
    let (owner, meaning) = (app.owner.clone(), answer.meaning);
    let made_at = app
        .db
        .write(Lane::Front, move |conn| {
            let outcome = Outcome {
                state: state_after(answer.meaning),
                due_at,
                started_at,
                duration_ms,
                http_status: answer.http_status,
                error: answer.error.as_deref(),
            };
            // As whoever takes calls in and decides does, before any row.
            lock(conn, &format!("mr {} {} {}", claimed.connection_id, claimed.project, claimed.iid))?;
            if deliveries::finish(conn, &owner, &claimed, &outcome, now)? {
                consequences(conn, &claimed, &answer, now)?;
            }
            deliveries::made_at(conn, &claimed.id)
        })
        .await?;
    app.metrics.told(meaning, (meaning == Meaning::Accepted).then(|| now.since(made_at)));
    Ok(())
}

const fn state_after(meaning: Meaning) -> DeliveryState {
    match meaning {
        Meaning::Accepted => DeliveryState::Delivered,
        Meaning::Superseded => DeliveryState::Obsolete,
        Meaning::ConnectionBroken | Meaning::RuleBroken | Meaning::Unlicensed | Meaning::Refused => {
            DeliveryState::Failed
        }
        Meaning::Later(_) => DeliveryState::Pending,
    }
}

/// What follows from an answer. The rows of the connection and of the rule come before the record, whose counter all hold
/// until they commit: in another order two of these could wait for each other.
fn consequences(conn: &mut Conn, sent: &ClaimedDelivery, answer: &Answer, now: Time) -> Result<(), DbError> {
    let error = answer.error.as_deref().unwrap_or("GitLab refused");
    match answer.meaning {
        Meaning::Accepted => {
            let of_connection = projects::set_connection_trouble(conn, &sent.connection_id, None, None, now)?;
            let of_rule = projects::set_rule_trouble(conn, &sent.rule_id, None, None, now)?;
            if of_connection || of_rule {
                let rule = Some(sent.rule_id.as_str()).filter(|_| !of_connection);
                redelivery::resume(conn, &sent.connection_id, rule, now)?;
            }
            record(
                conn,
                sent,
                EventKind::DeliveryDelivered,
                format!("GitLab was told {} for {}", sent.status.as_str(), short_sha(&sent.sha)),
                now,
            )?;
            if of_rule {
                restored(conn, Some(&sent.project_id), "The rule works again; what it kept is sent", now)?;
            }
            if of_connection {
                restored(conn, None, "The connection to GitLab works again; what it kept is sent", now)?;
            }
        }
        Meaning::Superseded => {
            merge_requests::want_refresh(conn, &sent.merge_request_id, now)?;
        }
        Meaning::ConnectionBroken => {
            let reason = format!("{error}: the token is not accepted");
            let probe = Some(now.after(PROBE_EVERY));
            if projects::set_connection_trouble(conn, &sent.connection_id, Some(&reason), probe, now)? {
                record(
                    conn,
                    sent,
                    EventKind::ConnectionBroken,
                    format!("Telling GitLab stopped: {reason}"),
                    now,
                )?;
            }
            record(conn, sent, EventKind::DeliveryFailed, reason, now)?;
        }
        Meaning::RuleBroken | Meaning::Unlicensed => {
            let why = match answer.meaning {
                Meaning::Unlicensed => "the project has no Ultimate licence; the token is accepted",
                _ => {
                    "the token needs the role Developer on the project and the scope api, or the status check was deleted in GitLab"
                }
            };
            let reason = format!("{error}: {why}");
            let probe = Some(now.after(PROBE_EVERY));
            if projects::set_rule_trouble(conn, &sent.rule_id, Some(&reason), probe, now)? {
                record(
                    conn,
                    sent,
                    EventKind::ConnectionBroken,
                    format!("Telling GitLab stopped for this rule: {reason}"),
                    now,
                )?;
            }
            record(conn, sent, EventKind::DeliveryFailed, reason, now)?;
            // If the rule is gone, reading the merge request says so and withdraws the check.
            merge_requests::want_refresh(conn, &sent.merge_request_id, now)?;
        }
        Meaning::Refused => record(conn, sent, EventKind::DeliveryFailed, error.to_owned(), now)?,
        Meaning::Later(_) => {}
    }
    Ok(())
}

fn record(
    conn: &mut Conn,
    sent: &ClaimedDelivery,
    kind: EventKind,
    summary: String,
    now: Time,
) -> Result<(), DbError> {
    let event = NewEvent {
        kind,
        check_id: Some(sent.check_id.clone()),
        project_id: Some(sent.project_id.clone()),
        actor: Actor::app(),
        summary,
        data: json!({"delivery": sent.id, "status": sent.status.as_str(), "sha": sent.sha}),
    };
    events::append(conn, &event, now)?;
    Ok(())
}

fn restored(conn: &mut Conn, project_id: Option<&str>, summary: &str, now: Time) -> Result<(), DbError> {
    let event = NewEvent {
        kind: EventKind::ConnectionRestored,
        check_id: None,
        project_id: project_id.map(str::to_owned),
        actor: Actor::app(),
        summary: summary.into(),
        data: json!({}),
    };
    events::append(conn, &event, now)?;
    Ok(())
}

/// Queues a failed delivery again because a person asked for it.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::NotRetryable`] or the database's.
pub async fn retry(app: &App, caller: &Caller, id: String) -> Result<(), ServiceError> {
    let asking = Asking::new(app, caller);
    let now = asking.now;
    app.db
        .write(Lane::Front, move |conn| {
            let caller = asking.again(conn, Some(Permission::ChecksDecide))?;
            if !redelivery::is_within(conn, &id, &caller.reach)? {
                return Err(ServiceError::NotFound("delivery"));
            }
            match redelivery::retry(conn, &id, now)? {
                None => return Err(ServiceError::NotFound("delivery")),
                Some(false) => {
                    return Err(ServiceError::NotRetryable(
                        "only a failed delivery can be retried; a pending one is sent by itself",
                    ));
                }
                Some(true) => {}
            }
            let owners = redelivery::owners(conn, &id)?;
            // The person says that it is mended: this delivery is the probe.
            projects::probe(conn, &owners.connection_id, &owners.rule_id, now)?;
            let event = NewEvent {
                kind: EventKind::DeliveryRetried,
                check_id: Some(owners.check_id),
                project_id: Some(owners.project_id),
                actor: caller.actor(),
                summary: format!("{} queued a failed delivery again", caller.name),
                data: json!({"delivery": id}),
            };
            events::append(conn, &event, now)?;
            Ok(())
        })
        .await?;
    app.wake.deliveries.notify_one();
    app.live.stir();
    Ok(())
}
