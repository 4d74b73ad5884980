//! The inference operators and their versions against the definition, without a paged cache.

use std::ptr::null;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::super::*;
use super::{Text, softmax};
use crate::nn;
use crate::ops::testing::{Array, Ints, assert_close, noise, refusal, run};

const MOST: i64 = i32::MAX as i64;

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
        "IFAV4" | "IFAV4 masked" => aclnnIncreFlashAttentionV4GetWorkspaceSize(
            q,
            keys,
            values,
            no,
            if operator == "IFAV4" { no } else { k },
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

/// `aclnnIncreFlashAttentionV4` has no sparseMode: the refusal of a mask does not speak of one.
#[test]
fn a_mask_of_what_has_no_mode_is_refused_as_such() {
    let reject = infer("IFAV4 masked", "BSND", 1).map(drop).expect_err("a refusal");
    let text = "aclnnIncreFlashAttentionV4: attenMask is not supported by the simulator; pass null";
    assert_eq!((reject.code, reject.text.as_str()), (ACL_ERROR_FEATURE_UNSUPPORTED, text));
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
            let (p, ..) = softmax(&(0..len).map(|j| Some(score(j))).collect::<Vec<_>>());
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
