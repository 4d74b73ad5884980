//! Start and end, versions, options, error texts.

use std::ffi::{CStr, c_char};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::*};

use ascend_rl_sys::types::*;

use super::{give, not_null};
use crate::boundary::take_recent;
use crate::reject::{Outcome, check, reject};
use crate::world::world;

/// The toolkit whose behaviour is modelled.
const TOOLKIT: (&str, [&str; 2]) = ("8.5.0", ["8", "5"]);
/// The ACL interface of that toolkit.
const INTERFACE: [i32; 3] = [1, 16, 0];

/// `aclInit` calls that were not given back.
static REFERENCES: AtomicU64 = AtomicU64::new(0);

pub(crate) fn aclInit(config_path: *const c_char) -> Outcome {
    world()?;
    if REFERENCES.load(SeqCst) == 0 {
        check_config(config_path)?;
    }
    if REFERENCES.fetch_add(1, SeqCst) > 0 {
        reject!(ACL_ERROR_REPEAT_INITIALIZE, "the runtime is started already; the call counts as one more reference")
    }
    Ok(())
}

/// No configuration, or one that asks for nothing.
fn check_config(path: *const c_char) -> Outcome {
    if path.is_null() {
        return Ok(());
    }
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let path = unsafe { CStr::from_ptr(path) }.to_string_lossy();
    match std::fs::read_to_string(&*path) {
        Err(error) => reject!(ACL_ERROR_INVALID_FILE, "configPath \"{path}\" cannot be read: {error}"),
        Ok(text) if text.split_whitespace().collect::<String>().trim_matches(['{', '}']).is_empty() => Ok(()),
        Ok(_) => reject!(
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "configPath \"{path}\": the simulator takes no settings there; pass null or a file that holds {{}}"
        ),
    }
}

pub(crate) fn aclFinalize() -> Outcome {
    check!(REFERENCES.swap(0, SeqCst) > 0, ACL_ERROR_REPEAT_FINALIZE, "the runtime is not started, or ended already");
    Ok(())
}

/// `ref_count` may be null.
pub(crate) fn aclFinalizeReference(ref_count: *mut u64) -> Outcome {
    let before = REFERENCES.fetch_update(SeqCst, SeqCst, |count| count.checked_sub(1)).unwrap_or(0);
    if !ref_count.is_null() {
        give(ref_count, before.saturating_sub(1));
    }
    check!(before > 0, ACL_ERROR_REPEAT_FINALIZE, "the runtime is not started, or ended already");
    Ok(())
}

pub(crate) fn aclrtGetVersion(major: *mut i32, minor: *mut i32, patch: *mut i32) -> Outcome {
    let parts = [("majorVersion", major), ("minorVersion", minor), ("patchVersion", patch)];
    parts.iter().try_for_each(|(param, part)| not_null(param, *part))?;
    parts.iter().zip(INTERFACE).for_each(|((_, part), value)| give(*part, value));
    Ok(())
}

pub(crate) fn aclsysGetCANNVersion(name: aclCANNPackageName, version: *mut aclCANNPackageVersion) -> Outcome {
    not_null("version", version)?;
    check!(REFERENCES.load(SeqCst) > 0, ACL_ERROR_UNINITIALIZE, "aclInit was not called");
    check!(name.name().is_some(), ACL_ERROR_INVALID_PARAM, "name is {}, which is no package", name.0);
    let (whole, [major, minor]) = TOOLKIT;
    give(
        version,
        aclCANNPackageVersion {
            version: padded(whole),
            majorVersion: padded(major),
            minorVersion: padded(minor),
            releaseVersion: padded(""),
            patchVersion: padded("0"),
            reserved: [0; 128],
        },
    );
    Ok(())
}

/// A C string in an array.
fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes
}

pub(crate) fn aclGetRecentErrMsg() -> Outcome<*const c_char> {
    Ok(take_recent())
}

/// Values of the options by their numbers; -1 where never set.
static OPTIONS: [AtomicI64; 3] = [const { AtomicI64::new(-1) }; 3];

fn option(opt: aclSysParamOpt) -> Outcome<&'static AtomicI64> {
    match OPTIONS.get(opt.0 as usize) {
        Some(option) => Ok(option),
        None => reject!(ACL_ERROR_INVALID_PARAM, "opt is {}, which is no option", opt.0),
    }
}

/// Every operator of the simulator is deterministic and strongly consistent whatever is set.
pub(crate) fn aclrtSetSysParamOpt(opt: aclSysParamOpt, value: i64) -> Outcome {
    let option = option(opt)?;
    check!(value == 0 || value == 1, ACL_ERROR_RT_PARAM_INVALID, "value is {value}: 0 or 1 is taken");
    check!(
        opt != ACL_OPT_ENABLE_DEBUG_KERNEL || value == 0,
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "ACL_OPT_ENABLE_DEBUG_KERNEL is not supported by the simulator"
    );
    option.store(value, SeqCst);
    Ok(())
}

pub(crate) fn aclrtGetSysParamOpt(opt: aclSysParamOpt, value: *mut i64) -> Outcome {
    not_null("value", value)?;
    let stored = option(opt)?.load(SeqCst);
    check!(stored >= 0, ACL_ERROR_RT_SYSPARAMOPT_NOT_SET, "option {} was never set", opt.name().unwrap_or("?"));
    give(value, stored);
    Ok(())
}
