//! kill -9 at random moments, with calls and decisions in flight: what was acknowledged is there
//! afterwards, every decision reaches GitLab, and none for a wrong commit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gitlab_sandbox::payload::MergeRequestCall;
use gitlab_sandbox::{NewMergeRequest, Sandbox, Source, sign};
use serde_json::{Value, json};

use crate::support::process::{Process, real_time_gitlab, reviewer, steady_port};
use crate::support::{Database, Kind, SECRET};

/// How often the process is killed, on each database.
const KILLS: usize = 12;

/// How many calls each sender sends at most in one life, so that the last life has an end.
const CALLS: usize = 40;

/// What the service acknowledged.
#[derive(Default)]
struct Acknowledged {
    calls: i64,
    decisions: Vec<(String, String, String)>,
    /// Decisions that got no answer: nobody knows whether they were taken.
    unanswered: Vec<Value>,
}

/// Sends a decision under a key that belongs to it, so that it can be sent again; 0 without an answer.
async fn decide(http: &reqwest::Client, base: &str, wish: &Value) -> u16 {
    let id = wish["id"].as_str().unwrap();
    let sent = http
        .post(format!("{base}/api/v1/checks/{id}/decisions"))
        .header("idempotency-key", format!("{id} {}", wish["body"]["verdict"]))
        .json(&wish["body"])
        .send()
        .await;
    sent.map_or(0, |answer| answer.status().as_u16())
}

fn decision(wish: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&wish["id"]), text(&wish["body"]["verdict"]), text(&wish["body"]["expected_sha"]))
}

async fn send_calls(
    base: String,
    merge_requests: Vec<i64>,
    gitlab: Sandbox,
    project: i64,
    rule: i64,
    stop: Arc<AtomicBool>,
) -> i64 {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
    let mut taken = 0;
    for turn in 0..CALLS {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let iid = merge_requests[turn % merge_requests.len()];
        let mut call = MergeRequestCall::default();
        call.project.id = project;
        call.merge_request.iid = iid;
        call.rule.id = rule;
        let body = call.sha(&gitlab.head(project, iid)).padded_to(5 * 1024).bytes();
        let sent = http
            .post(format!("{base}/status_check"))
            .header("content-type", "application/json")
            .header("x-gitlab-signature", sign(SECRET, &body))
            .body(body)
            .send()
            .await;
        if sent.is_ok_and(|answer| answer.status() == 202) {
            taken += 1;
        }
    }
    taken
}

async fn decide_all(
    http: reqwest::Client,
    base: String,
    turn: usize,
    stop: Arc<AtomicBool>,
    taken: Arc<AtomicUsize>,
) -> Acknowledged {
    let mut all = Acknowledged::default();
    while !stop.load(Ordering::Relaxed) {
        let Ok(answer) = http.get(format!("{base}/api/v1/checks?state=pending&limit=3")).send().await else {
            continue;
        };
        let Ok(page) = answer.json::<Value>().await else { continue };
        for check in page["items"].as_array().into_iter().flatten() {
            let verdict = if (all.decisions.len() + turn).is_multiple_of(2) { "approve" } else { "reject" };
            let body =
                json!({"verdict": verdict, "comment": "decided in a storm", "expected_sha": check["sha"]});
            let wish = json!({"id": check["id"], "body": body});
            match decide(&http, &base, &wish).await {
                201 => {
                    all.decisions.push(decision(&wish));
                    taken.fetch_add(1, Ordering::Relaxed);
                }
                0 => all.unanswered.push(wish),
                _ => {}
            }
        }
    }
    all
}

