//! [`Stream`]: a queue of work on a device, and the one way to put something into it.

use super::callback::Caller;
use super::device::{self, Device, Handle};
use super::drain::{End, PATIENCE};
use super::recent::{Calls, Recent};
use super::record::{Mode, Recording};
use super::staging::Staging;
use super::trace::Traced;
use super::{DeviceBuffer, Event, MemoryStats, StreamOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::{check, failure};
use ascend_rl_sys::{Api, types::*};
use std::cell::{OnceCell, RefCell};
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fmt, ptr};

/// Which stream: unique in the process, never reused. Error texts name streams by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamId(u64);

/// A queue of work on one device.
///
/// Work of one stream runs in the order in which it was queued; work of two streams in any order, unless an event
/// ([`Stream::wait`]) or a [`Stream::fork`] says otherwise. Methods that enqueue return at once; what they enqueued sees
/// everything queued before. Failures of queued work surface at the next synchronising call, which names the calls it could be.
///
/// Dropping a stream does not wait while buffers live on it; the last of them waits and destroys it. Where its queue waits for
/// another stream's, and ranks are behind with a collective of this device, it waits for a second and then drops what has not run;
/// the device's next wait reports it.
///
/// `Send`, not `Sync`, not `Clone`: CANN lets two threads share a stream and leaves its order to them, which has no meaning.
/// ```compile_fail
/// fn shared<T: Sync>() {}
/// shared::<ascend_rl::acl::Stream>();
/// ```
/// ```
/// fn sent<T: Send>() {}
/// sent::<ascend_rl::acl::Stream>();
/// ```
pub struct Stream {
    inner: Arc<StreamInner>,
    recent: Recent,
    workspace: RefCell<Option<DeviceBuffer<u8>>>,
    traced: OnceCell<Traced>,
    pub(super) recording: Recording,
}

/// What buffers keep alive: the queue behind which their memory may be reused.
pub(crate) struct StreamInner {
    raw: Handle,
    id: StreamId,
    device: Device,
    /// Calls queued so far. Written by the one thread that has the [`Stream`].
    sequence: AtomicU64,
    /// Whether the queue was given up: CANN's stream is gone.
    ended: AtomicBool,
    /// Whether something queued since the last good synchronise waits for another stream.
    waits: AtomicBool,
    /// Whether CANN's stream belongs to somebody else, who destroys it.
    pub(super) foreign: bool,
    pub(super) staging: Mutex<Option<Staging>>,
    /// The thread that calls for it, where the toolkit has none.
    pub(super) caller: Mutex<Option<Caller>>,
}

