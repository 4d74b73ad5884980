//! Names, numbers and prints of graphs.

use std::ffi::{CStr, c_char};

use ascend_rl_sys::types::*;

use super::{give, not_null, resolve};
use crate::reject::{Outcome, check, reject};

/// Bytes of a name that are given back, with the NUL.
const LONGEST: usize = 512;

pub(crate) fn aclmdlRISetName(model_ri: aclmdlRI, name: *const c_char) -> Outcome {
    not_null("modelRI", model_ri)?;
    not_null("name", name)?;
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
    resolve(model_ri)?.set_name(name);
    Ok(())
}

pub(crate) fn aclmdlRIGetName(model_ri: aclmdlRI, max_len: u32, name: *mut c_char) -> Outcome {
    not_null("modelRI", model_ri)?;
    not_null("name", name)?;
    check!(max_len > 0, ACL_ERROR_RT_PARAM_INVALID, "maxLen is 0");
    let text = resolve(model_ri)?.name();
    let bytes = text.bytes().take(LONGEST.min(max_len as usize) - 1).chain([0]);
    for (i, byte) in bytes.enumerate() {
        // SAFETY: not null, and C's contract is an array of `maxLen` characters.
        unsafe { name.cast::<u8>().add(i).write(byte) }
    }
    Ok(())
}

pub(crate) fn aclmdlRIGetId(model_ri: aclmdlRI, model_ri_id: *mut u32) -> Outcome {
    not_null("modelRI", model_ri)?;
    not_null("modelRIId", model_ri_id)?;
    give(model_ri_id, resolve(model_ri)?.id);
    Ok(())
}

/// The simulator's log is the standard error.
pub(crate) fn aclmdlRIDebugPrint(model_ri: aclmdlRI) -> Outcome {
    let graph = resolve(model_ri)?;
    check!(!graph.is_recording(), ACL_ERROR_RT_MODEL_CAPTURED, "modelRI is still being recorded");
    eprint!("cann-sim: {}", graph.describe());
    Ok(())
}

pub(crate) fn aclmdlRIDebugJsonPrint(model_ri: aclmdlRI, path: *const c_char, flags: u32) -> Outcome {
    not_null("modelRI", model_ri)?;
    not_null("path", path)?;
    let known = [ACL_MDLRI_DEBUG_JSON_PRINT_SUMMARY, ACL_MDLRI_DEBUG_JSON_PRINT_VERBOSE].contains(&flags);
    check!(known, ACL_ERROR_RT_PARAM_INVALID, "flags is {flags:#x}: 0 (summary) or 1 (verbose) is taken");
    let graph = resolve(model_ri)?;
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let path = unsafe { CStr::from_ptr(path) }.to_string_lossy();
    if let Err(error) = std::fs::write(&*path, graph.json(flags == ACL_MDLRI_DEBUG_JSON_PRINT_VERBOSE)) {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "path \"{path}\" cannot be written: {error}")
    }
    Ok(())
}
