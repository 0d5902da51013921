//! Who may know whom: reads the `use` lines and paths of each room and quotes what breaks a rule.

use std::path::{Path, PathBuf};

/// A room, and the words its code must not contain.
const RULES: [(&str, &[&str]); 10] = [
    (
        "domain",
        &[
            "diesel",
            "actix",
            "tokio",
            "reqwest",
            "shared::",
            "crate::db",
            "crate::gitlab",
            "crate::service",
            "crate::http",
            "crate::app",
            "crate::render",
            "crate::config",
            "crate::metrics",
            "crate::crypto",
            "crate::traces",
            "crate::live",
            "crate::worker",
            "crate::oidc",
        ],
    ),
    (
        "crypto",
        &[
            "diesel",
            "actix",
            "reqwest",
            "shared::",
            "crate::db",
            "crate::domain",
            "crate::gitlab",
            "crate::service",
            "crate::http",
            "crate::app",
            "crate::config",
            "crate::metrics",
            "crate::traces",
            "crate::live",
            "crate::worker",
            "crate::oidc",
            "crate::render",
        ],
    ),
    (
        "db",
        &[
            "actix",
            "reqwest",
            "shared::",
            "crate::gitlab",
            "crate::service",
            "crate::http",
            "crate::app",
            "crate::worker",
            "crate::config",
            "crate::traces",
            "crate::live",
            "crate::oidc",
            "crate::render",
        ],
    ),
    (
        "gitlab",
        &[
            "diesel",
            "actix",
            "shared::",
            "crate::db",
            "crate::service",
            "crate::http",
            "crate::app",
            "crate::worker",
            "crate::config",
            "crate::live",
            "crate::oidc",
            "crate::crypto",
            "crate::render",
        ],
    ),
    (
        "oidc",
        &[
            "diesel",
            "actix",
            "shared::",
            "crate::db",
            "crate::gitlab",
            "crate::service",
            "crate::http",
            "crate::app",
            "crate::worker",
            "crate::metrics",
            "crate::traces",
            "crate::live",
            "crate::crypto",
            "crate::render",
        ],
    ),
    (
        "render",
        &[
            "diesel",
            "actix",
            "tokio",
            "reqwest",
            "shared::",
            "crate::db",
            "crate::gitlab",
            "crate::service",
            "crate::http",
            "crate::app",
            "crate::worker",
            "crate::config",
            "crate::metrics",
            "crate::traces",
            "crate::live",
            "crate::oidc",
            "crate::crypto",
        ],
    ),
    (
        "metrics",
        &[
            "diesel",
            "actix",
            "shared::",
            "crate::db",
            "crate::service",
            "crate::http",
            "crate::app",
            "crate::config",
            "crate::gitlab",
            "crate::crypto",
            "crate::render",
            "crate::live",
            "crate::worker",
            "crate::oidc",
        ],
    ),
    (
        "service",
        &["diesel", "actix", "shared::", "crate::http", "crate::worker", "reqwest::", "openidconnect"],
    ),
    ("worker", &["actix", "shared::", "crate::http", "diesel"]),
    ("http", &["diesel", "reqwest", "openidconnect", "crate::worker"]),
];

/// What no room knows; `traces` alone does.
const NOWHERE: [&str; 1] = ["opentelemetry"];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn is_code(line: &str) -> bool {
    let line = line.trim_start();
    !line.starts_with("//")
}

#[test]
fn no_room_knows_more_than_it_may() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    for (room, forbidden) in RULES {
        let mut all = Vec::new();
        files(&source.join(room), &mut all);
        let forbidden = || forbidden.iter().chain(&NOWHERE);
        assert!(!all.is_empty(), "the room {room} has files");
        for file in all {
            let text = std::fs::read_to_string(&file).unwrap();
            for (number, line) in text.lines().enumerate().filter(|(_, line)| is_code(line)) {
                // `From<diesel::result::Error>` lets `?` work in the store's closures.
                let line = line.replace("diesel::result::Error", "");
                for word in forbidden().filter(|word| line.contains(**word)) {
                    broken.push(format!(
                        "{}:{}: {room} must not know {word}: {}",
                        file.display(),
                        number + 1,
                        line.trim()
                    ));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
