//! Tokens in the order of their experts and back by a map of which expert takes which token, forward and backward: what Megatron's
//! dispatcher does before and after its exchange. By lists of experts [`moe_permute`](super::moe_permute) and its kin do it, which
//! every release has.

use super::call::IntArray;
use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, Desc, Tensor, View, ViewMut};

const MAPS: &[DType] = &[DType::Bool, DType::I8];
/// CANN's kernels take fewer experts of a token than this.
const MOST: usize = 512;
/// They sort tokens and experts as f32, which counts to here.
const LIMIT: usize = (1 << 24) - 1;

/// How many rows a map makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapRows {
    /// As many of each token: the map gives each the same number of experts, fewer than 512. Nothing is dropped. A map that does
    /// not fails the stream on the simulator, and gives wrong numbers on a card.
    Token,
    /// As many of each expert, its capacity: the first tokens that the map gives it, and where these are too few, the first of the
    /// others. Megatron's "drop and pad".
    Expert,
}

/// Which expert takes which token, and how much it counts there.
#[derive(Clone, Copy, Debug)]
pub struct RoutingMap<'a> {
    /// bool or i8 `[tokens, experts]`: not 0 where the expert takes the token.
    pub map: View<'a>,
    /// `[tokens, experts]` of the tokens' dtype; None where probabilities do not go along.
    pub probs: Option<View<'a>>,
    /// How many rows the map makes.
    pub rows: MapRows,
}

/// Tokens, experts, rows and their width.
struct Sizes {
    tokens: usize,
    experts: usize,
    rows: usize,
    width: usize,
}

type Named<'a> = (&'static str, &'a [usize], DType);

impl<'a> RoutingMap<'a> {
    /// Checks the map against tokens `[tokens, width]` and rows `[rows, width]` of them.
    fn check(&self, op: &str, (arg, tokens, dtype): Named<'_>, (rows_arg, rows, rows_dtype): Named<'_>) -> Result<Sizes> {
        check::rank(op, arg, tokens, 2, "[tokens, hidden]")?;
        check::dtype(op, arg, dtype, FLOATS)?;
        check::rank(op, "map", self.map.shape(), 2, "[tokens, experts]")?;
        check::dtype(op, "map", self.map.dtype(), MAPS)?;
        let (&[count, width], experts) = (tokens, self.map.shape()[1]) else { unreachable!("the rank is checked") };
        check::shape(op, "map", self.map.shape(), &[count, experts])?;
        check::that(count.min(experts) > 0 && count.max(experts) < LIMIT, op, || {
            format!("map is {:?}, 1 to {} tokens and experts are needed", self.map.shape(), LIMIT - 1)
        })?;
        if let Some(probs) = &self.probs {
            check::shape(op, "probs", probs.shape(), self.map.shape())?;
            check::dtype(op, "probs", probs.dtype(), &[dtype])?;
        }
        check::rank(op, rows_arg, rows, 2, "[rows, hidden]")?;
        check::dtype(op, rows_arg, rows_dtype, &[dtype])?;
        check::shape(op, rows_arg, rows, &[rows[0], width])?;
        let (lines, what, most) = match self.rows {
            MapRows::Token => (count, "token", experts.min(MOST - 1)),
            MapRows::Expert => (experts, "expert", count),
        };
        check::that(rows[0] > 0 && rows[0].is_multiple_of(lines) && rows[0] / lines <= most, op, || {
            format!("{rows_arg} has {} rows, 1 to {most} of each {what} are needed, of which there are {lines}", rows[0])
        })?;
        Ok(Sizes { tokens: count, experts, rows: rows[0], width })
    }

    fn padded(&self) -> bool {
        self.rows == MapRows::Expert
    }

    /// The map and the probabilities, which CANN takes together or not at all.
    fn inputs(&self, s: &'a Stream, op: &str) -> Result<[Option<Desc<'a>>; 2]> {
        let Some(probs) = &self.probs else {
            check::home(s, op, "map", &self.map)?;
            return Ok([None, None]);
        };
        Ok([Some(self.map.input(s, op, "map")?), Some(probs.input(s, op, "probs")?)])
    }
}

/// Where there are probabilities there is room for what comes of them, `shape` in `dtype`.
fn room(op: &str, arg: &str, given: Option<&ViewMut<'_>>, wanted: bool, shape: &[usize], dtype: DType) -> Result<()> {
    check::that(given.is_some() == wanted, op, || {
        if wanted { format!("probs is given, {arg} is needed") } else { format!("{arg} is given, probs is needed") }
    })?;
    let Some(given) = given else { return Ok(()) };
    check::shape(op, arg, given.shape(), shape)?;
    check::dtype(op, arg, given.dtype(), &[dtype])
}

/// The i32 tensor `arg` of this shape.
fn numbers(op: &str, arg: &str, shape: &[usize], dtype: DType, needed: &[usize]) -> Result<()> {
    check::shape(op, arg, shape, needed)?;
    check::dtype(op, arg, dtype, &[DType::I32])
}

