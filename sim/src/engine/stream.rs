//! A stream as host threads see it, and the marks that events set.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use super::inbox::Command;
use super::{Engine, Task, now};
use crate::graph::Recorder;
use crate::reject::{Outcome, Reject};
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
    /// Whether there is a `recorder`; almost always not, and then nothing is spent on it.
    recorded: AtomicBool,
    /// Who gets what is enqueued, instead of the engine.
    recorder: Mutex<Option<Recorder>>,
    /// Made to be bound to a graph.
    persistent: AtomicBool,
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
            recorded: AtomicBool::new(false),
            recorder: Mutex::new(None),
            persistent: AtomicBool::new(false),
        })
    }

    pub(crate) fn engine(&self) -> &'static Engine {
        self.engine
    }

    /// Appends a task, or hands it to the stream's recorder; returns at once. Only a recorder refuses.
    pub(crate) fn enqueue(self: &Arc<Self>, task: Task) -> Outcome {
        match self.recorder() {
            None => {
                self.push(task);
                Ok(())
            }
            Some(recorder) => recorder.take(self, task),
        }
    }

    /// Appends a task, whatever records the stream.
    pub(crate) fn push(self: &Arc<Self>, task: Task) {
        self.engine.inbox.push(|| {
            self.place(&task);
            (Command::Enqueue(self.clone(), task), ())
        })
    }

    /// The same for several, between which no other comes.
    pub(crate) fn push_all(self: &Arc<Self>, tasks: Vec<Task>) {
        self.engine.inbox.push(|| {
            tasks.iter().for_each(|task| self.place(task));
            (Command::EnqueueAll(self.clone(), tasks), ())
        })
    }

    /// Gives a task the next position. Under the inbox's lock.
    fn place(self: &Arc<Self>, task: &Task) {
        let position = self.enqueued.load(Relaxed) + 1;
        self.enqueued.store(position, Release);
        match task {
            Task::Record(record) => _ = record.place.get_or_init(|| (self.clone(), position)),
            Task::Meet(attendance) => attendance.enqueued(self, position),
            _ => {}
        }
    }

    pub(crate) fn set_persistent(&self) {
        self.persistent.store(true, Relaxed);
    }

    pub(crate) fn is_persistent(&self) -> bool {
        self.persistent.load(Relaxed)
    }

    /// Who gets what is enqueued, if not the engine.
    pub(crate) fn recorder(&self) -> Option<Recorder> {
        if !self.recorded.load(Acquire) {
            return None;
        }
        self.recorder.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    pub(crate) fn set_recorder(&self, recorder: Option<Recorder>) {
        let mut current = self.recorder.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        self.recorded.store(recorder.is_some(), Release);
        *current = recorder;
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
    /// Only says when: whoever waits for it does not take over a failure.
    order_only: bool,
}

impl Record {
    /// A mark behind which a graph begins. What failed before it is not the graph's failure.
    pub(crate) fn order_only() -> Record {
        Record { order_only: true, ..Record::default() }
    }

    /// The mark is reached, on a stream with this failure.
    pub(super) fn complete(&self, failure: Option<&Reject>) {
        if let Some(failure) = failure.filter(|_| !self.order_only) {
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
