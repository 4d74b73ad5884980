//! The calls that all ranks make, with parts that differ in size.

use super::call::EMPTY_BYTES;
use super::collectives::bytes;
use super::signature::{Counts, Signature};
use super::{Communicator, ReduceOp, Traffic, check};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, View, ViewMut};
use std::ffi::c_void;

/// Parts lie end to end in the order of the ranks, and may be empty. Counts are elements. Order and errors as for the calls with
/// equal parts; besides, `Collective` if two ranks of this process disagree about the count of a part.
impl Communicator {
    /// All ranks' tensors end to end, in the order of the ranks, on every rank; `counts[i]` elements of rank `i`.
    ///
    /// Shapes: src any, with this rank's count of elements; dst with as many as the counts add up to; `size` counts, the same on
    /// every rank.
    /// Errors: `Length`, `DType`; `MissingSymbol`.
    /// CANN: HcclAllGatherV.
    pub fn all_gather_v<'a>(&self, src: impl Into<View<'a>>, dst: impl Into<ViewMut<'a>>, counts: &[usize]) -> Result<()> {
        const OP: &str = "all_gather_v";
        let (src, mut dst) = (src.into(), dst.into());
        self.check_pair(OP, &src, &dst)?;
        self.check_counts(OP, ("counts", counts), ("dst", dst.numel()))?;
        check::length(OP, "src", src.numel(), counts[self.rank()], "this rank's of counts")?;
        let total = bytes(&dst.as_view());
        let (signature, traffic) =
            (Signature::uneven(OP, src.dtype()), Traffic::new(self.others() * bytes(&src), total - bytes(&src)));
        // What this rank has for each is its own count; what it expects of each is that one's.
        let posted = Counts { send: vec![src.numel(); self.size()].into(), receive: counts.into() };
        let scratch = self.stand_in(src.numel(), dst.numel())?;
        self.collective(signature, Some(posted), traffic, |issue| issue.all_gather_v(&src, &mut dst, counts, scratch))
    }

    /// The reduction of all ranks' tensors, of which rank `i` gets its part, `counts[i]` elements.
    ///
    /// Shapes: src with as many elements as the counts add up to; dst any, with this rank's count; `size` counts, the same on every
    /// rank.
    /// Errors: `Length`; `DType` if HCCL does not reduce that type so: here it has no product; `MissingSymbol`.
    /// CANN: HcclReduceScatterV (A3: one server; A2: servers with as many ranks each, and not of i64).
    pub fn reduce_scatter_v<'a>(
        &self,
        src: impl Into<View<'a>>,
        counts: &[usize],
        dst: impl Into<ViewMut<'a>>,
        op: ReduceOp,
    ) -> Result<()> {
        const OP: &str = "reduce_scatter_v";
        let (src, mut dst) = (src.into(), dst.into());
        self.check_pair(OP, &src, &dst)?;
        check::reducible(OP, src.dtype(), op)?;
        if op == ReduceOp::Prod {
            let text = format!("{OP}: the product of {}; HCCL has the sum, the largest and the smallest", src.dtype());
            return Err(Error::new(ErrorKind::DType, text));
        }
        self.check_counts(OP, ("counts", counts), ("src", src.numel()))?;
        check::length(OP, "dst", dst.numel(), counts[self.rank()], "this rank's of counts")?;
        let own = bytes(&dst.as_view());
        let signature = Signature::uneven(OP, src.dtype()).op(op);
        let traffic = Traffic::new(bytes(&src) - own, self.others() * own);
        let posted = Counts { send: counts.into(), receive: vec![dst.numel(); self.size()].into() };
        let scratch = self.stand_in(src.numel(), dst.numel())?;
        self.collective(signature, Some(posted), traffic, |issue| issue.reduce_scatter_v(&src, &mut dst, counts, op, scratch))
    }

    /// Part `j` of src, `send_counts[j]` elements, goes to rank `j`; part `i` of dst, `recv_counts[i]` elements, comes from rank `i`.
    ///
    /// Shapes: src and dst of any shape, with as many elements as their counts add up to; `size` counts each.
    /// Errors: `Length`, `DType`; `Collective` if a rank sends another number of elements than the other receives.
    /// CANN: HcclAlltoAllV.
    pub fn all_to_all_v<'a>(
        &self,
        src: impl Into<View<'a>>,
        send_counts: &[usize],
        dst: impl Into<ViewMut<'a>>,
        recv_counts: &[usize],
    ) -> Result<()> {
        const OP: &str = "all_to_all_v";
        let (src, mut dst) = (src.into(), dst.into());
        self.check_pair(OP, &src, &dst)?;
        let traffic = self.check_ways(
            OP,
            src.dtype(),
            ("send_counts", send_counts, src.numel()),
            ("recv_counts", recv_counts, dst.numel()),
        )?;
        let (mine, own) = (recv_counts[self.rank()], send_counts[self.rank()]);
        check::length(OP, "recv_counts, for this rank itself,", mine, own, "as in send_counts")?;
        let counts = Counts { send: send_counts.into(), receive: recv_counts.into() };
        let signature = Signature::uneven(OP, src.dtype());
        let scratch = self.stand_in(src.numel(), dst.numel())?;
        self.collective(signature, Some(counts.clone()), traffic, |issue| issue.all_to_all_v(&src, &mut dst, &counts, scratch))
    }

    /// The same, with the counts of all ranks on each: `matrix[i * size + j]` elements go from rank `i` to rank `j`.
    ///
    /// Shapes: src with as many elements as row `rank` of the matrix adds up to, dst as its column `rank`; `size * size` counts, the
    /// same on every rank.
    /// Errors: `Length`, `DType`; `Collective`.
    /// CANN: HcclAlltoAllVC where it is (8.5 and later), else HcclAlltoAllV, which does the same.
    pub fn all_to_all_vc<'a>(&self, src: impl Into<View<'a>>, dst: impl Into<ViewMut<'a>>, matrix: &[usize]) -> Result<()> {
        const OP: &str = "all_to_all_vc";
        let (src, mut dst, n) = (src.into(), dst.into(), self.size());
        self.check_pair(OP, &src, &dst)?;
        check::length(OP, "matrix", matrix.len(), n * n, &format!("{n} ranks to {n} ranks"))?;
        let send: Box<[usize]> = matrix[self.rank() * n..][..n].into();
        let receive: Box<[usize]> = matrix.iter().skip(self.rank()).step_by(n).copied().collect();
        let row = ("the matrix's row of this rank", &*send, src.numel());
        let column = ("the matrix's column of this rank", &*receive, dst.numel());
        let traffic = self.check_ways(OP, src.dtype(), row, column)?;
        let counts = Counts { send, receive };
        let signature = Signature::uneven(OP, src.dtype());
        let scratch = self.stand_in(src.numel(), dst.numel())?;
        let whole = self.device().cann().api().hccl.HcclAlltoAllVC.is_some();
        self.collective(signature, Some(counts.clone()), traffic, |issue| match whole {
            true => issue.all_to_all_vc(&src, &mut dst, matrix, scratch),
            false => issue.all_to_all_v(&src, &mut dst, &counts, scratch),
        })
    }

    /// One count for each rank, that add up to the elements of a tensor; how many that are.
    fn check_counts(&self, op: &str, (arg, counts): (&str, &[usize]), (tensor, numel): (&str, usize)) -> Result<usize> {
        check::length(op, arg, counts.len(), self.size(), "one for each rank")?;
        let sum = counts.iter().try_fold(0usize, |sum, &n| sum.checked_add(n)).unwrap_or(usize::MAX);
        check::length(op, tensor, numel, sum, &format!("the sum of {arg}"))?;
        Ok(sum)
    }

    /// What is sent of src and received into dst, each with its counts; what that moves between ranks.
    fn check_ways(
        &self,
        op: &str,
        dtype: DType,
        send: (&str, &[usize], usize),
        receive: (&str, &[usize], usize),
    ) -> Result<Traffic> {
        let mut to_others = [0; 2];
        for (i, (tensor, (arg, counts, numel))) in [("src", send), ("dst", receive)].into_iter().enumerate() {
            let sum = self.check_counts(op, (arg, counts), (tensor, numel))?;
            to_others[i] = (sum - counts[self.rank()]) * dtype.size();
        }
        Ok(Traffic::new(to_others[0], to_others[1]))
    }

    /// Memory for [`Issue`](super::call::Issue), where a tensor is empty.
    fn stand_in(&self, sent: usize, received: usize) -> Result<*mut c_void> {
        self.stream().workspace(if sent == 0 || received == 0 { EMPTY_BYTES } else { 0 })
    }
}
