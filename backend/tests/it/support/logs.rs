//! The log of the whole suite, and the secrets that were made in it: none may ever be in the other.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use serde_json::Value;
use tracing_subscriber::EnvFilter;

static LOG: Mutex<String> = Mutex::new(String::new());
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// More than any operator would turn on; GitLab's stand-in is no part of the product.
const LEVELS: &str = "debug,approval_app=trace,gitlab_sandbox=off";

/// Fields of bodies that carry a secret, there and back.
const FIELDS: [&str; 5] = ["password", "current", "new", "token", "secret"];

fn open<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far log and secrets have come.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    log: usize,
    secrets: usize,
}

/// Writes whatever is logged in this process into the log, from now on.
pub fn begin() -> Mark {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(LEVELS))
            .with_ansi(false)
            .with_writer(|| Writer)
            .init();
    });
    Mark { log: open(&LOG).len(), secrets: open(&SECRETS).len() }
}

struct Writer;

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        open(&LOG).push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Remembers a secret.
pub fn secret(text: &str) {
    // Shorter ones are words of a test that tries what is wrong.
    if text.len() >= 12 {
        open(&SECRETS).push(text.to_owned());
    }
}

/// Remembers the secrets in a body.
pub fn secrets_of(body: &Value) {
    let Some(fields) = body.as_object() else { return };
    for (name, value) in fields {
        match value {
            Value::String(text) if FIELDS.contains(&name.as_str()) => secret(text),
            // A one-time link: its secret is behind the `#`.
            Value::String(text) if name == "url" => {
                if let Some((_, fragment)) = text.split_once('#') {
                    secret(fragment);
                }
            }
            value => secrets_of(value),
        }
    }
}

/// Looks for every secret that was made since then in everything that was logged since then.
pub fn look_for_secrets(since: Mark, lasting: &[&str]) {
    let made = open(&SECRETS)[since.secrets..].to_vec();
    let log = open(&LOG)[since.log..].to_owned();
    let secrets = made.iter().map(String::as_str).chain(lasting.iter().copied());
    let leak = leak(&log, secrets);
    assert!(leak.is_none(), "a secret is in the log: {leak:?}");
}

fn leak<'a>(log: &'a str, mut secrets: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let leaked = secrets.find(|secret| log.contains(secret))?;
    log.lines().find(|line| line.contains(leaked))
}

#[test]
fn what_is_logged_is_looked_at() {
    let mark = begin();
    tracing::trace!(target: "approval_app::test", "said by a test");
    let log = open(&LOG)[mark.log..].to_owned();
    let said = leak(&log, ["nobody says this", "said by a test"].into_iter());
    assert!(said.is_some_and(|line| line.contains("TRACE")), "{log}");
    assert_eq!(leak(&log, ["nobody says this"].into_iter()), None);
}
