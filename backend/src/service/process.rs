//! Processes stored calls: signed ones from what they say, others from what GitLab says.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::connection;
use super::observe::{self, Observation, Observed};
use crate::app::{App, Connected};
use crate::causes;
use crate::db::calls::{self, CallState, ClaimedCall};
use crate::db::{Conn, DbError, Lane, batches, events, lock};
use crate::domain::Time;
use crate::domain::backoff::READ_BACK;
use crate::domain::facts::Facts;
use crate::domain::record::{Actor, EventKind, NewEvent};
use crate::gitlab::{Call, ReadError};
use crate::request_id;

/// A call is taken for this long, twice what GitLab may take to answer about [`CLAIM`] of them; a crashed process's calls
/// are free again afterwards.
const LEASE: Duration = Duration::from_secs(60);
/// So many of those that wait for GitLab are taken at once.
const CLAIM: i64 = 32;
/// So many are processed in one transaction, so that callers who wait for theirs wait little.
const GROUP: usize = 8;
/// GitLab is asked about so many at once.
const ASKED_AT_ONCE: usize = 16;
/// A call that fails for a reason of our own is set aside after so many failures, …
const TRIES: i64 = 5;
/// … where the database was in trouble after so many, over most of a day, …
const TRIES_OF_TROUBLE: i64 = 200;
/// … and one that GitLab refuses to explain, or explains in no way that is understood, after so many: an hour or two.
const REFUSALS: i64 = 34;
/// While more calls without a signature than these are set aside, further ones are listed and not recorded.
const RECORDED: usize = 100;
/// What GitLab says after so many failures is believed, though it seems to lag behind its own call.
const DOUBTS: i64 = 3;