/// Tokens to their experts' rows, one expert's behind the other's and in each in the order of the tokens, with their
/// probabilities. Of each token's `j`-th expert (the map's row from left to right) `indices[t * k + j]` is the row; with
/// [`MapRows::Expert`] it is the other way round: of each row, its token.
///
/// Shapes: tokens [t, h]; out [n, h] with n = t * k, or experts * capacity; out_probs `[n]`, with `probs` and not without; indices
/// i32 `[n]`. One float dtype but for map and indices.
/// CANN: `aclnnMoeTokenPermuteWithRoutingMap` (8.5).
pub fn moe_permute_by_map<'a>(
    s: &Stream,
    tokens: impl Into<View<'a>>,
    routing: RoutingMap<'a>,
    out: impl Into<ViewMut<'a>>,
    out_probs: Option<ViewMut<'a>>,
    indices: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "moe_permute_by_map";
    let (tokens, out, indices) = (tokens.into(), out.into(), indices.into());
    let dtype = tokens.dtype();
    let sizes = routing.check(OP, ("tokens", tokens.shape(), dtype), ("out", out.shape(), out.dtype()))?;
    room(OP, "out_probs", out_probs.as_ref(), routing.probs.is_some(), &[sizes.rows], dtype)?;
    numbers(OP, "indices", indices.shape(), indices.dtype(), &[sizes.rows])?;
    let probs = routing.probs.as_ref().map(|probs| probs.input(s, OP, "probs")).transpose()?;
    let out_probs = out_probs.as_ref().map(|view| view.output(s, OP, "out_probs")).transpose()?;
    aclnn!(
        s,
        aclnnMoeTokenPermuteWithRoutingMap(
            tokens.input(s, OP, "tokens")?,
            routing.map.input(s, OP, "map")?,
            probs,
            sizes.rows as i64,
            routing.padded(),
            out.output(s, OP, "out")?,
            out_probs,
            indices.output(s, OP, "indices")?
        )
    )
}

/// Gradients of [`moe_permute_by_map`]: of each token the sum of its rows' `dout`, of each probability that of its row, else 0.
///
/// Shapes: dout [n, h]; dout_probs `[n]` and dprobs [t, experts], with `probs` and not without (its values are not read); indices
/// as the forward wrote them; dtokens [t, h]. One float dtype but for map and indices.
/// CANN: `aclnnMoeTokenPermuteWithRoutingMapGrad` (8.5).
#[allow(clippy::too_many_arguments)] // The forward's, and the gradients.
pub fn moe_permute_by_map_backward<'a>(
    s: &Stream,
    dout: impl Into<View<'a>>,
    dout_probs: Option<View<'a>>,
    indices: impl Into<View<'a>>,
    routing: RoutingMap<'a>,
    dtokens: impl Into<ViewMut<'a>>,
    dprobs: Option<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "moe_permute_by_map_backward";
    let (dout, indices, dtokens) = (dout.into(), indices.into(), dtokens.into());
    let dtype = dout.dtype();
    let sizes = routing.check(OP, ("dtokens", dtokens.shape(), dtokens.dtype()), ("dout", dout.shape(), dtype))?;
    let wanted = routing.probs.is_some();
    check::that(dout_probs.is_some() == wanted, OP, || {
        if wanted { "probs is given, dout_probs is needed".into() } else { "dout_probs is given, probs is needed".into() }
    })?;
    if let Some(dout_probs) = &dout_probs {
        check::shape(OP, "dout_probs", dout_probs.shape(), &[sizes.rows])?;
        check::dtype(OP, "dout_probs", dout_probs.dtype(), &[dtype])?;
    }
    room(OP, "dprobs", dprobs.as_ref(), wanted, &[sizes.tokens, sizes.experts], dtype)?;
    numbers(OP, "indices", indices.shape(), indices.dtype(), &[sizes.rows])?;
    if let Some(probs) = &routing.probs {
        check::home(s, OP, "probs", probs)?;
    }
    let dout_probs = dout_probs.as_ref().map(|view| view.input(s, OP, "dout_probs")).transpose()?;
    let dprobs = dprobs.as_ref().map(|view| view.output(s, OP, "dprobs")).transpose()?;
    aclnn!(
        s,
        aclnnMoeTokenPermuteWithRoutingMapGrad(
            dout.input(s, OP, "dout")?,
            dout_probs,
            indices.input(s, OP, "indices")?,
            routing.map.input(s, OP, "map")?,
            sizes.experts as i64,
            sizes.tokens as i64,
            routing.padded(),
            dtokens.output(s, OP, "dtokens")?,
            dprobs
        )
    )
}

