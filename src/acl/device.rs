//! [`Device`]: one NPU, its context, its memory, and the errors that had nowhere to go.

use super::deferred::Deferred;
use super::kernel::Kernels;
use super::pool::Pool;
use super::witness::{Witness, Witnesses};
use super::{MemoryStats, Stream, StreamId, StreamOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::{Cann, check, failure, recent_message};
use ascend_rl_sys::{Api, types::*};
use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::time::Duration;
use std::{fmt, ptr};

/// A handle of CANN: a number that only CANN looks into.
#[derive(Clone, Copy)]
pub(super) struct Handle(pub(super) *mut c_void);
// SAFETY: the value is never followed here, only handed back to CANN, which takes handles from any thread whose current
// context is theirs; `DeviceInner::bind` sees to that before every call.
unsafe impl Send for Handle {}
// SAFETY: as above; a shared reference only copies the number.
unsafe impl Sync for Handle {}

/// One NPU. `Clone` is cheap, and opening the same ordinal again gives the same device.
///
/// `Send` and `Sync`: threads that use one device share its context, as CANN's default context is made to be.
#[derive(Clone)]
pub struct Device(pub(super) Arc<DeviceInner>);

/// Free and total memory of a device, as CANN counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryInfo {
    /// Not taken by any process.
    pub free_bytes: usize,
    /// All of it.
    pub total_bytes: usize,
}

pub(super) struct DeviceInner {
    cann: Cann,
    ordinal: u32,
    context: Handle,
    /// Whether the context is the primary one, which `open` has asked for and the drop gives back.
    opened: bool,
    soc_name: String,
    pool: Mutex<Pool>,
    /// Shared with the functions that streams call, which outlive nothing else.
    deferred: Arc<Deferred>,
    poisoned: AtomicBool,
    /// Held while a collective is issued, see [`Device::lane`].
    lane: Mutex<()>,
    witnesses: Witnesses,
    kernels: Kernels,
}

/// The open devices, so that one device has one allocator.
static OPEN: Mutex<Vec<Weak<DeviceInner>>> = Mutex::new(Vec::new());

