//! Traces: what is sent to a collector, which spans belong together, and that nobody waits for a collector.

use std::time::{Duration, Instant};

use gitlab_sandbox::{NewMergeRequest, Sandbox};
use serde_json::{Value, json};

use crate::support::collector::{Arrived, Collector};
use crate::support::process::{Process, call_of, real_time_gitlab, reviewer, until};
use crate::support::{Database, Kind, SECRET, TOKEN};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const ABOVE: &str = "b7ad6b7169203331";
const COMMENT: &str = "a comment that nobody else is to read";

/// The program with traces going to a collector, and a merge request that waits for a decision.
struct Scene {
    database: Database,
    gitlab: Sandbox,
    process: Process,
    http: reqwest::Client,
    place: (i64, i64, i64),
}

impl Scene {
    async fn new(collector: &str, pace: &str) -> Self {
        let database = Database::create(Kind::Sqlite).await;
        let gitlab = real_time_gitlab().await;
        let process = Process::start_with(&database.url, &gitlab.url(), 0, |command| {
            command
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
                .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20collectors-own-token")
                .env("OTEL_BSP_SCHEDULE_DELAY", pace)
                .env("RUST_LOG", "debug,approval_app=trace");
        });
        let http = reviewer(&database.url);
        let project = gitlab.create_project("demo/traces");
        let door = format!("{}/status_check", process.base);
        let rule = gitlab.create_rule(project, "Change approval", &door, Some(SECRET));
        let iid = gitlab.create_merge_request(project, NewMergeRequest::default());
        Self { database, gitlab, process, http, place: (project, rule, iid) }
    }

    /// Calls as GitLab does, in a trace of its own.
    async fn call(&self) -> u16 {
        let (project, rule, iid) = self.place;
        let (body, signature) = call_of(&self.gitlab, project, rule, iid);
        let request = self.http.post(format!("{}/status_check", self.process.base)).body(body);
        let request = request
            .header("content-type", "application/json")
            .header("x-gitlab-signature", signature)
            .header("x-request-id", "the-call")
            .header("traceparent", format!("00-{TRACE}-{ABOVE}-01"));
        request.send().await.unwrap().status().as_u16()
    }

    /// Approves the check once it is there.
    async fn approve(&self) -> u16 {
        let mut check = Value::Null;
        until("that the check is there", async || {
            check = self.process.read(&self.http, "checks?state=pending").await["items"][0].clone();
            if check.is_null() { Err("it is not".to_owned()) } else { Ok(()) }
        })
        .await;
        let wish = json!({"verdict": "approve", "comment": COMMENT, "expected_sha": check["sha"]});
        let url = format!("{}/api/v1/checks/{}/decisions", self.process.base, check["id"].as_str().unwrap());
        let decided = self.http.post(url).header("x-request-id", "the-decision").json(&wish).send().await;
        decided.unwrap().status().as_u16()
    }

    async fn until_told(&self) {
        let (project, rule, iid) = self.place;
        until("that GitLab is told", async || {
            let told = self.gitlab.status(project, iid, rule);
            if told.word() == "passed" { Ok(()) } else { Err(told.word().to_owned()) }
        })
        .await;
    }
}

