//! `aclnnGeGluV3`: GELU of one half times the other.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::elementwise::{normal, tanh_gate};
use super::norm::check_like;
use super::rows::Row;
use super::shape::narrowed;
use super::split::split;
use super::view::View;
use crate::reject::{Outcome, check, reject};

/// `outGelu = gelu(a)`, `out = gelu(a) * b`, of the halves of `self` along `dim`; `a` is the left one with `activateLeft`.
///
/// `approximate` is 0 for the error function and 1 for tanh, as the operator's document and its kernel have it; the header of 8.1
/// says the reverse, and torch_npu's `npu_geglu` calls 1 tanh.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGeGluV3GetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    approximate: i64,
    activate_left: bool,
    out: *mut aclTensor,
    out_gelu: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGeGluV3";
    let mut call = Call::new(NAME);
    let (x, out, gelu) = (call.input("self", self_)?, call.output("out", out)?, call.output("outGelu", out_gelu)?);
    check_dtype(NAME, "self", &x, FLOATS)?;
    let dim = check_dim(NAME, "dim", dim, &x)?;
    check!(
        x.rank() > 0 && x.dims[dim] % 2 == 0,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: self has shape {:?}; dim {dim} must be even",
        x.dims
    );
    let half = x.dims[dim] / 2;
    let [left, right] = [0, half].map(|start| narrowed(&x, dim, start, half, 1));
    check_like(NAME, "out", &out, "self", &left)?;
    check_like(NAME, "outGelu", &gelu, "self", &left)?;
    let factor = match approximate {
        0 => |x: f32| x * normal(x),
        1 => |x: f32| x * tanh_gate(x),
        other => reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: approximate is {other}; 0 (none) and 1 (tanh) are taken"),
    };
    let (a, b) = if activate_left { (left, right) } else { (right, left) };
    let [a, b, out, gelu] = [a, b, out, gelu].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        split(a.numel(), 1, |range| {
            let (start, n) = (range.start, range.len());
            let (mut first, mut second, mut product) = (Row::new(n), Row::new(n), Row::new(n));
            let activated: Vec<f32> = first.load(&a, start, n).iter().map(|&x| factor(x)).collect();
            let (second, product) = (second.load(&b, start, n), product.room(n));
            for i in 0..n {
                product[i] = activated[i] * second[i];
            }
            gelu.store(start, &activated);
            out.store(start, product);
        })
    })
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn either_half_by_either_function() {
        for (dtype, relative) in [(ACL_FLOAT, 2e-6), (ACL_BF16, 8e-3), (ACL_FLOAT16, 2e-3)] {
            for (dims, dim) in [([3, 5, 8], 2i64), ([3, 5, 8], -1), ([4, 3, 5], 0), ([2, 6, 300], 1)] {
                let d = dim.rem_euclid(3) as usize;
                let mut halved = dims;
                halved[d] /= 2;
                let x = Array::new(dtype, &dims, noise(1).map(|v| 5.0 * v));
                let (out, gelu) = (Array::out(dtype, &halved), Array::out(dtype, &halved));
                for (approximate, left) in [(0, true), (0, false), (1, true), (1, false)] {
                    run(|w, e| {
                        let (x, out, gelu) = (x.handle(), out.handle(), gelu.handle());
                        aclnnGeGluV3GetWorkspaceSize(x, dim, approximate, left, out, gelu, w, e)
                    })
                    .unwrap();
                    let values = x.values();
                    let of = |at: &[i64], second: bool| {
                        let mut at = at.to_vec();
                        at[d] += if second { halved[d] } else { 0 };
                        values[element(&dims, &at)]
                    };
                    let f = |x: f64| match approximate {
                        0 => 0.5 * x * libm::erfc(-x / 2f64.sqrt()),
                        _ => 0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh()),
                    };
                    assert_close(&gelu.values(), &by_index(&halved, |at| f(of(at, !left))), relative, 2e-6);
                    assert_close(&out.values(), &by_index(&halved, |at| f(of(at, !left)) * of(at, left)), relative, 1e-5);
                }
            }
        }
    }

    #[test]
    fn refusals() {
        let (odd, out) = (Array::new(ACL_FLOAT, &[2, 3], noise(1)), Array::out(ACL_FLOAT, &[2, 1]));
        let geglu = |x: &Array, approximate| {
            run(|w, e| aclnnGeGluV3GetWorkspaceSize(x.handle(), 1, approximate, true, out.handle(), out.handle(), w, e))
        };
        assert_eq!(refusal(geglu(&odd, 0), "aclnnGeGluV3", "dim 1 must be even"), ACLNN_ERR_PARAM_INVALID);
        let even = Array::new(ACL_FLOAT, &[2, 2], noise(1));
        assert_eq!(refusal(geglu(&even, 2), "aclnnGeGluV3", "approximate is 2"), ACLNN_ERR_PARAM_INVALID);
        let wide = Array::new(ACL_FLOAT, &[2, 4], noise(1));
        assert_eq!(refusal(geglu(&wide, 0), "aclnnGeGluV3", "out has shape [2, 1]"), ACLNN_ERR_PARAM_INVALID);
    }
}
