//! [`Notify`]: a flag that one stream sets and another waits for and clears, on other devices and in other processes too.
//!
//! An [`super::Event`] orders streams of one device; a notify is what CANN has beyond that. Sources: CANN's runtime documentation,
//! chapter 8 (a record before the wait counts, two are as one; every process destroys its own handle).

use super::device::Handle;
use super::drain::{End, PATIENCE};
use super::optional::optional;
use super::shared::KEY;
use super::{Device, Importers, Stream, StreamInner};
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use std::ffi::c_char;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use std::{fmt, ptr};

/// A flag for streams. It is clear from the start.
///
/// Dropping it waits, at most a minute, for the streams that were told to wait for it.
///
/// ```
/// # use ascend_rl::{Cann, Device, Result};
/// # fn main() -> Result<()> {
/// # let cann = Cann::sim()?;
/// let (first, second) = (Device::open(&cann, 0)?, Device::open(&cann, 1)?);
/// let (producer, consumer) = (first.stream()?, second.stream()?);
/// let ready = second.notify()?;
/// consumer.wait_notify(&ready, None)?; // the host does not wait
/// producer.record_notify(&ready)?;
/// consumer.synchronize()
/// # }
/// ```
pub struct Notify {
    raw: Handle,
    device: Device,
    /// The streams that have it in their queues.
    users: Mutex<Vec<Weak<StreamInner>>>,
}

/// What another process needs to import a notify; plain bytes, to be sent over whatever connects the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NotifyKey([u8; KEY]);

impl NotifyKey {
    /// As bytes, for a socket or a file.
    pub fn to_bytes(self) -> [u8; KEY] {
        self.0
    }

    /// From what [`NotifyKey::to_bytes`] gave.
    pub fn from_bytes(bytes: [u8; KEY]) -> NotifyKey {
        let mut text = bytes;
        // Whatever was sent, CANN gets a text that ends.
        text[KEY - 1] = 0;
        NotifyKey(text)
    }
}

impl fmt::Debug for NotifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.split(|byte| *byte == 0).next().unwrap_or_default();
        write!(f, "NotifyKey({})", String::from_utf8_lossy(text))
    }
}

impl Device {
    /// A new notify, for a stream of this device to wait for.
    ///
    /// Errors: `MissingSymbol` before CANN 8.5. CANN: aclrtCreateNotify.
    pub fn notify(&self) -> Result<Notify> {
        let (create, mut raw) = (optional!(self, aclrtCreateNotify)?, ptr::null_mut());
        optional!(self, aclrtDestroyNotify)?;
        // SAFETY: `raw` outlives the call.
        self.call("aclrtCreateNotify", || unsafe { create(&mut raw, ACL_NOTIFY_DEFAULT) })?;
        Ok(Notify::new(self, raw))
    }

    /// A notify of another process of this machine, which is alive there.
    ///
    /// Errors: `Argument` for a key that is not one, or whose exporter is gone; `Device` if the exporter does not let this
    /// process import; `MissingSymbol` before CANN 8.5. CANN: aclrtNotifyImportByKey.
    pub fn import_notify(&self, key: &NotifyKey) -> Result<Notify> {
        let (import, mut raw) = (optional!(self, aclrtNotifyImportByKey)?, ptr::null_mut());
        optional!(self, aclrtDestroyNotify)?;
        let (text, flags): (*const c_char, _) = (key.0.as_ptr().cast(), ACL_RT_NOTIFY_IMPORT_FLAG_ENABLE_PEER_ACCESS);
        // SAFETY: the text ends with a NUL; `raw` outlives the call.
        self.call("aclrtNotifyImportByKey", || unsafe { import(&mut raw, text, flags) })?;
        Ok(Notify::new(self, raw))
    }
}

impl Notify {
    fn new(device: &Device, raw: aclrtNotify) -> Notify {
        Notify { raw: Handle(raw), device: device.clone(), users: Mutex::default() }
    }

