//! Causal attention over packed sequences with grouped heads, forward and backward.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::{FLOATS, columns, dot, filled, random};
use ascend_rl::ops::{self, CausalMask, Varlen};
use ascend_rl::{DType, Stream, Tensor, View};

/// Lengths of the sequences: one token, none, odd, more than a block.
const LENGTHS: [usize; 6] = [1, 7, 0, 20, 3, 2];
/// (heads, kv heads, head dim).
const HEADS: [(usize, usize, usize); 4] = [(4, 2, 16), (3, 1, 24), (2, 2, 8), (1, 1, 64)];

/// A packed batch, and its attention in f64.
struct Batch {
    n: usize,
    n_kv: usize,
    d: usize,
    scale: f64,
}

impl Batch {
    fn tokens(&self) -> usize {
        LENGTHS.iter().sum()
    }

    fn ends(&self) -> Vec<i64> {
        LENGTHS.iter().scan(0, |end, &len| Some((*end += len as i64, *end).1)).collect()
    }

    /// All (query, keys) of the causal mask.
    fn queries(&self) -> Vec<(usize, std::ops::Range<usize>)> {
        let mut all = Vec::new();
        for len in LENGTHS {
            let start = all.len();
            all.extend((start..start + len).map(|i| (i, start..i + 1)));
        }
        all
    }

    fn row<'x>(&self, x: &'x [f64], heads: usize, token: usize, head: usize) -> &'x [f64] {
        &x[(token * heads + head) * self.d..][..self.d]
    }

    fn kv_head(&self, head: usize) -> usize {
        head / (self.n / self.n_kv)
    }

    /// Scores of one query of one head against the keys it sees.
    fn scores(&self, q: &[f64], k: &[f64], head: usize, query: usize, keys: std::ops::Range<usize>) -> Vec<f64> {
        let q = self.row(q, self.n, query, head);
        keys.map(|j| self.scale * dot(q, self.row(k, self.n_kv, j, self.kv_head(head)))).collect()
    }

    /// The output [t, n, d], and the logarithm of each sum of exponentials [n, t].
    fn forward(&self, q: &[f64], k: &[f64], v: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut out, mut lse) = (vec![0.0; q.len()], vec![0.0; self.n * self.tokens()]);
        for head in 0..self.n {
            for (i, keys) in self.queries() {
                let scores = self.scores(q, k, head, i, keys.clone());
                let total: f64 = scores.iter().map(|s| s.exp()).sum();
                lse[head * self.tokens() + i] = total.ln();
                for (j, score) in keys.zip(scores) {
                    let to = &mut out[(i * self.n + head) * self.d..][..self.d];
                    let from = self.row(v, self.n_kv, j, self.kv_head(head));
                    to.iter_mut().zip(from).for_each(|(to, v)| *to += score.exp() / total * v);
                }
            }
        }
        (out, lse)
    }

    /// dq, dk and dv.
    fn backward(&self, q: &[f64], k: &[f64], v: &[f64], dy: &[f64]) -> [Vec<f64>; 3] {
        let (mut dq, mut dk, mut dv) = (vec![0.0; q.len()], vec![0.0; k.len()], vec![0.0; v.len()]);
        for head in 0..self.n {
            let kv = self.kv_head(head);
            for (i, keys) in self.queries() {
                let scores = self.scores(q, k, head, i, keys.clone());
                let total: f64 = scores.iter().map(|s| s.exp()).sum();
                let p: Vec<f64> = scores.iter().map(|s| s.exp() / total).collect();
                let dy = self.row(dy, self.n, i, head);
                let dp: Vec<f64> = keys.clone().map(|j| dot(dy, self.row(v, self.n_kv, j, kv))).collect();
                let mean = dot(&p, &dp);
                for (j, (p, dp)) in keys.zip(p.iter().zip(dp)) {
                    let ds = self.scale * p * (dp - mean);
                    for (x, dy) in dy.iter().enumerate() {
                        let (at_q, at_k) = ((i * self.n + head) * self.d + x, (j * self.n_kv + kv) * self.d + x);
                        dq[at_q] += ds * k[at_k];
                        dk[at_k] += ds * q[at_q];
                        dv[at_k] += p * dy;
                    }
                }
            }
        }
        [dq, dk, dv]
    }

    /// Columns of a fused tensor where q, k and v are, and all of them.
    fn fused(&self) -> ([(usize, usize); 3], usize) {
        let (q, kv) = (self.n * self.d, self.n_kv * self.d);
        ([(0, q), (q, kv), (q + kv, kv)], q + 2 * kv)
    }

    /// q, k and v as views of a fused projection.
    fn split<'x>(&self, qkv: &'x Tensor) -> [View<'x>; 3] {
        self.fused().0.map(|(start, len)| {
            let part = qkv.view().narrow(1, start, len).unwrap();
            part.reshape(&[self.tokens(), len / self.d, self.d]).unwrap()
        })
    }
}

