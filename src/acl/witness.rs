//! Who can say more about a wait than its return code.

use super::StreamId;
use crate::error::{Error, ErrorKind, Result};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Knows what queued work of a device may be waiting for. This floor asks; the floors above it answer.
pub(crate) trait Witness: Send + Sync {
    /// What it knows, in words, if anything.
    fn tell(&self) -> Option<String>;

    /// The failure of work that it knows, if there was one. Does not block.
    ///
    /// CANN reports a failed collective at the waits for its own stream. One that waited for that stream through an event goes on
    /// with whatever lies in the memory, and its own wait ends well.
    fn failed(&self) -> Option<Error>;

    /// The stream whose work it knows.
    fn stream(&self) -> StreamId;
}

/// The witnesses of one device, as long as they live.
#[derive(Default)]
pub(super) struct Witnesses {
    all: Mutex<Vec<Weak<dyn Witness>>>,
    /// Set with the first and for good: devices without communicators pay one load a wait.
    any: AtomicBool,
}

impl Witnesses {
    pub(super) fn add(&self, witness: Weak<dyn Witness>) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|witness| witness.strong_count() > 0);
        all.push(witness);
        self.any.store(true, Relaxed);
    }

    /// Whether there ever was one.
    pub(super) fn any(&self) -> bool {
        self.any.load(Relaxed)
    }

    /// Out of the lock: a witness takes locks of its own.
    fn alive(&self) -> Vec<Arc<dyn Witness>> {
        match self.any() {
            false => Vec::new(),
            true => self.all.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect(),
        }
    }

    /// What all of them know, in words.
    pub(super) fn tell(&self) -> Option<String> {
        said(self.alive().iter().filter_map(|witness| witness.tell()))
    }

    /// The first failure that one of them knows.
    pub(super) fn check(&self) -> Result<()> {
        match self.alive().iter().find_map(|witness| witness.failed().map(|error| (error, witness.tell()))) {
            None => Ok(()),
            Some((error, None)) => Err(error),
            Some((error, Some(said))) => Err(error.hint(said)),
        }
    }

    /// The error of a wait for `stream` (`None`: for the whole device) with what the witnesses add.
    ///
    /// An operator's failure is explained by its own stream only. A wait that is still going on may hang on any stream of the
    /// device through events, and a collective's failure may have come through one.
    #[cold]
    pub(super) fn explain(&self, error: Error, stream: Option<StreamId>) -> Error {
        let through_events = matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Collective);
        let all = self.alive();
        let asked = all.iter().filter(|witness| through_events || stream.is_none_or(|stream| stream == witness.stream()));
        // That a rank is behind does not make it the cause: the kind stays.
        match said(asked.filter_map(|witness| witness.tell())) {
            None => error,
            Some(said) => error.hint(said),
        }
    }
}

fn said(all: impl Iterator<Item = String>) -> Option<String> {
    let all: Vec<_> = all.collect();
    (!all.is_empty()).then(|| all.join("; "))
}
