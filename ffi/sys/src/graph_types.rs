//! Types of graph capture and replay: `acl_mdl.h` up to 8.3, `acl_rt.h` from 8.5 on.

use std::ffi::{c_int, c_void};

/// A captured or built graph ("model running instance").
pub type aclmdlRI = *mut c_void;
/// A group of captured tasks that can be replaced.
pub type aclrtTaskGrp = *mut c_void;

c_enum! {
    /// Which threads a capture keeps from calls that would not be captured, as `aclrtMemcpy`.
    aclmdlRICaptureMode: c_int {
        ACL_MODEL_RI_CAPTURE_MODE_GLOBAL = 0; ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL = 1; ACL_MODEL_RI_CAPTURE_MODE_RELAXED = 2;
    }
}
c_enum! {
    /// Whether a stream is being captured.
    aclmdlRICaptureStatus: c_int {
        ACL_MODEL_RI_CAPTURE_STATUS_NONE = 0; ACL_MODEL_RI_CAPTURE_STATUS_ACTIVE = 1; ACL_MODEL_RI_CAPTURE_STATUS_INVALIDATED = 2;
    }
}

/// Flag of `aclmdlRIDebugJsonPrint`: streams and tasks.
pub const ACL_MDLRI_DEBUG_JSON_PRINT_SUMMARY: u32 = 0x0;
/// Flag of `aclmdlRIDebugJsonPrint`: the arguments of kernels too.
pub const ACL_MDLRI_DEBUG_JSON_PRINT_VERBOSE: u32 = 0x1;
/// Stream flag: the stream can be bound to a graph (`aclmdlRIBindStream`), which then gets its tasks.
pub const ACL_STREAM_PERSISTENT: u32 = 0x4;
/// Flag of `aclmdlRIBindStream`: the stream runs from the start of the graph.
pub const ACL_MODEL_STREAM_FLAG_HEAD: u32 = 0x0;
/// Flag of `aclmdlRIBindStream`: the stream runs when a task of the graph activates it.
pub const ACL_MODEL_STREAM_FLAG_DEFAULT: u32 = 0x7FFF_FFFF;
