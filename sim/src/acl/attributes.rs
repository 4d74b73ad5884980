//! What is set for a stream, and asked for again.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::*};

use ascend_rl_sys::types::*;

use super::context::current;
use super::{give, not_null, stream, unsupported};
use crate::engine::Stream;
use crate::reject::{Outcome, check, reject};

/// The lowest priority; 0 is the highest.
pub(super) const LEAST_PRIORITY: u32 = 7;
/// Flags that do nothing that a program could tell.
const HINTS: u32 = ACL_STREAM_FAST_LAUNCH | ACL_STREAM_FAST_SYNC | ACL_STREAM_HUGE;
/// Flags that streams keep.
const KEPT: u32 = HINTS | ACL_STREAM_PERSISTENT;
/// Flags of streams that are not queues of the host.
const OTHER_KINDS: u32 = ACL_STREAM_CPU_SCHEDULE | ACL_STREAM_DEVICE_USE_ONLY;

/// Flags of a new stream. Priorities are clamped and flags without a name ignored, as CANN does.
pub(super) fn check_flags(flag: u32) -> Outcome {
    check!(
        flag & OTHER_KINDS == 0,
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "flag is {flag:#x}: ACL_STREAM_CPU_SCHEDULE and _DEVICE_USE_ONLY are not supported by the simulator"
    );
    Ok(())
}

pub(super) fn set(stream: &Stream, priority: u32, flag: u32) {
    stream.attributes.priority.store(priority.min(LEAST_PRIORITY), Relaxed);
    stream.attributes.flags.store(flag & KEPT, Relaxed);
}

/// Whether graphs can be built from it.
pub(super) fn is_persistent(stream: &Stream) -> bool {
    stream.attributes.flags.load(Relaxed) & ACL_STREAM_PERSISTENT != 0
}

fn tell<T: Copy>(param: &str, stream: aclrtStream, out: *mut T, what: impl FnOnce(&Stream) -> T) -> Outcome {
    not_null(param, out)?;
    give(out, what(&*stream::resolve(stream)?));
    Ok(())
}

/// By which errors name it.
pub(crate) fn aclrtStreamGetId(stream: aclrtStream, stream_id: *mut i32) -> Outcome {
    tell("streamId", stream, stream_id, |stream| stream.id as i32)
}

pub(crate) fn aclrtStreamGetPriority(stream: aclrtStream, priority: *mut u32) -> Outcome {
    tell("priority", stream, priority, |stream| stream.attributes.priority.load(Relaxed))
}

pub(crate) fn aclrtStreamGetFlags(stream: aclrtStream, flags: *mut u32) -> Outcome {
    tell("flags", stream, flags, |stream| stream.attributes.flags.load(Relaxed))
}

/// Either may be null.
pub(crate) fn aclrtDeviceGetStreamPriorityRange(least: *mut i32, greatest: *mut i32) -> Outcome {
    for (out, value) in [(least, LEAST_PRIORITY as i32), (greatest, 0)] {
        if !out.is_null() {
            give(out, value);
        }
    }
    Ok(())
}

/// There is no way back, and the default stream goes on in any case, as in CANN.
pub(crate) fn aclrtSetStreamFailureMode(stream: aclrtStream, mode: u64) -> Outcome {
    let stream = stream::resolve(stream)?;
    check!(
        mode <= ACL_STOP_ON_FAILURE,
        ACL_ERROR_RT_PARAM_INVALID,
        "mode is {mode}: ACL_CONTINUE_ON_FAILURE (0) or ACL_STOP_ON_FAILURE (1) is taken"
    );
    let is_default = Arc::ptr_eq(&stream, current()?.default_stream());
    check!(!is_default, ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "stream is the default stream, whose failure mode cannot be set");
    match mode {
        ACL_STOP_ON_FAILURE => stream.stop_on_failure(),
        _ => check!(
            !stream.stops(),
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "mode is ACL_CONTINUE_ON_FAILURE, but the stream stops on failure: there is no way back"
        ),
    }
    Ok(())
}

/// A switch: 0 or 1.
fn switch(param: &str, place: &AtomicU32, value: u32) -> Outcome {
    check!(value <= 1, ACL_ERROR_RT_PARAM_INVALID, "{param} is {value}: 0 or 1 is taken");
    place.store(value, Relaxed);
    Ok(())
}

