//! A database for one test.

use std::path::PathBuf;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A fresh, empty database; a SQLite file is deleted with it.
pub struct Database {
    pub url: String,
    folder: Option<PathBuf>,
}

impl Database {
    pub async fn create(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder =
                    std::env::temp_dir().join(format!("approval-app-test-{}", uuid::Uuid::now_v7().simple()));
                std::fs::create_dir_all(&folder).unwrap();
                let file = folder.join("instance").join("gitlab_status_checks.db");
                Self { url: format!("sqlite:{}", file.display()), folder: Some(folder) }
            }
            Kind::Postgres => {
                let server = server();
                let name = format!("test_{}", uuid::Uuid::now_v7().simple());
                let url = with_name(&server, &name);
                tokio::task::spawn_blocking(move || {
                    PgConnection::establish(&server)
                        .unwrap()
                        .batch_execute(&format!("CREATE DATABASE {name}"))
                        .unwrap();
                })
                .await
                .unwrap();
                Self { url, folder: None }
            }
        }
    }

    /// The path of the SQLite file.
    pub fn file(&self) -> PathBuf {
        self.url.trim_start_matches("sqlite:").into()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // What is left in the folder for temporary files hurts nobody.
            let _left = std::fs::remove_dir_all(folder);
        }
    }
}

/// The PostgreSQL server the tests may use. Missing, the tests fail: skipping would hide it.
fn server() -> String {
    std::env::var("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL names no PostgreSQL server; run the tests with `make test-rust`, or with `.ci/postgres with -- cargo test`",
    )
}

fn with_name(server: &str, name: &str) -> String {
    let (place, query) = server.split_once('?').map_or((server, None), |(place, query)| (place, Some(query)));
    let place = place.rsplit_once('/').map_or(place, |(place, _)| place);
    match query {
        Some(query) => format!("{place}/{name}?{query}"),
        None => format!("{place}/{name}"),
    }
}
