//! [`Device`]: one NPU, its context, its memory, and the errors that had nowhere to go.

use super::pool::Pool;
use super::witness::{Witness, Witnesses};
use super::{MemoryStats, Stream, StreamId};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::{Cann, check, failure, recent_message};
use ascend_rl_sys::{Api, types::*};
use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
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
    soc_name: String,
    pool: Mutex<Pool>,
    deferred: Mutex<Option<Error>>,
    has_deferred: AtomicBool,
    poisoned: AtomicBool,
    /// Held while a collective is issued, see [`Device::lane`].
    lane: Mutex<()>,
    witnesses: Witnesses,
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

    /// A new stream. Streams are few (about 2,000 on a card): make them once, not per call.
    ///
    /// CANN: aclrtCreateStream.
    pub fn stream(&self) -> Result<Stream> {
        Stream::new(self)
    }

    pub(super) fn api(&self) -> &Api {
        self.0.cann.api()
    }

    /// A call that concerns no stream: `f` makes the one named `call`, with the device's context current.
    pub(crate) fn call(&self, call: &'static str, f: impl FnOnce() -> i32) -> Result<()> {
        self.0.bind()?;
        check(self.api(), call, f())
    }

    /// The right to issue communication on this device. HCCL demands that calls of all communicators of a device are made one
    /// at a time, whichever threads make them.
    pub(crate) fn lane(&self) -> MutexGuard<'_, ()> {
        self.0.lane.lock().unwrap_or_else(PoisonError::into_inner)
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
    pub(super) fn check_same(&self, what: &str, other: &Device) -> Result<()> {
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
        // SAFETY: takes nothing; the string is the library's, or null.
        let soc_name = unsafe {
            let name = (api.acl.aclrtGetSocName)();
            if name.is_null() { "unknown chip".into() } else { CStr::from_ptr(name).to_string_lossy().into_owned() }
        };
        Ok(DeviceInner {
            cann: cann.clone(),
            ordinal,
            context: Handle(context),
            soc_name,
            pool: Mutex::default(),
            deferred: Mutex::default(),
            has_deferred: AtomicBool::new(false),
            poisoned: AtomicBool::new(false),
            lane: Mutex::default(),
            witnesses: Witnesses::default(),
        })
    }

    pub(super) fn api(&self) -> &Api {
        self.cann.api()
    }

    pub(super) fn ordinal(&self) -> u32 {
        self.ordinal
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
        // SAFETY: takes nothing.
        match unsafe { (self.api().acl.aclrtSynchronizeDevice)() } {
            0 => Ok(()),
            code => {
                let error = surfaced(failure(self.api(), "aclrtSynchronizeDevice", code));
                let error = error.context(format!("work queued on device {} failed", self.ordinal));
                Err(self.explain(error, None))
            }
        }
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
        self.take_deferred()
    }

    /// Keeps an error of a drop for the next synchronising call. The first wins: later ones tend to follow from it.
    pub(super) fn defer(&self, error: Error) {
        self.deferred.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.has_deferred.store(true, Relaxed);
    }

    fn take_deferred(&self) -> Result<()> {
        if !self.has_deferred.swap(false, Relaxed) {
            return Ok(());
        }
        match self.deferred.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error.context("while something was dropped").with_kind(ErrorKind::Async)),
            None => Ok(()),
        }
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
        // SAFETY: gives back the `aclrtSetDevice` of `open`.
        let reset = check(self.api(), "aclrtResetDevice", unsafe { (self.api().acl.aclrtResetDevice)(id) });
        // There is no later call that could report these.
        for error in [self.take_deferred().err(), freed.err(), reset.err()].into_iter().flatten() {
            eprintln!("ascend-rl: closing device {id}: {error}");
        }
    }
}
