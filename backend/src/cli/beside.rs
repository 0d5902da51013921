//! What the short commands share: they open the database themselves, also while a service uses it.

use std::io::Read as _;
use std::sync::Arc;

use secrecy::SecretString;

use super::{Failure, serve};
use crate::config::{Config, Given};
use crate::db::projects::ListedProject;
use crate::db::{Conn, DatabaseUrl, Db, DbError, projects};
use crate::domain::access::Reach;
use crate::domain::record::Actor;
use crate::domain::{Clock, SystemClock};
use crate::service::ServiceError;

/// Where the data is; the same settings as for `serve`.
#[derive(clap::Args)]
pub struct Place {
    /// sqlite:PATH or postgres://USER@HOST/NAME [default: sqlite:instance/gitlab_status_checks.db]
    #[arg(long, env = "APPROVAL_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// URL that browsers use: links begin with it
    #[arg(long, env = "APPROVAL_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Where the service listens: links begin with it if there is no public URL
    #[arg(long, env = "APPROVAL_LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Path under which everything lives [default: /approval-apps]
    #[arg(long, env = "APPROVAL_BASE_PATH", value_name = "PATH")]
    base_path: Option<String>,
    /// Key that seals secrets in the database
    #[arg(long, env = "APPROVAL_SECRET_KEY", value_name = "KEY", hide_env_values = true)]
    secret_key: Option<String>,
    /// File that holds that key
    #[arg(long, env = "APPROVAL_SECRET_KEY_FILE", value_name = "FILE")]
    secret_key_file: Option<String>,
}

impl Place {
    /// Checks the settings.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn check(self) -> Result<Config, Failure> {
        let given = Given {
            listen: self.listen,
            base_path: self.base_path,
            public_url: self.public_url,
            database_url: self.database_url,
            secret_key: self.secret_key,
            secret_key_file: self.secret_key_file,
            ..Given::default()
        };
        given.check().map_err(Failure::Config)
    }
}

/// The opened database.
pub struct Beside {
    /// The settings.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
}

/// Opens the database, beside a service if one is running.
///
/// # Errors
/// If the settings are wrong or the database is not to be had.
pub async fn open(place: Place) -> Result<Beside, Failure> {
    open_by(place, Db::open_beside).await
}

/// The same, but the database is made where there is none: whoever comes first may come before the service.
///
/// # Errors
/// As [`open`].
pub async fn make(place: Place) -> Result<Beside, Failure> {
    open_by(place, Db::make_beside).await
}

async fn open_by(place: Place, how: fn(DatabaseUrl) -> Result<Db, DbError>) -> Result<Beside, Failure> {
    let config = place.check()?;
    let url = config.database_url.clone();
    let db = tokio::task::spawn_blocking(move || how(url))
        .await
        .unwrap_or(Err(DbError::Abandoned))
        .map_err(|error| serve::database(&config.database_url.to_string(), &error))?;
    Ok(Beside { config, db, clock: Arc::new(SystemClock) })
}

/// The command line, as the record names it.
#[must_use]
pub fn actor() -> Actor {
    Actor::without_account("command line", "command line")
}

/// A use case that failed, as people read it.
#[must_use]
pub fn failure(error: ServiceError) -> Failure {
    match error {
        ServiceError::Store(error) => serve::database("the database", &error),
        other => Failure::Runtime(other.to_string()),
    }
}

/// Our ids of projects that are named by path, by GitLab's id or by ours.
///
/// # Errors
/// [`ServiceError::Invalid`] if one is not known, or a number means several.
pub fn project_ids(conn: &mut Conn, named: &[String]) -> Result<Vec<String>, ServiceError> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let all = projects::listed(conn, &Reach::All)?;
    let one = |name: &String| {
        let is = |project: &&ListedProject| {
            project.path == *name || project.id == *name || project.gitlab_id.to_string() == *name
        };
        let mut found = all.iter().filter(is);
        match (found.next(), found.next()) {
            (Some(project), None) => Ok(project.id.clone()),
            (Some(_), Some(_)) => {
                Err(ServiceError::Invalid { field: "project", why: "several projects have this number" })
            }
            (None, _) => Err(ServiceError::Invalid {
                field: "project",
                why: "a project with this path or number is not known here; GitLab's first call makes it known",
            }),
        }
    };
    named.iter().map(one).collect()
}

/// A password from standard input: everything up to the end, without the line's end.
///
/// # Errors
/// If it cannot be read or is not a password.
pub fn password() -> Result<SecretString, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(64 * 1024)
        .read_to_string(&mut text)
        .map_err(|error| Failure::Runtime(format!("the password cannot be read: {error}")))?;
    let password = text.trim_end_matches(['\n', '\r']);
    shared::account::validate_password(password).map_err(|_| {
        Failure::Runtime(format!(
            "a password has {} characters or more, and at most {} bytes",
            shared::account::PASSWORD_MIN,
            shared::account::PASSWORD_MAX
        ))
    })?;
    Ok(SecretString::from(password))
}
