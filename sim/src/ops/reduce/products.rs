//! Products over all elements or one dim, and sums of what are numbers: `aclnnProd`, `aclnnProdDim`, `aclnnReduceNansum`.

use ascend_rl_sys::types::*;

use super::fold::{ExactProduct, ExactSum, OfNumbers, Product};
use super::more::{Ends, everything, finish};
use super::plan::{check_result, output_dims, reduced_dims};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::reject::Outcome;

/// `out` is the product of all elements, as `dtype`, which is `out`'s.
pub(crate) fn aclnnProdGetWorkspaceSize(
    self_: *const aclTensor,
    dtype: aclDataType,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnProd";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_result(NAME, "out", &output, &[])?;
    product(NAME, call, &input, dtype, &output, everything(&input), (ws, executor))
}

/// The same over `dim`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnProdDimGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    keep_dim: bool,
    dtype: aclDataType,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnProdDim";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    let dim = check_dim(NAME, "dim", dim, &input)?;
    let reduced = if input.rank() == 0 { 0 } else { 1 << dim };
    check_result(NAME, "out", &output, &output_dims(&input, reduced, keep_dim))?;
    product(NAME, call, &input, dtype, &output, reduced, (ws, executor))
}

fn product(
    name: &'static str,
    call: Call,
    input: &Tensor,
    dtype: aclDataType,
    output: &Tensor,
    reduced: u32,
    ends: Ends,
) -> Outcome {
    check_dtype(name, "self", input, ALL)?;
    check_same_dtype(name, "out", output, "dtype", dtype)?;
    check_dtype(name, "out", output, ALL)?;
    check_writable(name, "out", output)?;
    if is_float(dtype) {
        finish(call, Product, input, output, reduced, ends)
    } else {
        finish(call, ExactProduct, input, output, reduced, ends)
    }
}

/// `out = sum(self)` over `dim` (empty: all) of what are numbers, as `dtype`, which is `out`'s.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnReduceNansumGetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    keep_dim: bool,
    dtype: aclDataType,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnReduceNansum";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    let dims = call.int_array("dim", dim)?.unwrap_or_default();
    check_dtype(NAME, "self", &input, ALL)?;
    check_same_dtype(NAME, "out", &output, "dtype", dtype)?;
    check_dtype(NAME, "out", &output, NUMBERS)?;
    let reduced = reduced_dims(NAME, &dims, &input)?;
    check_result(NAME, "out", &output, &output_dims(&input, reduced, keep_dim))?;
    check_writable(NAME, "out", &output)?;
    if is_float(dtype) {
        finish(call, OfNumbers, &input, &output, reduced, (ws, executor))
    } else {
        finish(call, ExactSum, &input, &output, reduced, (ws, executor))
    }
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn products_of_rows_and_of_all() {
        for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 1.0 / 128.0), (ACL_INT64, 0.0), (ACL_INT32, 0.0)] {
            let values = noise(3).map(|v| (v * 3.0).round());
            let x = Array::strided(dtype, &[4, 5], &[1, 6], 1, 40, values);
            let rows: Vec<f64> = x.values().chunks(5).map(|row| row.iter().product()).collect();
            let (out, all) = (Array::out(dtype, &[4, 1]), Array::out(dtype, &[]));
            run(|ws, e| aclnnProdDimGetWorkspaceSize(x.handle(), -1, true, dtype, out.handle(), ws, e)).unwrap();
            assert_close(&out.values(), &rows, relative, 0.0);
            let ones = Array::new(dtype, &[2, 3], [1.0, 2.0, -1.0, 3.0, 1.0, 2.0]);
            run(|ws, e| aclnnProdGetWorkspaceSize(ones.handle(), dtype, all.handle(), ws, e)).unwrap();
            assert_eq!(all.values(), [-12.0]);
        }
        // Nothing multiplies to one; booleans as integers.
        let (empty, out) = (Array::new(ACL_FLOAT, &[0], []), Array::out(ACL_FLOAT, &[1]));
        run(|ws, e| aclnnProdGetWorkspaceSize(empty.handle(), ACL_FLOAT, out.handle(), ws, e)).unwrap();
        assert_eq!(out.values(), [1.0]);
        let (flags, out) = (Array::new(ACL_BOOL, &[3], [1.0, 0.0, 1.0]), Array::out(ACL_INT64, &[]));
        run(|ws, e| aclnnProdGetWorkspaceSize(flags.handle(), ACL_INT64, out.handle(), ws, e)).unwrap();
        assert_eq!(out.values(), [0.0]);
        let wrong = run(|ws, e| aclnnProdGetWorkspaceSize(flags.handle(), ACL_FLOAT, out.handle(), ws, e));
        assert_eq!(refusal(wrong, "aclnnProd", "dtype makes it ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
    }

    #[test]
    fn what_are_no_numbers_are_left_out() {
        let x = Array::new(ACL_FLOAT, &[2, 3], [1.0, f64::NAN, 2.5, f64::NAN, f64::NAN, f64::NAN]);
        let (dim, out) = (Ints::new(&[1]), Array::out(ACL_FLOAT, &[2]));
        run(|ws, e| aclnnReduceNansumGetWorkspaceSize(x.handle(), dim.0, false, ACL_FLOAT, out.handle(), ws, e)).unwrap();
        assert_eq!(out.values(), [3.5, 0.0]);
        let (ints, none, out) = (Array::new(ACL_INT32, &[2], [3.0, 4.0]), Ints::new(&[]), Array::out(ACL_INT64, &[]));
        run(|ws, e| aclnnReduceNansumGetWorkspaceSize(ints.handle(), none.0, false, ACL_INT64, out.handle(), ws, e)).unwrap();
        assert_eq!(out.values(), [7.0]);
    }
}
