//! `serve` and `migrate`.

use std::net::TcpListener;
use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::{Failure, say};
use crate::app::{App, SetupError};
use crate::causes;
use crate::config::Config;
use crate::db::{Db, DbError};
use crate::domain::SystemClock;
use crate::leaving;
use crate::server;
use crate::service::doctor;

/// Runs the service until it is told to stop.
pub async fn serve(config: Config) -> Result<(), Failure> {
    // From here on it can be told to stop, which as the first process of a container it could not be without.
    let mut told = server::Told::listen().map_err(|error| Failure::Runtime(error.to_string()))?;
    let listener = listen(&config)?;
    let app = tokio::select! {
        app = open(config) => app?,
        () = told.to_stop() => {
            tracing::info!("told to stop before the start was done");
            // Not waiting for a lock or a migration: what has begun is undone by the database.
            leaving::leave(0);
            return Ok(());
        }
    };
    let running = server::start(&app, listener, true).map_err(|error| Failure::Runtime(error.to_string()))?;
    let config = &app.config;
    let place = config.address(&running.address);
    say(&format!("Approval App {}", env!("CARGO_PKG_VERSION")))?;
    say(&format!("  reviewers open   {place}/"))?;
    say(&format!("  GitLab calls     {place}/status_check"))?;
    say(&format!("  database         {}", config.database_url))?;
    match &config.gitlab {
        Some(gitlab) => say(&format!("  decisions go to  {}", gitlab.url))?,
        None => say("  decisions go     nowhere yet: set APPROVAL_GITLAB_URL and APPROVAL_GITLAB_TOKEN")?,
    }
    if let Some(traces) = &config.traces {
        say(&format!("  traces go to     {}", traces.endpoint))?;
    }
    if config.hmac_secret.is_none() {
        say(
            "  signatures       no secret set: calls are hints, read back from GitLab; set APPROVAL_HMAC_SECRET to verify them",
        )?;
    }
    if config.listen.ip().is_loopback() {
        say("  reachable from   this machine only; APPROVAL_LISTEN=0.0.0.0:8080 opens it")?;
    } else if !config.is_https() {
        say(
            "  WARNING          other machines can reach this over plain http: put TLS in front and set APPROVAL_PUBLIC_URL=https://…",
        )?;
    }
    let setup = app.setup_link().await;
    if let Some(secret) = setup.map_err(|error| database(&config.database_url.to_string(), &error))? {
        say("  FIRST            nobody can sign in yet; the first administrator opens, once,")?;
        say(&format!("                   {place}/welcome#{}", secret.expose_secret()))?;
        tracing::warn!("nobody can sign in yet: open the one-time link that is on standard output");
    }
    running.until_told_to_stop(told).await.map_err(|error| Failure::Runtime(error.to_string()))
}

/// Binds the socket.
pub fn listen(config: &Config) -> Result<TcpListener, Failure> {
    TcpListener::bind(config.listen).map_err(|error| {
        Failure::Runtime(format!(
            "cannot listen on {}: {error}; choose another with APPROVAL_LISTEN",
            config.listen
        ))
    })
}

/// Opens the application.
pub async fn open(config: Config) -> Result<App, Failure> {
    let place = config.database_url.to_string();
    App::open(config, Arc::new(SystemClock)).await.map_err(|error| match error {
        SetupError::Client(error) => Failure::Config(vec![error.to_string()]),
        SetupError::Key(error) => Failure::Config(vec![error.to_string()]),
        SetupError::Provider(error) => Failure::Config(vec![error.to_string()]),
        SetupError::Traces(error) => Failure::Config(vec![error.to_string()]),
        SetupError::Db(error) => database(&place, &error),
    })
}

/// A failure of the database, with all its causes.
pub fn database(place: &str, error: &DbError) -> Failure {
    let mut why = match error {
        // It names its file.
        DbError::File(why) => why.clone(),
        _ => format!("{place}: {}", causes::told(error)),
    };
    if let Some(mend) = mend(&why) {
        why = format!("{why}; {mend}");
    }
    match error {
        // A file is nothing that others keep available.
        DbError::Unavailable(_) if place.starts_with("SQLite") => Failure::Runtime(why),
        DbError::Unavailable(_) => Failure::Unavailable(why),
        DbError::BadUrl(_) => Failure::Config(vec![why]),
        DbError::InUse(_)
        | DbError::Query(_)
        | DbError::Migration(_)
        | DbError::NotMoved(_)
        | DbError::File(_)
        | DbError::Damaged(_)
        | DbError::Corrupt(_)
        | DbError::Abandoned => Failure::Runtime(why),
    }
}

/// What to do, where the system's or SQLite's words (<https://sqlite.org/rescode.html>) say enough.
fn mend(why: &str) -> Option<&'static str> {
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    if says(&["there is no database of this program"]) {
        Some(doctor::START)
    } else if says(&["cannot be restored"]) {
        Some("choose another copy")
    } else if says(&["malformed", "is not a database"]) {
        Some(
            "put a copy in its place with `approval-app restore FILE`, or name another with APPROVAL_DATABASE_URL",
        )
    } else if says(&["readonly database", "Permission denied", "unable to open database file"]) {
        Some("run this as a user who may write the file and its folder")
    } else if says(&["disk is full", "No space left on device"]) {
        Some("make room on the disk; what was acknowledged is there")
    } else {
        None
    }
}

/// Brings the schema up to date.
pub fn migrate(config: Config) -> Result<(), Failure> {
    let place = config.database_url.to_string();
    Db::open(config.database_url).map_err(|error| database(&place, &error))?;
    say(&format!("{place}: the schema is up to date"))
}
