//! The training operators over batches of equally long sequences: values and gradients over layouts and masks.

use std::ptr::null;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::super::*;
use super::{Text, causal_mask, on_all_paths, sees, softmax};
use crate::ops::testing::{Array, assert_close, noise, refusal, run};
use crate::reject::Outcome;

/// One problem. `[batch, queries, keys]`, `[heads, key heads, elements]`.
#[derive(Clone, Copy)]
struct Case {
    dtype: aclDataType,
    layout: &'static str,
    sizes: [usize; 3],
    heads: [usize; 3],
    mode: i64,
    /// Dims of a mask given in full.
    bits: Option<&'static [i64]>,
    next_tokens: i64,
    second: bool,
}

const FIRST: Case = Case {
    dtype: ACL_FLOAT,
    layout: "BSND",
    sizes: [2, 7, 9],
    heads: [4, 2, 16],
    mode: 0,
    bits: None,
    next_tokens: i32::MAX as i64,
    second: false,
};

struct Tensors {
    q: Array,
    k: Array,
    v: Array,
    dy: Array,
    mask: Option<Array>,
    max: Array,
    sum: Array,
    out: Array,
    grads: [Array; 3],
    /// In the place of what is not written: an empty tensor, or null.
    nothing: Option<Array>,
    layout: Text,
}

impl Tensors {
    fn nothing(&self) -> *const aclTensor {
        self.nothing.as_ref().map_or(null(), |nothing| nothing.handle())
    }
}

impl Case {
    fn dims(&self, seq: usize, heads: usize) -> Vec<i64> {
        let (b, d) = (self.sizes[0], self.heads[2]);
        let dims = match self.layout {
            "BSH" => vec![b, seq, heads * d],
            "SBH" => vec![seq, b, heads * d],
            "BNSD" => vec![b, heads, seq, d],
            _ => vec![b, seq, heads, d],
        };
        dims.into_iter().map(|n| n as i64).collect()
    }

    /// Where the first element of a head of a position is.
    fn at(&self, seq: usize, heads: usize, [b, s, n]: [usize; 3]) -> usize {
        let d = self.heads[2];
        match self.layout {
            "SBH" => ((s * self.sizes[0] + b) * heads + n) * d,
            "BNSD" => ((b * heads + n) * seq + s) * d,
            _ => ((b * seq + s) * heads + n) * d,
        }
    }

    fn tensors(&self) -> Tensors {
        let ([b, sq, sk], [n, kn, _]) = (self.sizes, self.heads);
        let (q, kv) = (self.dims(sq, n), self.dims(sk, kn));
        let stats = [b as i64, n as i64, sq as i64, 8];
        // Every key of one query is hidden, and about a third of all.
        let bit = |(i, x): (usize, f64)| (x > 0.3 || i / sk == 2) as u8 as f64;
        let mask = match self.bits {
            Some(dims) => Some(Array::new(ACL_BOOL, dims, noise(5).enumerate().map(bit))),
            None => (self.mode > 1).then(|| causal_mask(ACL_BOOL)),
        };
        Tensors {
            q: Array::new(self.dtype, &q, noise(1).map(|x| 4.0 * x)),
            k: Array::new(self.dtype, &kv, noise(2)),
            v: Array::new(self.dtype, &kv, noise(3)),
            dy: Array::new(self.dtype, &q, noise(4)),
            mask,
            max: Array::out(ACL_FLOAT, &stats),
            sum: Array::out(ACL_FLOAT, &stats),
            out: Array::out(self.dtype, &q),
            grads: [&q, &kv, &kv].map(|dims| Array::out(self.dtype, dims)),
            nothing: (!self.second).then(|| Array::new(self.dtype, &[0], [])),
            layout: Text::new(self.layout),
        }
    }

