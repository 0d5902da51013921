//! What stands between this service and GitLab, found out by asking: each finding says how to mend it.

use std::time::Duration;

use serde_json::Value;

use crate::config::{Config, GitLabConfig};
use crate::db::projects::ListedProject;
use crate::db::rule_secrets::{self, RuleSecret};
use crate::db::{Db, DbError, calls, projects};
use crate::domain::access::Reach;
use crate::domain::ids::ConnectionId;
use crate::domain::{Clock, Time};
use crate::gitlab::Client;
use crate::gitlab::probe::Answered;

/// A token that ends sooner is worth a warning.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 3600);
/// Clocks that differ by more are worth a warning: calls are ordered by GitLab's.
const SKEW: Duration = Duration::from_secs(30);
/// The role that may answer, Developer (<https://docs.gitlab.com/api/access_requests/#valid-access-levels>).
const DEVELOPER: i64 = 30;
/// The role that may list a project's checks, Maintainer.
const MAINTAINER: i64 = 40;
/// So many projects are looked at.
const PROJECTS: usize = 50;

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

/// What the store knows.
struct Known {
    projects: Vec<ListedProject>,
    rules: Vec<RuleSecret>,
    last_call: Option<String>,
    trouble: Option<String>,
}

/// Looks at everything. Talks to GitLab with reads only.
///
/// # Errors
/// The database's.
pub async fn examine(
    config: &Config,
    client: Option<&Client>,
    db: &Db,
    clock: &dyn Clock,
) -> Result<Vec<Finding>, DbError> {
    let mut report = Report::default();
    db.check().await?;
    report.fine("database", format!("{} answers and has the right schema", config.database_url));
    public_url(&mut report, config);
    let (Some(gitlab), Some(client)) = (&config.gitlab, client) else {
        let mend = "set APPROVAL_GITLAB_URL and APPROVAL_GITLAB_TOKEN";
        report.fail("GitLab", "no GitLab is configured: nothing can be read or told", mend);
        return Ok(report.0);
    };
    let known = known(db, gitlab.url.clone()).await?;
    if instance(&mut report, gitlab, client, clock.now()).await {
        token(&mut report, client, clock.now()).await;
        for project in known.projects.iter().take(PROJECTS) {
            look_at_project(&mut report, config, client, project, &known.rules).await;
        }
    }
    calls_of_gitlab(&mut report, &known);
    Ok(report.0)
}

