//! Who is told when a stream begins or ends.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ascend_rl_sys::types::*;

use crate::reject::{Outcome, check, reject};

/// A function, and what it is called with: an address of the program's, which is not followed.
type Told = (unsafe extern "C" fn(aclrtStream, aclrtStreamState, *mut c_void), usize);

static TOLD: Mutex<BTreeMap<CString, Told>> = Mutex::new(BTreeMap::new());
/// Whether there is anyone; almost always not.
static ANYONE: AtomicBool = AtomicBool::new(false);

fn all() -> MutexGuard<'static, BTreeMap<CString, Told>> {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To take back what was never given is no mistake (`stream_state_callback_manager.cc`).
pub(crate) fn aclrtRegStreamStateCallback(
    reg_name: *const c_char,
    callback: aclrtStreamStateCallback,
    args: *mut c_void,
) -> Outcome {
    check!(!reg_name.is_null(), ACL_ERROR_RT_PARAM_INVALID, "regName is null");
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let name = unsafe { CStr::from_ptr(reg_name) }.to_owned();
    let mut all = all();
    match callback {
        None => _ = all.remove(&name),
        Some(_) if all.contains_key(&name) => {
            reject!(ACL_ERROR_RT_PARAM_INVALID, "regName is {name:?}, which is there already: pass a null callback first")
        }
        Some(callback) => _ = all.insert(name, (callback, args as usize)),
    }
    ANYONE.store(!all.is_empty(), Release);
    Ok(())
}

/// Tells all, in the order of their names, on this thread. They may create and destroy streams themselves.
pub(super) fn tell(stream: usize, state: aclrtStreamState) {
    if !ANYONE.load(Acquire) {
        return;
    }
    let told: Vec<Told> = all().values().copied().collect();
    for (callback, args) in told {
        // SAFETY: C's contract: a function of this signature, until it is taken back.
        unsafe { callback(stream as aclrtStream, state, args as *mut c_void) };
    }
}
