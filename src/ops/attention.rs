//! Attention: training over packed sequences, forward and backward, and inference over a paged cache. With sinks, training is
//! [`flash_attention_varlen_with_sinks`](super::flash_attention_varlen_with_sinks)'s.
//!
//! # Not covered
//! Sinks of inference; several queries a sequence over int8 caches. CANN forbids these over a paged cache with factors of keys and
//! values apart, which the decode here has: with `keyAntiquantScale`, `valueAntiquantScale` and more than one query it takes no
//! PagedAttention, says the documentation of `aclnnFusedInferAttentionScoreV4` (up to 16 in bf16 it takes over keys and values that
//! lie in one piece, which no cache here does). With factors of both in one tensor (`antiquantScale`) its tiling takes f16 queries
//! in BSH or BSND, a factor for each element of a head, high performance and sparse mode 3; or packed queries and factors in f32.
//! Neither is documented, and the simulator has neither.

use std::ffi::CStr;

use super::call::{IntArray, NoArray, NoTensor};
use super::check::{self, FLOATS};
use super::elementwise::{cast, fill};
use crate::acl::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, DescList, Tensor, View, ViewMut};

pub(super) const TND: &CStr = c"TND";
const BSND: &CStr = c"BSND";
/// CANN's "right-down causal": query i of a sequence sees keys up to `i + kv_len - q_len`.
pub(super) const RIGHT_DOWN_CAUSAL: i64 = 3;
/// "No limit" for `preTokens` and `nextTokens`.
pub(super) const UNLIMITED: i64 = i32::MAX as i64;
/// The compressed mask of the causal sparse modes has this many rows and columns, whatever the lengths.
const MASK: usize = 2048;

/// The compressed causal mask that CANN's sparse modes 2, 3 and 4 take: `bool [2048, 2048]`, 1 above the diagonal
/// (= masked out). Made once; it serves all lengths.
pub struct CausalMask(pub(super) Tensor);

impl CausalMask {
    /// Fills 4 MiB on the device.
    ///
    /// Order: enqueues. Errors: `OutOfMemory`.
    /// CANN: `aclnnInplaceFillScalar`, `aclnnTriu` (8.1).
    pub fn new(s: &Stream) -> Result<CausalMask> {
        let mut ones = Tensor::empty(s, &[MASK, MASK], DType::U8)?;
        fill(s, &mut ones, 1.0)?;
        let mut upper = Tensor::empty(s, &[MASK, MASK], DType::U8)?;
        super::elementwise::triu(s, &ones, 1, &mut upper)?;
        let mut mask = Tensor::empty(s, &[MASK, MASK], DType::Bool)?;
        cast(s, &upper, &mut mask)?;
        Ok(CausalMask(mask))
    }
}

/// How packed sequences lie in a batch, and how scores are scaled.
#[derive(Clone, Copy)]
pub struct Varlen<'a> {
    /// Cumulative ends of the queries' sequences: `[2, 4, 8]` are lengths 2, 2, 4. The last is the number of tokens.
    pub seq_ends: &'a [i64],
    /// Those of the keys and values where they are others than the queries': as many, none shorter. A sequence's last query
    /// sees all its keys, the one before it all but the last, and so on.
    pub kv_seq_ends: Option<&'a [i64]>,
    /// Factor of the scores, `1 / sqrt(head_dim)`.
    pub scale: f64,
    /// Every sequence is causal.
    pub mask: &'a CausalMask,
}

impl<'a> Varlen<'a> {
    pub(super) fn kv_ends(&self) -> &'a [i64] {
        self.kv_seq_ends.unwrap_or(self.seq_ends)
    }
}

pub(super) struct Heads {
    pub tokens: usize,
    pub heads: usize,
}

