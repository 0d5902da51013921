//! `secrets`: the key that seals secrets at rest.

use super::beside::{self, Place};
use super::{Failure, say};
use crate::crypto::keys::{KeySource, Keys};
use crate::db::Lane;
use crate::service::seals;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Replace the key and seal everything anew; with APPROVAL_SECRET_KEY set, put the new key before
    /// the old one first
    Rotate(Rotate),
}

#[derive(clap::Args)]
pub struct Rotate {
    #[command(flatten)]
    place: Place,
}

/// Runs a `secrets` command.
pub async fn run(command: Command) -> Result<(), Failure> {
    let Command::Rotate(args) = command;
    let beside = beside::open(args.place).await?;
    let fault = |error: &dyn std::error::Error| Failure::Runtime(error.to_string());
    let (keys, file) = match &beside.config.key_source {
        KeySource::Given(_) => (Keys::load(&beside.config.key_source).map_err(|error| fault(&error))?, None),
        KeySource::File(path) => (Keys::renew(path).map_err(|error| fault(&error))?, Some(path.clone())),
    };
    let (now, sealing) = (beside.clock.now(), keys.clone());
    let sealed = beside
        .db
        .write(Lane::Front, move |conn| seals::rotate(conn, &sealing, beside::actor(), now))
        .await
        .map_err(|error| fault(&error))?;
    match file {
        Some(path) => {
            // Everything is sealed with the new key by now; until here both opened.
            keys.forget_old(&path).map_err(|error| fault(&error))?;
            say(&format!("a new key is in {}; secrets sealed anew: {sealed}", path.display()))
        }
        None => say(&format!("secrets sealed anew: {sealed}; older keys are not needed any more")),
    }
}
