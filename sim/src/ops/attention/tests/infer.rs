//! The inference operator: values over layouts, caches and lengths.

use std::ptr::{null, null_mut};

use ascend_rl_sys::types::*;

use super::super::*;
use super::{Text, causal_mask, ends, on_all_paths, sees, softmax};
use crate::nn;
use crate::ops::testing::{Array, Ints, assert_close, noise, run};
use crate::reject::Outcome;

/// How the keys lie.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Cache {
    /// `[blocks, size, Nkv*D]`.
    ByToken(usize),
    /// `[blocks, Nkv, size, D]`.
    ByHead(usize),
    /// As the query, without a table.
    Plain,
}

/// One call, with all that a test may want to get wrong.
pub(super) struct Case {
    pub dtype: aclDataType,
    pub layout: &'static str,
    /// `(queries, keys)` of each sequence.
    pub seqs: Vec<(usize, usize)>,
    pub heads: usize,
    pub kv_heads: usize,
    pub dim: usize,
    pub mode: i64,
    pub cache: Cache,
    pub lse: bool,
    pub table_edit: fn(&mut Vec<f64>),
    pub kv_lengths: Option<Vec<i64>>,
    pub inner_precise: i64,
    pub antiquant_mode: i64,
    pub pre_tokens: i64,
    pub key_heads: i64,
    pub with_shift: bool,
    pub with_mask: Option<bool>,
    pub q_lengths: Option<Vec<i64>>,
}

impl Case {
    pub(super) fn decode(heads: usize, kv_heads: usize, dim: usize, cache: Cache, keys: &[usize]) -> Case {
        Case {
            dtype: ACL_BF16,
            layout: "TND",
            seqs: keys.iter().map(|&k| (1, k)).collect(),
            heads,
            kv_heads,
            dim,
            mode: 0,
            cache,
            lse: true,
            table_edit: |_| {},
            kv_lengths: None,
            inner_precise: 0,
            antiquant_mode: 0,
            pre_tokens: i32::MAX as i64,
            key_heads: kv_heads as i64,
            with_shift: false,
            with_mask: None,
            q_lengths: None,
        }
    }
}

/// A tensor list that owns its tensors' descriptors, and the memory under it.
struct List {
    handle: *mut aclTensorList,
    _memory: Vec<u16>,
}

impl List {
    fn new(dtype: aclDataType, dims: &[i64], values: &[f64]) -> List {
        let narrow = |&x: &f64| match dtype {
            ACL_BF16 => half::bf16::from_f64(x).to_bits(),
            _ => half::f16::from_f64(x).to_bits(),
        };
        // Room for the widest dtype that a refusal is tested with.
        let mut memory: Vec<u16> = values.iter().map(narrow).chain(std::iter::repeat_n(0, values.len() + 1)).collect();
        let storage: i64 = dims.iter().product();
        let (at, rank) = (dims.as_ptr(), dims.len() as u64);
        let tensor = nn::aclCreateTensor(at, rank, dtype, null(), 0, ACL_FORMAT_ND, &storage, 1, memory.as_mut_ptr().cast());
        let tensor = tensor.expect("a tensor").cast_const();
        List { handle: nn::aclCreateTensorList(&tensor, 1).expect("a list"), _memory: memory }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        nn::aclDestroyTensorList(self.handle).expect("a live list");
    }
}

/// Dims and entries of a block table.
type Table = (Vec<i64>, Vec<f64>);

/// What a call gave, and what the definition gives.
pub(super) struct Answer {
    got: (Vec<f64>, Vec<f64>),
    want: (Vec<f64>, Vec<f64>),
}

impl Case {
    fn q_dims(&self) -> Vec<i64> {
        let (tokens, batch) = (self.seqs.iter().map(|s| s.0).sum::<usize>() as i64, self.seqs.len() as i64);
        let (n, d) = (self.heads as i64, self.dim as i64);
        match self.layout {
            "BSH" => vec![batch, tokens / batch, n * d],
            "TND" => vec![tokens, n, d],
            _ => vec![batch, tokens / batch, n, d],
        }
    }

    /// The keys or values that all sequences see, `[sequence][token][Nkv*D]`, as the dtype rounds them.
    fn rows(&self, seed: u64) -> Vec<Vec<f64>> {
        let mut noise = noise(seed);
        let round =
            |x: f64| if self.dtype == ACL_BF16 { half::bf16::from_f64(x).to_f64() } else { half::f16::from_f64(x).to_f64() };
        let width = self.kv_heads * self.dim;
        self.seqs.iter().map(|s| (0..s.1 * width).map(|_| round(noise.next().expect("endless"))).collect()).collect()
    }