async fn storm(kind: Kind) {
    let database = Database::create(kind).await;
    let gitlab = real_time_gitlab().await;
    // A port that stays the same over restarts.
    let port = steady_port();
    let base = format!("http://127.0.0.1:{port}/approval-apps");
    let project = gitlab.create_project("demo/storm");
    let rule = gitlab.create_rule(project, "Change approval", &format!("{base}/status_check"), Some(SECRET));
    let mut total = Acknowledged::default();
    let http = reviewer(&database.url);
    let mut merge_requests = Vec::new();
    for turn in 0..KILLS {
        let service = Process::start(&database.url, &gitlab.url(), port);
        for _ in 0..4 {
            merge_requests.push(gitlab.create_merge_request(project, NewMergeRequest::default()));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..6 {
            senders.spawn(send_calls(
                base.clone(),
                merge_requests.clone(),
                gitlab.clone(),
                project,
                rule,
                Arc::clone(&stop),
            ));
        }
        let taken = Arc::new(AtomicUsize::new(0));
        let deciding =
            tokio::spawn(decide_all(http.clone(), base.clone(), turn, Arc::clone(&stop), Arc::clone(&taken)));
        if turn % 3 == 2 {
            gitlab.push(project, merge_requests[turn % merge_requests.len()]);
        }
        // At least one decision is taken in each life, so that there is something to lose.
        let begun = Instant::now();
        while taken.load(Ordering::Relaxed) == 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "no decision is taken");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..500))).await;
        service.kill();
        stop.store(true, Ordering::Relaxed);
        while let Some(sent) = senders.join_next().await {
            total.calls += sent.unwrap();
        }
        let mut decided = deciding.await.unwrap();
        total.decisions.append(&mut decided.decisions);
        total.unanswered.append(&mut decided.unanswered);
    }
    // One last life, to finish what was begun.
    let service = Process::start(&database.url, &gitlab.url(), port);
    // Whoever got no answer asks again: taken now, or taken before, or somebody else was faster.
    for wish in &total.unanswered {
        match decide(&http, &base, wish).await {
            201 => total.decisions.push(decision(wish)),
            409 => {
                // Not taken before: with its key, that would be 201.
                let id = wish["id"].as_str().unwrap();
                let check: Value = http
                    .get(format!("{base}/api/v1/checks/{id}"))
                    .send()
                    .await
                    .unwrap()
                    .json()
                    .await
                    .unwrap();
                let taken = |one: &Value| one["verdict"] == wish["body"]["verdict"];
                assert!(!check["decisions"].as_array().unwrap().iter().any(taken), "{check}");
            }
            other => panic!("{other} to {wish}"),
        }
    }
    verify(&http, &base, &gitlab, project, rule, &total).await;
    service.kill();
    assert!(total.calls > 100, "{} calls were taken", total.calls);
    assert!(total.decisions.len() >= KILLS, "{} decisions were taken", total.decisions.len());
    gitlab.stop().await;
}

async fn verify(
    http: &reqwest::Client,
    base: &str,
    gitlab: &Sandbox,
    project: i64,
    rule: i64,
    total: &Acknowledged,
) {
    let read = async |path: &str| -> Value {
        http.get(format!("{base}/api/v1/{path}")).send().await.unwrap().json().await.unwrap()
    };
    let patience = Instant::now();
    loop {
        let system = read("system").await;
        if system["pending_deliveries"] == 0 && system["waiting_calls"] == 0 {
            break;
        }
        // After a kill -9 another process waits for the leases to end; a slow machine needs its time for the rest.
        assert!(patience.elapsed() < Duration::from_secs(300), "the service does not finish: {system}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let newest = read("calls?limit=1").await;
    let stored = newest["items"][0]["id"].as_i64().unwrap();
    assert!(stored >= total.calls, "{} calls were acknowledged, {stored} are there", total.calls);
    let mut told: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for iid in gitlab.merge_requests(project) {
        for row in gitlab
            .responses(project, iid)
            .into_iter()
            .filter(|row| row.source == Source::Api && row.rule == rule)
        {
            told.entry((iid.to_string(), row.sha.clone())).or_default().push(row.status.word().to_owned());
        }
    }
    for (id, verdict, sha) in &total.decisions {
        let check = read(&format!("checks/{id}")).await;
        let decisions = check["decisions"].as_array().unwrap();
        assert_eq!(decisions.len(), 1, "decided once, however often it was sent: {check}");
        assert!(
            decisions.iter().any(|decision| decision["verdict"] == **verdict && decision["sha"] == **sha),
            "an acknowledged decision is missing: {check}"
        );
        let place = (check["merge_request"]["iid"].to_string(), sha.clone());
        let expected = if verdict == "approve" { "passed" } else { "failed" };
        match check["delivery"]["state"].as_str() {
            Some("delivered") => {
                assert_eq!(told[&place].last().map(String::as_str), Some(expected), "{check}");
            }
            // A push was faster: nothing may be told for the old commit afterwards.
            Some("obsolete") => assert_eq!(check["state"], "superseded", "{check}"),
            other => panic!("the delivery is {other:?}: {check}"),
        }
    }
    // Whatever GitLab was told is what somebody decided for that very commit.
    for ((iid, sha), statuses) in &told {
        let page = read(&format!("checks?state=all&q={sha}&limit=200")).await;
        let check = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["sha"] == **sha)
            .unwrap_or_else(|| panic!("!{iid} {sha}"));
        let detail = read(&format!("checks/{}", check["id"].as_str().unwrap())).await;
        for status in statuses {
            let verdict = if status == "passed" { "approve" } else { "reject" };
            assert!(
                detail["decisions"].as_array().unwrap().iter().any(|decision| decision["verdict"] == verdict),
                "GitLab was told {status} for {sha}, which nobody decided: {detail}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_nothing_acknowledged_is_lost_on_sqlite() {
    storm(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_nothing_acknowledged_is_lost_on_postgresql() {
    storm(Kind::Postgres).await;
}
