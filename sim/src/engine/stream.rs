//! A stream as host threads see it, and the marks that events set.

use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering::*};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use super::inbox::Command;
use super::{Attributes, Engine, Task, now};
use crate::graph::Recorder;
use crate::reject::{Outcome, Reject};
use crate::spin;

/// How long a host thread polls before it sleeps.
const HOST_SPIN: Duration = Duration::from_micros(30);

/// An ordered queue of a device. Entries are numbered from 1; "position" is such a number.
pub(crate) struct Stream {
    /// Its number in errors: from 1 on, never used again.
    pub id: u32,
    /// The device's id.
    pub device: u32,
    /// Handle of the context it belongs to.
    pub context: usize,
    pub attributes: Attributes,
    engine: &'static Engine,
    /// Entries enqueued; changes under the inbox's lock.
    enqueued: AtomicU64,
    /// Entries that have run; only the engine's thread changes it.
    completed: AtomicU64,
    /// The lowest position that a sleeping thread waits for.
    wake_at: AtomicU64,
    /// Null, or a failure that lives for ever: failures are few, and who has seen one may keep it.
    failure: AtomicPtr<Reject>,
    /// Whether what is behind a failure is dropped.
    stops: AtomicBool,
    /// How often the work was aborted, and (low half) with which code last.
    aborted: AtomicU64,
    /// The thread that enqueued last.
    thread: AtomicU32,
    /// Whether there is a `recorder`; almost always not, and then nothing is spent on it.
    recorded: AtomicBool,
    /// Who gets what is enqueued, instead of the engine.
    recorder: Mutex<Option<Recorder>>,
}

impl Stream {
    pub(crate) fn new(engine: &'static Engine, device: u32, context: usize) -> Arc<Stream> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Arc::new(Stream {
            id: NEXT.fetch_add(1, Relaxed),
            device,
            context,
            attributes: Attributes::default(),
            engine,
            enqueued: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            wake_at: AtomicU64::new(u64::MAX),
            failure: AtomicPtr::new(null_mut()),
            stops: AtomicBool::new(false),
            aborted: AtomicU64::new(0),
            thread: AtomicU32::new(0),
            recorded: AtomicBool::new(false),
            recorder: Mutex::new(None),
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
        self.thread.store(this_thread(), Relaxed);
        self.enqueued.store(position, Release);
        if self.attributes.counted.load(Relaxed) {
            LAST_TASK.set(position as u32);
        }
        match task {
            Task::Record(record) => _ = record.place.get_or_init(|| (self.clone(), position)),
            Task::Meet(attendance) => attendance.enqueued(self, position),
            _ => {}
        }
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

    /// Whether the entry at `position` has run. Asks for nothing.
    pub(crate) fn has_run(&self, position: u64) -> bool {
        self.completed() >= position
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
        self.drop_all(None);
    }

    fn drop_all(self: &Arc<Self>, deadline: Option<Instant>) -> bool {
        let position = self.engine.inbox.push(|| {
            let position = self.enqueued();
            (Command::Drop(self.clone(), position), position)
        });
        self.wait(position, deadline)
    }

    /// Drops what has not begun to run; the stream goes on with what comes next. Who waits meanwhile is told `code`. False if
    /// what runs has not ended by `deadline`.
    pub(crate) fn abort(self: &Arc<Self>, code: i32, deadline: Option<Instant>) -> bool {
        let next = |aborted: u64| Some(((aborted >> 32) + 1) << 32 | u64::from(code as u32));
        _ = self.aborted.fetch_update(SeqCst, SeqCst, next);
        self.drop_all(deadline)
    }

    /// The code of the latest abort, if there was one since `before`.
    pub(crate) fn aborted_since(&self, before: u64) -> Option<i32> {
        let now = self.aborts();
        (now != before).then_some(now as u32 as i32)
    }

    /// What tells an abort from the one before.
    pub(crate) fn aborts(&self) -> u64 {
        self.aborted.load(SeqCst)
    }

    /// The first failure of an operation of this stream, or of what it has waited for; it stays until it was told or forgiven.
    pub(crate) fn failure(&self) -> Option<&'static Reject> {
        // SAFETY: null, or what `fail` leaked.
        unsafe { self.failure.load(Acquire).as_ref() }
    }

