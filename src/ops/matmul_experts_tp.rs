//! Experts' products of a mixture that is split twice: its experts over the ranks of one group, each expert's matrices over those
//! of another. As one operator with the exchanges before and behind: CANN overlaps them.

use super::call::Text;
use super::check;
use crate::acl::Stream;
use crate::error::Result;
use crate::hccl::{Communicator, Traffic};
use crate::tensor::{DType, Desc, View, ViewMut};

/// How tokens lie over the ranks that have the same experts, outside of the experts' products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSplit {
    /// All have the same tokens, and each has its part of their elements.
    Elements,
    /// Each has tokens of its own.
    Tokens,
}

/// What follows the first product, and its bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpertActivation {
    /// Nothing.
    None,
    /// GELU, by tanh.
    Gelu,
    /// `x * sigmoid(x)`.
    Silu,
    /// `max(x, 0)`.
    Relu,
    /// `x * sigmoid(1.702 x)`.
    FastGelu,
}

/// The two groups that an expert layer is split over. Tensors are at home on the stream of `ep`; what is queued on that of `tp`
/// runs before, or behind.
#[derive(Clone, Copy, Debug)]
pub struct ExpertGroups<'a> {
    /// Ranks that have different experts.
    pub ep: &'a Communicator,
    /// Ranks that have parts of the same experts' matrices.
    pub tp: &'a Communicator,
    /// How tokens lie over `tp`.
    pub split: TokenSplit,
}

/// Sizes of a layer, of one rank.
struct Sizes {
    /// Its experts.
    experts: usize,
    /// Tokens for each expert, and elements of each, outside of the products.
    tokens: usize,
    width: usize,
    /// Rows of an expert's product, and whole elements of a token.
    rows: usize,
    hidden: usize,
}

impl ExpertGroups<'_> {
    fn stream(&self) -> &Stream {
        self.ep.stream()
    }

    /// CANN's number of it.
    fn shard_type(&self) -> i64 {
        i64::from(self.split == TokenSplit::Tokens)
    }

    /// Tokens `[all experts, tokens, width]` at home go with the weight's `experts`, of `hidden` elements a token.
    fn sizes(&self, op: &str, arg: &str, home: &[usize], [experts, hidden]: [usize; 2]) -> Result<Sizes> {
        check::rank(op, arg, home, 3, "[experts of all ranks, tokens, elements]")?;
        let (ep, tp) = (self.ep.size(), self.tp.size());
        let [tokens, width] = [home[1], home[2]];
        check::that(home[0] == experts * ep, op, || {
            format!("{arg} is {home:?}, weight has {experts} experts: {ep} ranks make it {}", experts * ep)
        })?;
        let parts = if self.split == TokenSplit::Elements { tp } else { 1 };
        check::that(width * parts == hidden, op, || {
            format!("{arg} has {width} elements a token, in {parts} parts: weight has {hidden} in all")
        })?;
        check::that(experts > 0 && tokens > 0 && width > 0, op, || format!("{arg} is {home:?}, no dim may be 0"))?;
        Ok(Sizes { experts, tokens, width, rows: ep * tokens * if parts == 1 { tp } else { 1 }, hidden })
    }

    /// What a rank sends, and receives, of tokens at home and of an exchange within `tp` of `elements`, of 16 bits each.
    fn traffic(&self, sizes: &Sizes, elements: usize) -> [Traffic; 2] {
        let part = |comm: &Communicator, elements: usize| Traffic::both((comm.size() - 1) * elements * 2 / comm.size());
        let home = sizes.experts * self.ep.size() * sizes.tokens * sizes.width;
        [part(self.ep, home), part(self.tp, elements)]
    }
}

/// `weight` is `[experts, k, n]` of the dtype of `x`, bf16 or f16.
fn check_weight(op: &str, x: &View<'_>, weight: &View<'_>, out: &ViewMut<'_>) -> Result<[usize; 3]> {
    check::rank(op, "weight", weight.shape(), 3, "[experts, k, n]")?;
    check::dtype(op, "x", x.dtype(), check::HALVES)?;
    check::dtype(op, "weight", weight.dtype(), &[x.dtype()])?;
    check::dtype(op, "out", out.dtype(), &[x.dtype()])?;
    Ok([weight.shape()[0], weight.shape()[1], weight.shape()[2]])
}

/// `[experts, n]`, f32 with bf16.
fn bias_of<'a>(s: &'a Stream, op: &str, bias: &'a Option<View<'a>>, shape: [usize; 2], dtype: DType) -> Result<Option<Desc<'a>>> {
    let Some(bias) = bias else { return Ok(None) };
    check::dtype(op, "bias", bias.dtype(), &[if dtype == DType::BF16 { DType::F32 } else { dtype }])?;
    check::shape(op, "bias", bias.shape(), &shape)?;
    bias.input(s, op, "bias").map(Some)
}

