//! SQLite's one writer: a thread that runs queued work and lets concurrent work share a commit.
//!
//! With `synchronous=FULL` every commit waits for the disk. Work that is queued while the disk is
//! busy goes into the next transaction together, each piece in a savepoint of its own, so that one
//! fsync serves many callers and a piece that fails undoes only itself. Nobody is answered before
//! the commit that holds their work is on disk. Where SQLite undoes a whole transaction in the middle (a disk that is full),
//! all that was in it has failed, and the rest goes into a new one.
//!
//! Two lanes: callers who wait (`Front`) go first; work behind their back (`Back`) runs when the
//! front is quiet, and one piece of it at least every [`BACK_PATIENCE`], in a transaction of the front.
//!
//! Checkpoints are made beside it ([`super::checkpoints`]).

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use diesel::Connection as _;
use diesel::connection::{SimpleConnection as _, TransactionManager};

use super::file::{AWAY, SqliteFile};
use super::{Conn, DbError, checkpoints};

/// Who waits for the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits: a call to be acknowledged, a decision, its delivery.
    Front,
    /// Nobody waits: processing, reading back, housekeeping.
    Back,
}

/// At most this many pieces share a transaction.
const GROUP: usize = 256;
/// Back work runs at the latest after this long, however busy the front is.
const BACK_PATIENCE: Duration = Duration::from_millis(250);
/// The front counts as quiet after this long without work.
const QUIET: Duration = Duration::from_millis(2);

type BoxedJob = Box<dyn Job>;

/// One piece of work and the way to answer for it.
pub trait Job: Send {
    /// Runs inside a transaction and says whether it succeeded; a failed piece has undone itself.
    fn run(&mut self, conn: &mut Conn) -> bool;
    /// Answers the caller, after the commit.
    fn finish(self: Box<Self>, commit: Result<(), String>);
}

/// A closure as a [`Job`], and another one that its result is given to after the commit.
pub struct Task<F, T, E, R> {
    work: Option<F>,
    savepoint: bool,
    result: Option<Result<T, E>>,
    reply: R,
}

impl<F, T, E, R> Task<F, T, E, R>
where
    T: Send + 'static,
    E: From<DbError> + From<diesel::result::Error> + Send + 'static,
    F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    R: FnOnce(Result<T, E>) + Send + 'static,
{
    /// Work of any kind. If it panics, `reply` is dropped without being called.
    pub fn boxed(work: F, reply: R) -> BoxedJob {
        Box::new(Self { work: Some(work), savepoint: true, result: None, reply })
    }

    /// Work that is a single statement, which undoes itself when it fails.
    pub fn single(work: F, reply: R) -> BoxedJob {
        Box::new(Self { work: Some(work), savepoint: false, result: None, reply })
    }
}

impl<F, T, E, R> Job for Task<F, T, E, R>
where
    T: Send + 'static,
    E: From<DbError> + From<diesel::result::Error> + Send + 'static,
    F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    R: FnOnce(Result<T, E>) + Send + 'static,
{
    fn run(&mut self, conn: &mut Conn) -> bool {
        let Some(work) = self.work.take() else { return false };
        let result = if self.savepoint { conn.transaction(work) } else { work(conn) };
        self.result.insert(result).is_ok()
    }

    fn finish(self: Box<Self>, commit: Result<(), String>) {
        let result = match (self.result, commit) {
            (Some(Ok(done)), Ok(())) => Ok(done),
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(_)), Err(why)) => Err(E::from(DbError::Unavailable(why.into()))),
            (None, _) => Err(E::from(DbError::Abandoned)),
        };
        (self.reply)(result);
    }
}

/// The queue in front of the writer thread; the threads end when it is dropped.
pub struct Writer {
    front: Sender<BoxedJob>,
    back: Sender<BoxedJob>,
    threads: Vec<std::thread::JoinHandle<()>>,
    stop: Option<Sender<()>>,
}

