//! The file of a SQLite database, as long as it is in use.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is wrong where [`SqliteFile::is_in_place`] is not so.
pub(super) const AWAY: &str =
    "it was removed or replaced while it was in use; stop the service and put a copy in its place";

/// The file, held open.
pub(super) struct SqliteFile {
    path: PathBuf,
    file: File,
    /// Device and number.
    identity: (u64, u64),
}

impl SqliteFile {
    pub(super) fn open(path: &Path) -> std::io::Result<Arc<Self>> {
        let file = File::options().write(true).open(path)?;
        let identity = identity(&file.metadata()?);
        Ok(Arc::new(Self { path: path.to_owned(), file, identity }))
    }

    /// Whether the file that is open still has its name. Removed or replaced, it goes away with the process, and with it all
    /// that was written since.
    pub(super) fn is_in_place(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|there| identity(&there) == self.identity)
    }

    /// Forces what was written to the disk.
    pub(super) fn sync(&self) -> std::io::Result<()> {
        self.file.sync_data()
    }
}

fn identity(of: &Metadata) -> (u64, u64) {
    (of.dev(), of.ino())
}
