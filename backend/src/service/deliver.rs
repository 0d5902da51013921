//! Tells GitLab: claims due deliveries, sends them, and stores what came of it.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::app::{App, Connected};
use crate::db::sending::{self, ClaimedDelivery, Outcome, Wanted};
use crate::db::{
    Conn, DbError, Lane, checks, deliveries, events, lock_merge_request, merge_requests, redelivery, shown,
    trouble,
};
use crate::domain::access::{Caller, Permission};
use crate::domain::backoff::DELIVERY;
use crate::domain::delivery::{Answer, Meaning};
use crate::domain::ids::ConnectionId;
use crate::domain::record::{Actor, EventKind, NewEvent};
use crate::domain::{DeliveryState, Time};
use crate::gitlab::NoteError;
use crate::request_id;
use crate::traces::Span;

use super::compare::{ARRIVES_WITHIN, SETTLED_AFTER};
use super::observe;
use super::probe::{self, Probe};
use super::{Asking, ServiceError, steps};

/// A delivery is taken for this long: well over the client's own time-out.
const LEASE: Duration = Duration::from_secs(60);
/// So many are on their way at once to one GitLab.
pub const PARALLEL: usize = 8;

/// What GitLab shows for a new merge request is looked at so long after the decision: its own pending row may have come later. See
/// [`SETTLED_AFTER`].
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// So many 404 that are not GitLab's are taken for an outage, over some minutes; then they are believed.
const BELIEVED_AFTER: i64 = 10;

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Deliveries that were sent.
    pub count: usize,
    /// Nothing may be sent before then, though something is due.
    pub closed_until: Option<Time>,
}

/// Sends deliveries that are due, up to [`PARALLEL`] at once, and waits for all answers.
///
/// # Errors
/// The database's.
pub async fn step(app: &App) -> Result<Sent, DbError> {
    let taken = take(app, PARALLEL).await?;
    let count = taken.deliveries.len();
    join_all(taken.deliveries.into_iter().map(|one| send(app.clone(), one)))
        .await
        .into_iter()
        .collect::<Result<Vec<()>, _>>()?;
    Ok(Sent { count, closed_until: taken.closed_until })
}

/// What may be sent now.
#[derive(Debug, Default)]
pub struct Taken {
    /// These, each with [`send`].
    pub deliveries: Vec<ClaimedDelivery>,
    /// Nothing may be sent before then, though something is due.
    pub closed_until: Option<Time>,
}

/// Takes deliveries that are due, `room` at most, as the gate allows.
///
/// # Errors
/// The database's.
pub async fn take(app: &App, room: usize) -> Result<Taken, DbError> {
    let Some(connected) = app.connected() else { return Ok(Taken::default()) };
    let now = app.clock.now();
    let (admitted, tried_out) = {
        let mut gate = connected.gate();
        (gate.admit(room, now), gate.is_tripped())
    };
    if admitted == 0 {
        let closed_until = (room > 0).then(|| connected.gate().retry_at(now));
        return Ok(Taken { closed_until, ..Taken::default() });
    }
    match claim(app, &connected, admitted, tried_out, now).await {
        Ok(taken) => {
            connected.gate().give_back(admitted - taken.deliveries.len());
            Ok(taken)
        }
        Err(error) => {
            connected.gate().give_back(admitted);
            Err(error)
        }
    }
}

async fn claim(
    app: &App,
    connected: &Connected,
    limit: usize,
    tried_out: bool,
    now: Time,
) -> Result<Taken, DbError> {
    if !app.db.is_shared() {
        return claim_up_to(app, connected, limit, tried_out, now).await;
    }
    // On PostgreSQL one in each transaction: whoever takes calls in locks the deliveries of a merge request in another order.
    let mut all = Taken::default();
    while all.deliveries.len() < limit {
        let one = claim_up_to(app, connected, 1, tried_out, now).await?;
        if one.deliveries.is_empty() {
            if all.deliveries.is_empty() {
                return Ok(one);
            }
            break;
        }
        all.deliveries.extend(one.deliveries);
    }
    Ok(all)
}

