//! [`Transfer`]: a copy between pinned and device memory that runs while the program goes on.

use super::{Element, Event, PinnedBuffer, Slice, SliceMut, Stream};
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use std::ffi::c_void;
use std::fmt;
use std::mem::ManuallyDrop;

/// A copy on its way, with the pinned memory that it uses. [`Transfer::wait`] gives that back.
///
/// Dropping it waits. Leaking it leaks the memory: no borrow is involved, so nothing can see it half copied.
#[must_use = "dropping a transfer waits for it"]
pub struct Transfer<T> {
    pinned: ManuallyDrop<PinnedBuffer<T>>,
    event: ManuallyDrop<Event>,
}

impl Stream {
    /// Copies pinned memory to the device.
    ///
    /// Order: enqueues; `dst` has the values for work queued behind.
    /// Errors: `Length` if the lengths differ; `WrongStream`; `WrongDevice`. The pinned memory is then freed.
    /// CANN: aclrtMemcpyAsync, aclrtRecordEvent.
    pub fn send<'a, T: Element>(&self, src: PinnedBuffer<T>, dst: impl Into<SliceMut<'a, T>>) -> Result<Transfer<T>> {
        let dst = dst.into();
        self.check_home("the destination", dst.stream())?;
        self.transfer(src, dst.len(), |pinned| (dst.address(), pinned, ACL_MEMCPY_HOST_TO_DEVICE))
    }

    /// Copies device memory to pinned memory.
    ///
    /// Order: enqueues; behind everything queued before. `src` may be reused or dropped after the call.
    /// Errors: `Length` if the lengths differ; `WrongStream`; `WrongDevice`. The pinned memory is then freed.
    /// CANN: aclrtMemcpyAsync, aclrtRecordEvent.
    pub fn receive<'a, T: Element>(&self, src: impl Into<Slice<'a, T>>, dst: PinnedBuffer<T>) -> Result<Transfer<T>> {
        let src = src.into();
        self.check_home("the source", src.stream())?;
        self.transfer(dst, src.len(), |pinned| (pinned, src.address(), ACL_MEMCPY_DEVICE_TO_HOST))
    }

    fn transfer<T: Element>(
        &self,
        pinned: PinnedBuffer<T>,
        len: usize,
        plan: impl FnOnce(*mut c_void) -> (*mut c_void, *mut c_void, aclrtMemcpyKind),
    ) -> Result<Transfer<T>> {
        self.device().check_same("the pinned memory", pinned.device())?;
        self.check_queue("a copy of pinned memory")?;
        if pinned.len() != len {
            let text = format!("{} values of pinned memory and {len} on the device; the lengths must agree", pinned.len());
            return Err(Error::new(ErrorKind::Length, text));
        }
        let (dst, src, kind) = plan(pinned.address().cast());
        let bytes = len * size_of::<T>();
        let copy = self.api().acl.aclrtMemcpyAsync;
        // From here on a device may use the memory: it is freed only after a wait.
        let pinned = ManuallyDrop::new(pinned);
        // SAFETY: both sides have `bytes` bytes; the pinned side is kept until the event below is complete, the device side is
        // this stream's (checked), hence ordered by its queue.
        let queued = self.enqueue("aclrtMemcpyAsync", |stream| unsafe { copy(dst, bytes, src, bytes, kind, stream) });
        match queued.and_then(|()| self.record()) {
            Ok(event) => Ok(Transfer { pinned, event: ManuallyDrop::new(event) }),
            Err(error) => {
                // Without an event only the whole stream can be waited for; if that fails too, the memory leaks.
                if self.synchronize().is_ok() {
                    drop(ManuallyDrop::into_inner(pinned));
                }
                Err(error)
            }
        }
    }
}

impl<T> Transfer<T> {
    /// Whether the copy has been made. Does not block.
    pub fn is_complete(&self) -> Result<bool> {
        self.event.is_complete()
    }

    /// Waits for the copy and gives the pinned memory back.
    ///
    /// Order: blocks. Errors: `Async` if the copy, or work queued before it, failed. The memory is then leaked.
    /// CANN: aclrtSynchronizeEvent.
    pub fn wait(self) -> Result<PinnedBuffer<T>> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is never dropped or used again, so each part is taken once.
        let (pinned, event) = unsafe { (ManuallyDrop::take(&mut this.pinned), ManuallyDrop::take(&mut this.event)) };
        let pinned = ManuallyDrop::new(pinned);
        event.synchronize()?;
        Ok(ManuallyDrop::into_inner(pinned))
    }
}

impl<T> fmt::Debug for Transfer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transfer<{}>({:?})", std::any::type_name::<T>(), *self.event)
    }
}

impl<T> Drop for Transfer<T> {
    fn drop(&mut self) {
        // SAFETY: dropped once, here, and not used after.
        let event = unsafe { ManuallyDrop::take(&mut self.event) };
        match event.synchronize() {
            // SAFETY: as above; the copy has ended.
            Ok(()) => unsafe { ManuallyDrop::drop(&mut self.pinned) },
            // The device may still use the memory: leaked.
            Err(error) => event.device().0.defer(error),
        }
    }
}