    fn forward(&self, x: &Tensors) -> Outcome {
        let mask = x.mask.as_ref().map_or(null(), |m| m.handle().cast_const());
        let (scale, most, n) = (self.scale(), i32::MAX as i64, self.heads[0] as i64);
        let (q, k, v, layout) = (x.q.handle(), x.k.handle(), x.v.handle(), x.layout.pointer());
        let (max, sum, empty, out) = (x.max.handle(), x.sum.handle(), x.nothing(), x.out.handle());
        let next = self.next_tokens;
        run(|ws, e| {
            if self.second {
                let no = null();
                aclnnFlashAttentionScoreV2GetWorkspaceSize(
                    q,
                    k,
                    v,
                    null(),
                    null(),
                    null(),
                    mask,
                    no,
                    no,
                    no,
                    scale,
                    1.0,
                    most,
                    next,
                    n,
                    layout,
                    0,
                    self.mode,
                    1,
                    max,
                    sum,
                    empty,
                    out,
                    ws,
                    e,
                )
            } else {
                aclnnFlashAttentionScoreGetWorkspaceSize(
                    q,
                    k,
                    v,
                    null(),
                    null(),
                    null(),
                    mask,
                    null(),
                    scale,
                    1.0,
                    most,
                    next,
                    n,
                    layout,
                    0,
                    self.mode,
                    max,
                    sum,
                    empty,
                    out,
                    ws,
                    e,
                )
            }
        })
    }

    fn backward(&self, x: &Tensors) -> Outcome {
        let mask = x.mask.as_ref().map_or(null(), |m| m.handle().cast_const());
        let (scale, most, n) = (self.scale(), i32::MAX as i64, self.heads[0] as i64);
        let (q, k, v, dy, layout) = (x.q.handle(), x.k.handle(), x.v.handle(), x.dy.handle(), x.layout.pointer());
        let (max, sum, empty, out) = (x.max.handle(), x.sum.handle(), x.nothing(), x.out.handle());
        let [dq, dk, dv] = [0, 1, 2].map(|i| x.grads[i].handle());
        let next = self.next_tokens;
        run(|ws, e| {
            if self.second {
                let no = null();
                aclnnFlashAttentionScoreGradV2GetWorkspaceSize(
                    q,
                    k,
                    v,
                    dy,
                    null(),
                    null(),
                    null(),
                    mask,
                    max,
                    sum,
                    empty,
                    out,
                    no,
                    no,
                    no,
                    scale,
                    1.0,
                    most,
                    next,
                    n,
                    layout,
                    0,
                    self.mode,
                    1,
                    dq,
                    dk,
                    dv,
                    empty,
                    ws,
                    e,
                )
            } else {
                aclnnFlashAttentionScoreGradGetWorkspaceSize(
                    q,
                    k,
                    v,
                    dy,
                    null(),
                    null(),
                    null(),
                    mask,
                    max,
                    sum,
                    empty,
                    out,
                    null(),
                    scale,
                    1.0,
                    most,
                    next,
                    n,
                    layout,
                    0,
                    self.mode,
                    dq,
                    dk,
                    dv,
                    empty,
                    ws,
                    e,
                )
            }
        })
    }

    fn scale(&self) -> f64 {
        1.0 / (self.heads[2] as f64).sqrt()
    }

    fn hidden(&self, mask: &[f64], b: usize, n: usize, i: usize, j: usize) -> bool {
        let Some(dims) = self.bits else { return !sees(self.mode, i, j, self.sizes[1], self.sizes[2]) };
        let leading = match dims {
            [batch, heads, ..] if dims.len() == 4 => b % *batch as usize * *heads as usize + n % *heads as usize,
            _ => 0,
        };
        mask[(leading * self.sizes[1] + i) * self.sizes[2] + j] != 0.0
    }

