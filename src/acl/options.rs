//! How a stream is to be, and what becomes of its work when it must end early.

use super::Stream;
use crate::error::Result;
use ascend_rl_sys::types::*;

/// How a stream is to be: [`super::Device::stream_with`].
///
/// ```
/// # use ascend_rl::{Cann, Device, Result, acl::StreamOptions};
/// # fn main() -> Result<()> {
/// # let device = Device::open(&Cann::sim()?, 0)?;
/// let stream = device.stream_with(&StreamOptions { priority: 7, ..Default::default() })?;
/// assert_eq!(stream.priority()?, 7);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamOptions {
    /// From 0, the highest and the default, to 7. What is out of range is taken for the nearest. A hint: where two streams
    /// could run, the higher goes first.
    pub priority: u32,
    /// Takes the queue's memory when the stream is made: the first calls are faster, the stream costs more.
    pub fast_launch: bool,
    /// Waits for this stream spin: they end sooner and cost a core.
    pub fast_sync: bool,
    /// Drops what is queued behind a failure. Otherwise it runs, on whatever the failure has left in memory.
    pub stop_on_failure: bool,
}

impl StreamOptions {
    /// CANN's flags for them.
    pub(super) fn flags(&self) -> u32 {
        let flag = |on, flag| if on { flag } else { 0 };
        flag(self.fast_launch, ACL_STREAM_FAST_LAUNCH) | flag(self.fast_sync, ACL_STREAM_FAST_SYNC)
    }
}

impl Stream {
    /// Its priority: 0 is the highest.
    ///
    /// Errors: `MissingSymbol` before CANN 8.5. CANN: aclrtStreamGetPriority.
    pub fn priority(&self) -> Result<u32> {
        let device = self.device();
        let get = device.optional("aclrtStreamGetPriority", self.api().acl.aclrtStreamGetPriority)?;
        let mut priority = 0;
        // SAFETY: the stream is alive and its context current; `priority` outlives the call.
        device.call("aclrtStreamGetPriority", || unsafe { get(self.raw(), &mut priority) })?;
        Ok(priority)
    }

    /// From now on what is queued behind a failure is dropped. There is no way back.
    ///
    /// Errors: `MissingSymbol` where the toolkit lacks the function; `Unsupported` for a context's default stream.
    /// CANN: aclrtSetStreamFailureMode.
    pub fn stop_on_failure(&self) -> Result<()> {
        let device = self.device();
        let set = device.optional("aclrtSetStreamFailureMode", self.api().acl.aclrtSetStreamFailureMode)?;
        // SAFETY: the stream is alive and its context current.
        device.call("aclrtSetStreamFailureMode", || unsafe { set(self.raw(), ACL_STOP_ON_FAILURE) })
    }

    /// Drops what is queued and has not begun to run. The stream can be used again; what the dropped work would have written
    /// holds whatever it held. A thread that waits for an event of this stream may get an error.
    ///
    /// Functions of [`Stream::host_callback`] that have not been called will not be, and what they captured leaks.
    /// Order: blocks until what runs has ended, or was stopped.
    /// Errors: `MissingSymbol` where the toolkit lacks the function. CANN: aclrtStreamAbort.
    pub fn abort(&self) -> Result<()> {
        let device = self.device();
        let abort = device.optional("aclrtStreamAbort", self.api().acl.aclrtStreamAbort)?;
        // SAFETY: the stream is alive and its context current.
        device.call("aclrtStreamAbort", || unsafe { abort(self.raw()) })
    }
}