impl Device {
    /// Opens a device.
    ///
    /// Errors: `NoDevice` if `ordinal` is not below [`Cann::device_count`].
    /// CANN: aclrtSetDevice, aclrtGetCurrentContext, aclrtGetSocName.
    pub fn open(cann: &Cann, ordinal: u32) -> Result<Device> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|device| device.strong_count() > 0);
        let same = |device: &Arc<DeviceInner>| device.ordinal == ordinal && device.cann.same(cann);
        if let Some(device) = open.iter().filter_map(Weak::upgrade).find(same) {
            return Ok(Device(device));
        }
        let device = Arc::new(DeviceInner::open(cann, ordinal)?);
        open.push(Arc::downgrade(&device));
        Ok(Device(device))
    }

    /// The number it was opened with.
    pub fn ordinal(&self) -> u32 {
        self.0.ordinal
    }

    /// The chip, as "Ascend910B3".
    pub fn soc_name(&self) -> &str {
        &self.0.soc_name
    }

    /// The table that it was opened from.
    pub fn cann(&self) -> &Cann {
        &self.0.cann
    }

    /// Memory as CANN counts it. What this library caches is not free to CANN; [`Device::memory_stats`] has that.
    ///
    /// CANN: aclrtGetMemInfo.
    pub fn memory(&self) -> Result<MemoryInfo> {
        self.0.bind()?;
        self.0.memory()
    }

    /// Memory as this library's allocator counts it.
    pub fn memory_stats(&self) -> MemoryStats {
        self.0.pool().stats()
    }

    /// Gives cached memory that no buffer uses back to the device; returns how many bytes. Blocks until all streams are idle.
    ///
    /// Only needed where another process waits for the memory: the allocator itself does so before it reports a shortage.
    /// CANN: aclrtSynchronizeDevice, aclrtFree.
    pub fn trim(&self) -> Result<usize> {
        self.0.bind()?;
        self.0.trim(&mut self.0.pool())
    }

    /// Waits for all streams of the device.
    ///
    /// Order: blocks. Errors: `Async` if queued work failed, or if something failed while it was dropped; `Collective` as
    /// [`Stream::synchronize`].
    /// CANN: aclrtSynchronizeDevice, HcclGetCommAsyncError.
    pub fn synchronize(&self) -> Result<()> {
        self.0.bind()?;
        self.0.synchronize()?;
        self.0.check_deferred()
    }

    /// The same, at most for a time. After a `Timeout` the work goes on.
    ///
    /// Order: blocks. Errors: `Timeout`, and as [`Device::synchronize`]; `MissingSymbol` where the toolkit lacks the function.
    /// CANN: aclrtSynchronizeDeviceWithTimeout.
    pub fn synchronize_for(&self, time: Duration) -> Result<()> {
        let wait = self.optional("aclrtSynchronizeDeviceWithTimeout", self.api().acl.aclrtSynchronizeDeviceWithTimeout)?;
        let ms = super::stream::milliseconds(time);
        self.0.bind()?;
        // SAFETY: takes a number.
        self.0.waited("aclrtSynchronizeDeviceWithTimeout", unsafe { wait(ms) })?;
        self.0.check_deferred()
    }

    /// Drops the work of all streams of the device, also of other libraries in this process; they can be used again, and what
    /// had failed on them is over. For a job that goes on after a failure of a device or a peer.
    ///
    /// Order: blocks until what runs has ended or was stopped, at most for `patience` (36 minutes at most).
    /// Errors: `Timeout`; `MissingSymbol` where the toolkit lacks the function. CANN: aclrtDeviceTaskAbort.
    pub fn abort(&self, patience: Duration) -> Result<()> {
        let abort = self.optional("aclrtDeviceTaskAbort", self.api().acl.aclrtDeviceTaskAbort)?;
        // 0 would be for ever.
        let ms = super::stream::milliseconds(patience) as u32;
        // SAFETY: takes numbers.
        self.call("aclrtDeviceTaskAbort", || unsafe { abort(self.ordinal() as i32, ms) })
    }

    /// A new stream. Streams are few (about 2,000 on a card): make them once, not per call.
    ///
    /// CANN: aclrtCreateStream.
    pub fn stream(&self) -> Result<Stream> {
        Stream::new(self)
    }

    /// A new stream with a priority, flags or a failure mode.
    ///
    /// Errors: `MissingSymbol` where the toolkit lacks what was asked for.
    /// CANN: aclrtCreateStreamWithConfig, aclrtSetStreamFailureMode.
    pub fn stream_with(&self, options: &StreamOptions) -> Result<Stream> {
        Stream::with(self, options)
    }

    pub(super) fn api(&self) -> &Api {
        self.0.cann.api()
    }

    /// A call that concerns no stream: `f` makes the one named `call`, with the device's context current.
    pub(crate) fn call(&self, call: &'static str, f: impl FnOnce() -> i32) -> Result<()> {
        self.0.bind()?;
        check(self.api(), call, f())
    }

    /// A function that a toolkit may lack.
    pub(super) fn optional<F>(&self, call: &str, function: Option<F>) -> Result<F> {
        function.ok_or_else(|| self.cann().missing(call))
    }

    /// The right to issue communication on this device. HCCL demands that calls of all communicators of a device are made one
    /// at a time, whichever threads make them.
    pub(crate) fn lane(&self) -> MutexGuard<'_, ()> {
        self.0.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lanes of all these devices, which differ. None is held while another is waited for: threads that join ranks on some of
    /// them one by one, each with its own lane, come to an end.
    pub(crate) fn lanes(devices: &[Device]) -> Vec<MutexGuard<'_, ()>> {
        let mut busy = 0;
        'again: loop {
            let mut held: Vec<_> = devices.get(busy).map(Device::lane).into_iter().collect();
            for (at, device) in devices.iter().enumerate().filter(|(at, _)| *at != busy) {
                match device.0.lane.try_lock() {
                    Ok(lane) => held.push(lane),
                    Err(TryLockError::Poisoned(lane)) => held.push(lane.into_inner()),
                    Err(TryLockError::WouldBlock) => {
                        busy = at;
                        continue 'again;
                    }
                }
            }
            return held;
        }
    }

    /// Asks `witness` from now on when a wait of this device ends badly.
    pub(crate) fn add_witness(&self, witness: Weak<dyn Witness>) {
        self.0.witnesses.add(witness);
    }

    /// Keeps an error of a drop for the next synchronising call.
    pub(crate) fn defer(&self, error: Error) {
        self.0.defer(error);
    }

    /// `WrongDevice` unless `other` is this device.
    pub(crate) fn check_same(&self, what: &str, other: &Device) -> Result<()> {
        if Arc::ptr_eq(&self.0, &other.0) {
            return Ok(());
        }
        let text = format!("{what} is of {other:?}, one of {self:?} is needed");
        Err(Error::new(ErrorKind::WrongDevice, text))
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "device {} ({}, {})", self.0.ordinal, self.0.soc_name, self.0.cann.flavor())
    }
}

