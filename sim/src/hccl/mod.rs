//! `libhccl.so`: collectives between devices, of this process and of others on the machine. One body for each row of
//! `hccl_symbols!`.
//!
//! A communicator ([`comm`]) is one rank's handle of a [`group`]. A call ([`calls`], [`parts`]) is checked against what its own
//! rank gave ([`checks`]) and against the calls of the ranks that came before it ([`issue`]); then it is a queue entry of its
//! stream that meets the others ([`crate::engine::Meeting`]), and the first stream to run it with all present does the work of
//! all ([`round`]: [`copies`], [`reduce`]). Nothing here waits, except for making a communicator ([`init`], [`rendezvous`]).
//!
//! Operators of aclnn that ranks do together are calls like the others ([`joint`]).
//!
//! Where ranks are in several processes, each process has a copy of the group and takes part in every meeting: it is told what
//! ranks elsewhere do ([`message`], [`peers`], [`events`]) over [`crate::wire`], maps their device memory, and does a share of
//! each round's work on it in place.
//!
//! # Not covered
//! Other machines, and what shapes the traffic on a real interconnect: buffer sizes, traffic classes and algorithms are checked
//! and mean nothing here. Registered memory ([`unsupported`]).

mod call;
mod calls;
mod checks;
mod cluster;
mod comm;
mod config;
mod copies;
mod events;
mod group;
mod init;
mod issue;
pub(crate) mod joint;
mod merged;
mod mesh;
mod message;
mod options;
mod parts;
mod peers;
mod recovery;
pub(crate) mod reduce;
mod rendezvous;
mod round;
mod subs;
mod unsupported;

pub(crate) use calls::*;
pub(crate) use comm::*;
pub(crate) use init::{
    HcclCommInitAll, HcclCommInitClusterInfo, HcclCommInitClusterInfoConfig, HcclCommInitRootInfo, HcclCommInitRootInfoConfig,
    HcclCreateSubCommConfig, HcclGetRootInfo,
};
pub(crate) use merged::{HcclGroupEnd, HcclGroupStart, HcclGroupStatusGet};
pub(crate) use options::*;
pub(crate) use parts::*;
pub(crate) use recovery::*;
pub(crate) use unsupported::*;

#[cfg(test)]
mod tests;
