//! Handles that others made: a context, a stream, memory of C++ or torch_npu, taken into use here; and ours for them.
//!
//! What is adopted is never destroyed here. Raw handles of this library's own objects are for calls that only use them: who
//! destroys one breaks the object that owns it.

use super::device::{DeviceInner, Handle};
use super::stream::StreamInner;
use super::{Device, DeviceBuffer, Element, Event, Stream};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::Cann;
use std::ffi::c_void;
use std::sync::Arc;

impl Device {
    /// A device that works in a context made elsewhere. Its memory comes from an allocator of its own: buffers of it and of
    /// [`Device::open`]'s do not mix ([`ErrorKind::WrongDevice`]).
    ///
    /// torch_npu works in the primary context, as [`Device::open`] does: there only streams and memory need to be adopted.
    /// Dropping it waits for its streams, frees what it allocated, and leaves the context alone.
    ///
    /// Errors: `NoDevice` if `ordinal` is not below [`Cann::device_count`]; `Argument` for null, or what CANN does not know.
    /// CANN: aclrtSetCurrentContext, aclrtGetDevice.
    ///
    /// # Safety
    /// `context` is a live `aclrtContext` of device `ordinal`, of the CANN that `cann` is. It stays alive until this device, and
    /// everything made with it, is dropped. At most one of the devices that share an NPU has communicators: HCCL wants the
    /// calls of an NPU one at a time, which a device sees to for itself only.
    pub unsafe fn adopt(cann: &Cann, ordinal: u32, context: *mut c_void) -> Result<Device> {
        if context.is_null() {
            return Err(Error::new(ErrorKind::Argument, "the context is null; one that aclrtCreateContext made is needed"));
        }
        // SAFETY: the caller's promise.
        unsafe { DeviceInner::adopt(cann, ordinal, Handle(context)) }.map(|inner| Device(Arc::new(inner)))
    }

    /// A stream made elsewhere, to queue work on: what is queued here runs behind what was queued there before. Null is the
    /// context's default stream.
    ///
    /// Dropping it, and the last buffer that lives on it, waits for what is queued, and leaves the stream alone.
    ///
    /// Errors: `Device` for what CANN knows to be no stream of this device's context. CANN: aclrtStreamQuery.
    ///
    /// # Safety
    /// `stream` is null or a live `aclrtStream` of this device's context ([`Device::as_raw`]). It stays alive until the
    /// [`Stream`] and the buffers that live on it are dropped. No call that names it is made on another thread at the same time
    /// as one of ours: CANN leaves the order of such calls open. It has no subscription of `aclrtSubscribeReport` where
    /// [`Stream::host_callback`] is used.
    pub unsafe fn adopt_stream(&self, stream: *mut c_void) -> Result<Stream> {
        let adopted = Stream::from_raw(self, Handle(stream), true);
        // Asks CANN, so that a mistake shows here, and only here: what is no stream is not waited for when this value goes.
        adopted.is_idle().inspect_err(|_| _ = adopted.inner().end())?;
        Ok(adopted)
    }

    /// Its context, as an `aclrtContext`.
    pub fn as_raw(&self) -> *mut c_void {
        self.0.context().0
    }
}

impl Stream {
    /// Memory of the device that others own, as a buffer of `len` values that lives on this stream. Dropping it frees nothing.
    ///
    /// Errors: `Argument` for null where `len` is not 0, and for an address that is not a multiple of the element's size.
    ///
    /// # Safety
    /// At `address` there are `len` values of memory of this device, and they stay until this buffer is dropped *and* the work
    /// that was queued with it has run, *and* the graphs and repeats that were recorded with it are dropped. Meanwhile nobody else writes there, or reads what is written here, but in an order that
    /// events or this stream's queue see to.
    pub unsafe fn adopt_buffer<T: Element>(&self, address: *mut c_void, len: usize) -> Result<DeviceBuffer<T>> {
        if address.is_null() && len > 0 {
            let text = format!("the address is null; memory for {len} values is needed");
            return Err(Error::new(ErrorKind::Argument, text));
        }
        if !address.addr().is_multiple_of(size_of::<T>()) {
            let text = format!("the address {address:?} is not a multiple of {}, the size of a value", size_of::<T>());
            return Err(Error::new(ErrorKind::Argument, text));
        }
        Ok(DeviceBuffer::foreign(address.addr(), len, self.inner()))
    }

    /// The stream, as an `aclrtStream`. Work that others queue on it runs in the order of the calls; they must not be made on two
    /// threads at once.
    pub fn as_raw(&self) -> *mut c_void {
        self.raw()
    }
}

impl Event {
    /// The event, as an `aclrtEvent`, recorded already.
    pub fn as_raw(&self) -> *mut c_void {
        self.raw()
    }
}

impl<T> DeviceBuffer<T> {
    /// The address on the device; null where there are no elements. Others may use the memory as long as the buffer lives, on its
    /// home stream or ordered with it by events.
    pub fn as_raw(&self) -> *mut c_void {
        self.address()
    }
}

impl StreamInner {
    /// Whether others own CANN's stream.
    pub(super) fn is_foreign(&self) -> bool {
        self.foreign
    }
}
