//! Loops: each calls a step, then sleeps until work is due or somebody says that there is some.

use std::future::Future;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};

use crate::app::App;
use crate::causes;
use crate::db::{
    self, Conn, DbError, Lane, batches, calls, changes_due, deliveries, idempotency, links, merge_requests,
    notes, sending, sessions, throttle, trouble,
};
use crate::domain::Time;
use crate::domain::ids::ConnectionId;
use crate::service::change::ahead;
use crate::service::{deliver, note, process, reconcile, refresh};

/// No loop sleeps longer: a replica may have queued work, a lease may have ended.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// When work is due that cannot be done yet, a loop looks again after this long.
const BLOCKED: Duration = Duration::from_millis(500);
/// Reconciliation waits no longer for GitLab, if it does not do so anyway.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// What has ended (sessions, links, keys, failures, changes) is deleted this often, …
const TIDY_EVERY: Duration = Duration::from_secs(600);
/// … and old calls at most so many at once.
const PRUNED: usize = 200;
/// The SQLite file is examined so long after the start, …
const EXAMINE_FIRST: Duration = Duration::from_secs(60);
/// … and this often, …
const EXAMINE_EVERY: Duration = Duration::from_secs(600);
/// … but it takes no more than one part of so many of the time.
const EXAMINE_SHARE: u32 = 100;
/// Clocks may be apart by this much before anybody is told.
const CLOCKS: Duration = Duration::from_secs(5);
/// After a failure of the database a loop waits this long.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Starts all loops; they end when the application is told to stop.
pub fn start(app: &App) -> JoinSet<()> {
    let mut loops = JoinSet::new();
    loops.spawn(calls_loop(app.clone()));
    loops.spawn(asking_loop(app.clone()));
    loops.spawn(deliveries_loop(app.clone()));
    loops.spawn(notes_loop(app.clone()));
    loops.spawn(refresh_loop(app.clone()));
    loops.spawn(changes_loop(app.clone()));
    loops.spawn(reconcile_loop(app.clone()));
    loops.spawn(live_loop(app.clone()));
    loops.spawn(housekeeping_loop(app.clone()));
    if !app.db.is_shared() {
        loops.spawn(examine_loop(app.clone()));
    }
    loops
}

/// Gives back what this process has taken and not finished.
///
/// # Errors
/// The database's.
pub async fn release(app: &App) -> Result<(), DbError> {
    let owner = app.owner.clone();
    app.db
        .write(Lane::Front, move |conn| {
            calls::release(conn, &owner)?;
            sending::release(conn, Some(&owner))
        })
        .await
}

async fn calls_loop(app: App) {
    while !app.stopping.is_cancelled() {
        let pause = match process::believe(&app).await {
            Ok(0) => until(&app, app.db.read(batches::oldest).await),
            Ok(_) => continue,
            Err(error) => failed("processing calls", &error),
        };
        rest(&app, pause, app.wake.calls.notified()).await;
    }
}

/// Apart, since GitLab may be slow or silent, and calls that are believed must not wait for that.
async fn asking_loop(app: App) {
    while !app.stopping.is_cancelled() {
        let pause = match process::ask(&app).await {
            Ok(0) => until(&app, app.db.read(calls::next_due).await),
            Ok(_) => continue,
            Err(error) => failed("asking about calls", &error),
        };
        rest(&app, pause, app.wake.asking.notified()).await;
    }
}

/// One that waits for its answer keeps no other back.
async fn deliveries_loop(app: App) {
    let mut on_their_way = JoinSet::new();
    while !app.stopping.is_cancelled() {
        let room = deliver::PARALLEL - on_their_way.len();
        let pause = match deliver::take(&app, room).await {
            Ok(taken) if !taken.deliveries.is_empty() => {
                for one in taken.deliveries {
                    on_their_way.spawn(deliver::send(app.clone(), one));
                }
                continue;
            }
            Ok(deliver::Taken { closed_until: Some(at), .. }) => {
                at.since(app.clock.now()).clamp(Duration::from_millis(10), LONGEST_SLEEP)
            }
            Ok(_) if room == 0 => LONGEST_SLEEP,
            Ok(_) => until(&app, due(&app, deliveries::next_due).await),
            Err(error) => failed("delivering", &error),
        };
        tokio::select! {
            Some(ended) = on_their_way.join_next() => note_end(ended),
            () = rest(&app, pause, app.wake.deliveries.notified()) => {}
        }
    }
    while let Some(ended) = on_their_way.join_next().await {
        note_end(ended);
    }
}

