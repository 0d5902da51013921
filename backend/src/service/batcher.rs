//! Stores calls so that all that arrive while one commit is on its way to the disk share the next: one
//! row, one commit, one wake-up for each thread.
//!
//! A call that comes alone goes alone. Where many come, a commit waits for a part of them, but not much longer than a commit
//! takes on this machine: it costs the same for few calls and for many, and what it costs is taken from those that are
//! being received (PostgreSQL's `commit_delay` with `commit_siblings`). What is to be stored is gathered when the
//! database is ready for it, from all threads of the HTTP server; each thread has a [`Batcher`].

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::app::App;
use crate::causes;
use crate::db::batches::{self, Arrived, Frames};
use crate::db::{Conn, DbError, Lane};

/// A batch grows to this many calls …
const MOST: usize = 128;
/// … and as long as it is shorter than this many bytes, so that taking it apart later delays nobody much.
const LONGEST: usize = 1024 * 1024;
/// With fewer callers than this about, none waits for another.
const CROWD: usize = 8;
/// No commit waits longer for more calls, …
const PATIENCE: Duration = Duration::from_millis(2);
/// … nor longer than so many times what the last one took: where the disk is fast, the wait would cost more than it saves.
const PATIENCE_IN_COMMITS: f64 = 1.5;

/// Who waits for a call to be stored. Dropped, it says that it was not.
struct Waiting {
    reply: oneshot::Sender<()>,
    /// The call's share of the memory for all calls.
    _held: OwnedSemaphorePermit,
}

/// Calls that will be stored together, and who waits for them.
#[derive(Default)]
struct Batch {
    frames: Frames,
    /// By thread.
    waiting: Vec<Vec<Waiting>>,
    /// When its commit began.
    taken: Option<Instant>,
}

impl Batch {
    fn push(&mut self, call: &Arrived, home: usize, waiting: Waiting) {
        self.frames.push(call);
        if self.waiting.len() <= home {
            self.waiting.resize_with(home + 1, Vec::new);
        }
        if let Some(at_home) = self.waiting.get_mut(home) {
            at_home.push(waiting);
        }
    }

    const fn is_full(&self) -> bool {
        self.frames.count() >= MOST || self.frames.size() >= LONGEST
    }
}

/// How many calls are worth waiting for, when so many have just been answered and so many wait: two thirds of
/// them. Callers in a hurry come back as soon as they are answered, so that these are about; waiting for all of
/// them would leave nothing to do while the commit is on its way to the disk.
const fn worth_waiting_for(answered: usize, waiting: usize) -> usize {
    let about = answered + waiting;
    if about < CROWD { 0 } else { about * 2 / 3 }
}

/// The calls of all threads that wait to be stored.
#[derive(Default)]
pub struct Arrivals {
    queue: Mutex<Queue>,
    /// Told when as many wait as are wanted.
    enough: Condvar,
}

#[derive(Default)]
struct Queue {
    /// Only the last one may still grow.
    batches: VecDeque<Batch>,
    /// Whether somebody has been asked to store what waits.
    asked: bool,
    /// So many calls are to be in the first batch before it is stored, if somebody waits for that.
    wanted: Option<usize>,
    /// How many calls were answered last, and when.
    answered: Option<(usize, Instant)>,
    /// How long the last commit took.
    commit: Duration,
    /// What a batch was gathered in, to be used again: fresh memory costs more than the calls.
    spare: Option<Frames>,
    /// Where each thread hears what has been stored.
    homes: Vec<UnboundedSender<Vec<Waiting>>>,
}

impl Queue {
    /// Whether the first batch has `wanted` calls, or can have no more.
    fn has(&self, wanted: usize) -> bool {
        self.batches.len() > 1
            || self.batches.front().is_none_or(|batch| batch.frames.count() >= wanted || batch.is_full())
    }
}

