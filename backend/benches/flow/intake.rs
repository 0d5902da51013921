//! The door: calls that are verified and on disk before they are acknowledged, against the same
//! server that only verifies, and against the same server that does nothing.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use diesel::sql_types::BigInt;
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection};

use crate::load::{self, Round};
use crate::place::Scratch;
use crate::process::Served;
use crate::report::{Goal, Report, median};
use crate::{Result, baseline, calls};

/// Rounds of each of the three.
const ROUNDS: usize = 3;
/// How long a round is measured.
const ROUND: Duration = Duration::from_secs(4);
/// So long is waited for the calls to be processed afterwards.
const DRAIN: Duration = Duration::from_secs(30);
/// The real door.
const DOOR: &str = "/approval-apps/status_check";

/// One of the three that are compared.
struct Side {
    name: &'static str,
    address: SocketAddr,
    path: &'static str,
    rounds: Vec<Round>,
    /// Processor time of its process per request, in microseconds, per round.
    cost: Vec<f64>,
}

/// Measures, and reports the memory that the service holds afterwards.
///
/// # Errors
/// If a request is refused or the store does not hold what was acknowledged.
pub async fn measure(folder: &Scratch, report: &mut Report) -> Result<()> {
    report.progress("writing down signed calls")?;
    let calls = Rc::new(calls::write_down()?);
    let next = Rc::new(Cell::new(0));
    let database = folder.join("durable.db");
    // Nobody is there: signed calls are believed, so nobody is asked.
    let app = Served::app(&database, Some(("http://127.0.0.1:9", "glpat-of-nobody")))?;
    app.ready().await?;
    let plain = baseline::start(&folder.join("baseline.db"))?;
    let mut sides = [
        side("durable", &app, DOOR),
        side("verify and parse only", &plain, baseline::VERIFY),
        side("empty handler", &plain, baseline::EMPTY),
    ];
    app.hold()?;
    for round in 0..ROUNDS {
        report.progress(&format!("intake, round {} of {ROUNDS}", round + 1))?;
        for turn in 0..sides.len() {
            // Every round begins with another one.
            let which = (turn + round) % sides.len();
            if which == 0 {
                app.resume()?;
            }
            let process = if which == 0 { &app } else { &plain };
            if let Some(side) = sides.get_mut(which) {
                let before = process.processor_time()?;
                let done = load::run(side.address, side.path, &calls, &next, ROUND).await?;
                let used = process.processor_time()? - before;
                side.cost.push(used.as_secs_f64() * 1e6 / done.acknowledged as f64);
                side.rounds.push(done);
            }
            if which == 0 {
                // What it still has to process must not slow down the others.
                app.hold()?;
            }
        }
    }
    app.resume()?;
    drop(plain);
    let [durable, verify, empty] = &sides;
    for side in &sides {
        side.tell(report);
    }
    let ratio = |other: &Side| durable.per_second() / other.per_second();
    report.figure("durable signed intake / verify and parse only", ratio(verify), "", Goal::AtLeast(0.7));
    report.figure("durable signed intake / empty handler", ratio(empty), "", Goal::AtLeast(0.45));
    report.figure(
        "durable signed intake: p99 at that load",
        durable.quantile(0.99),
        "ms",
        Goal::AtMost(15.0),
    );
    let acknowledged: u64 = durable.rounds.iter().map(|round| round.acknowledged).sum();
    settle(&database, acknowledged, report).await?;
    for (field, name) in [("VmRSS", "resident"), ("VmHWM", "resident at most"), ("RssAnon", "without files")]
    {
        report.figure(format!("memory after that load, {name}"), app.mebibytes(field)?, "MiB", Goal::None);
    }
    app.stop().await
}

fn side(name: &'static str, process: &Served, path: &'static str) -> Side {
    Side { name, address: process.address, path, rounds: Vec::new(), cost: Vec::new() }
}

impl Side {
    fn per_second(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.per_second))
    }

    fn quantile(&self, q: f64) -> f64 {
        median(self.rounds.iter().map(|round| round.times.quantile(q)))
    }

    fn tell(&self, report: &mut Report) {
        let name = self.name;
        report.figure(format!("{name}: requests per second"), self.per_second(), "/s", Goal::None);
        for (q, word) in [(0.5, "p50"), (0.99, "p99"), (0.999, "p99.9")] {
            report.figure(format!("{name}: {word}"), self.quantile(q), "ms", Goal::None);
        }
        let longest = self.rounds.iter().map(|round| round.times.longest()).fold(0.0, f64::max);
        report.figure(format!("{name}: longest of all"), longest, "ms", Goal::None);
        let cost = median(self.cost.iter().copied());
        report.figure(format!("{name}: processor time per request"), cost, "us", Goal::None);
    }
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    stored: i64,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = BigInt)]
    set_aside: i64,
}

fn count(database: &Path) -> Result<Counts> {
    let mut conn = SqliteConnection::establish(&format!("file:{}?mode=ro", database.display()))?;
    Ok(diesel::sql_query(
        "SELECT count(*) + batched AS stored, coalesce(sum(state = 'stored'), 0) + batched AS waiting, \
         coalesce(sum(state = 'set_aside'), 0) AS set_aside \
         FROM (SELECT coalesce(sum(calls), 0) AS batched FROM call_batch) LEFT JOIN received_call ON true",
    )
    .get_result(&mut conn)?)
}

/// Compares what was acknowledged with what is stored, and waits until it is processed.
async fn settle(database: &Path, acknowledged: u64, report: &mut Report) -> Result<()> {
    let begun = Instant::now();
    let first = count(database)?;
    if u64::try_from(first.stored)? != acknowledged {
        return Err(format!("{acknowledged} calls were acknowledged, but {} are stored", first.stored).into());
    }
    report.progress(&format!("{acknowledged} calls are stored; {} wait to be processed", first.waiting))?;
    let mut now = first;
    let waited_for = now.waiting;
    while now.waiting > 0 && begun.elapsed() < DRAIN {
        tokio::time::sleep(Duration::from_millis(500)).await;
        now = count(database)?;
    }
    if now.set_aside > 0 {
        return Err(format!("{} calls were set aside instead of being processed", now.set_aside).into());
    }
    report.note(format!(
        "{acknowledged} calls acknowledged, as many stored; {waited_for} of them were processed only after the load \
         ({:.1} s until {} were left)",
        begun.elapsed().as_secs_f64(),
        now.waiting
    ));
    Ok(())
}
