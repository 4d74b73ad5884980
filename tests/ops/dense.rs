//! Attention over batches of equally long sequences: layouts, masks and gradients.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::{FLOATS, dot, filled, random};
use ascend_rl::ops::{self, AttentionMask, CausalMask, Dense, DenseLayout};
use ascend_rl::{DType, ErrorKind, Stream, Tensor};

const BATCH: usize = 2;
const QUERIES: usize = 5;
const KEYS: usize = 7;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const DIM: usize = 16;
const SCALE: f64 = 0.25;
const LAYOUTS: [DenseLayout; 4] = [DenseLayout::Bsh, DenseLayout::Sbh, DenseLayout::Bsnd, DenseLayout::Bnsd];

fn shape(layout: DenseLayout, seq: usize, heads: usize) -> Vec<usize> {
    match layout {
        DenseLayout::Bsh => vec![BATCH, seq, heads * DIM],
        DenseLayout::Sbh => vec![seq, BATCH, heads * DIM],
        DenseLayout::Bsnd => vec![BATCH, seq, heads, DIM],
        DenseLayout::Bnsd => vec![BATCH, heads, seq, DIM],
    }
}

/// Where the first element of a head of a position is.
fn at(layout: DenseLayout, seq: usize, heads: usize, [b, i, n]: [usize; 3]) -> usize {
    match layout {
        DenseLayout::Bsh | DenseLayout::Bsnd => ((b * seq + i) * heads + n) * DIM,
        DenseLayout::Sbh => ((i * BATCH + b) * heads + n) * DIM,
        DenseLayout::Bnsd => ((b * heads + n) * seq + i) * DIM,
    }
}

/// out, dq, dk and dv, told from the definition; `hidden(i, j)` where query i does not see key j.
fn reference(layout: DenseLayout, [q, k, v, dy]: [&[f64]; 4], hidden: impl Fn(usize, usize) -> bool) -> [Vec<f64>; 4] {
    let mut want = [q, q, k, v].map(|x| vec![0.0; x.len()]);
    for (b, n, i) in (0..BATCH).flat_map(|b| (0..HEADS).flat_map(move |n| (0..QUERIES).map(move |i| (b, n, i)))) {
        let to = at(layout, QUERIES, HEADS, [b, i, n]);
        let kv = |j: usize| at(layout, KEYS, KV_HEADS, [b, j, n / (HEADS / KV_HEADS)]);
        let score = |j: usize| if hidden(i, j) { 0.0 } else { (SCALE * dot(&q[to..to + DIM], &k[kv(j)..kv(j) + DIM])).exp() };
        let scores: Vec<f64> = (0..KEYS).map(score).collect();
        let total: f64 = scores.iter().sum();
        let p: Vec<f64> = scores.iter().map(|s| s / total).collect();
        let dp: Vec<f64> = (0..KEYS).map(|j| dot(&dy[to..to + DIM], &v[kv(j)..kv(j) + DIM])).collect();
        let mean = dot(&p, &dp);
        for j in 0..KEYS {
            let ds = SCALE * p[j] * (dp[j] - mean);
            for x in 0..DIM {
                want[0][to + x] += p[j] * v[kv(j) + x];
                want[1][to + x] += ds * k[kv(j) + x];
                want[2][kv(j) + x] += ds * q[to + x];
                want[3][kv(j) + x] += p[j] * dy[to + x];
            }
        }
    }
    want
}

/// Forward and backward of one batch against the reference.
fn check(s: &Stream, layout: DenseLayout, dtype: DType, mask: AttentionMask<'_>, hidden: impl Fn(usize, usize) -> bool) {
    let batch = Dense { layout, heads: HEADS, scale: SCALE, mask };
    let (of_q, of_k) = (shape(layout, QUERIES, HEADS), shape(layout, KEYS, KV_HEADS));
    let large: Vec<f32> = noise(1, of_q.iter().product()).iter().map(|v| 3.0 * v).collect();
    let q = upload(s, &of_q, dtype, &large);
    let (k, v, dy) = (random(s, &of_k, dtype, 2), random(s, &of_k, dtype, 3), random(s, &of_q, dtype, 4));
    let [mut out, mut dq] = [(); 2].map(|()| filled(s, &of_q, dtype, 9.0));
    let [mut dk, mut dv] = [(); 2].map(|()| filled(s, &of_k, dtype, 9.0));
    let [mut max, mut sum] = [(); 2].map(|()| filled(s, &[BATCH, HEADS, QUERIES, 8], DType::F32, 9.0));
    ops::flash_attention(s, &q, &k, &v, batch, &mut out, &mut max, &mut sum).unwrap();
    ops::flash_attention_backward(s, &q, &k, &v, &dy, &out, &max, &sum, batch, &mut dq, &mut dk, &mut dv).unwrap();
    let host = [&q, &k, &v, &dy].map(|x| values(s, x));
    let want = reference(layout, [&host[0], &host[1], &host[2], &host[3]], hidden);
    // Sums over a few keys in f32; in bf16 the result, and the output that gradients start from, are rounded.
    let relative = if dtype == DType::F32 { 1e-5 } else { 1.0 / 128.0 };
    for (got, want) in [out, dq, dk, dv].iter().zip(&want) {
        let largest = want.iter().fold(0.0f64, |most, v| v.abs().max(most));
        assert_close(&values(s, got), want, relative, largest * relative);
    }
}

