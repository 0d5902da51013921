//! `doctor`: every trouble that the sandbox can make is found and named, and nothing is found where there is none.

use std::time::Duration;

use approval_app::service::doctor::{Finding, Severity, examine, examine_within};
use gitlab_sandbox::{AccessLevel, Fault};
use serde_json::Value;

use crate::support::{Kind, Plan, SECRET, TOKEN, World, on_both};

async fn findings(world: &World) -> Vec<Finding> {
    let client = world.app.connected().unwrap().client;
    examine(&world.app.config, Some(&client), Ok(&world.app.db), &*world.app.clock).await.unwrap()
}

/// The worst that was found about a topic, with what was said and how to mend it.
fn worst<'a>(findings: &'a [Finding], topic: &str) -> (Severity, &'a str, &'a str) {
    let found =
        findings.iter().filter(|finding| finding.topic == topic).max_by_key(|finding| finding.severity);
    let found = found.unwrap_or_else(|| panic!("nothing about {topic}: {findings:?}"));
    (found.severity, &found.says, found.mend.as_deref().unwrap_or(""))
}

on_both! {
    async fn all_is_well(world: Plan::signed()) {
        world.open().await;
        world.gitlab.set_gate(world.project, true);
        let found = findings(world).await;
        for topic in ["database", "GitLab", "token", "project", "signature", "calls"] {
            assert_eq!(worst(&found, topic).0, Severity::Fine, "{topic}: {found:?}");
        }
        // The test's clock stands still; GitLab's does not.
        assert_eq!(worst(&found, "clock").0, Severity::Warning);
        for finding in &found {
            assert!(!format!("{finding:?}").contains(SECRET) && !format!("{finding:?}").contains(TOKEN));
        }
    }

    async fn each_trouble_is_named(world: Plan::signed()) {
        let found = findings(world).await;
        assert_eq!(worst(&found, "calls").0, Severity::Warning, "none has arrived");
        world.open().await;
        world.gitlab.set_gate(world.project, false);
        world.gitlab.set_rule_secret(world.project, world.rule, None);
        let found = findings(world).await;
        assert!(worst(&found, "project").2.contains("Status checks must succeed"), "{found:?}");
        let (severity, says, mend) = worst(&found, "signature");
        assert_eq!(severity, Severity::Failure);
        assert!(says.contains("does not sign") && mend.contains("shared secret"), "{found:?}");
        world.gitlab.set_rule_url(world.project, world.rule, "https://elsewhere.example/hook?key=hush");
        let found = findings(world).await;
        assert!(worst(&found, "checks").1.contains("none of its 1 status checks"), "{found:?}");
        assert!(!format!("{found:?}").contains("hush"));
        world.gitlab.set_licensed(world.project, false);
        assert!(worst(&findings(world).await, "checks").2.contains("Ultimate"));
    }

    async fn a_weak_token_is_told_apart_from_none(world: Plan::signed()) {
        world.open().await;
        let look = async |token: &str| {
            let token = secrecy::SecretString::from(token);
            let client = approval_app::gitlab::Client::new(&world.gitlab.url(), &token, None).unwrap();
            examine(&world.app.config, Some(&client), Ok(&world.app.db), &*world.app.clock).await.unwrap()
        };
        let found = look("glpat-nobody-has-this").await;
        assert!(worst(&found, "token").1.contains("does not accept"), "{found:?}");
        world.gitlab.add_token("glpat-reads-only", "a-reader", AccessLevel::Developer, &["read_api"]);
        let found = look("glpat-reads-only").await;
        assert!(worst(&found, "token").1.contains("not api"), "{found:?}");
        world.gitlab.add_token("glpat-of-a-guest", "a-guest", AccessLevel::Guest, &["api"]);
        let found = look("glpat-of-a-guest").await;
        assert!(worst(&found, "role").2.contains("Developer"), "{found:?}");
        world.gitlab.add_token("glpat-that-ends", "a-maintainer", AccessLevel::Maintainer, &["api"]);
        let soon = world.now().after(Duration::from_secs(3 * 86_400)).to_string();
        world.gitlab.set_token_expiry("glpat-that-ends", soon.get(..10));
        let found = look("glpat-that-ends").await;
        assert_eq!(worst(&found, "token").0, Severity::Warning, "{found:?}");
        assert!(worst(&found, "token").1.contains("it ends on"), "{found:?}");
    }

    async fn a_gitlab_that_is_away_is_no_failure_of_ours(world: Plan::signed()) {
        world.open().await;
        world.gitlab.set_fault(Some(Fault::Down));
        let found = findings(world).await;
        assert_eq!(worst(&found, "GitLab").0, Severity::Unreachable, "{found:?}");
        assert!(found.iter().all(|finding| finding.topic != "token"), "nothing is guessed: {found:?}");
        assert_eq!(worst(&found, "calls").0, Severity::Fine);
    }
}

/// The findings about a topic in an answer of the API: verdict and how to mend it.
fn verdicts<'a>(report: &'a Value, topic: &str) -> Vec<(&'a str, Option<&'a str>)> {
    let all = report["findings"].as_array().unwrap().iter();
    all.filter(|finding| finding["topic"] == topic)
        .map(|finding| (finding["verdict"].as_str().unwrap(), finding["mend"].as_str()))
        .collect()
}

on_both! {
    async fn an_administrator_asks_over_http(world: Plan::signed()) {
        world.open().await;
        world.gitlab.set_gate(world.project, false);
        let (status, report) = world.get("system/doctor").await;
        assert_eq!(status, 200, "{report}");
        assert_eq!(report["examined_at"], world.now().to_string());
        assert_eq!(verdicts(&report, "database"), [("ok", None)]);
        let (verdict, mend) = verdicts(&report, "project")[0];
        assert_eq!((verdict, mend.unwrap().contains("Status checks must succeed")), ("warning", true));
        assert_eq!(report["verdict"], "warning", "the worst of all: {report}");
        world.gitlab.set_fault(Some(Fault::Down));
        let (_, report) = world.get("system/doctor").await;
        assert_eq!((&report["verdict"], verdicts(&report, "GitLab")[0].0), (&Value::from("unknown"), "unknown"));
    }

    async fn one_examination_at_a_time(world: Plan::signed()) {
        let somebody = world.app.examining.lock().await;
        let (status, problem) = world.get("system/doctor").await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (503, Some("busy")), "{problem}");
        drop(somebody);
        assert_eq!(world.get("system/doctor").await.0, 200);
    }

    async fn a_slow_gitlab_does_not_hold_up_the_answer(world: Plan::signed()) {
        world.open().await;
        world.gitlab.set_fault(Some(Fault::Slow(Duration::from_secs(2))));
        let client = world.app.connected().unwrap().client;
        let (config, db, clock) = (&world.app.config, &world.app.db, &*world.app.clock);
        let found = examine_within(Duration::from_millis(300), config, Some(&client), db, clock).await.unwrap();
        assert_eq!(worst(&found, "database").0, Severity::Fine, "what was found out is told");
        assert_eq!(worst(&found, "time").0, Severity::Unreachable, "{found:?}");
        world.gitlab.set_fault(None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_gitlab_it_says_what_to_set() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let config = approval_app::config::Config { gitlab: None, ..world.app.config.clone() };
    let found = examine(&config, None, Ok(&world.app.db), &*world.app.clock).await.unwrap();
    assert!(worst(&found, "GitLab").2.contains("APPROVAL_GITLAB_URL"));
    world.end().await;
}
