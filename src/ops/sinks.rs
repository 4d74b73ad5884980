//! Attention with sinks, forward and backward: each head has a score of its own that takes part in every softmax and has no value,
//! so that a query may look at nothing.
//!
//! A release without CANN's operators has them composed of those without sinks: these give each row's maximum `m` and sum `l`,
//! which with the sink `s` become `m' = max(m, s)` and `l' = l exp(m - m') + exp(s - m')`; the row shrinks by `l exp(m - m') / l'`.
//! The gradients of q, k and v are then those without sinks at these statistics and this output. The output of a composition in
//! bf16 or f16 is rounded once more.

use std::ffi::CStr;

use super::attention::{self, RIGHT_DOWN_CAUSAL, TND, UNLIMITED, Varlen, check_gradients, check_results};
use super::call::{IntArray, NoArray, NoTensor};
use super::check;
use super::dense::{self, Dense, DenseLayout};
use super::elementwise::{add, cast, copy, div, exp, mul, neg, sub};
use super::extremes::maximum;
use super::reduce::sum;
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, Tensor, View, ViewMut};

/// The statistics' order is that of the operators without sinks.
const HEADS_FIRST: &CStr = c"";
/// "No shift": `pseType` of an operator that is given none.
const NO_SHIFT: i64 = 1;

/// f32, one for each head.
fn one_each(op: &str, arg: &str, shape: &[usize], dtype: DType, heads: usize) -> Result<()> {
    check::shape(op, arg, shape, &[heads])?;
    check::dtype(op, arg, dtype, &[DType::F32])
}

/// [`flash_attention`](super::flash_attention) with a sink of each head.
///
/// Shapes: as there; sinks f32 `[n]`. The statistics count the sink in.
/// CANN: `aclnnFlashAttentionScoreV3` (9.0); where it is not there, `aclnnFlashAttentionScore` (8.1) and elementwise operators.
#[allow(clippy::too_many_arguments)] // Those of attention, and sinks.
pub fn flash_attention_with_sinks<'a>(
    s: &Stream,
    q: impl Into<View<'a>>,
    k: impl Into<View<'a>>,
    v: impl Into<View<'a>>,
    sinks: impl Into<View<'a>>,
    batch: Dense<'_>,
    out: impl Into<ViewMut<'a>>,
    softmax_max: impl Into<ViewMut<'a>>,
    softmax_sum: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "flash_attention_with_sinks";
    let (q, k, v, sinks) = (q.into(), k.into(), v.into(), sinks.into());
    let (mut out, mut softmax_max, mut softmax_sum) = (out.into(), softmax_max.into(), softmax_sum.into());
    let sizes = batch.check(OP, &q, &k, &v)?;
    one_each(OP, "sinks", sinks.shape(), sinks.dtype(), batch.heads)?;
    check_results(OP, &q, &out, [&softmax_max, &softmax_sum], &sizes.statistics())?;
    if s.api().ops.aclnnFlashAttentionScoreV3.is_none() {
        let written = [("out", out.as_view()), ("softmax_max", softmax_max.as_view()), ("softmax_sum", softmax_sum.as_view())];
        all_home(s, OP, [("q", q), ("k", k), ("v", v), ("sinks", sinks)].iter().chain(&written))?;
        dense::flash_attention(s, q, k, v, batch, out.reborrow(), softmax_max.reborrow(), softmax_sum.reborrow())?;
        let sinks = sinks.reshape(&[1, batch.heads, 1, 1])?;
        let ratio = join(s, sinks, softmax_max, softmax_sum)?;
        let lies = Lies::Dense(batch.layout, batch.heads);
        return shrink(s, lies.by_row(ratio.view())?, out, &lies);
    }
    let mut no_softmax = Tensor::empty(s, &[0], q.dtype())?;
    let no_softmax = no_softmax.view_mut();
    let (mode, mask) = batch.mask();
    aclnn!(
        s,
        aclnnFlashAttentionScoreV3(
            q.input(s, OP, "q")?,
            k.input(s, OP, "k")?,
            v.input(s, OP, "v")?,
            NoTensor, // realShift
            NoTensor, // dropMask
            NoTensor, // paddingMask
            dense::maybe(s, OP, &mask)?,
            sinks.input(s, OP, "sinks")?,
            NoArray, // prefix
            NoArray, // qStartIdx
            NoArray, // kvStartIdx
            batch.scale,
            1.0f64,
            UNLIMITED,
            UNLIMITED,
            batch.heads as i64,
            batch.layout.name(),
            0i64,
            mode,
            NO_SHIFT,
            softmax_max.output(s, OP, "softmax_max")?,
            softmax_sum.output(s, OP, "softmax_sum")?,
            no_softmax.output(s, OP, "softmax_out")?,
            out.output(s, OP, "out")?
        )
    )
}

