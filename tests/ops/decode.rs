//! Attention of one new token through a block table.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::wrong_stream::{Argument, each_is_checked};
use crate::{dot, filled, random};
use ascend_rl::ops::{self, CacheFactors, FactorsOf, FusedInfer};
use ascend_rl::{DType, ErrorKind, Tensor};
use half::bf16;

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

/// Integers by every kind of factor, against attention over the floats that they stand for.
#[test]
fn decode_attention_over_caches_of_int8() {
    let s = stream();
    let (b, n, n_kv, d, block, width) = (3usize, 4, 2, 32, 32, 3);
    let (row, room, blocks) = (n_kv * d, block * width, b * width);
    let lens = [1i64, 40, 96];
    let ints = |step: usize| -> Vec<i8> { (0..blocks * block * row).map(|i| (i * step % 251) as u8 as i8).collect() };
    let (k, v) = (ints(37), ints(59));
    // Backwards.
    let table: Vec<i32> = (0..blocks as i32).rev().collect();
    let upload_ints = |values: &[i8]| Tensor::from_slice(&s, &[blocks, block, row], values).unwrap();
    let (k_cache, v_cache) = (upload_ints(&k), upload_ints(&v));
    let block_table = Tensor::from_slice(&s, &[b, width], &table).unwrap();
    let q = random(&s, &[b, n, d], DType::BF16, 3);
    let scale = 1.0 / (d as f64).sqrt();
    let cache = FusedInfer {
        k_cache: k_cache.view(),
        v_cache: v_cache.view(),
        block_table: block_table.view(),
        seq_lens: &lens,
        num_kv_heads: n_kv,
        scale,
    };
    for (of, shape) in [
        (FactorsOf::All, vec![1]),
        (FactorsOf::Columns, vec![n_kv, d]),
        (FactorsOf::Heads, vec![n_kv]),
        (FactorsOf::Tokens, vec![b, room]),
        (FactorsOf::Tokens, vec![b, room + 7]),
    ] {
        let dtype = if of == FactorsOf::Tokens { DType::F32 } else { DType::BF16 };
        let count = shape.iter().product();
        let scales = |seed| upload(&s, &shape, dtype, &noise(seed, count).iter().map(|v| 0.02 + 0.01 * v).collect::<Vec<_>>());
        let offsets = |seed| upload(&s, &shape, dtype, &noise(seed, count).iter().map(|v| (9.0 * v).floor()).collect::<Vec<_>>());
        let (k_scale, v_scale, k_offset, v_offset) = (scales(4), scales(5), offsets(6), offsets(7));
        for with in [false, true] {
            let given = with.then(|| [k_offset.view(), v_offset.view()]);
            let factors = CacheFactors { of, k_scale: k_scale.view(), v_scale: v_scale.view(), offsets: given };
            let mut out = filled(&s, &[b, n, d], DType::BF16, 9.0);
            ops::fused_infer_attention_decode_int8(&s, &q, cache, factors, &mut out).unwrap();
            let q = values(&s, &q);
            let host = [&k_scale, &k_offset, &v_scale, &v_offset].map(|x| values(&s, x));
            let float = |ints: &[i8], scale: &[f64], offset: &[f64], i: usize, token: usize, column: usize| {
                let at = match of {
                    FactorsOf::All => 0,
                    FactorsOf::Columns => column,
                    FactorsOf::Heads => column / d,
                    FactorsOf::Tokens => i * shape[1] + token,
                };
                let slot = table[i * width + token / block] as usize * block + token % block;
                let offset = if with { offset[at] } else { 0.0 };
                bf16::from_f64((ints[slot * row + column] as f64 + offset) * scale[at]).to_f64()
            };
            let mut want = vec![0.0; b * n * d];
            for (i, head) in (0..b).flat_map(|i| (0..n).map(move |head| (i, head))) {
                let first = head / (n / n_kv) * d;
                let key = |t: usize| (0..d).map(|x| float(&k, &host[0], &host[1], i, t, first + x)).collect::<Vec<_>>();
                let query = &q[(i * n + head) * d..][..d];
                let scores: Vec<f64> = (0..lens[i] as usize).map(|t| scale * dot(query, &key(t))).collect();
                let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = scores.iter().map(|score| (score - top).exp()).sum();
                for (t, score) in scores.iter().enumerate() {
                    let weight = (score - top).exp() / total;
                    for x in 0..d {
                        want[(i * n + head) * d + x] += weight * float(&v, &host[2], &host[3], i, t, first + x);
                    }
                }
            }
            // The result is rounded to bf16, and so may probabilities be; values are below 4. Where a float lies between two
            // halves, f32 there and f64 here may take one each.
            assert_close(&values(&s, &out), &want, 1.0 / 128.0, 1.0 / 64.0);
        }
    }
}

