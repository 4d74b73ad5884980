//! Small uploads without waiting: their bytes pass through a little pinned memory that the stream keeps.
//!
//! A decode step uploads a few token ids; waiting for the stream each time would drain the queue that keeps a device busy.

use super::pinned::PinnedMemory;
use super::{Stream, StreamInner};
use crate::error::Result;
use std::ffi::c_void;
use std::sync::{MutexGuard, PoisonError};

/// What a stream keeps, all of it before the first wait.
const BYTES: usize = 1 << 20;
/// Uploads up to this size are staged. Above it the copy itself outweighs a wait.
pub(super) const LARGEST: usize = 64 << 10;
/// Pinned memory is copied fastest from its own alignment.
const ALIGNMENT: usize = 64;

pub(super) struct Staging {
    memory: PinnedMemory,
    used: usize,
}

impl Stream {
    /// A pinned copy of `bytes` (at most [`LARGEST`]), which lives until the stream's next good synchronise.
    ///
    /// Order: blocks only when all of the staging memory waits for its copies.
    pub(super) fn stage(&self, bytes: &[u8]) -> Result<*const c_void> {
        let needed = bytes.len().next_multiple_of(ALIGNMENT);
        if self.inner().staging().as_ref().is_some_and(|staging| staging.used + needed > BYTES) {
            self.synchronize()?;
        }
        let mut staging = self.inner().staging();
        if staging.is_none() {
            *staging = Some(Staging { memory: PinnedMemory::new(self.device(), BYTES)?, used: 0 });
        }
        let Some(Staging { memory, used }) = &mut *staging else { unreachable!("it was made just above") };
        // SAFETY: `used + needed <= BYTES` (only this stream's one thread takes parts, and waits above when they run out), and
        // no copy is queued from this part: it was not given out since the last good synchronise.
        let part = unsafe {
            let part = memory.address().add(*used);
            part.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            part
        };
        *used += needed;
        Ok(part.cast())
    }
}

impl StreamInner {
    fn staging(&self) -> MutexGuard<'_, Option<Staging>> {
        self.staging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After a good synchronise: no queued copy reads the memory any more.
    pub(super) fn reset_staging(&self) {
        if let Some(staging) = &mut *self.staging() {
            staging.used = 0;
        }
    }

    /// After a failed one, when the stream goes: queued copies may still read the memory.
    pub(super) fn leak_staging(&self) {
        std::mem::forget(self.staging().take());
    }
}
