//! Products by expert: `aclnnGroupedMatmul` V1 to V5, `aclnnGroupedMatmulWeightNz`, `aclnnGroupedMatmulAdd` V1 and V2,
//! `aclnnGroupedMatmulSwigluQuant`. The versions differ in parameters: all become a [`plan::Grouped`] of floats, or a
//! [`quant::Quantised`].
//!
//! # Not covered
//! int4, groups as pairs, activations of `actType`: they are refused by name.

mod add;
mod plan;
mod quant;
mod swiglu;

use std::ptr::null;

use ascend_rl_sys::types::*;

pub(crate) use self::add::*;
use self::plan::{GroupList, GroupType, Grouped};
use self::quant::{Quant, Quantised};
pub(crate) use self::swiglu::*;
use super::call::Call;
use crate::reject::{Outcome, check, reject};

/// Host ends; the split follows from `split_item`: 1 and 3 have one input for all groups.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatmulGetWorkspaceSize(
    x: *const aclTensorList,
    weight: *const aclTensorList,
    bias: *const aclTensorList,
    scale: *const aclTensorList,
    offset: *const aclTensorList,
    antiquant_scale: *const aclTensorList,
    antiquant_offset: *const aclTensorList,
    group_list: *const aclIntArray,
    split_item: i64,
    y: *const aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let call = Call::new("aclnnGroupedMatmul");
    let groups = GroupList::host(&call, group_list)?;
    let group_type = if split_item == 0 { GroupType::None } else { GroupType::Rows };
    let quant = Quant { scale, offset, antiquant_scale, antiquant_offset, per_token: null() };
    Args { lists: [x, weight, bias, y], y_param: "y", quant, split_item, group_type }.plan(call, groups, ws, executor)
}

/// As V1, with the dim that is split.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatmulV2GetWorkspaceSize(
    x: *const aclTensorList,
    weight: *const aclTensorList,
    bias: *const aclTensorList,
    scale: *const aclTensorList,
    offset: *const aclTensorList,
    antiquant_scale: *const aclTensorList,
    antiquant_offset: *const aclTensorList,
    group_list: *const aclIntArray,
    split_item: i64,
    group_type: i64,
    y: *const aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGroupedMatmulV2";
    let call = Call::new(NAME);
    let groups = GroupList::host(&call, group_list)?;
    let group_type = GroupType::read(NAME, group_type)?;
    let quant = Quant { scale, offset, antiquant_scale, antiquant_offset, per_token: null() };
    Args { lists: [x, weight, bias, y], y_param: "y", quant, split_item, group_type }.plan(call, groups, ws, executor)
}

/// As V2, with ends on the device.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatmulV3GetWorkspaceSize(
    x: *const aclTensorList,
    weight: *const aclTensorList,
    bias: *const aclTensorList,
    scale: *const aclTensorList,
    offset: *const aclTensorList,
    antiquant_scale: *const aclTensorList,
    antiquant_offset: *const aclTensorList,
    group_list: *const aclTensor,
    split_item: i64,
    group_type: i64,
    y: *const aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGroupedMatmulV3";
    let mut call = Call::new(NAME);
    let groups = GroupList::device(&mut call, NAME, group_list, 0)?;
    let group_type = GroupType::read(NAME, group_type)?;
    let quant = Quant { scale, offset, antiquant_scale, antiquant_offset, per_token: null() };
    Args { lists: [x, weight, bias, y], y_param: "y", quant, split_item, group_type }.plan(call, groups, ws, executor)
}

/// As V3, with counts or ends.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatmulV4GetWorkspaceSize(
    x: *const aclTensorList,
    weight: *const aclTensorList,
    bias: *const aclTensorList,
    scale: *const aclTensorList,
    offset: *const aclTensorList,
    antiquant_scale: *const aclTensorList,
    antiquant_offset: *const aclTensorList,
    per_token_scale: *const aclTensorList,
    group_list: *const aclTensor,
    activation_input: *const aclTensorList,
    activation_quant_scale: *const aclTensorList,
    activation_quant_offset: *const aclTensorList,
    split_item: i64,
    group_type: i64,
    group_list_type: i64,
    act_type: i64,
    out: *mut aclTensorList,
    activation_feature_out: *mut aclTensorList,
    dyn_quant_scale_out: *mut aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGroupedMatmulV4";
    let mut call = Call::new(NAME);
    let extras = [activation_input, activation_quant_scale, activation_quant_offset];
    activations(&call, NAME, extras, [activation_feature_out, dyn_quant_scale_out], act_type)?;
    let groups = GroupList::device(&mut call, NAME, group_list, group_list_type)?;
    let group_type = GroupType::read(NAME, group_type)?;
    let quant = Quant { scale, offset, antiquant_scale, antiquant_offset, per_token: per_token_scale };
    Args { lists: [x, weight, bias, out], y_param: "out", quant, split_item, group_type }.plan(call, groups, ws, executor)
}

