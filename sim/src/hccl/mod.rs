//! `libhccl.so`: collectives between the devices of this process. One body for each row of `hccl_symbols!`.
//!
//! A communicator ([`comm`]) is one rank's handle of a [`group`]. A call ([`calls`]) is checked against what its own rank gave
//! ([`checks`]) and against the calls of the ranks that came before it ([`group`]); then it is a queue entry of its stream that
//! meets the others ([`crate::engine::Meeting`]), and the first stream to run it with all present does the work of all
//! ([`round`]: [`copies`], [`reduce`]). Nothing here waits, except for making a communicator ([`init`], [`rendezvous`]).
//!
//! # Not covered
//! Ranks in other processes, rank tables, and what shapes the traffic on a real interconnect: buffer sizes, traffic classes and
//! algorithms are checked and mean nothing here.

mod call;
mod calls;
mod checks;
mod comm;
mod config;
mod copies;
mod events;
mod group;
mod init;
mod issue;
mod mesh;
mod message;
mod options;
mod parts;
mod peers;
mod recovery;
mod reduce;
mod rendezvous;
mod round;
mod subs;
mod unsupported;

pub(crate) use calls::*;
pub(crate) use comm::*;
pub(crate) use init::*;
pub(crate) use options::*;
pub(crate) use parts::*;
pub(crate) use recovery::*;
pub(crate) use unsupported::*;

#[cfg(test)]
mod tests;
