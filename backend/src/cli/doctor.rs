//! `doctor`: looks at what stands between this service and GitLab.

use super::{Failure, say, serve};
use crate::config::Config;
use crate::db::{Db, DbError};
use crate::domain::SystemClock;
use crate::gitlab::Client;
use crate::service::doctor::{self, Severity};

/// Prints what was found, one line each and how to mend it below; fails if anything does not work.
pub async fn doctor(config: Config) -> Result<(), Failure> {
    let client = match &config.gitlab {
        Some(gitlab) => Some(
            Client::new(&gitlab.url, &gitlab.token, gitlab.ca_pem.as_deref())
                .map_err(|error| Failure::Config(vec![error.to_string()]))?,
        ),
        None => None,
    };
    let place = config.database_url.to_string();
    let url = config.database_url.clone();
    let db = tokio::task::spawn_blocking(move || Db::open_beside(url)).await;
    let db = match db.unwrap_or(Err(DbError::Abandoned)) {
        Ok(db) => Ok(db),
        Err(DbError::File(why)) => Err(why),
        Err(error) => return Err(serve::database(&place, &error)),
    };
    let findings =
        doctor::examine(&config, client.as_ref(), db.as_ref().map_err(String::as_str), &SystemClock)
            .await
            .map_err(|error| serve::database(&place, &error))?;
    for finding in &findings {
        let word = match finding.severity {
            Severity::Fine => "ok  ",
            Severity::Warning => "WARN",
            Severity::Failure => "FAIL",
            Severity::Unreachable => "DOWN",
        };
        say(&format!("{word}  {}: {}", finding.topic, finding.says))?;
        if let Some(mend) = &finding.mend {
            say(&format!("      -> {mend}"))?;
        }
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    match (count(Severity::Unreachable), count(Severity::Failure)) {
        (0, 0) => Ok(()),
        (0, failures) => Err(Failure::Runtime(format!("{failures} of {} do not work", findings.len()))),
        (down, _) => {
            Err(Failure::Unavailable(format!("{down} of {} could not be found out", findings.len())))
        }
    }
}
