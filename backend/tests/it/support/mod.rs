//! A world for a test: the app on a port of its own, its database, a GitLab sandbox, and one clock
//! for both that only the test turns.

pub mod cluster;
pub mod collector;
pub mod database;
pub mod logs;
pub mod people;
pub mod process;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use approval_app::app::App;
use approval_app::config::{Config, GitLabConfig, Given};
use approval_app::crypto::keys::KeySource;
use approval_app::crypto::password::Cost;
use approval_app::domain::access::{Permission, Role};
use approval_app::domain::{Clock as _, ManualClock, Time};
use approval_app::server::{self, Running};
use approval_app::{service, worker};
use gitlab_sandbox::{NewMergeRequest, Sandbox, SandboxConfig, Status, sign};
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};

pub use database::{Database, Kind};
pub use people::{Asker, Someone};

pub const TOKEN: &str = "glpat-test-token";
pub const SECRET: &str = "a shared secret";
pub const SECRET_KEY: &str = "the-key-of-all-tests-0123456789abcdef";
const START: &str = "2026-03-02T09:30:00Z";

/// Runs each test on SQLite and on PostgreSQL, in a world of its own.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident: $plan:expr) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn run($world: &World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let world = World::build($crate::support::Kind::Sqlite, $plan).await;
                run(&world).await;
                world.end().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgresql() {
                let world = World::build($crate::support::Kind::Postgres, $plan).await;
                run(&world).await;
                world.end().await;
            }
        }
    )*};
}
pub(crate) use on_both;

/// What a world is made with.
#[derive(Clone)]
pub struct Plan {
    /// The secret the app knows, and with which GitLab signs.
    pub secret: Option<&'static str>,
    pub require_signature: bool,
    pub enrol: bool,
    /// Whether the app knows of GitLab at all.
    pub connected: bool,
    pub call_budget: Option<usize>,
    /// Changes the settings just before the app is opened.
    pub adjust: fn(&mut Config),
}

impl Plan {
    pub fn signed() -> Self {
        Self {
            secret: Some(SECRET),
            require_signature: false,
            enrol: true,
            connected: true,
            call_budget: None,
            adjust: |_| {},
        }
    }

    pub fn unsigned() -> Self {
        Self { secret: None, ..Self::signed() }
    }
}

pub struct World {
    pub gitlab: Sandbox,
    pub app: App,
    pub base: String,
    /// Acts for Rita Reviewer with an API token that may do everything.
    pub http: reqwest::Client,
    /// Rita Reviewer: reviewer and administrator.
    pub rita: Someone,
    pub project: i64,
    pub rule: i64,
    pub secret: Option<&'static str>,
    pub database: Database,
    clock: Arc<ManualClock>,
    gitlab_clock: Arc<gitlab_sandbox::ManualClock>,
    running: Running,
    logged: logs::Mark,
}

impl World {
    pub async fn build(kind: Kind, plan: Plan) -> Self {
        let logged = logs::begin();
        let database = Database::create(kind).await;
        let clock = Arc::new(ManualClock::new(Time::parse(START).unwrap()));
        let gitlab_clock = Arc::new(gitlab_sandbox::ManualClock::new(START.parse().unwrap()));
        let gitlab = sandbox(&gitlab_clock).await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = config(&database, plan.connected.then(|| gitlab.url()));
        config.hmac_secret = plan.secret.map(SecretString::from);
        config.require_signature = plan.require_signature;
        config.enrol = plan.enrol;
        if let Some(budget) = plan.call_budget {
            config.call_budget = budget;
        }
        (plan.adjust)(&mut config);
        let app = App::open(config, Arc::clone(&clock) as _).await.unwrap();
        // Without loops: the test says when work is done.
        let running = server::start(&app, listener, false).unwrap();
        let base = format!("http://{address}/approval-apps");
        let project = gitlab.create_project("demo/storefront");
        let rule =
            gitlab.create_rule(project, "Change approval", &format!("{base}/status_check"), plan.secret);
        let rita = people::make(&app, "Rita Reviewer", &[Role::Reviewer, Role::Administrator], &[]).await;
        let token = people::token(&app, &rita, &Permission::ALL, &[]).await;
        logs::secret(&token);
        let http = people::client_with("authorization", &format!("Bearer {token}"));
        Self {
            gitlab,
            app,
            base,
            http,
            rita,
            project,
            rule,
            secret: plan.secret,
            database,
            clock,
            gitlab_clock,
            running,
            logged,
        }
    }

