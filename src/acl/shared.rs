//! [`SharedBuffer`]: memory of a device that other processes of the machine use, found by a key that is a short text.
//!
//! Of the two ways to share, this is the one for whole allocations of one size: [`super::PhysicalMemory`] is for memory whose
//! addresses are chosen. Sources: CANN's documentation of `aclrtIpcMemGetExportKey` (the order of the calls in both processes: the
//! importer closes before the exporter does, which frees last) and of `aclrtIpcMemClose`.

use super::optional::optional;
use super::{Device, Element, Importers, Slice, SliceMut, Stream, StreamInner};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::check;
use ascend_rl_sys::types::*;
use std::ffi::{c_char, c_void};
use std::marker::PhantomData;
use std::ops::RangeBounds;
use std::sync::Arc;
use std::{fmt, ptr};

/// Bytes of a key, with its NUL: CANN documents that number and no other.
pub(super) const KEY: usize = 65;

/// What another process needs to import memory; plain bytes, to be sent over whatever connects the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MemoryKey {
    text: [u8; KEY],
    bytes: u64,
}

impl MemoryKey {
    /// Length of [`MemoryKey::to_bytes`].
    pub const BYTES: usize = KEY + 8;

    /// As bytes, for a socket or a file.
    pub fn to_bytes(self) -> [u8; MemoryKey::BYTES] {
        let mut bytes = [0; MemoryKey::BYTES];
        bytes[..KEY].copy_from_slice(&self.text);
        bytes[KEY..].copy_from_slice(&self.bytes.to_le_bytes());
        bytes
    }

    /// From what [`MemoryKey::to_bytes`] gave.
    pub fn from_bytes(bytes: [u8; MemoryKey::BYTES]) -> MemoryKey {
        let mut text: [u8; KEY] = std::array::from_fn(|i| bytes[i]);
        // Whatever was sent, CANN gets a text that ends.
        text[KEY - 1] = 0;
        MemoryKey { text, bytes: u64::from_le_bytes(std::array::from_fn(|i| bytes[KEY + i])) }
    }

    fn as_ptr(&self) -> *const c_char {
        self.text.as_ptr().cast()
    }
}

impl fmt::Debug for MemoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.split(|byte| *byte == 0).next().unwrap_or_default();
        write!(f, "MemoryKey({}, {} bytes)", String::from_utf8_lossy(text), self.bytes)
    }
}

/// Memory for `len` values that several processes use, each on a home stream of its own.
///
/// What one process writes and another reads is ordered by what the processes agree on (messages after a synchronise,
/// [`super::Notify`]), not by a stream. Where a graph or a repeat of the home stream outlives it, its memory stays taken, and the
/// device's next wait says so.
///
/// ```
/// # use ascend_rl::{Cann, Device, Result, acl::Importers};
/// # fn main() -> Result<()> {
/// # let stream = Device::open(&Cann::sim()?, 0)?.stream()?;
/// let mut weights = stream.share::<f32>(1 << 10, Importers::All)?;
/// stream.fill(weights.slice_mut(..)?, 0.5)?;
/// stream.synchronize()?;
/// let sent = weights.key().to_bytes(); // to a process that calls `import_shared`
/// # assert_eq!(sent.len(), 73);
/// # Ok(())
/// # }
/// ```
pub struct SharedBuffer<T> {
    address: usize,
    len: usize,
    key: MemoryKey,
    imported: bool,
    home: Arc<StreamInner>,
    /// The allocator's count when it was made, by which it knows what a recording may use.
    serial: u64,
    element: PhantomData<T>,
}

impl Device {
    /// The number by which other processes name this one in [`Importers::Only`]; it is not `std::process::id` in a container.
    ///
    /// Errors: `MissingSymbol` where the toolkit lacks the function. CANN: aclrtDeviceGetBareTgid.
    pub fn process_id(&self) -> Result<u32> {
        let get = optional!(self, aclrtDeviceGetBareTgid)?;
        let mut id = 0;
        // SAFETY: `id` outlives the call.
        self.call("aclrtDeviceGetBareTgid", || unsafe { get(&mut id) })?;
        Ok(id as u32)
    }
}

impl Stream {
    /// Memory for `len` values that other processes may import by its [`SharedBuffer::key`]: an allocation of its own. The contents
    /// are arbitrary, never undefined.
    ///
    /// Errors: `Argument` for no values; `OutOfMemory`; `MissingSymbol` before CANN 8.5; `Device` for a process that is not there.
    /// CANN: aclrtMalloc, aclrtIpcMemGetExportKey, aclrtIpcMemSetImportPid.
    pub fn share<T: Element>(&self, len: usize, importers: Importers<'_>) -> Result<SharedBuffer<T>> {
        let device = self.device();
        let export = optional!(device, aclrtIpcMemGetExportKey)?;
        optional!(device, aclrtIpcMemClose)?;
        let bytes = len.saturating_mul(size_of::<T>());
        if bytes == 0 {
            return Err(Error::new(ErrorKind::Argument, "no values are shared: at least one is needed"));
        }
        let (mut address, malloc) = (ptr::null_mut(), self.api().acl.aclrtMalloc);
        // SAFETY: `address` outlives the call.
        device.call("aclrtMalloc", || unsafe { malloc(&mut address, bytes, ACL_MEM_MALLOC_HUGE_FIRST) })?;
        let flags = match importers {
            Importers::All => ACL_RT_IPC_MEM_EXPORT_FLAG_DISABLE_PID_VALIDATION,
            Importers::Only(_) => 0,
        };
        let mut key = MemoryKey { text: [0; KEY], bytes: bytes as u64 };
        let text = key.text.as_mut_ptr().cast();
        // SAFETY: `bytes` bytes of a device, and `KEY` bytes that outlive the call.
        let exported = device.call("aclrtIpcMemGetExportKey", || unsafe { export(address, bytes, text, KEY, flags) });
        if let Err(error) = exported {
            // SAFETY: allocated above, never used.
            _ = device.call("aclrtFree", || unsafe { (self.api().acl.aclrtFree)(address) });
            return Err(error);
        }
        // From here on its drop undoes what was done.
        let shared = SharedBuffer::new(self, address, len, key, false);
        if let Importers::Only(ids @ [_, ..]) = importers {
            let allow = optional!(device, aclrtIpcMemSetImportPid)?;
            let mut ids: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
            let (first, n) = (ids.as_mut_ptr(), ids.len());
            // SAFETY: a key that ends with a NUL, and `n` numbers that outlive the call.
            device.call("aclrtIpcMemSetImportPid", || unsafe { allow(shared.key.as_ptr(), first, n) })?;
        }
        Ok(shared)
    }

