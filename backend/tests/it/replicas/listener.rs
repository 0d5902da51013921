//! A browser's ear: follows the live stream of an address, and comes back with the last number it heard.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::task::JoinHandle;

use crate::support::process::until;

/// One event: its number and its kind.
pub type Heard = (i64, String);

/// What was heard so far.
#[derive(Default)]
struct Log {
    heard: Vec<Heard>,
    /// The last number that was seen.
    last: Option<i64>,
    /// How often it was told to read everything anew.
    resets: usize,
    /// How often it had to connect.
    connects: usize,
}

pub struct Listener {
    log: Arc<Mutex<Log>>,
    task: JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener {
    /// Listens from now on.
    pub async fn start(http: &reqwest::Client, base: &str) -> Self {
        let log = Arc::new(Mutex::new(Log::default()));
        let (http, url, kept) = (http.clone(), format!("{base}/api/v1/events"), Arc::clone(&log));
        let task = tokio::spawn(async move {
            loop {
                follow(&http, &url, &kept).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        let this = Self { log, task };
        until("that the stream begins", async || {
            if this.log.lock().unwrap().last.is_some() { Ok(()) } else { Err("it has not".into()) }
        })
        .await;
        this
    }

    /// What was heard up to the event with this number, once that was.
    pub async fn up_to(&self, number: i64) -> Vec<Heard> {
        until(&format!("that event {number} is heard"), async || {
            let log = self.log.lock().unwrap();
            if log.last >= Some(number) { Ok(()) } else { Err(format!("{:?} is", log.last)) }
        })
        .await;
        let log = self.log.lock().unwrap();
        assert_eq!(log.resets, 0, "so little is missed that it is sent one by one");
        log.heard.iter().filter(|event| event.0 <= number).cloned().collect()
    }

    /// How often it had to connect.
    pub fn connects(&self) -> usize {
        self.log.lock().unwrap().connects
    }
}

/// Reads until the line is lost.
async fn follow(http: &reqwest::Client, url: &str, log: &Mutex<Log>) {
    let mut request = http.get(url);
    if let Some(last) = log.lock().unwrap().last {
        request = request.header("Last-Event-ID", last.to_string());
    }
    let Ok(answer) = request.send().await else { return };
    if !answer.status().is_success() {
        return;
    }
    log.lock().unwrap().connects += 1;
    let (mut stream, mut read) = (answer.bytes_stream(), String::new());
    while let Some(Ok(chunk)) = stream.next().await {
        read.push_str(&String::from_utf8_lossy(&chunk));
        while let Some((frame, rest)) = read.split_once("\n\n") {
            take(frame, &mut log.lock().unwrap());
            read = rest.to_owned();
        }
    }
}

fn take(frame: &str, log: &mut Log) {
    let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
    let id = field("id: ").and_then(|id| id.parse().ok());
    match field("event: ") {
        Some("event") => {
            let data: serde_json::Value = serde_json::from_str(field("data: ").unwrap()).unwrap();
            // Number 0 is none of the record's.
            if let Some(id) = id {
                log.heard.push((id, data["kind"].as_str().unwrap().to_owned()));
            }
        }
        Some("reset") => log.resets += 1,
        _ => {}
    }
    log.last = id.or(log.last);
}
