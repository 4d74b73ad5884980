//! Products by expert: `aclnnGroupedMatmul` V1 to V5, `aclnnGroupedMatmulAdd` V1 and V2. Floats alone; quantised forms and
//! weights in FRACTAL_NZ are refused by name. The versions differ in parameters: all become a [`plan::Grouped`].

mod add;
mod plan;

use ascend_rl_sys::types::*;

pub(crate) use self::add::*;
use self::plan::{GroupList, GroupType, Grouped};
use super::call::Call;
use crate::reject::{Outcome, reject};

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
    let mut call = Call::new("aclnnGroupedMatmul");
    quantised(&call, [scale, offset, antiquant_scale, antiquant_offset])?;
    let groups = GroupList::host(&call, group_list)?;
    let group_type = if split_item == 0 { GroupType::None } else { GroupType::Rows };
    let grouped = Grouped::read(&mut call, [x, weight, bias, y], "y", groups, split_item, group_type)?;
    grouped.finish(call, ws, executor)
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
    let mut call = Call::new(NAME);
    quantised(&call, [scale, offset, antiquant_scale, antiquant_offset])?;
    let groups = GroupList::host(&call, group_list)?;
    let group_type = GroupType::read(NAME, group_type)?;
    let grouped = Grouped::read(&mut call, [x, weight, bias, y], "y", groups, split_item, group_type)?;
    grouped.finish(call, ws, executor)
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
    quantised(&call, [scale, offset, antiquant_scale, antiquant_offset])?;
    let groups = GroupList::device(&mut call, NAME, group_list, 0)?;
    let group_type = GroupType::read(NAME, group_type)?;
    let grouped = Grouped::read(&mut call, [x, weight, bias, y], "y", groups, split_item, group_type)?;
    grouped.finish(call, ws, executor)
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
    quantised(&call, [scale, offset, antiquant_scale, antiquant_offset])?;
    let extras = [per_token_scale, activation_input, activation_quant_scale, activation_quant_offset];
    activations(&call, NAME, extras, [activation_feature_out, dyn_quant_scale_out], act_type)?;
    let groups = GroupList::device(&mut call, NAME, group_list, group_list_type)?;
    let group_type = GroupType::read(NAME, group_type)?;
    let grouped = Grouped::read(&mut call, [x, weight, bias, out], "out", groups, split_item, group_type)?;
    grouped.finish(call, ws, executor)
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
    quantised(&call, [scale, offset, antiquant_scale, antiquant_offset])?;
    let extras = [per_token_scale, activation_input, activation_quant_scale, activation_quant_offset];
    activations(&call, NAME, extras, [activation_feature_out, dyn_quant_scale_out], act_type)?;
    call.absent("tuningConfigOptional", tuning_config)?;
    let groups = GroupList::device(&mut call, NAME, group_list, group_list_type)?;
    let group_type = GroupType::read(NAME, group_type)?;
    let grouped = Grouped::read(&mut call, [x, weight, bias, out], "out", groups, split_item, group_type)?;
    grouped.finish(call, ws, executor)
}

/// The private layout of weights is the device's own.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatmulWeightNzGetWorkspaceSize(
    x: *const aclTensorList,
    weight: *const aclTensorList,
    _bias: *const aclTensorList,
    _scale: *const aclTensorList,
    _offset: *const aclTensorList,
    _antiquant_scale: *const aclTensorList,
    _antiquant_offset: *const aclTensorList,
    _per_token_scale: *const aclTensorList,
    _group_list: *const aclTensor,
    _activation_input: *const aclTensorList,
    _activation_quant_scale: *const aclTensorList,
    _activation_quant_offset: *const aclTensorList,
    _split_item: i64,
    _group_type: i64,
    _group_list_type: i64,
    _act_type: i64,
    _tuning_config: *mut aclIntArray,
    _quant_group_size: i64,
    _out: *mut aclTensorList,
    _activation_feature_out: *mut aclTensorList,
    _dyn_quant_scale_out: *mut aclTensorList,
    _ws: *mut u64,
    _executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGroupedMatmulWeightNz";
    let mut call = Call::new(NAME);
    call.list("x", x, false)?;
    call.list("weight", weight, false)?;
    let instead = "which the simulator does not have; use aclnnGroupedMatmulV5";
    reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{NAME}: weight is in FRACTAL_NZ, {instead}")
}

/// int8 in, int8 out, with the gate in between.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatmulSwigluQuantGetWorkspaceSize(
    x: *const aclTensor,
    weight: *const aclTensor,
    _bias: *const aclTensor,
    _offset: *const aclTensor,
    _weight_scale: *const aclTensor,
    _x_scale: *const aclTensor,
    _group_list: *const aclTensor,
    _output: *mut aclTensor,
    _output_scale: *mut aclTensor,
    _output_offset: *mut aclTensor,
    _ws: *mut u64,
    _executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGroupedMatmulSwigluQuant";
    let mut call = Call::new(NAME);
    call.input("x", x)?;
    call.input("weight", weight)?;
    reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{NAME}: x is quantised, which grouped products of the simulator do not take")
}

/// Refuses the parameters of quantised forms.
fn quantised(call: &Call, lists: [*const aclTensorList; 4]) -> Outcome {
    let params = ["scaleOptional", "offsetOptional", "antiquantScaleOptional", "antiquantOffsetOptional"];
    params.into_iter().zip(lists).try_for_each(|(param, list)| call.absent_list(param, list))
}

/// Refuses activations and what they need.
fn activations(
    call: &Call,
    name: &str,
    inputs: [*const aclTensorList; 4],
    outputs: [*mut aclTensorList; 2],
    act_type: i64,
) -> Outcome {
    let params =
        ["perTokenScaleOptional", "activationInputOptional", "activationQuantScaleOptional", "activationQuantOffsetOptional"];
    params.into_iter().zip(inputs).try_for_each(|(param, list)| call.absent_list(param, list))?;
    call.absent_list("activationFeatureOutOptional", outputs[0])?;
    call.absent_list("dynQuantScaleOutOptional", outputs[1])?;
    if act_type != 0 {
        reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: actType is {act_type}; the simulator takes 0 (none)")
    }
    Ok(())
}

#[cfg(test)]
mod tests;
