//! Attention of one new token through a block table.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::{dot, filled, random};
use ascend_rl::ops::{self, FusedInfer};
use ascend_rl::{DType, Tensor};

#[test]
fn decode_attention_through_a_block_table() {
    let s = stream();
    let lens = [1usize, 37, 64, 16, 17];
    for (n, n_kv, d, block) in [(4, 2, 16, 16), (3, 1, 48, 32), (2, 2, 32, 16), (7, 1, 16, 128)] {
        let (b, blocks, width) = (lens.len(), 24, lens.iter().max().unwrap().div_ceil(block));
        let row = n_kv * d;
        let (k, v) = (random(&s, &[blocks, block, row], DType::BF16, 1), random(&s, &[blocks, block, row], DType::BF16, 2));
        let q = upload(&s, &[b, n, d], DType::BF16, &noise(3, b * n * d).iter().map(|v| 4.0 * v).collect::<Vec<_>>());
        // Blocks in no order, each of one sequence; past a sequence's end stands a block that does not exist.
        let used = |i: usize, j: usize| j < lens[i].div_ceil(block);
        let id = |i: usize, j: usize| (i * width + j) * 7 % blocks;
        let table: Vec<i32> =
            (0..b * width).map(|at| if used(at / width, at % width) { id(at / width, at % width) as i32 } else { -1 }).collect();
        let table = Tensor::from_slice(&s, &[b, width], &table).unwrap();
        let scale = 1.0 / (d as f64).sqrt();
        let seq_lens = lens.map(|len| len as i64);
        let cache = FusedInfer {
            k_cache: k.view(),
            v_cache: v.view(),
            block_table: table.view(),
            seq_lens: &seq_lens,
            num_kv_heads: n_kv,
            scale,
        };
        let mut out = filled(&s, &[b, n, d], DType::BF16, 9.0);
        ops::fused_infer_attention_decode(&s, &q, cache, &mut out).unwrap();

        let (q, k, v) = (values(&s, &q), values(&s, &k), values(&s, &v));
        let mut want = vec![0.0; b * n * d];
        for i in 0..b {
            for head in 0..n {
                let at = |token: usize| {
                    let slot = id(i, token / block) * block + token % block;
                    slot * row + head / (n / n_kv) * d
                };
                let q = &q[(i * n + head) * d..][..d];
                let weights: Vec<f64> = (0..lens[i]).map(|t| (scale * dot(q, &k[at(t)..][..d])).exp()).collect();
                let total: f64 = weights.iter().sum();
                for (t, weight) in weights.iter().enumerate() {
                    let to = &mut want[(i * n + head) * d..][..d];
                    to.iter_mut().zip(&v[at(t)..]).for_each(|(to, v)| *to += weight / total * v);
                }
            }
        }
        // Probabilities and the result may each be rounded to bf16; values are below 1.
        assert_close(&values(&s, &out), &want, 1.0 / 128.0, 1.0 / 256.0);
    }
}
