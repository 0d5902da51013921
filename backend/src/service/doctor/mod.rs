//! What stands between this service and GitLab, found out by asking: each finding says how to mend it.

mod project;

use std::time::Duration;

use serde_json::Value;

use super::{ServiceError, connection};
use crate::app::App;
use crate::config::{Config, GitLabConfig};
use crate::db::projects::ListedProject;
use crate::db::rule_secrets::{self, RuleSecret};
use crate::db::{Db, DbError, calls, projects, trouble};
use crate::domain::access::Reach;
use crate::domain::ids::ConnectionId;
use crate::domain::{Clock, Time};
use crate::gitlab::Client;
use crate::gitlab::probe::Answered;

/// A token that ends sooner is worth a warning.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 3600);
/// Clocks that differ by more are worth a warning: calls are ordered by GitLab's.
const SKEW: Duration = Duration::from_secs(30);
/// So many projects are looked at.
const PROJECTS: usize = 50;
/// Who looks in a browser waits this long at most; with a slow GitLab not everything is looked at then.
const PATIENCE: Duration = Duration::from_secs(20);

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// It works, or may work, but somebody should look.
    Warning,
    /// It does not work.
    Failure,
    /// It could not be found out, since something that is needed does not answer.
    Unreachable,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, for example `token`.
    pub topic: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub says: String,
    /// What to do; `None` if there is nothing to do.
    pub mend: Option<String>,
}

/// Gathers findings.
#[derive(Default)]
struct Report(Vec<Finding>);

impl Report {
    fn fine(&mut self, topic: &'static str, says: impl Into<String>) {
        self.0.push(Finding { topic, severity: Severity::Fine, says: says.into(), mend: None });
    }

    fn add(
        &mut self,
        severity: Severity,
        topic: &'static str,
        says: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.0.push(Finding { topic, severity, says: says.into(), mend: Some(mend.into()) });
    }

    fn warn(&mut self, topic: &'static str, says: impl Into<String>, mend: impl Into<String>) {
        self.add(Severity::Warning, topic, says, mend);
    }

    fn fail(&mut self, topic: &'static str, says: impl Into<String>, mend: impl Into<String>) {
        self.add(Severity::Failure, topic, says, mend);
    }
}

/// What to do where there is no database.
pub const START: &str = "start the service, or say where it is with APPROVAL_DATABASE_URL";

/// What the store knows.
#[derive(Default)]
struct Known {
    projects: Vec<ListedProject>,
    rules: Vec<RuleSecret>,
    last_call: Option<String>,
    trouble: Option<String>,
}

/// Looks at everything for the service itself, within 20 seconds: what was not reached by then is a finding of its
/// own. One at a time, since each asks GitLab up to a hundred questions.
///
/// # Errors
/// [`ServiceError::Running`] while somebody else looks, or the database's.
pub async fn examine_own(app: &App) -> Result<(Time, Vec<Finding>), ServiceError> {
    let Ok(_alone) = app.examining.try_lock() else {
        return Err(ServiceError::Running("somebody has this looked at right now; try again in a moment"));
    };
    let now = app.clock.now();
    let client = app.connected().map(|connected| connected.client);
    Ok((now, examine_within(PATIENCE, &app.config, client.as_ref(), &app.db, &*app.clock).await?))
}

/// Looks at as much as there is time for. Talks to GitLab with reads only.
///
/// # Errors
/// The database's.
pub async fn examine_within(
    limit: Duration,
    config: &Config,
    client: Option<&Client>,
    db: &Db,
    clock: &dyn Clock,
) -> Result<Vec<Finding>, DbError> {
    let mut report = Report::default();
    match tokio::time::timeout(limit, look(&mut report, config, client, Ok(db), clock)).await {
        Ok(done) => done?,
        Err(_) => report.add(
            Severity::Unreachable,
            "time",
            format!("not everything was looked at within {} s, since GitLab answers slowly", limit.as_secs()),
            "try again later, or run `approval-app doctor` on the service's machine, which takes its time",
        ),
    }
    Ok(report.0)
}

/// Looks at everything, however long it takes. Talks to GitLab with reads only. Where there is no database, that is one of
/// the findings.
///
/// # Errors
/// The database's.
pub async fn examine(
    config: &Config,
    client: Option<&Client>,
    db: Result<&Db, &str>,
    clock: &dyn Clock,
) -> Result<Vec<Finding>, DbError> {
    let mut report = Report::default();
    look(&mut report, config, client, db, clock).await?;
    Ok(report.0)
}

async fn look(
    report: &mut Report,
    config: &Config,
    client: Option<&Client>,
    db: Result<&Db, &str>,
    clock: &dyn Clock,
) -> Result<(), DbError> {
    match db {
        Ok(db) => {
            db.check().await?;
            report.fine("database", format!("{} answers and has the right schema", config.database_url));
        }
        Err(why) => report.fail("database", why, START),
    }
    public_url(report, config);
    let (Some(gitlab), Some(client)) = (&config.gitlab, client) else {
        let mend = "set APPROVAL_GITLAB_URL and APPROVAL_GITLAB_TOKEN";
        report.fail("GitLab", "no GitLab is configured: nothing can be read or told", mend);
        return Ok(());
    };
    let known = match db {
        Ok(db) => known(db, gitlab.url.clone()).await?,
        Err(_) => Known::default(),
    };
    if instance(report, gitlab, client, clock.now()).await {
        token(report, client, clock.now()).await;
        for project in known.projects.iter().take(PROJECTS) {
            project::look(report, config, client, project, &known.rules).await;
        }
    }
    calls_of_gitlab(report, &known);
    Ok(())
}

