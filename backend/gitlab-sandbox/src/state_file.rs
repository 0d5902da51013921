//! Keeps the world in a JSON file, so that a demonstration goes on after a restart. Logs and faults are not kept.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::config::SandboxError;
use crate::sandbox::Inner;
use crate::world::World;

/// How long changes are gathered before they are written.
const GATHER: Duration = Duration::from_millis(250);

/// Reads the world; `None` if there is no file yet.
pub(crate) fn load(path: &Path) -> Result<Option<World>, SandboxError> {
    let failed = |source| SandboxError::StateFile { path: path.into(), source };
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| failed(error.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Writes the world beside its file and renames it into place.
pub(crate) fn save(inner: &Inner) {
    let Some(path) = &inner.state_file else { return };
    let bytes = inner.read(serde_json::to_vec);
    let written = bytes.map_err(io::Error::from).and_then(|bytes| replace(path, &bytes));
    if let Err(error) = written {
        tracing::warn!(path = %path.display(), %error, "the sandbox's state file was not written");
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("tmp");
    let mut file = private(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, path)
}

/// A new file that only its owner reads, since the world holds tokens and secrets.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes the world shortly after each change, for ever.
pub(crate) async fn follow(inner: Arc<Inner>) {
    loop {
        inner.dirty.notified().await;
        tokio::time::sleep(GATHER).await;
        let task = Arc::clone(&inner);
        // A panic in the writer is not ours to repeat; the next change tries again.
        drop(tokio::task::spawn_blocking(move || save(&task)).await);
    }
}