pub(super) fn qkv(op: &str, q: &View<'_>, k: &View<'_>, v: &View<'_>, batch: &Varlen<'_>) -> Result<Heads> {
    check::dtype(op, "q", q.dtype(), FLOATS)?;
    for (arg, view) in [("q", q), ("k", k), ("v", v)] {
        check::rank(op, arg, view.shape(), 3, "[tokens, heads, head_dim]")?;
        check::dtype(op, arg, view.dtype(), &[q.dtype()])?;
    }
    let (tokens, heads, head_dim) = (q.shape()[0], q.shape()[1], q.shape()[2]);
    let (kv_tokens, kv_heads) = (if batch.kv_seq_ends.is_some() { k.shape()[0] } else { tokens }, k.shape()[1]);
    check::shape(op, "k", k.shape(), &[kv_tokens, kv_heads, head_dim])?;
    check::shape(op, "v", v.shape(), k.shape())?;
    check::that(kv_heads > 0 && heads % kv_heads == 0, op, || format!("{heads} query heads over {kv_heads} kv heads"))?;
    ends(op, "seq_ends", batch.seq_ends, ("q", tokens))?;
    if let Some(kv_ends) = batch.kv_seq_ends {
        ends(op, "kv_seq_ends", kv_ends, ("k", kv_tokens))?;
        let (have, need) = (kv_ends.len(), batch.seq_ends.len());
        check::that(have == need, op, || format!("kv_seq_ends has {have} ends, the {need} of seq_ends are needed"))?;
        let lengths = |ends: &'_ [i64], i: usize| ends[i] - if i == 0 { 0 } else { ends[i - 1] };
        for i in 0..need {
            let (keys, queries) = (lengths(kv_ends, i), lengths(batch.seq_ends, i));
            check::that(keys >= queries, op, || format!("sequence {i} has {keys} keys, its {queries} queries need one each"))?;
        }
    }
    Ok(Heads { tokens, heads })
}

/// Whether cumulative ends ascend to all of the tokens.
fn ends(op: &str, arg: &str, ends: &[i64], (of, tokens): (&str, usize)) -> Result<()> {
    let mut last = 0;
    for (i, &end) in ends.iter().enumerate() {
        check::that(end >= last, op, || format!("{arg}[{i}] is {end}, {last} or more is needed"))?;
        last = end;
    }
    check::that(last == tokens as i64, op, || format!("{arg} end at {last}, the {tokens} tokens of {of} are needed"))
}

impl Heads {
    /// The shape of the softmax statistics.
    pub fn statistics(&self) -> [usize; 3] {
        [self.heads, self.tokens, 8]
    }
}

