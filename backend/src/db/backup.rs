//! Copies of a SQLite database: while it is used, back into place, and before a migration.
//!
//! A copy is made with `VACUUM INTO` (<https://sqlite.org/lang_vacuum.html>): one consistent snapshot, also
//! beside a running service, without its log and without free pages. It gets its name only when it is whole and
//! on the disk. PostgreSQL has `pg_dump`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection};

use super::{Conn, DatabaseUrl, DbError, connection, migrations};
use crate::causes;

/// Copies the database to a new file with mode 0600, and returns its size in bytes.
///
/// # Errors
/// [`DbError::BadUrl`] for PostgreSQL, [`DbError::File`] if the file exists or cannot be written, or the
/// database's.
pub fn copy(url: &DatabaseUrl, to: &Path) -> Result<u64, DbError> {
    let from = sqlite_file(url)?;
    if !from.exists() {
        return Err(file(format!("there is no database at {}", from.display())));
    }
    copy_open(&mut open(from)?, to)
}

/// Puts a copy in the place of the database, whose old file is kept under another name, which is returned.
/// Nobody may use it meanwhile. An older schema is brought up to date at the next start.
///
/// # Errors
/// [`DbError::InUse`] if a service runs, [`DbError::File`] if the copy has a newer schema than this program, is damaged or none of
/// ours, or with the system's reason.
pub fn restore(url: &DatabaseUrl, from: &Path, stamp: &str) -> Result<Option<PathBuf>, DbError> {
    let place = sqlite_file(url)?;
    if !from.is_file() {
        return Err(file(format!("there is no file {}", from.display())));
    }
    connection::prepare_place(url)?;
    let _alone = connection::take_alone(url)?;
    let mut source = usable(from).map_err(|error| {
        let why = causes::told(&error);
        file(format!("{} cannot be restored: {why}; {} is as it was", from.display(), place.display()))
    })?;
    let fresh = with_suffix(place, ".restoring");
    remove_if_there(&fresh)?;
    copy_open(&mut source, &fresh)?;
    drop(source);
    let kept = match place.exists() {
        false => None,
        true => {
            let kept = free_name(place, &format!(".before-restore-{stamp}"));
            // What is still in its log belongs to the old file; where that is damaged, its log stays beside it.
            if open(place)?.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").is_err() {
                rename_if_there(&with_suffix(place, "-wal"), &with_suffix(&kept, "-wal"))?;
            }
            fs::rename(place, &kept).map_err(|error| at(&kept, &error))?;
            Some(kept)
        }
    };
    for suffix in ["-wal", "-shm"] {
        remove_if_there(&with_suffix(place, suffix))?;
    }
    fs::rename(&fresh, place).map_err(|error| at(place, &error))?;
    sync_folder(place)?;
    Ok(kept)
}

/// A copy that was made before the schema is changed.
pub struct Before {
    version: String,
    made: PathBuf,
    name: PathBuf,
}

/// Copies a database whose schema is about to change; nothing for one without tables and for PostgreSQL. Until
/// [`Before::end`] it has another name, under which the next try replaces it: a start that is cut off again and again must
/// not fill the disk.
///
/// # Errors
/// As [`copy`].
pub fn before_migration(url: &DatabaseUrl, conn: &mut Conn) -> Result<Option<Before>, DbError> {
    let DatabaseUrl::Sqlite(place) = url else { return Ok(None) };
    let Some(version) = migrations::outdated(conn) else { return Ok(None) };
    let suffix = format!(".before-migration-{version}");
    let made = with_suffix(place, &format!("{suffix}.unfinished"));
    remove_if_there(&made)?;
    copy_open(conn, &made)?;
    // An older copy of the same schema stays: whoever went back to it has worked on since.
    Ok(Some(Before { version, made, name: free_name(place, &suffix) }))
}

impl Before {
    /// Gives the copy its name if the schema is another one now, also if not all migrations went well; else it is deleted.
    ///
    /// # Errors
    /// [`DbError::File`].
    pub fn end(self, conn: &mut Conn) -> Result<(), DbError> {
        if migrations::applied(conn) == Some(self.version) {
            return remove_if_there(&self.made);
        }
        fs::rename(&self.made, &self.name).map_err(|error| at(&self.name, &error))?;
        sync_folder(&self.name)?;
        tracing::info!(copy = %self.name.display(), "the database was copied before its schema was changed");
        Ok(())
    }
}

