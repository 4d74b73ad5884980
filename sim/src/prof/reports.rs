//! `libprofapi.so`: how libraries report their calls to the profiler. Source: the runtime's
//! `src/dfx/msprof/collector/dvvp/profapi/src/prof_impl_inner_api.cpp`.
//!
//! The simulator collects the program's own ranges only ([`super`]), so reports come to nothing, as on a card while no profiler
//! collects them.

use std::ffi::{c_char, c_void};

use crate::reject::{Outcome, Reject};

/// The profiler's own code for all that fails.
pub(super) const FAILED: i32 = -1;

fn report(param: &str, data: *const c_void) -> Outcome {
    match data.is_null() {
        true => Err(Reject { code: FAILED, text: format!("{param} is null") }),
        false => Ok(()),
    }
}

pub(crate) fn MsprofReportApi(_non_persistent_flag: u32, api: *const c_void) -> Outcome {
    report("api", api)
}

pub(crate) fn MsprofReportCompactInfo(_non_persistent_flag: u32, data: *const c_void, _length: u32) -> Outcome {
    report("data", data)
}

pub(crate) fn MsprofReportAdditionalInfo(_non_persistent_flag: u32, data: *const c_void, _length: u32) -> Outcome {
    report("data", data)
}

/// FNV-1a: the same text has the same number in every process. CANN's numbers are others.
pub(crate) fn MsprofGetHashId(hash_info: *const c_char, length: usize) -> Outcome<u64> {
    if hash_info.is_null() || length == 0 {
        return Ok(u64::MAX);
    }
    // SAFETY: not null, and C's contract is so many bytes.
    let bytes = unsafe { std::slice::from_raw_parts(hash_info.cast::<u8>(), length) };
    Ok(bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)))
}

/// Nanoseconds: the clock that CANN takes on hosts whose counter's frequency is not known.
pub(crate) fn MsprofSysCycleTime() -> Outcome<u64> {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` outlives the call.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_RAW, &mut now) };
    Ok(now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64)
}