/// The first span of this name for which something holds.
async fn span(collector: &Collector, name: &str, holds: impl Fn(&Arrived) -> bool) -> Arrived {
    let mut found = None;
    until(name, async || {
        let spans = collector.spans();
        found = spans.iter().find(|one| one.name == name && holds(one)).cloned();
        let names = || spans.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
        if found.is_some() { Ok(()) } else { Err(names()) }
    })
    .await;
    found.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_and_what_gitlab_is_told_are_one_trace() {
    let collector = Collector::start().await;
    let mut scene = Scene::new(&collector.url, "50").await;
    assert_eq!(scene.call().await, 202);
    let call =
        span(&collector, "POST /approval-apps/status_check", |one| one.said("request_id") == "the-call")
            .await;
    // It is a part of what GitLab, or a proxy, says it is.
    assert_eq!((call.trace.as_str(), call.parent.as_str(), call.kind), (TRACE, ABOVE, 2), "{call:?}");
    assert_eq!(call.said("http.response.status_code"), "202");
    assert_eq!(call.said("http.route"), "/approval-apps/status_check");
    assert_eq!(call.resource["service.name"], "approval-app", "{call:?}");
    span(&collector, "process calls", |one| one.kind == 1).await;
    assert_eq!(scene.approve().await, 201);
    scene.until_told().await;
    let decision = span(&collector, "POST /approval-apps/api/v1/checks/{id}/decisions", |_| true).await;
    assert_eq!((decision.said("request_id"), decision.parent.as_str()), ("the-decision", ""));
    let deliver = span(&collector, "deliver", |one| one.trace == decision.trace).await;
    assert_eq!((&deliver.parent, deliver.said("outcome")), (&decision.id, "delivered"), "{deliver:?}");
    let path = "/api/v4/projects/{id}/merge_requests/{id}/status_check_responses";
    let told = span(&collector, &format!("POST {path}"), |one| one.parent == deliver.id).await;
    assert_eq!((&told.trace, told.kind, told.failed), (&decision.trace, 3, false), "{told:?}");
    assert_eq!((told.said("url.template"), told.said("http.response.status_code")), (path, "201"));
    assert_eq!(told.said("request_id"), deliver.said("request_id"), "the delivery's id");
    // GitLab can go on with it.
    let asked = scene.gitlab.requests();
    let asked = asked.iter().find(|one| one.method == "POST" && one.path.ends_with("check_responses"));
    let joined = format!("00-{}-{}-01", decision.trace, told.id);
    assert_eq!(asked.unwrap().traceparent.as_deref(), Some(joined.as_str()));
    // What is asked while somebody waits is in their trace, also where a task of its own asks.
    let page = scene.process.read(&scene.http, "checks?state=approved").await;
    let id = page["items"][0]["id"].as_str().unwrap();
    scene.process.read(&scene.http, &format!("checks/{id}/gitlab")).await;
    let looked = span(&collector, "GET /approval-apps/api/v1/checks/{id}/gitlab", |_| true).await;
    span(&collector, "GET /api/v4/projects/{id}/merge_requests/{id}/status_checks", |one| {
        one.parent == looked.id
    })
    .await;
    assert_eq!(scene.process.health("readyz").await, 200);
    assert!(scene.process.stop().await.success());
    assert!(collector.spans().iter().all(|one| !one.name.contains("readyz")), "probes are no spans");
    let heads = collector.heads();
    for told in ["post /v1/traces http/1.1", "application/x-protobuf", "bearer collectors-own-token"] {
        assert!(heads.iter().all(|head| head.contains(told)), "{told}: {heads:?}");
    }
    for secret in [TOKEN, SECRET, COMMENT, &scene.database.url] {
        assert!(!collector.knows(secret), "{secret:?} is in a span");
    }
    for secret in ["collectors-own-token", TOKEN] {
        assert!(!scene.process.logged().contains(secret), "{secret} is in the log");
    }
    scene.gitlab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_is_sent_when_it_stops() {
    let collector = Collector::start().await;
    let mut scene = Scene::new(&collector.url, "600000").await;
    assert_eq!(scene.call().await, 202);
    assert!(collector.spans().is_empty(), "it is not yet time");
    assert!(scene.process.stop().await.success());
    let spans = collector.spans();
    assert!(spans.iter().any(|one| one.said("request_id") == "the-call"), "{spans:?}");
    scene.gitlab.stop().await;
}

async fn without_an_answer(collector: &str) {
    let mut scene = Scene::new(collector, "50").await;
    let begun = Instant::now();
    assert_eq!(scene.call().await, 202);
    assert_eq!(scene.approve().await, 201);
    scene.until_told().await;
    assert!(begun.elapsed() < Duration::from_secs(60), "nobody waits for a collector");
    let trouble = |scene: &Scene| scene.process.logged().matches("traces cannot be sent").count();
    until("that it is told", async || match trouble(&scene) {
        0 => Err("it is not".to_owned()),
        _ => Ok(()),
    })
    .await;
    assert_eq!(scene.process.health("readyz").await, 200);
    let begun = Instant::now();
    assert!(scene.process.stop().await.success());
    assert!(begun.elapsed() < Duration::from_secs(30), "stopping took {:?}", begun.elapsed());
    assert_eq!(trouble(&scene), 1, "it is told once: {}", scene.process.logged());
    scene.gitlab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_down_disturbs_nobody() {
    // Nobody listens at port 9, which is for discarding.
    without_an_answer("http://127.0.0.1:9").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_does_not_answer_disturbs_nobody() {
    let collector = Collector::that_never_answers().await;
    without_an_answer(&collector.url).await;
}
