//! Tells GitLab: claims due deliveries, sends them, and stores what came of it.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::app::{App, Connected};
use crate::db::sending::{self, ClaimedDelivery, Outcome, Wanted};
use crate::db::{DbError, Lane, checks, deliveries, events, lock_merge_request, redelivery, trouble};
use crate::domain::access::{Caller, Permission};
use crate::domain::backoff::DELIVERY;
use crate::domain::delivery::{Answer, Meaning};
use crate::domain::record::{EventKind, NewEvent};
use crate::domain::{DeliveryState, Time};
use crate::gitlab::NoteError;
use crate::request_id;
use crate::traces::Span;

use super::probe::{self, Probe};
use super::{Asking, ServiceError, answered};

/// A delivery is taken for this long: well over the client's own time-out.
const LEASE: Duration = Duration::from_secs(60);
/// So many are on their way at once to one GitLab.
pub const PARALLEL: usize = 8;

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
                answered::follow(conn, &claimed, &answer, now)?;
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
            let owners = redelivery::owners(conn, &id)?;
            let place = checks::place(conn, &owners.check_id)?;
            lock_merge_request(conn, &place.connection_id, place.project, place.iid)?;
            // The person says that it is mended: this delivery is the probe.
            trouble::probe(conn, &owners.connection_id, &owners.rule_id, now)?;
            let reference = checks::reference(conn, &owners.check_id)?;
            let event = NewEvent::new(
                EventKind::DeliveryRetried,
                caller.actor(),
                format!("{} had GitLab told again about {reference}", caller.name),
                json!({"delivery": id}),
            )
            .of_check(&owners.check_id, &owners.project_id);
            // Before the delivery is changed, as [`redelivery::resume`] wants it; undone if it is not.
            events::append(conn, &event, now)?;
            if redelivery::retry(conn, &id, now)? != Some(true) {
                return Err(ServiceError::NotRetryable(
                    "it was delivered, is no longer true, or is on its way right now",
                ));
            }
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
