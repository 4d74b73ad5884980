//! Mixtures of experts across ranks by CANN's own operators: tokens to the ranks of the experts that they chose, and what the
//! experts made of them back, weighted and added up. No gradients.

use super::call::{NoTensor, Text};
use super::check;
use crate::acl::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::hccl::{Communicator, Traffic};
use crate::tensor::{DType, Desc, Tensor, View, ViewMut};

/// How a mixture lies over the ranks of a communicator; the same on all of them. The communicator carries nothing else: CANN wants
/// it so.
///
/// Ranks: on Atlas A3 2 to 768 (V1, CANN below 8.5: 8, 16, 32, 64, 128, 144, 256, 288), on A2 16, 32 or 64. CANN keeps a window of
/// `HCCL_BUFFSIZE` MiB for a communicator, through which tokens go: what does not fit is an error that says how much is needed.
///
/// CANN: `aclnnMoeDistributeDispatchV2` and `aclnnMoeDistributeCombineV2` (8.5) where it has them, else
/// `aclnnMoeDistributeDispatch` and `aclnnMoeDistributeCombine` (8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoeDistribute {
    /// Experts in all, as many on each rank that is not a shared expert's.
    pub experts: usize,
    /// Experts that a token chooses.
    pub top_k: usize,
    /// Elements of a token.
    pub hidden: usize,
    /// The most tokens of any rank.
    pub max_tokens: usize,
    /// Shared experts that have ranks of their own, the first `shared_ranks`. On A3.
    pub shared_experts: usize,
    /// See `shared_experts`.
    pub shared_ranks: usize,
    /// Tokens travel, and arrive, as int8 with a scale for each.
    pub quantise: bool,
}

/// What a rank receives of one dispatch, and what combine needs to send it back.
#[derive(Debug)]
pub struct MoeRows {
    /// The rows of the rank's experts, one expert's behind the other's: `[capacity, hidden]`, of the tokens' dtype or i8. Rows behind
    /// those that came are not written.
    pub rows: Tensor,
    /// What undoes the quantisation of each row: f32 `[capacity]`.
    pub scales: Option<Tensor>,
    /// Rows of each of the rank's experts: i64 `[local experts]`.
    pub counts: Tensor,
    index: Tensor,
    ep_counts: Tensor,
    tp_counts: Tensor,
    weights: Tensor,
    later: bool,
}

impl MoeDistribute {
    /// Most rows that a rank may receive.
    pub fn capacity(&self, rank: usize, ranks: usize) -> usize {
        if rank < self.shared_ranks {
            return self.max_tokens * (ranks * self.shared_experts).div_ceil(self.shared_ranks);
        }
        self.max_tokens * ranks * self.local(rank, ranks).min(self.top_k)
    }

    /// Experts of a rank.
    pub fn local(&self, rank: usize, ranks: usize) -> usize {
        match ranks.checked_sub(self.shared_ranks) {
            _ if rank < self.shared_ranks => 1,
            None | Some(0) => 0,
            Some(others) => self.experts / others,
        }
    }

