//! `aclnnMm`, `aclnnMv`, `aclnnAddmm`, `aclnnInplaceAddmm`: checks, then [`crate::gemm`]. Transposed operands are strided views; the second may
//! be in FRACTAL_NZ.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::in_halves;
use super::weight::Weight;
use crate::gemm::{Matrix, Product};
use crate::nn::tensor::{Dims, Tensor};
use crate::reject::{Outcome, check, reject};

/// `out = self @ mat2`.
pub(crate) fn aclnnMmGetWorkspaceSize(
    self_: *const aclTensor,
    mat2: *const aclTensor,
    out: *mut aclTensor,
    cube_math_type: i8,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMm";
    let mut call = Call::new(NAME);
    let (a, b, out) = (call.input("self", self_)?, call.weight("mat2", mat2)?, call.output("out", out)?);
    let (cube_math_type, in_halves) = in_halves::resolve(cube_math_type, &a, &b.tensor);
    check_product(NAME, ("self", &a), ("mat2", &b), ("out", &out), cube_math_type, true)?;
    if in_halves {
        return call.finish(ws, executor, move || in_halves::product(&a, &b.plain().tensor, &out, multiply));
    }
    finish(call, b, Product { a: matrix(&a), b: matrix(&b.tensor), alpha: 1.0, add: None, out: matrix(&out) }, ws, executor)
}

/// `out = self @ vec`.
pub(crate) fn aclnnMvGetWorkspaceSize(
    self_: *const aclTensor,
    vec: *const aclTensor,
    out: *mut aclTensor,
    cube_math_type: i8,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMv";
    let mut call = Call::new(NAME);
    let (a, b, out) = (call.input("self", self_)?, call.input("vec", vec)?, call.output("out", out)?);
    check_dtype(NAME, "self", &a, FLOATS)?;
    check_same_dtype(NAME, "vec", &b, "self", a.dtype)?;
    check_same_dtype(NAME, "out", &out, "self", a.dtype)?;
    check!(a.rank() == 2, ACLNN_ERR_PARAM_INVALID, "{NAME}: self is {}-D; 2-D is needed", a.rank());
    check_shape(NAME, "vec", &b, &a.dims[1..])?;
    check_shape(NAME, "out", &out, &a.dims[..1])?;
    check_writable(NAME, "out", &out)?;
    let (cube_math_type, in_halves) = in_halves::resolve(cube_math_type, &a, &b);
    check_math_type(NAME, cube_math_type, out.dtype)?;
    let (b, out) = (column(&b), column(&out));
    call.finish(ws, executor, move || if in_halves { in_halves::product(&a, &b, &out, multiply) } else { multiply(&a, &b, &out) })
}

/// A vector as a matrix of one column.
fn column(t: &Tensor) -> Tensor {
    Tensor { dims: Dims::new(&[t.dims[0], 1]), strides: Dims::new(&[t.strides[0], 1]), ..*t }
}

fn multiply(a: &Tensor, b: &Tensor, out: &Tensor) {
    let product = Product { a: matrix(a), b: matrix(b), alpha: 1.0, add: None, out: matrix(out) };
    // SAFETY: shapes and dtypes are checked, the memory was promised by C until the stream has passed the operation.
    unsafe { product.run() }
}

/// `out = beta * self + alpha * (mat1 @ mat2)`; `self` broadcasts, and is not read where `beta` is 0.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAddmmGetWorkspaceSize(
    self_: *const aclTensor,
    mat1: *const aclTensor,
    mat2: *const aclTensor,
    beta: *const aclScalar,
    alpha: *const aclScalar,
    out: *mut aclTensor,
    cube_math_type: i8,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAddmm";
    let mut call = Call::new(NAME);
    let c = call.input("self", self_)?;
    let (a, b) = (call.input("mat1", mat1)?, call.weight("mat2", mat2)?);
    let (beta, alpha) = (call.scalar("beta", beta)?.as_f64() as f32, call.scalar("alpha", alpha)?.as_f64() as f32);
    let out = call.output("out", out)?;
    check_product(NAME, ("mat1", &a), ("mat2", &b), ("out", &out), cube_math_type, false)?;
    check_same_dtype(NAME, "self", &c, "mat1", out.dtype)?;
    let fits = c.rank() <= 2 && broadcast(&[c.dims, out.dims]) == Some(out.dims);
    check!(fits, ACLNN_ERR_PARAM_INVALID, "{NAME}: self has shape {:?}, which does not broadcast to {:?}", c.dims, out.dims);
    let add = Some((beta, broadcast_matrix(&c, &out)));
    finish(call, b, Product { a: matrix(&a), b: matrix(&b.tensor), alpha, add, out: matrix(&out) }, ws, executor)
}

