//! The calls that all ranks make, with as much for each.

use super::signature::Signature;
use super::{Communicator, ReduceOp, Traffic, check};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{View, ViewMut};

/// All of these enqueue on the communicator's stream and return at once, also while other ranks are late. Tensors may be reused or
/// dropped after the call.
///
/// Errors of all: `WrongStream` if a tensor lives elsewhere, `Shape` if a view has gaps, `Length`, `DType` and `Argument` as the
/// method says, before the call is made. `Collective` if another rank's call of the same number differs, or if a rank has left.
/// `MissingSymbol`; else what CANN says. What goes wrong later (a rank is late, or fails) surfaces at the next wait.
impl Communicator {
    /// The reduction of all ranks' tensors, on every rank, in place.
    ///
    /// Shapes: x any, as many elements on every rank.
    /// Errors: `DType` if HCCL does not reduce that type so.
    /// CANN: HcclAllReduce.
    pub fn all_reduce<'a>(&self, x: impl Into<ViewMut<'a>>, op: ReduceOp) -> Result<()> {
        const OP: &str = "all_reduce";
        let mut x = x.into();
        check::buffer(self, OP, "x", &x.as_view())?;
        check::reducible(OP, x.dtype(), op)?;
        let traffic = Traffic::both(2 * self.others() * bytes(&x.as_view()) / self.size());
        self.collective(Signature::new(OP, x.numel(), x.dtype()).op(op), None, traffic, |issue| issue.all_reduce(&mut x, op))
    }

    /// All ranks' tensors end to end, in the order of the ranks, on every rank.
    ///
    /// Shapes: src any, as many elements on every rank; dst `size` times as many.
    /// Errors: `Length`, `DType`.
    /// CANN: HcclAllGather.
    pub fn all_gather<'a>(&self, src: impl Into<View<'a>>, dst: impl Into<ViewMut<'a>>) -> Result<()> {
        const OP: &str = "all_gather";
        let (src, mut dst) = (src.into(), dst.into());
        self.check_pair(OP, &src, &dst)?;
        let needed = self.times_size(OP, src.numel())?;
        check::length(OP, "dst", dst.numel(), needed, &format!("{} ranks, {} elements of src", self.size(), src.numel()))?;
        let traffic = Traffic::both(self.others() * bytes(&src));
        let signature = Signature::new(OP, src.numel(), src.dtype());
        self.collective(signature, None, traffic, |issue| issue.all_gather(&src, &mut dst))
    }

    /// The reduction of all ranks' tensors, of which each rank gets its part: rank 0 the first.
    ///
    /// Shapes: dst any, as many elements on every rank; src `size` times as many.
    /// Errors: `Length`, `DType`.
    /// CANN: HcclReduceScatter.
    pub fn reduce_scatter<'a>(&self, src: impl Into<View<'a>>, dst: impl Into<ViewMut<'a>>, op: ReduceOp) -> Result<()> {
        const OP: &str = "reduce_scatter";
        let (src, mut dst) = (src.into(), dst.into());
        self.check_pair(OP, &src, &dst)?;
        check::reducible(OP, dst.dtype(), op)?;
        let needed = self.times_size(OP, dst.numel())?;
        check::length(OP, "src", src.numel(), needed, &format!("{} ranks, {} elements of dst", self.size(), dst.numel()))?;
        let traffic = Traffic::both(self.others() * bytes(&dst.as_view()));
        let signature = Signature::new(OP, dst.numel(), dst.dtype()).op(op);
        self.collective(signature, None, traffic, |issue| issue.reduce_scatter(&src, &mut dst, op))
    }

    /// The root's tensor, on every rank, in place.
    ///
    /// Shapes: x any, as many elements on every rank.
    /// Errors: `Argument` if there is no rank `root`.
    /// CANN: HcclBroadcast.
    pub fn broadcast<'a>(&self, x: impl Into<ViewMut<'a>>, root: usize) -> Result<()> {
        const OP: &str = "broadcast";
        let mut x = x.into();
        check::buffer(self, OP, "x", &x.as_view())?;
        check::rank(self, OP, "root", root)?;
        let signature = Signature::new(OP, x.numel(), x.dtype()).root(root);
        let traffic = self.rooted(root, bytes(&x.as_view()));
        self.collective(signature, None, traffic, |issue| issue.broadcast(&mut x, root))
    }

    /// The reduction of all ranks' tensors, on the root. What dst holds on other ranks afterwards is not defined.
    ///
    /// Shapes: src any, as many elements on every rank; dst as many, on every rank.
    /// Errors: `Length`, `DType`; `Argument` if there is no rank `root`.
    /// CANN: HcclReduce.
    pub fn reduce<'a>(&self, src: impl Into<View<'a>>, dst: impl Into<ViewMut<'a>>, op: ReduceOp, root: usize) -> Result<()> {
        const OP: &str = "reduce";
        let (src, mut dst) = (src.into(), dst.into());
        self.check_pair(OP, &src, &dst)?;
        check::rank(self, OP, "root", root)?;
        check::reducible(OP, src.dtype(), op)?;
        check::length(OP, "dst", dst.numel(), src.numel(), "as src")?;
        let Traffic { sent_bytes, received_bytes } = self.rooted(root, bytes(&src));
        let traffic = Traffic { sent_bytes: received_bytes, received_bytes: sent_bytes };
        let signature = Signature::new(OP, src.numel(), src.dtype()).op(op).root(root);
        self.collective(signature, None, traffic, |issue| issue.reduce(&src, &mut dst, op, root))
    }

    /// The root's tensor in parts, of which each rank gets one: rank 0 the first.
    ///
    /// Shapes: dst any, as many elements on every rank; src, on the root, `size` times as many, and `None` on other ranks.
    /// Errors: `Length`, `DType`; `Argument` if there is no rank `root`, if it gives no src, or if another rank gives one.
    /// CANN: HcclScatter.
    pub fn scatter<'a>(&self, src: Option<View<'a>>, dst: impl Into<ViewMut<'a>>, root: usize) -> Result<()> {
        const OP: &str = "scatter";
        let mut dst = dst.into();
        check::buffer(self, OP, "dst", &dst.as_view())?;
        check::rank(self, OP, "root", root)?;
        if src.is_some() != (self.rank() == root) {
            let text = format!("{OP}: rank {root}, the root, gives src and no other does; this is rank {}", self.rank());
            return Err(Error::new(ErrorKind::Argument, text));
        }
        if let Some(src) = &src {
            self.check_pair(OP, src, &dst)?;
            let needed = self.times_size(OP, dst.numel())?;
            check::length(OP, "src", src.numel(), needed, &format!("{} ranks, {} elements of dst", self.size(), dst.numel()))?;
        }
        let signature = Signature::new(OP, dst.numel(), dst.dtype()).root(root);
        let traffic = self.rooted(root, bytes(&dst.as_view()));
        self.collective(signature, None, traffic, |issue| issue.scatter(src.as_ref(), &mut dst, root))
    }

    /// Part `j` of src goes to rank `j`, which gets it as its part of this rank's number.
    ///
    /// Shapes: src and dst as many elements, on every rank; a multiple of `size`.
    /// Errors: `Length`, `DType`.
    /// CANN: HcclAlltoAll.
    pub fn all_to_all<'a>(&self, src: impl Into<View<'a>>, dst: impl Into<ViewMut<'a>>) -> Result<()> {
        const OP: &str = "all_to_all";
        let (src, mut dst) = (src.into(), dst.into());
        self.check_pair(OP, &src, &dst)?;
        let part = src.numel() / self.size();
        check::length(OP, "src", src.numel(), part * self.size(), &format!("{} equal parts", self.size()))?;
        check::length(OP, "dst", dst.numel(), src.numel(), "as src")?;
        let traffic = Traffic::both(self.others() * part * src.dtype().size());
        let signature = Signature::new(OP, part, src.dtype());
        self.collective(signature, None, traffic, |issue| issue.all_to_all(&src, &mut dst, part))
    }

    /// What is queued behind it on any rank runs after what is queued before it on every rank. The host does not wait: synchronise
    /// the [stream](Communicator::stream) for that.
    ///
    /// CANN: HcclBarrier.
    pub fn barrier(&self) -> Result<()> {
        self.collective(Signature::bare("barrier"), None, Traffic::default(), |issue| issue.barrier())
    }

    pub(super) fn check_pair(&self, op: &str, src: &View<'_>, dst: &ViewMut<'_>) -> Result<()> {
        let dst = dst.as_view();
        check::buffer(self, op, "src", src)?;
        check::buffer(self, op, "dst", &dst)?;
        check::same_dtype(op, src, &dst)
    }

    /// The ranks but this one.
    pub(super) fn others(&self) -> usize {
        self.size() - 1
    }

    fn times_size(&self, op: &str, n: usize) -> Result<usize> {
        let too_many = || Error::new(ErrorKind::Length, format!("{op}: {n} elements of {} ranks are too many", self.size()));
        n.checked_mul(self.size()).ok_or_else(too_many)
    }

    /// What this rank moves where the root sends as many `bytes` to each.
    fn rooted(&self, root: usize, bytes: usize) -> Traffic {
        if self.rank() == root { Traffic::new(self.others() * bytes, 0) } else { Traffic::new(0, bytes) }
    }
}

pub(super) fn bytes(view: &View<'_>) -> usize {
    view.numel() * view.dtype().size()
}
