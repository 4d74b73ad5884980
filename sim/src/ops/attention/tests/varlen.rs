//! The training operators: values and gradients over shapes.

use std::ptr::null;

use ascend_rl_sys::types::*;

use super::super::*;
use super::{Text, causal_mask, ends, on_all_paths, sees, softmax};
use crate::ops::testing::{Array, Ints, assert_close, noise, run};
use crate::reject::Outcome;

/// One problem: dtype, `(queries, keys)` of each sequence, heads, key heads, elements of a head, sparse mode.
pub(super) struct Case {
    pub dtype: aclDataType,
    pub seqs: Vec<(usize, usize)>,
    pub heads: usize,
    pub kv_heads: usize,
    pub dim: usize,
    pub mode: i64,
    pub keep_prob: f64,
    pub next_tokens: i64,
    pub inner_precise: i64,
}

/// The tensors of a problem.
pub(super) struct Tensors {
    pub q: Array,
    pub k: Array,
    pub v: Array,
    pub dy: Array,
    pub max: Array,
    pub sum: Array,
    pub out: Array,
    pub dq: Array,
    pub dk: Array,
    pub dv: Array,
    /// In the place of what is not written: an empty tensor, or null.
    pub nothing: Option<Array>,
    pub mask: Option<Array>,
    pub q_ends: Ints,
    pub kv_ends: Ints,
    pub layout: Text,
    pub shift: Option<Array>,
    pub drop_mask: Option<Array>,
    pub no_query: bool,
}

impl Case {
    pub(super) fn new(dtype: aclDataType, seqs: &[(usize, usize)], heads: usize, kv_heads: usize, dim: usize, mode: i64) -> Case {
        let (seqs, next_tokens) = (seqs.to_vec(), i32::MAX as i64);
        Case { dtype, seqs, heads, kv_heads, dim, mode, keep_prob: 1.0, next_tokens, inner_precise: 0 }
    }

    fn tokens(&self) -> (usize, usize) {
        (self.seqs.iter().map(|s| s.0).sum(), self.seqs.iter().map(|s| s.1).sum())
    }

    fn scale(&self) -> f64 {
        1.0 / (self.dim as f64).sqrt()
    }

    /// `fused`: the value is a slice of a wider tensor, its tokens further apart.
    pub(super) fn tensors(&self, fused: bool) -> Tensors {
        let (t, tkv) = self.tokens();
        let (n, kn, d) = (self.heads as i64, self.kv_heads as i64, self.dim as i64);
        let (q_dims, kv_dims) = ([t as i64, n, d], [tkv as i64, kn, d]);
        let row = if fused { kn * d * 3 + 8 } else { kn * d };
        let storage = (tkv as i64 * row).max(1) + 5;
        Tensors {
            // Scores of some size, so that the softmax is not flat.
            q: Array::new(self.dtype, &q_dims, noise(1).map(|x| 4.0 * x)),
            k: Array::new(self.dtype, &kv_dims, noise(2)),
            v: Array::strided(self.dtype, &kv_dims, &[row, d, 1], 5, storage, noise(3)),
            dy: Array::new(self.dtype, &q_dims, noise(4)),
            // Both shapes have the same bytes.
            max: Array::out(ACL_FLOAT, &[n, t as i64, 8]),
            sum: Array::out(ACL_FLOAT, &if fused { [t as i64, n, 8] } else { [n, t as i64, 8] }),
            out: Array::out(self.dtype, &q_dims),
            dq: Array::out(self.dtype, &q_dims),
            dk: Array::out(self.dtype, &kv_dims),
            dv: Array::strided(self.dtype, &kv_dims, &[row, d, 1], 5, storage, std::iter::repeat(7.0)),
            nothing: Some(Array::new(self.dtype, &[0], [])),
            mask: (self.mode != 0).then(|| causal_mask(if fused { ACL_BOOL } else { ACL_UINT8 })),
            q_ends: Ints::new(&ends(self.seqs.iter().map(|s| s.0))),
            kv_ends: Ints::new(&ends(self.seqs.iter().map(|s| s.1))),
            layout: Text::new("TND"),
            shift: None,
            drop_mask: None,
            no_query: false,
        }
    }

