//! Collectives of ATB, on a communicator of [`crate::hccl`].
//!
//! The context must be on the communicator's own stream. Unlike [`Communicator`]'s calls these are not compared between the ranks
//! before they are made: what differs, HCCL finds.

use ascend_rl_sys::types::*;

use super::Context;
use super::call::{Input, Operation, make, out};
use crate::error::{Error, ErrorKind, Result};
use crate::hccl::{Communicator, ReduceOp};
use crate::tensor::{View, ViewMut};

/// The elements of all ranks, reduced.
pub struct AllReduce<'c>(pub(super) Operation<'c>);

/// The tensors of all ranks, one after another.
pub struct AllGather<'c>(pub(super) Operation<'c>);

/// An equal part to each rank, and one from each.
pub struct AllToAll<'c>(pub(super) Operation<'c>);

/// A part of its own length to each rank, and one from each.
pub struct AllToAllV<'c>(pub(super) Operation<'c>);

/// A linear whose terms are spread over the ranks: the products are added up.
pub struct LinearParallel<'c>(pub(super) Operation<'c>);

// The operations borrow the communicator for their own lifetime: ATB uses it as long as they live.
impl<'c> Context<'c> {
    fn on(&self, comm: &Communicator) -> Result<AtbCommParam> {
        if comm.stream().id() != self.stream().id() {
            let text = format!("the ATB context is on {}, the communicator calls on {}", self.stream().id(), comm.stream().id());
            return Err(Error::new(ErrorKind::WrongStream, text));
        }
        let number = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        Ok(AtbCommParam { rank: number(comm.rank()), rank_size: number(comm.size()), rank_root: 0, comm: comm.raw() })
    }

    /// `y = op` over the ranks' `x`.
    ///
    /// Errors: `WrongStream` unless the context is on the communicator's stream. ATB: AllReduceParam, backend "hccl".
    pub fn all_reduce(&'c self, comm: &'c Communicator, op: ReduceOp) -> Result<AllReduce<'c>> {
        let reduce = match op {
            ReduceOp::Sum => c"sum",
            ReduceOp::Prod => c"prod",
            ReduceOp::Max => c"max",
            ReduceOp::Min => c"min",
        };
        make!(self, "AllReduce", ascend_atb_all_reduce, AtbAllReduceParam { on: self.on(comm)?, reduce: reduce.as_ptr() })
            .map(AllReduce)
    }

    /// All ranks' `x`, `[ranks, ..]`.
    ///
    /// Errors: as [`Context::all_reduce`]. ATB: AllGatherParam, backend "hccl".
    pub fn all_gather(&'c self, comm: &'c Communicator) -> Result<AllGather<'c>> {
        make!(self, "AllGather", ascend_atb_all_gather, self.on(comm)?).map(AllGather)
    }

    /// Part `r` of `x` goes to rank `r`; part `r` of `y` comes from it.
    ///
    /// Errors: as [`Context::all_reduce`]. ATB: AllToAllParam, backend "hccl".
    pub fn all_to_all(&'c self, comm: &'c Communicator) -> Result<AllToAll<'c>> {
        make!(self, "AllToAll", ascend_atb_all_to_all, self.on(comm)?).map(AllToAll)
    }

    /// `send[r]` elements go to rank `r`, `recv[r]` come from it; each rank's lie behind those of the rank before.
    ///
    /// Errors: as [`Context::all_reduce`]; `Argument` unless there is a number for each rank. ATB: AllToAllVParam, backend "hccl".
    pub fn all_to_all_v(&'c self, comm: &'c Communicator, send: &[usize], recv: &[usize]) -> Result<AllToAllV<'c>> {
        if send.len() != comm.size() || recv.len() != comm.size() {
            let text = format!("{} and {} counts for {} ranks", send.len(), recv.len(), comm.size());
            return Err(Error::new(ErrorKind::Argument, text));
        }
        let counts = |n: &[usize]| n.iter().map(|&n| n as i64).collect::<Vec<_>>();
        let displacements =
            |n: &[usize]| n.iter().scan(0, |at, &n| Some(std::mem::replace(at, *at + n as i64))).collect::<Vec<_>>();
        let numbers = [counts(send), displacements(send), counts(recv), displacements(recv)];
        let [send_counts, send_displs, recv_counts, recv_displs] = numbers.each_ref().map(|n| n.as_ptr());
        let param = AtbAllToAllVParam { on: self.on(comm)?, send_counts, send_displs, recv_counts, recv_displs };
        make!(self, "AllToAllV", ascend_atb_all_to_all_v, param).map(AllToAllV)
    }

    /// `y = sum over the ranks of x @ op(weight)`, plus `residual` where there is to be one. `transposed` as for [`Context::linear`].
    ///
    /// Errors: as [`Context::all_reduce`]. ATB: LinearParallelParam, LINEAR_ALL_REDUCE, backend "hccl".
    pub fn linear_parallel(&'c self, comm: &'c Communicator, transposed: bool, residual: bool) -> Result<LinearParallel<'c>> {
        let on = self.on(comm)?;
        let param = AtbLinearParallelParam { on, trans_weight: u8::from(transposed), has_residual: u8::from(residual) };
        make!(self, "LinearParallel", ascend_atb_linear_parallel, param).map(LinearParallel)
    }
}

macro_rules! run {
    ($($Operation:ident: $shapes:literal;)*) => { $(
        impl $Operation<'_> {
            #[doc = concat!("Enqueues. ", $shapes)]
            ///
            /// Errors: `WrongStream`, `Shape` for a view with gaps, `Argument` from ATB; `Collective` at the next wait.
            pub fn run(&mut self, x: View<'_>, y: ViewMut<'_>) -> Result<()> {
                self.0.run(&[Input::Device("x", x)], &[("y", out(&y))])
            }
        }
    )* };
}
run! {
    AllReduce: "`x` and `y` of one shape.";
    AllGather: "`x` of any shape, `y` `[ranks, ..x]`.";
    AllToAll: "`x` and `y` of one shape, whose elements divide among the ranks.";
    AllToAllV: "`x` of any shape, `y` `[1, all that comes in]`.";
}

impl LinearParallel<'_> {
    /// Enqueues. `x` `[tokens, in]`, `y` and `residual` `[tokens, out]`, all of one half-precision dtype.
    ///
    /// Errors: as [`AllReduce::run`]; `Argument` where the residual is given and not expected, or the other way round.
    pub fn run(&mut self, x: View<'_>, weight: View<'_>, residual: Option<View<'_>>, y: ViewMut<'_>) -> Result<()> {
        let mut inputs = vec![Input::Device("x", x), Input::Device("weight", weight)];
        inputs.extend(residual.map(|residual| Input::Device("residual", residual)));
        self.0.run(&inputs, &[("y", out(&y))])
    }
}
