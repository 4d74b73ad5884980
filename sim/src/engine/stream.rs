//! A stream as host threads see it, and the marks that events set.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::time::{Duration, Instant};

use super::inbox::Command;
use super::{Engine, Task, now};
use crate::reject::Reject;
use crate::spin;

/// How long a host thread polls before it sleeps.
const HOST_SPIN: Duration = Duration::from_micros(30);

/// An ordered queue of a device. Entries are numbered from 1; "position" is such a number.
pub(crate) struct Stream {
    /// The device's id.
    pub device: u32,
    /// Handle of the context it belongs to.
    pub context: usize,
    engine: &'static Engine,
    /// Entries enqueued; changes under the inbox's lock.
    enqueued: AtomicU64,
    /// Entries that have run; only the engine's thread changes it.
    completed: AtomicU64,
    /// The lowest position that a sleeping thread waits for.
    wake_at: AtomicU64,
    failure: OnceLock<Reject>,
}

impl Stream {
    pub(crate) fn new(engine: &'static Engine, device: u32, context: usize) -> Arc<Stream> {
        Arc::new(Stream {
            device,
            context,
            engine,
            enqueued: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            wake_at: AtomicU64::new(u64::MAX),
            failure: OnceLock::new(),
        })
    }

    pub(crate) fn engine(&self) -> &'static Engine {
        self.engine
    }

    /// Appends a task; returns at once.
    pub(crate) fn enqueue(self: &Arc<Self>, task: Task) {
        self.engine.inbox.push(|| {
            let position = self.enqueued.load(Relaxed) + 1;
            self.enqueued.store(position, Release);
            match &task {
                Task::Record(record) => _ = record.place.get_or_init(|| (self.clone(), position)),
                Task::Meet(attendance) => attendance.enqueued(self, position),
                _ => {}
            }
            (Command::Enqueue(self.clone(), task), ())
        })
    }

    /// The position of the last entry.
    pub(crate) fn enqueued(&self) -> u64 {
        self.enqueued.load(Acquire)
    }

    /// The position of the last entry that has run.
    pub(super) fn completed(&self) -> u64 {
        self.completed.load(SeqCst)
    }

    /// Whether everything has run. A program may poll this, so under the lazy schedule a poll asks for progress too.
    pub(crate) fn poll(self: &Arc<Self>, position: u64) -> bool {
        let done = self.completed() >= position;
        if !done {
            self.demand(position);
        }
        done
    }

    fn demand(self: &Arc<Self>, position: u64) {
        if self.engine.lazy {
            self.engine.inbox.push(|| (Command::Demand(self.clone(), position), ()));
        }
    }

    /// Blocks until the entry at `position` has run; false if `deadline` comes first.
    pub(crate) fn wait(self: &Arc<Self>, position: u64, deadline: Option<Instant>) -> bool {
        let done = || self.completed() >= position;
        if done() {
            return true;
        }
        self.demand(position);
        if spin::until(HOST_SPIN, done) {
            return true;
        }
        let engine = self.engine;
        let mut sleeping = engine.sleeping.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        loop {
            // First the request, then the look; the engine first stores `completed`, then looks at requests.
            self.wake_at.fetch_min(position, SeqCst);
            if done() {
                return true;
            }
            sleeping = match deadline {
                None => engine.woken.wait(sleeping).unwrap_or_else(|poisoned| poisoned.into_inner()),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    let woken = engine.woken.wait_timeout(sleeping, left);
                    woken.unwrap_or_else(|poisoned| poisoned.into_inner()).0
                }
            };
        }
    }

    /// Blocks until everything enqueued so far has run.
    pub(crate) fn wait_all(self: &Arc<Self>) {
        self.wait(self.enqueued(), None);
    }

    /// Drops what has not begun to run, and returns once nothing of this stream runs.
    pub(crate) fn discard(self: &Arc<Self>) {
        let position = self.engine.inbox.push(|| {
            let position = self.enqueued();
            (Command::Drop(self.clone(), position), position)
        });
        self.wait(position, None);
    }

    /// The first failure of an operation of this stream, or of what it has waited for; it stays.
    pub(crate) fn failure(&self) -> Option<&Reject> {
        self.failure.get()
    }

    pub(super) fn fail(&self, failure: Reject) {
        self.failure.get_or_init(|| failure);
    }

    pub(super) fn complete_next(&self) {
        self.complete(self.completed.load(Relaxed) + 1);
    }

    /// Everything up to `position` has run (or was dropped).
    pub(super) fn complete(&self, position: u64) {
        self.completed.store(position, SeqCst);
        if position >= self.wake_at.load(SeqCst) {
            let _sleeping = self.engine.sleeping.lock();
            // Who waits for a later position asks again when it wakes up.
            self.wake_at.store(u64::MAX, SeqCst);
            self.engine.woken.notify_all();
        }
    }
}

/// One record of an event: a mark in a stream's queue.
#[derive(Default)]
pub(crate) struct Record {
    /// When the mark was reached; 0 until then.
    time: AtomicU64,
    /// Where it stands; empty for a record that is waited for but not yet enqueued.
    place: OnceLock<(Arc<Stream>, u64)>,
    /// What had failed on its stream by then.
    failure: OnceLock<Reject>,
}

impl Record {
    /// The mark is reached, on a stream with this failure.
    pub(super) fn complete(&self, failure: Option<&Reject>) {
        if let Some(failure) = failure {
            self.failure.get_or_init(|| failure.clone());
        }
        self.time.store(now(), Release);
    }

    /// The failure of what the mark stands behind, once it was reached.
    pub(super) fn failure(&self) -> Option<&Reject> {
        self.failure.get()
    }

    /// Nanoseconds on the simulator's clock, once the mark was reached.
    pub(crate) fn time(&self) -> Option<u64> {
        Some(self.time.load(Acquire)).filter(|time| *time > 0)
    }

    /// The stream and the position, once enqueued.
    pub(crate) fn place(&self) -> Option<&(Arc<Stream>, u64)> {
        self.place.get()
    }
}