    /// Lets other processes import it. It must live until they have.
    ///
    /// Errors: `Argument` if it was imported itself; `MissingSymbol` before CANN 8.5.
    /// CANN: aclrtNotifyGetExportKey, aclrtNotifySetImportPid.
    pub fn export(&self, importers: Importers<'_>) -> Result<NotifyKey> {
        let export = optional!(&self.device, aclrtNotifyGetExportKey)?;
        let allow = optional!(&self.device, aclrtNotifySetImportPid)?;
        let flags = match importers {
            Importers::All => ACL_RT_NOTIFY_EXPORT_FLAG_DISABLE_PID_VALIDATION,
            Importers::Only(_) => 0,
        };
        let mut key = [0; KEY];
        let text: *mut c_char = key.as_mut_ptr().cast();
        // SAFETY: the handle is alive, and `KEY` bytes outlive the call.
        self.device.call("aclrtNotifyGetExportKey", || unsafe { export(self.raw.0, text, KEY, flags) })?;
        if let Importers::Only(ids @ [_, ..]) = importers {
            let mut ids: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
            let (first, n) = (ids.as_mut_ptr(), ids.len());
            // SAFETY: `n` numbers that outlive the call.
            self.device.call("aclrtNotifySetImportPid", || unsafe { allow(self.raw.0, first, n) })?;
        }
        Ok(NotifyKey::from_bytes(key))
    }

    /// Remembers who uses it.
    fn used_by(&self, stream: &Stream) {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.retain(|user| user.strong_count() > 0);
        let known = |user: &Weak<StreamInner>| std::ptr::eq(user.as_ptr(), Arc::as_ptr(stream.inner()));
        if !users.iter().any(known) {
            users.push(Arc::downgrade(stream.inner()));
        }
    }

    fn end(&mut self) -> Result<()> {
        let users = std::mem::take(self.users.get_mut().unwrap_or_else(PoisonError::into_inner));
        // A stream that is gone was waited for.
        for stream in users.iter().filter_map(Weak::upgrade) {
            if let End::Late(behind) = stream.drain(PATIENCE) {
                let text = format!("{} may still wait for it, so it is kept: {behind}", stream.id());
                return Err(Error::new(ErrorKind::Timeout, text));
            }
        }
        let destroy = optional!(&self.device, aclrtDestroyNotify)?;
        // SAFETY: alive until here, and in no queue any more.
        self.device.call("aclrtDestroyNotify", || unsafe { destroy(self.raw.0) })
    }
}

impl Stream {
    /// Sets a notify, which may be of another device, when everything queued before has run.
    ///
    /// Order: enqueues. Errors: `Unsupported` while the stream is captured or recorded; `MissingSymbol` before CANN 8.5.
    /// CANN: aclrtRecordNotify.
    pub fn record_notify(&self, notify: &Notify) -> Result<()> {
        let record = optional!(self.device(), aclrtRecordNotify)?;
        self.check_queue("aclrtRecordNotify")?;
        notify.used_by(self);
        // SAFETY: stream and notify are alive; the notify stays until the queue has run.
        self.enqueue("aclrtRecordNotify", |stream| unsafe { record(notify.raw.0, stream) })
    }

    /// Work queued here from now on runs after the notify was set, which is then clear again. Waits at most for a time, in whole
    /// seconds (rounded up; `None` is for ever), after which the stream fails. The host does not wait.
    ///
    /// Order: enqueues. Errors: `WrongDevice` if the notify was not made, or imported, for this device; `Unsupported` while the
    /// stream is captured or recorded; `MissingSymbol` before CANN 8.5. CANN: aclrtWaitAndResetNotify.
    pub fn wait_notify(&self, notify: &Notify, time: Option<Duration>) -> Result<()> {
        let wait = optional!(self.device(), aclrtWaitAndResetNotify)?;
        self.device().check_same("the notify", &notify.device)?;
        self.check_queue("aclrtWaitAndResetNotify")?;
        let seconds = time.map_or(0, |time| u32::try_from(time.as_nanos().div_ceil(1_000_000_000)).unwrap_or(u32::MAX).max(1));
        notify.used_by(self);
        self.waits_for_others();
        // SAFETY: as in `record_notify`.
        self.enqueue("aclrtWaitAndResetNotify", |stream| unsafe { wait(notify.raw.0, stream, seconds) })
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notify({:?})", self.device)
    }
}

impl Drop for Notify {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            self.device.defer(error.context("a notify was dropped"));
        }
    }
}
