//! Locks that outlive a panic: a test that fails while it holds one must not hide its own message behind a second.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes the lock, poisoned or not.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