/// What every forward gives: an output as the query, and the softmax' maximum and sum in f32 of the shape `stats`.
pub(super) fn check_results(
    op: &str,
    q: &View<'_>,
    out: &ViewMut<'_>,
    [max, sum]: [&ViewMut<'_>; 2],
    stats: &[usize],
) -> Result<()> {
    check::shape(op, "out", out.shape(), q.shape())?;
    check::dtype(op, "out", out.dtype(), &[q.dtype()])?;
    check_statistics(op, [&max.as_view(), &sum.as_view()], stats)
}

/// What every backward takes beside the forward's inputs, and gives: gradients as what they are of.
pub(super) fn check_gradients(
    op: &str,
    [q, k]: [&View<'_>; 2],
    [dy, out]: [&View<'_>; 2],
    statistics: [&View<'_>; 2],
    stats: &[usize],
    [dq, dk, dv]: [&ViewMut<'_>; 3],
) -> Result<()> {
    for (arg, shape, dtype, like) in [
        ("dy", dy.shape(), dy.dtype(), q),
        ("out", out.shape(), out.dtype(), q),
        ("dq", dq.shape(), dq.dtype(), q),
        ("dk", dk.shape(), dk.dtype(), k),
        ("dv", dv.shape(), dv.dtype(), k),
    ] {
        check::shape(op, arg, shape, like.shape())?;
        check::dtype(op, arg, dtype, &[q.dtype()])?;
    }
    check_statistics(op, statistics, stats)
}

fn check_statistics(op: &str, [max, sum]: [&View<'_>; 2], shape: &[usize]) -> Result<()> {
    [("softmax_max", max), ("softmax_sum", sum)].into_iter().try_for_each(|(arg, view)| {
        check::shape(op, arg, view.shape(), shape)?;
        check::dtype(op, arg, view.dtype(), &[DType::F32])
    })
}

/// Causal attention over packed sequences.
///
/// Shapes: q, out [t, n, d]; k, v [t, n_kv, d] (n a multiple of n_kv; slices of a fused QKV are fine), with as many tokens as
/// `kv_seq_ends` says where it says;
/// softmax_max, softmax_sum f32 [n, t, 8], kept for the backward. f32, bf16 or f16.
/// CANN: `aclnnFlashAttentionVarLenScore` (8.1), layout TND, sparse mode 3.
#[allow(clippy::too_many_arguments)] // Three inputs, the batch, three outputs.
pub fn flash_attention_varlen<'a>(
    s: &Stream,
    q: impl Into<View<'a>>,
    k: impl Into<View<'a>>,
    v: impl Into<View<'a>>,
    batch: Varlen<'_>,
    out: impl Into<ViewMut<'a>>,
    softmax_max: impl Into<ViewMut<'a>>,
    softmax_sum: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "flash_attention_varlen";
    let (q, k, v, out) = (q.into(), k.into(), v.into(), out.into());
    let (softmax_max, softmax_sum) = (softmax_max.into(), softmax_sum.into());
    let sizes = qkv(OP, &q, &k, &v, &batch)?;
    check_results(OP, &q, &out, [&softmax_max, &softmax_sum], &sizes.statistics())?;
    let mut no_softmax = Tensor::empty(s, &[0], q.dtype())?;
    let no_softmax = no_softmax.view_mut();
    aclnn!(
        s,
        aclnnFlashAttentionVarLenScore(
            q.input(s, OP, "q")?,
            k.input(s, OP, "k")?,
            v.input(s, OP, "v")?,
            NoTensor,
            NoTensor,
            NoTensor,
            batch.mask.0.view().input(s, OP, "mask")?,
            NoArray,
            IntArray::new(s, batch.seq_ends),
            IntArray::new(s, batch.kv_ends()),
            batch.scale,
            1.0f64,
            UNLIMITED,
            UNLIMITED,
            sizes.heads as i64,
            TND,
            0i64,
            RIGHT_DOWN_CAUSAL,
            softmax_max.output(s, OP, "softmax_max")?,
            softmax_sum.output(s, OP, "softmax_sum")?,
            no_softmax.output(s, OP, "softmax_out")?,
            out.output(s, OP, "out")?
        )
    )
}

/// Gradients of [`flash_attention_varlen`]; dk and dv are summed over the query heads of a group.
///
/// Shapes: q, dy, out, dq [t, n, d]; k, v, dk, dv [t, n_kv, d]; softmax_max, softmax_sum as the forward wrote them.
/// CANN: `aclnnFlashAttentionUnpaddingScoreGrad` (8.1); deterministic with determinism on.
#[allow(clippy::too_many_arguments)] // What the forward had, and three gradients.
pub fn flash_attention_varlen_backward<'a>(
    s: &Stream,
    q: impl Into<View<'a>>,
    k: impl Into<View<'a>>,
    v: impl Into<View<'a>>,
    dy: impl Into<View<'a>>,
    out: impl Into<View<'a>>,
    softmax_max: impl Into<View<'a>>,
    softmax_sum: impl Into<View<'a>>,
    batch: Varlen<'_>,
    dq: impl Into<ViewMut<'a>>,
    dk: impl Into<ViewMut<'a>>,
    dv: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "flash_attention_varlen_backward";
    let (q, k, v, dy, out) = (q.into(), k.into(), v.into(), dy.into(), out.into());
    let (softmax_max, softmax_sum) = (softmax_max.into(), softmax_sum.into());
    let (dq, dk, dv) = (dq.into(), dk.into(), dv.into());
    let sizes = qkv(OP, &q, &k, &v, &batch)?;
    let stats = [&softmax_max, &softmax_sum];
    check_gradients(OP, [&q, &k], [&dy, &out], stats, &sizes.statistics(), [&dq, &dk, &dv])?;
    let mut empty = Tensor::empty(s, &[0], q.dtype())?;
    let mut no_dpse = Tensor::empty(s, &[0], q.dtype())?;
    let (no_softmax, no_dpse) = (empty.view_mut(), no_dpse.view_mut());
    aclnn!(
        s,
        aclnnFlashAttentionUnpaddingScoreGrad(
            q.input(s, OP, "q")?,
            k.input(s, OP, "k")?,
            v.input(s, OP, "v")?,
            dy.input(s, OP, "dy")?,
            NoTensor,
            NoTensor,
            NoTensor,
            batch.mask.0.view().input(s, OP, "mask")?,
            softmax_max.input(s, OP, "softmax_max")?,
            softmax_sum.input(s, OP, "softmax_sum")?,
            no_softmax.as_view().input(s, OP, "softmax_in")?,
            out.input(s, OP, "out")?,
            NoArray,
            IntArray::new(s, batch.seq_ends),
            IntArray::new(s, batch.kv_ends()),
            batch.scale,
            1.0f64,
            UNLIMITED,
            UNLIMITED,
            sizes.heads as i64,
            TND,
            0i64,
            RIGHT_DOWN_CAUSAL,
            dq.output(s, OP, "dq")?,
            dk.output(s, OP, "dk")?,
            dv.output(s, OP, "dv")?,
            no_dpse.output(s, OP, "dpse")?
        )
    )
}

/// The paged cache as decode attention reads it.
#[derive(Clone, Copy)]
pub struct FusedInfer<'a> {
    /// Keys of one layer, [blocks, block_size, n_kv * d], bf16 or f16; int8 where there are factors.
    pub k_cache: View<'a>,
    /// Values of one layer, as the keys.
    pub v_cache: View<'a>,
    /// Block ids of each sequence in order, i32 [b, max_blocks]; entries past a sequence's end are not read.
    pub block_table: View<'a>,
    /// Tokens of each sequence in the cache, the new one included. Read on the host, at the call.
    pub seq_lens: &'a [i64],
    /// Heads of the keys and values.
    pub num_kv_heads: usize,
    /// Factor of the scores, `1 / sqrt(head_dim)`.
    pub scale: f64,
}

/// Decode attention: one new token of each sequence against its cached keys and values.
///
/// Shapes: q, out [b, n, d], bf16 or f16 as the cache (CANN takes no f32 here); cache and table as [`FusedInfer`] says.
/// Errors: also `Shape` for a block size that CANN refuses (a multiple of 16, at most 512) or a length past the table.
/// CANN: `aclnnFusedInferAttentionScoreV2` (8.1), layout BSND, paged.
pub fn fused_infer_attention_decode<'a>(
    s: &Stream,
    q: impl Into<View<'a>>,
    cache: FusedInfer<'a>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    decode(s, "fused_infer_attention_decode", q.into(), cache, None, out.into())
}

/// What the factors of an int8 cache are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorsOf {
    /// All: `[1]`.
    All,
    /// Each element of a token: `[n_kv, d]`.
    Columns,
    /// Each head: `[n_kv]`.
    Heads,
    /// Each token of each sequence, in f32: `[b, tokens]`, with as many tokens as the block table has room for, or more.
    Tokens,
}

/// What makes floats of an int8 cache: `(x + offset) * scale`, rounded to the query's dtype. All are in that dtype but those of
/// tokens, which are f32.
#[derive(Clone, Copy, Debug)]
pub struct CacheFactors<'a> {
    /// What each factor is of.
    pub of: FactorsOf,
    /// Of the keys.
    pub k_scale: View<'a>,
    /// Of the values.
    pub v_scale: View<'a>,
    /// Of keys and values, as their scales; None for zeros.
    pub offsets: Option<[View<'a>; 2]>,
}

/// [`fused_infer_attention_decode`] over a cache of int8. `attention::kv_write_int8` fills one, in its layout `Bsnd`; the
/// reciprocals of the factors there are those of `Columns` here.
///
/// Shapes: as there, but k_cache and v_cache i8; d a multiple of 32, block_size of 32 to 512 tokens too; factors as
/// [`CacheFactors`] says.
/// CANN: `aclnnFusedInferAttentionScoreV2` (8.1), `keyAntiquantMode` and `valueAntiquantMode` 0, 1 or 2.
pub fn fused_infer_attention_decode_int8<'a>(
    s: &Stream,
    q: impl Into<View<'a>>,
    cache: FusedInfer<'a>,
    factors: CacheFactors<'a>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    decode(s, "fused_infer_attention_decode_int8", q.into(), cache, Some(factors), out.into())
}