    /// A cache that holds `rows` in blocks in a scattered order, and the table that finds them.
    fn cache(&self, rows: &[Vec<f64>]) -> (Vec<i64>, Vec<f64>, Option<Table>) {
        let (kn, d) = (self.kv_heads, self.dim);
        let (size, by_head) = match self.cache {
            Cache::Plain => {
                let longest = self.seqs.iter().map(|s| s.1).max().unwrap_or(0);
                if self.layout == "TND" {
                    let tokens = self.seqs.iter().map(|s| s.1).sum::<usize>() as i64;
                    return (vec![tokens, kn as i64, d as i64], rows.concat(), None);
                }
                let mut values = vec![f64::NAN; self.seqs.len() * longest * kn * d];
                for (b, rows) in rows.iter().enumerate() {
                    values[b * longest * kn * d..][..rows.len()].copy_from_slice(rows);
                }
                let mut dims = vec![self.seqs.len() as i64, longest as i64];
                dims.extend(if self.layout == "BSH" { vec![(kn * d) as i64] } else { vec![kn as i64, d as i64] });
                return (dims, values, None);
            }
            Cache::ByToken(size) => (size, false),
            Cache::ByHead(size) => (size, true),
        };
        let width = self.seqs.iter().map(|s| s.1.div_ceil(size)).max().unwrap_or(0).max(1);
        let used: usize = self.seqs.iter().map(|s| s.1.div_ceil(size)).sum();
        let blocks = used + 2;
        // Blocks are handed out backwards; those of nobody hold NaN, and table entries beyond a sequence are no blocks.
        let mut values = vec![f64::NAN; blocks * size * kn * d];
        let mut table = vec![-1.0; self.seqs.len() * width];
        let mut next = blocks - 1;
        for (b, rows) in rows.iter().enumerate() {
            for (j, row) in rows.chunks(kn * d).enumerate() {
                if j % size == 0 {
                    table[b * width + j / size] = next as f64;
                    next -= 1;
                }
                let block = table[b * width + j / size] as usize;
                for (h, head) in row.chunks(d).enumerate() {
                    let slot = if by_head { (h * size + j % size) * d } else { (j % size * kn + h) * d };
                    values[block * size * kn * d + slot..][..d].copy_from_slice(head);
                }
            }
        }
        let dims = if by_head { vec![blocks, kn, size, d] } else { vec![blocks, size, kn * d] };
        (dims.iter().map(|&n| n as i64).collect(), values, Some((vec![self.seqs.len() as i64, width as i64], table)))
    }

    pub(super) fn call(&self) -> Result<Answer, crate::reject::Reject> {
        let q_dims = self.q_dims();
        let q = Array::new(self.dtype, &q_dims, noise(5).map(|x| 3.0 * x));
        let out = Array::out(self.dtype, &q_dims);
        let (n, tokens) = (self.heads as i64, self.seqs.iter().map(|s| s.0).sum::<usize>() as i64);
        let batch = self.seqs.len() as i64;
        let lse_dims = if self.layout == "TND" { vec![tokens, n, 1] } else { vec![batch, n, tokens / batch, 1] };
        let lse = Array::out(ACL_FLOAT, &lse_dims);
        let (k_rows, v_rows) = (self.rows(6), self.rows(7));
        let (kv_dims, k, table) = self.cache(&k_rows);
        let v = self.cache(&v_rows).1;
        let (key, value) = (List::new(self.dtype, &kv_dims, &k), List::new(self.dtype, &kv_dims, &v));
        let table = table.map(|(dims, mut values)| {
            (self.table_edit)(&mut values);
            Array::new(ACL_INT32, &dims, values)
        });
        let q_ends = match (&self.q_lengths, self.layout) {
            (Some(lengths), _) => Some(Ints::new(lengths)),
            (None, "TND") => Some(Ints::new(&ends(self.seqs.iter().map(|s| s.0)))),
            _ => None,
        };
        let packed = self.cache == Cache::Plain && self.layout == "TND";
        let lengths = if packed { ends(self.seqs.iter().map(|s| s.1)) } else { self.seqs.iter().map(|s| s.1 as i64).collect() };
        let kv_lengths = Ints::new(self.kv_lengths.as_ref().unwrap_or(&lengths));
        let kv_lengths = if self.kv_lengths.as_ref().is_some_and(Vec::is_empty) { null_mut() } else { kv_lengths.0 };
        let mask = self.with_mask.unwrap_or(self.mode != 0).then(|| causal_mask(ACL_INT8));
        let shift = self.with_shift.then(|| Array::new(self.dtype, &[1], [0.0]));
        let layout = Text::new(self.layout);
        let block_size = match self.cache {
            Cache::ByToken(size) | Cache::ByHead(size) => size as i64,
            Cache::Plain => 0,
        };
        let handle = |t: &Option<Array>| t.as_ref().map_or(null(), |t| t.handle().cast_const());
        let outcome: Outcome = run(|ws, executor| {
            aclnnFusedInferAttentionScoreV2GetWorkspaceSize(
                q.handle(),
                key.handle,
                value.handle,
                handle(&shift),
                mask.as_ref().map_or(null(), |m| m.handle().cast_const()),
                q_ends.as_ref().map_or(null_mut(), |e| e.0),
                kv_lengths,
                null(),
                null(),
                null(),
                null(),
                null(),
                null(),
                null(),
                handle(&table),
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
                1.0 / (self.dim as f64).sqrt(),
                self.pre_tokens,
                i32::MAX as i64,
                layout.pointer(),
                self.key_heads,
                self.mode,
                self.inner_precise,
                block_size,
                self.antiquant_mode,
                self.lse,
                0,
                0,
                out.handle(),
                if self.lse { lse.handle() } else { null_mut() },
                ws,
                executor,
            )
        });
        outcome.map(|()| Answer { got: (out.values(), lse.values()), want: self.reference(&q.values(), &k_rows, &v_rows) })
    }

