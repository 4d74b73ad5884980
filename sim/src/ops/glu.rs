//! `aclnnGlu` and `aclnnGluBackward`: one half times the sigmoid of the other.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::norm::check_like;
use super::shape::narrowed;
use super::split::split;
use super::view::{BLOCK, Buffer, View};
use crate::math::sigmoid;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};

/// `out = a * sigmoid(b)`, of the halves of `self` along `dim`.
pub(crate) fn aclnnGluGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGlu";
    let mut call = Call::new(NAME);
    let (x, out) = (call.input("self", self_)?, call.output("out", out)?);
    let [a, b] = halves(NAME, "self", &x, dim)?;
    check_like(NAME, "out", &out, "self", &a)?;
    let [a, b, out] = [a, b, out].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        each([&a, &b], |at, [a, b]| {
            let values: Vec<f32> = a.iter().zip(b).map(|(a, b)| a * sigmoid(*b)).collect();
            out.store(at, &values);
        })
    })
}

/// The gradient of that, both halves of it.
pub(crate) fn aclnnGluBackwardGetWorkspaceSize(
    grad_out: *const aclTensor,
    self_: *const aclTensor,
    dim: i64,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGluBackward";
    let mut call = Call::new(NAME);
    let (d, x, out) = (call.input("gradOut", grad_out)?, call.input("self", self_)?, call.output("out", out)?);
    let [a, b] = halves(NAME, "self", &x, dim)?;
    check_same_dtype(NAME, "gradOut", &d, "self", x.dtype)?;
    check_shape(NAME, "gradOut", &d, &a.dims)?;
    check_like(NAME, "out", &out, "self", &x)?;
    let [to_a, to_b] = halves(NAME, "out", &out, dim)?;
    let [d, a, b, to_a, to_b] = [d, a, b, to_a, to_b].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        each([&d, &a, &b], |at, [d, a, b]| {
            let gates: Vec<f32> = b.iter().map(|&b| sigmoid(b)).collect();
            let first: Vec<f32> = d.iter().zip(&gates).map(|(d, gate)| d * gate).collect();
            let second: Vec<f32> = first.iter().zip(a.iter().zip(&gates)).map(|(d, (a, gate))| d * a * (1.0 - gate)).collect();
            to_a.store(at, &first);
            to_b.store(at, &second);
        })
    })
}

fn halves(name: &str, param: &str, x: &Tensor, dim: i64) -> Outcome<[Tensor; 2]> {
    check_dtype(name, param, x, FLOATS)?;
    let dim = check_dim(name, "dim", dim, x)?;
    check!(
        x.rank() > 0 && x.dims[dim].is_multiple_of(2),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: {param} has shape {:?}; dim {dim} must be even",
        x.dims
    );
    let half = x.dims[dim] / 2;
    Ok([0, half].map(|start| narrowed(x, dim, start, half, 1)))
}

/// Calls `f` with all elements of the views, a block of each at a time, and where the block begins.
fn each<const N: usize>(views: [&View; N], f: impl Fn(usize, [&[f32]; N]) + Sync) {
    let n = views[0].numel();
    split(n.div_ceil(BLOCK), BLOCK, |blocks| {
        let mut buffers: [Buffer<f32>; N] = std::array::from_fn(|_| Buffer::new());
        for at in blocks.map(|block| block * BLOCK) {
            let len = BLOCK.min(n - at);
            let mut loaded = views.iter().zip(&mut buffers).map(|(view, buffer)| view.load::<f32>(at, len, buffer));
            f(at, std::array::from_fn(|_| loaded.next().map_or(&[][..], |x| &x[..len])));
        }
    })
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn one_half_gates_the_other() {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 1.0 / 128.0), (ACL_FLOAT16, 1.0 / 1024.0)] {
            for (dims, dim) in [([3, 5, 8], 2i64), ([4, 3, 5], 0), ([2, 6, 300], -2)] {
                let d = dim.rem_euclid(3) as usize;
                let mut halved = dims;
                halved[d] /= 2;
                let x = Array::strided(
                    dtype,
                    &dims,
                    &[dims[1] * dims[2], 1, dims[1]],
                    0,
                    dims.iter().product(),
                    noise(1).map(|v| 4.0 * v),
                );
                let (out, grad, dx) =
                    (Array::out(dtype, &halved), Array::new(dtype, &halved, noise(2)), Array::out(dtype, &dims));
                run(|w, e| aclnnGluGetWorkspaceSize(x.handle(), dim, out.handle(), w, e)).unwrap();
                run(|w, e| aclnnGluBackwardGetWorkspaceSize(grad.handle(), x.handle(), dim, dx.handle(), w, e)).unwrap();
                let (values, grads) = (x.values(), grad.values());
                let of = |at: &[i64], second: bool| {
                    let mut at = at.to_vec();
                    at[d] += if second { halved[d] } else { 0 };
                    values[element(&dims, &at)]
                };
                assert_close(&out.values(), &by_index(&halved, |at| of(at, false) * sigmoid(of(at, true))), relative, 1e-6);
                let want = by_index(&dims, |at| {
                    let second = at[d] >= halved[d];
                    let mut low = at.to_vec();
                    low[d] %= halved[d];
                    let (a, b, g) = (of(&low, false), of(&low, true), grads[element(&halved, &low)]);
                    if second { g * a * sigmoid(b) * sigmoid(-b) } else { g * sigmoid(b) }
                });
                assert_close(&dx.values(), &want, relative, 1e-6);
            }
        }
        let (odd, out) = (Array::new(ACL_FLOAT, &[2, 3], noise(1)), Array::out(ACL_FLOAT, &[2, 1]));
        let wrong = run(|w, e| aclnnGluGetWorkspaceSize(odd.handle(), 1, out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnGlu", "dim 1 must be even"), ACLNN_ERR_PARAM_INVALID);
    }
}
