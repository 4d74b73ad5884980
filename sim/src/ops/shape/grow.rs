//! A dim made longer by what the tensor has already: `aclnnRepeatInterleaveIntWithDim`, `aclnnReflectionPad1d`.

use ascend_rl_sys::types::*;

use super::{finish, narrowed};
use crate::ops::call::Call;
use crate::ops::copy::Move;
use crate::ops::dtypes::*;
use crate::reject::{Outcome, check, reject};

/// `out` has each slice of `self` along `dim` `repeats` times in a row, `outputSize` in all.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnRepeatInterleaveIntWithDimGetWorkspaceSize(
    self_: *const aclTensor,
    repeats: i64,
    dim: i64,
    output_size: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRepeatInterleaveIntWithDim";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, ALL)?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    check!(input.rank() > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: self is a scalar; at least 1-D is needed");
    let dim = check_dim(NAME, "dim", dim, &input)?;
    check!(repeats >= 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: repeats is {repeats}, a negative number");
    let len = input.dims[dim];
    check!(
        (len as i64).checked_mul(repeats) == Some(output_size),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: outputSize is {output_size}; {len} slices {repeats} times are needed"
    );
    let mut dims = input.dims.to_vec();
    dims[dim] = output_size as usize;
    check_shape(NAME, "out", &output, &dims)?;
    check_writable(NAME, "out", &output)?;
    let repeats = repeats as usize;
    let moves = (0..repeats).map(|i| Move::new(&input, &narrowed(&output, dim, i, len, repeats))).collect();
    finish(call, moves, (ws, executor))
}

/// The last dim, longer by `padding` on the left and on the right: what is there is what is as far inside from the edge.
pub(crate) fn aclnnReflectionPad1dGetWorkspaceSize(
    self_: *const aclTensor,
    padding: *const aclIntArray,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnReflectionPad1d";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, ALL)?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    let rank = input.rank();
    check!(matches!(rank, 2 | 3), ACLNN_ERR_PARAM_INVALID, "{NAME}: self is {rank}-D; 2 or 3 dims are taken");
    let Some(padding) = call.int_array("padding", padding)? else { reject!(ACLNN_ERR_PARAM_NULLPTR, "{NAME}: padding is null") };
    let (dim, len) = (rank - 1, input.dims[rank - 1]);
    let [left, right] = padding[..] else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: padding is {padding:?}; two numbers are taken")
    };
    check!(
        [left, right].iter().all(|p| (0..len as i64).contains(p)),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: padding is {padding:?}; each must be below {len}, the last dim of self"
    );
    let (left, right) = (left as usize, right as usize);
    let mut dims = input.dims.to_vec();
    dims[dim] = len + left + right;
    check_shape(NAME, "out", &output, &dims)?;
    check_writable(NAME, "out", &output)?;
    let column = |from: usize, to: usize| Move::new(&narrowed(&input, dim, from, 1, 1), &narrowed(&output, dim, to, 1, 1));
    let mut moves = vec![Move::new(&input, &narrowed(&output, dim, left, len, 1))];
    moves.extend((0..left).map(|i| column(left - i, i)));
    moves.extend((0..right).map(|i| column(len - 2 - i, left + len + i)));
    finish(call, moves, (ws, executor))
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn slices_repeat_in_a_row() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT8, ACL_BOOL] {
            let modulus = if dtype == ACL_BOOL { 2 } else { 97 };
            for (dims, dim, repeats) in [([3, 4, 5], 0i64, 2i64), ([2, 3, 7], 1, 3), ([2, 3, 130], -1, 2), ([2, 1, 3], 1, 0)] {
                let d = dim.rem_euclid(3) as usize;
                let strides = [1, dims[0] + 1, (dims[0] + 1) * dims[1]];
                let storage = (dims[0] + 1) * dims[1] * dims[2] + 1;
                let values = (0..dims.iter().product()).map(|i: i64| (i % modulus) as f64);
                let x = Array::strided(dtype, &dims, &strides, 1, storage, values);
                let mut longer = dims;
                longer[d] *= repeats;
                let out = Array::out(dtype, &longer);
                run(|w, e| {
                    let (x, out) = (x.handle(), out.handle());
                    aclnnRepeatInterleaveIntWithDimGetWorkspaceSize(x, repeats, dim, longer[d], out, w, e)
                })
                .unwrap();
                let values = x.values();
                let want = by_index(&longer, |at| {
                    let mut at = at.to_vec();
                    at[d] /= repeats;
                    values[element(&dims, &at)]
                });
                assert_eq!(out.values(), want);
            }
        }
    }

    #[test]
    fn edges_reflect() {
        // The document's own example.
        let (x, out) = (Array::new(ACL_FLOAT, &[1, 3], [0.0, 1.0, 2.0]), Array::out(ACL_FLOAT, &[1, 7]));
        run(|w, e| aclnnReflectionPad1dGetWorkspaceSize(x.handle(), Ints::new(&[2, 2]).0, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0]);
        for (left, right) in [(0, 0), (4, 1), (0, 6), (6, 6)] {
            let x = Array::new(ACL_BF16, &[2, 3, 7], (0..42).map(f64::from));
            let out = Array::out(ACL_BF16, &[2, 3, 7 + left + right]);
            run(|w, e| aclnnReflectionPad1dGetWorkspaceSize(x.handle(), Ints::new(&[left, right]).0, out.handle(), w, e))
                .unwrap();
            let want = by_index(&[2, 3, 7 + left + right], |at| {
                let place = (at[2] - left).abs();
                (at[0] * 21 + at[1] * 7 + if place > 6 { 12 - place } else { place }) as f64
            });
            assert_eq!(out.values(), want);
        }
    }

    #[test]
    fn refusals() {
        let (x, out) = (Array::new(ACL_FLOAT, &[2, 3], noise(1)), Array::out(ACL_FLOAT, &[2, 6]));
        let pad = |values: &[i64]| {
            run(|w, e| aclnnReflectionPad1dGetWorkspaceSize(x.handle(), Ints::new(values).0, out.handle(), w, e))
        };
        assert_eq!(refusal(pad(&[3, 0]), "aclnnReflectionPad1d", "below 3"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(pad(&[1]), "aclnnReflectionPad1d", "two numbers"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(pad(&[1, 1]), "aclnnReflectionPad1d", "out has shape [2, 6]; [2, 5]"), ACLNN_ERR_PARAM_INVALID);
        let repeat = |repeats, size| {
            run(|w, e| {
                let (x, out) = (x.handle(), out.handle());
                aclnnRepeatInterleaveIntWithDimGetWorkspaceSize(x, repeats, 1, size, out, w, e)
            })
        };
        assert_eq!(refusal(repeat(2, 5), "aclnnRepeatInterleaveIntWithDim", "outputSize is 5"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(repeat(-1, -3), "aclnnRepeatInterleaveIntWithDim", "repeats is -1"), ACLNN_ERR_PARAM_INVALID);
    }
}