    /// Room for what this rank receives, of tokens of this dtype.
    ///
    /// Order: allocates, on the communicator's stream.
    /// Errors: `Argument` for numbers that do not go together; `OutOfMemory`.
    pub fn room(&self, comm: &Communicator, dtype: DType) -> Result<MoeRows> {
        let (s, ranks) = (comm.stream(), comm.size());
        if ranks <= self.shared_ranks || !self.experts.is_multiple_of(ranks - self.shared_ranks) || self.experts == 0 {
            let text = format!("{self:?} over {ranks} ranks: each rank without a shared expert needs as many experts");
            return Err(Error::new(ErrorKind::Argument, text));
        }
        let (later, a2) = (is_later(s), is_a2(s));
        let (capacity, local) = (self.capacity(comm.rank(), ranks), self.local(comm.rank(), ranks));
        let index = if later { capacity * 128 } else { self.max_tokens * self.top_k };
        // On A2 CANN keeps notes of its own behind the counts, for each server of eight.
        let notes = if a2 { 2 * self.max_tokens * ranks * self.top_k * ranks.div_ceil(8) } else { 0 };
        Ok(MoeRows {
            rows: Tensor::empty(s, &[capacity, self.hidden], if self.quantise { DType::I8 } else { dtype })?,
            scales: self.quantise.then(|| Tensor::empty(s, &[capacity], DType::F32)).transpose()?,
            counts: Tensor::empty(s, &[local], DType::I64)?,
            index: Tensor::empty(s, &[index], DType::I32)?,
            ep_counts: Tensor::empty(s, &[ranks * local + notes], DType::I32)?,
            tp_counts: Tensor::empty(s, &[1], DType::I32)?,
            weights: Tensor::empty(s, &[capacity], DType::F32)?,
            later,
        })
    }

