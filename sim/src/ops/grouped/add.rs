//! `aclnnGroupedMatmulAdd`: gradients of experts' weights, added up in f32.

use ascend_rl_sys::types::*;

use super::plan::{GroupList, Slice};
use crate::gemm::{Matrix, Product};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::reject::{Outcome, check, reject};

/// `y += xᵀ @ weight` for each group of tokens; `groupList` holds ends.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatmulAddGetWorkspaceSize(
    x: *const aclTensor,
    weight: *const aclTensor,
    group_list: *const aclTensor,
    y_ref: *mut aclTensor,
    transpose_x: bool,
    transpose_weight: bool,
    group_type: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let call = Call::new("aclnnGroupedMatmulAdd");
    plan(call, [x, weight, group_list, y_ref], [transpose_x, transpose_weight], group_type, 0, ws, executor)
}

/// As V1, with ends or counts.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatmulAddV2GetWorkspaceSize(
    x: *const aclTensor,
    weight: *const aclTensor,
    group_list: *const aclTensor,
    y_ref: *mut aclTensor,
    transpose_x: bool,
    transpose_weight: bool,
    group_type: i64,
    group_list_type: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let call = Call::new("aclnnGroupedMatmulAddV2");
    plan(call, [x, weight, group_list, y_ref], [transpose_x, transpose_weight], group_type, group_list_type, ws, executor)
}

fn plan(
    mut call: Call,
    [x, weight, group_list, y]: [*const aclTensor; 4],
    transposed: [bool; 2],
    group_type: i64,
    group_list_type: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let name = call.name();
    let (x, weight) = (call.input("x", x)?, call.input("weight", weight)?);
    if group_list.is_null() {
        reject!(ACLNN_ERR_PARAM_NULLPTR, "{name}: groupList is null")
    }
    let experts = call.input("groupList", group_list)?.numel();
    let groups = GroupList::device(&mut call, name, group_list, group_list_type)?;
    let y = call.output("yRef", y)?;
    check!(group_type == 2, ACLNN_ERR_PARAM_INVALID, "{name}: groupType is {group_type}; 2 is taken");
    check!(
        transposed == [true, false],
        ACLNN_ERR_PARAM_INVALID,
        "{name}: transposeX and transposeWeight are {transposed:?}; true and false are taken"
    );
    for (param, t) in [("x", &x), ("weight", &weight)] {
        check_dtype(name, param, t, &[ACL_BF16, ACL_FLOAT16])?;
        check_same_dtype(name, param, t, "x", x.dtype)?;
        check!(t.rank() == 2, ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {}-D; 2-D is needed", t.rank());
    }
    let (tokens, k, n) = (x.dims[0], x.dims[1], weight.dims[1]);
    check_shape(name, "weight", &weight, &[tokens, n])?;
    check_dtype(name, "yRef", &y, &[ACL_FLOAT])?;
    let dims = if y.rank() == 2 { vec![experts * k, n] } else { vec![experts, k, n] };
    check_shape(name, "yRef", &y, &dims)?;
    check_writable(name, "yRef", &y)?;
    call.finish(ws, executor, move || {
        let (x, weight) = (Slice::of(&x, None), Slice::of(&weight, None));
        let mut start = 0;
        for (group, end) in groups.ends(name, tokens).into_iter().enumerate() {
            let (a, b, out) = (turned(x.rows(start, end - start)), weight.rows(start, end - start), sum(&y, group, k));
            start = end;
            // SAFETY: shapes and dtypes are checked, groups lie inside the tokens, and the memory was promised by C until the
            // stream has passed the operation.
            unsafe { Product { a, b, alpha: 1.0, add: Some((1.0, out)), out }.run() }
        }
    })
}

fn turned(m: Matrix) -> Matrix {
    Matrix { rows: m.cols, cols: m.rows, row_stride: m.col_stride, col_stride: m.row_stride, ..m }
}

/// A group's `k` rows.
fn sum(y: &Tensor, group: usize, k: usize) -> Matrix {
    if y.rank() == 3 { Slice::of(y, Some(group)).0 } else { Slice::of(y, None).rows(group * k, k) }
}