/// 0 is the allocator's word for "no stream".
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl Stream {
    pub(super) fn new(device: &Device) -> Result<Stream> {
        device.0.bind()?;
        let mut raw = ptr::null_mut();
        // SAFETY: `raw` outlives the call; the device's context is current.
        check(device.api(), "aclrtCreateStream", unsafe { (device.api().acl.aclrtCreateStream)(&mut raw) })?;
        Ok(Stream::from_raw(device, Handle(raw), false))
    }

    pub(super) fn with(device: &Device, options: &StreamOptions) -> Result<Stream> {
        device.0.bind()?;
        let (mut raw, create) = (ptr::null_mut(), device.api().acl.aclrtCreateStreamWithConfig);
        // SAFETY: `raw` outlives the call; the device's context is current.
        let code = unsafe { create(&mut raw, options.priority, options.flags()) };
        check(device.api(), "aclrtCreateStreamWithConfig", code)?;
        let stream = Stream::from_raw(device, Handle(raw), false);
        if options.stop_on_failure {
            stream.stop_on_failure()?;
        }
        Ok(stream)
    }

    /// From a live stream of CANN's, which the drop destroys unless it is somebody else's.
    pub(super) fn from_raw(device: &Device, raw: Handle, foreign: bool) -> Stream {
        let inner = StreamInner {
            raw,
            id: StreamId(NEXT_ID.fetch_add(1, Relaxed)),
            device: device.clone(),
            sequence: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            waits: AtomicBool::new(false),
            foreign,
            staging: Mutex::default(),
            caller: Mutex::default(),
        };
        Stream {
            inner: Arc::new(inner),
            recent: Recent::new(),
            workspace: RefCell::default(),
            traced: OnceCell::new(),
            recording: Recording::new(),
        }
    }

    /// The device it queues work on.
    pub fn device(&self) -> &Device {
        &self.inner.device
    }

    /// Its name in error texts.
    pub fn id(&self) -> StreamId {
        self.inner.id
    }

    /// Memory of the device as the allocator counts it.
    pub fn memory_stats(&self) -> MemoryStats {
        self.device().memory_stats()
    }

    /// Waits for everything queued.
    ///
    /// Order: blocks. Errors: `Async` if queued work failed, or if something of this device failed while it was dropped;
    /// `Collective` if the work was between ranks, with those that are behind, or if a communicator of this device has failed,
    /// whose results may have come here through an event; that lasts until it is dropped.
    /// CANN: aclrtSynchronizeStream, HcclGetCommAsyncError.
    pub fn synchronize(&self) -> Result<()> {
        // SAFETY: the stream is alive and its context current, which `finish` sees to.
        self.finish("aclrtSynchronizeStream", |stream| unsafe { (self.api().acl.aclrtSynchronizeStream)(stream) })
    }

    /// The same, at most for a time. After a `Timeout` the work goes on.
    ///
    /// Order: blocks. Errors: `Timeout`, and as [`Stream::synchronize`].
    /// CANN: aclrtSynchronizeStreamWithTimeout.
    pub fn synchronize_for(&self, time: Duration) -> Result<()> {
        let ms = milliseconds(time);
        // SAFETY: as in `synchronize`.
        let wait = |stream| unsafe { (self.api().acl.aclrtSynchronizeStreamWithTimeout)(stream, ms) };
        self.finish("aclrtSynchronizeStreamWithTimeout", wait)
    }

    /// Whether everything queued has run. Does not block.
    ///
    /// CANN: aclrtStreamQuery.
    pub fn is_idle(&self) -> Result<bool> {
        self.check_queue("aclrtStreamQuery")?;
        self.inner.device.0.bind()?;
        let mut status = ACL_STREAM_STATUS_NOT_READY;
        // SAFETY: the stream is alive, its context current, and `status` outlives the call.
        let code = unsafe { (self.api().acl.aclrtStreamQuery)(self.inner.raw.0, &mut status) };
        check(self.api(), "aclrtStreamQuery", code)?;
        Ok(status == ACL_STREAM_STATUS_COMPLETE)
    }

    /// Marks the work queued so far.
    ///
    /// Order: enqueues. CANN: aclrtCreateEventExWithFlag, aclrtRecordEvent.
    pub fn record(&self) -> Result<Event> {
        Event::record(self)
    }

    /// Work queued here from now on runs after what `event` marks. The host does not wait.
    ///
    /// Order: enqueues. Errors: `WrongDevice` if the event is of another device.
    /// CANN: aclrtStreamWaitEvent.
    pub fn wait(&self, event: &Event) -> Result<()> {
        self.device().check_same("the event", event.device())?;
        self.check_queue("aclrtStreamWaitEvent")?;
        self.waits_for_others();
        // SAFETY: stream and event are alive and of the current context.
        self.enqueue("aclrtStreamWaitEvent", |stream| unsafe { (self.api().acl.aclrtStreamWaitEvent)(stream, event.raw()) })
    }

    /// What is queued next waits for another stream's work.
    pub(super) fn waits_for_others(&self) {
        self.inner.waits.store(true, Relaxed);
    }

    pub(crate) fn inner(&self) -> &Arc<StreamInner> {
        &self.inner
    }

    pub(crate) fn api(&self) -> &Api {
        self.inner.device.api()
    }

    /// The one way into the queue: `f` makes the call named `call`, with the device's context current.
    #[inline]
    pub(crate) fn enqueue(&self, call: &'static str, f: impl FnOnce(aclrtStream) -> i32) -> Result<()> {
        self.inner.device.0.bind()?;
        self.enqueue_bound(call, f)
    }

    /// The same right behind [`Stream::plan`], which has made the device's context current on this thread.
    #[inline]
    pub(crate) fn enqueue_bound(&self, call: &'static str, f: impl FnOnce(aclrtStream) -> i32) -> Result<()> {
        self.enqueue_as_bound(call, call, f)
    }

    /// As [`Stream::enqueue`], for work that has a name of its own: `call` is only named where it fails.
    pub(super) fn enqueue_as(&self, name: &'static str, call: &'static str, f: impl FnOnce(aclrtStream) -> i32) -> Result<()> {
        self.inner.device.0.bind()?;
        self.enqueue_as_bound(name, call, f).map_err(|error| error.context(name))
    }

    #[inline]
    fn enqueue_as_bound(&self, name: &'static str, call: &'static str, f: impl FnOnce(aclrtStream) -> i32) -> Result<()> {
        self.recent.note(name);
        // Not a read-modify-write: only the thread that has the `Stream` writes.
        self.inner.sequence.store(self.inner.sequence.load(Relaxed) + 1, Relaxed);
        let queue = || check(self.api(), call, f(self.inner.raw.0));
        match (self.recording.mode(), self.traced.get()) {
            (Mode::Queue, Some(traced)) => traced.around(name, self.inner.raw.0, queue),
            (Mode::Repeat, _) => Err(self.not_recorded(call)),
            // A trace has events, which a graph would not.
            _ => queue(),
        }
    }

    /// A call that the host makes for the stream's device before it enqueues: the planning phase of an operator.
    #[inline]
    pub(crate) fn plan(&self, call: &'static str, f: impl FnOnce() -> i32) -> Result<()> {
        self.inner.device.0.bind()?;
        check(self.api(), call, f())
    }

    /// Gives the stream itself to a call that enqueues nothing: to whoever will enqueue on it later.
    pub(crate) fn hand_over(&self, call: &'static str, f: impl FnOnce(aclrtStream) -> i32) -> Result<()> {
        self.plan(call, || f(self.inner.raw.0))
    }

    /// At least `bytes` of scratch memory (null for none) for the next operator on this stream. The one after it may get the
    /// same bytes, because it is queued behind.
    pub(crate) fn workspace(&self, bytes: usize) -> Result<*mut c_void> {
        let mut workspace = self.workspace.borrow_mut();
        match &*workspace {
            _ if bytes == 0 => return Ok(ptr::null_mut()),
            Some(buffer) if buffer.len() >= bytes => return Ok(buffer.address()),
            _ => {}
        }
        // The old one goes first: memory may be short, and it may grow in place.
        *workspace = None;
        let buffer = self.alloc::<u8>(bytes)?;
        Ok(workspace.insert(buffer).address())
    }

    /// `WrongStream` unless memory tagged with `home` may be used here; `what` names it.
    #[inline]
    pub(crate) fn check_home(&self, what: &str, home: StreamId) -> Result<()> {
        if home == self.inner.id { Ok(()) } else { Err(self.wrong_stream(what, home)) }
    }

    /// The error of memory, named `what`, that is at home on another stream.
    #[cold]
    pub(crate) fn wrong_stream(&self, what: &str, home: StreamId) -> Error {
        let text = format!("{what} lives on {home} and was used on {}; `fork` lends it, `rehome` moves it", self.inner.id);
        Error::new(ErrorKind::WrongStream, text)
    }

    pub(super) fn raw(&self) -> aclrtStream {
        self.inner.raw.0
    }

    /// Once; else the value comes back.
    pub(super) fn set_traced(&self, traced: Traced) -> std::result::Result<(), Traced> {
        self.traced.set(traced)
    }

    pub(super) fn calls(&self) -> Calls {
        self.recent.snapshot()
    }

    fn finish(&self, call: &'static str, f: impl FnOnce(aclrtStream) -> i32) -> Result<()> {
        self.check_queue(call)?;
        self.inner.device.0.bind()?;
        let code = f(self.inner.raw.0);
        if code != 0 {
            return Err(surfaced(self.device(), call, code, self.inner.id, &self.calls()));
        }
        self.recent.clear();
        self.inner.waits.store(false, Relaxed);
        if let Some(traced) = self.traced.get() {
            traced.settle();
        }
        self.inner.reset_staging();
        self.inner.device.0.check_deferred()
    }
}

