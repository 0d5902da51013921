//! The database: SQLite or PostgreSQL, chosen by the URL, behind one handle.
//!
//! Everything outside this room says [`Db::read`] or [`Db::write`] with a closure; transactions,
//! threads and dialects stay here. Table families have a file each, with row structs and queries
//! that return domain types.

pub mod accounts;
pub mod audit;
pub mod backup;
pub mod batches;
mod beside;
pub mod callers;
pub mod calls;
pub mod changes;
pub mod changes_due;
mod checkpoints;
pub mod checks;
pub mod connection;
pub mod counts;
pub mod decisions;
pub mod deliveries;
pub mod delivery_log;
pub mod described;
mod error;
pub mod events;
mod file;
pub mod filters;
pub mod gauges;
pub mod grants;
pub mod groups;
pub mod idempotency;
pub mod inbox;
pub mod links;
pub mod merge_requests;
pub mod migrations;
pub mod notes;
mod packing;
pub mod projects;
pub mod reach;
pub mod redelivery;
pub mod rows;
pub mod rule_secrets;
pub mod rules;
pub mod schema;
pub mod search;
pub mod sending;
pub mod sessions;
pub mod shown;
pub mod throttle;
pub mod tokens;
pub mod transfer;
pub mod trouble;
mod url;
pub mod waiting;
mod writer;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::Connection as _;
use tokio::sync::oneshot;

pub use connection::Conn;
use connection::{Manager, Role};
pub use error::{Blame, DbError};
use file::SqliteFile;
pub use url::DatabaseUrl;
pub use writer::Lane;
use writer::Writer;

use crate::metrics::Connections;

/// So many bytes are written to find out whether there is room.
const TOUCHED: usize = 64 * 1024;

/// A connection pool of either kind.
type Pool = diesel::r2d2::Pool<Manager>;

/// The database handle; cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    url: DatabaseUrl,
    pool: Pool,
    /// SQLite has one writer thread that groups commits; PostgreSQL writes through the pool.
    writer: Option<Writer>,
    /// Whether something that was to be written was not, since a check last wrote. Apart, since work that waits for the
    /// writer must not keep alive what owns the writer.
    doubt: Arc<AtomicBool>,
    /// What is wrong with the file, if the last examination found something.
    damage: Mutex<Option<String>>,
    /// Held so that no other process uses the SQLite file.
    _alone: Option<std::fs::File>,
    /// Closed last: closing any handle of the file gives up the locks that SQLite holds on it.
    file: Option<Arc<SqliteFile>>,
}

impl Db {
    /// Opens the database, creating the SQLite file if needed, and brings its schema up to date.
    ///
    /// # Errors
    /// See [`DbError`]; a PostgreSQL server that is down is `Unavailable`.
    pub fn open(url: DatabaseUrl) -> Result<Self, DbError> {
        connection::prepare_place(&url)?;
        let alone = connection::take_alone(&url)?;
        let mut first = connection::establish(&url, Role::Writer)?;
        let copy = backup::before_migration(&url, &mut first)?;
        let changed = migrations::run(&mut first);
        if let Some(Err(error)) = copy.map(|copy| copy.end(&mut first)) {
            tracing::warn!(%error, "the copy that was made before keeps the name of one that is unfinished");
        }
        changed?;
        let (writer, file) = match &url {
            DatabaseUrl::Sqlite(path) => {
                let file = SqliteFile::open(path).map_err(|error| DbError::Unavailable(Box::new(error)))?;
                let second = connection::establish(&url, Role::Writer)?;
                (Some(Writer::start(first, second, Arc::clone(&file))), Some(file))
            }
            DatabaseUrl::Postgres(_) => (None, None),
        };
        let size = match &url {
            DatabaseUrl::Sqlite(_) => 4,
            DatabaseUrl::Postgres(_) => 10,
        };
        let pool = diesel::r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .test_on_check_out(matches!(url, DatabaseUrl::Postgres(_)))
            .connection_timeout(std::time::Duration::from_secs(5))
            .build(Manager::new(url.clone()))
            .map_err(|error| DbError::Unavailable(Box::new(error)))?;
        let (doubt, damage) = (Arc::default(), Mutex::default());
        Ok(Self(Arc::new(Inner { url, pool, writer, doubt, damage, _alone: alone, file })))
    }