fn note_end(ended: Result<Result<(), DbError>, JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            failed("delivering", &error);
        }
        Err(error) => tracing::error!(%error, "a delivery broke off; it is sent again when its lease ends"),
    }
}

async fn notes_loop(app: App) {
    while !app.stopping.is_cancelled() {
        let pause = match note::step(&app).await {
            Ok(sent) if sent.count > 0 => continue,
            Ok(deliver::Sent { closed_until: Some(at), .. }) => {
                at.since(app.clock.now()).clamp(Duration::from_millis(10), LONGEST_SLEEP)
            }
            Ok(_) => until(&app, due(&app, notes::next_due).await),
            Err(error) => failed("writing notes", &error),
        };
        rest(&app, pause, app.wake.notes.notified()).await;
    }
}

async fn refresh_loop(app: App) {
    while !app.stopping.is_cancelled() {
        let pause = match refresh::step(&app).await {
            Ok(0) => until(&app, due(&app, merge_requests::next_refresh).await),
            Ok(_) => continue,
            Err(error) => failed("reading merge requests", &error),
        };
        rest(&app, pause, app.wake.refresh.notified()).await;
    }
}

async fn changes_loop(app: App) {
    while !app.stopping.is_cancelled() {
        let pause = match ahead::step(&app).await {
            Ok(0) if app.config.read_ahead => {
                until(&app, app.db.read(changes_due::next_due).await).max(ahead::retry_after(&app))
            }
            Ok(0) => LONGEST_SLEEP,
            Ok(_) => continue,
            Err(error) => failed("reading changes", &error),
        };
        rest(&app, pause.min(LONGEST_SLEEP), app.wake.changes.notified()).await;
    }
}

async fn reconcile_loop(app: App) {
    let mut from = None;
    while !app.stopping.is_cancelled() {
        let span = app.traces.work("reconcile", None, None);
        // A round may take minutes. One that is cut off is made up for by the next: what was read is taken in.
        let done = tokio::select! {
            done = span.within(reconcile::run(&app, from)) => done,
            () = app.stopping.cancelled() => break,
        };
        drop(span);
        let mut pause = app.config.reconcile_every;
        match done {
            Ok(round) => {
                from = round.next;
                // Not for longer, whoever says so: nothing else finds what was missed.
                pause = pause.max(round.wait.unwrap_or_default().min(LONGEST_WAIT));
            }
            Err(error) => {
                failed("reconciling", &error);
            }
        }
        rest(&app, pause, app.wake.reconcile.notified()).await;
    }
}

async fn live_loop(app: App) {
    // Where it is not shared, only a command line makes events besides this process.
    let pause = if app.db.is_shared() { Duration::from_secs(1) } else { LONGEST_SLEEP };
    while !app.stopping.is_cancelled() {
        match app.live.step(&app.db).await {
            Ok(0) => rest(&app, pause, app.live.stirred()).await,
            Ok(_) => {}
            Err(error) => {
                let pause = failed("following the record", &error);
                rest(&app, pause, std::future::pending()).await;
            }
        }
    }
}

/// Now and then: rules set by other replicas, old calls, sessions and links that have ended.
async fn housekeeping_loop(app: App) {
    let mut tidied = None;
    while !app.stopping.is_cancelled() {
        if let Err(error) = app.load_secrets().await {
            failed("reading the rules", &error);
        }
        let now = app.clock.now();
        if tidied.is_none_or(|at| now.since(at) >= TIDY_EVERY) {
            match tidy(&app).await {
                Ok(()) => {
                    tidied = Some(now);
                    compare_clocks(&app).await;
                }
                Err(error) => {
                    failed("deleting what has ended", &error);
                }
            }
        }
        let before = app.clock.now().before(app.config.keep_calls);
        while !app.stopping.is_cancelled() {
            match app.db.write(Lane::Back, move |conn| calls::prune(conn, before, PRUNED)).await {
                Ok(PRUNED) => {}
                Ok(_) => break,
                Err(error) => {
                    failed("deleting old calls", &error);
                    break;
                }
            }
        }
        if let Err(error) = ahead::tidy(&app, false).await {
            failed("letting go of changes", &error);
        }
        rest(&app, LONGEST_SLEEP, std::future::pending()).await;
    }
}

/// Says if this machine's clock is not that of the database: what one replica puts off by its own clock, others do by theirs.
async fn compare_clocks(app: &App) {
    let Ok(Some(theirs)) = app.db.read(db::server_time).await else { return };
    let ours = app.clock.now();
    let (ahead, behind) = (ours.since(theirs), theirs.since(ours));
    if ahead.max(behind) > CLOCKS {
        tracing::warn!(
            ahead_seconds = ahead.as_secs(),
            behind_seconds = behind.as_secs(),
            "this machine's clock and the database server's differ; what one replica puts off, others do at the wrong time"
        );
    }
}