async fn known(db: &Db, base_url: String) -> Result<Known, DbError> {
    db.read(move |conn| {
        let connection = projects::connection_at(conn, &base_url)?;
        let rules = match &connection {
            Some(id) => rule_secrets::of_connection(conn, id)?,
            None => Vec::new(),
        };
        let trouble = match connection.as_ref().map(ConnectionId::as_str) {
            Some(id) => projects::connection_trouble(conn, id)?,
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

async fn look_at_project(
    report: &mut Report,
    config: &Config,
    client: &Client,
    project: &ListedProject,
    rules: &[RuleSecret],
) {
    let (path, id) = (&project.path, project.gitlab_id);
    let answer = match client.ask(&format!("projects/{id}")).await {
        Ok(answer) if answer.status == 200 => answer,
        Ok(answer) => {
            let says = format!("{path}: GitLab answers {} to the token", answer.status);
            return report.fail(
                "project",
                says,
                "make the token's user a member of the project, as Developer or higher",
            );
        }
        Err(why) => {
            return report.add(Severity::Unreachable, "project", format!("{path}: {why}"), "try again");
        }
    };
    let level = |of: &str| answer.body["permissions"][of]["access_level"].as_i64().unwrap_or(0);
    let level = level("project_access").max(level("group_access"));
    if level < DEVELOPER {
        let says = format!(
            "{path}: the token's user has access level {level}, GitLab lets nobody answer below {DEVELOPER} (Developer)"
        );
        report.fail("role", says, "make the token's user Developer or higher in this project");
    }
    match answer.body["only_allow_merge_if_all_status_checks_passed"].as_bool() {
        Some(true) => report.fine("project", format!("{path}: merging waits for all status checks")),
        Some(false) => report.warn(
            "project",
            format!("{path}: merging does not wait for status checks, whatever is decided here"),
            "in GitLab: Settings > Merge requests > \"Status checks must succeed\"",
        ),
        None => report.warn(
            "project",
            format!("{path}: GitLab does not tell whether merging waits for status checks"),
            "look whether the project's plan is Ultimate; other plans have no external status checks",
        ),
    }
    checks(report, config, client, project, rules, level).await;
}

/// The checks that GitLab has for a project, and whether their secrets are those known here.
async fn checks(
    report: &mut Report,
    config: &Config,
    client: &Client,
    project: &ListedProject,
    rules: &[RuleSecret],
    level: i64,
) {
    let path = &project.path;
    let answer = match client
        .ask(&format!("projects/{}/external_status_checks?per_page=100", project.gitlab_id))
        .await
    {
        Ok(answer) => answer,
        Err(why) => {
            return report.add(Severity::Unreachable, "checks", format!("{path}: {why}"), "try again");
        }
    };
    if answer.status != 200 {
        // Below Maintainer GitLab says 401, and so it does without a licence.
        if level >= MAINTAINER {
            let says = format!("{path}: GitLab refuses to list its status checks ({})", answer.status);
            report.fail("checks", says, "look whether the project's plan is Ultimate");
        } else {
            report.fine(
                "checks",
                format!("{path}: only Maintainers see how they are set up, so this was not looked at"),
            );
        }
        return;
    }
    let all: Vec<&Value> = answer.body.as_array().into_iter().flatten().collect();
    let door = format!("{}/status_check", config.base_path);
    let ours: Vec<&&Value> = all
        .iter()
        .filter(|check| check["external_url"].as_str().is_some_and(|url| url.contains(&door)))
        .collect();
    if ours.is_empty() {
        let says = format!("{path}: none of its {} status checks calls {door}", all.len());
        return report.warn(
            "checks",
            says,
            "in GitLab: Settings > Merge requests > Status checks > Add, with the address of this service",
        );
    }
    for check in ours {
        let name = check["name"].as_str().unwrap_or("?");
        let signed = check["hmac"].as_bool() == Some(true);
        let own = rules
            .iter()
            .find(|rule| Some(rule.rule) == check["id"].as_i64())
            .and_then(|rule| rule.secret.as_ref());
        let secret = own.is_some() || config.hmac_secret.is_some();
        match (signed, secret) {
            (true, true) => {
                report.fine("signature", format!("{path}, {name}: GitLab signs, and a secret is known here"));
            }
            (false, false) if config.require_signature => report.fail(
                "signature",
                format!("{path}, {name}: GitLab does not sign, and unsigned calls are refused here"),
                "set a shared secret for the check in GitLab, and APPROVAL_HMAC_SECRET here",
            ),
            (false, false) => report.warn(
                "signature",
                format!("{path}, {name}: GitLab does not sign, so each call is read back from GitLab"),
                "set a shared secret for the check in GitLab, and APPROVAL_HMAC_SECRET here",
            ),
            (false, true) => report.fail(
                "signature",
                format!(
                    "{path}, {name}: a secret is set here, but GitLab does not sign: its calls are refused"
                ),
                "set the same shared secret for the check in GitLab",
            ),
            (true, false) => report.warn(
                "signature",
                format!("{path}, {name}: GitLab signs, but no secret is known here to verify it with"),
                "set APPROVAL_HMAC_SECRET to the check's shared secret",
            ),
        }
    }
}

/// Whether GitLab reaches this service can only be told from its calls.
fn calls_of_gitlab(report: &mut Report, known: &Known) {
    if let Some(why) = &known.trouble {
        report.fail(
            "deliveries",
            format!("nothing is sent to GitLab: {why}"),
            "mend what is said above; the service notices within ten minutes, or press Retry on a check",
        );
    }
    match &known.last_call {
        Some(at) => report.fine("calls", format!("GitLab reached this service last at {at}")),
        None => report.warn(
            "calls",
            "no call of GitLab has arrived yet",
            "push to a merge request of a project with a status check; if nothing comes, let GitLab reach the service's address (Admin > Settings > Network > Outbound requests, for addresses in a local network)",
        ),
    }
}
