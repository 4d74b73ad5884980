//! Attention over a paged cache and packed sequences; writes to the cache.

use ascend_rl::{Cann, Device, ErrorKind, Stream, Tensor, atb};

use super::common::{assert_close, stream, upload, values};
use super::{BF16, empty, random};

/// Attention of one query over keys and values given by index; `at(j)` is the first element of token `j`'s row of a head.
fn attend(query: &[f64], keys: &[f64], vals: &[f64], rows: impl Iterator<Item = usize> + Clone, scale: f64) -> Vec<f64> {
    let dim = query.len();
    let score = |at: usize| scale * query.iter().zip(&keys[at..at + dim]).map(|(a, b)| a * b).sum::<f64>();
    let most = rows.clone().map(score).fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = rows.clone().map(|at| (score(at) - most).exp()).sum();
    let value = |i: usize| rows.clone().map(|at| (score(at) - most).exp() / total * vals[at + i]).sum();
    (0..dim).map(value).collect()
}

#[test]
fn tokens_are_written_to_their_slots_and_attended_to() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    let (heads, kv_heads, dim, block_size, blocks) = (4, 2, 32, 16, 6);
    let tables = [[4, 1], [0, 5], [2, 3]];
    let lens = [20, 1, 32];
    let (mut keys, mut vals) =
        (random(&s, 1, &[blocks, block_size, kv_heads, dim]), random(&s, 2, &[blocks, block_size, kv_heads, dim]));
    // The last token of each sequence is written first; one more is skipped.
    let slots: Vec<i32> =
        tables.iter().zip(lens).map(|(table, len): (_, i32)| table[(len as usize - 1) / 16] * 16 + (len - 1) % 16).collect();
    let slots = [slots, vec![-1]].concat();
    let (new_keys, new_vals) = (random(&s, 3, &[4, kv_heads, dim]), random(&s, 4, &[4, kv_heads, dim]));
    let before = (values(&s, &keys), values(&s, &vals));
    let slot_mapping = Tensor::from_slice(&s, &[4], &slots).unwrap();
    let mut write = context.reshape_and_cache().unwrap();
    write.run(new_keys.view(), new_vals.view(), slot_mapping.view(), keys.view_mut(), vals.view_mut()).unwrap();
    let after = (values(&s, &keys), values(&s, &vals));
    for (before, after, new) in [(&before.0, &after.0, values(&s, &new_keys)), (&before.1, &after.1, values(&s, &new_vals))] {
        let width = kv_heads * dim;
        let mut want = before.clone();
        for (token, &slot) in slots.iter().enumerate().filter(|(_, slot)| **slot >= 0) {
            want[slot as usize * width..][..width].copy_from_slice(&new[token * width..][..width]);
        }
        assert_eq!(*after, want);
    }

    let query = random(&s, 5, &[3, heads, dim]);
    let block_table = Tensor::from_slice(&s, &[3, 2], tables.as_flattened()).unwrap();
    let mut y = empty(&s, query.shape());
    let mut op = context.paged_attention(heads, kv_heads, 0.2).unwrap();
    op.run(query.view(), keys.view(), vals.view(), block_table.view(), &lens, y.view_mut()).unwrap();
    let q = values(&s, &query);
    let want: Vec<f64> = (0..3 * heads)
        .flat_map(|row| {
            let (sequence, head) = (row / heads, row % heads);
            let kv = head / (heads / kv_heads);
            let token = |j: usize| tables[sequence][j / block_size] as usize * block_size + j % block_size;
            let rows = (0..lens[sequence] as usize).map(|j| (token(j) * kv_heads + kv) * dim);
            attend(&q[row * dim..][..dim], &after.0, &after.1, rows, 0.2)
        })
        .collect();
    assert_close(&values(&s, &y), &want, BF16.0, BF16.1);
    // Lengths are read again at every run.
    let shorter = [3, 1, 17];
    op.run(query.view(), keys.view(), vals.view(), block_table.view(), &shorter, y.view_mut()).unwrap();
    let first = attend(&q[..dim], &after.0, &after.1, (0..3).map(|j| (4 * block_size + j) * kv_heads * dim), 0.2);
    assert_close(&values(&s, &y)[..dim], &first, BF16.0, BF16.1);
}

