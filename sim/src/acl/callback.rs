//! Functions of the host that streams call: on a thread of the program that subscribed, or on one of the runtime.
//!
//! A stream that comes to such a call hands it to the thread's [`Queue`] and, unless told otherwise, holds until it has
//! returned. The engine's thread never runs it: a function that blocks holds its own stream only.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::c_void;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};
use std::time::Instant;

use ascend_rl_sys::types::*;

use super::context::{Context, current};
use super::{deadline, stream, unsupported};
use crate::engine::{Condition, Engine, Hold, Needs, Stream, Task};
use crate::reject::{Outcome, Reject, check, reject};

/// Threads of the program that run callbacks.
const MOST_THREADS: usize = 1024;

type Function = unsafe extern "C" fn(*mut c_void);

/// A call that a stream has come to.
struct Job {
    function: Function,
    argument: usize,
    stream: u32,
    engine: &'static Engine,
    /// Set once it is over, or will not be.
    over: Arc<OnceLock<Outcome>>,
}

impl Job {
    fn run(self) {
        if self.over.get().is_none() {
            // SAFETY: C's contract for a callback: a function of this signature that may be called with this argument, on
            // the thread that runs the stream's callbacks.
            unsafe { (self.function)(self.argument as *mut c_void) };
            self.end(Ok(()));
        }
    }

    fn end(self, outcome: Outcome) {
        _ = self.over.set(outcome);
        self.engine.look_again();
    }

    fn lose(self) {
        let text = "the thread that runs the callbacks of this stream was unsubscribed before it ran this one".into();
        self.end(Err(Reject { code: ascend_rl_sys::codes::ACL_ERROR_RT_STREAM_NO_CB_REG, text }));
    }
}

/// The calls for one thread.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Whose calls are taken.
    streams: Vec<u32>,
    closed: bool,
}

enum Next {
    Run(Job),
    Late,
    Closed,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that may panic runs while it is held.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn put(&self, job: Job) {
        let mut state = self.state();
        if state.closed || !state.streams.contains(&job.stream) {
            drop(state);
            return job.lose();
        }
        state.jobs.push_back(job);
        self.changed.notify_one();
    }

    fn next(&self, deadline: Option<Instant>) -> Next {
        let mut state = self.state();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Next::Run(job);
            }
            if state.closed {
                return Next::Closed;
            }
            state = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner()),
                Some(left) if left.is_zero() => return Next::Late,
                Some(left) => self.changed.wait_timeout(state, left).unwrap_or_else(|poisoned| poisoned.into_inner()).0,
            };
        }
    }

    fn add(&self, stream: u32) {
        self.state().streams.push(stream);
    }

    /// Takes no more calls of a stream; those that wait are lost. Whether it has no stream any more, and is closed.
    fn remove(&self, stream: u32) -> bool {
        let (lost, closed) = {
            let mut state = self.state();
            state.streams.retain(|other| *other != stream);
            let (lost, kept) = state.jobs.drain(..).partition::<VecDeque<_>, _>(|job| job.stream == stream);
            state.jobs = kept;
            (lost, state.streams.is_empty())
        };
        lost.into_iter().for_each(Job::lose);
        closed
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }
}

/// Who runs the callbacks of a stream.
struct Binding {
    queue: Arc<Queue>,
    device: u32,
    /// The program's thread, by `pthread_self`; `None` for one of the runtime.
    thread: Option<u64>,
}

/// By the numbers of the streams.
static BINDINGS: Mutex<BTreeMap<u32, Binding>> = Mutex::new(BTreeMap::new());

fn bindings() -> MutexGuard<'static, BTreeMap<u32, Binding>> {
    BINDINGS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The stream is gone, and with it what it has not called yet.
pub(super) fn forget(stream: &Stream) {
    forget_number(stream.id)
}

fn forget_number(stream: u32) {
    let binding = bindings().remove(&stream);
    if let Some(Binding { queue, thread, .. }) = binding
        && queue.remove(stream)
        && thread.is_some()
    {
        queue.close();
    }
}

/// `thread_id` is what `pthread_self` gives. Several streams of one device may have one thread.
pub(crate) fn aclrtSubscribeReport(thread_id: u64, stream: aclrtStream) -> Outcome {
    let stream = stream::resolve(stream)?;
    let mut bindings = bindings();
    if let Some(binding) = bindings.get(&stream.id) {
        let by = if binding.thread.is_some() { "it has a thread already" } else { "aclrtLaunchHostFunc was used on it" };
        reject!(ACL_ERROR_RT_STREAM_SUBSCRIBE, "stream {}: {by}; one stream has one thread", stream.id)
    }
    let queue = match bindings.values().find(|binding| binding.thread == Some(thread_id)) {
        Some(other) => {
            check!(
                other.device == stream.device,
                ACL_ERROR_RT_THREAD_SUBSCRIBE,
                "threadId {thread_id} runs callbacks of device {}, the stream is of device {}: one device has one thread",
                other.device,
                stream.device
            );
            other.queue.clone()
        }
        None => {
            let mut threads: Vec<_> = bindings.values().filter_map(|binding| binding.thread).collect();
            threads.sort_unstable();
            threads.dedup();
            check!(threads.len() < MOST_THREADS, ACL_ERROR_RT_INTERNAL_ERROR, "{MOST_THREADS} threads run callbacks already");
            Arc::default()
        }
    };
    queue.add(stream.id);
    bindings.insert(stream.id, Binding { queue, device: stream.device, thread: Some(thread_id) });
    Ok(())
}

