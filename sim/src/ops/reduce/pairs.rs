//! The smallest and the largest at once: `aclnnAminmax`, `aclnnAminmaxDim`, `aclnnAminmaxAll`.

use std::marker::PhantomData;

use ascend_rl_sys::types::*;

use super::fold::{Extreme, Fold};
use super::more::{Ends, count, everything};
use super::plan::{Plan, check_result, output_dims, reduced_dims};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::reject::{Outcome, check};

/// The smallest and the largest over `dim` (null or empty: all); NaN if there is one.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAminmaxGetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    keep_dim: bool,
    min_out: *mut aclTensor,
    max_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAminmax";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let dims = call.int_array("dim", dim)?.unwrap_or_default();
    let reduced = reduced_dims(NAME, &dims, &input)?;
    both(NAME, call, &input, (reduced, keep_dim), [min_out, max_out], (ws, executor))
}

/// The same over one dim.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAminmaxDimGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    keep_dim: bool,
    min_out: *mut aclTensor,
    max_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAminmaxDim";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let dim = check_dim(NAME, "dim", dim, &input)?;
    let reduced = if input.rank() == 0 { 0 } else { 1 << dim };
    both(NAME, call, &input, (reduced, keep_dim), [min_out, max_out], (ws, executor))
}

/// The same over all.
pub(crate) fn aclnnAminmaxAllGetWorkspaceSize(
    self_: *const aclTensor,
    min_out: *mut aclTensor,
    max_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAminmaxAll";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let all = everything(&input);
    both(NAME, call, &input, (all, false), [min_out, max_out], (ws, executor))
}

fn both(
    name: &'static str,
    mut call: Call,
    input: &Tensor,
    (reduced, keep_dim): (u32, bool),
    [least, most]: [*mut aclTensor; 2],
    ends: Ends,
) -> Outcome {
    let (least, most) = (call.output("minOut", least)?, call.output("maxOut", most)?);
    check_dtype(name, "self", input, ALL)?;
    for (param, out) in [("minOut", &least), ("maxOut", &most)] {
        check_same_dtype(name, param, out, "self", input.dtype)?;
        check_result(name, param, out, &output_dims(input, reduced, keep_dim))?;
        check_writable(name, param, out)?;
    }
    let is_empty = count(input, reduced) == 0.0 && least.numel() > 0;
    check!(!is_empty, ACLNN_ERR_PARAM_INVALID, "{name}: self has shape {:?}; nothing has no extreme", input.dims);
    if is_float(input.dtype) {
        let folds = (Extreme::<f32, true>(PhantomData), Extreme::<f32, false>(PhantomData));
        finish(call, folds, input, [&least, &most], reduced, ends)
    } else {
        let folds = (Extreme::<i64, true>(PhantomData), Extreme::<i64, false>(PhantomData));
        finish(call, folds, input, [&least, &most], reduced, ends)
    }
}

fn finish(
    call: Call,
    (first, second): (impl Fold, impl Fold),
    input: &Tensor,
    [a, b]: [&Tensor; 2],
    reduced: u32,
    (ws, executor): Ends,
) -> Outcome {
    let (first, second) = (Plan::new(first, input, a, reduced), Plan::new(second, input, b, reduced));
    call.finish(ws, executor, move || {
        first.run();
        second.run();
    })
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn the_smallest_and_the_largest() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_UINT8] {
            let x = Array::strided(dtype, &[4, 300], &[1, 5], 1, 1600, noise(2).map(|v| ((v + 1.0) * 60.0).round()));
            let rows: Vec<Vec<f64>> = x.values().chunks(300).map(<[f64]>::to_vec).collect();
            let most = |row: &Vec<f64>| row.iter().copied().fold(f64::MIN, f64::max);
            let least = |row: &Vec<f64>| row.iter().copied().fold(f64::MAX, f64::min);
            let (low, high): (Vec<f64>, Vec<f64>) = (rows.iter().map(least).collect(), rows.iter().map(most).collect());
            let dim = Ints::new(&[1]);
            for which in 0..2 {
                let (a, b) = (Array::out(dtype, &[4, 1]), Array::out(dtype, &[4, 1]));
                run(|ws, e| match which {
                    0 => aclnnAminmaxGetWorkspaceSize(x.handle(), dim.0, true, a.handle(), b.handle(), ws, e),
                    _ => aclnnAminmaxDimGetWorkspaceSize(x.handle(), -1, true, a.handle(), b.handle(), ws, e),
                })
                .unwrap();
                assert_eq!((a.values(), b.values()), (low.clone(), high.clone()));
            }
            // One element with any number of dims: `CheckShapeAndScalarSame` of hicann/ops-math, as `aclnn_aminmax_all.cpp` calls it.
            for one in [&[][..], &[1], &[1, 1]] {
                let (a, b) = (Array::out(dtype, one), Array::out(dtype, one));
                run(|ws, e| aclnnAminmaxAllGetWorkspaceSize(x.handle(), a.handle(), b.handle(), ws, e)).unwrap();
                assert_eq!((a.values(), b.values()), (vec![least(&low)], vec![most(&high)]));
            }
        }
        let (x, two) = (Array::new(ACL_FLOAT, &[3], noise(1)), Array::out(ACL_FLOAT, &[2]));
        let wrong = run(|ws, e| aclnnAminmaxAllGetWorkspaceSize(x.handle(), two.handle(), two.handle(), ws, e));
        assert_eq!(refusal(wrong, "aclnnAminmaxAll", "minOut has shape [2]; [] is needed"), ACLNN_ERR_PARAM_INVALID);
        let (empty, out) = (Array::new(ACL_FLOAT, &[0], []), Array::out(ACL_FLOAT, &[]));
        let wrong = run(|ws, e| aclnnAminmaxAllGetWorkspaceSize(empty.handle(), out.handle(), out.handle(), ws, e));
        assert_eq!(refusal(wrong, "aclnnAminmaxAll", "nothing has no extreme"), ACLNN_ERR_PARAM_INVALID);
    }
}