#[test]
fn factors_that_do_not_fit_are_refused() {
    let s = stream();
    let zeros = |shape: &[usize], dtype| Tensor::zeros(&s, shape, dtype).unwrap();
    let refused = |q: &[usize], block: usize, cache: DType, of: FactorsOf, scales: [&Tensor; 2], kind: ErrorKind, text: &str| {
        let (q, table) = (zeros(q, DType::BF16), zeros(&[1, 2], DType::I32));
        let pages = zeros(&[2, block, 2 * q.shape()[2]], cache);
        let cache = FusedInfer {
            k_cache: pages.view(),
            v_cache: pages.view(),
            block_table: table.view(),
            seq_lens: &[3],
            num_kv_heads: 2,
            scale: 1.0,
        };
        let factors = CacheFactors { of, k_scale: scales[0].view(), v_scale: scales[1].view(), offsets: None };
        let mut out = zeros(q.shape(), DType::BF16);
        let error = ops::fused_infer_attention_decode_int8(&s, &q, cache, factors, &mut out).unwrap_err();
        let text = format!("fused_infer_attention_decode_int8: {text}");
        assert_eq!((error.kind(), error.to_string(), error.call()), (kind, text, None));
    };
    use ErrorKind::{DType as BadDType, Shape};
    let (one, two, f32s) = (zeros(&[1], DType::BF16), zeros(&[2], DType::BF16), zeros(&[1, 64], DType::F32));
    let (good, all) = ([1, 4, 32], FactorsOf::All);
    refused(&good, 32, DType::BF16, all, [&one; 2], BadDType, "k_cache is bf16, i8 is needed");
    refused(&good, 16, DType::I8, all, [&one; 2], Shape, "block_size is 16, a multiple of 32 up to 512 is needed");
    refused(&[1, 4, 48], 32, DType::I8, all, [&one; 2], Shape, "q has heads of 48, a multiple of 32 is needed");
    refused(&good, 32, DType::I8, all, [&one, &two], Shape, "v_scale is [2], [1] is needed");
    refused(&good, 32, DType::I8, FactorsOf::Columns, [&two; 2], Shape, "k_scale is [2], [2, 32] is needed");
    refused(&good, 32, DType::I8, FactorsOf::Tokens, [&one; 2], BadDType, "k_scale is bf16, f32 is needed");
    let short = zeros(&[1, 63], DType::F32);
    refused(&good, 32, DType::I8, FactorsOf::Tokens, [&short, &f32s], Shape, "k_scale is [1, 63], [1, 64] is needed");
    refused(&good, 32, DType::I8, FactorsOf::Heads, [&f32s; 2], BadDType, "k_scale is f32, bf16 is needed");
}

#[test]
fn factors_are_at_home() {
    let factor = |name| -> Argument { (name, &[1], DType::BF16) };
    let page = |name| -> Argument { (name, &[1, 32, 32], DType::I8) };
    let (q, out): (Argument, Argument) = (("q", &[1, 1, 32], DType::BF16), ("out", &[1, 1, 32], DType::BF16));
    let table: Argument = ("block_table", &[1, 1], DType::I32);
    let factors = [factor("k_scale"), factor("v_scale"), factor("the keys' offset"), factor("the values' offset")];
    let all: Vec<Argument> = [q, page("k_cache"), page("v_cache"), table].into_iter().chain(factors).chain([out]).collect();
    each_is_checked("fused_infer_attention_decode_int8", &all, |s, tensors| {
        let [q, k, v, table, k_scale, v_scale, k_offset, v_offset, out] = tensors else { unreachable!() };
        let cache = FusedInfer {
            k_cache: k.view(),
            v_cache: v.view(),
            block_table: table.view(),
            seq_lens: &[1],
            num_kv_heads: 1,
            scale: 1.0,
        };
        let offsets = Some([k_offset.view(), v_offset.view()]);
        let factors = CacheFactors { of: FactorsOf::All, k_scale: k_scale.view(), v_scale: v_scale.view(), offsets };
        ops::fused_infer_attention_decode_int8(s, &*q, cache, factors, out)
    });
}
