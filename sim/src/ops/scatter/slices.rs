//! `aclnnInplaceScatterUpdate` and `aclnnScatterNd`: new slices of a tensor, in place or in a copy.

use ascend_rl_sys::types::*;

use super::{NdScatter, check_nd};
use crate::ops::call::Call;
use crate::ops::copy::{convert, move_range};
use crate::ops::dtypes::*;
use crate::ops::element::with_bits;
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View};
use crate::reject::{Outcome, check, fail};

/// `data` with the slices at `indices` replaced by `updates`, in `out`; see `aclnnScatterNdUpdate`.
pub(crate) fn aclnnScatterNdGetWorkspaceSize(
    data: *const aclTensor,
    indices: *const aclTensor,
    updates: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnScatterNd";
    let mut call = Call::new(NAME);
    let (data, indices) = (call.input("data", data)?, call.input("indices", indices)?);
    let (updates, output) = (call.input("updates", updates)?, call.output("out", out)?);
    check_dtype(NAME, "data", &data, &[ACL_FLOAT, ACL_FLOAT16, ACL_BF16, ACL_BOOL])?;
    check_same_dtype(NAME, "out", &output, "data", data.dtype)?;
    check_shape(NAME, "out", &output, &data.dims)?;
    let scatter: NdScatter = check_nd(NAME, ("out", &output), &indices, &updates)?;
    let (from, to) = (View::new(&data), View::new(&output));
    call.finish(ws, executor, move || {
        if from.data() != to.data() {
            convert(&from, &to);
        }
        scatter.run();
    })
}

