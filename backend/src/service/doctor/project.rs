//! What GitLab says about one project.

use serde_json::Value;

use super::{Report, Severity};
use crate::config::Config;
use crate::db::projects::ListedProject;
use crate::db::rule_secrets::RuleSecret;
use crate::gitlab::Client;

/// The role that may answer, Developer (<https://docs.gitlab.com/api/access_requests/#valid-access-levels>).
const DEVELOPER: i64 = 30;
/// The role that may list a project's checks, Maintainer.
const MAINTAINER: i64 = 40;

/// Looks at one project: the token's role in it, whether merging waits for status checks, and those checks.
pub(super) async fn look(
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