/// A fused projection whose queries are large enough for a softmax that is not flat.
fn projection(s: &Stream, batch: &Batch, dtype: DType) -> Tensor {
    let ([(_, q), ..], wide) = batch.fused();
    let noise = noise(1, batch.tokens() * wide);
    let host: Vec<f32> = noise.iter().enumerate().map(|(at, v)| if at % wide < q { 3.0 * v } else { *v }).collect();
    upload(s, &[batch.tokens(), wide], dtype, &host)
}

/// Relative tolerance: sums over 20 keys in f32; in bf16 the probabilities may be rounded too.
fn relative(dtype: DType) -> f64 {
    if dtype == DType::F32 { 1e-5 } else { 1.0 / 128.0 }
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |most, v| v.abs().max(most))
}

#[test]
fn flash_attention_and_its_gradients() {
    let s = stream();
    let mask = CausalMask::new(&s).unwrap();
    for dtype in FLOATS {
        for (n, n_kv, d) in HEADS {
            let batch = Batch { n, n_kv, d, scale: 1.0 / (d as f64).sqrt() };
            let (t, ends, (places, wide)) = (batch.tokens(), batch.ends(), batch.fused());
            let varlen = Varlen { seq_ends: &ends, kv_seq_ends: None, scale: batch.scale, mask: &mask };
            let qkv = projection(&s, &batch, dtype);
            let [q, k, v] = batch.split(&qkv);
            let mut out = filled(&s, &[t, n, d], dtype, 9.0);
            let [mut max, mut sum] = [(); 2].map(|()| filled(&s, &[n, t, 8], DType::F32, 9.0));
            ops::flash_attention_varlen(&s, q, k, v, varlen, &mut out, &mut max, &mut sum).unwrap();

            // The gradients are written where the projection's gradient has them.
            let dy = random(&s, &[t, n, d], dtype, 2);
            let mut grads = filled(&s, &[t, wide], dtype, 9.0);
            let (dq, rest) = grads.view_mut().split_at(1, n * d).unwrap();
            let (dk, dv) = rest.split_at(1, n_kv * d).unwrap();
            let (dk, dv) = (dk.reshape(&[t, n_kv, d]).unwrap(), dv.reshape(&[t, n_kv, d]).unwrap());
            let dq = dq.reshape(&[t, n, d]).unwrap();
            ops::flash_attention_varlen_backward(&s, q, k, v, &dy, &out, &max, &sum, varlen, dq, dk, dv).unwrap();

            let host = values(&s, &qkv);
            let [q, k, v] = places.map(|(start, len)| columns(&host, wide, start, len));
            let (want, want_lse) = batch.forward(&q, &k, &v);
            assert_close(&values(&s, &out), &want, relative(dtype), relative(dtype));
            let lse: Vec<f64> = values(&s, &max).iter().zip(values(&s, &sum)).map(|(max, sum)| max + sum.ln()).collect();
            let want_lse: Vec<f64> = want_lse.iter().flat_map(|&v| [v; 8]).collect();
            assert_close(&lse, &want_lse, 1e-5, 1e-5);

            let (dy, grads) = (values(&s, &dy), values(&s, &grads));
            for ((start, len), want) in places.into_iter().zip(batch.backward(&q, &k, &v, &dy)) {
                // Terms cancel: the error is of the largest.
                assert_close(&columns(&grads, wide, start, len), &want, relative(dtype), largest(&want) * relative(dtype));
            }
        }
    }
}

/// How many of each sequence's tokens have queries, its last ones.
const LAST: [usize; 6] = [1, 3, 0, 5, 0, 2];

