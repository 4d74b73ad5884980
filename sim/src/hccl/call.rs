//! One rank's call of a collective: what it asks for, and whether two ranks ask for the same.

use std::fmt::{Display, Formatter, Result};
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::joint::{Member, Operation};
use crate::memory::foreign::Foreign;

/// Which collective, with what all ranks must agree on beside count and type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    AllReduce(HcclReduceOp),
    Broadcast {
        root: u32,
    },
    ReduceScatter(HcclReduceOp),
    Scatter {
        root: u32,
    },
    AllGather,
    Reduce {
        op: HcclReduceOp,
        root: u32,
    },
    AlltoAll,
    AlltoAllV,
    AlltoAllVC,
    AllGatherV,
    ReduceScatterV(HcclReduceOp),
    Barrier,
    Send {
        to: u32,
    },
    Recv {
        from: u32,
    },
    /// An operator of aclnn, of all ranks.
    Operator(&'static Operation),
}

impl What {
    /// The C function.
    pub(super) fn name(self) -> &'static str {
        match self {
            What::AllReduce(_) => "HcclAllReduce",
            What::Broadcast { .. } => "HcclBroadcast",
            What::ReduceScatter(_) => "HcclReduceScatter",
            What::Scatter { .. } => "HcclScatter",
            What::AllGather => "HcclAllGather",
            What::Reduce { .. } => "HcclReduce",
            What::AlltoAll => "HcclAlltoAll",
            What::AlltoAllV => "HcclAlltoAllV",
            What::AlltoAllVC => "HcclAlltoAllVC",
            What::AllGatherV => "HcclAllGatherV",
            What::ReduceScatterV(_) => "HcclReduceScatterV",
            What::Barrier => "HcclBarrier",
            What::Send { .. } => "HcclSend",
            What::Recv { .. } => "HcclRecv",
            What::Operator(operation) => operation.name,
        }
    }
}

/// A part of a buffer of a collective with parts of its own for each rank, in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub count: u64,
    pub at: u64,
}

/// One rank's call, checked.
#[derive(Clone)]
pub(super) struct Call {
    pub what: What,
    /// Elements, as the call counts them.
    pub count: u64,
    pub dtype: HcclDataType,
    /// Address of what is read; of the one buffer of a broadcast.
    pub send: usize,
    /// Address of what is written.
    pub recv: usize,
    /// By rank: what goes there and what comes from there; empty where all parts are as long.
    pub parts: Vec<(Part, Part)>,
    /// The rank's part, of an operator.
    pub member: Option<Arc<Member>>,
    /// Keeps the buffers mapped, where they are another process's.
    #[expect(dead_code, reason = "held, not read")]
    pub memory: Vec<Arc<Foreign>>,
}

impl Call {
    /// Why the call of rank `rank` does not go with that of rank `other`, in words; `None` where it does.
    pub(super) fn disagrees(&self, rank: usize, other: &Call, other_rank: usize) -> Option<String> {
        let pair =
            matches!((self.what, other.what), (What::Send { .. }, What::Recv { .. }) | (What::Recv { .. }, What::Send { .. }));
        if !(pair || self.what == other.what) || self.dtype != other.dtype {
            return Some(self.against(rank, other, other_rank));
        }
        if let (Some(own), Some(others)) = (&self.member, &other.member) {
            return own.disagrees(rank, others, other_rank);
        }
        if self.parts.is_empty() || other.parts.is_empty() {
            return (self.count != other.count).then(|| self.against(rank, other, other_rank));
        }
        let counts = |from: &Call, to: &Call, i: usize, j: usize| {
            let (sent, expected) = (from.parts[j].0.count, to.parts[i].1.count);
            (sent != expected)
                .then(|| format!("{}: rank {i} sends {sent} elements to rank {j}, which expects {expected}", self.what.name()))
        };
        counts(self, other, rank, other_rank).or_else(|| counts(other, self, other_rank, rank))
    }

    /// How many bytes of its two buffers the call of `rank` of `ranks` uses.
    pub(super) fn extents(&self, rank: usize, ranks: usize) -> (usize, usize) {
        let part = self.bytes(self.count);
        let end = |of: fn(&(Part, Part)) -> Part| {
            let used = self.parts.iter().map(of).filter(|part| part.count > 0);
            self.bytes(used.map(|part| part.at + part.count).max().unwrap_or(0))
        };
        let on = |root: u32, bytes: usize| if root as usize == rank { bytes } else { 0 };
        match self.what {
            What::AllReduce(_) | What::Broadcast { .. } => (part, part),
            What::Reduce { root, .. } => (part, on(root, part)),
            What::ReduceScatter(_) => (ranks * part, part),
            What::Scatter { root } => (on(root, ranks * part), part),
            What::AllGather => (part, ranks * part),
            What::AlltoAll => (ranks * part, ranks * part),
            What::AlltoAllV | What::AlltoAllVC | What::AllGatherV | What::ReduceScatterV(_) => {
                (end(|part| part.0), end(|part| part.1))
            }
            // An operator's tensors are described one by one.
            What::Barrier | What::Operator(_) => (0, 0),
            What::Send { .. } => (part, 0),
            What::Recv { .. } => (0, part),
        }
    }

    fn against(&self, rank: usize, other: &Call, other_rank: usize) -> String {
        format!("rank {rank} calls {self}, rank {other_rank} called {other}")
    }

    /// Bytes of `elements`; [`super::checks`] has seen that they fit.
    pub(super) fn bytes(&self, elements: u64) -> usize {
        elements as usize * self.dtype.size()
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.what.name())?;
        let dtype = self.dtype.name().unwrap_or("?");
        let op = |op: HcclReduceOp| op.name().unwrap_or("?");
        match self.what {
            What::Barrier => Ok(()),
            What::Operator(_) => self.member.iter().try_for_each(|member| member.fmt(f)),
            What::AlltoAllV | What::AlltoAllVC | What::AllGatherV => write!(f, "({dtype})"),
            What::ReduceScatterV(o) => write!(f, "({dtype}, {})", op(o)),
            What::AllReduce(o) | What::ReduceScatter(o) => write!(f, "(count {}, {dtype}, {})", self.count, op(o)),
            What::Broadcast { root } | What::Scatter { root } => write!(f, "(count {}, {dtype}, root {root})", self.count),
            What::Reduce { op: o, root } => write!(f, "(count {}, {dtype}, {}, root {root})", self.count, op(o)),
            What::AllGather | What::AlltoAll => write!(f, "(count {}, {dtype})", self.count),
            What::Send { to } => write!(f, "(count {}, {dtype}, to rank {to})", self.count),
            What::Recv { from } => write!(f, "(count {}, {dtype}, from rank {from})", self.count),
        }
    }
}