/// Gradients of [`flash_attention_with_sinks`].
///
/// Shapes: as those of [`flash_attention_backward`](super::flash_attention_backward); sinks, dsinks f32 `[n]`.
/// CANN: `aclnnFlashAttentionScoreGradV3` (9.0); where it is not there, `aclnnFlashAttentionScoreGrad` (8.1) and elementwise
/// operators.
#[allow(clippy::too_many_arguments)] // Those of attention, and sinks.
pub fn flash_attention_with_sinks_backward<'a>(
    s: &Stream,
    q: impl Into<View<'a>>,
    k: impl Into<View<'a>>,
    v: impl Into<View<'a>>,
    sinks: impl Into<View<'a>>,
    dy: impl Into<View<'a>>,
    out: impl Into<View<'a>>,
    softmax_max: impl Into<View<'a>>,
    softmax_sum: impl Into<View<'a>>,
    batch: Dense<'_>,
    dq: impl Into<ViewMut<'a>>,
    dk: impl Into<ViewMut<'a>>,
    dv: impl Into<ViewMut<'a>>,
    dsinks: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "flash_attention_with_sinks_backward";
    let (q, k, v, sinks, dy, out) = (q.into(), k.into(), v.into(), sinks.into(), dy.into(), out.into());
    let (max, sum) = (softmax_max.into(), softmax_sum.into());
    let (mut dq, mut dk, mut dv, dsinks) = (dq.into(), dk.into(), dv.into(), dsinks.into());
    let sizes = batch.check(OP, &q, &k, &v)?;
    one_each(OP, "sinks", sinks.shape(), sinks.dtype(), batch.heads)?;
    one_each(OP, "dsinks", dsinks.shape(), dsinks.dtype(), batch.heads)?;
    check_gradients(OP, [&q, &k], [&dy, &out], [&max, &sum], &sizes.statistics(), [&dq, &dk, &dv])?;
    if s.api().ops.aclnnFlashAttentionScoreGradV3.is_none() {
        let read = [("q", q), ("k", k), ("v", v), ("sinks", sinks), ("dy", dy), ("out", out), ("softmax_max", max)];
        let written = [("dq", dq.as_view()), ("dk", dk.as_view()), ("dv", dv.as_view()), ("dsinks", dsinks.as_view())];
        all_home(s, OP, read.iter().chain(&[("softmax_sum", sum)]).chain(&written))?;
        dense::flash_attention_backward(s, q, k, v, dy, out, max, sum, batch, dq.reborrow(), dk.reborrow(), dv.reborrow())?;
        let lies = Lies::Dense(batch.layout, batch.heads);
        return sinks_backward(s, sinks.reshape(&[1, batch.heads, 1, 1])?, dy, out, max, sum, dsinks, &lies);
    }
    let mut empty = Tensor::empty(s, &[0], q.dtype())?;
    let mut no_dpse = Tensor::empty(s, &[0], q.dtype())?;
    let (no_softmax, no_dpse) = (empty.view_mut(), no_dpse.view_mut());
    let (mode, mask) = batch.mask();
    aclnn!(
        s,
        aclnnFlashAttentionScoreGradV3(
            q.input(s, OP, "q")?,
            k.input(s, OP, "k")?,
            v.input(s, OP, "v")?,
            dy.input(s, OP, "dy")?,
            NoTensor, // pseShift
            NoTensor, // dropMask
            NoTensor, // paddingMask
            dense::maybe(s, OP, &mask)?,
            max.input(s, OP, "softmax_max")?,
            sum.input(s, OP, "softmax_sum")?,
            no_softmax.as_view().input(s, OP, "softmax_in")?,
            out.input(s, OP, "out")?,
            sinks.input(s, OP, "sinks")?,
            NoArray, // prefix
            NoArray, // qStartIdx
            NoArray, // kvStartIdx
            batch.scale,
            1.0f64,
            UNLIMITED,
            UNLIMITED,
            batch.heads as i64,
            batch.layout.name(),
            0i64,
            mode,
            NO_SHIFT,
            dq.output(s, OP, "dq")?,
            dk.output(s, OP, "dk")?,
            dv.output(s, OP, "dv")?,
            no_dpse.output(s, OP, "dpse")?,
            dsinks.output(s, OP, "dsinks")?
        )
    )
}

