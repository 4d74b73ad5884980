//! The training operators with sinks: a score of each head that has no value.

use std::ptr::null;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::super::*;
use super::{Text, causal_mask, ends, on_all_paths, sees};
use crate::ops::testing::{Array, Ints, assert_close, noise, refusal, run};
use crate::reject::Outcome;

const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const DIM: usize = 16;
const SCALE: f64 = 0.25;
const MOST: i64 = i32::MAX as i64;

/// Sequences of queries and keys, one after another in memory: equally long ones are a batch too.
struct Case {
    seqs: Vec<(usize, usize)>,
    mode: i64,
    dense: bool,
    sink: Array,
    q: Array,
    k: Array,
    v: Array,
    dy: Array,
    out: Array,
    max: Array,
    sum: Array,
    grads: [Array; 3],
    dsink: Array,
}

impl Case {
    fn new(dtype: aclDataType, seqs: &[(usize, usize)], mode: i64, dense: bool) -> Case {
        let tokens = |side: fn(&(usize, usize)) -> usize| seqs.iter().map(side).sum::<usize>() as i64;
        let (t, u) = (tokens(|s| s.0), tokens(|s| s.1));
        let dims = |tokens: i64, heads: usize, last: usize| match dense {
            true => vec![seqs.len() as i64, tokens / seqs.len() as i64, heads as i64, last as i64],
            false => vec![tokens, heads as i64, last as i64],
        };
        let (q, kv) = (dims(t, HEADS, DIM), dims(u, KV_HEADS, DIM));
        let stats = if dense { vec![q[0], HEADS as i64, q[1], 8] } else { vec![t, HEADS as i64, 8] };
        Case {
            seqs: seqs.to_vec(),
            mode,
            dense,
            // Below, among and above the scores.
            sink: Array::new(ACL_FLOAT, &[HEADS as i64], [-30.0, 0.5, 1.5, 6.0]),
            q: Array::new(dtype, &q, noise(1).map(|x| 4.0 * x)),
            k: Array::new(dtype, &kv, noise(2)),
            v: Array::new(dtype, &kv, noise(3)),
            dy: Array::new(dtype, &q, noise(4)),
            out: Array::out(dtype, &q),
            max: Array::out(ACL_FLOAT, &stats),
            sum: Array::out(ACL_FLOAT, &stats),
            grads: [Array::out(dtype, &q), Array::out(dtype, &kv), Array::out(dtype, &kv)],
            dsink: Array::out(ACL_FLOAT, &[HEADS as i64]),
        }
    }

    fn run(&self, sink: *const aclTensor, dsink: *const aclTensor) -> Outcome {
        let mask = (self.mode > 0).then(|| causal_mask(ACL_BOOL));
        let mask = mask.as_ref().map_or(null(), |mask| mask.handle().cast_const());
        let lens = |side: fn(&(usize, usize)) -> usize| Ints::new(&ends(self.seqs.iter().map(side)));
        let (q_ends, kv_ends) = (lens(|s| s.0), lens(|s| s.1));
        let (qe, ke) = (q_ends.0.cast_const(), kv_ends.0.cast_const());
        let (layout, order) = (Text::new(if self.dense { "BSND" } else { "TND" }), Text::new("same_as_input"));
        let (layout, order) = (layout.pointer(), order.pointer());
        // What is not written may be null.
        let none = null();
        let [q, k, v, dy, out, max, sum] =
            [&self.q, &self.k, &self.v, &self.dy, &self.out, &self.max, &self.sum].map(|t| t.handle().cast_const());
        let [dq, dk, dv] = [0, 1, 2].map(|i| self.grads[i].handle().cast_const());
        let (no, ints, n, mode) = (null(), null(), HEADS as i64, self.mode);
        run(|ws, e| match self.dense {
            true => aclnnFlashAttentionScoreV3GetWorkspaceSize(
                q, k, v, no, no, no, mask, sink, ints, ints, ints, SCALE, 1.0, MOST, MOST, n, layout, 0, mode, 1, max, sum, none,
                out, ws, e,
            ),
            false => aclnnFlashAttentionVarLenScoreV5GetWorkspaceSize(
                q, no, k, no, v, no, no, no, mask, sink, ints, qe, ke, ints, ints, SCALE, 1.0, MOST, MOST, n, layout, 0, mode, 1,
                order, max, sum, none, out, ws, e,
            ),
        })?;
        run(|ws, e| match self.dense {
            true => aclnnFlashAttentionScoreGradV3GetWorkspaceSize(
                q, k, v, dy, no, no, no, mask, max, sum, none, out, sink, ints, ints, ints, SCALE, 1.0, MOST, MOST, n, layout, 0,
                mode, 1, dq, dk, dv, none, dsink, ws, e,
            ),
            false => aclnnFlashAttentionUnpaddingScoreGradV5GetWorkspaceSize(
                q, no, k, no, v, dy, no, no, no, mask, max, sum, none, out, sink, ints, qe, ke, ints, ints, SCALE, 1.0, MOST,
                MOST, n, layout, 0, mode, 1, order, dq, no, dk, no, dv, none, dsink, ws, e,
            ),
        })
    }

