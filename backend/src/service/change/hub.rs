//! What this process remembers between readings; nothing of it must survive.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::Shared;
use tokio::sync::Semaphore;

use super::fetch::FetchError;
use super::lines::DrawnRow;
use crate::db::changes::Key;
use crate::domain::Time;
use crate::domain::gate::Gate;
use crate::traces;

/// Readings at once: each may hold an answer of 32 MiB.
const AT_ONCE: usize = 4;
/// Files drawn at once.
const DRAWN_AT_ONCE: usize = 2;
/// Bytes of drawn files in memory, about.
const DRAWN_BYTES: usize = 8 * 1024 * 1024;
/// Changes that are read in advance: so many at once, and so many a second in the long run. Each takes GitLab some
/// seven requests the first time, five later.
const BURST: f64 = 20.0;
/// See [`BURST`].
const PER_SECOND: f64 = 1.0;
/// After a failure nobody waits for GitLab for so long, where something is kept.
const PAUSE: Duration = Duration::from_secs(5);

/// What a reading came to, for all who wait for it.
type Outcome = Result<(), Arc<FetchError>>;
type Flight = Shared<Pin<Box<dyn Future<Output = Outcome> + Send>>>;
/// A drawn file: the commit, the target branch it is compared with, against which other commit, and its path.
pub(super) type DrawnKey = (Key, String, Option<String>, String);
/// Its rows, and the bytes that they take.
type Drawn = (DrawnKey, Arc<Vec<DrawnRow>>, usize);

/// See the module.
pub struct Hub {
    flights: Mutex<HashMap<String, Flight>>,
    used: Mutex<HashMap<Key, Time>>,
    gate: Mutex<Gate>,
    trouble: Mutex<Option<(Time, String)>>,
    drawn: Mutex<VecDeque<Drawn>>,
    written: AtomicUsize,
    pub(super) reading: Semaphore,
    pub(super) drawing: Semaphore,
}

impl Hub {
    /// An empty one.
    #[must_use]
    pub fn new(now: Time) -> Self {
        Self {
            flights: Mutex::default(),
            used: Mutex::default(),
            gate: Mutex::new(Gate::paced(now, BURST, PER_SECOND)),
            trouble: Mutex::default(),
            drawn: Mutex::default(),
            written: AtomicUsize::new(0),
            reading: Semaphore::new(AT_ONCE),
            drawing: Semaphore::new(DRAWN_AT_ONCE),
        }
    }

    /// The gate of readings in advance.
    pub(super) fn gate(&self) -> MutexGuard<'_, Gate> {
        lock(&self.gate)
    }

    /// Joins the reading of this name that is under way, or begins it. It goes on when those who wait for it leave.
    pub(super) async fn share<F>(self: &Arc<Self>, name: String, reading: F) -> Outcome
    where
        F: Future<Output = Result<(), FetchError>> + Send + 'static,
    {
        let flight = {
            let mut flights = lock(&self.flights);
            if let Some(flight) = flights.get(&name) {
                flight.clone()
            } else {
                let (hub, own) = (Arc::clone(self), name.clone());
                let task = tokio::spawn(traces::carried(async move {
                    // Given up before anybody hears of it, so that whoever comes next begins anew.
                    let left = Leaving(hub, own);
                    let outcome = reading.await.map_err(Arc::new);
                    drop(left);
                    outcome
                }));
                let flight =
                    async move { task.await.unwrap_or_else(|_| Err(Arc::new(FetchError::Abandoned))) };
                let flight: Flight =
                    (Box::pin(flight) as Pin<Box<dyn Future<Output = Outcome> + Send>>).shared();
                flights.insert(name, flight.clone());
                flight
            }
        };
        flight.await
    }

    /// Notes that GitLab answered.
    pub(super) fn answered(&self) {
        self.gate().succeeded();
        *lock(&self.trouble) = None;
    }

    /// Notes that GitLab did not answer.
    pub(super) fn failed(&self, now: Time, asked: Option<Duration>, wait: Duration, why: &str) {
        self.gate().failed(now, asked, wait);
        *lock(&self.trouble) = Some((now.after(PAUSE), why.to_owned()));
    }

    /// Why GitLab did not answer a moment ago.
    pub(super) fn trouble(&self, now: Time) -> Option<String> {
        lock(&self.trouble).as_ref().filter(|(until, _)| now < *until).map(|(_, why)| why.clone())
    }

    /// Notes that somebody looks at a change.
    pub(super) fn used(&self, key: &Key, now: Time) {
        lock(&self.used).insert(key.clone(), now);
    }

    /// The changes that were looked at since this was asked last, and when.
    pub(super) fn take_used(&self) -> HashMap<Key, Time> {
        std::mem::take(&mut *lock(&self.used))
    }

    /// Counts bytes that were kept.
    pub(super) fn wrote(&self, bytes: usize) {
        self.written.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Whether more than this was kept since it was so last.
    pub(super) fn wrote_more_than(&self, bytes: usize) -> bool {
        self.written
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |written| (written > bytes).then_some(0))
            .is_ok()
    }

    /// A file that was drawn before.
    pub(super) fn drawn(&self, key: &DrawnKey) -> Option<Arc<Vec<DrawnRow>>> {
        let mut drawn = lock(&self.drawn);
        let at = drawn.iter().position(|one| one.0 == *key)?;
        let found = drawn.remove(at)?;
        let rows = Arc::clone(&found.1);
        drawn.push_back(found);
        Some(rows)
    }

    /// Remembers a drawn file; the longest unused go.
    pub(super) fn remember(&self, key: DrawnKey, rows: &Arc<Vec<DrawnRow>>) {
        let bytes = rows.iter().map(|one| 96 + one.row.text.len() + 8 * one.marks.len()).sum();
        let mut drawn = lock(&self.drawn);
        drawn.retain(|one| one.0 != key);
        drawn.push_back((key, Arc::clone(rows), bytes));
        let mut total: usize = drawn.iter().map(|one| one.2).sum();
        while total > DRAWN_BYTES
            && let Some(oldest) = drawn.pop_front()
        {
            total -= oldest.2;
        }
    }
}

/// Takes a reading off the list, also when it panics.
struct Leaving(Arc<Hub>, String);

impl Drop for Leaving {
    fn drop(&mut self) {
        lock(&self.0.flights).remove(&self.1);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
