//! From the reviewer's click to GitLab: what the service adds before the stand-in GitLab is told.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use gitlab_sandbox::{NewMergeRequest, Sandbox, SandboxClock as _, SandboxConfig, Source, SystemClock};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::Connection;
use crate::place::Scratch;
use crate::process::{Served, token};
use crate::report::{Goal, Report, Times};
use crate::{Result, calls};

/// So many decisions, one after the other.
const DECISIONS: usize = 200;
/// Between two of them: the service sends at most twenty a second to one GitLab in the long run, and
/// waiting for that budget is not what is measured.
const PAUSE: Duration = Duration::from_millis(60);
/// Whoever takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(20);
/// The sandbox's token.
const TOKEN: &str = "glpat-of-the-benchmark";
/// The listing of checks.
const CHECKS: &str = "/approval-apps/api/v1/checks";

/// A check that waits for its decision.
struct Waiting {
    id: String,
    sha: String,
    iid: i64,
}

/// Measures.
///
/// # Errors
/// If a decision is refused or does not arrive.
pub async fn measure(folder: &Scratch, report: &mut Report) -> Result<()> {
    report.progress(&format!("{DECISIONS} decisions, from the click to GitLab"))?;
    let config = SandboxConfig { token: TOKEN.into(), cron: false, ..SandboxConfig::default() };
    let gitlab = Sandbox::start(config).await?;
    let database = folder.join("decisions.db");
    let app = Served::app(&database, Some((&gitlab.url(), TOKEN)))?;
    app.ready().await?;
    let project = gitlab.create_project("shop/storefront");
    let url = format!("http://{}/approval-apps/status_check", app.address);
    let rule = gitlab.create_rule(project, "Change approval", &url, Some(calls::SECRET));
    for number in 0..DECISIONS {
        let branch = format!("change-{number}");
        gitlab.create_merge_request(
            project,
            NewMergeRequest { source_branch: branch, ..NewMergeRequest::default() },
        );
    }
    gitlab.settle().await;
    let mut browser = Connection::open_with(app.address, &token(&database)?).await?;
    let waiting = checks(&mut browser).await?;
    let mut sent = Vec::with_capacity(DECISIONS);
    for check in &waiting {
        tokio::time::sleep(PAUSE).await;
        let body = json!({"verdict": "approve", "expected_sha": check.sha});
        let path = format!("{CHECKS}/{}/decisions", check.id);
        let clicked = SystemClock.now();
        browser.post(&path, "", body.to_string().as_bytes()).await?.expect(201)?;
        sent.push((check.iid, clicked, SystemClock.now()));
        arrival(&gitlab, project, check.iid).await?;
    }
    let arrived = arrivals(&gitlab)?;
    let own = sandbox_share(&gitlab, project, rule, &waiting).await?;
    let mut added = Vec::new();
    let mut answered = Vec::new();
    for (iid, clicked, seen) in sent {
        let at = arrived.iter().find(|(number, _)| *number == iid).ok_or("a decision did not arrive")?.1;
        added.push(between(clicked, at).saturating_sub(own));
        answered.push(between(clicked, seen));
    }
    let (added, answered) = (Times::new(added)?, Times::new(answered)?);
    report.figure("decision: click to GitLab, p50", added.quantile(0.5), "ms", Goal::None);
    report.figure("decision: click to GitLab, p99", added.quantile(0.99), "ms", Goal::None);
    report.figure("decision: click to the reviewer's answer, p50", answered.quantile(0.5), "ms", Goal::None);
    report.figure("decision: click to the reviewer's answer, p99", answered.quantile(0.99), "ms", Goal::None);
    report.note(format!(
        "decisions: {DECISIONS}, one after the other; subtracted: {:.3} ms that the stand-in GitLab takes to notice a request",
        own.as_secs_f64() * 1e3
    ));
    app.stop().await?;
    gitlab.stop().await;
    Ok(())
}

fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    later.duration_since(earlier).try_into().unwrap_or_default()
}

/// Waits for the checks and reads them, page after page.
async fn checks(browser: &mut Connection) -> Result<Vec<Waiting>> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let mut waiting = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = browser.get(&format!("{CHECKS}?limit=200{cursor}")).await?.expect(200)?;
            let page: Value = serde_json::from_slice(&page.body)?;
            for item in page["items"].as_array().into_iter().flatten() {
                waiting.push(Waiting {
                    id: item["id"].as_str().ok_or("a check without an id")?.to_owned(),
                    sha: item["sha"].as_str().ok_or("a check without a commit")?.to_owned(),
                    iid: item["merge_request"]["iid"].as_i64().ok_or("a check without a number")?,
                });
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        if waiting.len() == DECISIONS {
            return Ok(waiting);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!("{DECISIONS} merge requests were opened, but not as many checks wait").into())
}

/// Waits until GitLab has our answer.
async fn arrival(gitlab: &Sandbox, project: i64, iid: i64) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if gitlab.responses(project, iid).iter().any(|row| row.source == Source::Api) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Err("GitLab was not told of a decision".into())
}

/// When GitLab was told, by the merge request's number.
fn arrivals(gitlab: &Sandbox) -> Result<Vec<(i64, Timestamp)>> {
    let mut found = Vec::new();
    for request in gitlab.requests() {
        if request.method == "POST"
            && let Some((before, _)) = request.path.split_once("/status_check_responses")
        {
            found.push((before.rsplit('/').next().unwrap_or_default().parse()?, request.at));
        }
    }
    if found.len() != DECISIONS {
        return Err(
            format!("{DECISIONS} decisions were made, but GitLab was told {} times", found.len()).into()
        );
    }
    Ok(found)
}

/// How long a request takes from here to the sandbox's clock, over a connection that is open: what
/// belongs to the sandbox and not to the service.
async fn sandbox_share(gitlab: &Sandbox, project: i64, rule: i64, waiting: &[Waiting]) -> Result<Duration> {
    let address: SocketAddr = gitlab.url().trim_start_matches("http://").parse()?;
    let mut direct = Connection::open(address).await?;
    let mut times = Vec::new();
    for check in waiting.iter().take(100) {
        let body =
            json!({"external_status_check_id": rule, "sha": check.sha, "status": "passed"}).to_string();
        let path = format!("/api/v4/projects/{project}/merge_requests/{}/status_check_responses", check.iid);
        let asked = SystemClock.now();
        // GitLab refuses to say the same twice; when it noticed is what counts.
        direct.post(&path, &format!("PRIVATE-TOKEN: {TOKEN}\r\n"), body.as_bytes()).await?;
        let noticed = gitlab.requests().last().ok_or("the sandbox keeps no log")?.at;
        times.push(between(asked, noticed));
    }
    Ok(Duration::from_secs_f64(Times::new(times)?.quantile(0.5) / 1e3))
}
