//! Options of the process, and codes in words.

use std::ffi::{CStr, c_char};
use std::sync::atomic::{AtomicI32, Ordering::*};

use ascend_rl_sys::types::*;

use super::checks::{give, not_null};
use crate::reject::{Outcome, check, reject};

/// All fields of [`HcclCommConfigCapability`] are known.
pub(crate) fn HcclGetCommConfigCapability() -> Outcome<u32> {
    Ok(HCCL_COMM_CONFIG_BUFFER_NAME.0 as u32 + 1)
}

/// `HCCL_DETERMINISTIC`; off by default, as on A2.
static DETERMINISTIC: AtomicI32 = AtomicI32::new(0);

/// The simulator sums in the order of the ranks whatever is set.
pub(crate) fn HcclSetConfig(config: HcclConfig, value: HcclConfigValue) -> Outcome {
    option(config)?;
    // SAFETY: an integer, the union's only member.
    let value = unsafe { value.value };
    check!(matches!(value, 0 | 1), HCCL_E_PARA, "configValue of HCCL_DETERMINISTIC is {value}: 0 or 1 is taken");
    DETERMINISTIC.store(value, SeqCst);
    Ok(())
}

pub(crate) fn HcclGetConfig(config: HcclConfig, value: *mut HcclConfigValue) -> Outcome {
    not_null("configValue", value)?;
    option(config)?;
    give(value, HcclConfigValue { value: DETERMINISTIC.load(SeqCst) });
    Ok(())
}

fn option(config: HcclConfig) -> Outcome {
    match config {
        HCCL_DETERMINISTIC => Ok(()),
        other => reject!(HCCL_E_PARA, "config is {}, which is no option", other.0),
    }
}

/// The words are those of the open source HCCL.
pub(crate) fn HcclGetErrorString(code: HcclResult) -> Outcome<*const c_char> {
    const WORDS: [&CStr; 25] = [
        c"no error",
        c"parameter error",
        c"empty pointer",
        c"memory error",
        c"internal error",
        c"not support feature",
        c"not found specific resource",
        c"resource unavailable",
        c"call system interface error",
        c"timeout",
        c"open file fail",
        c"tcp connect fail",
        c"roce connect fail",
        c"tcp transfer fail",
        c"roce transfer fail",
        c"call runtime api fail",
        c"call driver api fail",
        c"call profiling api fail",
        c"call cce api fail",
        c"call network api fail",
        c"try again",
        c"error cqe",
        c"suspending communicator",
        c"retry constraint",
        c"out of memory",
    ];
    let words = usize::try_from(code).ok().and_then(|code| WORDS.get(code)).copied();
    Ok(words.unwrap_or(c"unknown error").as_ptr())
}
