//! What must agree between ranks about a call.

use super::ReduceOp;
use crate::tensor::DType;
use std::fmt;

/// A call that all ranks of a group make, as far as it must be the same on each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub name: &'static str,
    /// Elements, where every rank has the same number: of one part, where there are parts.
    pub count: Option<usize>,
    pub dtype: Option<DType>,
    pub op: Option<ReduceOp>,
    pub root: Option<usize>,
}

impl Signature {
    /// Of a call without data.
    pub(super) fn bare(name: &'static str) -> Signature {
        Signature { name, count: None, dtype: None, op: None, root: None }
    }

    pub(super) fn new(name: &'static str, count: usize, dtype: DType) -> Signature {
        Signature { count: Some(count), dtype: Some(dtype), ..Signature::bare(name) }
    }

    /// Of a call whose counts differ from rank to rank.
    pub(super) fn uneven(name: &'static str, dtype: DType) -> Signature {
        Signature { dtype: Some(dtype), ..Signature::bare(name) }
    }

    pub(super) fn op(self, op: ReduceOp) -> Signature {
        Signature { op: Some(op), ..self }
    }

    pub(super) fn root(self, root: usize) -> Signature {
        Signature { root: Some(root), ..self }
    }
}

impl fmt::Display for Signature {
    /// "all_reduce(1024 x f32, sum)", "broadcast(8 x i64, root 2)", "barrier".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        let Some(dtype) = self.dtype else { return Ok(()) };
        f.write_str("(")?;
        if let Some(count) = self.count {
            write!(f, "{count} x ")?;
        }
        write!(f, "{dtype}")?;
        if let Some(op) = self.op {
            write!(f, ", {op}")?;
        }
        if let Some(root) = self.root {
            write!(f, ", root {root}")?;
        }
        f.write_str(")")
    }
}

/// What one rank sends to each rank and receives from each, in elements: the part of `all_to_all_v` that differs by rank.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub send: Box<[usize]>,
    pub receive: Box<[usize]>,
}
