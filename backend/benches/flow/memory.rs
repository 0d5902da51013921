//! Resident memory of the service with nothing to do.

use std::time::Duration;

use crate::Result;
use crate::client::Connection;
use crate::place::Scratch;
use crate::process::{Served, token};
use crate::report::{Goal, Report};

/// So long nothing happens before it is measured.
const REST: Duration = Duration::from_secs(2);

/// Measures after the start on an empty database, with a GitLab that is not there.
///
/// # Errors
/// If the service does not start or the system does not tell.
pub async fn measure(folder: &Scratch, report: &mut Report) -> Result<()> {
    report.progress("memory of a service at rest")?;
    let database = folder.join("idle.db");
    let app = Served::app(&database, Some(("http://127.0.0.1:9", "glpat-of-nobody")))?;
    app.ready().await?;
    let mut connection = Connection::open_with(app.address, &token(&database)?).await?;
    connection.get("/approval-apps/api/v1/checks").await?.expect(200)?;
    tokio::time::sleep(REST).await;
    report.figure("memory at rest, resident", app.mebibytes("VmRSS")?, "MiB", Goal::AtMost(20.0));
    report.figure("memory at rest, without files", app.mebibytes("RssAnon")?, "MiB", Goal::None);
    app.stop().await
}
