//! Stacks of products against f64.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

/// NumPy's rules, by index arithmetic over the broadcast result.
fn reference(a: &[f64], a_dims: &[i64], b: &[f64], b_dims: &[i64]) -> Vec<f64> {
    let (mut x, mut w) = (a_dims.to_vec(), b_dims.to_vec());
    if x.len() == 1 {
        x.insert(0, 1);
    }
    if w.len() == 1 {
        w.push(1);
    }
    let rank = x.len().max(w.len());
    while x.len() < rank {
        x.insert(0, 1);
    }
    while w.len() < rank {
        w.insert(0, 1);
    }
    let lead: Vec<i64> = (0..rank - 2).map(|d| x[d].max(w[d])).collect();
    let (m, k, n) = (x[rank - 2], x[rank - 1], w[rank - 1]);
    let mut out = Vec::new();
    for i in 0..lead.iter().product::<i64>() {
        let base = |dims: &[i64], size: i64| {
            let (mut rest, mut at, mut step) = (i, 0, size);
            for d in (0..lead.len()).rev() {
                at += if dims[d] == 1 { 0 } else { rest % lead[d] * step };
                step *= dims[d];
                rest /= lead[d];
            }
            at
        };
        let (p, q) = (base(&x, m * k), base(&w, k * n));
        for r in 0..m {
            for c in 0..n {
                out.push((0..k).map(|t| a[(p + r * k + t) as usize] * b[(q + t * n + c) as usize]).sum());
            }
        }
    }
    out
}

fn relative(dtype: aclDataType) -> f64 {
    match dtype {
        ACL_BF16 => 4e-3,
        ACL_FLOAT16 => 5e-4,
        _ => 1e-6,
    }
}

fn matmul(a: &Array, b: &Array, out: &Array) -> Outcome {
    run(|ws, e| aclnnMatmulGetWorkspaceSize(a.handle(), b.handle(), out.handle(), 0, ws, e))
}

#[test]
fn vectors_matrices_and_stacks_multiply_as_in_numpy() {
    let cases: [(&[i64], &[i64], &[i64]); 9] = [
        (&[5], &[5], &[]),
        (&[5], &[5, 3], &[3]),
        (&[4, 5], &[5], &[4]),
        (&[2, 3, 4, 5], &[5, 7], &[2, 3, 4, 7]),
        (&[2, 1, 4, 5], &[3, 5, 2], &[2, 3, 4, 2]),
        (&[3, 17, 19], &[3, 19, 5], &[3, 17, 5]),
        (&[6, 5], &[2, 5, 3], &[2, 6, 3]),
        (&[2, 0, 5], &[5, 3], &[2, 0, 3]),
        (&[2, 3, 5], &[2, 5], &[]),
    ];
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        for (a_dims, b_dims, dims) in &cases[..8] {
            let (a, b) = (Array::new(dtype, a_dims, noise(1)), Array::new(dtype, b_dims, noise(2)));
            let out = Array::out(dtype, dims);
            matmul(&a, &b, &out).unwrap();
            assert_close(&out.values(), &reference(&a.values(), a_dims, &b.values(), b_dims), relative(dtype), 3e-6);
        }
    }
    let (a_dims, b_dims, dims) = cases[8];
    let of = |dims: &[i64]| Array::new(ACL_FLOAT, dims, noise(1));
    let outcome = matmul(&of(a_dims), &of(b_dims), &of(dims));
    assert_eq!(refusal(outcome, "aclnnMatmul", "columns of the first"), ACLNN_ERR_PARAM_INVALID);
}

