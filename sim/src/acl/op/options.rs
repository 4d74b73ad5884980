//! Options of the compiler of single operators. There is no compiler: they are kept, and change nothing.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ascend_rl_sys::types::*;

use super::not_null;
use crate::reject::{Outcome, check, reject};

static OPTIONS: Mutex<BTreeMap<i32, Vec<u8>>> = Mutex::new(BTreeMap::new());

fn options() -> MutexGuard<'static, BTreeMap<i32, Vec<u8>>> {
    OPTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `aclGetCompileopt` gives for whether operators are compiled when they are called. Never what was set: the chip's default, which
/// is "no" on Atlas A2 and A3.
const JIT_COMPILE: &[u8] = b"disable";
/// What `aclGetCompileoptSize` gives for it, whatever the value.
const JIT_COMPILE_SIZE: usize = 256;

pub(crate) fn aclSetCompileopt(opt: aclCompileOpt, value: *const c_char) -> Outcome {
    not_null("value", value)?;
    check!(
        opt != ACL_AUTO_TUNE_MODE,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "opt is ACL_AUTO_TUNE_MODE, which CANN has discarded: use the AOE tool"
    );
    check!(opt.name().is_some(), ACL_ERROR_INTERNAL_ERROR, "opt is {}, which is no option", opt.0);
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let value = unsafe { CStr::from_ptr(value) }.to_bytes().to_vec();
    options().insert(opt.0, value);
    Ok(())
}

pub(crate) fn aclGetCompileoptSize(opt: aclCompileOpt) -> Outcome<usize> {
    if opt == ACL_OP_JIT_COMPILE {
        return Ok(JIT_COMPILE_SIZE);
    }
    Ok(options().get(&opt.0).filter(|value| !value.is_empty()).map_or(0, |value| value.len() + 1))
}

pub(crate) fn aclGetCompileopt(opt: aclCompileOpt, value: *mut c_char, length: usize) -> Outcome {
    not_null("value", value)?;
    let found = match opt {
        ACL_OP_JIT_COMPILE => JIT_COMPILE.to_vec(),
        ACL_OP_DEBUG_OPTION => match options().get(&opt.0) {
            Some(found) => found.clone(),
            None => reject!(ACL_ERROR_API_NOT_SUPPORT, "opt is ACL_OP_DEBUG_OPTION, which was not set"),
        },
        _ => reject!(
            ACL_ERROR_API_NOT_SUPPORT,
            "opt is {}: ACL_OP_JIT_COMPILE and ACL_OP_DEBUG_OPTION can be read",
            opt.name().map_or_else(|| opt.0.to_string(), str::to_owned)
        ),
    };
    check!(length > found.len(), ACL_ERROR_FAILURE, "length is {length}, {} bytes are needed", found.len() + 1);
    for (i, byte) in found.into_iter().chain([0]).enumerate() {
        // SAFETY: not null, and C's contract is room for `length` bytes, which are enough as checked.
        unsafe { value.add(i).write(byte as c_char) };
    }
    Ok(())
}
