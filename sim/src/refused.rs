//! Operators of CANN that the simulator has by name alone.

use std::ffi::c_int;

use ascend_rl_sys::codes::*;

use crate::boundary::call;
use crate::reject::reject;

/// What either phase of an operator answers that is not simulated: CANN's unsupported code. The text for `aclGetRecentErrMsg`
/// names the operator and says where the list of what there is stands. `function` is the phase's C name.
pub fn refuse_operator(function: &str) -> c_int {
    call(function, ACLNN_ERR_INNER, || {
        let operator = function.trim_end_matches("GetWorkspaceSize");
        reject!(
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{operator} is not supported by the simulator, which exports it by name alone: ffi/COVERAGE.md lists the operators that \
             are simulated"
        )
    })
}