/// `self = beta * self + alpha * (mat1 @ mat2)`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnInplaceAddmmGetWorkspaceSize(
    self_ref: *const aclTensor,
    mat1: *const aclTensor,
    mat2: *const aclTensor,
    beta: *const aclScalar,
    alpha: *const aclScalar,
    cube_math_type: i8,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceAddmm";
    let mut call = Call::new(NAME);
    let out = call.output("selfRef", self_ref)?;
    let (a, b) = (call.input("mat1", mat1)?, call.weight("mat2", mat2)?);
    let (beta, alpha) = (call.scalar("beta", beta)?.as_f64() as f32, call.scalar("alpha", alpha)?.as_f64() as f32);
    check_product(NAME, ("mat1", &a), ("mat2", &b), ("selfRef", &out), cube_math_type, false)?;
    let add = Some((beta, matrix(&out)));
    finish(call, b, Product { a: matrix(&a), b: matrix(&b.tensor), alpha, add, out: matrix(&out) }, ws, executor)
}

fn finish(call: Call, weight: Weight, product: Product, ws: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
    call.finish(ws, executor, move || {
        let weight = weight.plain();
        let product = Product { b: matrix(&weight.tensor), ..product };
        // SAFETY: shapes and dtypes are checked, the memory was promised by C until the stream has passed the operation.
        unsafe { product.run() }
    })
}

pub(super) type Named<'a> = (&'static str, &'a Tensor);

