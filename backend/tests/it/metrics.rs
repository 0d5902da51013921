//! Metrics: what is counted, and that no label tells more than it should.

use approval_app::db::gauges;
use approval_app::metrics::Connections;

use crate::support::{Plan, World, on_both};

async fn rendered(world: &World) -> String {
    let now = world.now();
    let stored = world.app.db.read(move |conn| gauges::stored(conn, now)).await.unwrap();
    world.app.metrics.render(Some(&stored), world.app.db.connections(), true)
}

/// The value of a series, with its labels as they are written.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {text}")).parse().unwrap()
}

on_both! {
    async fn calls_checks_and_requests_are_counted(world: Plan::signed()) {
        let before = rendered(world).await;
        for result in ["stored", "not_json", "bad_signature", "too_large", "not_a_check", "not_enrolled", "too_slow", "unavailable"] {
            assert_eq!(value(&before, &format!("approval_app_calls_total{{result=\"{result}\"}}")), 0.0);
        }
        world.open().await;
        world.call("status_check", b"not json".to_vec(), None).await;
        world.call("status_check", b"{}".to_vec(), None).await;
        let after = rendered(world).await;
        assert_eq!(value(&after, "approval_app_calls_total{result=\"stored\"}"), 1.0);
        assert_eq!(value(&after, "approval_app_call_duration_seconds_count"), 1.0);
        assert_eq!(value(&after, "approval_app_calls_total{result=\"not_json\"}"), 1.0);
        assert_eq!(value(&after, "approval_app_calls_total{result=\"not_a_check\"}"), 1.0);
        assert_eq!(value(&after, "approval_app_checks{state=\"pending\"}"), 1.0);
        assert_eq!(value(&after, "approval_app_checks{state=\"approved\"}"), 0.0);
        assert_eq!(value(&after, "approval_app_calls_waiting"), 0.0);
        assert!(value(&after, "approval_app_http_requests_total{status=\"4xx\"}") >= 2.0);
        world.advance(std::time::Duration::from_secs(90));
        assert_eq!(value(&rendered(world).await, "approval_app_checks_oldest_pending_age_seconds"), 90.0);
        assert!(value(&after, "process_resident_memory_bytes") > 1e6);
        for told in ["demo/", "Ada", "glpat", &world.gitlab.head(world.project, 1)] {
            assert!(!after.contains(told), "a label tells {told}");
        }
    }

    async fn what_cannot_be_read_is_left_out(world: Plan::signed()) {
        let text = world.app.metrics.render(None, Connections::default(), false);
        assert_eq!(value(&text, "approval_app_ready"), 0.0);
        assert!(!text.contains("approval_app_checks"), "{text}");
        assert_eq!(value(&text, "approval_app_database_connections_max"), 0.0);
    }
}

/// The names and types of all series that a document lists, or that were rendered.
fn listed(text: &str) -> std::collections::BTreeSet<(String, String)> {
    let mut all = std::collections::BTreeSet::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", name, kind, ..] = cells.as_slice()
            && let Some(name) = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'))
        {
            let kind = kind.split([':', ' ']).next().unwrap_or_default();
            all.insert((name.to_owned(), kind.to_owned()));
        }
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            all.insert((name.to_owned(), kind.to_owned()));
        }
    }
    all
}

/// What is exported is what is documented; GitLab's rate limit appears when GitLab tells it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_lists_what_is_exported() {
    let world = World::build(crate::support::Kind::Sqlite, Plan::signed()).await;
    world.app.metrics.rate_limit(Some(1), Some(2));
    assert_eq!(listed(&rendered(&world).await), listed(include_str!("../../../docs/metrics.md")));
    world.end().await;
}
