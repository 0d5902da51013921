//! Processes stored calls: signed ones from what they say, others from what GitLab says.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::observe::{self, Observation, Observed};
use crate::app::{App, Connected};
use crate::db::calls::{self, CallState, ClaimedCall};
use crate::db::{Conn, DbError, Lane, batches, events};
use crate::domain::Time;
use crate::domain::backoff::READ_BACK;
use crate::domain::facts::Facts;
use crate::domain::record::{Actor, EventKind, NewEvent};
use crate::gitlab::{Call, ReadError};
use crate::request_id;

/// A call is taken for this long; a crashed process's calls are free again afterwards.
const LEASE: Duration = Duration::from_secs(60);
/// So many are taken at once; with fewer than half of it also the next batch …
const CLAIM: i64 = 64;
const ENOUGH: usize = 32;
/// … and so many processed in one transaction, so that callers who wait for theirs wait little.
const GROUP: usize = 8;
/// GitLab is asked about so many at once.
const ASKED_AT_ONCE: usize = 16;
/// A call that fails for a reason of our own is set aside after so many tries, …
const TRIES: i64 = 5;
/// … and one that GitLab refuses to explain, or explains in no way that is understood, after so many: an hour or two.
const REFUSALS: i64 = 34;
/// An outage may last: it counts only up to here, where the waits grow no longer.
const OUTAGES: i64 = 10;