    /// As the definition has it. f32 sums of products err by some units of 2^-24 of the terms; 16-bit results by half a unit of
    /// their last place, gradients also by the saved output's.
    fn check(&self) {
        let x = self.tensors();
        self.forward(&x).expect("forward");
        self.backward(&x).expect("backward");
        let ([batch, sq, sk], [heads, kv_heads, d]) = (self.sizes, self.heads);
        let (q, k, v, dy) = (x.q.values(), x.k.values(), x.v.values(), x.dy.values());
        let mask = x.mask.as_ref().filter(|_| self.bits.is_some()).map(Array::values).unwrap_or_default();
        let mut want = [q.clone(), q.clone(), k.clone(), v.clone()].map(|x| vec![0.0; x.len()]);
        let mut sums = vec![];
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        for (b, n, i) in (0..batch).flat_map(|b| (0..heads).flat_map(move |n| (0..sq).map(move |i| (b, n, i)))) {
            let at = self.at(sq, heads, [b, i, n]);
            let kv = |j: usize| self.at(sk, kv_heads, [b, j, n / (heads / kv_heads)]);
            let score = |j: usize| dot(&q[at..at + d], &k[kv(j)..kv(j) + d]) * self.scale();
            let scores: Vec<_> = (0..sk).map(|j| (!self.hidden(&mask, b, n, i, j)).then(|| score(j))).collect();
            let (p, _, sum) = softmax(&scores);
            sums.push(sum);
            let dp: Vec<f64> = (0..sk).map(|j| dot(&dy[at..at + d], &v[kv(j)..kv(j) + d])).collect();
            let mean = dot(&p, &dp);
            for j in 0..sk {
                let ds = p[j] * (dp[j] - mean) * self.scale();
                for e in 0..d {
                    want[0][at + e] += p[j] * v[kv(j) + e];
                    want[1][at + e] += ds * k[kv(j) + e];
                    want[2][kv(j) + e] += ds * q[at + e];
                    want[3][kv(j) + e] += p[j] * dy[at + e];
                }
            }
        }
        let relative = match self.dtype {
            ACL_FLOAT => 1e-5,
            ACL_FLOAT16 => 1.0 / 1024.0,
            _ => 1.0 / 256.0,
        };
        assert_close(&x.out.values(), &want[0], relative, 1e-5);
        assert_close(&x.sum.values(), &sums.iter().flat_map(|&sum| [sum; 8]).collect::<Vec<_>>(), 1e-5, 0.0);
        for (got, want) in x.grads.iter().zip(&want[1..]) {
            let largest = want.iter().fold(1.0f64, |m, x| m.max(x.abs()));
            assert_close(&got.values(), want, relative, largest * relative * if self.dtype == ACL_FLOAT { 1.0 } else { 4.0 });
        }
    }
}

#[test]
fn every_layout_mode_and_version() {
    for (i, layout) in ["BSH", "SBH", "BSND", "BNSD"].into_iter().enumerate() {
        for mode in [0, 2, 3] {
            Case { layout, mode, second: (i + mode as usize).is_multiple_of(2), ..FIRST }.check();
        }
        Case { layout, mode: 3, dtype: ACL_BF16, sizes: [3, 20, 20], heads: [6, 2, 24], ..FIRST }.check();
        Case { layout, dtype: ACL_FLOAT16, sizes: [1, 5, 300], heads: [2, 1, 64], second: true, ..FIRST }.check();
    }
}

#[test]
fn masks_given_in_full_hide_what_they_say() {
    on_all_paths(|| {
        Case { bits: Some(&[7, 9]), ..FIRST }.check();
        Case { bits: Some(&[2, 1, 7, 9]), layout: "SBH", mode: 1, ..FIRST }.check();
        Case { bits: Some(&[2, 4, 7, 9]), layout: "BNSD", ..FIRST }.check();
        Case { bits: Some(&[1, 4, 7, 9]), layout: "BSH", dtype: ACL_BF16, second: true, ..FIRST }.check();
        // Several tiles of keys.
        Case { bits: Some(&[5, 400]), sizes: [1, 5, 400], heads: [2, 1, 64], mode: 1, ..FIRST }.check();
    });
}

