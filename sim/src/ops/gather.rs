//! `aclnnGather`: elements named by an index along one dim.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::indexing::{Along, INDICES, Places};
use super::view::View;
use crate::reject::{Outcome, check};

/// What CANN moves here: by size, so f64 and unsigned integers too.
const MOVED: &[aclDataType] = &[
    ACL_FLOAT,
    ACL_BF16,
    ACL_FLOAT16,
    ACL_INT64,
    ACL_INT32,
    ACL_INT16,
    ACL_INT8,
    ACL_UINT8,
    ACL_BOOL,
    ACL_UINT16,
    ACL_UINT32,
    ACL_UINT64,
    ACL_DOUBLE,
];

/// `out[i][j] = self[i][index[i][j]]` for `dim` 1, and so on. An index outside `self` fails when the operation runs.
pub(crate) fn aclnnGatherGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    index: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGather";
    let mut call = Call::new(NAME);
    let (input, index) = (call.input("self", self_)?, call.input("index", index)?);
    let output = call.output("out", out)?;
    check_dtype(NAME, "self", &input, MOVED)?;
    check_dtype(NAME, "index", &index, INDICES)?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    let dim = check_dim(NAME, "dim", dim, &input)?;
    let fits = input.rank() == index.rank() && (0..input.rank()).all(|d| d == dim || index.dims[d] <= input.dims[d]);
    check!(
        fits,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: index has shape {:?}, which does not fit in self's {:?} in the dims other than {dim}",
        index.dims,
        input.dims
    );
    check_shape(NAME, "out", &output, &index.dims)?;
    check_writable(NAME, "out", &output)?;
    let axes: Vec<_> = (0..index.rank()).map(|d| (index.dims[d], if d == dim { 0 } else { input.strides[d] })).collect();
    let along = Along::at(&index, 0, axes.len(), dim);
    let (places, to) = (Places::new((NAME, "index"), &input, &axes, &[along], false), View::new(&output));
    call.finish(ws, executor, move || places.read(&to))
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn gathers_along_every_dim() {
        for (dtype, index_dtype) in [(ACL_FLOAT, ACL_INT64), (ACL_BF16, ACL_INT32), (ACL_INT64, ACL_INT64), (ACL_BOOL, ACL_INT32)]
        {
            for (shape, dim) in [([4, 3, 5], 0i64), ([2, 1500, 2], 1), ([4, 3, 1], -1), ([1, 3, 9], 2)] {
                let d = dim.rem_euclid(3) as usize;
                let dims = [4, 3, 5];
                let x = Array::strided(
                    dtype,
                    &dims,
                    &[1, 30, 4],
                    1,
                    100,
                    (0..60).map(|i| if dtype == ACL_BOOL { (i % 3 == 0) as u8 as f64 } else { i as f64 }),
                );
                let index = Array::new(index_dtype, &shape, noise(12).map(|v| ((v + 1.0) / 2.0 * dims[d] as f64).floor()));
                let out = Array::out(dtype, &shape);
                run(|w, e| aclnnGatherGetWorkspaceSize(x.handle(), dim, index.handle(), out.handle(), w, e)).unwrap();
                let source = x.values();
                let want: Vec<f64> = index
                    .values()
                    .iter()
                    .enumerate()
                    .map(|(i, &place)| {
                        let i = i as i64;
                        let mut at = [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
                        at[d] = place as i64;
                        source[(at[0] * 15 + at[1] * 5 + at[2]) as usize]
                    })
                    .collect();
                assert_close(&out.values(), &want, 0.0, 0.0);
            }
        }
    }

    #[test]
    #[should_panic(expected = "aclnnGather: index holds 3, but dim 1 of self has 3 elements")]
    fn an_index_outside_is_named() {
        let (x, index) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::new(ACL_INT64, &[2, 1], [0.0, 3.0]));
        let out = Array::out(ACL_FLOAT, &[2, 1]);
        run(|w, e| aclnnGatherGetWorkspaceSize(x.handle(), 1, index.handle(), out.handle(), w, e)).unwrap();
    }

    #[test]
    fn refusals() {
        let (x, index) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::new(ACL_INT64, &[3, 1], [0.0; 3]));
        let out = Array::out(ACL_FLOAT, &[3, 1]);
        let gather = |dim, index: &Array, out: &Array| {
            run(|w, e| aclnnGatherGetWorkspaceSize(x.handle(), dim, index.handle(), out.handle(), w, e))
        };
        assert_eq!(refusal(gather(1, &index, &out), "aclnnGather", "index has shape [3, 1]"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(gather(2, &index, &out), "aclnnGather", "dim is 2"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(gather(0, &index, &x), "aclnnGather", "out has shape [2, 3]"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(gather(0, &x, &out), "aclnnGather", "index is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(gather(0, &index, &index), "aclnnGather", "out is ACL_INT64"), ACLNN_ERR_PARAM_INVALID);
    }
}
