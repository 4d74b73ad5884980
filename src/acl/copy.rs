//! Copies between host and device, and within a device.

use super::staging::LARGEST;
use super::{DeviceBuffer, Element, Slice, SliceMut, Stream};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::check;
use ascend_rl_sys::types::*;
use std::ffi::c_void;

impl Stream {
    /// Memory for `len` values, zero.
    ///
    /// Order: enqueues. Errors: `OutOfMemory`. CANN: aclrtMemsetAsync.
    pub fn zeros<T: Element>(&self, len: usize) -> Result<DeviceBuffer<T>> {
        let mut buffer = self.alloc(len)?;
        self.set_zero(&mut buffer)?;
        Ok(buffer)
    }

    /// Sets all of `dst` to zero.
    ///
    /// Order: enqueues. Errors: `WrongStream`. CANN: aclrtMemsetAsync.
    pub fn set_zero<'a, T: Element>(&self, dst: impl Into<SliceMut<'a, T>>) -> Result<()> {
        let dst = dst.into();
        self.check_home("the destination", dst.stream())?;
        if dst.is_empty() {
            return Ok(());
        }
        let (set, address, bytes) = (self.api().acl.aclrtMemsetAsync, dst.address(), dst.bytes());
        // SAFETY: the view has `bytes` bytes, and the stream's queue orders them.
        self.enqueue("aclrtMemsetAsync", |stream| unsafe { set(address, bytes, 0, bytes, stream) })
    }

    /// A new buffer with a copy of `src`.
    ///
    /// Order: as [`Stream::write`]. Errors: `OutOfMemory`. CANN: aclrtMemcpyAsync or aclrtMemcpy.
    pub fn upload<T: Element>(&self, src: &[T]) -> Result<DeviceBuffer<T>> {
        let mut buffer = self.alloc(src.len())?;
        self.write(src, &mut buffer, 0)?;
        Ok(buffer)
    }

    /// Copies `src` into `dst`, from element `offset` on.
    ///
    /// Order: in that of the stream. `src` may change after the call. Blocks until the stream is idle where `src` is longer
    /// than 64 KiB; shorter ones pass through memory that the stream keeps.
    /// Errors: `Length` if `src` ends outside `dst`; `WrongStream`; and as [`Stream::synchronize`].
    /// CANN: aclrtMemcpyAsync, or aclrtSynchronizeStream and aclrtMemcpy.
    pub fn write<T: Element>(&self, src: &[T], dst: &mut DeviceBuffer<T>, offset: usize) -> Result<()> {
        self.check_home("the destination", dst.home().id())?;
        self.check_queue("write")?;
        let (len, bytes) = (dst.len(), bytemuck::cast_slice::<T, u8>(src));
        let dst = dst.slice_mut(offset..offset.saturating_add(src.len())).map_err(|_| {
            let text = format!("{} values do not fit at element {offset} of a buffer of {len}", src.len());
            Error::new(ErrorKind::Length, text)
        })?;
        match bytes.len() {
            0 => Ok(()),
            1..=LARGEST => {
                let (staged, copy) = (self.stage(bytes)?, self.api().acl.aclrtMemcpyAsync);
                let (dst, n) = (dst.address(), bytes.len());
                // SAFETY: both sides have `n` bytes; the staged ones stay until a synchronise, the queue orders the others.
                let call = |stream| unsafe { copy(dst, n, staged, n, ACL_MEMCPY_HOST_TO_DEVICE, stream) };
                self.enqueue("aclrtMemcpyAsync", call)
            }
            n => {
                // The block may be one that queued work still uses: a blocking copy does not wait for that by itself.
                self.synchronize()?;
                self.copy_now(dst.address(), bytes.as_ptr().cast(), n, ACL_MEMCPY_HOST_TO_DEVICE)
            }
        }
    }

    /// The values of a buffer or view.
    ///
    /// Order: blocks until the stream is idle. Errors: `WrongStream`; `Async`, as [`Stream::synchronize`].
    /// CANN: aclrtSynchronizeStream, aclrtMemcpy.
    pub fn download<'a, T: Element>(&self, src: impl Into<Slice<'a, T>>) -> Result<Vec<T>> {
        let src = src.into();
        self.check_home("the source", src.stream())?;
        self.synchronize()?;
        let mut values = Vec::<T>::with_capacity(src.len());
        if !src.is_empty() {
            self.copy_now(values.as_mut_ptr().cast(), src.address(), src.bytes(), ACL_MEMCPY_DEVICE_TO_HOST)?;
        }
        // SAFETY: the capacity is there, the copy has filled it, and any bytes are values of a `Pod` type.
        unsafe { values.set_len(src.len()) };
        Ok(values)
    }

    /// The values of a buffer or view, into a slice of the same length.
    ///
    /// Order: blocks until the stream is idle. Errors: `Length`; `WrongStream`; `Async`, as [`Stream::synchronize`].
    /// CANN: aclrtSynchronizeStream, aclrtMemcpy.
    pub fn read<'a, T: Element>(&self, src: impl Into<Slice<'a, T>>, dst: &mut [T]) -> Result<()> {
        let src = src.into();
        self.check_home("the source", src.stream())?;
        if src.len() != dst.len() {
            let text = format!("{} values to read into {}; the lengths must agree", src.len(), dst.len());
            return Err(Error::new(ErrorKind::Length, text));
        }
        self.synchronize()?;
        match src.is_empty() {
            true => Ok(()),
            false => self.copy_now(dst.as_mut_ptr().cast(), src.address(), src.bytes(), ACL_MEMCPY_DEVICE_TO_HOST),
        }
    }

    /// Copies within the device.
    ///
    /// Order: enqueues.
    /// Errors: `Length` if the lengths differ; `Argument` if a view does not start at a multiple of 64 bytes; `WrongStream`.
    /// CANN: aclrtMemcpyAsync.
    pub fn copy<'s, 'd, T: Element>(&self, src: impl Into<Slice<'s, T>>, dst: impl Into<SliceMut<'d, T>>) -> Result<()> {
        let (src, dst) = (src.into(), dst.into());
        self.check_home("the source", src.stream())?;
        self.check_home("the destination", dst.stream())?;
        if src.len() != dst.len() {
            let text = format!("{} values to copy into {}; the lengths must agree", src.len(), dst.len());
            return Err(Error::new(ErrorKind::Length, text));
        }
        if src.is_empty() {
            return Ok(());
        }
        let (from, to, bytes) = (src.address(), dst.address(), src.bytes());
        for (what, address) in [("source", from), ("destination", to)] {
            // The copy engine's rule for both sides.
            if !address.addr().is_multiple_of(64) {
                let past = address.addr() % 64;
                let text = format!("the {what} starts {past} bytes past a multiple of 64, which a copy on the device needs");
                return Err(Error::new(ErrorKind::Argument, text));
            }
        }
        let copy = self.api().acl.aclrtMemcpyAsync;
        // SAFETY: both views have `bytes` bytes and do not overlap (one is exclusive); the stream's queue orders them.
        let call = |stream| unsafe { copy(to, bytes, from, bytes, ACL_MEMCPY_DEVICE_TO_DEVICE, stream) };
        self.enqueue("aclrtMemcpyAsync", call)
    }

    /// A copy that has been made when the call returns. Both sides have `bytes` bytes, and no queued work touches them.
    fn copy_now(&self, dst: *mut c_void, src: *const c_void, bytes: usize, kind: aclrtMemcpyKind) -> Result<()> {
        self.device().0.bind()?;
        // SAFETY: as stated: the callers pass views and slices of that size, after a synchronise of the one stream that may
        // use the device side.
        let code = unsafe { (self.api().acl.aclrtMemcpy)(dst, bytes, src, bytes, kind) };
        check(self.api(), "aclrtMemcpy", code)
    }
}