/// `CheckFaParam` of hicann/ops-transformer does not ask for softmaxOut, `PostFlashAttentionScoreGrad` not for dpse.
#[test]
fn what_is_not_written_may_be_null() {
    let (given, null) = (FIRST.tensors(), Tensors { nothing: None, ..FIRST.tensors() });
    for x in [&given, &null] {
        FIRST.forward(x).unwrap();
        FIRST.backward(x).unwrap();
    }
    let results = |x: &Tensors| [&x.out, &x.max, &x.sum, &x.grads[0], &x.grads[1], &x.grads[2]].map(Array::values);
    assert_eq!(results(&null), results(&given));
    let some = Tensors { nothing: Some(Array::out(ACL_FLOAT, &[1])), ..FIRST.tensors() };
    let outcomes = [FIRST.forward(&some), FIRST.backward(&some)];
    for (outcome, what) in outcomes.into_iter().zip(["softmaxOut is [1]", "softmaxIn is [1]"]) {
        let reject = outcome.expect_err("a refusal");
        assert!(reject.code == ACL_ERROR_FEATURE_UNSUPPORTED && reject.text.contains(what), "{}", reject.text);
    }
}

#[test]
fn empty_batches_are_no_work() {
    Case { sizes: [0, 4, 4], ..FIRST }.check();
    Case { sizes: [2, 0, 4], ..FIRST }.check();
}

/// Both operators refuse, with this code and a text that names `what`.
fn refused(case: Case, spoil: impl Fn(&mut Tensors), what: &str, code: i32) {
    let mut x = case.tensors();
    spoil(&mut x);
    assert_eq!(refusal(case.forward(&x), "aclnnFlashAttentionScore", what), code);
    assert_eq!(refusal(case.backward(&x), "aclnnFlashAttentionScoreGrad", what), code);
}

#[test]
fn refusals() {
    let wrong = |case, spoil: fn(&mut Tensors), what| refused(case, spoil, what, ACLNN_ERR_PARAM_INVALID);
    wrong(FIRST, |x| x.layout = Text::new("TND"), "inputLayout is \"TND\"");
    wrong(FIRST, |x| x.q = Array::out(ACL_FLOAT, &[2, 7, 64]), "query is [2, 7, 64], layout BSND is [B, S, N, D]");
    wrong(FIRST, |x| x.k = Array::out(ACL_FLOAT, &[3, 9, 2, 16]), "key is [3, 9, 2, 16]");
    wrong(Case { layout: "BSH", ..FIRST }, |x| x.k = Array::out(ACL_FLOAT, &[2, 9, 30]), "not of heads of 16");
    wrong(Case { layout: "BSH", ..FIRST }, |x| x.q = Array::out(ACL_FLOAT, &[2, 7, 66]), "not of 4 heads");
    wrong(Case { bits: Some(&[7, 9]), ..FIRST }, |x| x.mask = Some(Array::out(ACL_BOOL, &[9, 7])), "attenMask is [9, 7]");
    wrong(Case { mode: 3, sizes: [2, 9, 7], ..FIRST }, |_| {}, "9 queries and 7 keys");
    wrong(FIRST, |x| x.max = Array::out(ACL_FLOAT, &[4, 14, 8]), "softmaxMax is [4, 14, 8], [2, 4, 7, 8]");
    let unsupported = |case, what| refused(case, |_| {}, what, ACL_ERROR_FEATURE_UNSUPPORTED);
    unsupported(Case { next_tokens: 0, ..FIRST }, "nextTokens 0");
    unsupported(Case { mode: 4, ..FIRST }, "sparseMode 4");
    unsupported(Case { mode: 6, ..FIRST }, "sparseMode 6");
    let case = Case { mode: 1, ..FIRST };
    assert_eq!(refusal(case.forward(&case.tensors()), "aclnnFlashAttentionScore", "attenMask is null"), ACLNN_ERR_PARAM_NULLPTR);
}