#[test]
fn every_layout_under_every_mask() {
    let s = stream();
    let causal = CausalMask::new(&s).unwrap();
    // Each query keeps some key.
    let hide = |i: usize, j: usize| (i + 2 * j).is_multiple_of(3);
    let bytes: Vec<u8> = (0..QUERIES * KEYS).map(|at| hide(at / KEYS, at % KEYS) as u8).collect();
    let mut full = Tensor::empty(&s, &[QUERIES, KEYS], DType::Bool).unwrap();
    full.write(&s, &bytes).unwrap();
    for dtype in FLOATS {
        for layout in LAYOUTS {
            check(&s, layout, dtype, AttentionMask::None, |_, _| false);
            check(&s, layout, dtype, AttentionMask::Causal(&causal), |i, j| j > i + KEYS - QUERIES);
            check(&s, layout, dtype, AttentionMask::Hidden(full.view()), hide);
            let one_for_all = full.view().reshape(&[1, 1, QUERIES, KEYS]).unwrap();
            check(&s, layout, dtype, AttentionMask::Hidden(one_for_all), hide);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let s = stream();
    let any = |shape: &[usize], dtype| Tensor::zeros(&s, shape, dtype).unwrap();
    let causal = CausalMask::new(&s).unwrap();
    let good = Dense { layout: DenseLayout::Bsnd, heads: 4, scale: 1.0, mask: AttentionMask::None };
    let f32s = |shape: &[usize]| any(shape, DType::F32);
    let (q, k, stats) = (f32s(&[2, 5, 4, 16]), f32s(&[2, 7, 2, 16]), [2, 4, 5, 8]);
    let refused = |batch: Dense<'_>, q: &Tensor, k: &Tensor, stats: &[usize], text: &str| {
        let (mut out, mut max, mut sum) = (f32s(q.shape()), f32s(stats), f32s(stats));
        let error = ops::flash_attention(&s, q, k, k, batch, &mut out, &mut max, &mut sum).unwrap_err();
        assert_eq!(error.to_string(), format!("flash_attention: {text}"));
        assert!(matches!(error.kind(), ErrorKind::Shape | ErrorKind::DType));
    };
    refused(Dense { layout: DenseLayout::Bsh, ..good }, &q, &k, &stats, "q is [2, 5, 4, 16], [b, s, n * d] is needed");
    refused(Dense { heads: 5, ..good }, &q, &k, &stats, "q is [2, 5, 4, 16], [b, s, n, d] with n = 5 is needed");
    refused(good, &q, &f32s(&[3, 7, 2, 16]), &stats, "k is [3, 7, 2, 16], [2, 7, 2, 16] is needed");
    refused(good, &q, &f32s(&[2, 7, 3, 16]), &stats, "4 query heads over 3 kv heads");
    refused(good, &q, &any(&[2, 7, 2, 16], DType::BF16), &stats, "k is bf16, f32 is needed");
    refused(good, &q, &k, &[4, 10, 8], "softmax_max is [4, 10, 8], [2, 4, 5, 8] is needed");
    let mask = AttentionMask::Causal(&causal);
    let text = "5 queries over 3 keys, a causal mask needs as many keys or more";
    refused(Dense { mask, ..good }, &q, &f32s(&[2, 3, 2, 16]), &stats, text);
    let wrong = any(&[7, 5], DType::Bool);
    let text = "mask is [7, 5], [5, 7] or [2 or 1, 4 or 1, 5, 7] is needed";
    refused(Dense { mask: AttentionMask::Hidden(wrong.view()), ..good }, &q, &k, &stats, text);
}

#[test]
fn tensors_of_another_stream_are_refused() {
    let batch = Dense { layout: DenseLayout::Bsnd, heads: 2, scale: 1.0, mask: AttentionMask::None };
    let of = |name| (name, &[1, 3, 2, 16][..], DType::F32);
    let stat = |name| (name, &[1, 2, 3, 8][..], DType::F32);
    let arguments = [of("q"), of("k"), of("v"), of("out"), stat("softmax_max"), stat("softmax_sum")];
    crate::wrong_stream::each_is_checked("flash_attention", &arguments, |s, tensors| {
        let [q, k, v, out, max, sum] = tensors else { unreachable!() };
        ops::flash_attention(s, &*q, &*k, &*v, batch, out, max, sum)
    });
}
