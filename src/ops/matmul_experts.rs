//! Experts' products with the exchange of their tokens, as one operator: CANN overlaps the two.

use super::call::{IntArray, NoTensor, Text};
use super::check;
use crate::error::Result;
use crate::hccl::{Communicator, Traffic};
use crate::tensor::{DType, View, ViewMut};

/// Rows that a rank sends to, and receives from, each expert of each rank: `ranks * experts` numbers each, in the order of the
/// ranks and of the experts that they have. What one sends the other receives.
#[derive(Clone, Copy, Debug)]
pub struct ExpertCounts<'a> {
    /// To the experts of each rank.
    pub send: &'a [i64],
    /// From each rank, for this rank's experts.
    pub receive: &'a [i64],
}

impl ExpertCounts<'_> {
    /// There are as many numbers as experts of all ranks, and they make `sent` and `received` rows.
    fn check(&self, op: &str, comm: &Communicator, experts: usize, sent: usize, received: usize) -> Result<()> {
        let needed = comm.size() * experts;
        for (what, counts, rows) in [("send", self.send, sent), ("receive", self.receive, received)] {
            check::that(counts.len() == needed, op, || {
                format!(
                    "counts.{what} has {} numbers, {needed} are needed ({} ranks, {experts} experts)",
                    counts.len(),
                    comm.size()
                )
            })?;
            check::that(counts.iter().all(|n| *n >= 0), op, || format!("counts.{what} is {counts:?}: no count is negative"))?;
            let sum: i64 = counts.iter().sum();
            check::that(sum == rows as i64, op, || format!("counts.{what} makes {sum} rows, there are {rows}"))?;
        }
        Ok(())
    }

    /// Bytes to and from other ranks, of rows of `width` elements of 16 bits.
    fn traffic(&self, comm: &Communicator, experts: usize, width: usize) -> Traffic {
        let others = |counts: &[i64]| {
            let own = &counts[comm.rank() * experts..][..experts];
            (counts.iter().sum::<i64>() - own.iter().sum::<i64>()) as usize * width * 2
        };
        Traffic::new(others(self.send), others(self.receive))
    }
}

fn check_operands(op: &str, x: &View<'_>, weight: &View<'_>, out: &ViewMut<'_>) -> Result<[usize; 3]> {
    check::rank(op, "x", x.shape(), 2, "[rows, k]")?;
    check::rank(op, "weight", weight.shape(), 3, "[experts, k, n]")?;
    check::rank(op, "out", out.shape(), 2, "[rows, n]")?;
    check::dtype(op, "x", x.dtype(), &[DType::BF16, DType::F16])?;
    check::dtype(op, "weight", weight.dtype(), &[x.dtype()])?;
    check::dtype(op, "out", out.dtype(), &[x.dtype()])?;
    let [experts, k, n] = [weight.shape()[0], weight.shape()[1], weight.shape()[2]];
    check::shape(op, "x", x.shape(), &[x.shape()[0], k])?;
    check::shape(op, "out", out.shape(), &[out.shape()[0], n])?;
    Ok([experts, k, n])
}

/// Tokens to the ranks of their experts, and each expert's rows times its matrix. `rows` gets what came, where it is wanted: in
/// the order of the rank's experts and, for each, of the ranks that it comes from.
///
/// Shapes: x [sent, k] in the order of `counts.send`, weight [experts, k, n], out [received, n], rows [received, k]. bf16 or f16,
/// one for all. Between any two ranks CANN takes 2 to 100 MiB.
/// Errors: `Collective` if another rank's call of the same number is another one.
/// CANN: `aclnnAlltoAllvGroupedMatMul` (8.5), on Atlas A3, of 8, 16, 32 or 64 ranks.
pub fn all_to_all_grouped_matmul<'a>(
    comm: &Communicator,
    x: impl Into<View<'a>>,
    weight: impl Into<View<'a>>,
    counts: ExpertCounts<'_>,
    out: impl Into<ViewMut<'a>>,
    rows: Option<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "all_to_all_grouped_matmul";
    let (s, x, weight, out) = (comm.stream(), x.into(), weight.into(), out.into());
    let [experts, k, _] = check_operands(OP, &x, &weight, &out)?;
    counts.check(OP, comm, experts, x.shape()[0], out.shape()[0])?;
    if let Some(rows) = &rows {
        check::dtype(OP, "rows", rows.dtype(), &[x.dtype()])?;
        check::shape(OP, "rows", rows.shape(), &[out.shape()[0], k])?;
    }
    let (dtype, traffic) = (x.dtype(), counts.traffic(comm, experts, k));
    let (x, weight, out) = (x.input(s, OP, "x")?, weight.input(s, OP, "weight")?, out.output(s, OP, "out")?);
    let (wanted, rows) = (rows.is_some(), rows.as_ref().map(|rows| rows.output(s, OP, "rows")).transpose()?);
    let (send, receive, ranks) = (IntArray::new(s, counts.send), IntArray::new(s, counts.receive), comm.size() as i64);
    comm.operator(OP, (None, dtype), traffic, |group| {
        aclnn!(
            s,
            aclnnAlltoAllvGroupedMatMul(
                x,
                weight,
                NoTensor,
                NoTensor,
                NoTensor,
                NoTensor,
                Text(group),
                ranks,
                send,
                receive,
                false,
                false,
                wanted,
                out,
                NoTensor,
                rows
            )
        )
    })
}

/// Each expert's rows times its matrix, and what comes of them back to the ranks of the tokens: the way back of
/// [`all_to_all_grouped_matmul`], with the counts the other way round.
///
/// Shapes: x [sent, k] in the order of the rank's experts and, for each, of the ranks that it goes to; weight [experts, k, n], out
/// [received, n] in the order of `counts.receive`. bf16 or f16, one for all. Between any two ranks CANN takes 2 to 100 MiB of `x`.
/// Errors: `Collective` if another rank's call of the same number is another one.
/// CANN: `aclnnGroupedMatMulAlltoAllv` (8.5), on Atlas A3, of 8, 16, 32 or 64 ranks.
pub fn grouped_matmul_all_to_all<'a>(
    comm: &Communicator,
    x: impl Into<View<'a>>,
    weight: impl Into<View<'a>>,
    counts: ExpertCounts<'_>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "grouped_matmul_all_to_all";
    let (s, x, weight, out) = (comm.stream(), x.into(), weight.into(), out.into());
    let [experts, _, n] = check_operands(OP, &x, &weight, &out)?;
    counts.check(OP, comm, experts, x.shape()[0], out.shape()[0])?;
    let (dtype, traffic) = (x.dtype(), counts.traffic(comm, experts, n));
    let (x, weight, out) = (x.input(s, OP, "x")?, weight.input(s, OP, "weight")?, out.output(s, OP, "out")?);
    let (send, receive, ranks) = (IntArray::new(s, counts.send), IntArray::new(s, counts.receive), comm.size() as i64);
    comm.operator(OP, (None, dtype), traffic, |group| {
        aclnn!(
            s,
            aclnnGroupedMatMulAlltoAllv(
                x,
                weight,
                NoTensor,
                NoTensor,
                NoTensor,
                NoTensor,
                Text(group),
                ranks,
                send,
                receive,
                false,
                false,
                out,
                NoTensor
            )
        )
    })
}
