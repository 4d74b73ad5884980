//! Profiling, `libmsprofiler.so`: `acl/acl_prof.h`; and what the toolkit's own libraries report their calls with, `libprofapi.so`:
//! `aprof_pub.h`, which is installed among a toolkit's inner headers (`pkg_inc/profiling`).

use crate::types::*;
use std::ffi::{c_char, c_void};

/// The symbols of `libmsprofiler.so`. Calls `$emit! { Prof, Lib::MsProfiler; rows }`.
#[macro_export]
macro_rules! prof_symbols {
    ($emit:ident) => { $emit! { Prof, $crate::Lib::MsProfiler;
        /// Begins profiling, with its results in the folder `path` (of `length` bytes).
        [optional "8.1"] fn aclprofInit(path: *const c_char, length: usize) -> aclError;
        /// Ends it.
        [optional "8.1"] fn aclprofFinalize() -> aclError;
        /// What to collect, an OR of `ACL_PROF_...`, and of which devices; null where that cannot be.
        [optional "8.1"] fn aclprofCreateConfig(device_ids: *mut u32, device_nums: u32, metrics: aclprofAicoreMetrics, events: *const aclprofAicoreEvents, data_types: u64) -> *mut aclprofConfig;
        /// Destroys that.
        [optional "8.1"] fn aclprofDestroyConfig(config: *const aclprofConfig) -> aclError;
        /// Collects from now on.
        [optional "8.1"] fn aclprofStart(config: *const aclprofConfig) -> aclError;
        /// Up to now; the results are written.
        [optional "8.1"] fn aclprofStop(config: *const aclprofConfig) -> aclError;
        /// A stamp, which a mark or a range is made with; null unless the program's own ranges are collected.
        [optional "8.1"] fn aclprofCreateStamp() -> *mut c_void;
        /// Destroys it.
        [optional "8.1"] fn aclprofDestroyStamp(stamp: *mut c_void) -> ();
        /// Gives it a text, of fewer than 128 bytes.
        [optional "8.1"] fn aclprofSetStampTraceMessage(stamp: *mut c_void, message: *const c_char, length: u32) -> aclError;
        /// A moment.
        [optional "8.1"] fn aclprofMark(stamp: *mut c_void) -> aclError;
        /// Begins a range of this thread, inside those that it has begun.
        [optional "8.1"] fn aclprofPush(stamp: *mut c_void) -> aclError;
        /// Ends this thread's innermost range.
        [optional "8.1"] fn aclprofPop() -> aclError;
        /// Begins a range that any thread may end.
        [optional "8.1"] fn aclprofRangeStart(stamp: *mut c_void, range_id: *mut u32) -> aclError;
        /// Ends it.
        [optional "8.1"] fn aclprofRangeStop(range_id: u32) -> aclError;
        // ---- reports of libraries; the structs are the profiler's own
        /// A call, with its times: `struct MsprofApi`.
        [optional "8.1"] fn MsprofReportApi(non_persistent_flag: u32, api: *const c_void) -> i32;
        /// A fact of at most 40 bytes: `struct MsprofCompactInfo`.
        [optional "8.1"] fn MsprofReportCompactInfo(non_persistent_flag: u32, data: *const c_void, length: u32) -> i32;
        /// A fact of more bytes: `struct MsprofAdditionalInfo`.
        [optional "8.1"] fn MsprofReportAdditionalInfo(non_persistent_flag: u32, data: *const c_void, length: u32) -> i32;
        /// The number that reports name a text by; all ones where there is no text.
        [optional "8.1"] fn MsprofGetHashId(hash_info: *const c_char, length: usize) -> u64;
        /// The time on the clock of reports.
        [optional "8.1"] fn MsprofSysCycleTime() -> u64;
    } };
}
prof_symbols!(function_table);
