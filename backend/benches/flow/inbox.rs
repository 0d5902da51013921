//! The reviewer's list with many checks against the same with few, and how soon the service is ready.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::Connection;
use crate::process::{Served, token};
use crate::report::{Goal, Report, Times, median};
use crate::{Result, seed};

/// Checks in the large database.
const MANY: u64 = 1_000_000;
/// Checks in the small one.
const FEW: u64 = 1_000;
/// Requests per page and database.
const REQUESTS: usize = 300;
/// Entries of a page.
const PAGE: usize = 50;
/// Starts of the service.
const STARTS: usize = 5;
/// The listing.
const CHECKS: &str = "/approval-apps/api/v1/checks?limit=50";

/// Measures.
///
/// # Errors
/// If a page is not full or not answered.
pub async fn measure(report: &mut Report) -> Result<()> {
    report.progress("databases with 1,000 and 1,000,000 checks (made once, then kept)")?;
    let few = seed::database(FEW, report)?;
    let many = seed::database(MANY, report)?;
    ready(&many, report).await?;
    report.progress("the inbox, with few and with many checks in turns")?;
    let (small, large) = (Served::app(&few, None)?, Served::app(&many, None)?);
    small.ready().await?;
    large.ready().await?;
    let mut small_browser = Connection::open_with(small.address, &token(&few)?).await?;
    let mut large_browser = Connection::open_with(large.address, &token(&many)?).await?;
    for (name, query) in
        [("pending", ""), ("all", "&state=all"), ("decided", "&state=approved,rejected&sort=decided")]
    {
        let newest_first = !query.is_empty();
        let first = format!("{CHECKS}{query}");
        compare(
            &format!("inbox, {name}, first page"),
            [&first, &first],
            &mut small_browser,
            &mut large_browser,
            report,
        )
        .await?;
        let deep = |database: &Path| {
            let cursor = seed::middle(database, newest_first)?;
            Ok::<_, crate::Error>(format!("{CHECKS}{query}&cursor={cursor}"))
        };
        let (in_small, in_large) = (deep(&few)?, deep(&many)?);
        compare(
            &format!("inbox, {name}, page in the middle"),
            [&in_small, &in_large],
            &mut small_browser,
            &mut large_browser,
            report,
        )
        .await?;
    }
    report.figure("memory with 1,000,000 checks, resident", large.mebibytes("VmRSS")?, "MiB", Goal::None);
    small.stop().await?;
    large.stop().await
}

/// One page in both databases, in turns.
async fn compare(
    name: &str,
    [in_small, in_large]: [&str; 2],
    small: &mut Connection,
    large: &mut Connection,
    report: &mut Report,
) -> Result<()> {
    let mut times = (Vec::new(), Vec::new());
    for number in 0..REQUESTS + REQUESTS / 10 {
        let (few, many) = (page(small, in_small).await?, page(large, in_large).await?);
        // The first ones warm up.
        if number >= REQUESTS / 10 {
            times.0.push(few);
            times.1.push(many);
        }
    }
    let (few, many) = (Times::new(times.0)?.quantile(0.5), Times::new(times.1)?.quantile(0.5));
    report.figure(format!("{name}: 1,000,000 / 1,000 checks"), many / few, "", Goal::AtMost(1.3));
    report.figure(format!("{name}: p50 with 1,000,000"), many, "ms", Goal::None);
    Ok(())
}

async fn page(browser: &mut Connection, path: &str) -> Result<Duration> {
    let begun = Instant::now();
    let answer = browser.get(path).await?;
    let took = begun.elapsed();
    let page: Value = serde_json::from_slice(&answer.expect(200)?.body)?;
    let entries = page["items"].as_array().map_or(0, Vec::len);
    if entries != PAGE || page["next_cursor"].is_null() {
        return Err(format!("{path} is not a full page in the middle of others: {entries} entries").into());
    }
    Ok(took)
}

/// From the start of the process to `/readyz` 200.
async fn ready(database: &Path, report: &mut Report) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let app = Served::app(database, None)?;
        times.push(app.ready().await?.as_secs_f64() * 1e3);
        app.stop().await?;
    }
    report.figure("start to ready with 1,000,000 checks", median(times), "ms", Goal::None);
    Ok(())
}
