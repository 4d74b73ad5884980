//! `libascendcl.so`: the device runtime. One body for each row of `acl_symbols!`, with the C name.
//!
//! Checks come in CANN's order: what the ACL layer sees (null, zero, an enum's range: 100000), then what the runtime sees
//! (a value: 107000, a device: 107001, no context: 107002, another context's stream: 107003, a handle: 107017).

pub(crate) mod context;
mod copy;
mod device;
mod event;
mod event_capture;
pub(crate) mod graph;
mod memory;
mod peer;
mod process;
pub(crate) mod stream;

use std::time::{Duration, Instant};

pub(crate) use context::{aclrtCreateContext, aclrtDestroyContext, aclrtGetCurrentContext, aclrtSetCurrentContext};
pub(crate) use copy::{aclrtMemcpy, aclrtMemcpyAsync, aclrtMemset, aclrtMemsetAsync};
pub(crate) use device::*;
pub(crate) use event::*;
pub(crate) use memory::*;
pub(crate) use peer::*;
pub(crate) use process::*;
pub(crate) use stream::{
    aclrtCreateStream, aclrtCreateStreamWithConfig, aclrtDestroyStream, aclrtDestroyStreamForce, aclrtStreamQuery,
    aclrtSynchronizeStream, aclrtSynchronizeStreamWithTimeout,
};

use crate::reject::{Outcome, check};

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

/// A time-out in milliseconds as a deadline; -1 is none.
fn deadline(timeout: i32) -> Outcome<Option<Instant>> {
    check!(
        timeout == -1 || timeout > 0,
        ACL_ERROR_RT_PARAM_INVALID,
        "timeout is {timeout}: -1 (for ever) or more than 0 ms is taken"
    );
    Ok((timeout > 0).then(|| Instant::now() + Duration::from_millis(timeout as u64)))
}