/// The rules that the three share.
fn check_product(
    operator: &str,
    (left, a): Named,
    (right, weight): (&'static str, &Weight),
    (result, out): Named,
    cube_math_type: i8,
    wide: bool,
) -> Outcome {
    let b = &weight.tensor;
    check_dtypes(operator, (left, a), (right, b), (result, out), wide)?;
    for (param, tensor) in [(left, a), (right, b), (result, out)] {
        check!(tensor.rank() == 2, ACLNN_ERR_PARAM_INVALID, "{operator}: {param} is {}-D; 2-D is needed", tensor.rank());
    }
    check!(
        a.dims[1] == b.dims[0],
        ACLNN_ERR_PARAM_INVALID,
        "{operator}: {left} has shape {:?} and {right} {:?}; the columns of the first must be as many as the rows of the second",
        a.dims,
        b.dims
    );
    check_shape(operator, result, out, &[a.dims[0], b.dims[1]])?;
    check_writable(operator, result, out)?;
    check_math_type(operator, cube_math_type, promote(a.dtype, b.dtype))
}

/// Floats; the result is of the dtype that the operands make together, or, where it may be `wide`, f32 of two halves.
///
/// f32 with bf16 is what CANN's documents leave out for A2 and its sources compute in f32 (`SetMmSupportDType` of ops-nn); so is a
/// result in f32. ggml-cann relies on both.
pub(super) fn check_dtypes(operator: &str, (left, a): Named, (right, b): Named, (result, out): Named, wide: bool) -> Outcome {
    for (param, tensor) in [(left, a), (right, b), (result, out)] {
        check_dtype(operator, param, tensor, FLOATS)?;
    }
    check!(
        a.dtype == b.dtype || a.dtype == ACL_FLOAT || b.dtype == ACL_FLOAT,
        ACLNN_ERR_PARAM_INVALID,
        "{operator}: {left} is {} and {right} is {}; bf16 does not mix with f16",
        name(a.dtype),
        name(b.dtype)
    );
    if wide && a.dtype == b.dtype && out.dtype == ACL_FLOAT {
        return Ok(());
    }
    check_same_dtype(operator, result, out, &format!("{left} with {right}"), promote(a.dtype, b.dtype))
}

/// The cube's arithmetic. The simulator computes f32 in f32, which is finer than what USE_HF32 asks for (operands of 11 bits) and what
/// less precision that is allowed may give. f16 (USE_FP16) is another range too: who takes it for f32 rounds to it.
pub(super) fn check_math_type(operator: &str, cube_math_type: i8, dtype: aclDataType) -> Outcome {
    match cube_math_type {
        // KEEP_DTYPE, ALLOW_FP32_DOWN_PRECISION
        0 | 1 => Ok(()),
        // USE_FP16, USE_HF32
        2 if dtype == ACL_BF16 => {
            reject!(ACLNN_ERR_PARAM_INVALID, "{operator}: cubeMathType is 2 (USE_FP16), which bf16 does not take")
        }
        2 if dtype != ACL_FLOAT => Ok(()),
        3 => Ok(()),
        2 => reject!(
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{operator}: cubeMathType is {cube_math_type}; the simulator computes f32 in full precision here, pass 0, 1 or 3"
        ),
        other => reject!(ACLNN_ERR_PARAM_INVALID, "{operator}: cubeMathType is {other}; 0 to 3 are taken"),
    }
}

pub(super) fn matrix(t: &Tensor) -> Matrix {
    broadcast_matrix(t, t)
}

/// `t`, of at most two dims, repeated to the shape of `to`.
fn broadcast_matrix(t: &Tensor, to: &Tensor) -> Matrix {
    let stride = |dim: usize| match (dim + t.rank()).checked_sub(2) {
        Some(own) if t.dims[own] == to.dims[dim] => t.strides[own],
        _ => 0,
    };
    Matrix { dtype: t.dtype, rows: to.dims[0], cols: to.dims[1], row_stride: stride(0), col_stride: stride(1), data: t.data }
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    fn product(a: &[f64], b: &[f64], (m, k, n): (usize, usize, usize)) -> Vec<f64> {
        let at = |i: usize, j: usize| (0..k).map(|t| a[i * k + t] * b[t * n + j]).sum();
        (0..m).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| at(i, j)).collect()
    }

    fn mm(a: &Array, b: &Array, out: &Array, cube_math_type: i8) -> Outcome {
        run(|ws, e| aclnnMmGetWorkspaceSize(a.handle(), b.handle(), out.handle(), cube_math_type, ws, e))
    }

    /// To f16 (the identity for f16).
    fn rounded(t: &Array) -> Vec<f64> {
        t.values().into_iter().map(|v| half::f16::from_f64(v).to_f64()).collect()
    }

    #[test]
    fn mm_takes_transposed_views_on_both_sides() {
        let (m, k, n) = (17, 19, 21);
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
            for transposed in 0..4 {
                let of = |rows: i64, cols: i64, flip: bool, seed| {
                    let strides = if flip { [1, rows] } else { [cols, 1] };
                    Array::strided(dtype, &[rows, cols], &strides, 0, rows * cols, noise(seed))
                };
                let (a, b) = (of(m, k, transposed & 1 != 0, 1), of(k, n, transposed & 2 != 0, 2));
                let out = Array::out(dtype, &[m, n]);
                mm(&a, &b, &out, 0).unwrap();
                let want = product(&a.values(), &b.values(), (m as usize, k as usize, n as usize));
                // One rounding to the dtype; f32 sums of 19 terms are far more exact.
                let relative = if dtype == ACL_BF16 { 4e-3 } else { 5e-4 };
                assert_close(&out.values(), &want, if dtype == ACL_FLOAT { 1e-6 } else { relative }, 2e-6);
            }
        }
    }

    /// ggml-cann multiplies f32 by bf16, stores products of halves as f32, and asks for f16 where both are f32.
    #[test]
    fn mixed_operands_wide_results_and_halves_on_demand() {
        let (m, k, n) = (5, 40, 9);
        for (left, right, math, relative) in [
            (ACL_FLOAT, ACL_BF16, 0, 1e-6),
            (ACL_FLOAT, ACL_BF16, 2, 1e-6),
            (ACL_FLOAT16, ACL_FLOAT, 1, 1e-6),
            (ACL_BF16, ACL_BF16, 0, 1e-6),
            (ACL_FLOAT16, ACL_FLOAT16, 2, 1e-6),
            (ACL_FLOAT, ACL_FLOAT, 2, 6e-4),
            (ACL_FLOAT, ACL_FLOAT16, 2, 6e-4),
        ] {
            let a = Array::strided(left, &[m, k], &[1, m], 0, m * k, noise(1));
            let (b, out) = (Array::new(right, &[k, n], noise(2)), Array::out(ACL_FLOAT, &[m, n]));
            mm(&a, &b, &out, math).unwrap();
            // What is rounded to f16 first, and what is not, differ by more than the bound.
            let halves = math == 2 && right != ACL_BF16;
            let [x, y] = [&a, &b].map(|t| if halves { rounded(t) } else { t.values() });
            let want = product(&x, &y, (m as usize, k as usize, n as usize));
            assert_close(&out.values(), &want, relative, 2e-6);
            if halves && left == ACL_FLOAT {
                assert!(out.values().iter().all(|&v| half::f16::from_f64(v).to_f64() == v), "the result is rounded too");
            }
        }
    }

    /// ggml-cann's gated linear attention multiplies a transposed state.
    #[test]
    fn a_matrix_and_a_vector() {
        for (dtype, math, relative) in [(ACL_FLOAT, 1, 1e-6), (ACL_FLOAT, 2, 6e-4), (ACL_BF16, 0, 4e-3), (ACL_FLOAT16, 2, 6e-4)] {
            let a = Array::strided(dtype, &[7, 30], &[1, 7], 0, 210, noise(1));
            let (v, out) = (Array::strided(dtype, &[30], &[2], 1, 61, noise(2)), Array::out(dtype, &[7]));
            run(|ws, e| aclnnMvGetWorkspaceSize(a.handle(), v.handle(), out.handle(), math, ws, e)).unwrap();
            let [x, y] = [&a, &v].map(|t| if math == 2 { rounded(t) } else { t.values() });
            // One rounding to the dtype (of f32 on demand: to f16); f32 sums of 30 terms.
            assert_close(&out.values(), &product(&x, &y, (7, 30, 1)), relative, 2e-6);
        }
        let (a, v) = (Array::new(ACL_FLOAT, &[2, 3], noise(1)), Array::new(ACL_FLOAT, &[2], noise(1)));
        let wrong = run(|ws, e| aclnnMvGetWorkspaceSize(a.handle(), v.handle(), v.handle(), 0, ws, e));
        assert_eq!(refusal(wrong, "aclnnMv", "vec has shape [2]; [3]"), ACLNN_ERR_PARAM_INVALID);
    }

    #[test]
    fn addmm_broadcasts_what_it_adds() {
        let (a, b) = (Array::new(ACL_FLOAT, &[3, 4], noise(1)), Array::new(ACL_FLOAT, &[4, 5], noise(2)));
        let (beta, alpha) = (Number::float(0.5), Number::float(-2.0));
        for dims in [&[3i64, 5][..], &[5], &[3, 1], &[1, 1], &[1]] {
            let (c, out) = (Array::new(ACL_FLOAT, dims, noise(3)), Array::out(ACL_FLOAT, &[3, 5]));
            run(|ws, e| {
                let (c, a, b, out) = (c.handle(), a.handle(), b.handle(), out.handle());
                aclnnAddmmGetWorkspaceSize(c, a, b, beta.0, alpha.0, out, 1, ws, e)
            })
            .unwrap();
            let (rows, cols) = if dims.len() == 1 { (1, dims[0]) } else { (dims[0], dims[1]) };
            let c = c.values();
            let added = |i: usize| c[(i / 5 % rows as usize) * cols as usize + i % 5 % cols as usize];
            let want: Vec<f64> = product(&a.values(), &b.values(), (3, 4, 5));
            let want: Vec<f64> = want.iter().enumerate().map(|(i, p)| 0.5 * added(i) - 2.0 * p).collect();
            assert_close(&out.values(), &want, 1e-6, 1e-6);
        }
    }

    #[test]
    fn inplace_addmm_accumulates_in_its_dtype() {
        for dtype in [ACL_FLOAT, ACL_BF16] {
            let (a, b) = (Array::new(dtype, &[20, 4], noise(1)), Array::new(dtype, &[4, 5], noise(2)));
            let c = Array::new(dtype, &[20, 5], noise(3));
            let before = c.values();
            let (beta, alpha) = (Number::int(1), Number::int(1));
            run(|ws, e| aclnnInplaceAddmmGetWorkspaceSize(c.handle(), a.handle(), b.handle(), beta.0, alpha.0, 0, ws, e))
                .unwrap();
            let want = product(&a.values(), &b.values(), (20, 4, 5));
            let want: Vec<f64> = want.iter().zip(before).map(|(p, c)| p + c).collect();
            assert_close(&c.values(), &want, if dtype == ACL_BF16 { 4e-3 } else { 1e-6 }, 1e-6);
        }
    }

    #[test]
    fn empty_products_do_nothing_and_empty_sums_are_zero() {
        let of = |m, n| Array::new(ACL_FLOAT, &[m, n], noise(1));
        mm(&of(0, 4), &of(4, 5), &Array::out(ACL_FLOAT, &[0, 5]), 0).unwrap();
        let out = Array::out(ACL_FLOAT, &[2, 3]);
        mm(&of(2, 0), &of(0, 3), &out, 0).unwrap();
        assert_eq!(out.values(), [0.0; 6]);
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        let of = |dtype, m, n| Array::new(dtype, &[m, n], noise(1));
        let (a, b, out) = (of(ACL_FLOAT, 2, 3), of(ACL_FLOAT, 3, 4), of(ACL_FLOAT, 2, 4));
        let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnMm", what), ACLNN_ERR_PARAM_INVALID);
        invalid(mm(&a, &a, &out, 0), "mat2");
        invalid(mm(&a, &b, &a, 0), "out has shape [2, 3]; [2, 4]");
        invalid(mm(&of(ACL_FLOAT16, 2, 3), &of(ACL_BF16, 3, 4), &out, 0), "bf16 does not mix with f16");
        invalid(mm(&a, &of(ACL_INT32, 3, 4), &out, 0), "mat2");
        invalid(mm(&a, &b, &of(ACL_BF16, 2, 4), 0), "out");
        invalid(mm(&Array::new(ACL_FLOAT, &[3], noise(1)), &b, &out, 0), "self is 1-D");
        invalid(mm(&a, &b, &out, 5), "cubeMathType is 5");
        let half = |m, n| of(ACL_BF16, m, n);
        invalid(mm(&half(2, 3), &half(3, 4), &half(2, 4), 2), "cubeMathType is 2");
        mm(&a, &b, &out, 3).unwrap();
        let null = run(|ws, e| aclnnMmGetWorkspaceSize(a.handle(), nothing(), out.handle(), 0, ws, e));
        assert_eq!(refusal(null, "aclnnMm", "mat2 is null"), ACLNN_ERR_PARAM_NULLPTR);
        let beta = Number::float(1.0);
        let wide = Array::new(ACL_FLOAT, &[3, 4], noise(1));
        let outcome = run(|ws, e| {
            let (c, a, b, out) = (wide.handle(), a.handle(), b.handle(), out.handle());
            aclnnAddmmGetWorkspaceSize(c, a, b, beta.0, beta.0, out, 0, ws, e)
        });
        assert_eq!(refusal(outcome, "aclnnAddmm", "does not broadcast"), ACLNN_ERR_PARAM_INVALID);
    }
}