/// A stream of a device that no other test uses: what fails there is told to whoever waits next on the device.
fn stream_to_fail(ordinal: u32) -> Stream {
    Device::open(&Cann::load().unwrap(), ordinal).unwrap().stream().unwrap()
}

#[test]
fn a_block_or_slot_that_the_cache_does_not_have_surfaces_at_the_next_wait() {
    let s = stream_to_fail(6);
    let context = atb::Context::new(&s).unwrap();
    let (cache, query) = (random(&s, 1, &[2, 16, 1, 16]), random(&s, 2, &[1, 1, 16]));
    let table = Tensor::from_slice(&s, &[1, 1], &[2]).unwrap();
    let mut y = empty(&s, query.shape());
    let mut op = context.paged_attention(1, 1, 1.0).unwrap();
    op.run(query.view(), cache.view(), cache.view(), table.view(), &[5], y.view_mut()).unwrap();
    let error = s.synchronize().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Async);
    assert!(error.to_string().contains("blockTable[0][0] is 2, the cache has 2 blocks"), "{error}");
}

/// 0 on and below the diagonal, -10000 above.
fn causal(s: &Stream) -> Tensor {
    let mask: Vec<f32> = (0..128 * 128).map(|at| if at % 128 > at / 128 { -10000.0 } else { 0.0 }).collect();
    upload(s, &[128, 128], ascend_rl::DType::BF16, &mask)
}

#[test]
fn packed_sequences_attend_to_themselves() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    let mask = causal(&s);
    let lens = [1, 150, 9];
    let tokens = 160;
    for (heads, kv_heads, dim, is_causal) in [(2, 1, 16, true), (2, 2, 48, false), (4, 2, 32, true)] {
        let (q, k, v) = (
            random(&s, 1, &[tokens, heads, dim]),
            random(&s, 2, &[tokens, kv_heads, dim]),
            random(&s, 3, &[tokens, kv_heads, dim]),
        );
        let mut y = empty(&s, q.shape());
        let mut op = context.self_attention(heads, kv_heads, 0.25, is_causal).unwrap();
        if is_causal {
            op.run_causal(q.view(), k.view(), v.view(), mask.view(), &lens, y.view_mut()).unwrap();
        } else {
            op.run(q.view(), k.view(), v.view(), &lens, y.view_mut()).unwrap();
        }
        let (qv, kv, vv) = (values(&s, &q), values(&s, &k), values(&s, &v));
        let mut want = Vec::new();
        let mut start = 0;
        for len in lens.map(|len| len as usize) {
            for i in 0..len {
                for head in 0..heads {
                    let seen = if is_causal { i + 1 } else { len };
                    let rows = (0..seen).map(|j| ((start + j) * kv_heads + head / (heads / kv_heads)) * dim);
                    want.extend(attend(&qv[((start + i) * heads + head) * dim..][..dim], &kv, &vv, rows, 0.25));
                }
            }
            start += len;
        }
        assert_close(&values(&s, &y), &want, BF16.0, BF16.1);
    }
}

#[test]
fn a_mask_that_is_not_causal_is_not_taken_for_one() {
    let s = stream_to_fail(7);
    let context = atb::Context::new(&s).unwrap();
    let (x, mask) = (random(&s, 1, &[4, 1, 16]), random(&s, 2, &[128, 128]));
    let mut y = empty(&s, x.shape());
    let mut op = context.self_attention(1, 1, 1.0, true).unwrap();
    op.run_causal(x.view(), x.view(), x.view(), mask.view(), &[4], y.view_mut()).unwrap();
    let error = s.synchronize().unwrap_err();
    assert!(error.to_string().contains("causal masks only"), "{error}");
}