/// CANN's mode, the scales of keys and values, and their offsets.
struct Antiquant<'a> {
    mode: i64,
    scales: [View<'a>; 2],
    offsets: Option<[View<'a>; 2]>,
}

impl<'a> CacheFactors<'a> {
    /// Checks the factors of a cache of `[n_kv, d]` a token, in the forms that CANN has.
    fn check(&self, op: &str, dtype: DType, [b, n_kv, d]: [usize; 3], room: usize) -> Result<Antiquant<'a>> {
        let dtype = if self.of == FactorsOf::Tokens { DType::F32 } else { dtype };
        let mut named = vec![("k_scale", self.k_scale), ("v_scale", self.v_scale)];
        if let Some([k, v]) = self.offsets {
            named.extend([("the keys' offset", k), ("the values' offset", v)]);
        }
        let tokens = self.k_scale.shape().get(1).copied().unwrap_or(0).max(room);
        let needed: &[usize] = match self.of {
            FactorsOf::All => &[1],
            FactorsOf::Columns => &[n_kv, d],
            FactorsOf::Heads => &[n_kv],
            FactorsOf::Tokens => &[b, tokens],
        };
        for (arg, view) in &named {
            check::dtype(op, arg, view.dtype(), &[dtype])?;
            check::shape(op, arg, view.shape(), needed)?;
        }
        // Both have a leading dim of 1 there.
        let form = |view: View<'a>| match self.of {
            FactorsOf::All | FactorsOf::Heads => Ok(view),
            FactorsOf::Columns => view.reshape(&[1, n_kv * d]),
            FactorsOf::Tokens => view.unsqueeze(0),
        };
        let mode = match self.of {
            FactorsOf::All | FactorsOf::Columns => 0,
            FactorsOf::Tokens => 1,
            FactorsOf::Heads => 2,
        };
        let offsets = match self.offsets {
            Some([k, v]) => Some([form(k)?, form(v)?]),
            None => None,
        };
        Ok(Antiquant { mode, scales: [form(self.k_scale)?, form(self.v_scale)?], offsets })
    }
}

