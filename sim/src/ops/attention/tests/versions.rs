//! Versions of one operator give what the first gives: they share a plan and differ in parameters.

use std::ptr::null;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::super::*;
use super::Text;
use super::varlen::{Case, Tensors};
use crate::nn;
use crate::ops::testing::{Array, Ints, assert_close, noise, refusal, run};
use crate::reject::Outcome;

const MOST: i64 = i32::MAX as i64;
const SEQS: &[(usize, usize)] = &[(3, 5), (0, 0), (9, 9)];

fn problem() -> (Case, Tensors) {
    let case = Case::new(ACL_BF16, SEQS, 4, 2, 16, 3);
    let tensors = case.tensors(false);
    (case, tensors)
}

/// The forward pass by version; `extra` is a rotary part (V3), a start (V2), or a layout (V4).
fn forward(version: u32, x: &Tensors, start: *const aclIntArray, pse_type: i64, rope: *const aclTensor, order: &Text) -> Outcome {
    let (q, k, v, mask) = (x.q.handle(), x.k.handle(), x.v.handle(), x.mask.as_ref().expect("a mask").handle());
    let (qe, ke, layout) = (x.q_ends.0, x.kv_ends.0, x.layout.pointer());
    let (max, sum, none, out, no) = (x.max.handle(), x.sum.handle(), x.nothing.handle(), x.out.handle(), null());
    run(|ws, e| match version {
        2 => aclnnFlashAttentionVarLenScoreV2GetWorkspaceSize(
            q,
            k,
            v,
            no,
            no,
            no,
            mask,
            null(),
            qe,
            ke,
            start,
            start,
            0.25,
            1.0,
            MOST,
            MOST,
            4,
            layout,
            0,
            3,
            pse_type,
            max,
            sum,
            none,
            out,
            ws,
            e,
        ),
        3 => aclnnFlashAttentionVarLenScoreV3GetWorkspaceSize(
            q,
            rope,
            k,
            rope,
            v,
            no,
            no,
            no,
            mask,
            null(),
            qe,
            ke,
            start,
            start,
            0.25,
            1.0,
            MOST,
            MOST,
            4,
            layout,
            0,
            3,
            pse_type,
            max,
            sum,
            none,
            out,
            ws,
            e,
        ),
        _ => aclnnFlashAttentionVarLenScoreV4GetWorkspaceSize(
            q,
            k,
            v,
            no,
            no,
            no,
            mask,
            null(),
            qe,
            ke,
            0.25,
            1.0,
            MOST,
            MOST,
            4,
            layout,
            0,
            3,
            order.pointer(),
            max,
            sum,
            none,
            out,
            ws,
            e,
        ),
    })
}

fn backward(version: u32, x: &Tensors, order: &Text) -> Outcome {
    let (q, k, v, dy, mask) =
        (x.q.handle(), x.k.handle(), x.v.handle(), x.dy.handle(), x.mask.as_ref().expect("a mask").handle());
    let (qe, ke, layout) = (x.q_ends.0, x.kv_ends.0, x.layout.pointer());
    let (max, sum, none, out, no) = (x.max.handle(), x.sum.handle(), x.nothing.handle(), x.out.handle(), null());
    let (dq, dk, dv) = (x.dq.handle(), x.dk.handle(), x.dv.handle());
    let ints = null();
    run(|ws, e| match version {
        2 => aclnnFlashAttentionUnpaddingScoreGradV2GetWorkspaceSize(
            q, k, v, dy, no, no, no, mask, max, sum, none, out, ints, qe, ke, ints, ints, 0.25, 1.0, MOST, MOST, 4, layout, 0, 3,
            1, dq, dk, dv, none, ws, e,
        ),
        3 => aclnnFlashAttentionUnpaddingScoreGradV3GetWorkspaceSize(
            q, no, k, no, v, dy, no, no, no, mask, max, sum, none, out, ints, qe, ke, ints, ints, 0.25, 1.0, MOST, MOST, 4,
            layout, 0, 3, 1, dq, no, dk, no, dv, none, ws, e,
        ),
        _ => aclnnFlashAttentionUnpaddingScoreGradV4GetWorkspaceSize(
            q,
            k,
            v,
            dy,
            no,
            no,
            no,
            mask,
            max,
            sum,
            none,
            out,
            ints,
            qe,
            ke,
            0.25,
            1.0,
            MOST,
            MOST,
            4,
            layout,
            0,
            3,
            dq,
            dk,
            dv,
            none,
            order.pointer(),
            ws,
            e,
        ),
    })
}

/// Output, maxima and gradients.
fn results(x: &Tensors) -> [Vec<f64>; 5] {
    [&x.out, &x.max, &x.dq, &x.dk, &x.dv].map(Array::values)
}

