//! [`RegisteredHost`]: a program's own memory (a file mapping, a shared segment) that a device copies from and to in the background.

use super::optional::optional;
use super::{Device, Element, Slice, SliceMut, Stream};
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::Range;
use std::{fmt, ptr};

/// CANN registers from the start of a page on.
const PAGE: usize = 4096;

/// Host memory that the stream's device reaches, inside the closure of [`Stream::with_registered`].
///
/// While copies are queued the program does not see the memory; [`RegisteredHost::wait`] shows it. It cannot leave the closure:
/// ```compile_fail,E0521
/// # use ascend_rl::{Result, acl::*};
/// fn f(stream: &Stream, memory: &mut [f32]) -> Result<()> {
///     let mut escaped = None;
///     stream.with_registered(memory, |host| {
///         escaped = Some(host);
///         Ok(())
///     })
/// }
/// ```
pub struct RegisteredHost<'a, T> {
    stream: &'a Stream,
    address: *mut T,
    len: usize,
    borrow: PhantomData<&'a mut [T]>,
}

impl Stream {
    /// Registers `memory` with the device, runs `f`, waits for this stream and takes the registration back.
    ///
    /// Order: blocks at the end until this stream is idle, also when `f` fails or panics: only then the memory is the program's again.
    /// Errors: `Argument` if `memory` does not start at a multiple of 4096 bytes; those of `f`; `Async`, as [`Stream::synchronize`].
    /// CANN: aclrtHostRegister, aclrtHostUnregister.
    pub fn with_registered<T: Element, R>(
        &self,
        memory: &mut [T],
        f: impl for<'m> FnOnce(&mut RegisteredHost<'m, T>) -> Result<R>,
    ) -> Result<R> {
        self.check_queue("aclrtHostRegister")?;
        let (address, len) = (memory.as_mut_ptr(), memory.len());
        let registration = Registration::new(self, address.cast(), size_of_val(memory))?;
        let result = f(&mut RegisteredHost { stream: self, address, len, borrow: PhantomData });
        let ended = registration.end();
        let value = result?;
        ended?;
        Ok(value)
    }
}

impl<T: Element> RegisteredHost<'_, T> {
    /// Elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies a part of it to the device.
    ///
    /// Order: enqueues. Errors: `Length` if `part` ends outside or is not as long as `dst`; `WrongStream`. CANN: aclrtMemcpyAsync.
    pub fn send<'d>(&mut self, part: Range<usize>, dst: impl Into<SliceMut<'d, T>>) -> Result<()> {
        let dst = dst.into();
        self.stream.check_home("the destination", dst.stream())?;
        let host = self.part(part, dst.len())?;
        self.copy(dst.address(), host, dst.bytes(), ACL_MEMCPY_HOST_TO_DEVICE)
    }

    /// Copies device memory to a part of it.
    ///
    /// Order: enqueues; the program sees the values after [`RegisteredHost::wait`], or after the closure.
    /// Errors: as [`RegisteredHost::send`]. CANN: aclrtMemcpyAsync.
    pub fn receive<'s>(&mut self, src: impl Into<Slice<'s, T>>, part: Range<usize>) -> Result<()> {
        let src = src.into();
        self.stream.check_home("the source", src.stream())?;
        let host = self.part(part, src.len())?;
        self.copy(host, src.address(), src.bytes(), ACL_MEMCPY_DEVICE_TO_HOST)
    }

    /// Waits for what was queued, and shows the memory until the next copy is queued.
    ///
    /// Order: blocks until the stream is idle. Errors: `Async`, as [`Stream::synchronize`].
    pub fn wait(&mut self) -> Result<&mut [T]> {
        self.stream.synchronize()?;
        // SAFETY: the caller of `with_registered` lent `len` values exclusively; no queued work touches them after the wait, and
        // `self` is borrowed, so none is queued while the slice lives.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.address, self.len) })
    }

    fn part(&self, part: Range<usize>, len: usize) -> Result<*mut c_void> {
        if part.start > part.end || part.end > self.len || part.end - part.start != len {
            let text = format!("the part {part:?} of {} values of host memory, for {len} on the device", self.len);
            return Err(Error::new(ErrorKind::Length, text));
        }
        Ok(self.address.wrapping_add(part.start).cast())
    }

    fn copy(&mut self, dst: *mut c_void, src: *mut c_void, bytes: usize, kind: aclrtMemcpyKind) -> Result<()> {
        // A graph would copy again after the registration has ended.
        self.stream.check_queue("a copy of registered memory")?;
        if bytes == 0 {
            return Ok(());
        }
        let copy = self.stream.api().acl.aclrtMemcpyAsync;
        // SAFETY: both sides have `bytes` bytes (checked). The host's is lent until `Registration` has waited for the stream; the
        // device's is ordered by the queue.
        self.stream.enqueue("aclrtMemcpyAsync", |stream| unsafe { copy(dst, bytes, src, bytes, kind, stream) })
    }
}

impl<T> fmt::Debug for RegisteredHost<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegisteredHost<{}>({} on {})", std::any::type_name::<T>(), self.len, self.stream.id())
    }
}

/// The registration of one range. It lives in the frame of `with_registered`, so it ends whatever the closure does.
struct Registration<'a> {
    stream: &'a Stream,
    address: *mut c_void,
    bytes: usize,
}

impl<'a> Registration<'a> {
    fn new(stream: &'a Stream, address: *mut c_void, bytes: usize) -> Result<Registration<'a>> {
        if bytes > 0 {
            if !address.addr().is_multiple_of(PAGE) {
                let past = address.addr() % PAGE;
                let text = format!("the memory to register starts {past} bytes past a multiple of {PAGE}, where pages start");
                return Err(Error::new(ErrorKind::Argument, text));
            }
            let register = optional!(stream.device(), aclrtHostRegister)?;
            optional!(stream.device(), aclrtHostUnregister)?;
            let (mut seen, kind) = (ptr::null_mut(), ACL_HOST_REGISTER_MAPPED);
            // SAFETY: `bytes` bytes at `address` are lent for longer than this value lives; `seen` outlives the call.
            let call = || unsafe { register(address, bytes as u64, kind, &mut seen) };
            stream.device().call("aclrtHostRegister", call)?;
        }
        Ok(Registration { stream, address, bytes })
    }

    fn end(self) -> Result<()> {
        let this = std::mem::ManuallyDrop::new(self);
        let waited = this.stream.synchronize();
        this.take_back()?;
        waited
    }

    /// After a wait. One that fails has ended the queue too: CANN reports what failed once nothing of the stream runs any more.
    fn take_back(&self) -> Result<()> {
        if self.bytes == 0 {
            return Ok(());
        }
        let device: &Device = self.stream.device();
        let unregister = optional!(device, aclrtHostUnregister)?;
        // SAFETY: registered in `new`, taken back once.
        device.call("aclrtHostUnregister", || unsafe { unregister(self.address) })
    }
}

impl Drop for Registration<'_> {
    /// The closure panicked.
    fn drop(&mut self) {
        let ended = self.stream.synchronize();
        for error in [ended.err(), self.take_back().err()].into_iter().flatten() {
            self.stream.device().defer(error);
        }
    }
}