#[test]
fn strided_stacks_are_read_where_they_lie() {
    // Heads of a projection [2 tokens, 3 heads, 4] as a stack of 3 of [2, 4], times keys transposed.
    let a = Array::strided(ACL_FLOAT, &[3, 2, 4], &[4, 15, 1], 2, 32, noise(1));
    let b = Array::strided(ACL_FLOAT, &[3, 4, 5], &[20, 1, 4], 0, 60, noise(2));
    let out = Array::out(ACL_FLOAT, &[3, 2, 5]);
    run(|ws, e| aclnnBatchMatMulGetWorkspaceSize(a.handle(), b.handle(), out.handle(), 0, ws, e)).unwrap();
    assert_close(&out.values(), &reference(&a.values(), &[3, 2, 4], &b.values(), &[3, 4, 5]), 1e-6, 1e-6);
    // Rows of a slice, over two leading dims, with one weight: not evenly spaced over the first.
    let a = Array::strided(ACL_FLOAT, &[2, 3, 4], &[40, 6, 1], 1, 80, noise(3));
    let w = Array::new(ACL_FLOAT, &[4, 5], noise(4));
    let out = Array::out(ACL_FLOAT, &[2, 3, 5]);
    matmul(&a, &w, &out).unwrap();
    assert_close(&out.values(), &reference(&a.values(), &[2, 3, 4], &w.values(), &[4, 5]), 1e-6, 1e-6);
}

#[test]
fn baddbmm_adds_what_broadcasts() {
    let (a, b) = (Array::new(ACL_BF16, &[2, 3, 4], noise(1)), Array::new(ACL_BF16, &[2, 4, 5], noise(2)));
    let (beta, alpha) = (Number::float(0.5), Number::float(-2.0));
    let product = reference(&a.values(), &[2, 3, 4], &b.values(), &[2, 4, 5]);
    for dims in [&[2i64, 3, 5][..], &[1, 3, 1], &[5]] {
        let (c, out) = (Array::new(ACL_BF16, dims, noise(3)), Array::out(ACL_BF16, &[2, 3, 5]));
        run(|ws, e| {
            let [c, a, b, out] = [&c, &a, &b, &out].map(|t| t.handle());
            aclnnBaddbmmGetWorkspaceSize(c, a, b, beta.0, alpha.0, out, 0, ws, e)
        })
        .unwrap();
        let c = c.values();
        let at = |i: usize| match dims.len() {
            3 if dims[0] == 2 => c[i],
            3 => c[i / 5 % 3],
            _ => c[i % 5],
        };
        let want: Vec<f64> = product.iter().enumerate().map(|(i, p)| 0.5 * at(i) - 2.0 * p).collect();
        assert_close(&out.values(), &want, 4e-3, 1e-6);
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    let of = |dtype, dims: &[i64]| Array::new(dtype, dims, noise(1));
    let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnMatmul", what), ACLNN_ERR_PARAM_INVALID);
    let (a, b) = (of(ACL_FLOAT, &[2, 3, 4]), of(ACL_FLOAT, &[4, 5]));
    invalid(matmul(&a, &b, &of(ACL_FLOAT, &[2, 3, 4])), "out has shape [2, 3, 4]; [2, 3, 5]");
    invalid(matmul(&a, &of(ACL_FLOAT, &[3, 4, 5]), &a), "do not broadcast");
    invalid(matmul(&of(ACL_FLOAT, &[]), &b, &a), "self is 0-D");
    invalid(matmul(&of(ACL_FLOAT16, &[2, 3, 4]), &of(ACL_BF16, &[4, 5]), &a), "bf16 does not mix with f16");
    let nz = run(|ws, e| aclnnMatmulWeightNzGetWorkspaceSize(a.handle(), b.handle(), a.handle(), 0, ws, e));
    assert_eq!(refusal(nz, "aclnnMatmulWeightNz", "FRACTAL_NZ is needed"), ACLNN_ERR_PARAM_INVALID);
    let flat = run(|ws, e| aclnnBatchMatMulGetWorkspaceSize(b.handle(), b.handle(), b.handle(), 0, ws, e));
    assert_eq!(refusal(flat, "aclnnBatchMatMul", "self is 2-D"), ACLNN_ERR_PARAM_INVALID);
}
