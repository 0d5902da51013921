//! Several real processes on one PostgreSQL: they share calls, decisions, deliveries and news, stand in for one that
//! was killed, and outlive their database's restart.

mod database;
mod listener;
mod rolling;
mod skew;

use std::collections::BTreeMap;
use std::time::Duration;

use gitlab_sandbox::{Fault, NewMergeRequest, Sandbox, Source};
use serde_json::{Value, json};

use self::listener::Listener;
use crate::support::process::{Process, call_of, real_time_gitlab, reviewer, until};
use crate::support::{Database, Kind, SECRET};

/// The GitLab that two processes talk to, and somebody who talks to them.
struct Scene {
    gitlab: Sandbox,
    project: i64,
    rule: i64,
    http: reqwest::Client,
}

impl Scene {
    async fn start(url: &str) -> (Self, Process, Process) {
        let gitlab = real_time_gitlab().await;
        let http = reviewer(url);
        let a = Process::start(url, &gitlab.url(), 0);
        let b = Process::start(url, &gitlab.url(), 0);
        let project = gitlab.create_project("demo/replicas");
        let door = format!("{}/status_check", a.base);
        let rule = gitlab.create_rule(project, "Change approval", &door, Some(SECRET));
        (Self { gitlab, project, rule, http }, a, b)
    }

    fn open(&self, count: usize) -> Vec<i64> {
        (0..count)
            .map(|_| self.gitlab.create_merge_request(self.project, NewMergeRequest::default()))
            .collect()
    }

    /// Sends the call for a merge request to a process; whether it was acknowledged.
    async fn call(&self, to: &Process, iid: i64) -> u16 {
        let (body, signature) = call_of(&self.gitlab, self.project, self.rule, iid);
        let request = self
            .http
            .post(format!("{}/status_check", to.base))
            .header("content-type", "application/json")
            .header("x-gitlab-signature", signature);
        request.body(body).send().await.map_or(0, |answer| answer.status().as_u16())
    }

