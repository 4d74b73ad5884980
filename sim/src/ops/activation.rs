//! `aclnnSwiGlu` and `aclnnSwiGluGrad`.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::rows::{Row, Target};
use super::split::split;
use super::view::{BLOCK, View};
use crate::math::sigmoid;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};
use crate::simd::vectorized;

/// `out = silu(a) * b`, `a` and `b` being the halves of `x` along `dim`.
pub(crate) fn aclnnSwiGluGetWorkspaceSize(
    x: *const aclTensor,
    dim: i64,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSwiGlu";
    let mut call = Call::new(NAME);
    let (x, out) = (call.input("x", x)?, call.output("out", out)?);
    let half = check_halves(NAME, dim, &x, ("out", &out))?;
    check_contiguous(NAME, "out", &out)?;
    let (x, numel) = (View::new(&x), out.numel());
    let out = Target::new(View::new(&out), &[&x]);
    call.finish(ws, executor, move || {
        blocks(half, numel, |at, n, [a, b, result, ..]| {
            let (a, b) = (a.load(&x, at.whole, n), b.load(&x, at.whole + half, n));
            let result = out.room(at.half, n, result);
            forward(a, b, result);
            out.store(at.half, result);
        })
    })
}

/// `[dy * b * silu'(a), dy * silu(a)]`, laid out as `x`.
pub(crate) fn aclnnSwiGluGradGetWorkspaceSize(
    y_grad: *const aclTensor,
    x: *const aclTensor,
    dim: i64,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSwiGluGrad";
    let mut call = Call::new(NAME);
    let (dy, x, out) = (call.input("yGrad", y_grad)?, call.input("x", x)?, call.output("out", out)?);
    let half = check_halves(NAME, dim, &x, ("yGrad", &dy))?;
    check_same_dtype(NAME, "out", &out, "x", x.dtype)?;
    check_shape(NAME, "out", &out, &x.dims)?;
    check_contiguous(NAME, "out", &out)?;
    let (dy, x) = (View::new(&dy), View::new(&x));
    let out = Target::new(View::new(&out), &[&dy, &x]);
    call.finish(ws, executor, move || {
        blocks(half, dy.numel(), |at, n, [a, b, d, to_a, to_b]| {
            let (a, b, d) = (a.load(&x, at.whole, n), b.load(&x, at.whole + half, n), d.load(&dy, at.half, n));
            let (to_a, to_b) = (out.room(at.whole, n, to_a), out.room(at.whole + half, n, to_b));
            gradients(a, b, d, to_a, to_b);
            out.store(at.whole, to_a);
            out.store(at.whole + half, to_b);
        })
    })
}

/// Where a block begins: in a tensor of halves, and of wholes.
struct At {
    half: usize,
    whole: usize,
}

/// Calls `f` for all of `0..numel` in pieces that stay inside one half of one group of `2 * half` elements, with room for five.
fn blocks(half: usize, numel: usize, f: impl Fn(At, usize, &mut [Row; 5]) + Sync) {
    split(numel.div_ceil(BLOCK), BLOCK, |range| {
        let mut rows = [(); 5].map(|()| Row::new(0));
        let (mut at, end) = (range.start * BLOCK, numel.min(range.end * BLOCK));
        while at < end {
            let n = (half - at % half).min(BLOCK).min(end - at);
            f(At { half: at, whole: at / half * 2 * half + at % half }, n, &mut rows);
            at += n;
        }
    })
}

/// Of both halves, for a block.
fn forward(a: &[f32], b: &[f32], to: &mut [f32]) {
    vectorized(
        #[inline(always)]
        || {
            for (to, (a, b)) in to.iter_mut().zip(a.iter().zip(b)) {
                *to = a * sigmoid(*a) * b;
            }
        },
    );
}

/// Of both halves, for a block; the sigmoid is worth one pass over the three.
fn gradients(a: &[f32], b: &[f32], d: &[f32], to_a: &mut [f32], to_b: &mut [f32]) {
    let n = a.len();
    let (b, d, to_a, to_b) = (&b[..n], &d[..n], &mut to_a[..n], &mut to_b[..n]);
    vectorized(
        #[inline(always)]
        || {
            for i in 0..n {
                let (a, d, s) = (a[i], d[i], sigmoid(a[i]));
                to_a[i] = d * b[i] * s * (1.0 + a * (1.0 - s));
                to_b[i] = d * a * s;
            }
        },
    );
}

/// The rules that both share; gives the elements of one half of a group: half of `dim` and all dims after it.
fn check_halves(operator: &str, dim: i64, x: &Tensor, (param, halves): (&str, &Tensor)) -> Outcome<usize> {
    check_dtype(operator, "x", x, FLOATS)?;
    check_same_dtype(operator, param, halves, "x", x.dtype)?;
    check!(x.rank() > 0, ACLNN_ERR_PARAM_INVALID, "{operator}: x is a scalar; one dim or more is needed");
    let axis = check_dim(operator, "dim", dim, x)?;
    let length = x.dims[axis];
    check!(
        length.is_multiple_of(2),
        ACLNN_ERR_PARAM_INVALID,
        "{operator}: dim {dim} of x has {length} elements; an even number is needed"
    );
    let mut dims = x.dims.to_vec();
    dims[axis] /= 2;
    check_shape(operator, param, halves, &dims)?;
    Ok(dims[axis..].iter().product())
}