/// Experts' rows back to their tokens: each the sum of its rows, each row times its probability where there are `probs`.
///
/// Shapes: rows [n, h]; indices i32 `[n]` as [`moe_permute_by_map`] wrote them; out [t, h]; order i32 [2, n], which the backward
/// needs, with [`MapRows::Expert`] and not otherwise. One float dtype but for map, indices and order.
/// CANN: `aclnnMoeTokenUnpermuteWithRoutingMap` (8.5).
pub fn moe_unpermute_by_map<'a>(
    s: &Stream,
    rows: impl Into<View<'a>>,
    indices: impl Into<View<'a>>,
    routing: RoutingMap<'a>,
    out: impl Into<ViewMut<'a>>,
    order: Option<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "moe_unpermute_by_map";
    let (rows, indices, out) = (rows.into(), indices.into(), out.into());
    let sizes = routing.check(OP, ("out", out.shape(), out.dtype()), ("rows", rows.shape(), rows.dtype()))?;
    numbers(OP, "indices", indices.shape(), indices.dtype(), &[sizes.rows])?;
    check::that(order.is_some() == routing.padded(), OP, || {
        let needed = if routing.padded() { "needed" } else { "given" };
        format!("order is {needed}, with as many rows of each expert and not otherwise")
    })?;
    let halves = match order {
        None => None,
        Some(order) => {
            numbers(OP, "order", order.shape(), order.dtype(), &[2, sizes.rows])?;
            let (index, token) = order.split_at(0, 1)?;
            Some([index.reshape(&[sizes.rows])?, token.reshape(&[sizes.rows])?])
        }
    };
    // With padding CANN gives the rows' probabilities whether they are wanted or not.
    let mut kept = match routing.probs {
        Some(_) if routing.padded() => Some(Tensor::empty(s, &[sizes.rows], rows.dtype())?),
        _ => None,
    };
    let kept = kept.as_mut().map(|kept| kept.view_mut());
    let [map, probs] = routing.inputs(s, OP)?;
    let [index, token] = match &halves {
        None => [None, None],
        Some([index, token]) => [Some(index.output(s, OP, "order")?), Some(token.output(s, OP, "order")?)],
    };
    aclnn!(
        s,
        aclnnMoeTokenUnpermuteWithRoutingMap(
            rows.input(s, OP, "rows")?,
            indices.input(s, OP, "indices")?,
            map,
            probs,
            routing.padded(),
            IntArray::new(s, &[sizes.tokens as i64, sizes.width as i64]),
            out.output(s, OP, "out")?,
            index,
            token,
            kept.as_ref().map(|kept| kept.output(s, OP, "the probabilities of rows")).transpose()?
        )
    )
}

/// Gradients of [`moe_unpermute_by_map`], of `rows` and, where there are `probs`, of these.
///
/// Shapes: rows, drows [n, h] (rows are read with `probs` only); dout [t, h]; order the forward's `indices` `[n]`, or, with
/// [`MapRows::Expert`], the order [2, n] that it wrote; dprobs [t, experts], with `probs` and not without. One float dtype but for
/// map and order.
/// CANN: `aclnnMoeTokenUnpermuteWithRoutingMapGrad` (8.5).
#[allow(clippy::too_many_arguments)] // The forward's, and the gradients.
pub fn moe_unpermute_by_map_backward<'a>(
    s: &Stream,
    rows: impl Into<View<'a>>,
    dout: impl Into<View<'a>>,
    order: impl Into<View<'a>>,
    routing: RoutingMap<'a>,
    drows: impl Into<ViewMut<'a>>,
    dprobs: Option<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "moe_unpermute_by_map_backward";
    let (rows, dout, order, drows) = (rows.into(), dout.into(), order.into(), drows.into());
    let sizes = routing.check(OP, ("dout", dout.shape(), dout.dtype()), ("rows", rows.shape(), rows.dtype()))?;
    check::shape(OP, "drows", drows.shape(), rows.shape())?;
    check::dtype(OP, "drows", drows.dtype(), &[rows.dtype()])?;
    let needed: &[usize] = if routing.padded() { &[2, sizes.rows] } else { &[sizes.rows] };
    numbers(OP, "order", order.shape(), order.dtype(), needed)?;
    room(OP, "dprobs", dprobs.as_ref(), routing.probs.is_some(), &[sizes.tokens, sizes.experts], rows.dtype())?;
    // Without padding the tokens are not read, and CANN still wants a tensor for them.
    let half = |at| if routing.padded() { order.narrow(0, at, 1)?.reshape(&[sizes.rows]) } else { Ok(order) };
    let (index, token) = (half(0)?, half(1)?);
    check::home(s, OP, "rows", &rows)?;
    let [map, probs] = routing.inputs(s, OP)?;
    let rows = probs.is_some().then(|| rows.input(s, OP, "rows")).transpose()?;
    let dprobs = dprobs.as_ref().map(|view| view.output(s, OP, "dprobs")).transpose()?;
    aclnn!(
        s,
        aclnnMoeTokenUnpermuteWithRoutingMapGrad(
            dout.input(s, OP, "dout")?,
            index.input(s, OP, "order")?,
            token.input(s, OP, "order")?,
            map,
            rows,
            probs,
            routing.padded(),
            IntArray::new(s, &[sizes.tokens as i64, sizes.width as i64]),
            drows.output(s, OP, "drows")?,
            dprobs
        )
    )
}