impl Writer {
    /// Starts the writer thread on `conn` and the checkpointer on `copying`; `file` is the database.
    pub(super) fn start(conn: Conn, copying: Conn, file: Arc<SqliteFile>) -> Self {
        let (front, front_queue) = crossbeam_channel::unbounded();
        let (back, back_queue) = crossbeam_channel::unbounded();
        let (last, last_queue) = crossbeam_channel::bounded(1);
        let (stop, stopped) = crossbeam_channel::bounded(0);
        let commits = Arc::new(AtomicU64::new(0));
        let mut writing = Loop {
            conn,
            file: Arc::clone(&file),
            front: front_queue,
            back: back_queue,
            checkpoint: last_queue,
            commits: Arc::clone(&commits),
            back_since: None,
        };
        let threads = vec![
            spawn("db-writer", move || writing.run()),
            spawn("db-checkpoint", move || checkpoints::run(copying, &file, &commits, &last, &stopped)),
        ];
        Self { front, back, threads, stop: Some(stop) }
    }

    /// Queues a piece of work. If the writer thread is gone, the work is dropped.
    pub fn submit(&self, lane: Lane, job: BoxedJob) {
        let queue = match lane {
            Lane::Front => &self.front,
            Lane::Back => &self.back,
        };
        if queue.send(job).is_err() {
            tracing::error!("database work was dropped: the writer is gone");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop = None;
        let (nowhere, _) = crossbeam_channel::unbounded();
        self.front = nowhere.clone();
        self.back = nowhere;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a database thread had panicked");
            }
        }
    }
}

/// A thread with a name that profilers show; without threads there is no program.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::thread::JoinHandle<()> {
    match std::thread::Builder::new().name(name.into()).spawn(work) {
        Ok(thread) => thread,
        Err(error) => panic!("no thread can be had: {error}"),
    }
}

struct Loop {
    conn: Conn,
    file: Arc<SqliteFile>,
    front: Receiver<BoxedJob>,
    back: Receiver<BoxedJob>,
    checkpoint: Receiver<()>,
    commits: Arc<AtomicU64>,
    /// Since when back work waits.
    back_since: Option<Instant>,
}

impl Loop {
    fn run(&mut self) {
        let mut group: VecDeque<BoxedJob> = VecDeque::with_capacity(GROUP);
        let mut front_open = true;
        let mut back_open = true;
        while front_open || back_open {
            if self.checkpoint.try_recv().is_ok() {
                // The checkpointer left only a few pages; with them copied the log starts again.
                if let Err(error) = checkpoints::passive(&mut self.conn) {
                    tracing::warn!(error = %error, "a checkpoint failed; the log grows until one succeeds");
                }
            }
            if self.back_since.is_none() && !self.back.is_empty() {
                self.back_since = Some(Instant::now());
            }
            let overdue = self.back_since.is_some_and(|since| since.elapsed() >= BACK_PATIENCE);
            match self.front.try_recv() {
                Ok(job) => {
                    if overdue {
                        // Back work has waited long enough: one piece, which needs no commit of its own.
                        self.back_since = None;
                        group.extend(self.back.try_recv().ok());
                    }
                    group.push_back(job);
                    group.extend(self.front.try_iter().take(GROUP - 1));
                    self.commit(&mut group);
                    continue;
                }
                Err(TryRecvError::Disconnected) => front_open = false,
                Err(TryRecvError::Empty) => {}
            }
            if front_open {
                let patience = if self.back.is_empty() { checkpoints::EVERY } else { QUIET };
                match wait_for_work(&self.front, &self.back, patience) {
                    Some(job) => {
                        group.push_back(job);
                        group.extend(self.front.try_iter().take(GROUP - 1));
                        self.commit(&mut group);
                        continue;
                    }
                    None if self.back.is_empty() => {
                        if let Err(TryRecvError::Disconnected) = self.back.try_recv() {
                            back_open = false;
                        }
                        continue;
                    }
                    None => {}
                }
            }
            match self.back.try_recv() {
                Ok(job) => {
                    self.back_since = None;
                    group.push_back(job);
                    self.commit(&mut group);
                }
                Err(TryRecvError::Disconnected) => back_open = false,
                Err(TryRecvError::Empty) => {}
            }
        }
    }

