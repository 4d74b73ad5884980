//! Mixtures of experts on one device: gating, and tokens in the order of their experts and back. By a map of which expert takes
//! which token, [`moe_permute_by_map`](super::moe_permute_by_map) and its kin do the latter.

use super::call::{NoArray, NoTensor};
use super::check::{self, FLOATS, INDICES};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

/// The `k` largest of the softmax over experts, largest first, `k` being the last dim of `weights`.
///
/// Shapes: logits [t, e], weights [t, k] of the dtype of `logits`, experts and rows i32 [t, k]. `rows` numbers places
/// column-major (`k * t`), which CANN gives beside. CANN: `aclnnMoeGatingTopKSoftmax` (8.1).
pub fn moe_gating_top_k_softmax<'a>(
    s: &Stream,
    logits: impl Into<View<'a>>,
    weights: impl Into<ViewMut<'a>>,
    experts: impl Into<ViewMut<'a>>,
    rows: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "moe_gating_top_k_softmax";
    let (logits, weights, experts, rows) = (logits.into(), weights.into(), experts.into(), rows.into());
    check::rank(OP, "logits", logits.shape(), 2, "[tokens, experts]")?;
    check::rank(OP, "weights", weights.shape(), 2, "[tokens, k]")?;
    check::dtype(OP, "logits", logits.dtype(), FLOATS)?;
    check::dtype(OP, "weights", weights.dtype(), &[logits.dtype()])?;
    let k = weights.shape()[1];
    check::shape(OP, "weights", weights.shape(), &[logits.shape()[0], k])?;
    check::that((1..=logits.shape()[1]).contains(&k), OP, || format!("k is {k} of {} experts", logits.shape()[1]))?;
    for (arg, view) in [("experts", &experts), ("rows", &rows)] {
        check::shape(OP, arg, view.shape(), weights.shape())?;
        check::dtype(OP, arg, view.dtype(), &[DType::I32])?;
    }
    aclnn!(
        s,
        aclnnMoeGatingTopKSoftmax(
            logits.input(s, OP, "logits")?,
            NoTensor,
            k as i64,
            weights.output(s, OP, "weights")?,
            experts.output(s, OP, "experts")?,
            rows.output(s, OP, "rows")?
        )
    )
}

/// Tokens in the order of their experts: `out[places[i]] = tokens[i / k]` for choice `i` of the `t * k`.
///
/// Shapes: tokens [t, h], experts i32 or i64 [t, k], out [t * k, h], places i32 `[t * k]`.
/// CANN: `aclnnMoeTokenPermute` (8.1).
pub fn moe_permute<'a>(
    s: &Stream,
    tokens: impl Into<View<'a>>,
    experts: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
    places: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "moe_permute";
    let (tokens, experts, out, places) = (tokens.into(), experts.into(), out.into(), places.into());
    check::rank(OP, "tokens", tokens.shape(), 2, "[tokens, hidden]")?;
    check::rank(OP, "experts", experts.shape(), 2, "[tokens, k]")?;
    check::dtype(OP, "tokens", tokens.dtype(), FLOATS)?;
    check::dtype(OP, "experts", experts.dtype(), INDICES)?;
    check::dtype(OP, "out", out.dtype(), &[tokens.dtype()])?;
    let (t, k) = (tokens.shape()[0], experts.shape()[1]);
    check::shape(OP, "experts", experts.shape(), &[t, k])?;
    check::shape(OP, "out", out.shape(), &[t * k, tokens.shape()[1]])?;
    check::shape(OP, "places", places.shape(), &[t * k])?;
    check::dtype(OP, "places", places.dtype(), &[DType::I32])?;
    aclnn!(
        s,
        aclnnMoeTokenPermute(
            tokens.input(s, OP, "tokens")?,
            experts.input(s, OP, "experts")?,
            0i64,
            false,
            out.output(s, OP, "out")?,
            places.output(s, OP, "places")?
        )
    )
}