#[test]
fn packed_versions_agree_with_the_first() {
    let (case, first) = problem();
    case.forward(&first).unwrap();
    case.backward(&first).unwrap();
    let legacy = Text::new("");
    for version in [2, 3, 4] {
        let (_, x) = problem();
        forward(version, &x, null(), 1, null(), &legacy).unwrap();
        backward(version, &x, &legacy).unwrap();
        assert_eq!(results(&x), results(&first), "version {version}");
    }
    // The order of the statistics may be the input's.
    let (_, mut x) = problem();
    (x.max, x.sum) = (Array::out(ACL_FLOAT, &[12, 4, 8]), Array::out(ACL_FLOAT, &[12, 4, 8]));
    let order = Text::new("same_as_input");
    forward(4, &x, null(), 1, null(), &order).unwrap();
    backward(4, &x, &order).unwrap();
    let (got, want) = (x.max.values(), first.max.values());
    assert!((0..12 * 4).all(|i| got[i * 8..][..8] == want[(i % 4 * 12 + i / 4) * 8..][..8]));
    assert_eq!(
        [&x.out, &x.dq, &x.dk, &x.dv].map(Array::values),
        [&first.out, &first.dq, &first.dk, &first.dv].map(Array::values)
    );
}

#[test]
fn what_versions_add_is_refused_by_name() {
    let ((_, x), legacy) = (problem(), Text::new(""));
    let unsupported = ACL_ERROR_FEATURE_UNSUPPORTED;
    let (zeros, ones) = (Ints::new(&[0]), Ints::new(&[1]));
    let rope = Array::out(ACL_BF16, &[12, 4, 8]);
    forward(2, &x, zeros.0, 0, null(), &legacy).unwrap();
    let outcome = forward(2, &x, ones.0, 1, null(), &legacy);
    assert_eq!(refusal(outcome, "aclnnFlashAttentionVarLenScoreV2", "qStartIdx is [1]"), unsupported);
    let outcome = forward(2, &x, null(), 2, null(), &legacy);
    assert_eq!(refusal(outcome, "aclnnFlashAttentionVarLenScoreV2", "pseType 2"), unsupported);
    let outcome = forward(3, &x, null(), 1, rope.handle(), &legacy);
    assert_eq!(refusal(outcome, "aclnnFlashAttentionVarLenScoreV3", "queryRope"), unsupported);
    let outcome = forward(4, &x, null(), 1, null(), &Text::new("NTD"));
    assert_eq!(refusal(outcome, "aclnnFlashAttentionVarLenScoreV4", "softmaxLayout is \"NTD\""), ACLNN_ERR_PARAM_INVALID);
}

/// Three sequences of four heads over two, of 16 elements.
const B: usize = 3;
const N: usize = 4;
const KN: usize = 2;
const D: usize = 16;
const KEYS: usize = 40;

/// `[batch, seq, heads, dim]` of a seed, laid out as `BNSD` or `BSND`.
fn heads(layout: &str, seed: u64, seq: usize, count: usize) -> (Vec<i64>, Vec<f64>) {
    let values: Vec<f64> = noise(seed).take(B * seq * count * D).collect();
    if layout == "BSND" {
        return ([B, seq, count, D].map(|n| n as i64).to_vec(), values);
    }
    let at = |i: usize| {
        let (b, h, s, d) = (i / (count * seq * D), i / (seq * D) % count, i / D % seq, i % D);
        ((b * seq + s) * count + h) * D + d
    };
    ([B, count, seq, D].map(|n| n as i64).to_vec(), (0..values.len()).map(|i| values[at(i)]).collect())
}