    pub(super) fn fail(&self, failure: Reject) {
        if self.failure().is_none() {
            let failure = Box::into_raw(Box::new(failure));
            if self.failure.compare_exchange(null_mut(), failure, AcqRel, Acquire).is_err() {
                // SAFETY: made above, and nobody else has seen it.
                drop(unsafe { Box::from_raw(failure) });
            }
        }
    }

    /// An operation of this stream, the one behind those that have run, has failed: that is told, and the stream fails.
    pub(super) fn fail_here(&self, failure: Reject) {
        if let Some(tell) = ON_FAILURE.get() {
            tell(Failed {
                task: (self.completed() + 1) as u32,
                stream: self.id,
                thread: self.thread.load(Relaxed),
                device: self.device,
                code: failure.code,
            });
        }
        self.fail(failure);
    }

    /// The failure, which is over once it was told, unless what is behind it is dropped (CANN's `Stream::GetError`).
    pub(crate) fn tell_failure(&self) -> Option<&'static Reject> {
        if self.stops() {
            return self.failure();
        }
        // SAFETY: null, or what `fail` leaked.
        unsafe { self.failure.swap(null_mut(), AcqRel).as_ref() }
    }

    /// The failure is over: whoever knows what was lost goes on.
    pub(crate) fn forgive(&self) {
        self.failure.store(null_mut(), Release);
    }

    /// From now on what is behind a failure is dropped.
    pub(crate) fn stop_on_failure(&self) {
        self.stops.store(true, SeqCst);
    }

    /// Whether what is behind a failure is dropped.
    pub(crate) fn stops(&self) -> bool {
        self.stops.load(Relaxed)
    }

    /// Whether what is queued is to be dropped.
    pub(super) fn stopped(&self) -> bool {
        self.stops() && self.failure().is_some()
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

/// An operation that failed, for those who are told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed {
    /// Its place in the stream.
    pub task: u32,
    pub stream: u32,
    /// The thread that enqueued last on the stream.
    pub thread: u32,
    pub device: u32,
    pub code: i32,
}

static ON_FAILURE: OnceLock<fn(Failed)> = OnceLock::new();

/// Has the engine's thread call `tell`, which must not wait, whenever an operation fails. The first stays.
pub(crate) fn on_failure(tell: fn(Failed)) {
    ON_FAILURE.get_or_init(|| tell);
}

/// The system's number of the calling thread.
fn this_thread() -> u32 {
    thread_local! {
        // SAFETY: takes nothing.
        static ID: u32 = unsafe { libc::gettid() } as u32;
    }
    ID.with(|id| *id)
}

thread_local! {
    static LAST_TASK: Cell<u32> = const { Cell::new(u32::MAX) };
}

/// The place of what this thread enqueued last on a stream that counts.
pub(crate) fn last_task() -> u32 {
    LAST_TASK.get()
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
    /// What it is to a replay of a graph.
    role: Role,
    /// It was dropped: nobody has come here.
    dismissed: AtomicBool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Role {
    #[default]
    None,
    /// Only says when: whoever waits for it does not take over a failure.
    Begins,
    Ends,
}

impl Record {
    /// A mark behind which a graph begins. What failed before it is not the graph's failure.
    pub(crate) fn begin() -> Record {
        Record { role: Role::Begins, ..Record::default() }
    }

    /// The mark behind the last step of a graph's lane. Who drops his wait for it drops the lane's replay.
    pub(crate) fn end() -> Record {
        Record { role: Role::Ends, ..Record::default() }
    }

    pub(super) fn ends_replay(&self) -> bool {
        self.role == Role::Ends
    }

    /// The mark was dropped from its queue. It counts as reached, so that nobody waits for ever.
    pub(super) fn dismiss(&self, failure: Option<&Reject>) {
        self.dismissed.store(true, Release);
        self.complete(failure);
    }

    /// Whether it was dropped; only once it counts as reached.
    pub(crate) fn was_dismissed(&self) -> bool {
        self.dismissed.load(Acquire)
    }

    /// The mark is reached, on a stream with this failure.
    pub(super) fn complete(&self, failure: Option<&Reject>) {
        if let Some(failure) = failure.filter(|_| self.role != Role::Begins) {
            self.failure.get_or_init(|| failure.clone());
        }
        self.time.store(now(), Release);
    }

    /// The failure of what the mark stands behind, once it was reached.
    pub(crate) fn failure(&self) -> Option<&Reject> {
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