/// What the stream has not called yet is lost: the stream fails if it comes to it, rather than wait for ever.
pub(crate) fn aclrtUnSubscribeReport(thread_id: u64, stream: aclrtStream) -> Outcome {
    let stream = stream::resolve(stream)?;
    {
        let bindings = bindings();
        let Some(binding) = bindings.get(&stream.id).filter(|binding| binding.thread.is_some()) else {
            reject!(ACL_ERROR_RT_STREAM_SUBSCRIBE, "stream {} has no thread of the program", stream.id)
        };
        check!(
            binding.thread == Some(thread_id),
            ACL_ERROR_RT_THREAD_SUBSCRIBE,
            "threadId is {thread_id}, which does not run the callbacks of stream {}",
            stream.id
        );
    }
    forget(&stream);
    Ok(())
}

/// Runs what is there, at least one.
pub(crate) fn aclrtProcessReport(timeout: i32) -> Outcome {
    check!(
        timeout == -1 || timeout > 0,
        ACL_ERROR_INVALID_PARAM,
        "timeout is {timeout}: -1 (for ever) or more than 0 ms is taken"
    );
    let end = deadline(timeout)?;
    // SAFETY: takes nothing.
    let me = unsafe { libc::pthread_self() } as u64;
    let queue = bindings().values().find(|binding| binding.thread == Some(me)).map(|binding| binding.queue.clone());
    let Some(queue) = queue else {
        reject!(ACL_ERROR_RT_THREAD_SUBSCRIBE, "this thread runs callbacks of no stream: call aclrtSubscribeReport with its id")
    };
    match queue.next(end) {
        Next::Run(first) => first.run(),
        Next::Late => reject!(ACL_ERROR_RT_REPORT_TIMEOUT, "no stream called back within {timeout} ms"),
        Next::Closed => reject!(ACL_ERROR_RT_THREAD_SUBSCRIBE, "this thread was unsubscribed meanwhile"),
    }
    while let Next::Run(job) = queue.next(Some(Instant::now())) {
        job.run();
    }
    Ok(())
}

/// A graph's own queue, whose callbacks run where those of the stream run that it was recorded from. It ends with the graph.
struct Subscribed(u32);

impl Drop for Subscribed {
    fn drop(&mut self) {
        forget_number(self.0)
    }
}

/// A queue entry that calls.
struct Called {
    queue: Arc<Queue>,
    /// Of the queue: the program's, or one of the runtime.
    thread: Option<u64>,
    function: Function,
    argument: usize,
    stream: u32,
    engine: &'static Engine,
    /// Whether the stream holds until it is over.
    blocks: bool,
    over: Arc<OnceLock<Outcome>>,
    /// In a graph.
    subscribed: Option<Arc<Subscribed>>,
}

impl Called {
    /// Sees to it that the calls of a graph's queue run on the thread of this one, whatever becomes of this one's stream.
    fn subscribe(&self, stream: &Stream) -> Arc<Subscribed> {
        if let Some(subscribed) = self.subscribed.as_ref().filter(|subscribed| subscribed.0 == stream.id) {
            return subscribed.clone();
        }
        let mut bindings = bindings();
        // There already where a callback stands before this one.
        bindings.entry(stream.id).or_insert_with(|| {
            self.queue.add(stream.id);
            Binding { queue: self.queue.clone(), device: stream.device, thread: self.thread }
        });
        Arc::new(Subscribed(stream.id))
    }
}

impl Condition for Called {
    fn arrive(&self) {
        let Called { function, argument, stream, engine, .. } = *self;
        self.queue.put(Job { function, argument, stream, engine, over: self.over.clone() });
    }

