//! `aclnnDot`: the sum of the products of two vectors, in f64 until it is rounded.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::rows::all;
use super::view::View;
use crate::reject::{Outcome, check};

pub(crate) fn aclnnDotGetWorkspaceSize(
    self_: *const aclTensor,
    tensor: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnDot";
    let mut call = Call::new(NAME);
    let (a, b, out) = (call.input("self", self_)?, call.input("tensor", tensor)?, call.output("out", out)?);
    check_dtype(NAME, "self", &a, FLOATS)?;
    check_same_dtype(NAME, "tensor", &b, "self", a.dtype)?;
    check_same_dtype(NAME, "out", &out, "self", a.dtype)?;
    check!(a.rank() == 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: self is {}-D; 1-D is needed", a.rank());
    check_shape(NAME, "tensor", &b, &a.dims)?;
    check!(out.numel() == 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: out has shape {:?}; one element is needed", out.dims);
    let [a, b, out] = [a, b, out].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let products = all::<f32>(&a).into_iter().zip(all::<f32>(&b)).map(|(a, b)| f64::from(a) * f64::from(b));
        out.store(0, &[products.sum::<f64>() as f32]);
    })
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn the_sum_of_products() {
        for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 1.0 / 128.0), (ACL_FLOAT16, 1.0 / 1024.0)] {
            for n in [0, 1, 2500] {
                let a = Array::strided(dtype, &[n], &[3], 1, 3 * n + 2, noise(1).map(f64::abs));
                let (b, out) = (Array::new(dtype, &[n], noise(2).map(f64::abs)), Array::out(dtype, &[]));
                run(|w, e| aclnnDotGetWorkspaceSize(a.handle(), b.handle(), out.handle(), w, e)).unwrap();
                let want: f64 = a.values().iter().zip(b.values()).map(|(a, b)| a * b).sum();
                assert_close(&out.values(), &[want], relative, 0.0);
            }
        }
        let (a, b) = (Array::new(ACL_FLOAT, &[2], [1.0; 2]), Array::new(ACL_FLOAT, &[3], [1.0; 3]));
        let wrong = run(|w, e| aclnnDotGetWorkspaceSize(a.handle(), b.handle(), a.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnDot", "tensor has shape [3]; [2]"), ACLNN_ERR_PARAM_INVALID);
    }
}