/// Gradient of [`moe_permute`]: each token's `k` rows of `dout`, added up.
///
/// Shapes: dout [t * k, h], places i32 `[t * k]`, dtokens [t, h]. CANN: `aclnnMoeTokenPermuteGrad` (8.1).
pub fn moe_permute_backward<'a>(
    s: &Stream,
    dout: impl Into<View<'a>>,
    places: impl Into<View<'a>>,
    dtokens: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "moe_permute_backward";
    let (dout, places, dtokens) = (dout.into(), places.into(), dtokens.into());
    check::rank(OP, "dout", dout.shape(), 2, "[tokens * k, hidden]")?;
    check::rank(OP, "dtokens", dtokens.shape(), 2, "[tokens, hidden]")?;
    check::dtype(OP, "dout", dout.dtype(), FLOATS)?;
    check::dtype(OP, "dtokens", dtokens.dtype(), &[dout.dtype()])?;
    check::dtype(OP, "places", places.dtype(), &[DType::I32])?;
    let (rows, t) = (dout.shape()[0], dtokens.shape()[0]);
    check::that(t > 0 && rows % t == 0, OP, || format!("dout has {rows} rows, a multiple of {t} tokens is needed"))?;
    check::shape(OP, "places", places.shape(), &[rows])?;
    check::shape(OP, "dtokens", dtokens.shape(), &[t, dout.shape()[1]])?;
    aclnn!(
        s,
        aclnnMoeTokenPermuteGrad(
            dout.input(s, OP, "dout")?,
            places.input(s, OP, "places")?,
            (rows / t) as i64,
            false,
            dtokens.output(s, OP, "dtokens")?
        )
    )
}

/// Experts' rows back to their tokens: `out[t] = Σ weights[t][k] * rows[places[t*K + k]]`.
///
/// Shapes: rows [t * k, h], places i32 `[t * k]`, weights [t, k], out [t, h]. One float dtype.
/// CANN: `aclnnMoeTokenUnpermute` (8.1).
pub fn moe_unpermute<'a>(
    s: &Stream,
    rows: impl Into<View<'a>>,
    places: impl Into<View<'a>>,
    weights: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "moe_unpermute";
    let (rows, places, weights, out) = (rows.into(), places.into(), weights.into(), out.into());
    back(OP, &rows, &places, &weights, ("out", out.shape(), out.dtype()))?;
    aclnn!(
        s,
        aclnnMoeTokenUnpermute(
            rows.input(s, OP, "rows")?,
            places.input(s, OP, "places")?,
            weights.input(s, OP, "weights")?,
            false,
            NoArray,
            out.output(s, OP, "out")?
        )
    )
}

/// Gradients of [`moe_unpermute`], of `rows` and of `weights`.
///
/// Shapes: rows, drows [t * k, h]; dout [t, h]; places i32 `[t * k]`; weights, dweights [t, k]. One float dtype.
/// CANN: `aclnnMoeTokenUnpermuteGrad` (8.1).
#[allow(clippy::too_many_arguments)] // Four inputs and two outputs are what it has.
pub fn moe_unpermute_backward<'a>(
    s: &Stream,
    rows: impl Into<View<'a>>,
    dout: impl Into<View<'a>>,
    places: impl Into<View<'a>>,
    weights: impl Into<View<'a>>,
    drows: impl Into<ViewMut<'a>>,
    dweights: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "moe_unpermute_backward";
    let (rows, dout, places, weights) = (rows.into(), dout.into(), places.into(), weights.into());
    let (drows, dweights) = (drows.into(), dweights.into());
    back(OP, &rows, &places, &weights, ("dout", dout.shape(), dout.dtype()))?;
    check::shape(OP, "drows", drows.shape(), rows.shape())?;
    check::dtype(OP, "drows", drows.dtype(), &[rows.dtype()])?;
    check::shape(OP, "dweights", dweights.shape(), weights.shape())?;
    check::dtype(OP, "dweights", dweights.dtype(), &[weights.dtype()])?;
    aclnn!(
        s,
        aclnnMoeTokenUnpermuteGrad(
            rows.input(s, OP, "rows")?,
            dout.input(s, OP, "dout")?,
            places.input(s, OP, "places")?,
            weights.input(s, OP, "weights")?,
            false,
            NoArray,
            drows.output(s, OP, "drows")?,
            dweights.output(s, OP, "dweights")?
        )
    )
}

fn back(
    op: &str,
    rows: &View<'_>,
    places: &View<'_>,
    weights: &View<'_>,
    (arg, shape, dtype): (&str, &[usize], DType),
) -> Result<()> {
    check::rank(op, "rows", rows.shape(), 2, "[tokens * k, hidden]")?;
    check::rank(op, "weights", weights.shape(), 2, "[tokens, k]")?;
    check::dtype(op, "rows", rows.dtype(), FLOATS)?;
    check::dtype(op, "weights", weights.dtype(), &[rows.dtype()])?;
    check::dtype(op, "places", places.dtype(), &[DType::I32])?;
    check::dtype(op, arg, dtype, &[rows.dtype()])?;
    let (t, k, h) = (weights.shape()[0], weights.shape()[1], rows.shape()[1]);
    check::shape(op, "rows", rows.shape(), &[t * k, h])?;
    check::shape(op, "places", places.shape(), &[t * k])?;
    check::shape(op, arg, shape, &[t, h])
}