    pub(super) fn forward(&self, x: &Tensors) -> Outcome {
        let optional = |t: &Option<Array>| t.as_ref().map_or(null(), |t| t.handle().cast_const());
        let query = if x.no_query { null() } else { x.q.handle().cast_const() };
        run(|ws, executor| {
            aclnnFlashAttentionVarLenScoreGetWorkspaceSize(
                query,
                x.k.handle(),
                x.v.handle(),
                optional(&x.shift),
                optional(&x.drop_mask),
                null(),
                optional(&x.mask),
                null(),
                x.q_ends.0,
                x.kv_ends.0,
                self.scale(),
                self.keep_prob,
                i32::MAX as i64,
                self.next_tokens,
                self.heads as i64,
                x.layout.pointer(),
                self.inner_precise,
                self.mode,
                x.max.handle(),
                x.sum.handle(),
                optional(&x.nothing),
                x.out.handle(),
                ws,
                executor,
            )
        })
    }

    pub(super) fn backward(&self, x: &Tensors) -> Outcome {
        let optional = |t: &Option<Array>| t.as_ref().map_or(null(), |t| t.handle().cast_const());
        let query = if x.no_query { null() } else { x.q.handle().cast_const() };
        run(|ws, executor| {
            aclnnFlashAttentionUnpaddingScoreGradGetWorkspaceSize(
                query,
                x.k.handle(),
                x.v.handle(),
                x.dy.handle(),
                optional(&x.shift),
                optional(&x.drop_mask),
                null(),
                optional(&x.mask),
                x.max.handle(),
                x.sum.handle(),
                optional(&x.nothing),
                x.out.handle(),
                null(),
                x.q_ends.0,
                x.kv_ends.0,
                self.scale(),
                self.keep_prob,
                i32::MAX as i64,
                self.next_tokens,
                self.heads as i64,
                x.layout.pointer(),
                self.inner_precise,
                self.mode,
                x.dq.handle(),
                x.dk.handle(),
                x.dv.handle(),
                optional(&x.nothing),
                ws,
                executor,
            )
        })
    }
}

/// What the definition gives: output, `(max, sum)` of each head and token, and the three gradients.
struct Want {
    out: Vec<f64>,
    stats: Vec<(f64, f64)>,
    dq: Vec<f64>,
    dk: Vec<f64>,
    dv: Vec<f64>,
}

fn reference(case: &Case, x: &Tensors) -> Want {
    let (q, k, v, dy) = (x.q.values(), x.k.values(), x.v.values(), x.dy.values());
    let (n, kn, d) = (case.heads, case.kv_heads, case.dim);
    let tokens = case.tokens().0;
    let mut want = Want {
        out: vec![0.0; q.len()],
        stats: vec![(0.0, 0.0); n * tokens],
        dq: vec![0.0; q.len()],
        dk: vec![0.0; k.len()],
        dv: vec![0.0; v.len()],
    };
    let (mut start, mut kv_start) = (0, 0);
    for &(q_len, kv_len) in &case.seqs {
        for head in 0..n {
            let kv_head = head / (n / kn);
            for i in 0..q_len {
                let at = ((start + i) * n + head) * d;
                let kv = |j: usize| ((kv_start + j) * kn + kv_head) * d;
                let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                let score = |j: usize| dot(&q[at..at + d], &k[kv(j)..kv(j) + d]) * case.scale();
                let scores: Vec<_> = (0..kv_len).map(|j| sees(case.mode, i, j, q_len, kv_len).then(|| score(j))).collect();
                let (p, max, sum) = softmax(&scores);
                want.stats[head * tokens + start + i] = (max, sum);
                let dp: Vec<f64> = (0..kv_len).map(|j| dot(&dy[at..at + d], &v[kv(j)..kv(j) + d])).collect();
                let mean = dot(&p, &dp);
                for j in 0..kv_len {
                    let ds = p[j] * (dp[j] - mean) * case.scale();
                    for e in 0..d {
                        want.out[at + e] += p[j] * v[kv(j) + e];
                        want.dq[at + e] += ds * k[kv(j) + e];
                        want.dk[kv(j) + e] += ds * q[at + e];
                        want.dv[kv(j) + e] += p[j] * dy[at + e];
                    }
                }
            }
        }
        start += q_len;
        kv_start += kv_len;
    }
    want
}

