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
/// Flag of `aclmdlRIBindStream`: the stream runs from the start of the graph.
pub const ACL_MODEL_STREAM_FLAG_HEAD: u32 = 0x0;
/// Flag of `aclmdlRIBindStream`: the stream runs when a task of the graph activates it.
pub const ACL_MODEL_STREAM_FLAG_DEFAULT: u32 = 0x7FFF_FFFF;

/// A place in a stream of a graph that is built.
pub type aclrtLabel = *mut c_void;
/// Labels, by index.
pub type aclrtLabelList = *mut c_void;
/// A value that says which graphs run.
pub type aclmdlRICondHandle = *mut c_void;

c_enum! {
    /// How two numbers are compared.
    aclrtCondition: c_int {
        ACL_RT_EQUAL = 0; ACL_RT_NOT_EQUAL = 1; ACL_RT_GREATER = 2; ACL_RT_GREATER_OR_EQUAL = 3; ACL_RT_LESS = 4; ACL_RT_LESS_OR_EQUAL = 5;
    }
}
c_enum! {
    /// Which numbers are compared.
    aclrtCompareDataType: c_int { ACL_RT_SWITCH_INT32 = 0; ACL_RT_SWITCH_INT64 = 1; }
}
c_enum! {
    /// Whether each execution sets the value of a condition.
    aclmdlRICondHandleFlag: c_int { ACL_MODEL_RI_COND_HANDLE_ASSIGN_DEFAULT = 1; }
}
c_enum! {
    /// How often a condition runs its graphs.
    aclmdlRICondTaskType: c_int { ACL_MODEL_RI_COND_TYPE_IF = 0; ACL_MODEL_RI_COND_TYPE_WHILE = 1; ACL_MODEL_RI_COND_TYPE_SWITCH = 2; }
}

/// A task that runs graphs as a value says.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tagAclmdlRICondTaskParams {
    /// The value.
    pub handle: aclmdlRICondHandle,
    /// What it says.
    pub r#type: aclmdlRICondTaskType,
    /// The number of graphs: 1 or 2 for an if, 1 for a while, any for a switch.
    pub size: u32,
    /// Gets the graphs.
    pub modelRIArray: *mut aclmdlRI,
}
/// A task that runs graphs as a value says.
pub type aclmdlRICondTaskParams = tagAclmdlRICondTaskParams;
const _: () = assert!(size_of::<aclmdlRICondTaskParams>() == 24);