/// Opens a copy that can take a database's place.
fn usable(copy: &Path) -> Result<Conn, DbError> {
    let mut conn = open(copy)?;
    check_whole(&mut conn)?;
    migrations::refuse_newer(&mut conn)?;
    Ok(conn)
}

fn sqlite_file(url: &DatabaseUrl) -> Result<&Path, DbError> {
    match url {
        DatabaseUrl::Sqlite(path) => Ok(path),
        DatabaseUrl::Postgres(_) => Err(DbError::BadUrl(
            "this is for SQLite; PostgreSQL is copied with pg_dump and put back with pg_restore".into(),
        )),
    }
}

/// A connection that leaves the journal as it is.
fn open(path: &Path) -> Result<Conn, DbError> {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())
        .map_err(|error| DbError::Unavailable(Box::new(error)))?;
    conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA wal_autocheckpoint = 0")?;
    Ok(Conn::Sqlite(conn))
}

fn copy_open(conn: &mut Conn, to: &Path) -> Result<u64, DbError> {
    if to.exists() {
        return Err(file(format!("{} exists already; it is left as it is", to.display())));
    }
    let part = with_suffix(to, ".part");
    remove_if_there(&part)?;
    let done = copy_into(conn, &part).and_then(|size| {
        fs::rename(&part, to).map_err(|error| at(to, &error))?;
        sync_folder(to)?;
        Ok(size)
    });
    if done.is_err() {
        remove_if_there(&part)?;
    }
    done
}

fn copy_into(conn: &mut Conn, part: &Path) -> Result<u64, DbError> {
    // VACUUM INTO fills an empty file, which keeps its mode: never readable by others, not even for a moment.
    let file = connection::new_private_file(part).map_err(|error| at(part, &error))?;
    if let Conn::Sqlite(sqlite) = conn {
        diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(part.to_string_lossy()).execute(sqlite)?;
    }
    file.sync_all().map_err(|error| at(part, &error))?;
    check_whole(&mut open(part)?)?;
    Ok(file.metadata().map_err(|error| at(part, &error))?.len())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    quick_check: String,
}

/// Whether the pages of a SQLite database fit together (<https://sqlite.org/pragma.html#pragma_quick_check>).
///
/// # Errors
/// [`DbError::Damaged`] if they do not, [`DbError::Query`] if they cannot be read now.
pub(super) fn examine(conn: &mut Conn) -> Result<(), DbError> {
    let Conn::Sqlite(sqlite) = conn else { return Ok(()) };
    match diesel::sql_query("PRAGMA quick_check(1)").get_result::<Found>(sqlite) {
        Ok(found) if found.quick_check == "ok" => Ok(()),
        Ok(found) => Err(DbError::Damaged(found.quick_check)),
        // SQLITE_CORRUPT and SQLITE_NOTADB, https://sqlite.org/rescode.html; diesel hands on the words only.
        Err(error) if ["malformed", "not a database"].iter().any(|word| error.to_string().contains(word)) => {
            Err(DbError::Damaged(error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether it is a database of this program and its pages fit together.
fn check_whole(conn: &mut Conn) -> Result<(), DbError> {
    let damaged = |what: String| file(format!("damaged ({what})"));
    let found = diesel::sql_query("PRAGMA quick_check(1)").get_result::<Found>(conn);
    match found {
        Ok(found) if found.quick_check == "ok" => {}
        Ok(found) => return Err(damaged(found.quick_check)),
        Err(error) => return Err(damaged(error.to_string())),
    }
    conn.batch_execute("SELECT 1 FROM status_check LIMIT 1")
        .map_err(|_| file("not a database of this program: it has no table status_check".into()))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A name that no file has: the next number is added if need be.
fn free_name(path: &Path, suffix: &str) -> PathBuf {
    let first = with_suffix(path, suffix);
    let more = (2_u32..).map(|number| with_suffix(path, &format!("{suffix}-{number}")));
    std::iter::once(first.clone()).chain(more).find(|name| !name.exists()).unwrap_or(first)
}

fn rename_if_there(path: &Path, to: &Path) -> Result<(), DbError> {
    match fs::rename(path, to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(path, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn remove_if_there(path: &Path) -> Result<(), DbError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(path, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A new name lasts only when its folder is on the disk.
fn sync_folder(path: &Path) -> Result<(), DbError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| at(folder, &error))
}

fn at(path: &Path, error: &std::io::Error) -> DbError {
    file(format!("{}: {error}", path.display()))
}

fn file(why: String) -> DbError {
    DbError::File(why)
}