    async fn decide(&self, at: &Process, check: &Value, verdict: &str) -> (u16, Value) {
        let id = check["id"].as_str().unwrap();
        let body =
            json!({"verdict": verdict, "comment": "by one of two replicas", "expected_sha": check["sha"]});
        let url = format!("{}/api/v1/checks/{id}/decisions", at.base);
        match self.http.post(url).json(&body).send().await {
            Ok(answer) => (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null)),
            Err(_) => (0, Value::Null),
        }
    }

    /// Waits until so many checks are in this state, as one process sees it, and returns them.
    async fn checks(&self, at: &Process, state: &str, count: usize) -> Vec<Value> {
        let mut found = Vec::new();
        until(&format!("{count} checks that are {state}"), async || {
            let page = at.read(&self.http, &format!("checks?state={state}&limit=200")).await;
            found = page["items"].as_array().unwrap().clone();
            if found.len() == count { Ok(()) } else { Err(format!("there are {}", found.len())) }
        })
        .await;
        found
    }

    /// Waits until nothing is left to be done, as one process sees it.
    async fn settle(&self, at: &Process) {
        until("that nothing waits", async || {
            let system = at.read(&self.http, "system").await;
            let done = system["pending_deliveries"] == 0 && system["waiting_calls"] == 0;
            if done { Ok(()) } else { Err(system.to_string()) }
        })
        .await;
    }

    /// What GitLab was told by the API, by merge request.
    fn told(&self) -> BTreeMap<i64, Vec<String>> {
        let all = self.gitlab.merge_requests(self.project).into_iter();
        all.map(|iid| {
            let rows = self.gitlab.responses(self.project, iid).into_iter();
            let told = rows.filter(|row| row.source == Source::Api && row.rule == self.rule);
            (iid, told.map(|row| row.status.word().to_owned()).collect())
        })
        .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_calls_decisions_deliveries_and_news() {
    const CHECKS: usize = 12;
    let database = Database::create(Kind::Postgres).await;
    let (scene, a, b) = Scene::start(&database.url).await;
    let at_a = Listener::start(&scene.http, &a.base).await;
    let at_b = Listener::start(&scene.http, &b.base).await;
    for iid in scene.open(CHECKS) {
        // GitLab calls one process; the same arrives at both once more.
        assert_eq!(scene.call(&b, iid).await, 202);
        assert_eq!(scene.call(&a, iid).await, 202);
    }
    let checks = scene.checks(&b, "pending", CHECKS).await;
    // Two people decide at the same time, each at another process: one of them was first.
    for check in &checks {
        let (one, other) =
            tokio::join!(scene.decide(&a, check, "approve"), scene.decide(&b, check, "reject"));
        let mut answers = [one.0, other.0];
        answers.sort_unstable();
        assert_eq!(answers, [201, 409], "{one:?} {other:?}");
        let lost = if one.0 == 409 { one.1 } else { other.1 };
        assert_eq!(lost["code"], "state_changed", "{lost}");
    }
    scene.settle(&a).await;
    // Both worked on the queue; GitLab was told everything once, and what was decided.
    let decided = a.read(&scene.http, "checks?state=all&limit=200").await;
    let told = scene.told();
    for check in decided["items"].as_array().unwrap() {
        let wanted = if check["state"] == "approved" { "passed" } else { "failed" };
        let iid = check["merge_request"]["iid"].as_i64().unwrap();
        assert_eq!(told[&iid], [wanted], "{check}");
    }
    // Whoever listens at one of them hears everything, in order, once.
    let newest = a.read(&scene.http, "audit?limit=1").await["items"][0]["id"].as_i64().unwrap();
    for listener in [at_a, at_b] {
        let heard = listener.up_to(newest).await;
        let ids: Vec<i64> = heard.iter().map(|event| event.0).collect();
        assert_eq!(ids, (ids[0]..=newest).collect::<Vec<_>>(), "none is missing, none comes twice");
        let decided = heard.iter().filter(|event| event.1 == "check.decided").count();
        assert_eq!(decided, CHECKS);
    }
    for mut process in [a, b] {
        let logged = process.logged();
        assert!(logged.is_empty(), "{logged}");
        assert!(process.stop().await.success());
    }
    scene.gitlab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_had_taken_is_done_by_another() {
    const CHECKS: usize = 6;
    let database = Database::create(Kind::Postgres).await;
    let (scene, a, b) = Scene::start(&database.url).await;
    let at_b = Listener::start(&scene.http, &b.base).await;
    let iids = scene.open(CHECKS);
    let checks = scene.checks(&a, "pending", CHECKS).await;
    // A takes deliveries and hangs at GitLab with them.
    scene.gitlab.set_fault(Some(Fault::Slow(Duration::from_secs(20))));
    for check in &checks {
        assert_eq!(scene.decide(&a, check, "approve").await.0, 201);
    }
    until("that deliveries are under way", async || {
        if leased(&database.url).await > 0 { Ok(()) } else { Err("none is".into()) }
    })
    .await;
    a.kill();
    scene.gitlab.set_fault(None);
    assert!(leased(&database.url).await > 0, "what was taken is still taken");
    scene.settle(&b).await;
    let told = scene.told();
    for iid in iids {
        // At least once; a second time only where the first answer was heard by nobody.
        let told = &told[&iid];
        assert!((1..=2).contains(&told.len()) && told.iter().all(|word| word == "passed"), "{told:?}");
    }
    let newest = b.read(&scene.http, "audit?limit=1").await["items"][0]["id"].as_i64().unwrap();
    let ids: Vec<i64> = at_b.up_to(newest).await.iter().map(|event| event.0).collect();
    assert_eq!(ids, (ids[0]..=newest).collect::<Vec<_>>());
    scene.gitlab.stop().await;
}

/// How many deliveries somebody has taken.
async fn leased(url: &str) -> i64 {
    use diesel::{Connection as _, RunQueryDsl as _};
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut conn = diesel::PgConnection::establish(&url).unwrap();
        let text = "SELECT count(*) AS n FROM delivery WHERE state = 'pending' AND lease_owner IS NOT NULL";
        diesel::sql_query(text).get_result::<Count>(&mut conn).unwrap().n
    })
    .await
    .unwrap()
}