/// What is to become of a call.
enum Fate {
    /// Done; with a note for people.
    Done(Option<&'static str>),
    /// GitLab has to be asked.
    Ask,
    /// A person has to look.
    SetAside(String),
    /// To be tried again, a bounded number of times.
    Later(String),
    /// The same however long it takes, and not before GitLab wants to be asked.
    Outage(String, Option<Duration>),
}

/// Processes the next batch of calls that arrived, from what they say; returns how many there were. Those that GitLab has
/// to be asked about are left to [`ask`], so that no call waits for GitLab that need not.
///
/// # Errors
/// The database's.
pub async fn believe(app: &App) -> Result<usize, DbError> {
    let (owner, until) = (app.owner.clone(), app.clock.now().after(LEASE));
    let taken = app.db.write(Lane::Back, move |conn| batches::take(conn, &owner, until)).await?;
    if taken.is_empty() {
        return Ok(0);
    }
    let span = app.traces.work("process calls", None, None);
    let (count, taken) = (taken.len(), Arc::new(taken));
    span.within(async {
        let open = believe_all(app, &taken).await?;
        if !open.is_empty() {
            let owner = app.owner.clone();
            let ids: Vec<i64> =
                open.iter().filter_map(|index| taken.get(*index)).map(|call| call.id).collect();
            app.db.write(Lane::Back, move |conn| calls::hand_over(conn, &owner, &ids)).await?;
            app.wake.asking.notify_one();
        }
        Ok(count)
    })
    .await
}

/// Processes calls that are due and stand by themselves: GitLab has to be asked about them, or they were put off or
/// replayed. Returns how many there were.
///
/// # Errors
/// The database's.
pub async fn ask(app: &App) -> Result<usize, DbError> {
    let now = app.clock.now();
    let owner = app.owner.clone();
    let claimed = app
        .db
        .write(Lane::Back, move |conn| calls::claim(conn, &owner, now, now.after(LEASE), CLAIM))
        .await?;
    if claimed.is_empty() {
        return Ok(0);
    }
    let span = app.traces.work("ask about calls", None, None);
    let claimed = Arc::new(claimed);
    span.within(async {
        let open = believe_all(app, &claimed).await?;
        let open: Vec<&ClaimedCall> = open.iter().filter_map(|index| claimed.get(*index)).collect();
        let mut silent = false;
        // Not all at once: whoever need not sign may call as often as they like.
        for some in open.chunks(ASKED_AT_ONCE) {
            if silent {
                for call in some {
                    let why = "GitLab did not answer about others that were asked just before".to_owned();
                    settle(app, call, Fate::Outage(why, None)).await?;
                }
                continue;
            }
            let asked = some.iter().map(|call| request_id::within(request_id::fresh(), ask_about(app, call)));
            let answered = join_all(asked).await.into_iter().collect::<Result<Vec<bool>, _>>()?;
            silent = answered.iter().all(|answered| !answered);
        }
        if !open.is_empty() {
            learn_new_rules(app, &claimed).await?;
            app.changed();
        }
        Ok(claimed.len())
    })
    .await
}

/// Processes calls from what they say, as far as that goes; returns the places of those GitLab has to be asked about.
async fn believe_all(app: &App, calls: &Arc<Vec<ClaimedCall>>) -> Result<Vec<usize>, DbError> {
    let mut open = Vec::new();
    // PostgreSQL has a lock for each merge request, and whoever holds one must not wait for the next.
    let group = if app.db.is_shared() { 1 } else { GROUP };
    for start in (0..calls.len()).step_by(group) {
        open.extend(believe_some(app, calls, start..(start + group).min(calls.len())).await?);
    }
    learn_new_rules(app, calls).await?;
    app.changed();
    Ok(open)
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

/// The same for some of them, in one transaction if nothing fails.
async fn believe_some(
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
    let Some(call) = calls.get(index) else { return Ok(Vec::new()) };
    match try_group(app, calls, index..index + 1).await {
        Ok(open) => Ok(open),
        Err(error) => {
            failed(app, call, &error).await?;
            Ok(Vec::new())
        }
    }
}

/// A call could not be processed for a reason of our own.
async fn failed(app: &App, call: &ClaimedCall, error: &DbError) -> Result<(), DbError> {
    let tries = if error.is_passing() { TRIES_OF_TROUBLE } else { TRIES };
    let error = causes::told(error);
    tracing::warn!(error, call = call.id, "a call could not be processed");
    let fate = if call.failures + 1 >= tries {
        Fate::SetAside(format!("processing failed {tries} times: {error}"))
    } else {
        Fate::Later(format!("processing failed: {error}"))
    };
    settle(app, call, fate).await
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
                    Some(facts) => {
                        let heard = Heard { call: &call, signed: true, received_at: &stored.received_at };
                        take_in(app, conn, &connected, &heard, &facts, false)?
                    }
                    None => Fate::Ask,
                }
            }
        },
    };
    let ask = matches!(fate, Fate::Ask);
    apply(conn, &app.owner, Tries::of(stored), &fate, now)?;
    Ok(ask)
}

/// A call, how it came, and when.
struct Heard<'a> {
    call: &'a Call,
    signed: bool,
    received_at: &'a str,
}