    fn reference(&self, q: &[f64], k: &[Vec<f64>], v: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
        let (n, kn, d) = (self.heads, self.kv_heads, self.dim);
        let (mut out, mut lse) = (vec![0.0; q.len()], vec![7.0; q.len() / d]);
        let mut start = 0;
        for (b, &(q_len, kv_len)) in self.seqs.iter().enumerate() {
            for i in 0..q_len {
                for head in 0..n {
                    let row = |x: &'_ [Vec<f64>], j: usize, e: usize| x[b][(j * kn + head / (n / kn)) * d + e];
                    let at = ((start + i) * n + head) * d;
                    let score = |j: usize| (0..d).map(|e| q[at + e] * row(k, j, e)).sum::<f64>() / (d as f64).sqrt();
                    let scores: Vec<_> = (0..kv_len).map(|j| sees(self.mode, i, j, q_len, kv_len).then(|| score(j))).collect();
                    let (p, max, sum) = softmax(&scores);
                    for e in 0..d {
                        out[at + e] = (0..kv_len).map(|j| p[j] * row(v, j, e)).sum();
                    }
                    let place = if self.layout == "TND" { (start + i) * n + head } else { start * n + head * q_len + i };
                    if self.lse {
                        lse[place] = if kv_len == 0 { f64::INFINITY } else { max + sum.ln() };
                    }
                }
            }
            start += q_len;
        }
        (out, lse)
    }

    /// Outputs of 16 bits err by half a unit of their last place; all before is f32.
    fn check(&self) {
        let answer = self.call().expect("accepted");
        let relative = if self.dtype == ACL_BF16 { 1.0 / 256.0 } else { 1.0 / 1024.0 };
        assert_close(&answer.got.0, &answer.want.0, relative, 1e-5);
        assert_close(&answer.got.1, &answer.want.1, 1e-5, 1e-5);
    }
}

const KEYS: &[usize] = &[1, 15, 16, 17, 0, 100];

#[test]
fn decode_over_both_caches_and_head_shapes() {
    for (heads, kv_heads) in [(2, 2), (4, 2), (3, 1), (8, 1), (14, 2)] {
        for dim in [16, 48, 128] {
            Case::decode(heads, kv_heads, dim, Cache::ByToken(16), KEYS).check();
            Case::decode(heads, kv_heads, dim, Cache::ByHead(48), KEYS).check();
        }
    }
}

#[test]
fn decode_in_f16_and_on_every_path() {
    on_all_paths(|| {
        for dtype in [ACL_BF16, ACL_FLOAT16] {
            for dim in [32, 80] {
                Case { dtype, ..Case::decode(7, 1, dim, Cache::ByToken(128), &[5, 300]) }.check();
            }
        }
    });
}

#[test]
fn long_sequences_are_split_and_merged() {
    Case::decode(4, 2, 64, Cache::ByToken(128), &[256, 257, 3, 1100]).check();
}

#[test]
fn batch_layouts_with_one_and_with_several_queries() {
    for layout in ["BSH", "BSND"] {
        for cache in [Cache::ByToken(128), Cache::Plain] {
            Case { layout, ..Case::decode(4, 2, 32, cache, &[40, 7, 129]) }.check();
            let seqs = vec![(5, 40), (5, 5), (5, 131)];
            for mode in [0, 3] {
                Case { layout, mode, seqs: seqs.clone(), ..Case::decode(4, 2, 32, cache, &[]) }.check();
            }
        }
    }
}

#[test]
fn packed_prefill_mixed_with_decode() {
    for cache in [Cache::ByToken(128), Cache::ByHead(128), Cache::Plain] {
        for dtype in [ACL_BF16, ACL_FLOAT16] {
            let seqs = vec![(20, 20), (1, 70), (0, 9), (33, 150), (1, 1)];
            Case { dtype, mode: 3, seqs, ..Case::decode(8, 2, 64, cache, &[]) }.check();
        }
    }
}

#[test]
fn one_key_length_stands_for_all_and_the_lse_is_optional() {
    let same = Case { kv_lengths: Some(vec![20]), layout: "BSND", ..Case::decode(2, 1, 16, Cache::ByToken(16), &[20, 20, 20]) };
    same.check();
    Case { lse: false, ..same }.check();
    Case { key_heads: 0, inner_precise: 1, ..Case::decode(2, 2, 16, Cache::ByToken(16), &[20]) }.check();
}
