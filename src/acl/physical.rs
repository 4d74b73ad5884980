//! [`PhysicalMemory`]: pages of a device without an address, which a [`super::VirtualRange`] gives them, here or in another process.

use super::Device;
use super::device::Handle;
use super::optional::optional;
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::{fmt, ptr};

/// Pages of one device. `Clone` is cheap: it is the same memory.
///
/// Its bytes are arbitrary until they are written, never undefined. It goes when the last clone, mapping and importer has gone.
#[derive(Clone)]
pub struct PhysicalMemory(Arc<Inner>);

struct Inner {
    raw: Handle,
    bytes: usize,
    device: Device,
    /// Whether a range maps it. Once at a time: two addresses of one memory would be two exclusive views of it.
    mapped: AtomicBool,
}

/// What another process needs to import memory; plain numbers, to be sent over whatever connects the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareableHandle {
    /// CANN's number.
    pub number: u64,
    /// The size of the memory.
    pub bytes: u64,
}

/// Who may import exported memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importers<'a> {
    /// Any process of the machine that is told the handle.
    All,
    /// The processes with these ids.
    Only(&'a [u32]),
}

impl ShareableHandle {
    /// As bytes, for a socket or a file.
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.number.to_le_bytes());
        bytes[8..].copy_from_slice(&self.bytes.to_le_bytes());
        bytes
    }

    /// From what [`ShareableHandle::to_bytes`] gave.
    pub fn from_bytes(bytes: [u8; 16]) -> ShareableHandle {
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        ShareableHandle { number: number(0), bytes: number(8) }
    }
}

impl Device {
    fn physical_properties(&self) -> aclrtPhysicalMemProp {
        aclrtPhysicalMemProp {
            handleType: ACL_MEM_HANDLE_TYPE_NONE,
            allocationType: ACL_MEM_ALLOCATION_TYPE_PINNED,
            memAttr: ACL_HBM_MEM_HUGE,
            location: aclrtMemLocation { id: self.ordinal(), r#type: ACL_MEM_LOCATION_TYPE_DEVICE },
            reserve: 0,
        }
    }

    /// Sizes of physical memory, and the places at which it is mapped, are multiples of so many bytes (2 MiB on A2 and A3).
    ///
    /// CANN: aclrtMemGetAllocationGranularity.
    pub fn physical_granularity(&self) -> Result<usize> {
        let get = optional!(self, aclrtMemGetAllocationGranularity)?;
        let (mut properties, mut granularity) = (self.physical_properties(), 0);
        let option = ACL_RT_MEM_ALLOC_GRANULARITY_MINIMUM;
        // SAFETY: both outlive the call.
        let call = || unsafe { get(&mut properties, option, &mut granularity) };
        self.call("aclrtMemGetAllocationGranularity", call)?;
        Ok(granularity.max(1))
    }

    /// At least `bytes` bytes of physical memory, rounded up to the granularity.
    ///
    /// Errors: `Argument` for 0; `OutOfMemory`. CANN: aclrtMallocPhysical.
    pub fn physical(&self, bytes: usize) -> Result<PhysicalMemory> {
        let (alloc, granularity) = (optional!(self, aclrtMallocPhysical)?, self.physical_granularity()?);
        let Some(bytes) = bytes.checked_next_multiple_of(granularity) else {
            return Err(Error::new(ErrorKind::OutOfMemory, format!("{bytes} bytes are more than an address space")));
        };
        let (properties, mut raw) = (self.physical_properties(), ptr::null_mut());
        // SAFETY: both outlive the call.
        self.call("aclrtMallocPhysical", || unsafe { alloc(&mut raw, bytes, &properties, 0) })?;
        Ok(PhysicalMemory::new(self, raw, bytes))
    }

    /// Physical memory that another process of this machine has exported, for this device. What this process and others write to it
    /// is ordered by what the processes agree on, not by a stream.
    ///
    /// Errors: `Argument` if the exporter has ended or freed it, or is this process; `Device` if it does not let this one
    /// import. CANN: aclrtMemImportFromShareableHandle.
    pub fn import(&self, handle: ShareableHandle) -> Result<PhysicalMemory> {
        let (import, mut raw) = (optional!(self, aclrtMemImportFromShareableHandle)?, ptr::null_mut());
        let id = self.ordinal() as i32;
        // SAFETY: `raw` outlives the call; numbers are checked by CANN.
        self.call("aclrtMemImportFromShareableHandle", || unsafe { import(handle.number, id, &mut raw) })?;
        Ok(PhysicalMemory::new(self, raw, handle.bytes as usize))
    }
}

impl PhysicalMemory {
    fn new(device: &Device, raw: aclrtDrvMemHandle, bytes: usize) -> PhysicalMemory {
        let mapped = AtomicBool::new(false);
        PhysicalMemory(Arc::new(Inner { raw: Handle(raw), bytes, device: device.clone(), mapped }))
    }

    /// Bytes.
    pub fn bytes(&self) -> usize {
        self.0.bytes
    }

    /// The device that uses it.
    pub fn device(&self) -> &Device {
        &self.0.device
    }

    pub(super) fn raw(&self) -> aclrtDrvMemHandle {
        self.0.raw.0
    }

    /// Claims the one mapping; false if it is taken.
    pub(super) fn claim(&self) -> bool {
        !self.0.mapped.swap(true, AcqRel)
    }

    pub(super) fn unclaim(&self) {
        self.0.mapped.store(false, Release);
    }

    /// Lets other processes import it. Once a memory; it must live until they have imported, what they have then stays.
    ///
    /// Errors: `Argument` if it was exported already, or was imported itself.
    /// CANN: aclrtMemExportToShareableHandle, aclrtMemSetPidToShareableHandle.
    pub fn export(&self, importers: Importers<'_>) -> Result<ShareableHandle> {
        let device = self.device();
        let export = optional!(device, aclrtMemExportToShareableHandle)?;
        let allow = optional!(device, aclrtMemSetPidToShareableHandle)?;
        let flags = match importers {
            Importers::All => ACL_RT_VMM_EXPORT_FLAG_DISABLE_PID_VALIDATION,
            Importers::Only(_) => 0,
        };
        let mut number = 0;
        // SAFETY: the handle is alive, and `number` outlives the call.
        let call = || unsafe { export(self.raw(), ACL_MEM_HANDLE_TYPE_NONE, flags, &mut number) };
        device.call("aclrtMemExportToShareableHandle", call)?;
        if let Importers::Only(ids @ [_, ..]) = importers {
            let mut ids: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
            let (first, n) = (ids.as_mut_ptr(), ids.len());
            // SAFETY: `n` numbers that outlive the call.
            device.call("aclrtMemSetPidToShareableHandle", || unsafe { allow(number, first, n) })?;
        }
        Ok(ShareableHandle { number, bytes: self.bytes() as u64 })
    }
}

impl fmt::Debug for PhysicalMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhysicalMemory({} bytes of {:?})", self.bytes(), self.device())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let freed = optional!(&self.device, aclrtFreePhysical).and_then(|free| {
            // SAFETY: the handle is this value's, given back once; CANN keeps the memory while it is mapped.
            self.device.call("aclrtFreePhysical", || unsafe { free(self.raw.0) })
        });
        if let Err(error) = freed {
            self.device.defer(error);
        }
    }
}
