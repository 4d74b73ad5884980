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
        /// Sets an option, whose value is a text of `config_length` bytes.
        [optional "8.1"] fn aclprofSetConfig(config_type: aclprofConfigType, config: *const c_char, config_length: usize) -> aclError;
        // ---- iterations
        /// The marks of an iteration.
        [optional "8.1"] fn aclprofCreateStepInfo() -> *mut aclprofStepInfo;
        /// Destroys them.
        [optional "8.1"] fn aclprofDestroyStepInfo(step_info: *mut aclprofStepInfo) -> ();
        /// Marks the beginning or the end of the iteration, in the order of the stream.
        [optional "8.1"] fn aclprofGetStepTimestamp(step_info: *mut aclprofStepInfo, tag: aclprofStepTag, stream: aclrtStream) -> aclError;
        // ---- subscription to what operators of a loaded model did
        /// What to tell through a pipe.
        [optional "8.1"] fn aclprofCreateSubscribeConfig(time_info_switch: i8, metrics: aclprofAicoreMetrics, fd: *mut c_void) -> *mut aclprofSubscribeConfig;
        /// Destroys it.
        [optional "8.1"] fn aclprofDestroySubscribeConfig(config: *const aclprofSubscribeConfig) -> aclError;
        /// Tells it of a model.
        [optional "8.1"] fn aclprofModelSubscribe(model_id: u32, config: *const aclprofSubscribeConfig) -> aclError;
        /// No longer.
        [optional "8.1"] fn aclprofModelUnSubscribe(model_id: u32) -> aclError;
        /// Bytes of what is told of one operator.
        [optional "8.1"] fn aclprofGetOpDescSize(op_desc_size: *mut usize) -> aclError;
        /// How many operators are told of.
        [optional "8.1"] fn aclprofGetOpNum(op_info: *const c_void, op_info_len: usize, op_number: *mut u32) -> aclError;
        /// Bytes of an operator's kind.
        [optional "8.1"] fn aclprofGetOpTypeLen(op_info: *const c_void, op_info_len: usize, index: u32, op_type_len: *mut usize) -> aclError;
        /// Its kind.
        [optional "8.1"] fn aclprofGetOpType(op_info: *const c_void, op_info_len: usize, index: u32, op_type: *mut c_char, op_type_len: usize) -> aclError;
        /// Bytes of its name.
        [optional "8.1"] fn aclprofGetOpNameLen(op_info: *const c_void, op_info_len: usize, index: u32, op_name_len: *mut usize) -> aclError;
        /// Its name.
        [optional "8.1"] fn aclprofGetOpName(op_info: *const c_void, op_info_len: usize, index: u32, op_name: *mut c_char, op_name_len: usize) -> aclError;
        /// When it began.
        [optional "8.1"] fn aclprofGetOpStart(op_info: *const c_void, op_info_len: usize, index: u32) -> u64;
        /// When it ended.
        [optional "8.1"] fn aclprofGetOpEnd(op_info: *const c_void, op_info_len: usize, index: u32) -> u64;
        /// How long it took.
        [optional "8.1"] fn aclprofGetOpDuration(op_info: *const c_void, op_info_len: usize, index: u32) -> u64;
        /// The model that it is of.
        [optional "8.1"] fn aclprofGetModelId(op_info: *const c_void, op_info_len: usize, index: u32) -> usize;
        /// What the entry tells of.
        [optional "8.5"] fn aclprofGetOpFlag(op_info: *const c_void, op_info_len: usize, index: u32) -> aclprofSubscribeOpFlag;
        /// A further fact of it.
        [optional "8.5"] fn aclprofGetOpAttriValue(op_info: *const c_void, op_info_len: usize, index: u32, attri: aclprofSubscribeOpAttri) -> *const c_char;
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
        /// The device of a loaded model.
        [optional "8.1"] fn MsprofSetDeviceIdByGeModelIdx(ge_model_idx: u32, device_id: u32) -> i32;
    } };
}
prof_symbols!(function_table);
