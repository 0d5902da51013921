//! The real program as a process of its own, and people who talk to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gitlab_sandbox::payload::MergeRequestCall;
use gitlab_sandbox::{Sandbox, SandboxConfig, sign};
use serde_json::Value;

use super::people::{PASSWORD, client_with};
use super::{SECRET, SECRET_KEY, TOKEN};

/// The program, at its base path.
pub struct Process {
    child: Child,
    /// Where it listens, with the base path.
    pub base: String,
    /// What it logged.
    log: Arc<Mutex<String>>,
}

/// The program with the settings of all tests.
pub fn program(database_url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_approval-app"));
    command.env("APPROVAL_DATABASE_URL", database_url).env("APPROVAL_SECRET_KEY", SECRET_KEY);
    command
}

impl Process {
    /// Starts the service and waits until it says where it listens; port 0 is any.
    pub fn start(database_url: &str, gitlab: &str, port: u16) -> Self {
        Self::start_with(database_url, gitlab, port, |_| {})
    }

    /// The same with more settings.
    pub fn start_with(
        database_url: &str,
        gitlab: &str,
        port: u16,
        adjust: impl FnOnce(&mut Command),
    ) -> Self {
        let mut command = Command::new("sh");
        command
            // A test may limit how large files get; the service then gets an error, not a signal.
            .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_approval-app")])
            .env("APPROVAL_DATABASE_URL", database_url)
            .env("APPROVAL_SECRET_KEY", SECRET_KEY)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--log-format", "json"])
            .env("APPROVAL_GITLAB_URL", gitlab)
            .env("APPROVAL_GITLAB_TOKEN", TOKEN)
            .env("APPROVAL_HMAC_SECRET", SECRET)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        adjust(&mut command);
        let mut child = command.spawn().unwrap();
        let (log, mut errors) = (Arc::new(Mutex::new(String::new())), child.stderr.take().unwrap());
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(read @ 1..) = errors.read(&mut buffer) {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let base = lines
            .find_map(|line| line.split_once("reviewers open").map(|(_, rest)| rest.trim().to_owned()))
            .unwrap_or_else(|| panic!("the service does not start: {}", log.lock().unwrap()));
        // Keep reading, so that it never blocks on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, base: base.trim_end_matches('/').to_owned(), log }
    }

    /// What it logged until now.
    pub fn logged(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// How large files may get from now on, in bytes; `None` for any size.
    pub fn limit_files(&self, most: Option<u64>) {
        let most = most.map_or("unlimited".to_owned(), |most| most.to_string());
        let pid = self.child.id().to_string();
        // The soft limit only, which may be raised again by anybody.
        let done =
            Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={most}:")]).status().unwrap();
        assert!(done.success());
    }

    /// SIGKILL: no chance to tidy up.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; how it ends.
    pub async fn stop(&mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "it does not stop: {}", self.logged());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What `/readyz` or `/livez` answers.
    pub async fn health(&self, path: &str) -> u16 {
        let root = self.base.trim_end_matches("/approval-apps");
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        http.get(format!("{root}/{path}")).send().await.map_or(0, |answer| answer.status().as_u16())
    }

    /// Reads from the API; the answer has to be a success.
    pub async fn read(&self, http: &reqwest::Client, path: &str) -> Value {
        let answer = http.get(format!("{}/api/v1/{path}", self.base)).send().await.unwrap();
        let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap_or(Value::Null));
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already dead in most tests.
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A client with an API token that may do everything a reviewer and an administrator may, made on the command line.
pub fn reviewer(database_url: &str) -> reqwest::Client {
    let run = |args: &[&str], input: &str| {
        let mut child = program(database_url)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let mut create = vec!["user", "create", "--name", "Rita Reviewer", "--email", "rita@example.com"];
    create.extend(["--role", "reviewer", "--role", "administrator", "--password-stdin"]);
    run(&create, PASSWORD);
    let mut token = vec!["token", "create", "--name", "storm"];
    token.extend([
        "--scope",
        "checks:read",
        "--scope",
        "checks:decide",
        "--scope",
        "admin",
        "--scope",
        "audit:read",
    ]);
    client_with("authorization", &format!("Bearer {}", run(&token, "")))
}

/// A GitLab on the machine's clock, which repeats calls at once.
pub async fn real_time_gitlab() -> Sandbox {
    Sandbox::start(SandboxConfig {
        token: TOKEN.into(),
        cron: false,
        retry_delays: vec![Duration::from_millis(100); 3],
        ..SandboxConfig::default()
    })
    .await
    .unwrap()
}

/// The call for the newest commit of a merge request, and its signature.
pub fn call_of(gitlab: &Sandbox, project: i64, rule: i64, iid: i64) -> (Vec<u8>, String) {
    let mut call = MergeRequestCall::default();
    call.project.id = project;
    call.merge_request.iid = iid;
    call.rule.id = rule;
    let body = call.sha(&gitlab.head(project, iid)).bytes();
    let signature = sign(SECRET, &body);
    (body, signature)
}

/// A port for what is started there again and again. The system gives those of its own range, also to clients, so while
/// nobody listens one of them may be taken; this one is below.
pub fn steady_port() -> u16 {
    const FIRST: u16 = 15_000;
    const COUNT: u16 = 15_000;
    loop {
        let port = FIRST + rand::random::<u16>() % COUNT;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Waits until something holds; how it stands is said if it never does.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> Result<(), String>) {
    let begun = Instant::now();
    loop {
        match holds().await {
            Ok(()) => return,
            // After a kill -9 leases have to end; a slow machine needs its time for the rest.
            Err(now) => assert!(begun.elapsed() < Duration::from_secs(240), "{what} does not happen: {now}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
