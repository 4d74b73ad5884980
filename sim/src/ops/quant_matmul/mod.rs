//! Products of int8 and int4 with the factors that they were quantised by: `aclnnQuantMatmulV3` to V5, `aclnnQuantMatmulWeightNz`
//! and, for weights alone, `aclnnWeightQuantBatchMatmulV2` and V3. Sums are int32, exact; the rest is f32.
//!
//! # Not covered
//! Factors by groups of terms of quantised activations (`groupSize`), 8-bit floats, int4 in FRACTAL_NZ.

pub(super) mod full;
pub(super) mod scale;
pub(super) mod weight_only;

use ascend_rl_sys::types::*;

use self::full::{Args, Names};
pub(crate) use self::scale::{aclnnTransQuantParam, aclnnTransQuantParamV2GetWorkspaceSize};
pub(crate) use self::weight_only::*;
use super::call::Call;
use crate::reject::{Outcome, check};

/// A factor for all or for each column, an offset for int8.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnQuantMatmulV3GetWorkspaceSize(
    x1: *const aclTensor,
    x2: *const aclTensor,
    scale: *const aclTensor,
    offset: *const aclTensor,
    bias: *const aclTensor,
    transpose_x1: bool,
    transpose_x2: bool,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let pertoken = std::ptr::null();
    let args = Args { x1, x2, scale, offset, pertoken, bias, out, transpose: [transpose_x1, transpose_x2], names: Names::V4 };
    args.plan(Call::new("aclnnQuantMatmulV3"), ws, executor)
}

/// As V3, and a factor for each row.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnQuantMatmulV4GetWorkspaceSize(
    x1: *const aclTensor,
    x2: *const aclTensor,
    scale: *const aclTensor,
    offset: *const aclTensor,
    pertoken: *const aclTensor,
    bias: *const aclTensor,
    transpose_x1: bool,
    transpose_x2: bool,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let args = Args { x1, x2, scale, offset, pertoken, bias, out, transpose: [transpose_x1, transpose_x2], names: Names::V4 };
    args.plan(Call::new("aclnnQuantMatmulV4"), ws, executor)
}

/// As V4 by other names; the parameters of other kinds of quantisation are refused.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnQuantMatmulV5GetWorkspaceSize(
    x1: *const aclTensor,
    x2: *const aclTensor,
    x1_scale: *const aclTensor,
    x2_scale: *const aclTensor,
    y_scale: *const aclTensor,
    x1_offset: *const aclTensor,
    x2_offset: *const aclTensor,
    y_offset: *const aclTensor,
    bias: *const aclTensor,
    transpose_x1: bool,
    transpose_x2: bool,
    group_size: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let call = Call::new("aclnnQuantMatmulV5");
    no_groups(&call, [y_scale, x1_offset, y_offset], group_size)?;
    let (scale, offset, pertoken) = (x2_scale, x2_offset, x1_scale);
    let args = Args { x1, x2, scale, offset, pertoken, bias, out, transpose: [transpose_x1, transpose_x2], names: Names::V5 };
    args.plan(call, ws, executor)
}

/// As V5, of a weight in FRACTAL_NZ.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnQuantMatmulWeightNzGetWorkspaceSize(
    x1: *const aclTensor,
    x2: *const aclTensor,
    x1_scale: *const aclTensor,
    x2_scale: *const aclTensor,
    y_scale: *const aclTensor,
    x1_offset: *const aclTensor,
    x2_offset: *const aclTensor,
    y_offset: *const aclTensor,
    bias: *const aclTensor,
    transpose_x1: bool,
    transpose_x2: bool,
    group_size: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let call = Call::new("aclnnQuantMatmulWeightNz");
    no_groups(&call, [y_scale, x1_offset, y_offset], group_size)?;
    let (scale, offset, pertoken) = (x2_scale, x2_offset, x1_scale);
    let names = Names { needs_nz: true, ..Names::V5 };
    Args { x1, x2, scale, offset, pertoken, bias, out, transpose: [transpose_x1, transpose_x2], names }.plan(call, ws, executor)
}

fn no_groups(call: &Call, [y_scale, x1_offset, y_offset]: [*const aclTensor; 3], group_size: i64) -> Outcome {
    call.absent("yScale", y_scale)?;
    call.absent("x1Offset", x1_offset)?;
    call.absent("yOffset", y_offset)?;
    let name = call.name();
    check!(
        group_size == 0,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: groupSize is {group_size}; factors by groups are not supported by the simulator, pass 0"
    );
    Ok(())
}

#[cfg(test)]
mod tests;