/// The error of a wait: what had been queued is to blame, unless it was the time.
pub(super) fn surfaced(device: &Device, call: &'static str, code: i32, stream: StreamId, calls: &Calls) -> Error {
    let error = failure(device.api(), call, code);
    let error = match error.kind() {
        ErrorKind::Timeout => error.context(format!("{stream} is still at work; {calls}")),
        _ => device::surfaced(error).context(format!("work queued on {stream} failed; {calls}")),
    };
    device.0.explain(error, Some(stream))
}

/// CANN's timeout: at least one millisecond (0 is refused), at most what fits.
pub(super) fn milliseconds(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX).max(1)
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {:?}", self.inner.id, self.inner.device)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream {}", self.0)
    }
}

impl StreamId {
    /// The number in its name: from 1 on, in the order of creation.
    pub fn number(self) -> u64 {
        self.0
    }

    /// The allocator's name for the stream.
    pub(super) fn owner(self) -> u64 {
        self.0
    }
}

impl StreamInner {
    pub(crate) fn id(&self) -> StreamId {
        self.id
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    pub(super) fn sequence(&self) -> u64 {
        self.sequence.load(Relaxed)
    }

    pub(super) fn raw(&self) -> aclrtStream {
        self.raw.0
    }

    /// From now on CANN's stream counts as gone; whether it did before.
    pub(super) fn end(&self) -> bool {
        self.ended.swap(true, Relaxed)
    }

    /// Whether it counts as gone.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    /// The last wait. One that no collective can hold up has no limit: what was queued is to run.
    fn last_wait(&self) -> End {
        if self.waits.load(Relaxed) && self.device.0.has_witnesses() {
            return self.drain(PATIENCE);
        }
        let wait = self.device.api().acl.aclrtSynchronizeStream;
        // SAFETY: the stream is alive, and `call` makes its context current.
        match self.device.call("aclrtSynchronizeStream", || unsafe { wait(self.raw.0) }) {
            Ok(()) => End::Idle,
            Err(error) => End::Failed(error),
        }
    }
}

impl Drop for StreamInner {
    fn drop(&mut self) {
        let (device, acl) = (&self.device.0, &self.device.api().acl);
        // Before it goes: whoever calls for it must be there while it is waited for, and not use it afterwards.
        let mut caller = self.caller.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if self.ended.load(Relaxed) {
            caller.iter_mut().for_each(Caller::stream_is_gone);
            // As where the wait fails below, and reported already.
            return self.leak_staging();
        }
        match self.last_wait() {
            // The last buffer is gone, so nobody can give blocks to this stream any more.
            End::Idle => device.pool().settle(Some(self.id.owner())),
            // Nobody knows what still runs: its blocks wait for a good synchronise of the device, its host memory leaks.
            End::Failed(error) => {
                self.leak_staging();
                device.defer(error.context(format!("{} was dropped", self.id)));
            }
            End::Late(behind) => {
                let text = format!("its queue waited for work of another stream that does not end: {behind}");
                self.give_up(Error::new(ErrorKind::Collective, text));
                caller.iter_mut().for_each(Caller::stream_is_gone);
                return self.leak_staging();
            }
        }
        drop(caller);
        if self.is_foreign() {
            return;
        }
        // SAFETY: alive until here, and no handle to it is left.
        let code = unsafe { (acl.aclrtDestroyStream)(self.raw.0) };
        if let Err(error) = check(device.api(), "aclrtDestroyStream", code) {
            device.defer(error.context(format!("{} was dropped", self.id)));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Cann, Device};

    #[test]
    fn the_workspace_grows_and_is_reused() {
        let stream = Device::open(&Cann::in_process().unwrap(), 0).unwrap().stream().unwrap();
        assert!(stream.workspace(0).unwrap().is_null());
        let first = stream.workspace(100).unwrap();
        assert!(first.addr().is_multiple_of(512) && !first.is_null());
        assert_eq!(stream.workspace(99).unwrap(), first);
        stream.workspace(5 << 20).unwrap();
        let allocations = stream.memory_stats().allocations;
        stream.workspace(1 << 20).unwrap();
        stream.workspace(5 << 20).unwrap();
        assert_eq!(stream.memory_stats().allocations, allocations);
        drop(stream);
    }
}
