//! Shifts of positions in inference, as ggml-cann passes its masks: f16, one for all heads by a stride of 0, keys and values in
//! another order than the layout's, `innerPrecise` 2.

use std::ptr::{null, null_mut};

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::super::*;
use super::{Text, on_all_paths, softmax};
use crate::ops::testing::*;
use crate::reject::Outcome;

const INF: f64 = f64::NEG_INFINITY;

/// `[batch, tokens, heads, dim]`, laid out as `[batch, heads, tokens, dim]` where `turned`.
fn heads(dtype: aclDataType, [b, s, n, d]: [i64; 4], turned: bool, seed: u64) -> Array {
    let strides = if turned { [n * s * d, d, s * d, 1] } else { [s * n * d, n * d, d, 1] };
    Array::strided(dtype, &[b, s, n, d], &strides, 0, b * s * n * d, noise(seed))
}

fn call(layout: &str, [q, k, v, shift, out]: [&Array; 5], [n, kn]: [i64; 2], scale: f64, precise: i64) -> Outcome {
    let layout = Text::new(layout);
    let (keys, values) = (list(&[k]), list(&[v]));
    run(|ws, executor| {
        aclnnFusedInferAttentionScoreV2GetWorkspaceSize(
            q.handle(),
            keys,
            values,
            shift.handle(),
            null(),
            null_mut(),
            null_mut(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            n,
            scale,
            65535,
            65535,
            layout.pointer(),
            kn,
            0,
            precise,
            0,
            0,
            false,
            0,
            0,
            out.handle(),
            null_mut(),
            ws,
            executor,
        )
    })
}

#[test]
fn shifts_are_added_to_the_scores() {
    on_all_paths(|| {
        // Several tiles of keys; a row that sees none; one query; a batch that shares its shifts.
        for (dtype, relative) in [(ACL_FLOAT16, 2e-3), (ACL_BF16, 1.6e-2)] {
            for (b, q_len, kv_len, n, kn, d, shared) in
                [(2, 5, 300, 4, 2, 32, true), (1, 1, 70, 2, 2, 64, false), (2, 3, 17, 6, 1, 16, false)]
            {
                let q = heads(dtype, [b, q_len, n, d], false, 1);
                let (k, v) = (heads(dtype, [b, kv_len, kn, d], true, 2), heads(dtype, [b, kv_len, kn, d], true, 3));
                let batches = if shared { 1 } else { b };
                let room = kv_len + 3;
                let mut values = noise(4);
                let by_row = by_index(&[batches, q_len, room], |at| {
                    let value = values.next().unwrap();
                    // Of three queries the second sees nothing; others miss a third of the keys, and the first tile whole.
                    let hidden = at[1] == 1 || at[2] % 3 == 1 || (q_len > 3 && at[1] == 2 && at[2] < 256);
                    if hidden { INF } else { 4.0 * value }
                });
                let strides = [q_len * room, 0, room, 1];
                let repeated =
                    by_index(&[batches, n, q_len, room], |at| by_row[element(&[batches, q_len, room], &[at[0], at[2], at[3]])]);
                let shift = Array::strided(dtype, &[batches, n, q_len, room], &strides, 0, batches * q_len * room, repeated);
                let out = Array::out(dtype, &[b, q_len, n, d]);
                let scale = 1.0 / (d as f64).sqrt();
                call("BSND", [&q, &k, &v, &shift, &out], [n, kn], scale, 2).unwrap();
                let (qs, ks, vs, shifts) = (q.values(), k.values(), v.values(), shift.values());
                let kv = [b, kv_len, kn, d];
                let want = by_index(&[b, q_len, n, d], |at| {
                    let [batch, i, head, e] = [at[0], at[1], at[2], at[3]];
                    let scores: Vec<Option<f64>> = (0..kv_len)
                        .map(|j| {
                            let dot: f64 = (0..d)
                                .map(|c| {
                                    qs[element(&[b, q_len, n, d], &[batch, i, head, c])]
                                        * ks[element(&kv, &[batch, j, head / (n / kn), c])]
                                })
                                .sum();
                            let place = [if shared { 0 } else { batch }, head, i, j];
                            let shift = shifts[element(&[batches, n, q_len, room], &place)];
                            (shift != INF).then_some(dot * scale + shift)
                        })
                        .collect();
                    let weights = softmax(&scores).0;
                    (0..kv_len).map(|j| weights[j as usize] * vs[element(&kv, &[batch, j, head / (n / kn), e])]).sum()
                });
                assert_close(&out.values(), &want, relative, 1e-3);
            }
        }
    });
}

#[test]
fn refused_shifts() {
    let of = |dims: [i64; 4]| heads(ACL_FLOAT16, dims, false, 1);
    let (q, k, out) = (of([1, 2, 2, 16]), of([1, 5, 2, 16]), of([1, 2, 2, 16]));
    for dims in [[1, 2, 1, 5], [1, 1, 2, 5], [1, 2, 2, 4], [2, 2, 2, 5]] {
        let wrong = call("BSND", [&q, &k, &k, &of(dims), &out], [2, 2], 1.0, 0);
        assert_eq!(refusal(wrong, "aclnnFusedInferAttentionScoreV2", "pseShift is"), ACLNN_ERR_PARAM_INVALID);
    }
}