/// Takes facts in and says what becomes of the call they belong to.
fn take_in(
    app: &App,
    conn: &mut Conn,
    connected: &Connected,
    heard: &Heard<'_>,
    facts: &Facts,
    insist: bool,
) -> Result<Fate, DbError> {
    let call = heard.call;
    let seen = Observation {
        connection_id: &connected.id,
        facts,
        named_rule: Some(call.rule()),
        // Of a commit that is still HEAD: what was pressed before a push says nothing about the new one.
        retry: call.is_retry()
            && call.head().is_none_or(|sha| Some(sha) == facts.merge_request.head_sha.as_deref()),
        signed: heard.signed,
        enrol: app.config.enrol,
        insist,
        received_at: heard.received_at,
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

/// Reads the merge request from GitLab and takes that in instead of what the call says; `false` if GitLab did not answer.
async fn ask_about(app: &App, stored: &ClaimedCall) -> Result<bool, DbError> {
    let (Some(connected), Ok(call)) = (app.connected(), Call::parse(&stored.body)) else { return Ok(true) };
    let place = (call.project(), call.iid());
    let fate = match connection::read(app, &connected, place, app.clock.now()).await? {
        Ok(facts) => match take_in_read(app, connected, stored, call, facts).await {
            Ok(fate) => fate,
            Err(error) => {
                failed(app, stored, &error).await?;
                return Ok(true);
            }
        },
        Err(ReadError::NotFound(path)) => Fate::SetAside(format!(
            "GitLab answered 404 to {path}: the token cannot see it, or the call was forged. Give the token access, then replay"
        )),
        Err(error @ (ReadError::Refused { .. } | ReadError::Unreadable(_))) => {
            if stored.failures + 1 >= REFUSALS {
                Fate::SetAside(format!("{error}. It was asked again and again; mend that, then replay"))
            } else {
                Fate::Later(error.to_string())
            }
        }
        Err(ReadError::Unavailable { message, retry_after }) => Fate::Outage(message, retry_after),
    };
    let answered = !matches!(fate, Fate::Outage(..));
    settle(app, stored, fate).await?;
    Ok(answered)
}

/// Takes in what GitLab said instead of the call.
async fn take_in_read(
    app: &App,
    connected: Connected,
    stored: &ClaimedCall,
    call: Call,
    facts: Facts,
) -> Result<Fate, DbError> {
    let (inner, signed, received_at) = (app.clone(), stored.signed, stored.received_at.clone());
    let insist = stored.failures >= DOUBTS;
    let fate = app
        .db
        .write(Lane::Back, move |conn| {
            let heard = Heard { call: &call, signed, received_at: &received_at };
            take_in(&inner, conn, &connected, &heard, &facts, insist)
        })
        .await?;
    Ok(match fate {
        Fate::Ask => Fate::Later("GitLab seems to lag behind its own call; it is asked again".into()),
        fate @ (Fate::Done(_) | Fate::SetAside(_) | Fate::Later(_) | Fate::Outage(..)) => fate,
    })
}

/// Which call it is, and how often it was tried before.
#[derive(Clone, Copy)]
struct Tries {
    call: i64,
    signed: bool,
    attempts: i64,
    failures: i64,
}

impl Tries {
    const fn of(call: &ClaimedCall) -> Self {
        Self { call: call.id, signed: call.signed, attempts: call.attempts, failures: call.failures }
    }
}

async fn settle(app: &App, call: &ClaimedCall, fate: Fate) -> Result<(), DbError> {
    let now = app.clock.now();
    let (owner, tries) = (app.owner.clone(), Tries::of(call));
    app.db.write(Lane::Back, move |conn| apply(conn, &owner, tries, &fate, now)).await
}

fn apply(conn: &mut Conn, owner: &str, tries: Tries, fate: &Fate, now: Time) -> Result<(), DbError> {
    let Tries { call: id, signed, attempts, failures } = tries;
    let wait = |tries: i64| READ_BACK.wait(u32::try_from(tries).unwrap_or(u32::MAX), rand::random());
    match fate {
        Fate::Ask => Ok(()),
        Fate::Done(note) => calls::finish(conn, owner, id, CallState::Processed, *note).map(|_| ()),
        Fate::Later(note) => {
            let due = now.after(wait(failures + 1));
            calls::postpone(conn, owner, id, failures + 1, due, note)
        }
        Fate::Outage(note, asked) => {
            let due = now.after(wait(attempts + 1).max(asked.unwrap_or_default()));
            calls::postpone(conn, owner, id, failures, due, note)
        }
        Fate::SetAside(note) => {
            if !signed {
                // They are counted one after the other.
                lock(conn, "unsigned set aside")?;
            }
            if !calls::finish(conn, owner, id, CallState::SetAside, Some(note))? {
                return Ok(());
            }
            // Anybody can send calls without a signature, and the record is never made shorter.
            let listed = if signed { 0 } else { calls::unsigned_set_aside(conn, RECORDED + 1)? };
            if listed > RECORDED {
                return Ok(());
            }
            let last =
                "; as long as so many are set aside, further calls without a signature are only listed";
            let event = NewEvent::new(
                EventKind::CallSetAside,
                Actor::app(),
                format!("Call {id} was set aside: {note}{}", if listed == RECORDED { last } else { "" }),
                serde_json::json!({"call": id}),
            );
            events::append(conn, &event, now)?;
            Ok(())
        }
    }
}
