//! What memory there is, and what an address is.

use super::Device;
use super::optional::optional;
use crate::error::Result;
use ascend_rl_sys::types::*;
use std::ffi::{CStr, c_void};
use std::ptr;

/// Where memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryPlace {
    /// On the device of this ordinal.
    Device(u32),
    /// Pinned or registered memory of the host.
    Pinned,
    /// Any other memory of the host. Releases before 8.5 do not tell it from [`MemoryPlace::Pinned`].
    Pageable,
}

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointerInfo {
    /// Where it is.
    pub place: MemoryPlace,
    /// Bytes of a page there.
    pub page_bytes: u32,
}

/// How much of a device's memory a component of CANN has, the program itself being one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUse {
    /// CANN's name for the component.
    pub component: String,
    /// Bytes now.
    pub bytes: u64,
    /// Most bytes so far.
    pub peak_bytes: u64,
}

impl Device {
    /// What an address is, as memory of other libraries may be. It is looked up, not followed.
    ///
    /// Errors: `Argument` for 0, and for device memory that was freed. CANN: aclrtPointerGetAttributes.
    pub fn pointer(&self, address: usize) -> Result<PointerInfo> {
        let get = optional!(self, aclrtPointerGetAttributes)?;
        let location = aclrtMemLocation { id: 0, r#type: ACL_MEM_LOCATION_TYPE_UNREGISTERED };
        let address = ptr::without_provenance::<c_void>(address);
        let mut found = aclrtPtrAttributes { location, pageSize: 0, rsv: [0; 4] };
        // SAFETY: `found` outlives the call; the address is only looked up.
        self.call("aclrtPointerGetAttributes", || unsafe { get(address, &mut found) })?;
        let place = match found.location.r#type {
            ACL_MEM_LOCATION_TYPE_DEVICE => MemoryPlace::Device(found.location.id),
            ACL_MEM_LOCATION_TYPE_HOST | ACL_MEM_LOCATION_TYPE_HOST_NUMA => MemoryPlace::Pinned,
            _ => MemoryPlace::Pageable,
        };
        Ok(PointerInfo { place, page_bytes: found.pageSize })
    }

    /// Who has how much of the device's memory, of this process; the biggest first.
    ///
    /// Errors: `MissingSymbol` before 8.5. CANN: aclrtGetMemUsageInfo.
    pub fn memory_usage(&self) -> Result<Vec<MemoryUse>> {
        /// More components than any release has.
        const MOST: usize = 128;
        let get = optional!(self, aclrtGetMemUsageInfo)?;
        let empty = aclrtMemUsageInfo { name: [0; 32], curMemSize: 0, memPeakSize: 0, reserved: [0; 8] };
        let (mut all, mut count) = (vec![empty; MOST], 0);
        let (id, first) = (self.ordinal() as i32, all.as_mut_ptr());
        // SAFETY: `all` has `MOST` values, and both outlive the call.
        self.call("aclrtGetMemUsageInfo", || unsafe { get(id, first, MOST, &mut count) })?;
        let name = |info: &aclrtMemUsageInfo| CStr::from_bytes_until_nul(&info.name).unwrap_or_default().to_string_lossy().into();
        let one =
            |info: &aclrtMemUsageInfo| MemoryUse { component: name(info), bytes: info.curMemSize, peak_bytes: info.memPeakSize };
        Ok(all.iter().take(count).map(one).collect())
    }
}