async fn claim_up_to(
    app: &App,
    connected: &Connected,
    limit: usize,
    untried_first: bool,
    now: Time,
) -> Result<Taken, DbError> {
    let (owner, id) = (app.owner.clone(), connected.id.clone());
    app.db
        .write(Lane::Front, move |conn| {
            let (limit, probes) = match probe::due(conn, &id, now)? {
                Probe::NotNeeded(rules) => (i64::try_from(limit).unwrap_or(i64::MAX), rules),
                Probe::One(rules) => (1, rules),
                Probe::NotBefore(at) => return Ok(Taken { closed_until: at, ..Taken::default() }),
            };
            let wanted = Wanted { connection_id: id.as_str(), limit, probes: &probes, untried_first };
            let deliveries = sending::claim(conn, &owner, &wanted, now, now.after(LEASE))?;
            Ok(Taken { deliveries, closed_until: None })
        })
        .await
}

/// Sends one, under its own id: that is in the log and at GitLab. Its span is one of the decision's trace.
///
/// # Errors
/// The database's.
pub async fn send(app: App, claimed: ClaimedDelivery) -> Result<(), DbError> {
    let Some(connected) = app.connected() else { return Ok(()) };
    let id = claimed.id.clone();
    let span = app.traces.work("deliver", Some(&id), Some(&claimed.check_id));
    span.within(request_id::within(id, send_one(&app, &connected, claimed, &span))).await?;
    app.changed();
    Ok(())
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
    answer.meaning = look_closer(connected, &claimed, &answer).await;
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
        | Meaning::Gone
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
            lock_merge_request(conn, &claimed.connection_id, claimed.project, claimed.iid)?;
            if sending::finish(conn, &owner, &claimed, &outcome, now)? {
                consequences(conn, &claimed, &answer, now)?;
            }
            deliveries::made_at(conn, &claimed.id)
        })
        .await?;
    app.metrics.told(meaning, (meaning == Meaning::Accepted).then(|| now.since(made_at)));
    Ok(())
}

/// What an answer means that GitLab gives for different reasons.
async fn look_closer(connected: &Connected, sent: &ClaimedDelivery, answer: &Answer) -> Meaning {
    match (answer.meaning, answer.http_status) {
        // The token is not accepted, or the project has no licence.
        (Meaning::ConnectionBroken, _) => match connected.client.own_user().await {
            // One that may not read its own user is accepted as well.
            Ok(_) | Err(NoteError::Refused(_)) => Meaning::Unlicensed,
            Err(NoteError::NotSignedIn(_)) => Meaning::ConnectionBroken,
            // Nobody knows yet.
            Err(NoteError::Missing(_) | NoteError::Later { .. }) => Meaning::Later(None),
        },
        // Something replaces GitLab's own words, and not for a while only.
        (Meaning::Later(_), Some(403 | 404)) if sent.attempts >= BELIEVED_AFTER => Meaning::RuleBroken,
        (Meaning::RuleBroken, Some(404)) if connected.client.is_deleted(sent.project, sent.iid).await => {
            Meaning::Gone
        }
        (meaning, _) => meaning,
    }
}

