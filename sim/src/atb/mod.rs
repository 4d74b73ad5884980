//! ATB's operations, behind the C face of `ffi/atb_shim.h`. One body for each row of `atb_symbols!`.
//!
//! An operation ([`Operation`]) says how many tensors it takes, what its outputs look like, and what it enqueues for given
//! tensors: a list of [`steps`], each an operator of `crate::ops` or a collective of `crate::hccl`, as ATB's own operations are
//! sequences of kernels. Scratch tensors lie in the workspace that the caller brings.
//!
//! Sources: the open source of ATB (`src/atb/operation/operation_base.cpp` for the order of the checks and their codes,
//! `src/ops/ops_infer/*` for each operation), `ops_configs/atb_ops_info.ini` for dtypes.
//!
//! # Not covered
//! Quantised forms, masks with slopes, speculative decoding, MLA, private formats, communicators that ATB makes by itself.

mod attention;
mod calls;
mod collectives;
mod context;
mod graph;
mod group_topk;
mod linear;
mod norm;
mod operation;
mod rope;
mod steps;
mod tensors;

pub(crate) use calls::*;
pub(crate) use context::*;
use operation::Operation;