impl DeviceInner {
    fn open(cann: &Cann, ordinal: u32) -> Result<DeviceInner> {
        let count = cann.device_count()?;
        let id = i32::try_from(ordinal).ok().filter(|_| ordinal < count).ok_or_else(|| {
            Error::new(ErrorKind::NoDevice, format!("there is no device {ordinal}: {} has {count}", cann.origin()))
        })?;
        let api = cann.api();
        // SAFETY: takes a number.
        check(api, "aclrtSetDevice", unsafe { (api.acl.aclrtSetDevice)(id) })?;
        let mut context = ptr::null_mut();
        // SAFETY: `context` outlives the call.
        let code = unsafe { (api.acl.aclrtGetCurrentContext)(&mut context) };
        if let Err(error) = check(api, "aclrtGetCurrentContext", code) {
            // SAFETY: gives back the `aclrtSetDevice` above; the error to report is the first.
            unsafe { (api.acl.aclrtResetDevice)(id) };
            return Err(error);
        }
        Ok(DeviceInner::new(cann, ordinal, Handle(context), true))
    }

    /// In a context of somebody else's.
    ///
    /// # Safety
    /// As [`Device::adopt`].
    pub(super) unsafe fn adopt(cann: &Cann, ordinal: u32, context: Handle) -> Result<DeviceInner> {
        let (api, count) = (cann.api(), cann.device_count()?);
        if ordinal >= count {
            let text = format!("there is no device {ordinal}: {} has {count}", cann.origin());
            return Err(Error::new(ErrorKind::NoDevice, text));
        }
        let device = DeviceInner::new(cann, ordinal, context, false);
        device.bind()?;
        let mut found = -1;
        // SAFETY: `found` outlives the call.
        check(api, "aclrtGetDevice", unsafe { (api.acl.aclrtGetDevice)(&mut found) })?;
        if found != ordinal as i32 {
            let text = format!("the context is of device {found}, not of {ordinal}");
            return Err(Error::new(ErrorKind::Argument, text));
        }
        Ok(device)
    }

    fn new(cann: &Cann, ordinal: u32, context: Handle, opened: bool) -> DeviceInner {
        // SAFETY: takes nothing; the string is the library's, or null.
        let soc_name = unsafe {
            let name = (cann.api().acl.aclrtGetSocName)();
            if name.is_null() { "unknown chip".into() } else { CStr::from_ptr(name).to_string_lossy().into_owned() }
        };
        DeviceInner {
            cann: cann.clone(),
            ordinal,
            context,
            opened,
            soc_name,
            pool: Mutex::default(),
            deferred: Arc::default(),
            poisoned: AtomicBool::new(false),
            lane: Mutex::default(),
            witnesses: Witnesses::default(),
            kernels: Kernels::default(),
        }
    }

    pub(super) fn api(&self) -> &Api {
        self.cann.api()
    }

    pub(super) fn ordinal(&self) -> u32 {
        self.ordinal
    }

    pub(super) fn context(&self) -> Handle {
        self.context
    }

    /// Makes the device's context current on this thread, unless it is. CANN is asked each time: other code on the thread
    /// (another library, another device) may have changed it, and asking costs some nanoseconds.
    #[inline]
    pub(super) fn bind(&self) -> Result<()> {
        let api = self.api();
        let mut current = ptr::null_mut();
        // SAFETY: `current` outlives the call.
        let code = unsafe { (api.acl.aclrtGetCurrentContext)(&mut current) };
        if code == 0 && current == self.context.0 {
            return Ok(());
        }
        if code != 0 {
            // A thread without a context, which is no failure here.
            recent_message(api);
        }
        // SAFETY: the context lives until the `aclrtResetDevice` in this value's drop.
        check(api, "aclrtSetCurrentContext", unsafe { (api.acl.aclrtSetCurrentContext)(self.context.0) })
    }

