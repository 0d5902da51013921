//! Connections: how a database is opened, and the pool's manager.

use std::path::Path;

use diesel::connection::{SimpleConnection as _, TransactionManager as _};
use diesel::{Connection as _, PgConnection, SqliteConnection};

use super::{DatabaseUrl, DbError};

pub use either::Conn;

/// The kind of database that queries are built for: either.
pub type Backend = <Conn as diesel::Connection>::Backend;

mod either {
    /// Either database; queries are written once for both.
    #[derive(diesel::MultiConnection)]
    pub enum Conn {
        /// SQLite.
        Sqlite(diesel::SqliteConnection),
        /// PostgreSQL.
        Postgres(diesel::PgConnection),
    }
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Writes (and checkpoints); commits wait for the disk.
    Writer,
    /// Only reads.
    Reader,
}

/// Takes a SQLite file for this process alone, until the returned file is closed: leases and live
/// updates count on it.
///
/// # Errors
/// [`DbError::InUse`] if another process has it, [`DbError::Unavailable`] with the system's reason.
pub fn take_alone(url: &DatabaseUrl) -> Result<Option<std::fs::File>, DbError> {
    let DatabaseUrl::Sqlite(path) = url else { return Ok(None) };
    let mut name = path.clone().into_os_string();
    name.push(".lock");
    let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(
        |error| DbError::Unavailable(format!("cannot open {}: {error}", Path::new(&name).display()).into()),
    )?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(DbError::InUse(format!(
            "{} is in use by a running service; stop it first (several replicas need PostgreSQL)",
            path.display()
        ))),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(DbError::Unavailable(format!("cannot lock {}: {error}", Path::new(&name).display()).into()))
        }
    }
}

/// Makes the folder of a SQLite file.
///
/// # Errors
/// [`DbError::Unavailable`] with the system's reason.
pub fn prepare_place(url: &DatabaseUrl) -> Result<(), DbError> {
    let DatabaseUrl::Sqlite(path) = url else { return Ok(()) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| {
        DbError::Unavailable(format!("cannot create the folder {}: {error}", folder.display()).into())
    })
}

/// Makes a file that was not there, with mode 0600.
///
/// # Errors
/// The system's.
pub(super) fn new_private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the file of a new SQLite database, whose log and index get their mode from it.
fn make_private(path: &Path) -> Result<(), DbError> {
    match new_private_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            let why = format!("unable to open database file {}: {error}", path.display());
            Err(DbError::Unavailable(why.into()))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Opens one connection. The backend is picked by the URL, never by trying one after the other.
///
/// # Errors
/// [`DbError::Unavailable`].
pub fn establish(url: &DatabaseUrl, role: Role) -> Result<Conn, DbError> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            if role == Role::Writer {
                make_private(path)?;
            }
            let mut conn = SqliteConnection::establish(&path.to_string_lossy())
                .map_err(|error| DbError::Unavailable(Box::new(error)))?;
            conn.batch_execute(match role {
                Role::Writer => WRITER_PRAGMAS,
                Role::Reader => READER_PRAGMAS,
            })?;
            Ok(Conn::Sqlite(conn))
        }
        DatabaseUrl::Postgres(url) => {
            let mut conn = PgConnection::establish(url).map_err(not_connected)?;
            conn.batch_execute(SESSION)?;
            Ok(Conn::Postgres(conn))
        }
    }
}

/// What a session of PostgreSQL must be like, whatever the server, the database or the role has for a default. Nothing of ours
/// is idle within a transaction: where a process froze or its machine is gone, the server takes its locks back, which all
/// others wait for. What was acknowledged is on the disk.
const SESSION: &str = "SET TIME ZONE 'UTC'; SET lock_timeout = '10s'; SET statement_timeout = '30s'; \
    SET idle_in_transaction_session_timeout = '30s'; \
    SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; \
    SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// What libpq says of a URL that it does not understand repeats it, with a password in it; what it says of a server does not.
