//! Connections: which database a URL names, how it is opened, and the pool's manager.

use std::fmt;
use std::path::{Path, PathBuf};

use diesel::connection::{SimpleConnection as _, TransactionManager as _};
use diesel::{Connection as _, PgConnection, SqliteConnection};

use super::DbError;

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

/// Where the data is.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server; the URL as libpq takes it, which may hold a password.
    Postgres(String),
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for DatabaseUrl {
    /// For people and logs: never a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(f, "SQLite at {}", path.display()),
            DatabaseUrl::Postgres(url) => {
                let place = url
                    .rsplit_once('@')
                    .map_or_else(|| url.split_once("://").map_or("", |(_, rest)| rest), |(_, place)| place);
                write!(f, "PostgreSQL at {}", place.split('?').next().unwrap_or(""))
            }
        }
    }
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, `sqlite://PATH`, a plain path, or `postgres://…`.
    ///
    /// # Errors
    /// [`DbError::BadUrl`] for any other scheme, and for SQLite in memory, which would lose what it acknowledged.
    pub fn parse(text: &str) -> Result<Self, DbError> {
        let text = text.trim();
        let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("postgres" | "postgresql") => postgres(text).map(Self::Postgres),
            Some("sqlite" | "file") => {
                let rest = text.split_once(':').map_or("", |(_, rest)| rest);
                Self::file(rest.strip_prefix("//").unwrap_or(rest))
            }
            Some(other) if text.contains("://") => Err(DbError::BadUrl(format!(
                "the database URL begins with {other:?}; use sqlite:PATH or postgres://USER@HOST/NAME"
            ))),
            // What was meant for PostgreSQL must not become the name of a file, with a password in it.
            _ if !text.starts_with(['/', '.'])
                && ["@", "password=", "dbname=", "host="].iter().any(|word| text.contains(word)) =>
            {
                Err(DbError::BadUrl(
                    "this is neither a file nor a URL; write postgres://USER:PASSWORD@HOST/NAME, or sqlite:PATH for a file"
                        .into(),
                ))
            }
            Some(_) | None => Self::file(text),
        }
    }

    fn file(path: &str) -> Result<Self, DbError> {
        let path = path.split('?').next().unwrap_or("");
        if path.is_empty() || path == ":memory:" {
            return Err(DbError::BadUrl(
                "SQLite needs a file: an in-memory database would lose what was acknowledged".into(),
            ));
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

/// A URL for libpq, its scheme as libpq wants it. What libpq would complain about is refused here, since it repeats what it
/// complains about, and that may be a part of the password.
/// Source: <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>.
fn postgres(text: &str) -> Result<String, DbError> {
    let fault = |why: &str| {
        DbError::BadUrl(format!(
            "{why}; write postgres://USER:PASSWORD@HOST/NAME, and in user and password %40 for @, %2F for /, %25 for %"
        ))
    };
    let (_, rest) = text.split_once("://").ok_or_else(|| fault("there is no :// in it"))?;
    // User and password end at the first @, if there is no / before it; only then a ? begins the options.
    let (user, place) = match rest.find(['@', '/']) {
        Some(at) if rest[at..].starts_with('@') => (&rest[..at], &rest[at + 1..]),
        _ => ("", rest),
    };
    let (place, options) = place.split_once('?').unwrap_or((place, ""));
    let (hosts, name) = place.split_once('/').unwrap_or((place, ""));
    if hosts.contains('@') || user.is_empty() && name.contains('@') {
        return Err(fault("user or password hold an @ or a / as it is"));
    }
    let is_host = |host: &str| {
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (host, ""),
        };
        let fine = |letter: char| letter.is_alphanumeric() || "-._%[]:".contains(letter);
        host.chars().all(fine) && port.bytes().all(|digit| digit.is_ascii_digit())
    };
    if !hosts.split(',').all(is_host) {
        return Err(fault("host or port are none"));
    }
    let mut signs = [user, hosts, name, options].into_iter().flat_map(|part| part.split('%').skip(1));
    let is_hex = |after: &str| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !signs.all(is_hex) {
        return Err(fault("a % is followed by something else than two hexadecimal digits"));
    }
    Ok(format!("postgresql://{rest}"))
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
            "{} is in use by another process; for several replicas use PostgreSQL",
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
            conn.batch_execute(
                "SET TIME ZONE 'UTC'; SET lock_timeout = '10s'; SET statement_timeout = '30s'",
            )?;
            Ok(Conn::Postgres(conn))
        }
    }
}

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
    let Conn::Sqlite(sqlite) = conn else { return conn.transaction(work) };
    diesel::connection::AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
    match work(conn) {
        Ok(done) => {
            Transactions::commit_transaction(conn)?;
            Ok(done)
        }
        Err(error) => {
            Transactions::rollback_transaction(conn)?;
            Err(error)
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_database_and_never_show_a_password() {
        for (text, shown) in [
            ("instance/a.db", "SQLite at instance/a.db"),
            ("sqlite:instance/a.db", "SQLite at instance/a.db"),
            ("sqlite:///var/a.db", "SQLite at /var/a.db"),
            ("postgres://app:hunter2@db.example/app?sslmode=require", "PostgreSQL at db.example/app"),
            ("postgresql:///app", "PostgreSQL at /app"),
        ] {
            assert_eq!(DatabaseUrl::parse(text).expect(text).to_string(), shown);
        }
        for text in ["mysql://x/y", ":memory:", "sqlite::memory:", ""] {
            assert!(matches!(DatabaseUrl::parse(text), Err(DbError::BadUrl(_))), "{text}");
        }
        for fine in [
            "POSTGRES://app@db/app",
            "postgres://a,b:5433/app?target_session_attrs=read-write",
            "postgres://u:p%40ss@[::1]:5432/app",
            "postgresql://%2Fvar%2Frun%2Fpostgresql/app",
            "postgres://app@db/app?host=/var/run&user=a@b",
            "postgres://app:p?x@127.0.0.1:23050/app",
            "postgres://u:p@h/my@db",
            "postgres:///app?host=/var/run/postgresql",
            "postgres://:5433/app",
        ] {
            let DatabaseUrl::Postgres(url) = DatabaseUrl::parse(fine).expect(fine) else { panic!("{fine}") };
            assert!(url.starts_with("postgresql://"), "{url}");
        }
        for file in ["/srv/app@prod/x.db", "./a@b.db", "sqlite:a@b.db"] {
            assert!(matches!(DatabaseUrl::parse(file), Ok(DatabaseUrl::Sqlite(_))), "{file}");
        }
        // What libpq would repeat in its complaint.
        for text in [
            "postgres://u:pa%sSECRET@h/x",
            "postgres://u:paSEC/RET@h/x",
            "postgres://u:pa@SECRET@h/x",
            "postgres://u:paSECRET@h:port/x",
            "postgres:u:SECRET@h/x",
            "host=h password=SECRET dbname=x",
            "postgres//u:SECRET@h/db",
        ] {
            let why = DatabaseUrl::parse(text).expect_err(text).to_string();
            assert!(why.contains("write postgres://") && !why.contains("SEC"), "{why}");
        }
    }
}
