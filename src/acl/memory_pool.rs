//! [`MemoryPool`]: CANN's own stream-ordered memory, which other libraries of the process can take part in.
//!
//! Buffers of this library come from its own allocator ([`super::DeviceBuffer`]), which works on every release and chip. A pool is for
//! a program that must bound a part of its memory apart from the rest, or give it back at a threshold of its own. Source: CANN's
//! runtime documentation, chapter 11-10, and `acl_rt_memory_soma.h`: A2 series only.

use super::device::Handle;
use super::optional::optional;
use super::{Device, Element, Slice, SliceMut, Stream, StreamInner};
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::RangeBounds;
use std::sync::Arc;
use std::{fmt, ptr};

/// A pool of device memory that is allocated and freed in the order of streams. `Clone` is cheap: it is the same pool, which goes
/// with its last clone and buffer.
///
/// ```
/// # use ascend_rl::{Cann, Device, Result};
/// # fn main() -> Result<()> {
/// let device = Device::open(&Cann::sim()?, 0)?;
/// let stream = device.stream()?;
/// let pool = device.memory_pool(64 << 20)?;
/// pool.set_release_threshold(1 << 20)?;
/// let mut scratch = pool.alloc::<f32>(&stream, 1000)?;
/// stream.fill(scratch.slice_mut(..)?, 1.0)?;
/// drop(scratch); // freed behind the fill; the next allocation on the stream may have it at once
/// assert_eq!(pool.usage()?.used_bytes, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryPool(Arc<Inner>);

struct Inner {
    raw: Handle,
    device: Device,
}

/// What a pool has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolUsage {
    /// Taken from the device: live buffers, and what is kept for the next.
    pub reserved_bytes: u64,
    /// The most that `reserved_bytes` has been.
    pub peak_reserved_bytes: u64,
    /// In live buffers.
    pub used_bytes: u64,
    /// The most that `used_bytes` has been.
    pub peak_used_bytes: u64,
}

impl Device {
    /// A new pool of at most `most` bytes; 0 is as much as the device has.
    ///
    /// Errors: `Unsupported` on other chips than the A2's; `MissingSymbol` before CANN 9.1. CANN: aclrtMemPoolCreate.
    pub fn memory_pool(&self, most: usize) -> Result<MemoryPool> {
        let create = optional!(self, aclrtMemPoolCreate)?;
        optional!(self, aclrtMemPoolDestroy)?;
        let props = aclrtMemPoolProps {
            allocType: ACL_MEM_ALLOCATION_TYPE_PINNED,
            handleType: ACL_MEM_HANDLE_TYPE_NONE,
            location: aclrtMemLocation { id: self.ordinal(), r#type: ACL_MEM_LOCATION_TYPE_DEVICE },
            maxSize: most,
            reserved: [0; 32],
        };
        let mut raw = ptr::null_mut();
        // SAFETY: both outlive the call.
        self.call("aclrtMemPoolCreate", || unsafe { create(&mut raw, &props) })?;
        Ok(MemoryPool(Arc::new(Inner { raw: Handle(raw), device: self.clone() })))
    }
}

impl MemoryPool {
    /// The device whose memory it has.
    pub fn device(&self) -> &Device {
        &self.0.device
    }

    /// Memory for `len` values that lives on `stream`. The contents are arbitrary, never undefined.
    ///
    /// Order: usable at once for work on the stream.
    /// Errors: `Argument` for no values; `OutOfMemory` beyond the pool's bound or the device's memory; `WrongDevice`; `Unsupported` while
    /// the stream is captured or recorded; `MissingSymbol` before CANN 9.1. CANN: aclrtMemPoolMallocAsync.
    pub fn alloc<T: Element>(&self, stream: &Stream, len: usize) -> Result<PooledBuffer<T>> {
        let device = self.device();
        device.check_same("the stream", stream.device())?;
        let malloc = optional!(device, aclrtMemPoolMallocAsync)?;
        optional!(device, aclrtMemPoolFreeAsync)?;
        let bytes = len.saturating_mul(size_of::<T>());
        if bytes == 0 {
            return Err(Error::new(ErrorKind::Argument, "no values are asked of a pool: at least one is needed"));
        }
        stream.check_queue("aclrtMemPoolMallocAsync")?;
        let mut address = ptr::null_mut();
        // SAFETY: pool and stream are alive and of the current context; `address` outlives the call.
        let call = |stream| unsafe { malloc(&mut address, bytes, self.0.raw.0, stream) };
        stream.enqueue("aclrtMemPoolMallocAsync", call)?;
        let (serial, home) = (device.0.pool().stats().allocations, stream.inner().clone());
        Ok(PooledBuffer { address: address.addr(), len, pool: self.clone(), home, serial, element: PhantomData })
    }

    /// How many bytes that nobody uses it keeps when a stream has come to a free; 0 from the start.
    ///
    /// CANN: aclrtMemPoolSetAttr with ACL_RT_MEM_POOL_ATTR_RELEASE_THRESHOLD.
    pub fn set_release_threshold(&self, bytes: u64) -> Result<()> {
        self.set(ACL_RT_MEM_POOL_ATTR_RELEASE_THRESHOLD, bytes)
    }