/// Sums of products in f32 err by some units of 2^-24 of the terms; results of 16 bits by half a unit of their last place, and
/// gradients of them also by the rounding of the saved output.
fn check(case: &Case, fused: bool) {
    let x = case.tensors(fused);
    case.forward(&x).expect("forward");
    let want = reference(case, &x);
    let (relative, absolute) = match case.dtype {
        ACL_FLOAT => (1e-5, 1e-5),
        ACL_FLOAT16 => (1.0 / 1024.0, 1e-5),
        _ => (1.0 / 256.0, 1e-5),
    };
    assert_close(&x.out.values(), &want.out, relative, absolute);
    let eightfold = |pick: fn(&(f64, f64)) -> f64| want.stats.iter().flat_map(|s| [pick(s); 8]).collect::<Vec<_>>();
    if case.seqs.iter().all(|s| s.1 > 0) {
        assert_close(&x.max.values(), &eightfold(|s| s.0), 1e-5, 1e-5);
    }
    assert_close(&x.sum.values(), &eightfold(|s| s.1), 1e-5, 0.0);
    case.backward(&x).expect("backward");
    let largest = |v: &[f64]| v.iter().fold(1.0f64, |m, x| m.max(x.abs()));
    for (got, want) in [(&x.dq, &want.dq), (&x.dk, &want.dk), (&x.dv, &want.dv)] {
        assert_close(&got.values(), want, relative, largest(want) * relative * if case.dtype == ACL_FLOAT { 1.0 } else { 4.0 });
    }
    let untouched = x.dv.storage().iter().filter(|&&v| v == 7.0).count();
    let (_, tkv) = case.tokens();
    assert!(!fused || untouched >= tkv * (case.kv_heads * case.dim * 2 + 8), "writes outside of a strided dv");
}

const LENGTHS: &[(usize, usize)] = &[(10, 10), (0, 0), (1, 1), (7, 7), (33, 33), (16, 16), (0, 0)];

#[test]
fn causal_attention_and_gradients_over_head_shapes() {
    for (heads, kv_heads) in [(2, 2), (4, 2), (8, 1)] {
        for dim in [16, 24, 32, 64, 128] {
            check(&Case::new(ACL_FLOAT, LENGTHS, heads, kv_heads, dim, 3), dim == 32);
        }
    }
}

#[test]
fn every_path_computes_every_mode() {
    on_all_paths(|| {
        for mode in [0, 2, 3] {
            check(&Case::new(ACL_FLOAT, &[(5, 9), (1, 40), (20, 20), (19, 35)], 6, 2, 24, mode), true);
        }
        check(&Case::new(ACL_BF16, LENGTHS, 4, 2, 32, 3), true);
    });
}

#[test]
fn halves_are_read_and_written_in_place() {
    for dtype in [ACL_BF16, ACL_FLOAT16] {
        check(&Case::new(dtype, &[(10, 10), (3, 3), (0, 0), (47, 47)], 8, 4, 32, 3), true);
        check(&Case::new(dtype, &[(12, 12)], 2, 1, 7, 2), false);
    }
}

#[test]
fn long_sequences_cross_tiles() {
    // Several tiles of keys (256 for 32, 128 for 128) and several tasks of rows.
    check(&Case::new(ACL_FLOAT, &[(290, 290), (3, 530)], 4, 2, 32, 3), false);
    check(&Case::new(ACL_FLOAT, &[(150, 290)], 2, 1, 128, 0), false);
    check(&Case::new(ACL_FLOAT, &[(70, 140)], 2, 2, 128, 2), false);
}

#[test]
fn more_queries_than_keys_and_no_keys_at_all() {
    for mode in [0, 2] {
        check(&Case::new(ACL_FLOAT, &[(9, 4), (40, 17), (5, 0), (0, 3)], 4, 2, 16, mode), false);
    }
}

/// `CheckFaParam` of hicann/ops-transformer does not ask for softmaxOut, `PostFlashAttentionScoreGrad` not for dpse.
#[test]
fn what_is_not_written_may_be_null() {
    let case = Case::new(ACL_FLOAT, &[(5, 7), (3, 3)], 4, 2, 16, 3);
    let (given, null) = (case.tensors(false), Tensors { nothing: None, ..case.tensors(false) });
    for x in [&given, &null] {
        case.forward(x).unwrap();
        case.backward(x).unwrap();
    }
    let results = |x: &Tensors| [&x.out, &x.max, &x.sum, &x.dq, &x.dk, &x.dv].map(Array::values);
    assert_eq!(results(&null), results(&given));
}

#[test]
fn an_empty_batch_is_no_work() {
    check(&Case::new(ACL_FLOAT, &[(0, 0)], 2, 1, 8, 0), false);
}