/// Both, with factors where the cache is int8.
fn decode<'a>(
    s: &Stream,
    op: &'static str,
    q: View<'a>,
    cache: FusedInfer<'a>,
    factors: Option<CacheFactors<'a>>,
    out: ViewMut<'a>,
) -> Result<()> {
    check::rank(op, "q", q.shape(), 3, "[sequences, heads, head_dim]")?;
    check::dtype(op, "q", q.dtype(), &[DType::BF16, DType::F16])?;
    let (b, n, d) = (q.shape()[0], q.shape()[1], q.shape()[2]);
    check::shape(op, "out", out.shape(), q.shape())?;
    check::dtype(op, "out", out.dtype(), &[q.dtype()])?;
    check::rank(op, "k_cache", cache.k_cache.shape(), 3, "[blocks, block_size, kv_heads * head_dim]")?;
    let block_size = cache.k_cache.shape()[1];
    check::shape(op, "k_cache's rows", &cache.k_cache.shape()[2..], &[cache.num_kv_heads * d])?;
    check::shape(op, "v_cache", cache.v_cache.shape(), cache.k_cache.shape())?;
    for (arg, view) in [("k_cache", &cache.k_cache), ("v_cache", &cache.v_cache)] {
        check::dtype(op, arg, view.dtype(), &[if factors.is_some() { DType::I8 } else { q.dtype() }])?;
    }
    check::that(cache.num_kv_heads > 0 && n % cache.num_kv_heads == 0, op, || {
        format!("{n} query heads over {} kv heads", cache.num_kv_heads)
    })?;
    let step = if factors.is_some() { 32 } else { 16 };
    check::that(block_size.is_multiple_of(step) && (step..=512).contains(&block_size), op, || {
        format!("block_size is {block_size}, a multiple of {step} up to 512 is needed")
    })?;
    check::that(factors.is_none() || d.is_multiple_of(32), op, || format!("q has heads of {d}, a multiple of 32 is needed"))?;
    check::rank(op, "block_table", cache.block_table.shape(), 2, "[sequences, max_blocks]")?;
    check::dtype(op, "block_table", cache.block_table.dtype(), &[DType::I32])?;
    let room = cache.block_table.shape()[1] * block_size;
    check::that(cache.block_table.shape()[0] == b && cache.seq_lens.len() == b, op, || {
        format!("{b} queries, {} rows of block_table, {} seq_lens", cache.block_table.shape()[0], cache.seq_lens.len())
    })?;
    if let Some((i, len)) = cache.seq_lens.iter().enumerate().find(|&(_, &len)| len < 0 || len as usize > room) {
        let detail = format!("{op}: seq_lens[{i}] is {len}, the block table has room for {room} tokens");
        return Err(Error::new(ErrorKind::Shape, detail));
    }
    let factors = factors.map(|factors| factors.check(op, q.dtype(), [b, cache.num_kv_heads, d], room)).transpose()?;
    let (mode, mut given) = (factors.as_ref().map_or(0, |factors| factors.mode), [None, None, None, None]);
    if let Some(Antiquant { scales: [k, v], offsets, .. }) = &factors {
        given = [Some(k.input(s, op, "k_scale")?), None, Some(v.input(s, op, "v_scale")?), None];
        if let Some([k, v]) = offsets {
            (given[1], given[3]) = (Some(k.input(s, op, "the keys' offset")?), Some(v.input(s, op, "the values' offset")?));
        }
    }
    let [k_scale, k_offset, v_scale, v_offset] = given;
    let (q, out) = (q.unsqueeze(1)?, out.unsqueeze(1)?);
    let lens = IntArray::new(s, cache.seq_lens);
    let keys = DescList::new(s.api(), vec![cache.k_cache.input(s, op, "k_cache")?])?;
    let values = DescList::new(s.api(), vec![cache.v_cache.input(s, op, "v_cache")?])?;
    aclnn!(
        s,
        aclnnFusedInferAttentionScoreV2(
            q.input(s, op, "q")?,
            keys,
            values,
            NoTensor, // pseShift
            NoTensor, // attenMask: one query sees all
            NoArray,  // actualSeqLengths: one query each
            lens,
            NoTensor, // deqScale1
            NoTensor, // quantScale1
            NoTensor, // deqScale2
            NoTensor, // quantScale2
            NoTensor, // quantOffset2
            NoTensor, // antiquantScale
            NoTensor, // antiquantOffset
            cache.block_table.input(s, op, "block_table")?,
            NoTensor, // queryPaddingSize
            NoTensor, // kvPaddingSize
            k_scale,  // keyAntiquantScale
            k_offset, // keyAntiquantOffset
            v_scale,  // valueAntiquantScale
            v_offset, // valueAntiquantOffset
            NoTensor, // keySharedPrefix
            NoTensor, // valueSharedPrefix
            NoArray,  // actualSharedPrefixLen
            n as i64,
            cache.scale,
            UNLIMITED,
            UNLIMITED,
            BSND,
            cache.num_kv_heads as i64,
            0i64, // sparseMode: none
            0i64, // innerPrecise: high precision
            block_size as i64,
            0i64,  // antiquantMode
            false, // softmaxLseFlag
            mode,  // keyAntiquantMode
            mode,  // valueAntiquantMode
            out.output(s, op, "out")?,
            NoTensor // softmaxLse
        )
    )
}
