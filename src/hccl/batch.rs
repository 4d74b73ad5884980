//! The calls that two ranks make.

use super::call::Issue;
use super::messages::{Message, Side};
use super::{Communicator, Traffic, check};
use crate::error::Result;
use crate::tensor::{View, ViewMut};
use std::slice;

/// Sends and receives that are issued as one call and do not hold one another up.
///
/// At most one send to and one receive from each rank, as HCCL takes them. The tensors stay borrowed until [`Batch::run`].
/// ```
/// # use ascend_rl::{Cann, Communicator, Device, Result, Tensor, hccl::CommOptions};
/// # fn main() -> Result<()> {
/// # let cann = Cann::sim()?;
/// # let devices = [Device::open(&cann, 0)?, Device::open(&cann, 1)?];
/// let ranks = Communicator::all(&devices, &CommOptions::default())?;
/// let mut received = Vec::new();
/// for comm in &ranks {
///     let x = Tensor::from_slice(comm.stream(), &[1], &[comm.rank() as f32])?;
///     let mut y = Tensor::empty(comm.stream(), &[1], x.dtype())?;
///     let other = 1 - comm.rank();
///     comm.batch().send(&x, other)?.recv(&mut y, other)?.run()?;
///     received.push(y);
/// }
/// assert_eq!(received[0].to_vec::<f32>(ranks[0].stream())?, [1.0]);
/// assert_eq!(received[1].to_vec::<f32>(ranks[1].stream())?, [0.0]);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent before `run`"]
pub struct Batch<'a> {
    comm: &'a Communicator,
    parts: Vec<Part<'a>>,
}

/// One end of a message.
pub(super) struct Part<'a> {
    pub side: Side,
    /// What is sent; or where it is received, which is borrowed exclusively for as long.
    pub view: View<'a>,
    pub peer: usize,
}

/// Between two ranks. A rank's sends to another meet that one's receives in order; both ends have as many elements of one dtype.
impl Communicator {
    /// Sends a tensor to a rank, which must receive it.
    ///
    /// Order: enqueues; holds the stream up until the other rank's [`Communicator::recv`] runs.
    /// Errors: `WrongStream`, `Shape` for a view with gaps, `Argument` if `to` is no other rank; `Collective` if that rank
    /// receives something else, or has left.
    /// CANN: HcclSend.
    pub fn send<'a>(&self, src: impl Into<View<'a>>, to: usize) -> Result<()> {
        let part = Part::new(self, "send", Side::Send, src.into(), to)?;
        self.exchange("send", slice::from_ref(&part), |issue| issue.send(&part))
    }

    /// Receives a tensor from a rank, which must send it.
    ///
    /// Order: enqueues; holds the stream up until the other rank's [`Communicator::send`] runs.
    /// Errors: as [`Communicator::send`].
    /// CANN: HcclRecv.
    pub fn recv<'a>(&self, dst: impl Into<ViewMut<'a>>, from: usize) -> Result<()> {
        let part = Part::new(self, "recv", Side::Receive, shared(dst.into()), from)?;
        self.exchange("recv", slice::from_ref(&part), |issue| issue.recv(&part))
    }

    /// Sends and receives to be issued together.
    pub fn batch(&self) -> Batch<'_> {
        Batch { comm: self, parts: Vec::new() }
    }

    /// Posts all `parts`, so that ranks that differ are found before CANN is called, and lets `f` enqueue them.
    fn exchange(&self, op: &str, parts: &[Part<'_>], f: impl FnOnce(&Issue<'_>) -> Result<()>) -> Result<()> {
        let issue = Issue::new(self.stream(), &self.handle);
        let mut posted = Vec::new();
        let mut post = |part: &Part<'_>| {
            posted.extend(self.board.post_message(self.rank(), part.peer, part.side, part.message())?);
            Ok(())
        };
        if let Err(error) = parts.iter().try_for_each(&mut post).and_then(|()| f(&issue)) {
            posted.into_iter().rev().for_each(|undo| self.board.retract_message(undo));
            return Err(error.context(format!("{op} on {self:?}")));
        }
        parts.iter().for_each(|part| self.count(part.traffic()));
        Ok(())
    }
}

impl<'a> Batch<'a> {
    /// Adds a send to a rank. Errors: as [`Communicator::send`], before anything is sent.
    pub fn send(mut self, src: impl Into<View<'a>>, to: usize) -> Result<Batch<'a>> {
        self.parts.push(Part::new(self.comm, "send", Side::Send, src.into(), to)?);
        Ok(self)
    }

    /// Adds a receive from a rank. Errors: as [`Communicator::recv`], before anything is received.
    pub fn recv(mut self, dst: impl Into<ViewMut<'a>>, from: usize) -> Result<Batch<'a>> {
        self.parts.push(Part::new(self.comm, "recv", Side::Receive, shared(dst.into()), from)?);
        Ok(self)
    }

    /// Issues them.
    ///
    /// Order: enqueues; holds the stream up until all have their counterparts.
    /// Errors: `Collective` if another rank's end of one differs, or if a rank has left; `Argument` for two the same way with one
    /// rank. Then none of them is issued.
    /// CANN: HcclBatchSendRecv.
    pub fn run(self) -> Result<()> {
        self.comm.exchange("batch", &self.parts, |issue| issue.batch(&self.parts))
    }
}

impl<'a> Part<'a> {
    fn new(comm: &Communicator, op: &str, side: Side, view: View<'a>, peer: usize) -> Result<Part<'a>> {
        let (arg, peer_arg) = if side == Side::Send { ("src", "to") } else { ("dst", "from") };
        check::buffer(comm, op, arg, &view)?;
        check::peer(comm, op, peer_arg, peer)?;
        Ok(Part { side, view, peer })
    }

    fn message(&self) -> Message {
        Message { count: self.view.numel(), dtype: self.view.dtype() }
    }

    fn traffic(&self) -> Traffic {
        let bytes = self.view.numel() * self.view.dtype().size();
        if self.side == Side::Send { Traffic::new(bytes, 0) } else { Traffic::new(0, bytes) }
    }
}

/// The same memory as a plain view, for as long as it is borrowed exclusively.
fn shared(view: ViewMut<'_>) -> View<'_> {
    View { dtype: view.dtype, layout: view.layout, storage: view.storage }
}
