//! What an operation enqueues, one after another.

use std::ffi::c_void;
use std::ptr::null_mut;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use crate::nn;
use crate::reject::{Outcome, Reject};

/// An operator that is planned, or a collective that is still to be called.
pub(super) enum Step {
    Operator(Executor),
    Collective(Box<dyn FnOnce(aclrtStream) -> Outcome>),
}

/// An executor that phase two has not consumed.
pub(super) struct Executor {
    name: &'static str,
    handle: *mut aclOpExecutor,
}

impl Drop for Executor {
    fn drop(&mut self) {
        // Null once it is consumed.
        let _ = nn::aclDestroyAclOpExecutor(self.handle);
    }
}

/// Phase one of an operator of `crate::ops`.
pub(super) fn plan(name: &'static str, phase_one: impl FnOnce(*mut u64, *mut *mut aclOpExecutor) -> Outcome) -> Outcome<Step> {
    let (mut workspace, mut handle) = (0u64, null_mut());
    phase_one(&mut workspace, &mut handle).map_err(below)?;
    Ok(Step::Operator(Executor { name, handle }))
}

impl Step {
    /// Enqueues it.
    pub(super) fn enqueue(self, stream: aclrtStream) -> Outcome {
        match self {
            Step::Operator(mut executor) => {
                let handle = std::mem::replace(&mut executor.handle, null_mut());
                nn::run(executor.name, null_mut::<c_void>(), 0, handle, stream).map_err(below)
            }
            Step::Collective(call) => call(stream).map_err(|refusal| Reject { code: atb::ATB_HCCL_FAIL, ..refusal }),
        }
    }
}

/// What an operator below refuses, in ATB's codes.
fn below(refusal: Reject) -> Reject {
    let code = match refusal.code {
        ACLNN_ERR_PARAM_NULLPTR | ACLNN_ERR_PARAM_INVALID | ACL_ERROR_FEATURE_UNSUPPORTED => atb::ATB_INVALID_PARAM,
        ACLNN_ERR_RUNTIME_ERROR => atb::ATB_RT_FAIL,
        _ => atb::ATB_CANN_ERROR,
    };
    Reject { code, ..refusal }
}