/// Tokens to the ranks of their experts, together with those of the ranks that have the same, and each expert's first product:
/// `out = activation(rows @ weight + bias)`. `rows` and `raw`, where they are wanted, get what the product took, and gave before an
/// activation: what the backward needs.
///
/// Shapes: x [E, c, h'] with the tokens for each of all E experts, weight [e, h, m] of the rank's e experts and its part of m;
/// bias [e, m], f32 with bf16. h' is h / tp with [`TokenSplit::Elements`], else h. out and raw [e, n, m], rows [e, n, h]: n is ep *
/// c, by the rank of `ep` that they come from, or ep * tp * c, by that and by the rank of `tp`. bf16 or f16, one for all.
/// Errors: `Collective` if another rank's call of the same number, in either group, is another one; `Argument` if the groups are
/// one, `WrongDevice` if they are on two devices; `Unsupported` in a capture or a repeat.
/// CANN: `aclnnAlltoAllAllGatherBatchMatMul` (8.1), on Atlas A3; 2, 4, 8, 16 or 32 ranks in either group, up to 32 experts each.
#[allow(clippy::too_many_arguments)] // What the operator has.
pub fn all_to_all_all_gather_bmm<'a>(
    groups: ExpertGroups<'_>,
    x: impl Into<View<'a>>,
    weight: impl Into<View<'a>>,
    bias: Option<View<'a>>,
    activation: ExpertActivation,
    out: impl Into<ViewMut<'a>>,
    rows: Option<ViewMut<'a>>,
    raw: Option<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "all_to_all_all_gather_bmm";
    let (s, x, weight, out) = (groups.stream(), x.into(), weight.into(), out.into());
    let [experts, h, m] = check_weight(OP, &x, &weight, &out)?;
    let sizes = groups.sizes(OP, "x", x.shape(), [experts, h])?;
    check::shape(OP, "out", out.shape(), &[experts, sizes.rows, m])?;
    check::that(raw.is_none() || activation != ExpertActivation::None, OP, || {
        "raw is given without an activation: then it is out".into()
    })?;
    for (arg, view, last) in [("rows", &rows, h), ("raw", &raw, m)] {
        let Some(view) = view else { continue };
        check::dtype(OP, arg, view.dtype(), &[x.dtype()])?;
        check::shape(OP, arg, view.shape(), &[experts, sizes.rows, last])?;
    }
    let (dtype, count) = (x.dtype(), x.numel());
    let bias = bias_of(s, OP, &bias, [experts, m], dtype)?;
    let (x, weight, y1) = (x.input(s, OP, "x")?, weight.input(s, OP, "weight")?, out.output(s, OP, "out")?);
    let y2 = rows.as_ref().map(|view| view.output(s, OP, "rows")).transpose()?;
    let y3 = raw.as_ref().map(|view| view.output(s, OP, "raw")).transpose()?;
    let (ep, tp) = (groups.ep.size() as i64, groups.tp.size() as i64);
    let activation = match activation {
        ExpertActivation::None => 0i64,
        ExpertActivation::Gelu => 1,
        ExpertActivation::Silu => 2,
        ExpertActivation::Relu => 3,
        ExpertActivation::FastGelu => 4,
    };
    let traffic = groups.traffic(&sizes, experts * sizes.rows * sizes.hidden);
    groups.ep.operator_with(groups.tp, OP, (Some(count), dtype), traffic, |ep_name, tp_name| {
        aclnn!(
            s,
            aclnnAlltoAllAllGatherBatchMatMul(
                x,
                weight,
                bias,
                Text(ep_name),
                Text(tp_name),
                ep,
                tp,
                groups.shard_type(),
                activation,
                y1,
                y2,
                y3
            )
        )
    })
}

/// Each expert's second product, summed over the ranks that have parts of it, and what comes of it back to the ranks of the tokens:
/// the way back of [`all_to_all_all_gather_bmm`].
///
/// Shapes: x [e, n, m], the rank's part of m, weight [e, m, h]; out [E, c, h'] as that one's `x`; bias [e, h'], of the part that
/// the rank brings back, f32 with bf16. bf16 or f16, one for all.
/// Errors: as there.
/// CANN: `aclnnBatchMatMulReduceScatterAlltoAll` (8.1), on Atlas A3; groups as there.
pub fn bmm_reduce_scatter_all_to_all<'a>(
    groups: ExpertGroups<'_>,
    x: impl Into<View<'a>>,
    weight: impl Into<View<'a>>,
    bias: Option<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "bmm_reduce_scatter_all_to_all";
    let (s, x, weight, out) = (groups.stream(), x.into(), weight.into(), out.into());
    let [experts, m, h] = check_weight(OP, &x, &weight, &out)?;
    let sizes = groups.sizes(OP, "out", out.shape(), [experts, h])?;
    check::shape(OP, "x", x.shape(), &[experts, sizes.rows, m])?;
    let (dtype, count) = (x.dtype(), out.numel());
    let bias = bias_of(s, OP, &bias, [experts, sizes.width], dtype)?;
    let (x, weight, out) = (x.input(s, OP, "x")?, weight.input(s, OP, "weight")?, out.output(s, OP, "out")?);
    let (ep, tp) = (groups.ep.size() as i64, groups.tp.size() as i64);
    let traffic = groups.traffic(&sizes, experts * sizes.rows * sizes.hidden);
    groups.ep.operator_with(groups.tp, OP, (Some(count), dtype), traffic, |ep_name, tp_name| {
        aclnn!(
            s,
            aclnnBatchMatMulReduceScatterAlltoAll(
                x,
                weight,
                bias,
                Text(ep_name),
                Text(tp_name),
                ep,
                tp,
                groups.shard_type(),
                out
            )
        )
    })
}