    /// Runs the group in one transaction (more only if that is undone in the middle) and answers everybody in it.
    fn commit(&mut self, group: &mut VecDeque<BoxedJob>) {
        while !group.is_empty() {
            let mut done: Vec<BoxedJob> = Vec::with_capacity(group.len());
            let begun = match &mut self.conn {
                Conn::Sqlite(_) if !self.file.is_in_place() => Err(away()),
                Conn::Sqlite(sqlite) => sqlite_begin(sqlite),
                Conn::Postgres(_) => Err(diesel::result::Error::BrokenTransactionManager),
            };
            let outcome = match begun {
                Ok(()) => self.run_and_commit(group, &mut done),
                Err(error) => {
                    done.extend(group.drain(..));
                    Err(error)
                }
            };
            self.commits.fetch_add(1, Ordering::Relaxed);
            let outcome = outcome.map_err(|error| {
                tracing::error!(error = %error, "a commit failed; nothing of it was acknowledged");
                error.to_string()
            });
            for job in done {
                job.finish(outcome.clone());
            }
        }
    }

    /// Moves the pieces from `group` to `done` as they are run, and commits; stops early if SQLite undid the transaction.
    fn run_and_commit(
        &mut self,
        group: &mut VecDeque<BoxedJob>,
        done: &mut Vec<BoxedJob>,
    ) -> diesel::QueryResult<()> {
        type Transactions = <Conn as diesel::Connection>::TransactionManager;
        while let Some(mut job) = group.pop_front() {
            let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job.run(&mut self.conn)));
            let succeeded = match ran {
                Ok(succeeded) => {
                    done.push(job);
                    succeeded
                }
                Err(_) => {
                    // A defect: undo everything since this piece's savepoint; its caller is
                    // told that the work was abandoned when `job` is dropped.
                    tracing::error!("database work panicked and was undone");
                    self.unwind_to_outer();
                    false
                }
            };
            if !succeeded && self.is_undone() {
                return Err(diesel::result::Error::BrokenTransactionManager);
            }
        }
        let committed = Transactions::commit_transaction(&mut self.conn);
        if committed.is_err() {
            let _already = Transactions::rollback_transaction(&mut self.conn);
        }
        committed
    }

    /// Whether a failed piece has taken the whole transaction with it. On some errors, such as a full disk, SQLite undoes
    /// more than the statement, and diesel does not hear of it: what ran before would be lost, and what follows would
    /// commit by itself. Source: <https://sqlite.org/lang_transaction.html>, "Response To Errors Within A Transaction".
    fn is_undone(&mut self) -> bool {
        // Refused within a transaction.
        if self.conn.batch_execute("BEGIN").is_err() {
            return false;
        }
        if let Err(error) = self.conn.batch_execute("ROLLBACK") {
            tracing::error!(%error, "an empty transaction could not be ended");
        }
        let status =
            <Conn as diesel::Connection>::TransactionManager::transaction_manager_status_mut(&mut self.conn);
        *status = diesel::connection::TransactionManagerStatus::default();
        true
    }

    /// After a panic the connection may be inside savepoints; roll back to the outer transaction.
    fn unwind_to_outer(&mut self) {
        use diesel::connection::TransactionManagerStatus;
        loop {
            let status = <Conn as diesel::Connection>::TransactionManager::transaction_manager_status_mut(
                &mut self.conn,
            );
            let depth = match status {
                TransactionManagerStatus::Valid(valid) => valid.transaction_depth().map_or(0, u32::from),
                TransactionManagerStatus::InError => 0,
            };
            if depth <= 1 {
                return;
            }
            if <Conn as diesel::Connection>::TransactionManager::rollback_transaction(&mut self.conn).is_err()
            {
                return;
            }
        }
    }
}

/// Waits for front work; `None` when there is none or back work is there to be done.
fn wait_for_work(
    front: &Receiver<BoxedJob>,
    back: &Receiver<BoxedJob>,
    patience: Duration,
) -> Option<BoxedJob> {
    if !back.is_empty() {
        return front.recv_timeout(patience).ok();
    }
    let mut select = crossbeam_channel::Select::new();
    let at_front = select.recv(front);
    select.recv(back);
    match select.ready_timeout(patience) {
        Ok(index) if index == at_front => front.recv_timeout(Duration::ZERO).ok(),
        Ok(_) | Err(_) => None,
    }
}

/// What is written to a file that is not in its place would be acknowledged and lost.
fn away() -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(format!("the database file is not there: {AWAY}").into())
}

/// Takes the write lock at once: a transaction that reads first and writes later can fail.
fn sqlite_begin(conn: &mut diesel::SqliteConnection) -> diesel::QueryResult<()> {
    diesel::connection::AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
}