/// [`flash_attention_varlen`](super::flash_attention_varlen) with a sink of each head.
///
/// Shapes: as there; sinks f32 `[n]`. The statistics count the sink in.
/// CANN: `aclnnFlashAttentionVarLenScoreV5` (9.0); where it is not there, `aclnnFlashAttentionVarLenScore` (8.1) and elementwise
/// operators.
#[allow(clippy::too_many_arguments)] // Those of attention, and sinks.
pub fn flash_attention_varlen_with_sinks<'a>(
    s: &Stream,
    q: impl Into<View<'a>>,
    k: impl Into<View<'a>>,
    v: impl Into<View<'a>>,
    sinks: impl Into<View<'a>>,
    batch: Varlen<'_>,
    out: impl Into<ViewMut<'a>>,
    softmax_max: impl Into<ViewMut<'a>>,
    softmax_sum: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "flash_attention_varlen_with_sinks";
    let (q, k, v, sinks) = (q.into(), k.into(), v.into(), sinks.into());
    let (mut out, mut softmax_max, mut softmax_sum) = (out.into(), softmax_max.into(), softmax_sum.into());
    let sizes = attention::qkv(OP, &q, &k, &v, &batch)?;
    one_each(OP, "sinks", sinks.shape(), sinks.dtype(), sizes.heads)?;
    check_results(OP, &q, &out, [&softmax_max, &softmax_sum], &sizes.statistics())?;
    if s.api().ops.aclnnFlashAttentionVarLenScoreV5.is_none() {
        let written = [("out", out.as_view()), ("softmax_max", softmax_max.as_view()), ("softmax_sum", softmax_sum.as_view())];
        all_home(s, OP, [("q", q), ("k", k), ("v", v), ("sinks", sinks)].iter().chain(&written))?;
        attention::flash_attention_varlen(s, q, k, v, batch, out.reborrow(), softmax_max.reborrow(), softmax_sum.reborrow())?;
        let ratio = join(s, sinks.reshape(&[sizes.heads, 1, 1])?, softmax_max, softmax_sum)?;
        return shrink(s, Lies::Packed.by_row(ratio.view())?, out, &Lies::Packed);
    }
    let mut no_softmax = Tensor::empty(s, &[0], q.dtype())?;
    let no_softmax = no_softmax.view_mut();
    aclnn!(
        s,
        aclnnFlashAttentionVarLenScoreV5(
            q.input(s, OP, "q")?,
            NoTensor, // queryRope
            k.input(s, OP, "k")?,
            NoTensor, // keyRope
            v.input(s, OP, "v")?,
            NoTensor, // realShift
            NoTensor, // dropMask
            NoTensor, // paddingMask
            batch.mask.0.view().input(s, OP, "mask")?,
            sinks.input(s, OP, "sinks")?,
            NoArray, // prefix
            IntArray::new(s, batch.seq_ends),
            IntArray::new(s, batch.kv_ends()),
            NoArray, // qStartIdx
            NoArray, // kvStartIdx
            batch.scale,
            1.0f64,
            UNLIMITED,
            UNLIMITED,
            sizes.heads as i64,
            TND,
            0i64,
            RIGHT_DOWN_CAUSAL,
            NO_SHIFT,
            HEADS_FIRST,
            softmax_max.output(s, OP, "softmax_max")?,
            softmax_sum.output(s, OP, "softmax_sum")?,
            no_softmax.output(s, OP, "softmax_out")?,
            out.output(s, OP, "out")?
        )
    )
}

