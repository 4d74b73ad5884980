//! Attention over batches of equally long sequences, forward and backward. Packed sequences, which waste nothing on padding, are
//! [`flash_attention_varlen`](super::flash_attention_varlen)'s.

use std::ffi::CStr;

use super::attention::{CausalMask, RIGHT_DOWN_CAUSAL, UNLIMITED, check_gradients, check_results};
use super::call::{NoArray, NoTensor};
use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, Desc, Tensor, View, ViewMut};

/// The order of dims: b sequences of s positions, n heads of d elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenseLayout {
    /// `[b, s, n * d]`.
    Bsh,
    /// `[s, b, n * d]`.
    Sbh,
    /// `[b, s, n, d]`.
    Bsnd,
    /// `[b, n, s, d]`.
    Bnsd,
}

/// Which keys a query does not see.
#[derive(Clone, Copy)]
pub enum AttentionMask<'a> {
    /// It sees all.
    None,
    /// The last query sees all keys, the one before all but the last, and so on. Needs as many keys as queries, or more.
    Causal(&'a CausalMask),
    /// A bool tensor, true where a key is hidden: `[s, t]`, or `[b, n, s, t]` with 1 for what is the same for all.
    Hidden(View<'a>),
}

/// How a batch lies, and how scores are scaled and masked.
#[derive(Clone, Copy)]
pub struct Dense<'a> {
    /// The order of the dims of queries, keys and values.
    pub layout: DenseLayout,
    /// Heads of the queries.
    pub heads: usize,
    /// Factor of the scores, `1 / sqrt(d)`.
    pub scale: f64,
    /// Which keys a query does not see.
    pub mask: AttentionMask<'a>,
}

/// Sequences, positions of queries and of keys.
pub(super) struct Sizes {
    batch: usize,
    heads: usize,
    queries: usize,
    keys: usize,
}

impl Sizes {
    /// The shape of the softmax statistics.
    pub fn statistics(&self) -> [usize; 4] {
        [self.batch, self.heads, self.queries, 8]
    }
}

impl DenseLayout {
    pub(super) fn name(self) -> &'static CStr {
        match self {
            DenseLayout::Bsh => c"BSH",
            DenseLayout::Sbh => c"SBH",
            DenseLayout::Bsnd => c"BSND",
            DenseLayout::Bnsd => c"BNSD",
        }
    }

    /// Where batch and positions are, the form in words, and whether heads have a dim of their own (the one that is left).
    fn places(self) -> (usize, usize, &'static str, bool) {
        match self {
            DenseLayout::Bsh => (0, 1, "[b, s, n * d]", false),
            DenseLayout::Sbh => (1, 0, "[s, b, n * d]", false),
            DenseLayout::Bsnd => (0, 1, "[b, s, n, d]", true),
            DenseLayout::Bnsd => (0, 2, "[b, n, s, d]", true),
        }
    }
}

impl Dense<'_> {
    pub(super) fn check(&self, op: &str, q: &View<'_>, k: &View<'_>, v: &View<'_>) -> Result<Sizes> {
        let (batch, seq, form, apart) = self.layout.places();
        check::dtype(op, "q", q.dtype(), FLOATS)?;
        for (arg, view) in [("q", q), ("k", k), ("v", v)] {
            check::rank(op, arg, view.shape(), if apart { 4 } else { 3 }, form)?;
            check::dtype(op, arg, view.dtype(), &[q.dtype()])?;
        }
        let last = q.shape().len() - 1;
        let heads_of = |view: &View<'_>, dim: usize| if apart { view.shape()[3 - seq] } else { view.shape()[last] / dim.max(1) };
        let dim = if apart { q.shape()[last] } else { q.shape()[last] / self.heads.max(1) };
        let (heads, kv_heads) = (heads_of(q, dim), heads_of(k, dim));
        check::that(heads == self.heads && heads > 0 && (apart || heads * dim == q.shape()[last]), op, || {
            format!("q is {:?}, {form} with n = {} is needed", q.shape(), self.heads)
        })?;
        check::that(kv_heads > 0 && heads % kv_heads == 0, op, || format!("{heads} query heads over {kv_heads} kv heads"))?;
        let mut needed = k.shape().to_vec();
        (needed[batch], needed[last]) = (q.shape()[batch], if apart { dim } else { kv_heads * dim });
        check::shape(op, "k", k.shape(), &needed)?;
        check::shape(op, "v", v.shape(), k.shape())?;
        let sizes = Sizes { batch: q.shape()[batch], heads, queries: q.shape()[seq], keys: k.shape()[seq] };
        self.check_mask(op, &sizes).map(|()| sizes)
    }

    fn check_mask(&self, op: &str, sizes: &Sizes) -> Result<()> {
        let &Sizes { batch, queries, keys, .. } = sizes;
        match &self.mask {
            AttentionMask::None => Ok(()),
            AttentionMask::Causal(_) => check::that(queries <= keys, op, || {
                format!("{queries} queries over {keys} keys, a causal mask needs as many keys or more")
            }),
            AttentionMask::Hidden(mask) => {
                check::dtype(op, "mask", mask.dtype(), &[DType::Bool])?;
                let shape = mask.shape();
                let leads = |shape: &[usize]| [1, batch].contains(&shape[0]) && [1, self.heads].contains(&shape[1]);
                let fits = shape == [queries, keys] || shape.len() == 4 && leads(shape) && shape[2..] == [queries, keys];
                check::that(fits, op, || {
                    let n = self.heads;
                    format!("mask is {shape:?}, [{queries}, {keys}] or [{batch} or 1, {n} or 1, {queries}, {keys}] is needed")
                })
            }
        }
    }

    /// CANN's mode and mask.
    pub(super) fn mask(&self) -> (i64, Option<View<'_>>) {
        match &self.mask {
            AttentionMask::None => (0, None),
            AttentionMask::Causal(mask) => (RIGHT_DOWN_CAUSAL, Some(mask.0.view())),
            AttentionMask::Hidden(mask) => (0, Some(*mask)),
        }
    }
}