    /// Memory that another process shares, for `len` values on this stream.
    ///
    /// Errors: `Length` if it holds fewer values; `Argument` for no values, for a key that is not one, that is this process's, was
    /// imported already, or whose exporter is gone; `Device` if the exporter does not let this process import; `MissingSymbol` before
    /// CANN 8.5. CANN: aclrtIpcMemImportByKey.
    ///
    /// # Safety
    /// The process that shares the memory keeps its [`SharedBuffer`] until this one is dropped, or has ended: CANN forbids to
    /// free what others still use. In particular it is there when this is called.
    pub unsafe fn import_shared<T: Element>(&self, key: &MemoryKey, len: usize) -> Result<SharedBuffer<T>> {
        let device = self.device();
        let import = optional!(device, aclrtIpcMemImportByKey)?;
        optional!(device, aclrtIpcMemClose)?;
        let bytes = len.saturating_mul(size_of::<T>()) as u64;
        if bytes == 0 {
            return Err(Error::new(ErrorKind::Argument, "no values are imported: at least one is needed"));
        }
        if bytes > key.bytes {
            let text = format!("{bytes} bytes are more than the {} that are shared", key.bytes);
            return Err(Error::new(ErrorKind::Length, text));
        }
        let (mut address, flags) = (ptr::null_mut(), ACL_RT_IPC_MEM_IMPORT_FLAG_ENABLE_PEER_ACCESS);
        // SAFETY: the key ends with a NUL; `address` outlives the call; what is imported is there, as the caller promises.
        let call = || unsafe { import(&mut address, key.as_ptr(), flags) };
        device.call("aclrtIpcMemImportByKey", call)?;
        Ok(SharedBuffer::new(self, address, len, *key, true))
    }
}

impl<T> SharedBuffer<T> {
    fn new(stream: &Stream, address: *mut c_void, len: usize, key: MemoryKey, imported: bool) -> SharedBuffer<T> {
        let (serial, home) = (stream.device().0.pool().stats().allocations, stream.inner().clone());
        SharedBuffer { address: address.addr(), len, key, imported, home, serial, element: PhantomData }
    }

    /// By what other processes import it.
    pub fn key(&self) -> MemoryKey {
        self.key
    }

    /// Elements; never none.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The address on the device, for kernels of other libraries.
    pub fn address(&self) -> usize {
        self.address
    }

    /// As [`super::VirtualRange`]: work of a graph or a repeat comes again.
    fn wait(&self) -> Result<()> {
        if self.home.device().0.pool().covers(self.home.id().owner(), self.serial) {
            let text = format!("a graph or a repeat of {} may use the memory: drop it first", self.home.id());
            return Err(Error::new(ErrorKind::WrongStream, text));
        }
        let (device, stream) = (self.home.device(), self.home.raw());
        // SAFETY: the stream is alive: `home` holds it.
        device.call("aclrtSynchronizeStream", || unsafe { (device.api().acl.aclrtSynchronizeStream)(stream) })
    }

    fn end(&self) -> Result<()> {
        // Where this fails, the memory stays for good: nobody knows what still uses it.
        self.wait()?;
        let device = self.home.device();
        let close = optional!(device, aclrtIpcMemClose)?;
        // SAFETY: a key that this value exported or imported, closed once; nothing queued here uses the memory.
        device.call("aclrtIpcMemClose", || unsafe { close(self.key.as_ptr()) })?;
        if self.imported {
            return Ok(());
        }
        let at = ptr::without_provenance_mut(self.address);
        // SAFETY: from `aclrtMalloc`, freed once, after the sharing has ended.
        check(device.api(), "aclrtFree", unsafe { (device.api().acl.aclrtFree)(at) })
    }
}

impl<T: Element> SharedBuffer<T> {
    /// A view of part of it, in elements. Errors: `Length` if `range` ends outside.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Slice<'_, T>> {
        Slice::at(self.address, self.len, self.home.id()).slice(range)
    }

    /// A view that may be written. Errors: `Length` if `range` ends outside.
    pub fn slice_mut(&mut self, range: impl RangeBounds<usize>) -> Result<SliceMut<'_, T>> {
        SliceMut::at(self.address, self.len, self.home.id()).slice(range)
    }
}

impl<T> fmt::Debug for SharedBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.imported { "imported" } else { "shared" };
        write!(f, "SharedBuffer<{}>({}, {side}, on {})", std::any::type_name::<T>(), self.len, self.home.id())
    }
}

impl<T> Drop for SharedBuffer<T> {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            self.home.device().defer(error.context(format!("{self:?} was dropped")));
        }
    }
}
