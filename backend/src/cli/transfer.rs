//! `migrate-to`: moves the store into an empty database of the other kind.

use super::beside::Place;
use super::{Failure, say, serve};
use crate::db::transfer::{self, Progress};
use crate::db::{DatabaseUrl, DbError};

#[derive(clap::Args)]
pub struct Args {
    /// The empty database: postgres://USER@HOST/NAME, or sqlite:PATH; a password is better given by PGPASSWORD
    /// or ~/.pgpass than here, where every process of the machine can read it
    #[arg(value_name = "URL")]
    to: String,
    #[command(flatten)]
    place: Place,
}

/// Copies everything, compares it, and says what is to be done next.
pub fn migrate_to(args: Args) -> Result<(), Failure> {
    let config = args.place.check()?;
    let from = config.database_url;
    let bad = |error: DbError| Failure::Config(vec![error.to_string()]);
    let to = DatabaseUrl::parse(&args.to).map_err(bad)?;
    let way = format!("from {from} to {to}");
    say(&format!("copying {way}"))?;
    let moved = transfer::copy(&from, &to, &mut |progress| {
        // A reader of the progress that went away is no reason to stop.
        let _closed = say(&match progress {
            Progress::Copying(table, rows) => format!("  {table}: {rows} rows so far"),
            Progress::Copied(table, rows) => format!("  {table}: {rows} rows"),
            Progress::Compared => "  read back: every table is the same".to_owned(),
        });
    })
    .map_err(|error| serve::database(&way, &error))?;
    say(&format!("{} rows of {} tables are in {to}", moved.rows, moved.tables))?;
    say(&format!("the record holds: {} entries, head {}", moved.entries, moved.head))?;
    say(
        "Next: set APPROVAL_DATABASE_URL to it, keep the key (secret.key, or APPROVAL_SECRET_KEY), start the service.",
    )?;
    say("What was copied is as it was; do not start a service on it again.")
}
