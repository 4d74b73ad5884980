//! After a fault: communicators that are suspended and resumed.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use crate::reject::{Outcome, reject};

pub(crate) fn HcclCommSuspend(_: HcclComm) -> Outcome {
    reject!(HCCL_E_NOT_SUPPORT, "not yet")
}
pub(crate) fn HcclCommResume(_: HcclComm) -> Outcome {
    reject!(HCCL_E_NOT_SUPPORT, "not yet")
}
pub(crate) fn HcclGroupStart() -> Outcome {
    reject!(HCCL_E_NOT_SUPPORT, "not yet")
}
pub(crate) fn HcclGroupEnd() -> Outcome {
    reject!(HCCL_E_NOT_SUPPORT, "not yet")
}
pub(crate) fn HcclGroupStatusGet(_: *mut bool) -> Outcome {
    reject!(HCCL_E_NOT_SUPPORT, "not yet")
}
pub(crate) fn HcclCommInitClusterInfo(_: *const c_char, _: u32, _: *mut HcclComm) -> Outcome {
    reject!(HCCL_E_NOT_SUPPORT, "not yet")
}
pub(crate) fn HcclCommInitClusterInfoConfig(_: *const c_char, _: u32, _: *mut HcclCommConfig, _: *mut HcclComm) -> Outcome {
    reject!(HCCL_E_NOT_SUPPORT, "not yet")
}