const fn state_after(meaning: Meaning) -> DeliveryState {
    match meaning {
        Meaning::Accepted => DeliveryState::Delivered,
        Meaning::Superseded | Meaning::Gone => DeliveryState::Obsolete,
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
            let of_connection = trouble::set_connection_trouble(conn, &sent.connection_id, None, None, now)?;
            let of_rule = trouble::set_rule_trouble(conn, &sent.rule_id, None, None, now)?;
            if of_connection || of_rule {
                let rule = Some(sent.rule_id.as_str()).filter(|_| !of_connection);
                redelivery::resume(conn, &sent.connection_id, rule, now)?;
            }
            let commit = steps::commit(conn, &sent.check_id, &sent.sha)?;
            let told = format!("GitLab was told {} for {commit}", sent.status.as_str());
            record(conn, sent, EventKind::DeliveryDelivered, told, now)?;
            // GitLab's own row of a new merge request, or an earlier answer that was not heard of, may come after this one; and where
            // somebody had let it pass behind our back, the alarm is to end.
            let settling =
                now < merge_requests::first_seen(conn, &sent.merge_request_id)?.after(SETTLED_AFTER);
            if settling
                || may_be_replaced(conn, sent, now)?
                || shown::undecided_pass(conn, &sent.check_id)?.alarm
            {
                merge_requests::want_refresh_at(conn, &sent.merge_request_id, now.after(LOOK_AFTER), now)?;
            }
            if of_rule {
                probe::restored(
                    conn,
                    Some(&sent.project_id),
                    "The rule works again; what it kept is sent",
                    now,
                )?;
            }
            if of_connection {
                probe::restored(
                    conn,
                    None,
                    "The connection to GitLab works again; what it kept is sent",
                    now,
                )?;
            }
        }
        Meaning::Superseded => {
            merge_requests::want_refresh(conn, &sent.merge_request_id, now)?;
        }
        Meaning::Gone => {
            let connection = ConnectionId::stored(sent.connection_id.clone());
            observe::vanished(conn, &connection, sent.project, sent.iid, now)?;
        }
        Meaning::ConnectionBroken => {
            let reason = format!("{error}: the token is not accepted");
            let probe = Some(now.after(probe::EVERY));
            if trouble::set_connection_trouble(conn, &sent.connection_id, Some(&reason), probe, now)? {
                record(
                    conn,
                    sent,
                    EventKind::ConnectionBroken,
                    format!("Telling GitLab stopped: {reason}"),
                    now,
                )?;
            }
            failed(conn, sent, &reason, now)?;
        }
        Meaning::RuleBroken | Meaning::Unlicensed => {
            let why = match answer.meaning {
                Meaning::Unlicensed => "the project has no Ultimate licence; the token is accepted",
                _ => {
                    "the token needs the role Developer on the project and the scope api, or the status check was deleted in GitLab"
                }
            };
            let reason = format!("{error}: {why}");
            let probe = Some(now.after(probe::EVERY));
            if trouble::set_rule_trouble(conn, &sent.rule_id, Some(&reason), probe, now)? {
                record(
                    conn,
                    sent,
                    EventKind::ConnectionBroken,
                    format!("Telling GitLab stopped for this rule: {reason}"),
                    now,
                )?;
            }
            failed(conn, sent, &reason, now)?;
            // If the rule is gone, reading the merge request says so and withdraws the check.
            merge_requests::want_refresh(conn, &sent.merge_request_id, now)?;
        }
        Meaning::Refused => failed(conn, sent, error, now)?,
        Meaning::Later(_) => {}
    }
    Ok(())
}

/// Whether an earlier request of this check got no answer and may still be done by GitLab.
fn may_be_replaced(conn: &mut Conn, sent: &ClaimedDelivery, now: Time) -> Result<bool, DbError> {
    let Some(newest) = deliveries::newest_of(conn, &sent.check_id)? else { return Ok(false) };
    let unanswered = deliveries::unanswered_before(conn, &sent.check_id, &newest)?;
    Ok(unanswered.is_some_and(|at| now < at.after(ARRIVES_WITHIN)))
}

fn failed(conn: &mut Conn, sent: &ClaimedDelivery, why: &str, now: Time) -> Result<(), DbError> {
    let commit = steps::commit(conn, &sent.check_id, &sent.sha)?;
    record(conn, sent, EventKind::DeliveryFailed, format!("{commit}: {why}"), now)
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

/// Has a delivery that failed or waits sent now, because a person asked for it.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::NotRetryable`] or the database's.
pub async fn retry(app: &App, caller: &Caller, id: String) -> Result<(), ServiceError> {
    let asking = Asking::new(app, caller);
    let now = asking.now;
    app.db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, Some(Permission::ChecksDecide))?;
            if !redelivery::is_within(conn, &id, &caller.reach)? {
                return Err(ServiceError::NotFound("delivery"));
            }
            match redelivery::retry(conn, &id, now)? {
                None => return Err(ServiceError::NotFound("delivery")),
                Some(false) => {
                    return Err(ServiceError::NotRetryable(
                        "it was delivered, is no longer true, or is on its way right now",
                    ));
                }
                Some(true) => {}
            }
            let owners = redelivery::owners(conn, &id)?;
            let reference = checks::reference(conn, &owners.check_id)?;
            // The person says that it is mended: this delivery is the probe.
            trouble::probe(conn, &owners.connection_id, &owners.rule_id, now)?;
            let event = NewEvent {
                kind: EventKind::DeliveryRetried,
                check_id: Some(owners.check_id),
                project_id: Some(owners.project_id),
                actor: caller.actor(),
                summary: format!("{} had GitLab told again about {reference}", caller.name),
                data: json!({"delivery": id}),
            };
            events::append(conn, &event, now)?;
            Ok(())
        })
        .await?;
    if let Some(connected) = app.connected() {
        connected.gate().try_one();
    }
    app.wake.deliveries.notify_one();
    app.live.stir();
    Ok(())
}