/// What is to become of a call.
enum Fate {
    /// Done; with a note for people.
    Done(Option<&'static str>),
    /// GitLab has to be asked.
    Ask,
    /// A person has to look.
    SetAside(String),
    /// To be tried again.
    Later(String),
    /// The same however long it takes, and not before GitLab wants to be asked.
    Outage(String, Option<Duration>),
}

/// Processes the calls that are due; returns how many were taken.
///
/// # Errors
/// The database's.
pub async fn step(app: &App) -> Result<usize, DbError> {
    let now = app.clock.now();
    let owner = app.owner.clone();
    let claimed: Vec<ClaimedCall> = app
        .db
        .write(Lane::Back, move |conn| {
            let until = now.after(LEASE);
            let mut claimed = calls::claim(conn, &owner, now, until, CLAIM)?;
            // What was put off comes first; then the next batch of those that arrived.
            if claimed.len() < ENOUGH {
                claimed.append(&mut batches::take(conn, &owner, until)?);
            }
            Ok::<_, DbError>(claimed)
        })
        .await?;
    if claimed.is_empty() {
        return Ok(0);
    }
    let span = app.traces.work("process calls", None, None);
    span.within(process(app, claimed)).await
}

/// Processes calls that were taken; returns how many there are.
async fn process(app: &App, claimed: Vec<ClaimedCall>) -> Result<usize, DbError> {
    let count = claimed.len();
    let claimed = Arc::new(claimed);
    let mut ask = Vec::new();
    // PostgreSQL has a lock for each merge request, and whoever holds one must not wait for the next.
    let group = if app.db.kind() == "sqlite" { GROUP } else { 1 };
    for start in (0..count).step_by(group) {
        ask.extend(believe(app, &claimed, start..(start + group).min(count)).await?);
    }
    learn_new_rules(app, &claimed).await?;
    app.changed();
    // Not all at once: whoever need not sign may call as often as they like.
    for some in ask.chunks(ASKED_AT_ONCE) {
        let asked = some
            .iter()
            .filter_map(|index| claimed.get(*index))
            .map(|call| request_id::within(request_id::fresh(), ask_gitlab(app, call)));
        join_all(asked).await.into_iter().collect::<Result<Vec<()>, _>>()?;
    }
    if !ask.is_empty() {
        learn_new_rules(app, &claimed).await?;
        app.changed();
    }
    Ok(count)
}

/// Lets the door know of rules that these calls have enrolled.
async fn learn_new_rules(app: &App, calls: &[ClaimedCall]) -> Result<(), DbError> {
    let known = app.secrets();
    let news = calls
        .iter()
        .filter_map(|call| Call::parse(&call.body).ok())
        .any(|call| known.rule(call.project(), call.rule()).is_none());
    if news { app.load_secrets().await } else { Ok(()) }
}

/// Processes signed calls from what they say; returns the places of those GitLab has to be asked
/// about.
async fn believe(
    app: &App,
    calls: &Arc<Vec<ClaimedCall>>,
    group: Range<usize>,
) -> Result<Vec<usize>, DbError> {
    match try_group(app, calls, group.clone()).await {
        Ok(ask) => Ok(ask),
        Err(error) => {
            // One of them is poison, or the database is in trouble: one by one, so that the poison
            // spoils nothing but itself.
            tracing::warn!(error = %error, "a group of calls failed; trying them one by one");
            let mut ask = Vec::new();
            for index in group {
                ask.extend(alone(app, calls, index).await?);
            }
            Ok(ask)
        }
    }
}

async fn try_group(
    app: &App,
    calls: &Arc<Vec<ClaimedCall>>,
    group: Range<usize>,
) -> Result<Vec<usize>, DbError> {
    let (inner, calls) = (app.clone(), Arc::clone(calls));
    app.db
        .write(Lane::Back, move |conn| {
            let mut ask = Vec::new();
            for index in group {
                if let Some(call) = calls.get(index)
                    && believe_one(&inner, conn, call)?
                {
                    ask.push(index);
                }
            }
            Ok(ask)
        })
        .await
}

async fn alone(app: &App, calls: &Arc<Vec<ClaimedCall>>, index: usize) -> Result<Vec<usize>, DbError> {
    let Some((id, attempts)) = calls.get(index).map(|call| (call.id, call.attempts)) else {
        return Ok(Vec::new());
    };
    let error = match try_group(app, calls, index..index + 1).await {
        Ok(ask) => return Ok(ask),
        Err(error) => error,
    };
    let fate = if attempts + 1 >= TRIES {
        Fate::SetAside(format!("processing failed {TRIES} times: {error}"))
    } else {
        Fate::Later(format!("processing failed: {error}"))
    };
    settle(app, id, attempts, fate).await?;
    Ok(Vec::new())
}

fn believe_one(app: &App, conn: &mut Conn, stored: &ClaimedCall) -> Result<bool, DbError> {
    let now = app.clock.now();
    let fate = match Call::parse(&stored.body) {
        Err(fault) => Fate::SetAside(format!("the stored body cannot be read: {fault}")),
        Ok(call) => match (app.connected(), stored.signed) {
            (None, _) => Fate::SetAside(
                "no GitLab is configured: set APPROVAL_GITLAB_URL and APPROVAL_GITLAB_TOKEN, then replay"
                    .into(),
            ),
            (Some(_), false) => Fate::Ask,
            (Some(connected), true) => {
                let received_at = Time::parse(&stored.received_at).unwrap_or(now);
                match call.facts(received_at) {
                    Some(facts) => take_in(app, conn, &connected, stored, &call, &facts, false)?,
                    None => Fate::Ask,
                }
            }
        },
    };
    let ask = matches!(fate, Fate::Ask);
    apply(conn, &app.owner, stored.id, stored.attempts, &fate, now)?;
    Ok(ask)
}

/// Takes facts in and says what becomes of the call they belong to.
fn take_in(
    app: &App,
    conn: &mut Conn,
    connected: &Connected,
    stored: &ClaimedCall,
    call: &Call,
    facts: &Facts,
    insist: bool,
) -> Result<Fate, DbError> {
    let seen = Observation {
        connection_id: &connected.id,
        facts,
        named_rule: Some(call.rule()),
        retry: call.is_retry(),
        signed: stored.signed,
        enrol: app.config.enrol,
        insist,
        received_at: &stored.received_at,
        now: app.clock.now(),
    };
    Ok(match observe::observe(conn, &seen)? {
        Observed::Applied => Fate::Done(None),
        Observed::Stale => Fate::Ask,
        Observed::NotOurs => Fate::SetAside(format!(
            "GitLab lists no status check {} that leads here for project {} !{}: the call was forged, the check was \
             deleted, or it does not apply to this target branch",
            call.rule(),
            call.project(),
            call.iid()
        )),
    })
}

/// Reads the merge request from GitLab and takes that in instead of what the call says.
async fn ask_gitlab(app: &App, stored: &ClaimedCall) -> Result<(), DbError> {
    let (Some(connected), Ok(call)) = (app.connected(), Call::parse(&stored.body)) else { return Ok(()) };
    let began = app.clock.now();
    let fate = match connected.client.read(call.project(), call.iid(), began).await {
        Ok(facts) => {
            let insist = stored.attempts >= 3;
            let (inner, connected) = (app.clone(), connected.clone());
            let stored = ClaimedCall {
                id: stored.id,
                received_at: stored.received_at.clone(),
                signed: stored.signed,
                rule_key: None,
                attempts: stored.attempts,
                body: Vec::new(),
            };
            app.db
                .write(Lane::Back, move |conn| {
                    take_in(&inner, conn, &connected, &stored, &call, &facts, insist)
                })
                .await?
        }
        Err(ReadError::NotFound(path)) => Fate::SetAside(format!(
            "GitLab answered 404 to {path}: the token cannot see it, or the call was forged. Give the token access, then replay"
        )),
        Err(error @ (ReadError::Refused { .. } | ReadError::Unreadable(_))) => {
            // The count goes on after a replay, so that the call has as many tries again.
            if (stored.attempts + 1) % REFUSALS == 0 {
                Fate::SetAside(format!("{error}. It was asked again and again; mend that, then replay"))
            } else {
                Fate::Later(error.to_string())
            }
        }
        Err(ReadError::Unavailable { message, retry_after }) => Fate::Outage(message, retry_after),
    };
    let fate = match fate {
        Fate::Ask => Fate::Later("GitLab seems to lag behind its own call; it is asked again".into()),
        fate @ (Fate::Done(_) | Fate::SetAside(_) | Fate::Later(_) | Fate::Outage(..)) => fate,
    };
    settle(app, stored.id, stored.attempts, fate).await
}

async fn settle(app: &App, id: i64, attempts: i64, fate: Fate) -> Result<(), DbError> {
    let now = app.clock.now();
    let owner = app.owner.clone();
    app.db.write(Lane::Back, move |conn| apply(conn, &owner, id, attempts, &fate, now)).await
}

fn apply(
    conn: &mut Conn,
    owner: &str,
    id: i64,
    attempts: i64,
    fate: &Fate,
    now: Time,
) -> Result<(), DbError> {
    match fate {
        Fate::Ask => Ok(()),
        Fate::Done(note) => calls::finish(conn, owner, id, CallState::Processed, *note).map(|_| ()),
        Fate::Later(note) => postpone(conn, owner, id, attempts + 1, None, note, now),
        Fate::Outage(note, asked) => {
            postpone(conn, owner, id, attempts.max((attempts + 1).min(OUTAGES)), *asked, note, now)
        }
        Fate::SetAside(note) => {
            if !calls::finish(conn, owner, id, CallState::SetAside, Some(note))? {
                return Ok(());
            }
            let event = NewEvent {
                kind: EventKind::CallSetAside,
                check_id: None,
                project_id: None,
                actor: Actor::app(),
                summary: format!("Call {id} was set aside: {note}"),
                data: serde_json::json!({"call": id}),
            };
            events::append(conn, &event, now)?;
            Ok(())
        }
    }
}

fn postpone(
    conn: &mut Conn,
    owner: &str,
    id: i64,
    attempts: i64,
    asked: Option<Duration>,
    note: &str,
    now: Time,
) -> Result<(), DbError> {
    let wait = READ_BACK.wait(u32::try_from(attempts).unwrap_or(u32::MAX), rand::random());
    calls::postpone(conn, owner, id, attempts, now.after(wait.max(asked.unwrap_or_default())), note)
}
