//! Partial results, merged.

use std::ptr::null_mut;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::super::*;
use crate::nn;
use crate::ops::testing::{Array, assert_close, noise, refusal, run};

#[test]
fn partial_results_are_merged() {
    for (dtype, relative) in [(ACL_FLOAT, 1e-5), (ACL_BF16, 1.0 / 256.0), (ACL_FLOAT16, 1.0 / 1024.0)] {
        for (parts, rows, dim) in [(1, 3, 8), (2, 1, 64), (5, 301, 72)] {
            let (r, d) = (rows as i64, dim as i64);
            let infinite = |(i, x): (usize, f64)| if i == 0 { f64::INFINITY } else { 9.0 * x };
            let lses: Vec<_> = (0..parts).map(|i| Array::new(ACL_FLOAT, &[r], noise(i).enumerate().map(infinite))).collect();
            let locals: Vec<_> =
                (0..parts).map(|i| Array::strided(dtype, &[r, d], &[d + 3, 1], 1, r * (d + 3) + 1, noise(50 + i))).collect();
            let (out, lse) = (Array::out(dtype, &[r, d]), Array::out(ACL_FLOAT, &[r]));
            let list = |arrays: &[Array]| {
                let handles: Vec<_> = arrays.iter().map(|a| a.handle().cast_const()).collect();
                nn::aclCreateTensorList(handles.as_ptr(), handles.len() as u64).expect("a list").cast_const()
            };
            let (l, o) = (list(&lses), list(&locals));
            run(|w, e| aclnnAttentionUpdateGetWorkspaceSize(l, o, 1, out.handle(), lse.handle(), w, e)).unwrap();
            let (weights, values): (Vec<_>, Vec<_>) = lses.iter().zip(&locals).map(|(l, o)| (l.values(), o.values())).unzip();
            for row in 0..rows {
                let finite: Vec<usize> = (0..parts as usize).filter(|&p| weights[p][row].is_finite()).collect();
                let total: f64 = finite.iter().map(|&p| weights[p][row].exp()).sum();
                let want: Vec<f64> = (0..dim)
                    .map(|d| finite.iter().map(|&p| values[p][row * dim + d] * weights[p][row].exp() / total).sum())
                    .collect();
                assert_close(&out.values()[row * dim..][..dim], &want, relative, 1e-6);
                let want = if finite.is_empty() { f64::INFINITY } else { total.ln() };
                assert_close(&lse.values()[row..row + 1], &[want], 1e-6, 1e-6);
            }
            let wrong = run(|w, e| aclnnAttentionUpdateGetWorkspaceSize(l, o, 2, out.handle(), lse.handle(), w, e));
            assert_eq!(refusal(wrong, "aclnnAttentionUpdate", "updateType is 2"), ACLNN_ERR_PARAM_INVALID);
            let wrong = run(|w, e| aclnnAttentionUpdateGetWorkspaceSize(l, o, 0, lse.handle(), null_mut(), w, e));
            assert_eq!(refusal(wrong, "aclnnAttentionUpdate", "out "), ACLNN_ERR_PARAM_INVALID);
        }
    }
}
