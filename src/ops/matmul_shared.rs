//! Matrix products with a collective before or behind them, as one operator: CANN overlaps the two.
//!
//! Bit for bit [`mm`](super::mm) and the communicator's collective, one after the other: use those where CANN has not the
//! operator for the chip or the number of ranks.

use super::call::{NoTensor, Text};
use super::check::{self, HALVES};
use crate::error::Result;
use crate::hccl::{Communicator, Traffic};
use crate::tensor::{Tensor, View, ViewMut};

/// `a @ b` exists: the sizes `[m, k, n]`.
fn product(op: &str, a: &View<'_>, b: &View<'_>) -> Result<[usize; 3]> {
    check::rank(op, "a", a.shape(), 2, "[m, k]")?;
    check::rank(op, "b", b.shape(), 2, "[k, n]")?;
    check::dtype(op, "a", a.dtype(), HALVES)?;
    check::dtype(op, "b", b.dtype(), &[a.dtype()])?;
    check::that(a.shape()[1] == b.shape()[0], op, || {
        format!("a is {:?} and b is {:?}: the inner dims differ", a.shape(), b.shape())
    })?;
    Ok([a.shape()[0], a.shape()[1], b.shape()[1]])
}

/// What a rank sends, and receives, of `elements` of 16 bits in `parts` for each of the others.
fn traffic(comm: &Communicator, elements: usize, parts: usize) -> Traffic {
    Traffic::both((comm.size() - 1) * elements * parts * 2 / comm.size())
}

/// The sum over all ranks of `a @ b + bias`, on every rank: a layer whose inner dim is split over the ranks.
///
/// Shapes: a [m, k] in one piece, b [k, n], bias `[n]`, out [m, n]; m, n and whether there is a bias the same on all ranks. bf16
/// or f16, one for all.
/// Errors: `Collective` if another rank's call of the same number differs.
/// CANN: `aclnnMatmulAllReduce` (8.1), on Atlas A2, of 1, 2, 4 or 8 ranks.
pub fn matmul_all_reduce<'a>(
    comm: &Communicator,
    a: impl Into<View<'a>>,
    b: impl Into<View<'a>>,
    bias: Option<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "matmul_all_reduce";
    let (s, a, b, out) = (comm.stream(), a.into(), b.into(), out.into());
    let [m, _, n] = product(OP, &a, &b)?;
    check::dtype(OP, "out", out.dtype(), &[a.dtype()])?;
    check::shape(OP, "out", out.shape(), &[m, n])?;
    if let Some(bias) = &bias {
        check::dtype(OP, "bias", bias.dtype(), &[a.dtype()])?;
        check::shape(OP, "bias", bias.shape(), &[n])?;
    }
    let (x1, x2, output) = (a.input(s, OP, "a")?, b.input(s, OP, "b")?, out.output(s, OP, "out")?);
    let bias = bias.as_ref().map(|bias| bias.input(s, OP, "bias")).transpose()?;
    comm.operator(OP, (Some(m * n), a.dtype()), traffic(comm, m * n, 2), |group| {
        aclnn!(s, aclnnMatmulAllReduce(x1, x2, bias, Text(group), Text(c"sum"), 0i64, 1i64, output))
    })
}

/// `out` is the rows of all ranks' `a`, in the order of the ranks, times this rank's `b`: a layer whose columns are split over the
/// ranks, behind one whose rows are. `gathered` gets those rows, where it is wanted.
///
/// Shapes: a [m, k], k from 256 to 65534, b [k, n], out [size * m, n], gathered [size * m, k]; m and k the same on all ranks. bf16
/// or f16, one for all.
/// Errors: `Collective` if another rank's call of the same number differs.
/// CANN: `aclnnAllGatherMatmul` (8.1), of 2, 4 or 8 ranks on Atlas A2, up to 32 on A3.
pub fn all_gather_matmul<'a>(
    comm: &Communicator,
    a: impl Into<View<'a>>,
    b: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
    gathered: Option<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "all_gather_matmul";
    let (s, a, b, out) = (comm.stream(), a.into(), b.into(), out.into());
    let [m, k, n] = product(OP, &a, &b)?;
    let rows = m * comm.size();
    check::dtype(OP, "out", out.dtype(), &[a.dtype()])?;
    check::shape(OP, "out", out.shape(), &[rows, n])?;
    if let Some(gathered) = &gathered {
        check::dtype(OP, "gathered", gathered.dtype(), &[a.dtype()])?;
        check::shape(OP, "gathered", gathered.shape(), &[rows, k])?;
    }
    // CANN wants a tensor in any case: an empty one says that it is not wanted.
    let mut none = gathered.is_none().then(|| Tensor::empty(s, &[0, k], a.dtype())).transpose()?;
    let Some(gathered) = gathered.or_else(|| none.as_mut().map(ViewMut::from)) else { return Ok(()) };
    let (x1, x2) = (a.input(s, OP, "a")?, b.input(s, OP, "b")?);
    let (output, gathered) = (out.output(s, OP, "out")?, gathered.output(s, OP, "gathered")?);
    comm.operator(OP, (Some(m * k), a.dtype()), traffic(comm, m * k, comm.size()), |group| {
        aclnn!(s, aclnnAllGatherMatmul(x1, x2, NoTensor, Text(group), 0i64, 0i64, 1i64, output, gathered))
    })
}

/// This rank's rows of the sum over all ranks of `a @ b`: a layer whose inner dim is split over the ranks, before one whose rows
/// are.
///
/// Shapes: a [size * m, k], k from 256 to 65534, b [k, n], out [m, n]; m and n the same on all ranks. bf16 or f16, one for all.
/// Errors: `Collective` if another rank's call of the same number differs.
/// CANN: `aclnnMatmulReduceScatter` (8.1), of 2, 4 or 8 ranks on Atlas A2, up to 32 on A3.
pub fn matmul_reduce_scatter<'a>(
    comm: &Communicator,
    a: impl Into<View<'a>>,
    b: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "matmul_reduce_scatter";
    let (s, a, b, out) = (comm.stream(), a.into(), b.into(), out.into());
    let [m, _, n] = product(OP, &a, &b)?;
    check::that(m % comm.size() == 0, OP, || format!("a has {m} rows, a multiple of the {} ranks is needed", comm.size()))?;
    check::dtype(OP, "out", out.dtype(), &[a.dtype()])?;
    check::shape(OP, "out", out.shape(), &[m / comm.size(), n])?;
    let (x1, x2, output) = (a.input(s, OP, "a")?, b.input(s, OP, "b")?, out.output(s, OP, "out")?);
    comm.operator(OP, (Some(m * n), a.dtype()), traffic(comm, m * n, 1), |group| {
        aclnn!(s, aclnnMatmulReduceScatter(x1, x2, NoTensor, Text(group), Text(c"sum"), 0i64, 1i64, output))
    })
}