    /// Another process on the same database, with the same clock; it does what it is told to.
    pub async fn replica(&self) -> App {
        App::open(config(&self.database, Some(self.gitlab.url())), Arc::clone(&self.clock) as _)
            .await
            .unwrap()
    }

    /// The same world after the process ended and another one took its place; on SQLite, where the file is free then.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn restart_with(self, adjust: impl FnOnce(&mut Config)) -> Self {
        let Self { app, running, clock, .. } = self;
        let (mut config, address) = (app.config.clone(), running.address);
        adjust(&mut config);
        running.stop().await;
        drop(app);
        // The server's threads let go of the app a moment after they stopped; a process would have ended.
        let mut opened = None;
        process::until("the next process opens the database", async || {
            let app = App::open(config.clone(), Arc::clone(&clock) as _).await;
            opened = Some(app.map_err(|error| error.to_string())?);
            Ok(())
        })
        .await;
        let app = opened.unwrap();
        let running = server::start(&app, TcpListener::bind(address).unwrap(), false).unwrap();
        Self { app, running, clock, ..self }
    }

    /// Ends the world; fails if a secret was logged.
    pub async fn end(self) {
        self.app.stopping.cancel();
        self.running.stop().await;
        self.gitlab.stop().await;
        logs::look_for_secrets(self.logged, &[TOKEN, SECRET, SECRET_KEY, people::PASSWORD]);
    }

    /// Turns both clocks.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.gitlab_clock.advance(by);
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Lets all calls arrive and all work be done that is due now.
    pub async fn settle(&self) {
        loop {
            self.gitlab.settle().await;
            if worker::drain(&self.app).await.unwrap() == 0 {
                return;
            }
        }
    }

    /// Turns the clock from one piece of waiting work to the next until `limit` has passed.
    pub async fn settle_for(&self, limit: Duration) {
        let end = self.now().after(limit);
        self.settle().await;
        while let Some(due) =
            worker::next_due(&self.app).await.unwrap().filter(|due| *due <= end && self.now() < end)
        {
            // What is due already waits for something else; let some time pass.
            let wait = due.since(self.now());
            let step = if wait.is_zero() { Duration::from_secs(5).min(end.since(self.now())) } else { wait };
            self.advance(step);
            self.settle().await;
        }
        self.advance(end.since(self.now()));
        self.settle().await;
    }

    pub async fn reconcile(&self) {
        self.reconcile_from(None).await;
    }

    pub async fn reconcile_from(&self, from: Option<(i64, i64)>) -> service::reconcile::Round {
        let round = service::reconcile::run(&self.app, from).await.unwrap();
        self.settle().await;
        round
    }

    /// Opens a merge request in GitLab and lets its call be processed.
    pub async fn open(&self) -> i64 {
        let iid = self.gitlab.create_merge_request(self.project, NewMergeRequest::default());
        self.settle().await;
        iid
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        let response = self.http.get(format!("{}/api/v1/{path}", self.base)).send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let response =
            self.http.post(format!("{}/api/v1/{path}", self.base)).json(body).send().await.unwrap();
        let status = response.status();
        let answer = response.json().await.unwrap_or(Value::Null);
        logs::secrets_of(body);
        logs::secrets_of(&answer);
        (status, answer)
    }

    /// All checks in these states, newest first.
    pub async fn checks(&self, state: &str) -> Vec<Value> {
        let (status, page) = self.get(&format!("checks?state={state}&limit=200")).await;
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().unwrap().clone()
    }

    /// The only check in this state.
    pub async fn check(&self, state: &str) -> Value {
        let all = self.checks(state).await;
        assert_eq!(all.len(), 1, "one check is {state}: {all:#?}");
        all[0].clone()
    }

    pub async fn detail(&self, check: &Value) -> Value {
        let (status, detail) = self.get(&format!("checks/{}", check["id"].as_str().unwrap())).await;
        assert_eq!(status, 200, "{detail}");
        detail
    }

    /// Decides on a check at the SHA it shows.
    pub async fn decide(&self, check: &Value, verdict: &str, comment: &str) -> (StatusCode, Value) {
        let body = json!({"verdict": verdict, "comment": comment, "expected_sha": check["sha"]});
        self.post(&format!("checks/{}/decisions", check["id"].as_str().unwrap()), &body).await
    }

    /// Answers a check in GitLab without the service, as anybody with a token may.
    pub async fn answer_behind_our_back(&self, iid: i64, status: &str) {
        let url = format!(
            "{}/api/v4/projects/{}/merge_requests/{iid}/status_check_responses",
            self.gitlab.url(),
            self.project
        );
        let body = json!({"external_status_check_id": self.rule, "sha": self.gitlab.head(self.project, iid), "status": status});
        let answer = self
            .http
            .request(Method::POST, url)
            .header("private-token", TOKEN)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
    }

    pub fn shown(&self, iid: i64) -> Status {
        self.gitlab.status(self.project, iid, self.rule)
    }

    /// Posts a body to the door as GitLab does.
    pub async fn call(&self, path: &str, body: Vec<u8>, signature: Option<&str>) -> (StatusCode, Value) {
        let mut request = self
            .http
            .post(format!("{}/{path}", self.base))
            .header("content-type", "application/json")
            .body(body);
        if let Some(signature) = signature {
            request = request.header("X-Gitlab-Signature", signature);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    /// Posts a body signed with the world's secret.
    pub async fn signed_call(&self, body: Vec<u8>) -> (StatusCode, Value) {
        let signature = self.secret.map(|secret| sign(secret, &body));
        self.call("status_check", body, signature.as_deref()).await
    }

    pub async fn calls(&self, state: &str) -> Vec<Value> {
        let (status, page) = self.get(&format!("calls?state={state}&limit=200")).await;
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().unwrap().clone()
    }

    /// The kinds of all events, in order.
    pub async fn happened(&self, check: &Value) -> Vec<String> {
        let detail = self.detail(check).await;
        detail["timeline"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["kind"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub async fn sandbox(clock: &Arc<gitlab_sandbox::ManualClock>) -> Sandbox {
    Sandbox::start(SandboxConfig {
        token: TOKEN.into(),
        clock: Arc::clone(clock) as _,
        cron: false,
        retry_delays: vec![Duration::from_millis(10); 3],
        ..SandboxConfig::default()
    })
    .await
    .unwrap()
}

pub fn config(database: &Database, gitlab_url: Option<String>) -> Config {
    let given = Given {
        listen: Some("127.0.0.1:0".into()),
        database_url: Some(database.url.clone()),
        ..Given::default()
    };
    let mut config = given.check().unwrap();
    // Hashing is tested elsewhere; here it shall not take the time.
    // Tests about GitLab's requests count them; those about changes turn it on.
    config.read_ahead = false;
    config.password_cost = Cost { memory: 64, passes: 1 };
    config.key_source = KeySource::Given(vec![SecretString::from(SECRET_KEY)]);
    config.gitlab = gitlab_url.map(|url| GitLabConfig {
        url,
        moved_from: None,
        token: SecretString::from(TOKEN),
        ca_pem: None,
    });
    config
}