impl Arrivals {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the first batch, and says whether there are more. Waits for so many calls to be in it as are worth
    /// it, at most for `longest`.
    fn take(&self, longest: Duration) -> (Batch, bool) {
        let mut queue = self.queue();
        let patience = longest.min(queue.commit.mul_f64(PATIENCE_IN_COMMITS));
        // Who was answered longer ago has come back, or does not come.
        let answered =
            queue.answered.take().filter(|(_, at)| at.elapsed() < patience).map_or(0, |(count, _)| count);
        let waiting = queue.batches.front().map_or(0, |batch| batch.frames.count());
        let wanted = worth_waiting_for(answered, waiting);
        if !queue.has(wanted) {
            queue.wanted = Some(wanted);
            let waited = self.enough.wait_timeout_while(queue, patience, |queue| !queue.has(wanted));
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
            queue.wanted = None;
        }
        let batch = queue.batches.pop_front().unwrap_or_default();
        let batch = Batch { taken: Some(Instant::now()), ..batch };
        queue.asked = !queue.batches.is_empty();
        (batch, queue.asked)
    }

    /// Adds a call; returns whether somebody must be asked to store it.
    fn add(&self, call: &Arrived, home: usize, waiting: Waiting) -> bool {
        let mut queue = self.queue();
        match queue.batches.back_mut().filter(|batch| !batch.is_full()) {
            Some(batch) => batch.push(call, home, waiting),
            None => {
                let frames = queue.spare.take().unwrap_or_default();
                let mut batch = Batch { frames, ..Batch::default() };
                batch.push(call, home, waiting);
                queue.batches.push_back(batch);
            }
        }
        let enough = queue.wanted.is_some_and(|wanted| queue.has(wanted));
        if enough {
            queue.wanted = None;
        }
        let must_ask = !std::mem::replace(&mut queue.asked, true);
        // Whoever is woken wants the queue.
        drop(queue);
        if enough {
            self.enough.notify_one();
        }
        must_ask
    }
}

/// The calls of one thread. It answers them there, since waking a task of another thread costs a system
/// call for each.
pub struct Batcher {
    app: App,
    home: OnceCell<usize>,
}

impl Batcher {
    /// A batcher for the thread that uses it first.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self { app: app.clone(), home: OnceCell::new() }
    }

    /// Stores a call; its share of memory is given back when it is stored. Only inside a
    /// [`tokio::task::LocalSet`], as the HTTP server's threads have.
    ///
    /// # Errors
    /// [`DbError::Abandoned`] if the database did not take the batch; the log says why. With `Ok` the call
    /// is durable.
    pub async fn store(&self, call: Arrived, held: OwnedSemaphorePermit) -> Result<(), DbError> {
        let home = *self.home.get_or_init(|| settle_here(&self.app.arrivals));
        let (reply, stored) = oneshot::channel();
        if self.app.arrivals.add(&call, home, Waiting { reply, _held: held }) {
            ask(&self.app);
        }
        // What it occupies belongs to its connection, which waits for it to read on.
        drop(call);
        stored.await.map_err(|_| DbError::Abandoned)
    }
}

/// Makes the calling thread one that hears what was stored.
fn settle_here(arrivals: &Arrivals) -> usize {
    let (sender, stored) = unbounded_channel();
    tokio::task::spawn_local(answer(stored));
    let mut queue = arrivals.queue();
    queue.homes.push(sender);
    queue.homes.len() - 1
}

async fn answer(mut stored: UnboundedReceiver<Vec<Waiting>>) {
    while let Some(all) = stored.recv().await {
        for waiting in all {
            // The caller may have gone away; what is stored stays stored.
            let _gone = waiting.reply.send(());
        }
    }
}

/// Asks the database to store what waits when its turn comes.
fn ask(app: &App) {
    let (turn, told) = (Turn(Some(app.clone())), app.clone());
    app.db.write_then(
        Lane::Front,
        move |conn| turn.take(conn),
        move |stored| match stored {
            Ok(batch) => tell(&told, batch),
            Err(error) => {
                tracing::error!(error = causes::told(&error), "calls could not be stored; GitLab is told so");
            }
        },
    );
}

/// The right to store what waits. Dropped unused (the database is gone), it lets nobody wait for ever.
struct Turn(Option<App>);

