//! What about the service must be said on every page.

use shared::{Alarm, SystemInfo};

use crate::texts;

/// How many things the service counts before it says "or more".
pub const COUNT_CAP: i64 = 1_000;

/// A count as shown: `1000+` stands for "a thousand or more".
#[must_use]
pub fn count(n: i64) -> String {
    if n >= COUNT_CAP { format!("{COUNT_CAP}+") } else { n.to_string() }
}

/// One sentence per thing that needs a person, the gravest first. Before each, and a tab, stands the address of what it is
/// about where that can be listed.
#[must_use]
pub fn alarms(system: &SystemInfo) -> Vec<String> {
    let listed = |about: Alarm, says: String| ["./?state=all&alarm=", about.as_str(), "\t", &says].concat();
    let plain = |says: String| ["\t", &says].concat();
    let mut found = Vec::new();
    if system.undecided_passes > 0 {
        found.push(listed(Alarm::UndecidedPass, texts::undecided_passes(system.undecided_passes)));
    }
    if let Some(trouble) = &system.gitlab_trouble {
        found.push(plain(texts::gitlab_trouble(trouble)));
    }
    if system.failed_deliveries > 0 {
        found.push(listed(Alarm::FailedDelivery, texts::failed_deliveries(system.failed_deliveries)));
    }
    if system.set_aside_calls > 0 {
        found.push(plain(texts::set_aside_calls(system.set_aside_calls)));
    }
    found
}

/// The title of the browser's tab: the waiting checks, the page, the product.
#[must_use]
pub fn tab_title(page: &str, pending: Option<i64>) -> String {
    let count = pending.filter(|n| *n > 0).map(|n| format!("({}) ", count(n))).unwrap_or_default();
    format!("{count}{page} · {}", texts::PRODUCT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::filter::Filter;

    fn calm() -> SystemInfo {
        SystemInfo {
            version: "0.1.0".into(),
            database: "sqlite".into(),
            gitlab_url: None,
            sandbox: false,
            gitlab_trouble: None,
            pending_checks: 3,
            needs_you: 2,
            waiting_on_others: 1,
            pending_deliveries: 0,
            failed_deliveries: 0,
            waiting_calls: 0,
            set_aside_calls: 0,
            undecided_passes: 0,
        }
    }

    #[test]
    fn a_calm_service_says_nothing() {
        assert!(alarms(&calm()).is_empty());
    }

    #[test]
    fn the_gravest_comes_first() {
        let system = SystemInfo {
            gitlab_trouble: Some("token expired".into()),
            failed_deliveries: 1,
            set_aside_calls: 2,
            undecided_passes: 1000,
            ..calm()
        };
        let all = alarms(&system);
        let (at, said): (Vec<_>, Vec<_>) = all.iter().filter_map(|one| one.split_once('\t')).unzip();
        let listed = |about| Filter::of_alarm(about).href();
        assert_eq!(at, [&*listed(Alarm::UndecidedPass), "", &listed(Alarm::FailedDelivery), ""]);
        assert!(said[0].contains("1000+ checks"), "{}", said[0]);
        assert!(said[1].contains("token expired"));
        assert!(said[2].starts_with("1 decision "), "{}", said[2]);
        assert!(said[3].starts_with("2 calls "), "{}", said[3]);
    }

    #[test]
    fn the_tab_counts_what_waits() {
        assert_eq!(tab_title("Checks", Some(3)), "(3) Checks · Approval App");
        assert_eq!(tab_title("Checks", Some(0)), "Checks · Approval App");
        assert_eq!(tab_title("Checks", Some(1000)), "(1000+) Checks · Approval App");
        assert_eq!(tab_title("System", None), "System · Approval App");
    }
}
