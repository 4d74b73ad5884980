//! Allocations that processes of one machine share by a text.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_void};
use std::sync::{Mutex, MutexGuard};

use ascend_rl_sys::types::*;

use super::context::current;
use super::sharing::{processes, to_all};
use super::{give, not_null};
use crate::memory::exports::{self, Export, Use};
use crate::memory::physical::Physical;
use crate::memory::{Bound, Place, space};
use crate::reject::{Outcome, Reject, check, reject};

/// Length of a key with its NUL, as CANN documents it.
const KEY: usize = 65;
/// What the simulator's keys begin with; a number in hexadecimal digits follows.
const MARK: &str = "cann-sim-";

/// What this process shares, and what it has imported.
#[derive(Default)]
struct Shared {
    /// Address and export, by number.
    exported: BTreeMap<u64, (usize, Export)>,
    /// Address, by number.
    imported: BTreeMap<u64, usize>,
}

static SHARED: Mutex<Shared> = Mutex::new(Shared { exported: BTreeMap::new(), imported: BTreeMap::new() });

fn shared() -> MutexGuard<'static, Shared> {
    SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Ends the sharing of the allocation that is being freed.
pub(super) fn withdraw(block: Option<(usize, usize)>) -> Vec<Export> {
    let Some((start, bytes)) = block else { return Vec::new() };
    let exported = &mut shared().exported;
    let inside = |(at, _): &(usize, Export)| *at >= start && *at - start < bytes;
    let numbers: Vec<u64> = exported.iter().filter(|(_, export)| inside(export)).map(|(number, _)| *number).collect();
    numbers.iter().filter_map(|number| exported.remove(number)).map(|(_, export)| export).collect()
}

/// The number in a key of memory.
fn number(key: *const c_char) -> Outcome<u64> {
    number_of(MARK, "aclrtIpcMemGetExportKey", key)
}

/// The number in a key that begins with `mark` and that the function `maker` makes.
pub(super) fn number_of(mark: &str, maker: &str, key: *const c_char) -> Outcome<u64> {
    not_null("key", key)?;
    // SAFETY: not null, and C's contract is a NUL-terminated text of at most 65 bytes.
    let text = unsafe { CStr::from_ptr(key) }.to_string_lossy();
    text.strip_prefix(mark).and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or_else(|| Reject {
        code: ascend_rl_sys::codes::ACL_ERROR_RT_PARAM_INVALID,
        text: format!("key \"{text}\" is not one that {maker} makes"),
    })
}

/// Writes the key of a number to the `len` bytes that C gives.
pub(super) fn write_key(mark: &str, number: u64, key: *mut c_char, len: usize) -> Outcome {
    check!(len >= KEY, ACL_ERROR_RT_PARAM_INVALID, "len is {len}, a key takes {KEY}");
    for (i, byte) in format!("{mark}{number:016x}").bytes().chain([0]).enumerate() {
        // SAFETY: shorter than `len`, which is what C's contract gives at `key`.
        unsafe { key.add(i).write(byte as c_char) }
    }
    Ok(())
}

pub(crate) fn aclrtIpcMemGetExportKey(ptr: *mut c_void, size: usize, key: *mut c_char, len: usize, flags: u64) -> Outcome {
    not_null("devPtr", ptr)?;
    not_null("key", key)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    check!(len >= KEY, ACL_ERROR_RT_PARAM_INVALID, "len is {len}, a key takes {KEY}");
    let (address, to_all) = (ptr as usize, to_all(flags)?);
    let Place::Device(device) = Place::of("devPtr", address, size)? else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "devPtr {ptr:?} is not memory of a device")
    };
    // What is shared goes with the allocation, whose size others know: not a byte of what CANN adds.
    let asked = device.memory.beyond(std::iter::once((address, size)), Bound::Asked).is_none();
    check!(asked, ACL_ERROR_RT_PARAM_INVALID, "devPtr {ptr:?}: {size} bytes there are more than were asked for");
    let pieces = device.memory.pieces(address, size);
    let [piece] = &pieces[..] else {
        reject!(
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "devPtr {ptr:?}: {size} bytes there lie in {} mappings; physical memory is shared by aclrtMemExportToShareableHandle",
            pieces.len()
        )
    };
    let export = exports::export(&piece.file, piece.offset, piece.bytes, Use::Key, to_all)?;
    let number = export.number();
    shared().exported.insert(number, (address, export));
    write_key(MARK, number, key, len)
}

pub(crate) fn aclrtIpcMemSetImportPid(key: *const c_char, pid: *mut i32, num: usize) -> Outcome {
    exports::allow("key", number(key)?, Use::Key, processes(pid, num)?)
}

pub(crate) fn aclrtIpcMemImportPidInterServer(key: *const c_char, _server_pids: *mut aclrtServerPid, _num: usize) -> Outcome {
    number(key)?;
    reject!(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "serverPids: the simulator shares memory within one machine")
}

/// The memory counts as the current device's own, so peer access needs no enabling.
pub(crate) fn aclrtIpcMemImportByKey(ptr: *mut *mut c_void, key: *const c_char, flags: u64) -> Outcome {
    not_null("devPtr", ptr)?;
    let number = number(key)?;
    check!(
        flags <= ACL_RT_IPC_MEM_IMPORT_FLAG_ENABLE_PEER_ACCESS,
        ACL_ERROR_RT_PARAM_INVALID,
        "flags is {flags}: 0 or 1 (enable peer access) is taken"
    );
    let device = current()?.device;
    // Held throughout, so that no second import of the key comes between.
    let mut shared = shared();
    check!(!shared.imported.contains_key(&number), ACL_ERROR_RT_PARAM_INVALID, "key was imported already: close it first");
    let found = exports::import("key", number, Use::Key)?;
    let (lead, bytes) = (found.offset - found.pages().0, found.bytes);
    let prop = aclrtPhysicalMemProp {
        handleType: ACL_MEM_HANDLE_TYPE_NONE,
        allocationType: ACL_MEM_ALLOCATION_TYPE_PINNED,
        memAttr: ACL_HBM_MEM_NORMAL,
        location: aclrtMemLocation { id: device.id, r#type: ACL_MEM_LOCATION_TYPE_DEVICE },
        reserve: 0,
    };
    let address = space::adopt(lead, bytes, Physical::import(device, prop, found)?)?;
    shared.imported.insert(number, address);
    give(ptr, address as *mut c_void);
    Ok(())
}

/// In the process that imported: takes the address back. In the one that exported: nobody can import any more.
pub(crate) fn aclrtIpcMemClose(key: *const c_char) -> Outcome {
    let number = number(key)?;
    let (imported, exported) = {
        let mut shared = shared();
        // A process may have both.
        match shared.imported.remove(&number) {
            Some(address) => (Some(address), None),
            None => (None, shared.exported.remove(&number)),
        }
    };
    match (imported, exported) {
        (Some(address), _) => space::disown(address),
        (None, Some(_)) => Ok(()),
        (None, None) => {
            reject!(
                ACL_ERROR_RT_PARAM_INVALID,
                "key is neither exported nor imported by this process: closed already, or never made"
            )
        }
    }
}

pub(crate) fn aclrtIpcMemSetAttr(key: *const c_char, kind: aclrtIpcMemAttrType, _attr: u64) -> Outcome {
    number(key)?;
    reject!(
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "type is {}: the simulated chip has one die a device, so there is no link to choose",
        kind.0
    )
}