    /// Each of `tokens` to the ranks of its experts.
    ///
    /// Shapes: tokens `[t, hidden]` in bf16 or f16, t at most `max_tokens`; chosen i32 `[t, top_k]`, of a token no expert twice; weights
    /// f32 `[t, top_k]`, which A2 takes along; smooth f32 `[shared_experts + experts, hidden]`, factors before quantisation.
    /// `out` is [`room`](MoeDistribute::room)'s.
    /// Errors: `Collective` if another rank's call of the same number differs.
    pub fn dispatch<'a>(
        &self,
        comm: &Communicator,
        tokens: impl Into<View<'a>>,
        chosen: impl Into<View<'a>>,
        weights: impl Into<View<'a>>,
        smooth: Option<View<'a>>,
        out: &mut MoeRows,
    ) -> Result<()> {
        const OP: &str = "moe_dispatch";
        let (s, tokens, chosen, weights) = (comm.stream(), tokens.into(), chosen.into(), weights.into());
        self.check_tokens(OP, "tokens", (tokens.shape(), tokens.dtype()), &chosen, &weights)?;
        if let Some(smooth) = &smooth {
            check::shape(OP, "smooth", smooth.shape(), &[self.shared_experts + self.experts, self.hidden])?;
            check::dtype(OP, "smooth", smooth.dtype(), &[DType::F32])?;
        }
        self.check_room(OP, comm, tokens.dtype(), out)?;
        let (dtype, later, t) = (tokens.dtype(), out.later, tokens.shape()[0]);
        let MoeRows { rows, scales, counts, index, ep_counts, tp_counts, weights: row_weights, .. } = out;
        // The first version's index is one number for each of the rank's own choices.
        let all = ViewMut::from(index);
        let index = if later { all } else { all.narrow(0, 0, t * self.top_k)? };
        let (rows, counts, ep_counts) = (ViewMut::from(rows), ViewMut::from(counts), ViewMut::from(ep_counts));
        let (tp_counts, row_weights) = (ViewMut::from(tp_counts), ViewMut::from(row_weights));
        let scales: Option<ViewMut<'_>> = scales.as_mut().map(ViewMut::from);
        let x = tokens.input(s, OP, "tokens")?;
        let ids = chosen.input(s, OP, "chosen")?;
        let smooth = smooth.as_ref().map(|smooth| smooth.input(s, OP, "smooth")).transpose()?;
        let weights = is_a2(s).then(|| weights.input(s, OP, "weights")).transpose()?;
        let rows = rows.output(s, OP, "out")?;
        let scales = scales.as_ref().map(|scales| scales.output(s, OP, "out")).transpose()?;
        let (index, counts) = (index.output(s, OP, "out")?, counts.output(s, OP, "out")?);
        let (ep_counts, tp_counts) = (ep_counts.output(s, OP, "out")?, tp_counts.output(s, OP, "out")?);
        let row_weights = row_weights.output(s, OP, "out")?;
        let n = Numbers::of(self, comm);
        let quant = if self.quantise { 2i64 } else { 0 };
        let bytes = t * self.top_k * self.hidden * if self.quantise { 1 } else { 2 };
        comm.operator(OP, (None, dtype), Traffic::new(bytes, 0), |group| {
            if later {
                aclnn!(
                    s,
                    aclnnMoeDistributeDispatchV2(
                        x,
                        ids,
                        smooth,
                        NoTensor,
                        weights,
                        Text(group),
                        n.ranks,
                        n.rank,
                        n.experts,
                        Text(c""),
                        0i64,
                        0i64,
                        0i64,
                        n.shared,
                        n.shared_ranks,
                        quant,
                        n.all,
                        1i64,
                        Text(c""),
                        rows,
                        scales,
                        index,
                        counts,
                        ep_counts,
                        tp_counts,
                        row_weights
                    )
                )
            } else {
                aclnn!(
                    s,
                    aclnnMoeDistributeDispatch(
                        x,
                        ids,
                        smooth,
                        NoTensor,
                        weights,
                        Text(group),
                        n.ranks,
                        n.rank,
                        n.experts,
                        Text(c""),
                        0i64,
                        0i64,
                        0i64,
                        n.shared,
                        n.shared_ranks,
                        quant,
                        n.all,
                        1i64,
                        rows,
                        scales,
                        index,
                        counts,
                        ep_counts,
                        tp_counts,
                        row_weights
                    )
                )
            }
        })
    }

    /// What the experts made of `sent`, back: `out[t] = Σ weights[t][k] * row(t, k)`, and the shared experts' rows.
    ///
    /// Shapes: rows `[capacity, hidden]` of the dtype of `out`, in the order of `sent`; chosen and weights as in
    /// [`dispatch`](MoeDistribute::dispatch); out `[t, hidden]`, bf16 or f16.
    /// Errors: `Collective` if another rank's call of the same number differs.
    pub fn combine<'a>(
        &self,
        comm: &Communicator,
        rows: impl Into<View<'a>>,
        sent: &MoeRows,
        chosen: impl Into<View<'a>>,
        weights: impl Into<View<'a>>,
        out: impl Into<ViewMut<'a>>,
    ) -> Result<()> {
        const OP: &str = "moe_combine";
        let (s, rows, chosen, weights, out) = (comm.stream(), rows.into(), chosen.into(), weights.into(), out.into());
        self.check_tokens(OP, "out", (out.shape(), out.dtype()), &chosen, &weights)?;
        check::shape(OP, "rows", rows.shape(), sent.rows.shape())?;
        check::dtype(OP, "rows", rows.dtype(), &[out.dtype()])?;
        let (dtype, t) = (out.dtype(), out.shape()[0]);
        let mut index: View<'_> = (&sent.index).into();
        if !sent.later {
            index = index.narrow(0, 0, t * self.top_k)?;
        }
        let (ep_counts, row_weights): (View<'_>, View<'_>) = ((&sent.ep_counts).into(), (&sent.weights).into());
        let x = rows.input(s, OP, "rows")?;
        let (ids, index) = (chosen.input(s, OP, "chosen")?, index.input(s, OP, "sent")?);
        let (ep_counts, weights) = (ep_counts.input(s, OP, "sent")?, weights.input(s, OP, "weights")?);
        let row_weights: Option<Desc<'_>> = is_a2(s).then(|| row_weights.input(s, OP, "sent")).transpose()?;
        let output = out.output(s, OP, "out")?;
        let n = Numbers::of(self, comm);
        comm.operator(OP, (None, dtype), Traffic::new(0, t * self.top_k * self.hidden * 2), |group| {
            if sent.later {
                aclnn!(
                    s,
                    aclnnMoeDistributeCombineV2(
                        x,
                        ids,
                        index,
                        ep_counts,
                        weights,
                        NoTensor,
                        NoTensor,
                        NoTensor,
                        NoTensor,
                        NoTensor,
                        row_weights,
                        NoTensor,
                        Text(group),
                        n.ranks,
                        n.rank,
                        n.experts,
                        Text(c""),
                        0i64,
                        0i64,
                        0i64,
                        n.shared,
                        n.shared_ranks,
                        n.all,
                        0i64,
                        0i64,
                        0i64,
                        Text(c""),
                        output
                    )
                )
            } else {
                aclnn!(
                    s,
                    aclnnMoeDistributeCombine(
                        x,
                        ids,
                        index,
                        ep_counts,
                        weights,
                        NoTensor,
                        NoTensor,
                        NoTensor,
                        NoTensor,
                        NoTensor,
                        row_weights,
                        Text(group),
                        n.ranks,
                        n.rank,
                        n.experts,
                        Text(c""),
                        0i64,
                        0i64,
                        0i64,
                        n.shared,
                        n.shared_ranks,
                        n.all,
                        0i64,
                        0i64,
                        0i64,
                        output
                    )
                )
            }
        })
    }

    fn check_tokens(
        &self,
        op: &str,
        arg: &str,
        (shape, dtype): (&[usize], DType),
        chosen: &View<'_>,
        weights: &View<'_>,
    ) -> Result<()> {
        check::rank(op, arg, shape, 2, "[tokens, hidden]")?;
        check::dtype(op, arg, dtype, &[DType::BF16, DType::F16])?;
        let t = shape[0];
        check::that(t <= self.max_tokens, op, || format!("{arg} has {t} tokens, max_tokens is {}", self.max_tokens))?;
        check::shape(op, arg, shape, &[t, self.hidden])?;
        check::shape(op, "chosen", chosen.shape(), &[t, self.top_k])?;
        check::dtype(op, "chosen", chosen.dtype(), &[DType::I32])?;
        check::shape(op, "weights", weights.shape(), &[t, self.top_k])?;
        check::dtype(op, "weights", weights.dtype(), &[DType::F32])
    }

    fn check_room(&self, op: &str, comm: &Communicator, dtype: DType, out: &MoeRows) -> Result<()> {
        let (capacity, local) = (self.capacity(comm.rank(), comm.size()), self.local(comm.rank(), comm.size()));
        check::shape(op, "out", out.rows.shape(), &[capacity, self.hidden])?;
        check::dtype(op, "out", out.rows.dtype(), &[if self.quantise { DType::I8 } else { dtype }])?;
        check::that(out.scales.is_some() == self.quantise, op, || "out has scales exactly where tokens are quantised".into())?;
        if let Some(scales) = &out.scales {
            check::shape(op, "out.scales", scales.shape(), &[capacity])?;
        }
        check::shape(op, "out.counts", out.counts.shape(), &[local])
    }
}

/// The numbers that both operators take.
struct Numbers {
    ranks: i64,
    rank: i64,
    experts: i64,
    shared: i64,
    shared_ranks: i64,
    /// Tokens of all ranks, as if all had the most.
    all: i64,
}

impl Numbers {
    fn of(moe: &MoeDistribute, comm: &Communicator) -> Numbers {
        let [ranks, rank, experts, shared, shared_ranks, all] =
            [comm.size(), comm.rank(), moe.experts, moe.shared_experts, moe.shared_ranks, moe.max_tokens * comm.size()]
                .map(|n| n as i64);
        Numbers { ranks, rank, experts, shared, shared_ranks, all }
    }
}

/// Whether CANN has the second version of both.
fn is_later(s: &Stream) -> bool {
    let ops = &s.api().ops;
    ops.aclnnMoeDistributeDispatchV2.is_some() && ops.aclnnMoeDistributeCombineV2.is_some()
}

fn is_a2(s: &Stream) -> bool {
    !s.device().soc_name().starts_with("Ascend910_93")
}