    /// Gives what nobody uses back to the device, until `keep` bytes are left of the whole pool.
    ///
    /// Errors: `MissingSymbol` before CANN 9.1. CANN: aclrtMemPoolTrimTo.
    pub fn trim(&self, keep: usize) -> Result<()> {
        let trim = optional!(self.device(), aclrtMemPoolTrimTo)?;
        // SAFETY: the pool is alive.
        self.device().call("aclrtMemPoolTrimTo", || unsafe { trim(self.0.raw.0, keep) })
    }

    /// What it has, and has had since [`MemoryPool::reset_peaks`].
    ///
    /// CANN: aclrtMemPoolGetAttr.
    pub fn usage(&self) -> Result<PoolUsage> {
        let get = optional!(self.device(), aclrtMemPoolGetAttr)?;
        let ask = |attr| {
            let mut value = 0u64;
            let at: *mut u64 = &mut value;
            // SAFETY: the pool is alive; these attributes are 64-bit numbers, and `value` outlives the call.
            self.device().call("aclrtMemPoolGetAttr", || unsafe { get(self.0.raw.0, attr, at.cast()) })?;
            Ok::<u64, Error>(value)
        };
        Ok(PoolUsage {
            reserved_bytes: ask(ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_CURRENT)?,
            peak_reserved_bytes: ask(ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_HIGH)?,
            used_bytes: ask(ACL_RT_MEM_POOL_ATTR_USED_MEM_CURRENT)?,
            peak_used_bytes: ask(ACL_RT_MEM_POOL_ATTR_USED_MEM_HIGH)?,
        })
    }

    /// The peaks are what is now.
    ///
    /// CANN: aclrtMemPoolSetAttr.
    pub fn reset_peaks(&self) -> Result<()> {
        self.set(ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_HIGH, 0)?;
        self.set(ACL_RT_MEM_POOL_ATTR_USED_MEM_HIGH, 0)
    }

    fn set(&self, attr: aclrtMemPoolAttr, value: u64) -> Result<()> {
        let set = optional!(self.device(), aclrtMemPoolSetAttr)?;
        let mut value = value;
        let at: *mut u64 = &mut value;
        // SAFETY: the pool is alive; these attributes are 64-bit numbers, and `value` outlives the call.
        self.device().call("aclrtMemPoolSetAttr", || unsafe { set(self.0.raw.0, attr, at.cast()) })
    }
}

impl fmt::Debug for MemoryPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryPool({:?})", self.device())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let destroyed = optional!(&self.device, aclrtMemPoolDestroy).and_then(|destroy| {
            // SAFETY: made by `aclrtMemPoolCreate`, destroyed once; its buffers hold it, so none is left.
            self.device.call("aclrtMemPoolDestroy", || unsafe { destroy(self.raw.0) })
        });
        if let Err(error) = destroyed {
            self.device.defer(error);
        }
    }
}

/// Memory of a [`MemoryPool`] for `len` values, used on its home stream. Dropping it frees it behind what is queued there. Where a
/// graph or a repeat of that stream outlives it, its memory stays taken, and the device's next wait says so.
pub struct PooledBuffer<T> {
    address: usize,
    len: usize,
    pool: MemoryPool,
    home: Arc<StreamInner>,
    /// The allocator's count when it was made, by which it knows what a recording may use.
    serial: u64,
    element: PhantomData<T>,
}

impl<T> PooledBuffer<T> {
    /// Elements; never none.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The pool that it is from.
    pub fn pool(&self) -> &MemoryPool {
        &self.pool
    }

    fn end(&self) -> Result<()> {
        if self.home.device().0.pool().covers(self.home.id().owner(), self.serial) {
            let text = format!("a graph or a repeat of {} may use the memory: drop it first", self.home.id());
            return Err(Error::new(ErrorKind::WrongStream, text));
        }
        if self.home.has_ended() {
            let text = format!("{} was given up, so nobody knows what still uses the memory", self.home.id());
            return Err(Error::new(ErrorKind::WrongStream, text));
        }
        let device = self.home.device();
        let free = optional!(device, aclrtMemPoolFreeAsync)?;
        let at: *mut c_void = ptr::without_provenance_mut(self.address);
        // SAFETY: allocated on the stream, which `home` keeps alive, and freed once, in its order.
        device.call("aclrtMemPoolFreeAsync", || unsafe { free(at, self.home.raw()) })
    }
}

impl<T: Element> PooledBuffer<T> {
    /// A view of part of it, in elements. Errors: `Length` if `range` ends outside.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Slice<'_, T>> {
        Slice::at(self.address, self.len, self.home.id()).slice(range)
    }

    /// A view that may be written. Errors: `Length` if `range` ends outside.
    pub fn slice_mut(&mut self, range: impl RangeBounds<usize>) -> Result<SliceMut<'_, T>> {
        SliceMut::at(self.address, self.len, self.home.id()).slice(range)
    }
}

impl<T> fmt::Debug for PooledBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PooledBuffer<{}>({} on {})", std::any::type_name::<T>(), self.len, self.home.id())
    }
}

impl<T> Drop for PooledBuffer<T> {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            self.home.device().defer(error.context(format!("{self:?} was dropped")));
        }
    }
}
