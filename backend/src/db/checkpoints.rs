//! SQLite's checkpoints: what the log holds is copied into the database while writers go on.
//!
//! They run on a thread of their own with a passive checkpoint, which never blocks a writer.
//! The same thread then forces the copied pages to the disk; only after that the last few pages are
//! copied between two commits, which costs little by then, so that the log can start again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Integer;
use diesel::{QueryableByName, RunQueryDsl as _};

use super::Conn;
use super::file::SqliteFile;

/// How often the checkpointer looks.
pub(super) const EVERY: Duration = Duration::from_millis(250);
/// A log larger than this many pages is emptied even under load (8 MiB with 8 KiB pages). Where the file has been
/// written before, forcing a commit to the disk takes half the time of where it grows: the file system has nothing to
/// note down.
const LOG_PAGES: i32 = 1024;
/// So few pages may be copied while writers wait.
const LAST_PAGES: i32 = 256;

#[derive(QueryableByName)]
struct CheckpointRow {
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

/// A passive checkpoint; returns how many pages the log has and how many were copied.
pub(super) fn passive(conn: &mut Conn) -> diesel::QueryResult<(i32, i32)> {
    let Conn::Sqlite(conn) = conn else { return Ok((0, 0)) };
    let row: CheckpointRow = diesel::sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result(conn)?;
    Ok((row.log, row.checkpointed))
}

/// Keeps the log short until `stopped` is closed, and leaves a small one; `last` asks the writer to copy the last pages.
pub(super) fn run(
    mut conn: Conn,
    file: &SqliteFile,
    commits: &AtomicU64,
    last: &Sender<()>,
    stopped: &Receiver<()>,
) {
    let mut seen = 0;
    while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        let now = commits.load(Ordering::Relaxed);
        if now == seen {
            continue;
        }
        seen = now;
        if let Err(error) = relieve_log(&mut conn, file, last) {
            tracing::warn!(error = %error, "a checkpoint failed; the log grows until one succeeds");
        }
    }
    // Leave a small log behind.
    if conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").is_err() {
        tracing::debug!("the log stays: somebody else still reads the database");
    }
}

/// Copies what the log holds; a long log is brought so far that the writer can start it again.
fn relieve_log(
    conn: &mut Conn,
    file: &SqliteFile,
    last: &Sender<()>,
) -> Result<(), Box<dyn std::error::Error>> {
    let (log, _) = passive(conn)?;
    if log <= LOG_PAGES {
        return Ok(());
    }
    // SQLite forces the copied pages to the disk when it has copied the last one, which would be in
    // the writer's hands: better here, where nobody waits.
    file.sync()?;
    let (log, copied) = passive(conn)?;
    if log - copied < LAST_PAGES {
        // One request at a time is enough.
        let _pending = last.try_send(());
    }
    Ok(())
}