/// Inference without a paged cache, by operator: the output as `[batch, seq, heads, dim]`.
fn infer(operator: &str, layout: &str, queries: usize) -> Result<Vec<f64>, crate::reject::Reject> {
    let array = |(dims, values): (Vec<i64>, Vec<f64>)| Array::new(ACL_FLOAT16, &dims, values);
    let q = array(heads(layout, 1, queries, N));
    let (k, v) = (array(heads(layout, 2, KEYS, KN)), array(heads(layout, 3, KEYS, KN)));
    let out = array(heads(layout, 4, queries, N));
    let list = |a: &Array| nn::aclCreateTensorList(&a.handle().cast_const(), 1).expect("a list").cast_const();
    let (keys, values) = (list(&k), list(&v));
    let lengths = Ints::new(&[40, 7, 33]);
    let (no, layout_text, n, kn) = (null(), Text::new(layout), N as i64, KN as i64);
    let (lengths, ints, layout_text) = (lengths.0.cast_const(), null(), layout_text.pointer());
    let (q, k, v, o) = (q.handle(), k.handle(), v.handle(), out.handle());
    run(|ws, e| match operator {
        "FIA" => aclnnFusedInferAttentionScoreGetWorkspaceSize(
            q,
            keys,
            values,
            no,
            no,
            ints,
            lengths,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            n,
            0.25,
            MOST,
            MOST,
            layout_text,
            kn,
            0,
            0,
            0,
            0,
            false,
            o,
            no,
            ws,
            e,
        ),
        "FIAV2" => aclnnFusedInferAttentionScoreV2GetWorkspaceSize(
            q,
            keys,
            values,
            no,
            no,
            ints,
            lengths,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            ints,
            n,
            0.25,
            MOST,
            MOST,
            layout_text,
            kn,
            0,
            0,
            0,
            0,
            false,
            0,
            0,
            o,
            no,
            ws,
            e,
        ),
        "FIAV3" => aclnnFusedInferAttentionScoreV3GetWorkspaceSize(
            q,
            keys,
            values,
            no,
            no,
            ints,
            lengths,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            ints,
            no,
            no,
            no,
            n,
            0.25,
            MOST,
            MOST,
            layout_text,
            kn,
            0,
            0,
            0,
            0,
            false,
            0,
            0,
            o,
            no,
            ws,
            e,
        ),
        "FIAV4" => aclnnFusedInferAttentionScoreV4GetWorkspaceSize(
            q,
            keys,
            values,
            no,
            no,
            ints,
            lengths,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            ints,
            no,
            no,
            no,
            no,
            no,
            n,
            0.25,
            MOST,
            MOST,
            layout_text,
            kn,
            0,
            0,
            0,
            0,
            false,
            0,
            0,
            0,
            o,
            no,
            ws,
            e,
        ),
        "IFAV4" => aclnnIncreFlashAttentionV4GetWorkspaceSize(
            q,
            keys,
            values,
            no,
            no,
            lengths,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            no,
            n,
            0.25,
            layout_text,
            kn,
            0,
            0,
            o,
            ws,
            e,
        ),
        _ => aclnnPromptFlashAttentionV3GetWorkspaceSize(
            q,
            k,
            v,
            no,
            no,
            ints,
            lengths,
            no,
            no,
            no,
            no,
            no,
            n,
            0.25,
            MOST,
            MOST,
            layout_text,
            kn,
            0,
            0,
            o,
            ws,
            e,
        ),
    })?;
    let got = out.values();
    if layout == "BSND" {
        return Ok(got);
    }
    let at = |i: usize| {
        let (b, s, h, d) = (i / (queries * N * D), i / (N * D) % queries, i / D % N, i % D);
        ((b * N + h) * queries + s) * D + d
    };
    Ok((0..got.len()).map(|i| got[at(i)]).collect())
}

#[test]
fn inference_versions_and_layouts_agree_with_the_definition() {
    for queries in [1, 5] {
        let (q, k, v) = (heads("BSND", 1, queries, N).1, heads("BSND", 2, KEYS, KN).1, heads("BSND", 3, KEYS, KN).1);
        let half = |x: f64| half::f16::from_f64(x).to_f64();
        let [q, k, v] = [q, k, v].map(|x| x.into_iter().map(half).collect::<Vec<_>>());
        let mut want = vec![0.0; q.len()];
        for i in 0..B * queries * N {
            let (b, h) = (i / (queries * N), i % N);
            let kv = |j: usize| ((b * KEYS + j) * KN + h / (N / KN)) * D;
            let len = [40, 7, 33][b];
            let score = |j: usize| (0..D).map(|d| q[i * D + d] * k[kv(j) + d]).sum::<f64>() * 0.25;
            let (p, ..) = super::softmax(&(0..len).map(|j| Some(score(j))).collect::<Vec<_>>());
            for d in 0..D {
                want[i * D + d] = (0..len).map(|j| p[j] * v[kv(j) + d]).sum();
            }
        }
        for operator in ["FIA", "FIAV2", "FIAV3", "FIAV4", "IFAV4", "PFAV3"] {
            if operator == "IFAV4" && queries > 1 {
                let refused = infer(operator, "BSND", queries).map(drop);
                assert_eq!(refusal(refused, "aclnnIncreFlashAttentionV4", "one query"), ACLNN_ERR_PARAM_INVALID);
                continue;
            }
            for layout in ["BSND", "BNSD"] {
                // A rounding to f16; all before is f32.
                assert_close(&infer(operator, layout, queries).unwrap(), &want, 1.0 / 1024.0, 1e-5);
            }
        }
    }
}

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
            let wrong = run(|w, e| aclnnAttentionUpdateGetWorkspaceSize(l, o, 0, lse.handle(), std::ptr::null_mut(), w, e));
            assert_eq!(refusal(wrong, "aclnnAttentionUpdate", "out "), ACLNN_ERR_PARAM_INVALID);
        }
    }
}
