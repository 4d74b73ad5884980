//! Floor 1: collectives between devices, HCCL.
//!
//! A [`Communicator`] is one rank of a group. It owns a stream, and everything that it is given lives there; work of other
//! streams overlaps with it through [`Stream::fork`](crate::Stream::fork) or [`Tensor::rehome`](crate::Tensor::rehome). Every
//! call **enqueues** and returns: an enqueue never waits for another rank. Each rank makes the same calls in the same order,
//! from a thread of its own or one after another from one thread.
//!
//! ```
//! use ascend_rl::hccl::{CommOptions, ReduceOp};
//! use ascend_rl::{Cann, Communicator, Device, Result, Tensor};
//!
//! fn main() -> Result<()> {
//!     let cann = Cann::load()?;
//!     let devices = [Device::open(&cann, 0)?, Device::open(&cann, 1)?];
//!     let ranks = Communicator::all(&devices, &CommOptions::default())?;
//!     std::thread::scope(|scope| {
//!         let threads: Vec<_> = ranks
//!             .into_iter()
//!             .map(|comm| {
//!                 scope.spawn(move || -> Result<Vec<f32>> {
//!                     let mut x = Tensor::from_slice(comm.stream(), &[2], &[comm.rank() as f32, 10.0])?;
//!                     comm.all_reduce(&mut x, ReduceOp::Sum)?; // queued; returns at once
//!                     x.to_vec(comm.stream()) // waits
//!                 })
//!             })
//!             .collect();
//!         for thread in threads {
//!             assert_eq!(thread.join().expect("no panic")?, [1.0, 20.0]);
//!         }
//!         Ok(())
//!     })
//! }
//! ```
//!
//! # When ranks disagree
//! Before CANN is called, each rank's call is compared with what the other ranks of this process have made of it (`board.rs`):
//! the second to make a differing one gets [`ErrorKind::Collective`](crate::ErrorKind::Collective) with both. A rank that is late
//! is waited for on the device, at most for [`CommOptions::timeout`]; the wait that then fails names the ranks that are behind.
//! Dropping a [`Communicator`] takes the others out of their waits: they fail, and say who has left. The exception is a group with
//! parts: HCCL wants parts to end first, so it ends for the others when this rank has dropped its parts too.
//!
//! A failed collective makes every later wait of its device fail, also for other streams, which may have taken its result through
//! an event, until the communicator is dropped.
//!
//! # Threads
//! HCCL demands that the calls of all communicators of one device are made one at a time. A lock of the device sees to it.
//! Where two groups share a device, every rank issues their calls in the same order, as with any collective library.
//!
//! Room: it may use [`crate::acl`], [`crate::tensor`] and [`crate::sys`]. The only file with `unsafe` is `call.rs`.
//!
//! # Ranks in several processes
//! [`Communicator::all`] makes a group of one process. [`Communicator::from_root_info`] and [`Communicator::from_rank_table`] make
//! one whose ranks are anywhere: threads, processes, hosts. [`launch`] knows from its launcher which rank a process is, and brings
//! the ranks together. Calls of ranks in one process are compared with one another in any case; between processes each rank's
//! sizes are checked against its own tensors, and what ranks of two processes disagree about, CANN finds, or its timeout.
//!
//! # Not covered
//! Zero-copy registration and symmetric windows; group launches; dtypes below one byte.

mod batch;
mod board;
mod call;
mod check;
mod collectives;
mod comm;
mod env;
pub mod launch;
mod local;
mod messages;
mod options;
mod ports;
mod recovery;
mod root;
mod signature;
mod sub;
mod table;
mod traffic;
mod uneven;
mod watch;

pub use batch::Batch;
pub use comm::Communicator;
pub use env::{HcclEnv, Interfaces, IntraServer, Mistake};
pub use options::{CommOptions, ReduceOp};
pub use ports::Ports;
pub use root::RootInfo;
pub use traffic::Traffic;
