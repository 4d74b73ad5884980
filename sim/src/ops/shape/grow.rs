//! Slices that are there several times: `aclnnRepeatInterleaveIntWithDim`, `aclnnRepeatInterleaveWithDim`.

use ascend_rl_sys::types::*;

use super::{finish, narrowed};
use crate::ops::call::Call;
use crate::ops::copy::Move;
use crate::ops::dtypes::*;
use crate::ops::rows::all;
use crate::ops::view::View;
use crate::reject::{Outcome, check, fail};

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

/// Slice `i` of `self` along `dim` `repeats[i]` times in a row; one number stands for all. If they do not make `outputSize` slices, the
/// operation fails.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnRepeatInterleaveWithDimGetWorkspaceSize(
    self_: *const aclTensor,
    repeats: *const aclTensor,
    dim: i64,
    output_size: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRepeatInterleaveWithDim";
    let mut call = Call::new(NAME);
    let (input, repeats) = (call.input("self", self_)?, call.input("repeats", repeats)?);
    let output = call.output("out", out)?;
    check_dtype(NAME, "self", &input, ALL)?;
    check_dtype(NAME, "repeats", &repeats, &[ACL_INT64, ACL_INT32])?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    check!(input.rank() > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: self is a scalar; at least 1-D is needed");
    let dim = check_dim(NAME, "dim", dim, &input)?;
    let len = input.dims[dim];
    let fits = repeats.rank() <= 1 && (repeats.numel() == len || repeats.numel() == 1);
    check!(fits, ACLNN_ERR_PARAM_INVALID, "{NAME}: repeats has shape {:?}; [{len}] or [1] is needed", repeats.dims);
    let mut dims = input.dims.to_vec();
    dims[dim] = usize::try_from(output_size).unwrap_or(usize::MAX);
    check_shape(NAME, "out", &output, &dims)?;
    check_writable(NAME, "out", &output)?;
    let (times, size) = (View::new(&repeats), dims[dim]);
    call.finish(ws, executor, move || {
        let times = all::<i64>(&times);
        let mut at = 0;
        for i in 0..len {
            let given = if times.len() == 1 { times[0] } else { times[i] };
            let Ok(count) = usize::try_from(given) else { fail!("{NAME}: repeats holds {given}") };
            if count > size - at {
                fail!("{NAME}: repeats make more than {size} slices, which is outputSize");
            }
            if count > 0 {
                Move::new(&narrowed(&input, dim, i, count, 0), &narrowed(&output, dim, at, count, 1)).run();
            }
            at += count;
        }
        if at < size {
            fail!("{NAME}: repeats make {at} slices; outputSize is {size}");
        }
    })
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
    fn each_slice_has_a_number_of_its_own() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT8] {
            let dims = [3, 4, 70];
            let x = Array::strided(dtype, &dims, &[1, 4, 16], 1, 16 * 70 + 2, (0..840).map(|i| (i % 97) as f64));
            let values = x.values();
            for (dim, repeats) in [(0i64, &[2.0, 0.0, 3.0][..]), (1, &[0.0, 1.0, 5.0, 2.0]), (-1, &[2.0]), (0, &[0.0])] {
                let d = dim.rem_euclid(3) as usize;
                let times = |i: i64| repeats[if repeats.len() == 1 { 0 } else { i as usize }] as usize;
                let from: Vec<i64> = (0..dims[d]).flat_map(|i| std::iter::repeat_n(i, times(i))).collect();
                let mut longer = dims;
                longer[d] = from.len() as i64;
                let out = Array::out(dtype, &longer);
                for index in [ACL_INT64, ACL_INT32] {
                    let repeats = Array::new(index, &[repeats.len() as i64], repeats.iter().copied());
                    run(|w, e| {
                        let (x, repeats, out) = (x.handle(), repeats.handle(), out.handle());
                        aclnnRepeatInterleaveWithDimGetWorkspaceSize(x, repeats, dim, longer[d], out, w, e)
                    })
                    .unwrap();
                    let want = by_index(&longer, |at| {
                        let mut at = at.to_vec();
                        at[d] = from[at[d] as usize];
                        values[element(&dims, &at)]
                    });
                    assert_eq!(out.values(), want);
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "aclnnRepeatInterleaveWithDim: repeats make 4 slices; outputSize is 5")]
    fn numbers_that_do_not_make_the_size() {
        let (x, out) = (Array::new(ACL_FLOAT, &[2, 3], noise(1)), Array::out(ACL_FLOAT, &[5, 3]));
        let repeats = Array::new(ACL_INT64, &[2], [1.0, 3.0]);
        run(|w, e| aclnnRepeatInterleaveWithDimGetWorkspaceSize(x.handle(), repeats.handle(), 0, 5, out.handle(), w, e)).unwrap();
    }

    #[test]
    fn refusals() {
        let (x, out) = (Array::new(ACL_FLOAT, &[2, 3], noise(1)), Array::out(ACL_FLOAT, &[2, 6]));
        let repeat = |repeats, size| {
            run(|w, e| {
                let (x, out) = (x.handle(), out.handle());
                aclnnRepeatInterleaveIntWithDimGetWorkspaceSize(x, repeats, 1, size, out, w, e)
            })
        };
        assert_eq!(refusal(repeat(2, 5), "aclnnRepeatInterleaveIntWithDim", "outputSize is 5"), ACLNN_ERR_PARAM_INVALID);
        let three = Array::new(ACL_INT64, &[3], [1.0; 3]);
        let wrong =
            run(|w, e| aclnnRepeatInterleaveWithDimGetWorkspaceSize(x.handle(), three.handle(), 0, 6, out.handle(), w, e));
        let what = "repeats has shape [3]; [2] or [1] is needed";
        assert_eq!(refusal(wrong, "aclnnRepeatInterleaveWithDim", what), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(repeat(-1, -3), "aclnnRepeatInterleaveIntWithDim", "repeats is -1"), ACLNN_ERR_PARAM_INVALID);
    }
}
