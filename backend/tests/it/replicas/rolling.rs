//! A rolling restart under load, behind nginx: one process after the other ends and comes back while calls arrive,
//! people decide and listen.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gitlab_sandbox::{NewMergeRequest, Sandbox};
use serde_json::{Value, json};

use super::{Listener, Scene};
use crate::support::process::{Process, call_of, real_time_gitlab, reviewer, steady_port, until};
use crate::support::{Database, Kind, SECRET};

/// How often each process is restarted.
const ROUNDS: usize = 2;

/// A load balancer of the test's own.
struct Nginx {
    child: Child,
    folder: PathBuf,
    base: String,
}

impl Nginx {
    /// In front of these ports. Like most load balancers it asks the next process only where nothing was sent yet, and
    /// keeps connections.
    fn start(behind: [u16; 2]) -> Self {
        let folder =
            std::env::temp_dir().join(format!("approval-app-nginx-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        let port = steady_port();
        let [a, b] = behind;
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {kind};\n"))
            .collect();
        let settings = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log;
             events {{ worker_connections 512; }}
             http {{
                access_log off;
                {temporary}
                upstream app {{
                    server 127.0.0.1:{a} max_fails=1 fail_timeout=1s;
                    server 127.0.0.1:{b} max_fails=1 fail_timeout=1s;
                    keepalive 8;
                }}
                server {{
                    listen 127.0.0.1:{port};
                    location / {{
                        proxy_pass http://app;
                        proxy_http_version 1.1;
                        proxy_set_header Connection \"\";
                        proxy_set_header Host $http_host;
                        proxy_read_timeout 120s;
                    }}
                }}
             }}"
        );
        std::fs::write(folder.join("nginx.conf"), settings).unwrap();
        let child = Command::new(program())
            .args(["-p", folder.to_str().unwrap(), "-c", "nginx.conf", "-e", "error.log"])
            .spawn()
            .expect("nginx is there; .ci/setup nginx brings it");
        Self { child, folder, base: format!("http://127.0.0.1:{port}/approval-apps") }
    }

    fn complaints(&self) -> String {
        std::fs::read_to_string(self.folder.join("error.log")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
        // What is left in the folder for temporary files hurts nobody.
        let _left = std::fs::remove_dir_all(&self.folder);
    }
}

/// Debian keeps it where only administrators look.
fn program() -> &'static str {
    if PathBuf::from("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" }
}

/// Opens merge requests, one after the other, and sends the call for each until it is acknowledged, as GitLab does;
/// returns how many were.
async fn calls(scene: Arc<Scene>, base: String, stop: Arc<AtomicBool>) -> i64 {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
    let mut taken = 0;
    while !stop.load(Ordering::Relaxed) {
        let iid = scene.gitlab.create_merge_request(scene.project, NewMergeRequest::default());
        let (body, signature) = call_of(&scene.gitlab, scene.project, scene.rule, iid);
        loop {
            let request = http
                .post(format!("{base}/status_check"))
                .header("content-type", "application/json")
                .header("x-gitlab-signature", &signature)
                .body(body.clone());
            if request.send().await.is_ok_and(|answer| answer.status() == 202) {
                taken += 1;
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    taken
}

/// Decides whatever waits; returns what was acknowledged: check and merge request.
async fn decisions(scene: Arc<Scene>, base: String, stop: Arc<AtomicBool>) -> Vec<(String, i64)> {
    let mut decided = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let Ok(answer) = scene.http.get(format!("{base}/api/v1/checks?state=pending&limit=5")).send().await
        else {
            continue;
        };
        let Ok(page) = answer.json::<Value>().await else { continue };
        for check in page["items"].as_array().into_iter().flatten() {
            let id = check["id"].as_str().unwrap().to_owned();
            let body = json!({"verdict": "approve", "comment": "", "expected_sha": check["sha"]});
            let url = format!("{base}/api/v1/checks/{id}/decisions");
            if scene.http.post(url).json(&body).send().await.is_ok_and(|answer| answer.status() == 201) {
                decided.push((id, check["merge_request"]["iid"].as_i64().unwrap()));
            }
        }
    }
    decided
}

/// A scene whose GitLab calls the load balancer.
async fn scene(url: &str, gitlab: Sandbox, front: &str) -> Scene {
    let http = reviewer(url);
    let project = gitlab.create_project("demo/rolling");
    let rule = gitlab.create_rule(project, "Change approval", &format!("{front}/status_check"), Some(SECRET));
    Scene { gitlab, project, rule, http }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_loses_no_call_no_decision_and_no_news() {
    let database = Database::create(Kind::Postgres).await;
    let ports = [steady_port(), steady_port()];
    let front = Nginx::start(ports);
    let gitlab = real_time_gitlab().await;
    let address = gitlab.url();
    let scene = Arc::new(scene(&database.url, gitlab, &front.base).await);
    let start = |port| Process::start(&database.url, &address, port);
    let mut processes = ports.map(start);
    let listener = Listener::start(&scene.http, &front.base).await;
    let stop = Arc::new(AtomicBool::new(false));
    let load = [0, 1].map(|_| tokio::spawn(calls(Arc::clone(&scene), front.base.clone(), Arc::clone(&stop))));
    let deciding = tokio::spawn(decisions(Arc::clone(&scene), front.base.clone(), Arc::clone(&stop)));
    for _ in 0..ROUNDS {
        for (process, port) in processes.iter_mut().zip(ports) {
            tokio::time::sleep(Duration::from_millis(500)).await;
            // The old one is told to stop and ends by itself; only then is its port free for the new one.
            let status = process.stop().await;
            assert!(status.success(), "it ends as it was told: {status}");
            *process = start(port);
            until("that the new one is ready", async || match process.health("readyz").await {
                200 => Ok(()),
                other => Err(other.to_string()),
            })
            .await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut taken = 0;
    for sender in load {
        taken += sender.await.unwrap();
    }
    let decided = deciding.await.unwrap();
    assert!(taken > 10 && decided.len() > 10, "{taken} calls, {} decisions", decided.len());
    let a = &processes[0];
    scene.settle(a).await;
    let stored = a.read(&scene.http, "calls?limit=1").await["items"][0]["id"].as_i64().unwrap();
    assert!(stored >= taken, "{taken} calls were acknowledged, {stored} are there");
    let told = scene.told();
    for (id, iid) in &decided {
        let check = a.read(&scene.http, &format!("checks/{id}")).await;
        assert_eq!(check["state"], "approved", "{check}");
        // Nobody was killed, so everything was told exactly once.
        assert_eq!(told[iid], ["passed"], "{check}");
    }
    let newest = a.read(&scene.http, "audit?limit=1").await["items"][0]["id"].as_i64().unwrap();
    let ids: Vec<i64> = listener.up_to(newest).await.iter().map(|event| event.0).collect();
    assert_eq!(ids, (ids[0]..=newest).collect::<Vec<_>>(), "none is missing, none comes twice");
    assert!(listener.connects() > 1, "it was told to come back: {}", front.complaints());
    drop(processes);
    scene.gitlab.stop().await;
}
