//! How long a thread of the host waits for a place or for something to take.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::reject::{Outcome, check};

/// A state that threads wait for changes of.
pub(super) struct Watched<T> {
    state: Mutex<T>,
    changed: Condvar,
}

impl<T> Watched<T> {
    pub(super) const fn new(state: T) -> Watched<T> {
        Watched { state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        // No change is left half done by a panic: none of those under the lock panics.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Tells those who wait.
    pub(super) fn tell(&self) {
        self.changed.notify_all();
    }

    /// Tries until `attempt` comes to something, or for so many milliseconds (-1: for ever, 0: once). None: it was late.
    pub(super) fn within<R>(&self, timeout: i32, mut attempt: impl FnMut(&mut T) -> Outcome<Option<R>>) -> Outcome<Option<R>> {
        check!(timeout >= -1, ACL_ERROR_RT_PARAM_INVALID, "timeout is {timeout}: -1 (for ever), 0 or more ms are taken");
        let end = (timeout >= 0).then(|| Instant::now() + Duration::from_millis(timeout as u64));
        let mut state = self.lock();
        loop {
            if let Some(done) = attempt(&mut state)? {
                self.tell();
                return Ok(Some(done));
            }
            state = match end {
                None => self.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner()),
                Some(end) => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(None);
                    }
                    self.changed.wait_timeout(state, left).unwrap_or_else(|poisoned| poisoned.into_inner()).0
                }
            };
        }
    }
}
