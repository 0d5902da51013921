//! `backup` and `restore`: copies of a SQLite database.

use std::path::PathBuf;

use super::beside::Place;
use super::{Failure, say, serve};
use crate::db::backup;
use crate::domain::{Clock as _, SystemClock};

#[derive(clap::Args)]
pub struct Args {
    /// The copy
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Copies the database, also while a service uses it.
pub fn backup(args: Args) -> Result<(), Failure> {
    let config = args.place.check()?;
    let size = backup::copy(&config.database_url, &args.file)
        .map_err(|error| serve::database(&config.database_url.to_string(), &error))?;
    say(&format!("{}: {size} bytes, whole and on the disk", args.file.display()))?;
    say("Secrets in it are sealed: keep the key (secret.key, or APPROVAL_SECRET_KEY) too, and elsewhere.")
}

/// Puts a copy in the database's place.
pub fn restore(args: Args) -> Result<(), Failure> {
    let config = args.place.check()?;
    let now = SystemClock.now().to_string();
    let stamp: String = now.chars().take(19).filter(char::is_ascii_alphanumeric).collect();
    let kept = backup::restore(&config.database_url, &args.file, &stamp)
        .map_err(|error| serve::database(&config.database_url.to_string(), &error))?;
    say(&format!("{} is restored from {}", config.database_url, args.file.display()))?;
    match kept {
        Some(kept) => say(&format!("what was there before is kept as {}", kept.display())),
        None => Ok(()),
    }
}
