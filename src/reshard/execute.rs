//! The execution of a plan on a communicator.

use super::Plan;
use super::mover::Mover;
use crate::acl::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::hccl::Communicator;
use crate::tensor::{DType, Tensor, View, ViewMut};

/// How a plan is executed. Alike on every rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Most bytes that a rank packs to send in a round, and as many again to receive. Execution allocates these two buffers at
    /// most, and nothing else on the device. A card wants large messages; on simulated devices, 1 MiB, which stays in a CPU's
    /// caches, is faster.
    pub staging_bytes: usize,
    /// The dtype of every destination, and so of what travels. `None`: that of this rank's destination; a rank without one must
    /// say.
    pub dtype: Option<DType>,
}

impl Default for Options {
    /// Staging of 64 MiB.
    fn default() -> Options {
        Options { staging_bytes: 64 << 20, dtype: None }
    }
}

/// What an execution moved on this rank, in bytes of the destination's dtype.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Sent to other ranks.
    pub sent_bytes: u64,
    /// Received from other ranks.
    pub received_bytes: u64,
    /// Copied within the rank.
    pub kept_bytes: u64,
    /// The fewest that the rank could have received.
    pub fewest_bytes: u64,
    /// Exchanges.
    pub rounds: usize,
}

impl Plan {
    /// Moves the parameters: every rank of `comm` calls this with the same plan and options, `src` and `dst` being its buffers of
    /// the two layouts, contiguous, of any shape. Values are converted to the dtype of `dst` before they travel.
    ///
    /// Order: enqueues on the communicator's stream, where all views must live. Elements of `dst` outside its pieces stay.
    /// Memory: two buffers of at most `staging_bytes`, less where less travels, for the time of the call.
    /// Errors, before anything is enqueued: `Argument` for a communicator of another size, too few buffers, too little staging,
    /// or a dtype that is not said; `Length` for a buffer too short, `DType` for destinations that differ, `Shape` for one with
    /// gaps, `WrongStream`. Those of [`cast_copy`](super::cast_copy) and [`Communicator::all_to_all_v`] afterwards.
    /// Kernel: as [`cast_copy`](super::cast_copy), for strided copies of less than 64 KiB where there are eight or more: of those within
    /// a rank, and in each round of those into messages and of those out of them. CANN: `aclnnInplaceCopy` (8.1) for each other one, for
    /// dtypes that the kernel does not convert, and for all where it cannot be launched (a build without a C++ compiler for the simulator,
    /// or without a toolkit for a card); HcclAlltoAllV.
    pub fn execute(&self, comm: &Communicator, src: &[View<'_>], dst: &mut [ViewMut<'_>], options: &Options) -> Result<Moved> {
        let (s, rank) = (comm.stream(), comm.rank());
        if comm.size() != self.world {
            return Err(refuse(format!("the plan is of {} ranks, the communicator of {}", self.world, comm.size())));
        }
        let dtype = options.dtype.or(dst.first().map(|d| d.dtype()));
        let dtype = dtype.ok_or_else(|| refuse(format!("rank {rank} has no destination; its options must say the dtype")))?;
        let src = sources(s, src, &self.source_extents[rank])?;
        let mut dst = destinations(s, dst, &self.destination_extents[rank], dtype)?;
        let staging = options.staging_bytes / dtype.size();
        let (schedule, traffic) = (self.schedule(staging)?, self.traffic(rank));
        let room = |elements: u64| Tensor::empty(s, &[staging.min(elements as usize)], dtype);
        let (mut outbox, mut inbox) = (room(traffic.sent)?, room(traffic.received)?);

        let mover = Mover::new(s);
        mover.copy(&src, &mut dst, &self.kept[rank])?;
        for index in 0..schedule.rounds {
            let round = self.round(rank, schedule, index);
            mover.copy(&src, &mut [outbox.view_mut()], &round.pack)?;
            let (sent, received) = (round.send.iter().sum(), round.receive.iter().sum());
            let (sent, received) = (outbox.view().narrow(0, 0, sent)?, inbox.view_mut().narrow(0, 0, received)?);
            comm.all_to_all_v(sent, &round.send, received, &round.receive)?;
            mover.copy(&[inbox.view()], &mut dst, &round.unpack)?;
        }
        let bytes = |elements: u64| elements * dtype.size() as u64;
        Ok(Moved {
            sent_bytes: bytes(traffic.sent),
            received_bytes: bytes(traffic.received),
            kept_bytes: bytes(traffic.kept),
            fewest_bytes: bytes(self.fewest_received(rank)),
            rounds: schedule.rounds,
        })
    }
}

fn refuse(detail: String) -> Error {
    Error::new(ErrorKind::Argument, format!("reshard: {detail}"))
}

/// There are as many buffers as the layout names, each as long as its pieces reach.
fn fits(side: &str, lens: &[usize], extents: &[usize]) -> Result<()> {
    if lens.len() < extents.len() {
        return Err(refuse(format!("{} {side} buffers were given, the layout has {}", lens.len(), extents.len())));
    }
    match lens.iter().zip(extents).position(|(len, extent)| len < extent) {
        None => Ok(()),
        Some(i) => {
            let text = format!("reshard: {side} buffer {i} has {} elements, its pieces reach to {}", lens[i], extents[i]);
            Err(Error::new(ErrorKind::Length, text))
        }
    }
}

/// The source's buffers, checked, as flat views.
fn sources<'a>(s: &Stream, src: &'a [View<'_>], extents: &[usize]) -> Result<Vec<View<'a>>> {
    fits("source", &src.iter().map(View::numel).collect::<Vec<_>>(), extents)?;
    let flat = |(i, view): (usize, &View<'a>)| {
        s.check_home(&format!("reshard: source buffer {i}"), view.storage.home)?;
        view.reshape(&[view.numel()])
    };
    src.iter().enumerate().map(flat).collect()
}

/// The destination's buffers, checked, as flat views.
fn destinations<'a>(s: &Stream, dst: &'a mut [ViewMut<'_>], extents: &[usize], dtype: DType) -> Result<Vec<ViewMut<'a>>> {
    fits("destination", &dst.iter().map(ViewMut::numel).collect::<Vec<_>>(), extents)?;
    let flat = |(i, view): (usize, &'a mut ViewMut<'_>)| {
        s.check_home(&format!("reshard: destination buffer {i}"), view.storage.home)?;
        if view.dtype() != dtype {
            let text = format!("reshard: destination buffer {i} is {}, {dtype} is needed: all have one dtype", view.dtype());
            return Err(Error::new(ErrorKind::DType, text));
        }
        let len = view.numel();
        view.reborrow().reshape(&[len])
    };
    dst.iter_mut().enumerate().map(flat).collect()
}