pub(super) fn check_contiguous(operator: &str, param: &str, t: &Tensor) -> Outcome {
    let strides = t.strides;
    check!(t.is_contiguous(), ACLNN_ERR_PARAM_INVALID, "{operator}: {param} has strides {strides:?}; it must be contiguous");
    Ok(())
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    fn relative(dtype: aclDataType) -> f64 {
        if dtype == ACL_BF16 { 4e-3 } else { 1e-6 }
    }

    /// The halves of `x` [outer, 2, inner] as pairs, in the order of the output.
    fn pairs(x: &[f64], half: usize) -> Vec<(f64, f64)> {
        x.chunks(2 * half).flat_map(|group| (0..half).map(|i| (group[i], group[half + i]))).collect()
    }

    fn sigmoid(a: f64) -> f64 {
        1.0 / (1.0 + (-a).exp())
    }

    const CASES: [(&[i64], &[i64], i64, usize); 4] = [
        (&[3, 10], &[3, 5], -1, 5),
        (&[7, 2600], &[7, 1300], 1, 1300),
        (&[2, 6, 5], &[2, 3, 5], 1, 15),
        (&[40, 2], &[40, 1], -1, 1),
    ];

    #[test]
    fn forward_gates_the_second_half_with_the_first() {
        for dtype in [ACL_FLOAT, ACL_BF16] {
            for (dims, half_dims, dim, half) in CASES {
                let x = Array::new(dtype, dims, noise(1).map(|v| 20.0 * v));
                let out = Array::out(dtype, half_dims);
                run(|ws, e| aclnnSwiGluGetWorkspaceSize(x.handle(), dim, out.handle(), ws, e)).unwrap();
                let want: Vec<f64> = pairs(&x.values(), half).into_iter().map(|(a, b)| a * sigmoid(a) * b).collect();
                assert_close(&out.values(), &want, relative(dtype), 1e-7);
            }
        }
    }

    #[test]
    fn backward_is_the_derivative() {
        for dtype in [ACL_FLOAT, ACL_BF16] {
            for (dims, half_dims, dim, half) in CASES {
                let (x, dy) = (Array::new(dtype, dims, noise(1).map(|v| 5.0 * v)), Array::new(dtype, half_dims, noise(2)));
                let dx = Array::out(dtype, dims);
                run(|ws, e| aclnnSwiGluGradGetWorkspaceSize(dy.handle(), x.handle(), dim, dx.handle(), ws, e)).unwrap();
                let dy = dy.values();
                for (i, ((da, db), (a, b))) in pairs(&dx.values(), half).into_iter().zip(pairs(&x.values(), half)).enumerate() {
                    // The derivative by a central difference: exact to 1e-9 at this step.
                    let silu = |a: f64| a * sigmoid(a);
                    let slope = (silu(a + 1e-5) - silu(a - 1e-5)) / 2e-5;
                    assert_close(&[da, db], &[dy[i] * b * slope, dy[i] * silu(a)], relative(dtype), 2e-6);
                }
            }
        }
    }

    /// swi_glu_def.cpp and swi_glu_grad_def.cpp of ops-nn declare their inputs AutoContiguous: a view is read as one without gaps is.
    #[test]
    fn inputs_may_be_views() {
        for dtype in [ACL_FLOAT, ACL_BF16] {
            let plain = Array::new(dtype, &[3, 2600], noise(1));
            let view = Array::strided(dtype, &[3, 2600], &[2700, 1], 5, 8105, noise(1));
            let turned = Array::strided(dtype, &[3, 2600], &[1, 3], 0, 7800, noise(1));
            let (dy, dy_view) =
                (Array::new(dtype, &[3, 1300], noise(2)), Array::strided(dtype, &[3, 1300], &[1, 4], 0, 5200, noise(2)));
            let both = |x: &Array, dy: &Array| {
                let (out, dx) = (Array::out(dtype, &[3, 1300]), Array::out(dtype, &[3, 2600]));
                run(|ws, e| aclnnSwiGluGetWorkspaceSize(x.handle(), 1, out.handle(), ws, e)).unwrap();
                run(|ws, e| aclnnSwiGluGradGetWorkspaceSize(dy.handle(), x.handle(), 1, dx.handle(), ws, e)).unwrap();
                (out.values(), dx.values())
            };
            let want = both(&plain, &dy);
            assert_eq!(both(&view, &dy_view), want);
            assert_eq!(both(&turned, &dy), want);
        }
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        let of = |dtype, dims: &[i64]| Array::new(dtype, dims, noise(1));
        let swiglu = |x: &Array, dim, out: &Array| run(|ws, e| aclnnSwiGluGetWorkspaceSize(x.handle(), dim, out.handle(), ws, e));
        let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnSwiGlu", what), ACLNN_ERR_PARAM_INVALID);
        let (x, out) = (of(ACL_FLOAT, &[3, 4]), of(ACL_FLOAT, &[3, 2]));
        invalid(swiglu(&of(ACL_FLOAT, &[3, 5]), 1, &out), "even");
        invalid(swiglu(&x, 2, &out), "dim is 2");
        invalid(swiglu(&x, 1, &x), "out has shape [3, 4]; [3, 2]");
        invalid(swiglu(&x, 1, &of(ACL_BF16, &[3, 2])), "out");
        invalid(swiglu(&of(ACL_INT32, &[3, 4]), 1, &out), "x is");
        invalid(
            swiglu(&x, 1, &Array::strided(ACL_FLOAT, &[3, 2], &[4, 1], 0, 12, noise(1))),
            "out has strides [4, 1]; it must be contiguous",
        );
        let null = run(|ws, e| aclnnSwiGluGetWorkspaceSize(nothing(), 1, out.handle(), ws, e));
        assert_eq!(refusal(null, "aclnnSwiGlu", "x is null"), ACLNN_ERR_PARAM_NULLPTR);
    }
}