/// Looks for damage, not while everything else starts, and then now and then.
async fn examine_loop(app: App) {
    rest(&app, EXAMINE_FIRST, std::future::pending()).await;
    while !app.stopping.is_cancelled() {
        let begun = std::time::Instant::now();
        tokio::select! {
            () = app.stopping.cancelled() => {}
            () = examine(&app) => {}
        }
        rest(&app, EXAMINE_EVERY.max(begun.elapsed() * EXAMINE_SHARE), std::future::pending()).await;
    }
}

/// Looks for damage once; readiness is red as long as there is some.
pub async fn examine(app: &App) {
    match app.db.examine().await {
        Ok(()) => {}
        Err(error @ DbError::Damaged(_)) => {
            tracing::error!(%error, "stop the service and put a copy in its place with `approval-app restore FILE`");
        }
        Err(error) => {
            failed("examining the database file", &error);
        }
    }
}

/// Deletes sessions, links, keys of requests and counted failures that have ended, and changes that nobody looks at.
///
/// # Errors
/// The database's.
pub async fn tidy(app: &App) -> Result<(), DbError> {
    let now = app.clock.now();
    ahead::tidy(app, true).await?;
    app.db
        .write(Lane::Back, move |conn| {
            sessions::prune(conn, now)?;
            links::prune(conn, now)?;
            idempotency::prune(conn, now)?;
            throttle::prune(conn, now)
        })
        .await
}

/// When something of the connection that is served is due; without one nothing is.
async fn due(
    app: &App,
    next: fn(&mut Conn, &ConnectionId) -> Result<Option<String>, DbError>,
) -> Result<Option<String>, DbError> {
    let Some(connected) = app.connected() else { return Ok(None) };
    app.db.read(move |conn| next(conn, &connected.id)).await
}

/// How long to sleep until something is due. What is due already and was not done waits for
/// something else (a lease of another replica, an older delivery): no reason to spin.
fn until(app: &App, due: Result<Option<String>, DbError>) -> Duration {
    match due {
        Ok(Some(at)) => match Time::parse(&at).map(|at| at.since(app.clock.now())) {
            Some(Duration::ZERO) => BLOCKED,
            Some(wait) => wait.min(LONGEST_SLEEP),
            None => LONGEST_SLEEP,
        },
        Ok(None) => LONGEST_SLEEP,
        Err(error) => failed("looking for work", &error),
    }
}

fn failed(doing: &str, error: &DbError) -> Duration {
    tracing::error!(error = causes::told(error), "{doing} failed; it is tried again");
    AFTER_FAILURE
}

async fn rest(app: &App, pause: Duration, woken: impl Future<Output = ()>) {
    tokio::select! {
        () = app.stopping.cancelled() => {}
        () = tokio::time::sleep(pause) => {}
        () = woken => {}
    }
}

/// Does everything that is due now and what follows from it, without sleeping: for tests and for
/// a clean end. Returns how many pieces of work there were.
///
/// # Errors
/// The database's.
pub async fn drain(app: &App) -> Result<usize, DbError> {
    let mut total = 0;
    loop {
        let mut calls = 0;
        loop {
            match process::believe(app).await? {
                0 => break,
                believed => calls += believed,
            }
        }
        calls += process::ask(app).await?;
        let read = refresh::step(app).await?;
        let sent = deliver::step(app).await?;
        let written = note::step(app).await?;
        let ahead = ahead::step(app).await?;
        let done = calls + read + sent.count + written.count + ahead;
        total += done;
        if done == 0 {
            while app.live.step(&app.db).await? > 0 {}
            return Ok(total);
        }
    }
}

/// When the next piece of work is due; `None` if nothing waits.
///
/// # Errors
/// The database's.
pub async fn next_due(app: &App) -> Result<Option<Time>, DbError> {
    let ahead = app.config.read_ahead && app.connected().is_some();
    let (mut all, calls) = (
        vec![
            due(app, deliveries::next_due).await?,
            due(app, notes::next_due).await?,
            due(app, merge_requests::next_refresh).await?,
            due(app, trouble::next_probe).await?,
        ],
        app.db.read(|conn| Ok::<_, DbError>([batches::oldest(conn)?, calls::next_due(conn)?])).await?,
    );
    all.extend(calls);
    if ahead {
        all.push(app.db.read(changes_due::next_due).await?);
    }
    Ok(all.iter().flatten().filter_map(|at| Time::parse(at)).min())
}