async fn known(db: &Db, base_url: String) -> Result<Known, DbError> {
    db.read(move |conn| {
        let all = projects::base_urls(conn)?;
        let connection = connection::find(&all, &base_url).map(|(id, _)| id.clone());
        let rules = match &connection {
            Some(id) => rule_secrets::of_connection(conn, id)?,
            None => Vec::new(),
        };
        let trouble = match connection.as_ref().map(ConnectionId::as_str) {
            Some(id) => trouble::connection_trouble(conn, id)?,
            None => None,
        };
        Ok(Known {
            projects: projects::listed(conn, &Reach::All)?,
            rules,
            last_call: calls::newest(conn)?,
            trouble,
        })
    })
    .await
}

fn public_url(report: &mut Report, config: &Config) {
    let mend = "set APPROVAL_PUBLIC_URL=https://… to the address that browsers use, and put TLS in front";
    match &config.public_url {
        Some(url) if config.is_https() => {
            report.fine("public URL", format!("browsers use {url}{}", config.base_path));
        }
        Some(url) => report.warn(
            "public URL",
            format!("{url} is not https: passwords and sessions can be read on the way"),
            mend,
        ),
        None if config.listen.ip().is_loopback() => {
            report.warn(
                "public URL",
                "not set; the service listens on this machine only, so GitLab reaches it only from here",
                mend,
            );
        }
        None => report.warn(
            "public URL",
            "not set: links in notes and invitations point to where the service listens",
            mend,
        ),
    }
}

/// Whether GitLab answers at all; without that nothing else can be found out.
async fn instance(report: &mut Report, gitlab: &GitLabConfig, client: &Client, now: Time) -> bool {
    let url = &gitlab.url;
    let answer = match client.ask("version").await {
        Ok(answer) => answer,
        Err(why) => {
            let mend = "look at APPROVAL_GITLAB_URL, name resolution, firewall and HTTPS_PROXY; for a certificate of your own, set APPROVAL_GITLAB_CA_FILE";
            report.add(Severity::Unreachable, "GitLab", format!("{url}: {why}"), mend);
            return false;
        }
    };
    match (answer.status, answer.text("version")) {
        (200, Some(version)) => report.fine("GitLab", format!("{url} answers, version {version}")),
        (401, _) => report.fine("GitLab", format!("{url} answers")),
        (status @ (300..=399), _) => {
            report.fail(
                "GitLab",
                format!("{url} redirects ({status})"),
                "set APPROVAL_GITLAB_URL to the address it redirects to",
            );
            return false;
        }
        (status @ (429 | 500..=599), _) => {
            report.add(
                Severity::Unreachable,
                "GitLab",
                format!("{url} answers {status}"),
                "try again later; decisions are kept and sent when it works",
            );
            return false;
        }
        (status, _) => {
            report.fail(
                "GitLab",
                format!("{url} answers {status}, but not as GitLab's API does"),
                "set APPROVAL_GITLAB_URL to the base URL of GitLab, without /api/v4",
            );
            return false;
        }
    }
    clocks(report, &answer, now);
    true
}

fn clocks(report: &mut Report, answer: &Answered, now: Time) {
    let Some(at) = answer.at else { return };
    let apart = now.since(at).max(at.since(now));
    let seconds = apart.as_secs();
    if apart > SKEW {
        report.warn(
            "clock",
            format!("this machine and GitLab differ by {seconds} s"),
            "let both machines set their clocks by NTP",
        );
    } else {
        report.fine("clock", format!("this machine and GitLab differ by {seconds} s"));
    }
}

async fn token(report: &mut Report, client: &Client, now: Time) {
    let new_token = "make a project, group or personal access token with the scope api and the role Developer or higher, and set APPROVAL_GITLAB_TOKEN";
    let answer = match client.ask("personal_access_tokens/self").await {
        Ok(answer) => answer,
        Err(why) => return report.add(Severity::Unreachable, "token", why, "try again"),
    };
    match answer.status {
        200 => {}
        401 => {
            return report.fail("token", "GitLab does not accept it: wrong, revoked or expired", new_token);
        }
        status => {
            let says = format!(
                "GitLab does not tell about it ({status}); it may be of a kind that has no such page"
            );
            return report.warn("token", says, "nothing, if the projects below are fine");
        }
    }
    let scopes: Vec<&str> =
        answer.body["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if scopes.contains(&"api") {
        report.fine("token", format!("accepted, scopes {}", scopes.join(", ")));
    } else {
        let says = format!(
            "it has the scopes {}, not api: GitLab can be read but not told anything",
            scopes.join(", ")
        );
        report.fail("token", says, new_token);
    }
    let Some(day) = answer.text("expires_at") else { return };
    match Time::parse(&format!("{day}T00:00:00Z")) {
        Some(end) if end.since(now) < ENDS_SOON => {
            report.warn(
                "token",
                format!("it ends on {day}"),
                "make a new one before, and set APPROVAL_GITLAB_TOKEN",
            );
        }
        Some(_) | None => report.fine("token", format!("it ends on {day}")),
    }
}

/// Whether GitLab reaches this service can only be told from its calls.
fn calls_of_gitlab(report: &mut Report, known: &Known) {
    if let Some(why) = &known.trouble {
        report.fail(
            "deliveries",
            format!("nothing is sent to GitLab: {why}"),
            "mend what is said above; the service notices within ten minutes, or at once if you press “Tell GitLab again” on a check",
        );
    }
    match &known.last_call {
        Some(at) => {
            let minute = at.get(..16).unwrap_or(at).replace('T', " at ");
            report.fine("calls", format!("GitLab reached this service last on {minute} UTC"));
        }
        None => report.warn(
            "calls",
            "no call of GitLab has arrived yet",
            "push to a merge request of a project with a status check; if nothing comes, let GitLab reach the service's address (Admin > Settings > Network > Outbound requests, for addresses in a local network)",
        ),
    }
}
