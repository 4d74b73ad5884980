//! `libascendcl.so`: the device runtime. One body for each row of `acl_symbols!`, with the C name.
//!
//! Checks come in CANN's order: what the ACL layer sees (null, zero, an enum's range: 100000), then what the runtime sees
//! (a value: 107000, a device: 107001, no context: 107002, another context's stream: 107003, a handle: 107017).

mod attributes;
mod callback;
mod chip;
mod config;
pub(crate) mod context;
mod copy;
mod copy_2d;
mod copy_batch;
mod copy_indirect;
mod device;
mod event;
mod event_capture;
mod event_external;
mod event_flags;
mod event_sharing;
mod exception;
mod facts;
mod fill;
pub(crate) mod graph;
mod health;
mod host_memory;
mod ipc;
pub(crate) mod kernel;
mod limits;
mod memory;
mod memory_facts;
mod notify;
mod notify_sharing;
mod numbers;
pub(crate) mod op;
mod peer;
mod pool;
mod process;
mod random;
mod reduce;
mod sharing;
pub(crate) mod stream;
mod stream_state;
pub(crate) mod tdt;
mod timeouts;
mod virtual_memory;

use std::time::{Duration, Instant};

pub(crate) use attributes::*;
pub(crate) use callback::{
    aclrtLaunchCallback, aclrtLaunchHostFunc, aclrtProcessHostFunc, aclrtProcessReport, aclrtSubscribeHostFunc,
    aclrtSubscribeReport, aclrtUnSubscribeHostFunc, aclrtUnSubscribeReport,
};
pub(crate) use context::{
    aclrtCreateContext, aclrtCtxGetCurrentDefaultStream, aclrtCtxGetSysParamOpt, aclrtCtxSetSysParamOpt, aclrtDestroyContext,
    aclrtGetCurrentContext, aclrtGetPrimaryCtxState, aclrtSetCurrentContext,
};
pub(crate) use copy::{aclrtMemcpy, aclrtMemcpyAsync, aclrtMemcpyAsyncWithCondition};
pub(crate) use copy_2d::*;
pub(crate) use copy_batch::*;
pub(crate) use copy_indirect::*;
pub(crate) use device::*;
pub(crate) use event::*;
pub(crate) use event_flags::*;
pub(crate) use event_sharing::*;
pub(crate) use exception::*;
pub(crate) use facts::*;
pub(crate) use fill::*;
pub(crate) use health::*;
pub(crate) use host_memory::*;
pub(crate) use ipc::*;
pub(crate) use limits::*;
pub(crate) use memory::*;
pub(crate) use memory_facts::*;
pub(crate) use notify::*;
pub(crate) use notify_sharing::*;
pub(crate) use numbers::*;
pub(crate) use peer::*;
pub(crate) use pool::*;
pub(crate) use process::*;
pub(crate) use random::*;
pub(crate) use reduce::*;
pub(crate) use sharing::*;
pub(crate) use stream::{
    aclrtCreateStream, aclrtCreateStreamWithConfig, aclrtDestroyStream, aclrtDestroyStreamForce, aclrtGetStreamAvailableNum,
    aclrtGetThreadLastTaskId, aclrtStreamAbort, aclrtStreamQuery, aclrtStreamStop, aclrtSynchronizeStream,
    aclrtSynchronizeStreamWithTimeout,
};
pub(crate) use stream_state::aclrtRegStreamStateCallback;
pub(crate) use timeouts::*;
pub(crate) use virtual_memory::*;

use crate::reject::{Outcome, check, reject};

/// Refuses a null pointer, as the ACL layer does.
fn not_null<T>(param: &str, pointer: *const T) -> Outcome {
    check!(!pointer.is_null(), ACL_ERROR_INVALID_PARAM, "{param} is null");
    Ok(())
}

/// Writes an out-parameter that [`not_null`] has seen.
fn give<T>(pointer: *mut T, value: T) {
    // SAFETY: not null as checked, and C's contract is that it points to a variable of this type.
    unsafe { pointer.write(value) }
}

/// Refuses what no chip that the simulator imitates has.
fn unsupported<T>(why: &str) -> Outcome<T> {
    reject!(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "not supported on Atlas A2 and A3: {why}")
}

/// A time-out in milliseconds as a deadline; -1 is none.
fn deadline(timeout: i32) -> Outcome<Option<Instant>> {
    check!(
        timeout == -1 || timeout > 0,
        ACL_ERROR_RT_PARAM_INVALID,
        "timeout is {timeout}: -1 (for ever) or more than 0 ms is taken"
    );
    Ok((timeout > 0).then(|| Instant::now() + Duration::from_millis(timeout as u64)))
}