#[test]
fn queries_that_come_after_keys_of_their_sequence() {
    let s = stream();
    let mask = CausalMask::new(&s).unwrap();
    for dtype in FLOATS {
        for (n, n_kv, d) in HEADS {
            let batch = Batch { n, n_kv, d, scale: 1.0 / (d as f64).sqrt() };
            let (tokens, kv_ends, (places, wide)) = (batch.tokens(), batch.ends(), batch.fused());
            let qkv = projection(&s, &batch, dtype);
            let [_, k, v] = batch.split(&qkv);
            // Which rows of the whole batch have queries here.
            let last: Vec<usize> = kv_ends.iter().zip(LAST).flat_map(|(&end, last)| end as usize - last..end as usize).collect();
            let of = |x: &[f64]| -> Vec<f64> { last.iter().flat_map(|&i| &x[i * n * d..][..n * d]).copied().collect() };
            let ends: Vec<i64> = LAST.iter().scan(0, |end, &len| Some((*end += len as i64, *end).1)).collect();
            let varlen = Varlen { seq_ends: &ends, kv_seq_ends: Some(&kv_ends), scale: batch.scale, mask: &mask };

            let host = values(&s, &qkv);
            let [all_q, all_k, all_v] = places.map(|(start, len)| columns(&host, wide, start, len));
            let t = last.len();
            let f32s = |x: &[f64]| -> Vec<f32> { x.iter().map(|&x| x as f32).collect() };
            let q = upload(&s, &[t, n, d], dtype, &f32s(&of(&all_q)));
            let [mut out, mut dq] = [(); 2].map(|()| filled(&s, &[t, n, d], dtype, 9.0));
            let [mut dk, mut dv] = [(); 2].map(|()| filled(&s, &[tokens, n_kv, d], dtype, 9.0));
            let [mut max, mut sum] = [(); 2].map(|()| filled(&s, &[n, t, 8], DType::F32, 9.0));
            let dy = random(&s, &[t, n, d], dtype, 2);
            ops::flash_attention_varlen(&s, &q, k, v, varlen, &mut out, &mut max, &mut sum).unwrap();
            let (dq_, dk_, dv_) = (&mut dq, &mut dk, &mut dv);
            ops::flash_attention_varlen_backward(&s, &q, k, v, &dy, &out, &max, &sum, varlen, dq_, dk_, dv_).unwrap();

            let (want, _) = batch.forward(&all_q, &all_k, &all_v);
            assert_close(&values(&s, &out), &of(&want), relative(dtype), relative(dtype));
            // The other queries' outputs have no gradient.
            let mut all_dy = vec![0.0; all_q.len()];
            for (&i, dy) in last.iter().zip(values(&s, &dy).chunks(n * d)) {
                all_dy[i * n * d..][..n * d].copy_from_slice(dy);
            }
            let [want_q, want_k, want_v] = batch.backward(&all_q, &all_k, &all_v, &all_dy);
            for (found, want) in [(&dq, of(&want_q)), (&dk, want_k), (&dv, want_v)] {
                assert_close(&values(&s, found), &want, relative(dtype), largest(&want) * relative(dtype));
            }
        }
    }
}

#[test]
fn gradients_have_the_same_bits_each_time() {
    let s = stream();
    let mask = CausalMask::new(&s).unwrap();
    let batch = Batch { n: 4, n_kv: 2, d: 16, scale: 0.25 };
    let (t, ends) = (batch.tokens(), batch.ends());
    let varlen = Varlen { seq_ends: &ends, kv_seq_ends: None, scale: batch.scale, mask: &mask };
    let (qkv, dy) = (projection(&s, &batch, DType::F32), random(&s, &[t, 4, 16], DType::F32, 3));
    let [q, k, v] = batch.split(&qkv);
    let run = || {
        let [mut out, mut dq] = [(); 2].map(|()| filled(&s, &[t, 4, 16], DType::F32, 9.0));
        let [mut dk, mut dv] = [(); 2].map(|()| filled(&s, &[t, 2, 16], DType::F32, 9.0));
        let [mut max, mut sum] = [(); 2].map(|()| filled(&s, &[4, t, 8], DType::F32, 9.0));
        ops::flash_attention_varlen(&s, q, k, v, varlen, &mut out, &mut max, &mut sum).unwrap();
        let (dq_, dk_, dv_) = (&mut dq, &mut dk, &mut dv);
        ops::flash_attention_varlen_backward(&s, q, k, v, &dy, &out, &max, &sum, varlen, dq_, dk_, dv_).unwrap();
        [out, dq, dk, dv].map(|x| x.to_vec::<f32>(&s).unwrap())
    };
    assert_eq!(run(), run());
}