    /// The connections of the pool, as of now.
    #[must_use]
    pub fn connections(&self) -> Connections {
        let state = self.0.pool.state();
        Connections { open: state.connections, idle: state.idle_connections, most: self.0.pool.max_size() }
    }

    /// `sqlite` or `postgresql`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.0.url {
            DatabaseUrl::Sqlite(_) => "sqlite",
            DatabaseUrl::Postgres(_) => "postgresql",
        }
    }

    /// Whether other processes may work on it at the same time, as replicas do.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.0.url, DatabaseUrl::Postgres(_))
    }

    /// Reads, on a thread that may block. What is read is one consistent snapshot.
    ///
    /// # Errors
    /// Those of the closure, and `Unavailable`.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<diesel::result::Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let pool = self.0.pool.clone();
        let result = tokio::task::spawn_blocking(move || {
            let mut conn = pool.get().map_err(|error| E::from(DbError::Unavailable(Box::new(error))))?;
            conn.transaction(|conn| {
                connection::begin_read(conn)?;
                work(conn)
            })
        })
        .await;
        result.unwrap_or_else(|_| Err(E::from(DbError::Abandoned)))
    }

    /// Writes in one transaction, which is durable when this returns `Ok`. On SQLite concurrent
    /// writes share a commit; a write that fails undoes only itself.
    ///
    /// # Errors
    /// Those of the closure, and `Unavailable` or `Query` if the commit fails: then nothing was
    /// written, unless [`DbError::may_be_done`].
    pub async fn write<T, E, F>(&self, lane: Lane, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<diesel::result::Error> + Blame + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        // The caller may have gone away; what is committed stays committed.
        self.submit(lane, true, work, move |result| drop(reply.send(result)));
        answer.await.unwrap_or_else(|_| Err(E::from(DbError::Abandoned)))
    }

    /// Like [`Db::write`], for work that is one statement (one that fails undoes itself, which spares a
    /// savepoint), and without waiting: `then` is called with the result after the commit, on a thread of
    /// the database, where it must not linger. If the work is abandoned, `then` is dropped uncalled.
    pub fn write_then<T, E, F, R>(&self, lane: Lane, work: F, then: R)
    where
        T: Send + 'static,
        E: From<DbError> + From<diesel::result::Error> + Blame + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        R: FnOnce(Result<T, E>) + Send + 'static,
    {
        self.submit(lane, false, work, then);
    }

    fn submit<T, E, F, R>(&self, lane: Lane, savepoint: bool, work: F, then: R)
    where
        T: Send + 'static,
        E: From<DbError> + From<diesel::result::Error> + Blame + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        R: FnOnce(Result<T, E>) + Send + 'static,
    {
        let doubt = Arc::clone(&self.0.doubt);
        let then = move |result: Result<T, E>| {
            if result.as_ref().err().and_then(Blame::database).is_some_and(DbError::is_trouble) {
                doubt.store(true, Ordering::Relaxed);
            }
            then(result);
        };
        if let Some(writer) = &self.0.writer {
            writer.submit(
                lane,
                if savepoint { writer::Task::boxed(work, then) } else { writer::Task::single(work, then) },
            );
            return;
        }
        let pool = self.0.pool.clone();
        tokio::task::spawn_blocking(move || then(transact(&pool, work)));
    }

    /// Whether the database answers and has the schema this program needs; and, if something was not written since
    /// it was asked last (the disk may be full, or read-only), whether it can be written. Damage that an examination
    /// found counts until another one finds none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn check(&self) -> Result<(), DbError> {
        if let Some(what) = self.damage().clone() {
            return Err(DbError::Damaged(what));
        }
        self.is_in_place()?;
        self.read(migrations::usable).await?;
        if self.0.doubt.load(Ordering::Relaxed) {
            self.write(Lane::Front, touch).await?;
            self.0.doubt.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Reads the whole file of a SQLite database, with a connection that has none of it in memory, and remembers for
    /// [`Db::check`] whether it is damaged. Nobody waits for it. PostgreSQL looks after its files itself.
    ///
    /// # Errors
    /// [`DbError::Damaged`]; any other means that it could not be read now, and changes nothing.
    pub async fn examine(&self) -> Result<(), DbError> {
        if let DatabaseUrl::Postgres(_) = self.0.url {
            return Ok(());
        }
        self.is_in_place()?;
        let url = self.0.url.clone();
        let reading = tokio::task::spawn_blocking(move || {
            backup::examine(&mut connection::establish(&url, Role::Reader)?)
        });
        let found = reading.await.unwrap_or(Err(DbError::Abandoned));
        match &found {
            Ok(()) => *self.damage() = None,
            Err(DbError::Damaged(what)) => *self.damage() = Some(what.clone()),
            Err(_) => {}
        }
        found
    }

    /// Whether the file that is open is the one with the database's name: what is written to another is lost at the end.
    fn is_in_place(&self) -> Result<(), DbError> {
        match &self.0.file {
            Some(file) if !file.is_in_place() => Err(DbError::Damaged(file::AWAY.into())),
            Some(_) | None => Ok(()),
        }
    }

    fn damage(&self) -> MutexGuard<'_, Option<String>> {
        self.0.damage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes as much as needs room of its own, and takes it back. It waits for nobody: calls can be stored while something holds
/// those who decide.
fn touch(conn: &mut Conn) -> Result<(), DbError> {
    use diesel::prelude::*;
    use schema::call_batch;
    let bytes: Vec<u8> = (0..TOUCHED).map(|_| rand::random()).collect();
    let row = (call_batch::received_at.eq(""), call_batch::calls.eq(0), call_batch::packed.eq(bytes));
    diesel::insert_into(call_batch::table).values(row).execute(conn)?;
    diesel::delete(call_batch::table.filter(call_batch::received_at.eq(""))).execute(conn)?;
    Ok(())
}

/// A transaction on a connection of the pool.
fn transact<T, E>(pool: &Pool, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E>
where
    E: From<DbError> + From<diesel::result::Error>,
{
    let mut conn = pool.get().map_err(|error| E::from(DbError::Unavailable(Box::new(error))))?;
    connection::transaction_to_write(&mut conn, |conn| {
        let done = work(conn)?;
        // A statement that failed and was swallowed has rolled the transaction back; a
        // trivial statement says so before COMMIT would silently do nothing.
        diesel::connection::SimpleConnection::batch_execute(conn, "SELECT 1")?;
        Ok(done)
    })
}

/// Holds everybody else who asks for the same name until this transaction ends. SQLite has one
/// writer anyway.
///
/// # Errors
/// The database's.
pub fn lock(conn: &mut Conn, name: &str) -> Result<(), DbError> {
    use diesel::RunQueryDsl as _;
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(pg) => {
            diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind::<diesel::sql_types::Text, _>(name)
                .execute(pg)?;
            Ok(())
        }
    }
}

/// Holds everybody else who changes what belongs to this merge request until this transaction ends. Taken before any row.
///
/// # Errors
/// The database's.
pub fn lock_merge_request(
    conn: &mut Conn,
    connection: impl std::fmt::Display,
    project: i64,
    iid: i64,
) -> Result<(), DbError> {
    lock(conn, &format!("mr {connection} {project} {iid}"))
}

/// What time it is for the server of the database; `None` where there is no server.
///
/// # Errors
/// The database's.
pub fn server_time(conn: &mut Conn) -> Result<Option<crate::domain::Time>, DbError> {
    use diesel::RunQueryDsl as _;
    #[derive(diesel::QueryableByName)]
    struct Clock {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        microseconds: i64,
    }
    let Conn::Postgres(pg) = conn else { return Ok(None) };
    let clock: Clock =
        diesel::sql_query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS microseconds")
            .get_result(pg)?;
    Ok(crate::domain::Time::from_microseconds(clock.microseconds))
}

/// Reads a word that this program wrote.
pub(crate) fn word<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, DbError> {
    parse(text).ok_or_else(|| DbError::Corrupt(format!("the word {text:?}")))
}

/// Reads a time that this program wrote.
pub(crate) fn time(text: &str) -> Result<crate::domain::Time, DbError> {
    word(text, crate::domain::Time::parse)
}
