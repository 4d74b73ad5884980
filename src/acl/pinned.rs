//! [`PinnedBuffer`]: host memory that a device can copy from and to while the program goes on.

use super::{Device, Element};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::check;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::{fmt, ptr, slice};

/// Pinned host memory with values in it; used as a slice. Pin little: the system cannot swap it out.
pub struct PinnedBuffer<T> {
    memory: PinnedMemory,
    len: usize,
    element: PhantomData<T>,
}

impl Device {
    /// Pinned memory for `len` values, zero.
    ///
    /// Errors: `OutOfMemory`. CANN: aclrtMallocHost.
    pub fn pinned<T: Element>(&self, len: usize) -> Result<PinnedBuffer<T>> {
        let memory = PinnedMemory::new(self, len.saturating_mul(size_of::<T>()))?;
        Ok(PinnedBuffer { memory, len, element: PhantomData })
    }

    /// Pinned memory with a copy of `values`.
    ///
    /// Errors: `OutOfMemory`. CANN: aclrtMallocHost.
    pub fn pinned_from<T: Element>(&self, values: &[T]) -> Result<PinnedBuffer<T>> {
        let mut buffer = self.pinned(values.len())?;
        buffer.copy_from_slice(values);
        Ok(buffer)
    }
}

impl<T> PinnedBuffer<T> {
    pub(super) fn device(&self) -> &Device {
        &self.memory.device
    }

    pub(super) fn address(&self) -> *mut u8 {
        self.memory.address()
    }
}

impl<T: Element> Deref for PinnedBuffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `len` values of a `Pod` type, initialised (`PinnedMemory::new`), 64-byte aligned, borrowed with `self`.
        unsafe { slice::from_raw_parts(self.address().cast(), self.len) }
    }
}

impl<T: Element> DerefMut for PinnedBuffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`, and exclusive: a device that may write has taken the buffer by value.
        unsafe { slice::from_raw_parts_mut(self.address().cast(), self.len) }
    }
}

impl<T: Element + fmt::Debug> fmt::Debug for PinnedBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Pinned bytes, freed on drop. Whoever lets a device use them keeps them until it has.
pub(super) struct PinnedMemory {
    /// Dangling where there are no bytes.
    address: *mut u8,
    bytes: usize,
    device: Device,
}
// SAFETY: plain host memory that this value owns; `aclrtFreeHost` may be called from any thread with a context of the device.
unsafe impl Send for PinnedMemory {}
// SAFETY: a shared reference only gives the address; who reads or writes there holds the owner's borrow.
unsafe impl Sync for PinnedMemory {}

impl PinnedMemory {
    /// Zeroed bytes.
    pub(super) fn new(device: &Device, bytes: usize) -> Result<PinnedMemory> {
        /// CANN's alignment of pinned memory, more than any element's.
        const ALIGNED: *mut u8 = ptr::without_provenance_mut(64);
        let mut memory = PinnedMemory { address: ALIGNED, bytes: 0, device: device.clone() };
        if bytes == 0 {
            return Ok(memory);
        }
        if bytes > isize::MAX as usize {
            return Err(Error::new(ErrorKind::OutOfMemory, format!("{bytes} bytes are more than an address space")));
        }
        device.0.bind()?;
        let mut address = ptr::null_mut();
        // SAFETY: `address` outlives the call.
        let code = unsafe { (device.api().acl.aclrtMallocHost)(&mut address, bytes) };
        check(device.api(), "aclrtMallocHost", code).map_err(|e| e.context(format!("{bytes} bytes of pinned memory")))?;
        (memory.address, memory.bytes) = (address.cast(), bytes);
        // SAFETY: fresh memory of that size. A slice of it is handed out, so it must have values.
        unsafe { memory.address.write_bytes(0, bytes) };
        Ok(memory)
    }

    pub(super) fn address(&self) -> *mut u8 {
        self.address
    }
}

impl Drop for PinnedMemory {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let device = &self.device;
        let freed = device.0.bind().and_then(|()| {
            // SAFETY: from `aclrtMallocHost`, freed once, and no device uses it any more.
            let code = unsafe { (device.api().acl.aclrtFreeHost)(self.address.cast()) };
            check(device.api(), "aclrtFreeHost", code)
        });
        if let Err(error) = freed {
            device.0.defer(error);
        }
    }
}