    /// The allocator's state. A panic cannot leave it half changed in a way that matters: nothing in it is followed.
    pub(super) fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Device::memory`]; the context is current.
    pub(super) fn memory(&self) -> Result<MemoryInfo> {
        let (mut free_bytes, mut total_bytes) = (0, 0);
        // SAFETY: both outlive the call.
        let code = unsafe { (self.api().acl.aclrtGetMemInfo)(ACL_HBM_MEM, &mut free_bytes, &mut total_bytes) };
        check(self.api(), "aclrtGetMemInfo", code)?;
        Ok(MemoryInfo { free_bytes, total_bytes })
    }

    /// Waits for all streams; the context is current.
    pub(super) fn synchronize(&self) -> Result<()> {
        let retired = self.kernels.take_retired();
        // SAFETY: takes nothing.
        match self.waited("aclrtSynchronizeDevice", unsafe { (self.api().acl.aclrtSynchronizeDevice)() }) {
            Ok(()) => {
                // The wait went well: what is wrong with a binary is told by the next.
                self.kernels.unload(self, retired).unwrap_or_else(|error| self.defer(error));
                Ok(())
            }
            Err(error) => {
                self.kernels.put_back(retired);
                Err(error)
            }
        }
    }

    /// The kernels that were loaded onto the device.
    pub(super) fn kernels(&self) -> &Kernels {
        &self.kernels
    }

    /// What a wait for all streams came to.
    fn waited(&self, call: &'static str, code: i32) -> Result<()> {
        if code == 0 {
            return Ok(());
        }
        let error = failure(self.api(), call, code);
        let error = match error.kind() {
            ErrorKind::Timeout => error.context(format!("device {} is still at work", self.ordinal)),
            _ => surfaced(error).context(format!("work queued on device {} failed", self.ordinal)),
        };
        Err(self.explain(error, None))
    }

    /// The error of a wait, with what is known of the communication that it may have hung on.
    pub(super) fn explain(&self, error: Error, stream: Option<StreamId>) -> Error {
        self.witnesses.explain(error, stream)
    }

    /// Who is behind with the communication of this device, in words; `None` where nobody is.
    pub(super) fn behind(&self) -> Option<String> {
        self.witnesses.tell()
    }

    /// Whether it ever had communicators.
    pub(super) fn has_witnesses(&self) -> bool {
        self.witnesses.any()
    }

    /// What a good wait does not say by itself: that communication of the device has failed, whose results the waiting stream may
    /// have got through an event; and the errors of drops. Does not block.
    pub(super) fn check_deferred(&self) -> Result<()> {
        self.witnesses.check()?;
        self.deferred.take()
    }

    /// Keeps an error of a drop for the next synchronising call.
    pub(super) fn defer(&self, error: Error) {
        self.deferred.keep(error.context("while something was dropped"));
    }

    /// Where functions that streams call leave their errors.
    pub(super) fn deferred(&self) -> &Arc<Deferred> {
        &self.deferred
    }

    /// From now on memory is leaked rather than reused: work of unknown state may still touch it.
    pub(super) fn poison(&self) {
        self.poisoned.store(true, Relaxed);
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Relaxed)
    }
}

/// The failure of queued work, as a wait reports it. Of a collective's CANN says so itself.
pub(super) fn surfaced(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Collective => error,
        _ => error.with_kind(ErrorKind::Async),
    }
}

impl Drop for DeviceInner {
    fn drop(&mut self) {
        let id = self.ordinal as i32;
        // All streams are gone: each holds the device. Where the wait fails, and on a poisoned device, nobody knows what still
        // runs, so the memory is left to the reset.
        let freed = self.bind().and_then(|()| if self.is_poisoned() { Ok(0) } else { self.trim(&mut self.pool()) });
        let unloaded = match freed {
            Ok(_) if !self.is_poisoned() => self.kernels.unload(self, self.kernels.take_all()),
            _ => Ok(()),
        };
        let reset = match self.opened {
            // SAFETY: gives back the `aclrtSetDevice` of `open`.
            true => check(self.api(), "aclrtResetDevice", unsafe { (self.api().acl.aclrtResetDevice)(id) }),
            false => Ok(()),
        };
        // There is no later call that could report these.
        for error in [self.deferred.take().err(), freed.err(), unloaded.err(), reset.err()].into_iter().flatten() {
            eprintln!("ascend-rl: closing device {id}: {error}");
        }
    }
}