/// Gradients of [`flash_attention_varlen_with_sinks`].
///
/// Shapes: as those of [`flash_attention_varlen_backward`](super::flash_attention_varlen_backward); sinks, dsinks f32 `[n]`.
/// CANN: `aclnnFlashAttentionUnpaddingScoreGradV5` (9.0); where it is not there, `aclnnFlashAttentionUnpaddingScoreGrad` (8.1) and
/// elementwise operators.
#[allow(clippy::too_many_arguments)] // Those of attention, and sinks.
pub fn flash_attention_varlen_with_sinks_backward<'a>(
    s: &Stream,
    q: impl Into<View<'a>>,
    k: impl Into<View<'a>>,
    v: impl Into<View<'a>>,
    sinks: impl Into<View<'a>>,
    dy: impl Into<View<'a>>,
    out: impl Into<View<'a>>,
    softmax_max: impl Into<View<'a>>,
    softmax_sum: impl Into<View<'a>>,
    batch: Varlen<'_>,
    dq: impl Into<ViewMut<'a>>,
    dk: impl Into<ViewMut<'a>>,
    dv: impl Into<ViewMut<'a>>,
    dsinks: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "flash_attention_varlen_with_sinks_backward";
    let (q, k, v, sinks, dy, out) = (q.into(), k.into(), v.into(), sinks.into(), dy.into(), out.into());
    let (max, sum) = (softmax_max.into(), softmax_sum.into());
    let (mut dq, mut dk, mut dv, dsinks) = (dq.into(), dk.into(), dv.into(), dsinks.into());
    let sizes = attention::qkv(OP, &q, &k, &v, &batch)?;
    one_each(OP, "sinks", sinks.shape(), sinks.dtype(), sizes.heads)?;
    one_each(OP, "dsinks", dsinks.shape(), dsinks.dtype(), sizes.heads)?;
    check_gradients(OP, [&q, &k], [&dy, &out], [&max, &sum], &sizes.statistics(), [&dq, &dk, &dv])?;
    if s.api().ops.aclnnFlashAttentionUnpaddingScoreGradV5.is_none() {
        let read = [("q", q), ("k", k), ("v", v), ("sinks", sinks), ("dy", dy), ("out", out), ("softmax_max", max)];
        let written = [("dq", dq.as_view()), ("dk", dk.as_view()), ("dv", dv.as_view()), ("dsinks", dsinks.as_view())];
        all_home(s, OP, read.iter().chain(&[("softmax_sum", sum)]).chain(&written))?;
        let (to_q, to_k, to_v) = (dq.reborrow(), dk.reborrow(), dv.reborrow());
        attention::flash_attention_varlen_backward(s, q, k, v, dy, out, max, sum, batch, to_q, to_k, to_v)?;
        return sinks_backward(s, sinks.reshape(&[sizes.heads, 1, 1])?, dy, out, max, sum, dsinks, &Lies::Packed);
    }
    let mut empty = Tensor::empty(s, &[0], q.dtype())?;
    let mut no_dpse = Tensor::empty(s, &[0], q.dtype())?;
    let (no_softmax, no_dpse) = (empty.view_mut(), no_dpse.view_mut());
    aclnn!(
        s,
        aclnnFlashAttentionUnpaddingScoreGradV5(
            q.input(s, OP, "q")?,
            NoTensor, // queryRope
            k.input(s, OP, "k")?,
            NoTensor, // keyRope
            v.input(s, OP, "v")?,
            dy.input(s, OP, "dy")?,
            NoTensor, // pseShift
            NoTensor, // dropMask
            NoTensor, // paddingMask
            batch.mask.0.view().input(s, OP, "mask")?,
            max.input(s, OP, "softmax_max")?,
            sum.input(s, OP, "softmax_sum")?,
            no_softmax.as_view().input(s, OP, "softmax_in")?,
            out.input(s, OP, "out")?,
            sinks.input(s, OP, "sinks")?,
            NoArray, // prefix
            IntArray::new(s, batch.seq_ends),
            IntArray::new(s, batch.kv_ends()),
            NoArray, // qStartIdx
            NoArray, // kvStartIdx
            batch.scale,
            1.0f64,
            UNLIMITED,
            UNLIMITED,
            sizes.heads as i64,
            TND,
            0i64,
            RIGHT_DOWN_CAUSAL,
            NO_SHIFT,
            HEADS_FIRST,
            dq.output(s, OP, "dq")?,
            NoTensor, // dqRope
            dk.output(s, OP, "dk")?,
            NoTensor, // dkRope
            dv.output(s, OP, "dv")?,
            no_dpse.output(s, OP, "dpse")?,
            dsinks.output(s, OP, "dsinks")?
        )
    )
}

/// What a composition is given is at home: told before a part of it tells in its own name.
fn all_home<'t, 'v: 't>(s: &Stream, op: &str, mut tensors: impl Iterator<Item = &'t (&'static str, View<'v>)>) -> Result<()> {
    tensors.try_for_each(|(arg, view)| check::home(s, op, arg, view))
}

/// How rows of heads lie in queries and outputs; statistics lie heads first.
enum Lies {
    /// `[t, n, d]`, statistics `[n, t, 8]`.
    Packed,
    /// As the layout says, with so many heads; statistics `[b, n, s, 8]`.
    Dense(DenseLayout, usize),
}

