//! Other addresses: for a tensor before phase one, and for the tensors of a repeatable executor.
//!
//! As in the open source base library (`src/nnopbase/common/api/acl_op_api.cpp`) an address is the tensor's, which is what the
//! caller names; the executor then runs with what its tensors are. All of its descriptors must still be alive, as CANN demands
//! for a repeatable executor. The index is checked, though CANN's composed operators do not look at it.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::executor::plan_again;
use super::objects::{EXECUTORS, LISTS, described, move_tensor};
use crate::reject::{Outcome, check, reject};

/// Which of an executor's tensors an index counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Inputs,
    Outputs,
    /// Inputs, then outputs.
    Both,
}

/// Refuses an executor that is not there, and an index that it has no tensor for.
fn check_index(executor: *mut aclOpExecutor, side: Side, param: &str, index: usize) -> Outcome {
    check!(!executor.is_null(), ACLNN_ERR_INNER_NULLPTR, "executor is null");
    let Some(found) = EXECUTORS.get(executor as usize) else {
        reject!(ACLNN_ERR_INNER_NULLPTR, "executor was consumed already, or phase one never made it")
    };
    let counted = found.planned.regions.iter().filter(|region| side == Side::Both || region.write == (side == Side::Outputs));
    let count = counted.count();
    check!(index < count, ACLNN_ERR_PARAM_INVALID, "{param} is {index}, {} has {count} such tensors", found.planned.name);
    Ok(())
}

fn set(executor: *mut aclOpExecutor, side: Side, index: usize, tensor: *mut aclTensor, addr: *mut c_void) -> Outcome {
    check!(!tensor.is_null(), ACLNN_ERR_INNER_NULLPTR, "tensor is null");
    check_index(executor, side, "index", index)?;
    move_tensor(tensor, "tensor", addr)?;
    plan_again(executor)
}

fn set_member(
    executor: *mut aclOpExecutor,
    side: Side,
    ir_index: usize,
    relative_index: usize,
    tensors: *mut aclTensorList,
    addr: *mut c_void,
) -> Outcome {
    check!(!tensors.is_null(), ACLNN_ERR_INNER_NULLPTR, "tensors is null");
    let Some(members) = LISTS.get(tensors as usize) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "tensors is not a live tensor list: destroyed already, or never created")
    };
    let Some(member) = members.get(relative_index) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "relativeIndex is {relative_index}, the list has {} tensors", members.len())
    };
    check_index(executor, side, "irIndex", ir_index)?;
    move_tensor(*member as *const aclTensor, "tensors", addr)?;
    plan_again(executor)
}

macro_rules! setters {
    ($($name:ident $alias:ident $side:ident;)*) => { $(
        pub(crate) fn $name(executor: *mut aclOpExecutor, index: usize, tensor: *mut aclTensor, addr: *mut c_void) -> Outcome {
            set(executor, Side::$side, index, tensor, addr)
        }
        pub(crate) use $name as $alias;
    )* };
}
setters! {
    aclSetInputTensorAddr AclSetInputTensorAddr Inputs;
    aclSetOutputTensorAddr AclSetOutputTensorAddr Outputs;
    aclSetTensorAddr AclSetTensorAddr Both;
}

macro_rules! member_setters {
    ($($name:ident $alias:ident $side:ident;)*) => { $(
        pub(crate) fn $name(
            executor: *mut aclOpExecutor,
            ir_index: usize,
            relative_index: usize,
            tensors: *mut aclTensorList,
            addr: *mut c_void,
        ) -> Outcome {
            set_member(executor, Side::$side, ir_index, relative_index, tensors, addr)
        }
        pub(crate) use $name as $alias;
    )* };
}
member_setters! {
    aclSetDynamicInputTensorAddr AclSetDynamicInputTensorAddr Inputs;
    aclSetDynamicOutputTensorAddr AclSetDynamicOutputTensorAddr Outputs;
    aclSetDynamicTensorAddr AclSetDynamicTensorAddr Both;
}

pub(crate) fn aclSetRawTensorAddr(tensor: *mut aclTensor, addr: *mut c_void) -> Outcome {
    check!(!tensor.is_null(), ACLNN_ERR_PARAM_NULLPTR, "tensor is null");
    move_tensor(tensor, "tensor", addr)
}

pub(crate) fn aclGetRawTensorAddr(tensor: *const aclTensor, addr: *mut *mut c_void) -> Outcome {
    check!(!tensor.is_null(), ACLNN_ERR_PARAM_NULLPTR, "tensor is null");
    super::getters::give("addr", addr, described(tensor, "tensor")?.address().cast())
}