/// Overflow is only noted where results saturate, which they do not here: the switch is kept and told.
pub(crate) fn aclrtSetStreamOverflowSwitch(stream: aclrtStream, flag: u32) -> Outcome {
    check!(flag <= 1, ACL_ERROR_INVALID_PARAM, "flag is {flag}: 0 or 1 is taken");
    switch("flag", &stream::resolve(stream)?.attributes.overflow, flag)
}

pub(crate) fn aclrtGetStreamOverflowSwitch(stream: aclrtStream, flag: *mut u32) -> Outcome {
    tell("flag", stream, flag, |stream| stream.attributes.overflow.load(Relaxed))
}

pub(crate) fn aclrtSetStreamAttribute(stream: aclrtStream, attr: aclrtStreamAttr, value: *mut aclrtStreamAttrValue) -> Outcome {
    not_null("value", value)?;
    // SAFETY: not null, and C's contract is a value of this type; all of its fields are numbers, which any bytes are.
    let (mode, number) = unsafe { ((&raw const (*value).failureMode).read(), (&raw const (*value).overflowSwitch).read()) };
    let found = stream::resolve(stream)?;
    let attributes = &found.attributes;
    match attr {
        ACL_STREAM_ATTR_FAILURE_MODE => return aclrtSetStreamFailureMode(stream, mode),
        ACL_STREAM_ATTR_FLOAT_OVERFLOW_CHECK => switch("value->overflowSwitch", &attributes.overflow, number)?,
        ACL_STREAM_ATTR_USER_CUSTOM_TAG => attributes.tag.store(number, Relaxed),
        ACL_STREAM_ATTR_CACHE_OP_INFO => switch("value->cacheOpInfoSwitch", &attributes.cache_op_info, number)?,
        ACL_STREAM_ATTR_PRIORITY => attributes.priority.store(number.min(LEAST_PRIORITY), Relaxed),
        other => reject!(ACL_ERROR_RT_PARAM_INVALID, "stmAttrType is {}: 1 to 5 is taken", other.0),
    }
    Ok(())
}

pub(crate) fn aclrtGetStreamAttribute(stream: aclrtStream, attr: aclrtStreamAttr, value: *mut aclrtStreamAttrValue) -> Outcome {
    not_null("value", value)?;
    let stream = stream::resolve(stream)?;
    let attributes = &stream.attributes;
    let mut found = aclrtStreamAttrValue { reserve: [0; 4] };
    let number = |place: &AtomicU32| place.load(Relaxed);
    match attr {
        ACL_STREAM_ATTR_FAILURE_MODE => {
            found.failureMode = if stream.stops() { ACL_STOP_ON_FAILURE } else { ACL_CONTINUE_ON_FAILURE }
        }
        ACL_STREAM_ATTR_FLOAT_OVERFLOW_CHECK => found.overflowSwitch = number(&attributes.overflow),
        ACL_STREAM_ATTR_USER_CUSTOM_TAG => found.userCustomTag = number(&attributes.tag),
        ACL_STREAM_ATTR_CACHE_OP_INFO => found.cacheOpInfoSwitch = number(&attributes.cache_op_info),
        ACL_STREAM_ATTR_PRIORITY => found.streamPriority = number(&attributes.priority),
        other => reject!(ACL_ERROR_RT_PARAM_INVALID, "stmAttrType is {}: 1 to 5 is taken", other.0),
    }
    give(value, found);
    Ok(())
}

const USE_WITH_CONFIG: &str = "aclrtCreateStreamWithConfig takes a priority and flags";

/// A pointer is all that this function returns; null says that there is none.
pub(crate) fn aclrtCreateStreamConfigHandle() -> Outcome<*mut aclrtStreamConfigHandle> {
    unsupported::<()>(USE_WITH_CONFIG).map(|()| null_mut())
}

pub(crate) fn aclrtSetStreamConfigOpt(
    _handle: *mut aclrtStreamConfigHandle,
    _attr: aclrtStreamConfigAttr,
    _value: *const c_void,
    _value_size: usize,
) -> Outcome {
    unsupported(USE_WITH_CONFIG)
}

pub(crate) fn aclrtDestroyStreamConfigHandle(_handle: *mut aclrtStreamConfigHandle) -> Outcome {
    unsupported(USE_WITH_CONFIG)
}

pub(crate) fn aclrtCreateStreamV2(_stream: *mut aclrtStream, _handle: *const aclrtStreamConfigHandle) -> Outcome {
    unsupported(USE_WITH_CONFIG)
}