    fn met(&self) -> bool {
        !self.blocks || self.over.get().is_some()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn pass(&self) -> Outcome {
        self.over.get().cloned().unwrap_or(Ok(()))
    }

    /// The captured stream may be gone by then: the runtime subscribes the graph's queue too (`CallbackLaunchWithoutEvent`).
    fn again(&self, stream: &Arc<Stream>) -> Box<dyn Condition> {
        let subscribed = Some(self.subscribe(stream));
        let Called { ref queue, thread, function, argument, engine, blocks, .. } = *self;
        let (queue, stream, over) = (queue.clone(), stream.id, Arc::default());
        Box::new(Called { queue, thread, function, argument, stream, engine, blocks, over, subscribed })
    }

    /// One that waits for its thread is not to be called any more.
    fn dismissed(&self) {
        _ = self.over.set(Ok(()));
    }
}

/// Enqueues a call for a queue and its thread; `name` is the C function. A graph calls it in each replay.
fn launch(
    name: &'static str,
    (queue, thread): (Arc<Queue>, Option<u64>),
    function: Function,
    argument: *mut c_void,
    blocks: bool,
    stream: &Arc<Stream>,
) -> Outcome {
    let (id, engine, over) = (stream.id, stream.engine(), Arc::default());
    let argument = argument as usize;
    let called = Called { queue, thread, function, argument, stream: id, engine, blocks, over, subscribed: None };
    stream.enqueue(Task::Hold(Box::new(Hold::new(name, called, None))))
}

pub(crate) fn aclrtLaunchCallback(
    callback: aclrtCallback,
    user_data: *mut c_void,
    block_type: aclrtCallbackBlockType,
    stream: aclrtStream,
) -> Outcome {
    check!(
        block_type.name().is_some(),
        ACL_ERROR_INVALID_PARAM,
        "blockType is {}: ACL_CALLBACK_NO_BLOCK (0) or ACL_CALLBACK_BLOCK (1) is taken",
        block_type.0
    );
    let Some(callback) = callback else { reject!(ACL_ERROR_RT_PARAM_INVALID, "fn is null") };
    let stream = stream::resolve(stream)?;
    let queue = match bindings().get(&stream.id) {
        None => reject!(
            ACL_ERROR_RT_STREAM_NO_CB_REG,
            "stream {} has no thread that runs its callbacks: call aclrtSubscribeReport first",
            stream.id
        ),
        Some(Binding { thread: None, .. }) => {
            reject!(ACL_ERROR_RT_STREAM_SUBSCRIBE, "aclrtLaunchHostFunc was used on stream {}: the two do not mix", stream.id)
        }
        Some(binding) => (binding.queue.clone(), binding.thread),
    };
    launch("aclrtLaunchCallback", queue, callback, user_data, block_type == ACL_CALLBACK_BLOCK, &stream)
}

/// One thread of the runtime serves all streams of a context, as in CANN: a function that waits for another one's does so for
/// ever.
pub(crate) fn aclrtLaunchHostFunc(stream: aclrtStream, function: aclrtHostFunc, args: *mut c_void) -> Outcome {
    let Some(function) = function else { reject!(ACL_ERROR_RT_PARAM_INVALID, "fn is null") };
    let stream = stream::resolve(stream)?;
    let queue = {
        let mut bindings = bindings();
        match bindings.get(&stream.id) {
            Some(Binding { thread: Some(_), .. }) => {
                reject!(ACL_ERROR_RT_STREAM_SUBSCRIBE, "stream {} has a thread of the program: the two do not mix", stream.id)
            }
            Some(binding) => binding.queue.clone(),
            None => {
                let queue = host_functions(&*current()?)?;
                queue.add(stream.id);
                bindings.insert(stream.id, Binding { queue: queue.clone(), device: stream.device, thread: None });
                queue
            }
        }
    };
    launch("aclrtLaunchHostFunc", (queue, None), function, args, true, &stream)
}

/// The queue of the context's own thread, which is started when it is needed first.
fn host_functions(context: &Context) -> Outcome<Arc<Queue>> {
    if let Some(queue) = context.host_functions.get() {
        return Ok(queue.clone());
    }
    // The table of bindings is locked: nobody else starts one meanwhile.
    let queue = Arc::new(Queue::default());
    let thread = std::thread::Builder::new().name("cann-sim-host-functions".into()).spawn({
        let queue = queue.clone();
        move || {
            while let Next::Run(job) = queue.next(None) {
                job.run();
            }
        }
    });
    if let Err(error) = thread {
        reject!(ACL_ERROR_RT_MEMORY_ALLOCATION, "the thread that runs host functions cannot start: {error}")
    }
    Ok(context.host_functions.get_or_init(|| queue).clone())
}

const OF_CPU_MODELS: &str = "it is for models with operators of the host, on IPV350";

pub(crate) fn aclrtSubscribeHostFunc(_thread_id: u64, _stream: aclrtStream) -> Outcome {
    unsupported(OF_CPU_MODELS)
}

pub(crate) fn aclrtUnSubscribeHostFunc(_thread_id: u64, _stream: aclrtStream) -> Outcome {
    unsupported(OF_CPU_MODELS)
}

pub(crate) fn aclrtProcessHostFunc(_timeout: i32) -> Outcome {
    unsupported(OF_CPU_MODELS)
}