/// `data[b].. = updates[b]..` from `indices[b]` on along `axis`, for each `b` of the first dim. A place beyond `data` fails when
/// the operation runs, before anything is written.
pub(crate) fn aclnnInplaceScatterUpdateGetWorkspaceSize(
    data: *mut aclTensor,
    indices: *const aclTensor,
    updates: *const aclTensor,
    axis: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceScatterUpdate";
    let mut call = Call::new(NAME);
    let data = call.output("data", data)?;
    let (indices, updates) = (call.input("indices", indices)?, call.input("updates", updates)?);
    check_dtype(NAME, "data", &data, &[ACL_FLOAT, ACL_FLOAT16, ACL_BF16, ACL_INT32, ACL_INT8, ACL_UINT8])?;
    check_dtype(NAME, "indices", &indices, &[ACL_INT64, ACL_INT32])?;
    check_same_dtype(NAME, "updates", &updates, "data", data.dtype)?;
    let axis = check_dim(NAME, "axis", axis, &data)?;
    check!(
        axis != 0 && data.rank() >= 2,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: axis is dim 0 of data, {}-D; 1 or more is taken",
        data.rank()
    );
    let fits = updates.rank() == data.rank()
        && (0..data.rank()).all(|d| if d == axis { updates.dims[d] <= data.dims[d] } else { updates.dims[d] == data.dims[d] });
    check!(
        fits,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: updates has shape {:?} and data {:?}; they may differ in dim {axis} alone, where updates is not longer",
        updates.dims,
        data.dims
    );
    let batch = data.dims[0];
    check_shape(NAME, "indices", &indices, &[batch])?;
    check_writable(NAME, "data", &data)?;
    let (bound, count, step) = (data.dims[axis], updates.dims[axis], data.strides[axis]);
    // The part of `data` that `updates` would replace if all indices were 0.
    let target = View::of(&data, updates.dims.iter().copied().zip(data.strides.iter().copied()).skip(1));
    let (stride, from, indices) = (data.strides[0], View::new(&updates), View::new(&indices));
    let width = updates.dims[1..].iter().product::<usize>();
    call.finish(ws, executor, move || {
        let mut places = Vec::with_capacity(batch);
        for start in (0..batch).step_by(BLOCK) {
            let mut buffer = Buffer::new();
            places.extend_from_slice(indices.load::<i64>(start, BLOCK.min(batch - start), &mut buffer));
        }
        if let Some(outside) = places.iter().find(|&&place| place < 0 || place + count as i64 > bound as i64) {
            fail!("{NAME}: indices holds {outside} for {count} elements, but dim {axis} of data has {bound}");
        }
        split(batch, width, |rows| {
            for row in rows {
                let to = target.shifted(row * stride + places[row] as usize * step);
                with_bits!(to.dtype.size(), B => move_range::<B>(&from, row * width, &to, 0, width));
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn slices_of_a_copy_are_replaced() {
        for (dtype, index_dtype) in [(ACL_FLOAT, ACL_INT64), (ACL_BF16, ACL_INT32), (ACL_BOOL, ACL_INT64)] {
            let value = |v: f64| if dtype == ACL_BOOL { (v > 0.0) as u8 as f64 } else { v };
            let data = Array::strided(dtype, &[5, 3, 4], &[12, 1, 3], 1, 61, noise(1).map(value));
            let indices = Array::new(index_dtype, &[3, 2], [4.0, 1.0, 0.0, 2.0, 4.0, 1.0]);
            let updates = Array::new(dtype, &[3, 4], noise(2).map(value));
            let out = Array::out(dtype, &[5, 3, 4]);
            run(|w, e| aclnnScatterNdGetWorkspaceSize(data.handle(), indices.handle(), updates.handle(), out.handle(), w, e))
                .unwrap();
            let (mut want, updates) = (data.values(), updates.values());
            for (row, slot) in [13, 2, 13].into_iter().enumerate() {
                want[slot * 4..][..4].copy_from_slice(&updates[row * 4..][..4]);
            }
            assert_eq!(out.values(), want);
        }
    }

    #[test]
    fn a_cache_gets_new_rows_at_each_sequences_place() {
        for dtype in [ACL_FLOAT, ACL_FLOAT16, ACL_BF16, ACL_INT32, ACL_INT8] {
            for (axis, count) in [(2i64, 1), (-2, 3), (1, 2), (-1, 1)] {
                let dims = [3, 2, 6, 5];
                let a = axis.rem_euclid(4) as usize;
                let mut part = dims;
                part[a] = count;
                let data = Array::strided(dtype, &dims, &[64, 31, 5, 1], 2, 200, noise(3).map(|v| (v * 99.0).round()));
                let updates = Array::new(dtype, &part, noise(4).map(|v| (v * 99.0).round()));
                let places = [0, dims[a] - count, (dims[a] - count).min(1)];
                let indices = Array::new(ACL_INT64, &[3], places.map(|p| p as f64));
                let mut want = data.values();
                let at = |i: [i64; 4], dims: [i64; 4]| (((i[0] * dims[1] + i[1]) * dims[2] + i[2]) * dims[3] + i[3]) as usize;
                let (source, [b, n, s, d]) = (updates.values(), part);
                for i in 0..b * n * s * d {
                    let from = [i / (n * s * d), i / (s * d) % n, i / d % s, i % d];
                    let mut to = from;
                    to[a] += places[from[0] as usize];
                    want[at(to, dims)] = source[at(from, part)];
                }
                run(|w, e| {
                    aclnnInplaceScatterUpdateGetWorkspaceSize(data.handle(), indices.handle(), updates.handle(), axis, w, e)
                })
                .unwrap();
                assert_eq!(data.values(), want, "axis {axis}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "aclnnInplaceScatterUpdate: indices holds 3 for 2 elements, but dim 1 of data has 4")]
    fn a_place_beyond_the_data_is_named() {
        let (data, updates) = (Array::out(ACL_FLOAT, &[1, 4]), Array::new(ACL_FLOAT, &[1, 2], [0.0; 2]));
        let indices = Array::new(ACL_INT32, &[1], [3.0]);
        run(|w, e| aclnnInplaceScatterUpdateGetWorkspaceSize(data.handle(), indices.handle(), updates.handle(), 1, w, e))
            .unwrap();
    }

    #[test]
    fn refusals() {
        let (data, updates) = (Array::out(ACL_FLOAT, &[2, 4]), Array::new(ACL_FLOAT, &[2, 5], [0.0; 10]));
        let indices = Array::new(ACL_INT64, &[2], [0.0; 2]);
        let update = |updates: &Array, axis| {
            run(|w, e| aclnnInplaceScatterUpdateGetWorkspaceSize(data.handle(), indices.handle(), updates.handle(), axis, w, e))
        };
        assert_eq!(
            refusal(update(&updates, 1), "aclnnInplaceScatterUpdate", "updates has shape [2, 5]"),
            ACLNN_ERR_PARAM_INVALID
        );
        assert_eq!(refusal(update(&data, 0), "aclnnInplaceScatterUpdate", "axis is dim 0"), ACLNN_ERR_PARAM_INVALID);
        let nd =
            run(|w, e| aclnnScatterNdGetWorkspaceSize(data.handle(), indices.handle(), updates.handle(), updates.handle(), w, e));
        assert_eq!(refusal(nd, "aclnnScatterNd", "out has shape [2, 5]"), ACLNN_ERR_PARAM_INVALID);
    }
}
