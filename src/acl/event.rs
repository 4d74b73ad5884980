//! [`Event`]: a mark in a stream's queue, and [`Timer`]: two of them with the time between.
//!
//! Events are a scarce resource on a card (65,535 recorded at a time), so nothing in the library keeps one per buffer.

use super::device::{Device, Handle};
use super::recent::Calls;
use super::stream::{milliseconds, surfaced};
use super::{Stream, StreamId};
use crate::error::Result;
use crate::sys::check;
use ascend_rl_sys::types::*;
use std::ffi::c_void;
use std::time::Duration;
use std::{fmt, ptr};

/// A mark behind the work that a stream had queued when it was recorded. [`Stream::wait`] orders another stream behind it.
///
/// `Send` and `Sync`: any thread may ask for it or wait for it.
#[must_use = "an event that nothing waits for orders nothing"]
pub struct Event {
    raw: RawEvent,
    stream: StreamId,
    sequence: u64,
    calls: Calls,
}

/// Measures work on a stream: the time between two marks, as the device counts it.
#[must_use = "only `stop` gives the time"]
#[derive(Debug)]
pub struct Timer(Event);

impl Event {
    pub(super) fn record(stream: &Stream) -> Result<Event> {
        // One that may be recorded again and that can be destroyed while waits are pending; no time stamp, which costs.
        Event::with_flags(stream, ACL_EVENT_SYNC)
    }

    fn with_flags(stream: &Stream, flags: u32) -> Result<Event> {
        stream.check_queue("aclrtRecordEvent")?;
        let raw = RawEvent::new(stream.device(), flags)?;
        let calls = stream.calls();
        let handle = raw.handle.0;
        // SAFETY: stream and event are alive and of the current context.
        stream.enqueue("aclrtRecordEvent", |s| unsafe { (stream.api().acl.aclrtRecordEvent)(handle, s) })?;
        Ok(Event { raw, stream: stream.id(), sequence: stream.inner().sequence(), calls })
    }

    /// Whether the marked work has run. Does not block.
    ///
    /// CANN: aclrtQueryEventStatus.
    pub fn is_complete(&self) -> Result<bool> {
        self.raw.is_complete()
    }

    /// Waits, on the host, for the marked work.
    ///
    /// Order: blocks. Errors: `Async` if queued work failed, or if something of this device failed while it was dropped;
    /// `Collective` as [`Stream::synchronize`].
    /// CANN: aclrtSynchronizeEvent, HcclGetCommAsyncError.
    pub fn synchronize(&self) -> Result<()> {
        // SAFETY: the event is alive and its context current, which `finish` sees to.
        self.finish("aclrtSynchronizeEvent", |event| unsafe { (self.device().api().acl.aclrtSynchronizeEvent)(event) })
    }

    /// The same, at most for a time.
    ///
    /// Order: blocks. Errors: `Timeout`, and as [`Event::synchronize`].
    /// CANN: aclrtSynchronizeEventWithTimeout.
    pub fn synchronize_for(&self, time: Duration) -> Result<()> {
        let ms = milliseconds(time);
        // SAFETY: as in `synchronize`.
        let wait = |event| unsafe { (self.device().api().acl.aclrtSynchronizeEventWithTimeout)(event, ms) };
        self.finish("aclrtSynchronizeEventWithTimeout", wait)
    }

    pub(super) fn device(&self) -> &Device {
        &self.raw.device
    }

    pub(super) fn raw(&self) -> aclrtEvent {
        self.raw.handle.0
    }

    pub(super) fn stream(&self) -> StreamId {
        self.stream
    }

    /// How many calls the stream had queued with it.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    fn finish(&self, call: &'static str, f: impl FnOnce(*mut c_void) -> i32) -> Result<()> {
        let device = self.device();
        device.0.bind()?;
        match f(self.raw()) {
            0 => device.0.check_deferred(),
            code => Err(surfaced(device, call, code, self.stream, &self.calls)),
        }
    }
}

impl Stream {
    /// Starts a time measurement behind the work queued so far.
    ///
    /// Order: enqueues. CANN: aclrtCreateEventExWithFlag, aclrtRecordEvent.
    pub fn timer(&self) -> Result<Timer> {
        Event::with_flags(self, ACL_EVENT_SYNC | ACL_EVENT_TIME_LINE).map(Timer)
    }
}

impl Timer {
    /// The time from the start to the end of the work queued on `stream` so far.
    ///
    /// Order: blocks. Errors: `WrongDevice` if the stream is of another device; as [`Event::synchronize`].
    /// CANN: aclrtRecordEvent, aclrtSynchronizeEvent, aclrtEventElapsedTime.
    pub fn stop(self, stream: &Stream) -> Result<Duration> {
        stream.device().check_same("the timer", self.0.device())?;
        let end = Event::with_flags(stream, ACL_EVENT_SYNC | ACL_EVENT_TIME_LINE)?;
        end.synchronize()?;
        let mut ms = 0.0;
        // SAFETY: both events are alive and recorded, the context is current, and `ms` outlives the call.
        let code = unsafe { (stream.api().acl.aclrtEventElapsedTime)(&mut ms, self.0.raw(), end.raw()) };
        check(stream.api(), "aclrtEventElapsedTime", code)?;
        // Another stream's end may lie before the start: that is no time.
        Ok(Duration::try_from_secs_f64(f64::from(ms) / 1e3).unwrap_or_default())
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event(call {} of {})", self.sequence, self.stream)
    }
}

/// An event of CANN, destroyed on drop; legal while work on it is pending.
pub(super) struct RawEvent {
    pub(super) handle: Handle,
    pub(super) device: Device,
}

impl RawEvent {
    pub(super) fn new(device: &Device, flags: u32) -> Result<RawEvent> {
        device.0.bind()?;
        let mut event = ptr::null_mut();
        // SAFETY: `event` outlives the call; the device's context is current.
        let code = unsafe { (device.api().acl.aclrtCreateEventExWithFlag)(&mut event, flags) };
        check(device.api(), "aclrtCreateEventExWithFlag", code)?;
        Ok(RawEvent { handle: Handle(event), device: device.clone() })
    }

    /// Whether its latest record has been reached.
    pub(super) fn is_complete(&self) -> Result<bool> {
        let api = self.device.api();
        self.device.0.bind()?;
        let mut status = ACL_EVENT_RECORDED_STATUS_NOT_READY;
        // SAFETY: the event is alive, its context current, and `status` outlives the call.
        let code = unsafe { (api.acl.aclrtQueryEventStatus)(self.handle.0, &mut status) };
        check(api, "aclrtQueryEventStatus", code)?;
        Ok(status == ACL_EVENT_RECORDED_STATUS_COMPLETE)
    }
}

impl Drop for RawEvent {
    fn drop(&mut self) {
        let device = &self.device;
        let ended = device.0.bind().and_then(|()| {
            // SAFETY: alive until here, and its context is current.
            let code = unsafe { (device.api().acl.aclrtDestroyEvent)(self.handle.0) };
            check(device.api(), "aclrtDestroyEvent", code)
        });
        if let Err(error) = ended {
            device.0.defer(error);
        }
    }
}