    /// Output, statistics and gradients by the definition: of queries, keys, values, sinks.
    fn want(&self) -> [Vec<f64>; 7] {
        let [q, k, v, dy, sinks] = [&self.q, &self.k, &self.v, &self.dy, &self.sink].map(Array::values);
        let (mut out, mut dq) = (vec![0.0; q.len()], vec![0.0; q.len()]);
        let (mut dk, mut dv, mut dsink) = (vec![0.0; k.len()], vec![0.0; k.len()], vec![0.0; HEADS]);
        let (mut max, mut sum) = (vec![0.0; self.max.values().len()], vec![0.0; self.max.values().len()]);
        let (mut q_start, mut kv_start) = (0, 0);
        for (b, &(q_len, kv_len)) in self.seqs.iter().enumerate() {
            for (i, h) in (0..q_len).flat_map(|i| (0..HEADS).map(move |h| (i, h))) {
                let at = ((q_start + i) * HEADS + h) * DIM;
                let kv = |j: usize| ((kv_start + j) * KV_HEADS + h / (HEADS / KV_HEADS)) * DIM;
                let dot = |a: &[f64], at: usize, b: &[f64], from: usize| (0..DIM).map(|d| a[at + d] * b[from + d]).sum::<f64>();
                let seen: Vec<usize> = (0..kv_len).filter(|&j| sees(self.mode, i, j, q_len, kv_len)).collect();
                let scores: Vec<f64> = seen.iter().map(|&j| SCALE * dot(&q, at, &k, kv(j))).collect();
                let top = scores.iter().copied().fold(sinks[h], f64::max);
                let total: f64 = scores.iter().map(|s| (s - top).exp()).sum::<f64>() + (sinks[h] - top).exp();
                let weights: Vec<f64> = scores.iter().map(|s| (s - top).exp() / total).collect();
                let grads: Vec<f64> = seen.iter().map(|&j| dot(&dy, at, &v, kv(j))).collect();
                let delta: f64 = weights.iter().zip(&grads).map(|(w, g)| w * g).sum();
                for (&j, (w, g)) in seen.iter().zip(weights.iter().zip(&grads)) {
                    let ds = SCALE * w * (g - delta);
                    for d in 0..DIM {
                        out[at + d] += w * v[kv(j) + d];
                        dq[at + d] += ds * k[kv(j) + d];
                        dk[kv(j) + d] += ds * q[at + d];
                        dv[kv(j) + d] += w * dy[at + d];
                    }
                }
                dsink[h] -= (sinks[h] - top).exp() / total * delta;
                let stat = if self.dense { (b * HEADS + h) * q_len + i } else { (q_start + i) * HEADS + h };
                (0..8).for_each(|c| (max[stat * 8 + c], sum[stat * 8 + c]) = (top, total));
            }
            (q_start, kv_start) = (q_start + q_len, kv_start + kv_len);
        }
        [out, max, sum, dq, dk, dv, dsink]
    }
}

#[test]
fn sinks_take_part_in_the_softmax() {
    for (dtype, relative) in [(ACL_FLOAT, 2e-6), (ACL_BF16, 4e-3), (ACL_FLOAT16, 5e-4)] {
        for (seqs, mode, dense) in [
            (&[(7, 9), (7, 9)][..], 0, true),
            (&[(5, 300), (5, 300)], 3, true),
            (&[(4, 4), (0, 0), (1, 30), (6, 2)], 0, false),
            (&[(3, 5), (9, 9)], 3, false),
        ] {
            on_all_paths(|| {
                let case = Case::new(dtype, seqs, mode, dense);
                case.run(case.sink.handle(), case.dsink.handle()).unwrap();
                let [out, max, sum, dq, dk, dv, dsink] = case.want();
                assert_close(&case.out.values(), &out, relative, 1e-6 + relative / 8.0);
                assert_close(&case.max.values(), &max, 1e-5, 1e-5);
                assert_close(&case.sum.values(), &sum, 1e-5, 1e-5);
                for (got, want) in case.grads.iter().zip([&dq, &dk, &dv]) {
                    assert_close(&got.values(), want, 4.0 * relative, 1e-5 + 2.0 * relative);
                }
                // Of the rounded output.
                assert_close(&case.dsink.values(), &dsink, 4.0 * relative, 1e-5 + 4.0 * relative);
            });
        }
    }
}

#[test]
fn without_sinks_nothing_changes() {
    let case = Case::new(ACL_FLOAT, &[(3, 5), (9, 9)], 3, false);
    case.run(null(), null()).unwrap();
    let low = Case::new(ACL_FLOAT, &[(3, 5), (9, 9)], 3, false);
    let none = Array::new(ACL_FLOAT, &[HEADS as i64], [f64::NEG_INFINITY; HEADS]);
    low.run(none.handle(), low.dsink.handle()).unwrap();
    assert_eq!(case.out.values(), low.out.values());
    assert_eq!(case.sum.values(), low.sum.values());
    assert_eq!(case.grads[0].values(), low.grads[0].values());
    assert_eq!(low.dsink.values(), [0.0; HEADS]);
    // An empty tensor is none.
    let empty = Array::new(ACL_FLOAT, &[0], []);
    case.run(empty.handle(), empty.handle()).unwrap();
    assert_eq!(case.out.values(), low.out.values());
}

#[test]
fn sinks_are_one_float_of_each_head() {
    let case = Case::new(ACL_FLOAT, &[(4, 4), (4, 4)], 0, true);
    let name = "aclnnFlashAttentionScoreV3";
    let three = Array::out(ACL_FLOAT, &[3]);
    assert_eq!(refusal(case.run(three.handle(), null()), name, "sink is [3]"), ACLNN_ERR_PARAM_INVALID);
    let half = Array::out(ACL_BF16, &[HEADS as i64]);
    assert_eq!(refusal(case.run(half.handle(), null()), name, "sink has dataType"), ACLNN_ERR_PARAM_INVALID);
    let grad = "aclnnFlashAttentionScoreGradV3";
    assert_eq!(refusal(case.run(case.sink.handle(), null()), grad, "dsink is null"), ACLNN_ERR_PARAM_NULLPTR);
    assert_eq!(refusal(case.run(null(), case.dsink.handle()), grad, "dsink is given"), ACLNN_ERR_PARAM_INVALID);
}