/// As V4; hints for tuning are refused.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatmulV5GetWorkspaceSize(
    x: *const aclTensorList,
    weight: *const aclTensorList,
    bias: *const aclTensorList,
    scale: *const aclTensorList,
    offset: *const aclTensorList,
    antiquant_scale: *const aclTensorList,
    antiquant_offset: *const aclTensorList,
    per_token_scale: *const aclTensorList,
    group_list: *const aclTensor,
    activation_input: *const aclTensorList,
    activation_quant_scale: *const aclTensorList,
    activation_quant_offset: *const aclTensorList,
    split_item: i64,
    group_type: i64,
    group_list_type: i64,
    act_type: i64,
    tuning_config: *mut aclIntArray,
    out: *mut aclTensorList,
    activation_feature_out: *mut aclTensorList,
    dyn_quant_scale_out: *mut aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGroupedMatmulV5";
    let mut call = Call::new(NAME);
    let extras = [activation_input, activation_quant_scale, activation_quant_offset];
    activations(&call, NAME, extras, [activation_feature_out, dyn_quant_scale_out], act_type)?;
    // A hint of how many rows a group has, which changes no result.
    call.int_array("tuningConfigOptional", tuning_config)?;
    let groups = GroupList::device(&mut call, NAME, group_list, group_list_type)?;
    let group_type = GroupType::read(NAME, group_type)?;
    let quant = Quant { scale, offset, antiquant_scale, antiquant_offset, per_token: per_token_scale };
    Args { lists: [x, weight, bias, out], y_param: "out", quant, split_item, group_type }.plan(call, groups, ws, executor)
}

/// As V5, of weights in FRACTAL_NZ.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatmulWeightNzGetWorkspaceSize(
    x: *const aclTensorList,
    weight: *const aclTensorList,
    bias: *const aclTensorList,
    scale: *const aclTensorList,
    offset: *const aclTensorList,
    antiquant_scale: *const aclTensorList,
    antiquant_offset: *const aclTensorList,
    per_token_scale: *const aclTensorList,
    group_list: *const aclTensor,
    activation_input: *const aclTensorList,
    activation_quant_scale: *const aclTensorList,
    activation_quant_offset: *const aclTensorList,
    split_item: i64,
    group_type: i64,
    group_list_type: i64,
    act_type: i64,
    tuning_config: *mut aclIntArray,
    quant_group_size: i64,
    out: *mut aclTensorList,
    activation_feature_out: *mut aclTensorList,
    dyn_quant_scale_out: *mut aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGroupedMatmulWeightNz";
    let mut call = Call::new(NAME);
    for (i, weight) in Call::new(NAME).weights("weight", weight)?.iter().enumerate() {
        check!(weight.is_nz(), ACLNN_ERR_PARAM_INVALID, "{NAME}: weight[{i}] is row-major; FRACTAL_NZ is needed");
    }
    check!(
        quant_group_size == 0,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{NAME}: quantGroupSize is {quant_group_size}; factors by groups are not supported by the simulator, pass 0"
    );
    let extras = [activation_input, activation_quant_scale, activation_quant_offset];
    activations(&call, NAME, extras, [activation_feature_out, dyn_quant_scale_out], act_type)?;
    // A hint of how many rows a group has, which changes no result.
    call.int_array("tuningConfigOptional", tuning_config)?;
    let groups = GroupList::device(&mut call, NAME, group_list, group_list_type)?;
    let group_type = GroupType::read(NAME, group_type)?;
    let quant = Quant { scale, offset, antiquant_scale, antiquant_offset, per_token: per_token_scale };
    Args { lists: [x, weight, bias, out], y_param: "out", quant, split_item, group_type }.plan(call, groups, ws, executor)
}

/// What the versions share.
struct Args {
    /// `x`, `weight`, `bias` and the output, by the name that the version gives it.
    lists: [*const aclTensorList; 4],
    y_param: &'static str,
    quant: Quant,
    split_item: i64,
    group_type: GroupType,
}

impl Args {
    fn plan(self, mut call: Call, groups: GroupList, ws: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
        let Args { lists, y_param, quant, split_item, group_type } = self;
        if Quantised::is(&call, lists)? {
            let quantised = Quantised::read(&mut call, lists, y_param, &quant, groups, split_item, group_type)?;
            return quantised.finish(call, ws, executor);
        }
        let grouped = Grouped::read(&mut call, lists, y_param, groups, split_item, group_type)?;
        quant.none(&call, &quant.all(), "an x and a weight of floats")?;
        grouped.finish(call, ws, executor)
    }
}

/// Refuses activations and what they need.
fn activations(
    call: &Call,
    name: &str,
    inputs: [*const aclTensorList; 3],
    outputs: [*mut aclTensorList; 2],
    act_type: i64,
) -> Outcome {
    let params = ["activationInputOptional", "activationQuantScaleOptional", "activationQuantOffsetOptional"];
    params.into_iter().zip(inputs).try_for_each(|(param, list)| call.absent_list(param, list))?;
    call.absent_list("activationFeatureOutOptional", outputs[0])?;
    call.absent_list("dynQuantScaleOutOptional", outputs[1])?;
    if act_type != 0 {
        reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: actType is {act_type}; the simulator takes 0 (none)")
    }
    Ok(())
}

#[cfg(test)]
mod quant_tests;
#[cfg(test)]
mod tests;