impl Turn {
    fn take(mut self, conn: &mut Conn) -> Result<Batch, DbError> {
        let Some(app) = self.0.take() else { return Ok(Batch::default()) };
        let (mut batch, more) = app.arrivals.take(PATIENCE);
        if more {
            ask(&app);
        }
        batches::insert(conn, &mut batch.frames)?;
        Ok(batch)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(app) = self.0.take() {
            let mut queue = app.arrivals.queue();
            queue.asked = false;
            queue.batches.clear();
        }
    }
}

/// Sends every thread those who wait there, and wakes whoever processes calls.
fn tell(app: &App, batch: Batch) {
    let homes = {
        let mut queue = app.arrivals.queue();
        queue.answered = Some((batch.frames.count(), Instant::now()));
        queue.commit = batch.taken.map_or(Duration::ZERO, |at| at.elapsed());
        queue.spare = batch.frames.emptied();
        queue.homes.clone()
    };
    for (home, waiting) in homes.iter().zip(batch.waiting) {
        if !waiting.is_empty() {
            // A thread that has ended has nobody left to answer.
            let _ended = home.send(waiting);
        }
    }
    app.wake.calls.notify_one();
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use bytes::Bytes;
    use tokio::sync::{Semaphore, oneshot};

    use super::{Arrivals, Waiting, worth_waiting_for};
    use crate::db::batches::Arrived;
    use crate::domain::Time;

    /// So long that whoever waits in vain is seen to hang.
    const EVER: Duration = Duration::from_secs(3600);

    /// As after a commit that took for ever.
    fn arrivals(answered: usize, at: Instant) -> Arrivals {
        let arrivals = Arrivals::default();
        arrivals.queue().answered = Some((answered, at));
        arrivals.queue().commit = EVER;
        arrivals
    }

    fn add(arrivals: &Arrivals, calls: usize) {
        let received_at = Time::parse("2026-03-02T09:30:00Z").expect("reads");
        for _ in 0..calls {
            let call = Arrived { received_at, signed: true, rule_key: None, body: Bytes::from_static(b"{}") };
            let held = Arc::new(Semaphore::new(1)).try_acquire_owned().expect("is free");
            arrivals.add(&call, 0, Waiting { reply: oneshot::channel().0, _held: held });
        }
    }

    #[test]
    fn only_in_a_crowd_is_anybody_waited_for() {
        for (answered, waiting) in [(0, 0), (0, 1), (1, 1), (4, 3)] {
            assert_eq!(worth_waiting_for(answered, waiting), 0, "{answered} {waiting}");
        }
        assert_eq!(worth_waiting_for(24, 12), 24);
        for about in 8..200 {
            let wanted = worth_waiting_for(about - 1, 1);
            assert!(wanted > about / 2 && wanted < about, "{wanted} of {about}");
        }
    }

    #[test]
    fn who_comes_alone_goes_alone() {
        let just_now = arrivals(1, Instant::now());
        add(&just_now, 1);
        assert_eq!(just_now.take(EVER).0.frames.count(), 1);
        // A crowd of long ago does not come back.
        let before = Instant::now().checked_sub(EVER).expect("there was such a time");
        let long_ago = arrivals(64, before);
        add(&long_ago, 1);
        assert_eq!(long_ago.take(EVER).0.frames.count(), 1);
    }

    #[test]
    fn a_commit_waits_for_two_thirds_of_the_crowd_and_for_no_more() {
        let arrivals = arrivals(24, Instant::now());
        add(&arrivals, 8);
        std::thread::scope(|scope| {
            let taking = scope.spawn(|| arrivals.take(EVER));
            while arrivals.queue().wanted.is_none() && !taking.is_finished() {
                std::thread::yield_now();
            }
            add(&arrivals, 13);
            let (batch, more) = taking.join().expect("does not panic");
            assert_eq!((batch.frames.count(), more), (21, false));
        });
        // Nobody waits long where a commit takes no time.
        let at_once = self::arrivals(24, Instant::now());
        at_once.queue().commit = Duration::ZERO;
        add(&at_once, 8);
        assert_eq!(at_once.take(EVER).0.frames.count(), 8);
        // Nor for those who cannot come in any more.
        let full = self::arrivals(1000, Instant::now());
        add(&full, super::MOST);
        assert_eq!(full.take(EVER).0.frames.count(), super::MOST);
    }
}
