//! [`DeviceBuffer`]: device memory with a home stream. Here is why it is sound.
//!
//! 1. *A buffer has a home stream, and is used there.* Work on one stream is ordered by its queue, so the borrow at the time
//!    of the enqueue is the right rule: Rust forbids to enqueue a writer while a view is held, and the queue makes enqueue
//!    order execution order. Drop gives the block to the free list *of that stream*: the next allocation there may have it
//!    with no wait, because its work is queued behind. `aclrtFree`, which does not wait, only sees memory after a synchronise.
//! 2. *Two ways to another stream, and no guard in user hands.* [`Stream::fork`] lends: the other stream waits for this one
//!    first, and this one for the other on the way out, also on panic, by a guard that lives in our frame. So the buffer is
//!    ordered by its home queue alone again. [`DeviceBuffer::rehome`] moves: the event that orders it must be the last thing
//!    that was queued on the old home, so no later use of the buffer can be missed.
//! 3. *Device memory is never a Rust place.* No reference points into it, and `T: Pod` makes any bytes a valid download. There is
//!    nothing a caller can `mem::forget` that would let a block be reused while a stream still works on it: views borrow the
//!    buffer, forks end in our frame, rehoming takes `&mut`. If the closing wait of a fork fails, and then the synchronise of
//!    the other stream too, the device is poisoned and its blocks are leaked rather than reused.
//! 4. *Host memory is a Rust place*, so the rule is stricter: slices are copied before the call returns; copies that outlive
//!    their call take a [`super::PinnedBuffer`] by value.

use super::pool::BlockId;
use super::{Element, Event, Slice, SliceMut, Stream, StreamInner};
use crate::error::{Error, ErrorKind, Result};
use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::RangeBounds;
use std::sync::Arc;
use std::{fmt, ptr};

/// Memory on a device for `len` values of type `T`, used on its home stream. See the module's source for why it is sound.
///
/// `Send` and `Sync`: a shared buffer gives only views, and freeing from another thread only adds to a list behind a mutex.
/// It keeps the stream's queue alive, so it may outlive the [`Stream`].
pub struct DeviceBuffer<T> {
    address: usize,
    len: usize,
    /// `None` where there is nothing to hold.
    block: Option<BlockId>,
    home: Arc<StreamInner>,
    element: PhantomData<T>,
}

impl Stream {
    /// Memory for `len` values, 512-byte aligned. The contents are arbitrary, never undefined.
    ///
    /// Order: usable at once for work on this stream. Blocks only when the device has no more memory.
    /// Errors: `OutOfMemory`, with what was asked, what is allocated and cached, and what is free.
    /// CANN: aclrtMalloc, when nothing cached fits.
    pub fn alloc<T: Element>(&self, len: usize) -> Result<DeviceBuffer<T>> {
        let home = self.inner();
        let (block, address) = match len.saturating_mul(size_of::<T>()) {
            0 => (None, 0),
            bytes => {
                let (block, address) = home.device().0.allocate(home.id().owner(), bytes)?;
                (Some(block), address)
            }
        };
        Ok(DeviceBuffer { address, len, block, home: home.clone(), element: PhantomData })
    }
}

impl<T> DeviceBuffer<T> {
    /// Elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes.
    pub fn bytes(&self) -> usize {
        self.len * size_of::<T>()
    }

    /// The address on the device; null where there are no elements.
    pub(crate) fn address(&self) -> *mut c_void {
        ptr::without_provenance_mut(self.address)
    }

    pub(crate) fn home(&self) -> &Arc<StreamInner> {
        &self.home
    }

    /// Moves the buffer to another stream of the device for good: work queued on `to` from now on sees what was queued on the
    /// old home before `after`.
    ///
    /// One event serves any number of buffers. It must be the last thing that was queued on the old home.
    /// Order: enqueues a wait on `to`.
    /// Errors: `WrongStream` if `after` is of another stream, or stale, or if a graph or a repeat of the old home may use the buffer;
    /// `WrongDevice`. The buffer then stays where it is.
    /// CANN: aclrtStreamWaitEvent.
    pub fn rehome(&mut self, to: &Stream, after: &Event) -> Result<()> {
        to.device().check_same("the buffer", self.home.device())?;
        if after.stream() != self.home.id() {
            let text = format!("the event is of {}, the buffer lives on {}", after.stream(), self.home.id());
            return Err(Error::new(ErrorKind::WrongStream, text));
        }
        let later = self.home.sequence() - after.sequence();
        if later > 0 {
            let text = format!(
                "the event is stale: {later} calls were queued on {} after it, and the buffer could be in them; record it last",
                self.home.id()
            );
            return Err(Error::new(ErrorKind::WrongStream, text));
        }
        if self.block.is_some_and(|block| self.home.device().0.pool().is_held(block, self.home.id().owner())) {
            let text = format!("a graph or a repeat of {} may use the buffer: drop it first", self.home.id());
            return Err(Error::new(ErrorKind::WrongStream, text));
        }
        to.wait(after)?;
        self.home = to.inner().clone();
        Ok(())
    }
}

impl<T: Element> DeviceBuffer<T> {
    /// A view of part of it, in elements. Errors: `Length` if `range` ends outside.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Slice<'_, T>> {
        Slice::from(self).slice(range)
    }

    /// A view that may be written. Errors: `Length` if `range` ends outside.
    pub fn slice_mut(&mut self, range: impl RangeBounds<usize>) -> Result<SliceMut<'_, T>> {
        SliceMut::from(self).slice(range)
    }
}

impl<T> fmt::Debug for DeviceBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceBuffer<{}>({} on {})", std::any::type_name::<T>(), self.len, self.home.id())
    }
}

impl<T> Drop for DeviceBuffer<T> {
    fn drop(&mut self) {
        if let Some(block) = self.block {
            self.home.device().0.give_back(block, self.home.id().owner());
        }
    }
}
