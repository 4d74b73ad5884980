//! The checks that a rank makes alone, before it posts a call.

use super::{Communicator, ReduceOp};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, View};

/// `view` may be used here, and is one piece: HCCL takes an address and a count.
pub(super) fn buffer(comm: &Communicator, op: &str, arg: &str, view: &View<'_>) -> Result<()> {
    if view.storage.home != comm.stream().id() {
        comm.stream().check_home(&format!("{op}: {arg}"), view.storage.home)?;
    }
    if view.numel() > 0 && !view.is_contiguous() {
        let text = format!("{op}: {arg} is {:?}; a view without gaps is needed", view.layout());
        return Err(Error::new(ErrorKind::Shape, text));
    }
    Ok(())
}

/// Two arguments have one dtype.
pub(super) fn same_dtype(op: &str, src: &View<'_>, dst: &View<'_>) -> Result<()> {
    if src.dtype() == dst.dtype() {
        return Ok(());
    }
    let text = format!("{op}: src is {} and dst is {}; they must be of one dtype", src.dtype(), dst.dtype());
    Err(Error::new(ErrorKind::DType, text))
}

/// `arg` has as many elements as needed; `why` says how that comes about.
pub(super) fn length(op: &str, arg: &str, given: usize, needed: usize, why: &str) -> Result<()> {
    if given == needed {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Length, format!("{op}: {arg} has {given} elements, {needed} are needed ({why})")))
}

/// There is such a rank.
pub(super) fn rank(comm: &Communicator, op: &str, arg: &str, rank: usize) -> Result<()> {
    if rank < comm.size() {
        return Ok(());
    }
    let text = format!("{op}: {arg} is {rank}; `{}` has ranks 0 to {}", comm.name(), comm.size() - 1);
    Err(Error::new(ErrorKind::Argument, text))
}

/// There is such a rank, and it is another.
pub(super) fn peer(comm: &Communicator, op: &str, arg: &str, peer: usize) -> Result<()> {
    rank(comm, op, arg, peer)?;
    if peer != comm.rank() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Argument, format!("{op}: {arg} is {peer}, this rank; another one is needed")))
}

/// HCCL reduces this dtype so.
pub(super) fn reducible(op: &str, dtype: DType, reduce: ReduceOp) -> Result<()> {
    let refused = match reduce {
        ReduceOp::Prod => matches!(dtype, DType::U8 | DType::Bool | DType::I16 | DType::BF16),
        _ => matches!(dtype, DType::U8 | DType::Bool),
    };
    if !refused {
        return Ok(());
    }
    let text = match reduce {
        ReduceOp::Prod => format!("{op}: the product of {dtype}; HCCL has it of f32, f16, i8, i32 and i64"),
        _ => format!("{op}: {reduce} of {dtype}; HCCL has it of f32, f16, bf16, i8, i16, i32 and i64"),
    };
    Err(Error::new(ErrorKind::DType, text))
}
