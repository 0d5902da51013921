//! `doctor`: every trouble that the sandbox can make is found and named, and nothing is found where there is none.

use approval_app::service::doctor::{Finding, Severity, examine};
use gitlab_sandbox::{AccessLevel, Fault};

use crate::support::{Kind, Plan, SECRET, TOKEN, World, on_both};

async fn findings(world: &World) -> Vec<Finding> {
    let client = world.app.connected().unwrap().client;
    examine(&world.app.config, Some(&client), &world.app.db, &*world.app.clock).await.unwrap()
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
            examine(&world.app.config, Some(&client), &world.app.db, &*world.app.clock).await.unwrap()
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
        let soon = world.now().after(std::time::Duration::from_secs(3 * 86_400)).to_string();
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_gitlab_it_says_what_to_set() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let config = approval_app::config::Config { gitlab: None, ..world.app.config.clone() };
    let found = examine(&config, None, &world.app.db, &*world.app.clock).await.unwrap();
    assert!(worst(&found, "GitLab").2.contains("APPROVAL_GITLAB_URL"));
    world.end().await;
}