/// A tensor, or none.
pub(super) fn maybe<'a>(s: &'a Stream, op: &str, view: &Option<View<'a>>) -> Result<Option<Desc<'a>>> {
    view.as_ref().map(|view| view.input(s, op, "mask")).transpose()
}

/// Attention over a batch of equally long sequences.
///
/// Shapes: q, out as the layout says, with s positions and n heads; k, v with t positions and n_kv heads (n a multiple of n_kv);
/// softmax_max, softmax_sum f32 [b, n, s, 8], kept for the backward. f32, bf16 or f16.
/// CANN: `aclnnFlashAttentionScore` (8.1), sparse mode 3 for a causal mask, else 0.
#[allow(clippy::too_many_arguments)] // Three inputs, the batch, three outputs.
pub fn flash_attention<'a>(
    s: &Stream,
    q: impl Into<View<'a>>,
    k: impl Into<View<'a>>,
    v: impl Into<View<'a>>,
    batch: Dense<'_>,
    out: impl Into<ViewMut<'a>>,
    softmax_max: impl Into<ViewMut<'a>>,
    softmax_sum: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "flash_attention";
    let (q, k, v, out) = (q.into(), k.into(), v.into(), out.into());
    let (softmax_max, softmax_sum) = (softmax_max.into(), softmax_sum.into());
    let sizes = batch.check(OP, &q, &k, &v)?;
    check_results(OP, &q, &out, [&softmax_max, &softmax_sum], &sizes.statistics())?;
    let mut no_softmax = Tensor::empty(s, &[0], q.dtype())?;
    let no_softmax = no_softmax.view_mut();
    let (mode, mask) = batch.mask();
    aclnn!(
        s,
        aclnnFlashAttentionScore(
            q.input(s, OP, "q")?,
            k.input(s, OP, "k")?,
            v.input(s, OP, "v")?,
            NoTensor, // realShift
            NoTensor, // dropMask
            NoTensor, // paddingMask
            maybe(s, OP, &mask)?,
            NoArray, // prefix
            batch.scale,
            1.0f64,
            UNLIMITED,
            UNLIMITED,
            batch.heads as i64,
            batch.layout.name(),
            0i64,
            mode,
            softmax_max.output(s, OP, "softmax_max")?,
            softmax_sum.output(s, OP, "softmax_sum")?,
            no_softmax.output(s, OP, "softmax_out")?,
            out.output(s, OP, "out")?
        )
    )
}

/// Gradients of [`flash_attention`]; dk and dv are summed over the query heads of a group.
///
/// Shapes: dy, out, dq as q; dk, dv as k; softmax_max, softmax_sum as the forward wrote them.
/// CANN: `aclnnFlashAttentionScoreGrad` (8.1); deterministic with determinism on.
#[allow(clippy::too_many_arguments)] // What the forward had, and three gradients.
pub fn flash_attention_backward<'a>(
    s: &Stream,
    q: impl Into<View<'a>>,
    k: impl Into<View<'a>>,
    v: impl Into<View<'a>>,
    dy: impl Into<View<'a>>,
    out: impl Into<View<'a>>,
    softmax_max: impl Into<View<'a>>,
    softmax_sum: impl Into<View<'a>>,
    batch: Dense<'_>,
    dq: impl Into<ViewMut<'a>>,
    dk: impl Into<ViewMut<'a>>,
    dv: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "flash_attention_backward";
    let (q, k, v, dy, out) = (q.into(), k.into(), v.into(), dy.into(), out.into());
    let (softmax_max, softmax_sum) = (softmax_max.into(), softmax_sum.into());
    let (dq, dk, dv) = (dq.into(), dk.into(), dv.into());
    let sizes = batch.check(OP, &q, &k, &v)?;
    let stats = [&softmax_max, &softmax_sum];
    check_gradients(OP, [&q, &k], [&dy, &out], stats, &sizes.statistics(), [&dq, &dk, &dv])?;
    let mut empty = Tensor::empty(s, &[0], q.dtype())?;
    let mut no_dpse = Tensor::empty(s, &[0], q.dtype())?;
    let (no_softmax, no_dpse) = (empty.view_mut(), no_dpse.view_mut());
    let (mode, mask) = batch.mask();
    aclnn!(
        s,
        aclnnFlashAttentionScoreGrad(
            q.input(s, OP, "q")?,
            k.input(s, OP, "k")?,
            v.input(s, OP, "v")?,
            dy.input(s, OP, "dy")?,
            NoTensor, // pseShift
            NoTensor, // dropMask
            NoTensor, // paddingMask
            maybe(s, OP, &mask)?,
            softmax_max.input(s, OP, "softmax_max")?,
            softmax_sum.input(s, OP, "softmax_sum")?,
            no_softmax.as_view().input(s, OP, "softmax_in")?,
            out.input(s, OP, "out")?,
            NoArray, // prefix
            batch.scale,
            1.0f64,
            UNLIMITED,
            UNLIMITED,
            batch.heads as i64,
            batch.layout.name(),
            0i64,
            mode,
            dq.output(s, OP, "dq")?,
            dk.output(s, OP, "dk")?,
            dv.output(s, OP, "dv")?,
            no_dpse.output(s, OP, "dpse")?
        )
    )
}
