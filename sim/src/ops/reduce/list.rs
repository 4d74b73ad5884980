//! `aclnnSum`: the sum of a list of tensors, element by element.

use ascend_rl_sys::types::*;

use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::element::Lane;
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View};
use crate::reject::{Outcome, check};

/// `out = tensors[0] + tensors[1] + ..`, alike in shape and dtype; floats in f32, one after the other.
pub(crate) fn aclnnSumGetWorkspaceSize(
    tensors: *const aclTensorList,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSum";
    let mut call = Call::new(NAME);
    let (inputs, output) = (call.list("tensors", tensors, false)?, call.output("out", out)?);
    check!(!inputs.is_empty(), ACLNN_ERR_PARAM_INVALID, "{NAME}: tensors is an empty list");
    for input in &inputs {
        check_dtype(NAME, "tensors", input, NUMBERS)?;
        check_same_dtype(NAME, "tensors", input, "tensors[0]", inputs[0].dtype)?;
        check_shape(NAME, "tensors", input, &inputs[0].dims)?;
    }
    check_same_dtype(NAME, "out", &output, "tensors", inputs[0].dtype)?;
    check_shape(NAME, "out", &output, &inputs[0].dims)?;
    check_writable(NAME, "out", &output)?;
    let (from, to): (Vec<_>, _) = (inputs.iter().map(View::new).collect(), View::new(&output));
    call.finish(ws, executor, move || {
        split(to.numel(), from.len(), |range| {
            for start in range.clone().step_by(BLOCK) {
                let n = BLOCK.min(range.end - start);
                if is_float(to.dtype) {
                    add(&from, &to, start, n, |a: f32, b| a + b)
                } else {
                    add(&from, &to, start, n, i64::wrapping_add)
                }
            }
        })
    })
}

fn add<T: Lane>(from: &[View], to: &View, start: usize, n: usize, add: impl Fn(T, T) -> T) {
    let (mut sums, mut x) = ([T::default(); BLOCK], Buffer::new());
    for view in from {
        for (sum, &x) in sums.iter_mut().zip(view.load(start, n, &mut x)) {
            *sum = add(*sum, x);
        }
    }
    to.store(start, &sums[..n]);
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::nn;
    use crate::ops::testing::*;

    /// A list that owns the tensors' descriptors; the arrays keep the memory and must not be dropped before it is read.
    fn sum(arrays: &[Array], out: &Array) -> Outcome {
        let handles: Vec<_> = arrays.iter().map(|a| a.handle().cast_const()).collect();
        let list = nn::aclCreateTensorList(handles.as_ptr(), handles.len() as u64).expect("a list");
        run(|w, e| aclnnSumGetWorkspaceSize(list, out.handle(), w, e))
    }

    #[test]
    fn lists_are_added_element_by_element() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT32] {
            let arrays: Vec<_> = (0..5)
                .map(|i| Array::strided(dtype, &[3, 700], &[1400, 2], i, 4300, noise(i as u64).map(|v| (v * 50.0).round())))
                .collect();
            let out = Array::out(dtype, &[3, 700]);
            sum(&arrays, &out).unwrap();
            let values: Vec<_> = arrays.iter().map(Array::values).collect();
            let want: Vec<f64> = (0..2100).map(|i| values.iter().map(|v| v[i]).sum()).collect();
            // Whole numbers up to 250 are exact in all but the last bit of bf16.
            assert_close(&out.values(), &want, 1.0 / 256.0, 0.0);
        }
    }

    #[test]
    fn refusals() {
        let (x, y) = (Array::new(ACL_FLOAT, &[2], [0.0; 2]), Array::new(ACL_FLOAT, &[3], [0.0; 3]));
        let out = Array::out(ACL_FLOAT, &[2]);
        assert_eq!(refusal(sum(&[x, y], &out), "aclnnSum", "tensors has shape [3]"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(sum(&[], &out), "aclnnSum", "empty list"), ACLNN_ERR_PARAM_INVALID);
    }
}
