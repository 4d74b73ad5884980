//! The collectives of a replica: what tensor parallelism adds to a pass.

use anyhow::Result;
use ascend_rl::acl::Stream;
use ascend_rl::hccl::{Communicator, ReduceOp};
use ascend_rl::ops;
use ascend_rl::tensor::Tensor;

/// Where a pass runs: a stream, and the other ranks of the replica. Alone, the collectives are nothing.
#[derive(Clone, Copy)]
pub struct TensorParallel<'a> {
    /// Home of everything in the pass.
    pub s: &'a Stream,
    comm: Option<&'a Communicator>,
}

impl<'a> TensorParallel<'a> {
    /// A replica of one.
    pub fn alone(s: &'a Stream) -> TensorParallel<'a> {
        TensorParallel { s, comm: None }
    }

    /// A rank of a replica; its stream is the communicator's.
    pub fn of(comm: &'a Communicator) -> TensorParallel<'a> {
        TensorParallel { s: comm.stream(), comm: Some(comm) }
    }

    /// The sum over ranks, in place: behind a product whose inner dim is cut.
    pub fn all_reduce(&self, x: &mut Tensor) -> Result<()> {
        match self.comm {
            Some(comm) => Ok(comm.all_reduce(x, ReduceOp::Sum)?),
            None => Ok(()),
        }
    }

    /// From each rank's columns `[r, v / size]` to all, `[r, v]`; as they are where they are all already.
    pub fn gather_columns(&self, part: Tensor, columns: usize) -> Result<Tensor> {
        let (r, width) = (part.shape()[0], part.shape()[1]);
        let Some(comm) = self.comm.filter(|_| width < columns) else { return Ok(part) };
        let mut by_rank = Tensor::empty(self.s, &[comm.size(), r, width], part.dtype())?;
        comm.all_gather(&part, &mut by_rank)?;
        let mut out = Tensor::empty(self.s, &[r, comm.size(), width], part.dtype())?;
        ops::copy(self.s, by_rank.view().transpose(0, 1)?, &mut out)?;
        Ok(out.into_shape(&[r, columns])?)
    }
}