fn not_connected(error: diesel::ConnectionError) -> DbError {
    let text = error.to_string();
    let of_a_server = ["connection to server", "could not translate host name", "could not connect"];
    if of_a_server.iter().any(|words| text.contains(words)) {
        return DbError::Unavailable(Box::new(error));
    }
    DbError::BadUrl(
        "PostgreSQL's client library does not understand this address; write postgres://USER:PASSWORD@HOST/NAME, and in \
         user and password %40 for @, %2F for /, %25 for %, %20 for a space"
            .into(),
    )
}

/// `page_size` works only before the first table is made. Checkpoints are the writer room's own
/// business, off the path of those who wait for a commit; see `writer.rs`.
const WRITER_PRAGMAS: &str = "PRAGMA page_size = 8192; PRAGMA busy_timeout = 10000; \
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; \
    PRAGMA foreign_keys = ON; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;";

/// The cache holds what one page of the inbox touches in a large database, some 200 pages here and there; with half of
/// it every request read all of them from the file again.
const READER_PRAGMAS: &str = "PRAGMA busy_timeout = 10000; PRAGMA query_only = ON; \
    PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -3072; PRAGMA temp_store = MEMORY;";

/// Makes the transaction that was just begun a read-only snapshot.
///
/// # Errors
/// The database's.
pub fn begin_read(conn: &mut Conn) -> Result<(), diesel::result::Error> {
    match conn {
        // A deferred transaction in WAL mode is a snapshot from its first read on.
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(pg) => pg.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
    }
}

/// Runs a transaction that writes. On SQLite the write lock is taken at once: a transaction that reads
/// first and writes later can fail when somebody else wrote in between.
///
/// # Errors
/// Those of the closure, and the database's.
pub fn transaction_to_write<T, E>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E>
where
    E: From<diesel::result::Error>,
{
    type Transactions = <Conn as diesel::Connection>::TransactionManager;
    match conn {
        Conn::Sqlite(sqlite) => {
            diesel::connection::AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
        }
        Conn::Postgres(_) => Transactions::begin_transaction(conn)?,
    }
    match work(conn) {
        Ok(done) => {
            Transactions::commit_transaction(conn).map_err(|error| unless_unknown(conn, error))?;
            Ok(done)
        }
        Err(error) => {
            // What broke the connection is worth telling, and not that it is broken.
            if let Err(also) = Transactions::rollback_transaction(conn) {
                tracing::debug!(%also, "a transaction could not be undone; the server does it");
            }
            Err(error)
        }
    }
}

/// A commit was sent, and no word came of it: it may have been done.
#[derive(Debug, thiserror::Error)]
#[error("the connection broke while a transaction was committed, and nobody knows whether it was: {0}")]
pub struct CommitUnknown(diesel::result::Error);

/// A commit that failed was not done, unless that was not for the server to say.
fn unless_unknown(conn: &mut Conn, error: diesel::result::Error) -> diesel::result::Error {
    let Conn::Postgres(pg) = conn else { return error };
    match pg.batch_execute("SELECT 1") {
        Ok(()) => error,
        Err(_) => diesel::result::Error::QueryBuilderError(Box::new(CommitUnknown(error))),
    }
}

/// The pool's manager.
#[derive(Debug)]
pub struct Manager {
    url: DatabaseUrl,
    role: Role,
}

impl Manager {
    /// A manager for this database. SQLite connections of the pool only read.
    #[must_use]
    pub const fn new(url: DatabaseUrl) -> Self {
        Self { url, role: Role::Reader }
    }

    /// The same for SQLite connections that also write.
    #[must_use]
    pub const fn writing(url: DatabaseUrl) -> Self {
        Self { url, role: Role::Writer }
    }
}

impl diesel::r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        establish(&self.url, self.role).map_err(|error| {
            diesel::r2d2::Error::ConnectionError(diesel::ConnectionError::BadConnection(match error {
                DbError::Unavailable(source) => source.to_string(),
                other => other.to_string(),
            }))
        })
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        conn.batch_execute("SELECT 1").map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        diesel::r2d2::R2D2Connection::is_broken(conn)
    }
}