impl Lies {
    /// Numbers of rows, in the order of the statistics with a last dim of 1, in the order of the queries.
    fn by_row<'v>(&self, numbers: View<'v>) -> Result<View<'v>> {
        match self {
            Lies::Packed => numbers.transpose(0, 1),
            Lies::Dense(DenseLayout::Bnsd, _) => Ok(numbers),
            Lies::Dense(DenseLayout::Bsh | DenseLayout::Bsnd, _) => numbers.transpose(1, 2),
            Lies::Dense(DenseLayout::Sbh, _) => numbers.transpose(0, 2)?.transpose(1, 2),
        }
    }

    /// The shape of queries with a dim of heads of their own.
    fn apart(&self, shape: &[usize]) -> Vec<usize> {
        let width = shape.last().copied().unwrap_or(0);
        match *self {
            Lies::Packed | Lies::Dense(DenseLayout::Bsnd | DenseLayout::Bnsd, _) => shape.to_vec(),
            Lies::Dense(DenseLayout::Bsh | DenseLayout::Sbh, heads) => vec![shape[0], shape[1], heads, width / heads],
        }
    }
}

/// Counts sinks, which broadcast to the statistics, into these; gives what the output's rows shrink by, [.., 1] in their order.
fn join(s: &Stream, sinks: View<'_>, max: ViewMut<'_>, sums: ViewMut<'_>) -> Result<Tensor> {
    let shape = max.shape().to_vec();
    let new = || Tensor::empty(s, &shape, DType::F32);
    let [mut top, mut below, mut factor, mut own, mut keys, mut all] = [new()?, new()?, new()?, new()?, new()?, new()?];
    maximum(s, max.as_view(), sinks, &mut top)?;
    sub(s, max.as_view(), &top, &mut below)?;
    exp(s, &below, &mut factor)?;
    sub(s, sinks, &top, &mut below)?;
    exp(s, &below, &mut own)?;
    mul(s, sums.as_view(), &factor, &mut keys)?;
    add(s, &keys, &own, &mut all)?;
    copy(s, &top, max)?;
    copy(s, &all, sums)?;
    let last = shape.len() - 1;
    let mut ratio = Tensor::empty(s, &[&shape[..last], &[1]].concat(), DType::F32)?;
    div(s, keys.view().narrow(last, 0, 1)?, all.view().narrow(last, 0, 1)?, &mut ratio)?;
    Ok(ratio)
}

/// Each row of `out` times its number.
fn shrink(s: &Stream, ratio: View<'_>, out: ViewMut<'_>, lies: &Lies) -> Result<()> {
    let apart = lies.apart(out.shape());
    let out = out.reshape(&apart)?;
    let [mut wide, mut product] = [Tensor::empty(s, &apart, DType::F32)?, Tensor::empty(s, &apart, DType::F32)?];
    cast(s, out.as_view(), &mut wide)?;
    mul(s, &wide, ratio, &mut product)?;
    cast(s, &product, out)
}

/// `dsinks[h] = -Σ exp(sink - max) / sum * (dy·out)` over the rows of head `h`.
#[allow(clippy::too_many_arguments)] // What the gradient is made of.
fn sinks_backward(
    s: &Stream,
    sinks: View<'_>,
    dy: View<'_>,
    out: View<'_>,
    max: View<'_>,
    sums: View<'_>,
    dsinks: ViewMut<'_>,
    lies: &Lies,
) -> Result<()> {
    let last = max.shape().len() - 1;
    let rows = [&max.shape()[..last], &[1]].concat();
    let new = |shape: &[usize]| Tensor::empty(s, shape, DType::F32);
    let [mut below, mut own, mut weight] = [new(&rows)?, new(&rows)?, new(&rows)?];
    sub(s, sinks, max.narrow(last, 0, 1)?, &mut below)?;
    exp(s, &below, &mut own)?;
    div(s, &own, sums.narrow(last, 0, 1)?, &mut weight)?;
    let apart = lies.apart(dy.shape());
    let [mut dy_wide, mut out_wide, mut products] = [new(&apart)?, new(&apart)?, new(&apart)?];
    cast(s, dy.reshape(&apart)?, &mut dy_wide)?;
    cast(s, out.reshape(&apart)?, &mut out_wide)?;
    mul(s, &dy_wide, &out_wide, &mut products)?;
    let mut delta = new(&[&apart[..apart.len() - 1], &[1]].concat())?;
    sum(s, &products, apart.len() - 1, &mut delta)?;
    let mut terms = new(delta.shape())?;
    mul(s, lies.by_row(weight.view())?, &delta, &mut terms)?;
    // One dim after another, all but that of the heads.
    let heads = match lies {
        Lies::Packed | Lies::Dense(DenseLayout::Bnsd, _) => 1,
        Lies::Dense(..) => 2,
    };
    for dim in (0..apart.len() - 1).filter(|&dim| dim != heads) {
        let mut shape = terms.shape().to_vec();
        shape[dim] = 1;
        let mut less = new(&shape)?;
        sum(s, &terms, dim, &mut less)?;
        terms = less;
    }
    neg(s, terms.view().reshape(dsinks.shape())?, dsinks)
}
