//! The error that had nowhere to go, kept for the next call that waits.

use crate::error::{Error, ErrorKind, Result};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Of one device. The first error wins: later ones tend to follow from it.
#[derive(Default)]
pub(super) struct Deferred {
    error: Mutex<Option<Error>>,
    /// What waits without an error pays one load for.
    any: AtomicBool,
}

impl Deferred {
    pub(super) fn keep(&self, error: Error) {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.any.store(true, Relaxed);
    }

    /// The kept error, once, as the failure of something that has long returned.
    pub(super) fn take(&self) -> Result<()> {
        if !self.any.swap(false, Relaxed) {
            return Ok(());
        }
        match self.error.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error.with_kind(ErrorKind::Async)),
            None => Ok(()),
        }
    }
}
