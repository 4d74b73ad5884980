//! Operators that compute and communicate in one ("MC2"): all ranks of a communicator do them together.
//!
//! Phase one of each finds the communicator by its name, checks what its own rank gave against CANN's documentation, and ends
//! with [`Call::finish_together`](super::call::Call::finish_together): numbers that all ranks must agree on, and tensors. When
//! the calls of all ranks head their queues, [`Operation::work`] runs over all of them, or a share of it where ranks are in
//! several processes: a function of every rank's tensors in place, split over outputs. A rank's own products are tasks of its
//! stream between such meetings.
//!
//! Codes are CANN's: null is 161001, a wrong dtype 161002; a shape or a value is 561002 where CANN's tiling checks it (dispatch,
//! combine, `AlltoAllv`), 161002 where its `op_api` does.
//!
//! May use: the gemm, views of tensors, [`crate::hccl::joint`]. Must not: wait.
//!
//! # Not covered
//! Quantised products, `comm_quant_mode` 2, ranks left out of a communicator (`elasticInfo`), what only shapes the traffic. CANN
//! wants a communicator of dispatch and combine to carry nothing else: that is not looked at.

mod batch;
mod combine;
mod dispatch;
mod domain;
mod experts;
mod grouped;
mod layout;
mod matmul;
mod product;
mod routes;
mod sums;
mod tensor_parallel;
mod traffic;
mod window;

pub(crate) use self::batch::*;
pub(crate) use self::combine::*;
pub(crate) use self::dispatch::*;
pub(crate) use self::grouped::*;
pub(crate) use self::matmul::*;

use crate::hccl::joint::Operation;

/// All of them, by which processes tell one another. A new one goes to the end.
pub(crate) static OPERATIONS: &[&Operation] = &[
    &dispatch::DISPATCH,
    &dispatch::DISPATCH_V2,
    &dispatch::DISPATCH_V3,
    &combine::COMBINE,
    &combine::COMBINE_V2,
    &combine::COMBINE_V3,
    &tensor_parallel::GATHER,
    &tensor_parallel::ADD,
    &matmul::ALL_REDUCE,
    &matmul::ALL_GATHER,
    &matmul::REDUCE_SCATTER,
    &batch::SPREAD,
    &batch::GATHER,
    &batch::REDUCE,
    &batch::BRING_BACK,
    &grouped::SPREAD,
    &grouped::BRING_BACK,
];
