//! What the ranks of different processes tell one another.

use ascend_rl_sys::types::{HcclDataType, HcclReduceOp};

use super::call::{Part, What};
use super::joint;
use crate::wire::{Code, Id, messages};

messages! {
    /// From one process to another. A "ticket" is the joining process's own number for one rank that waits to join.
    Message {
        /// A file of device memory, which comes beside it. Calls that follow say where in it their buffers are.
        1 Memory { file: u64 }
        /// A rank wants to join: to whoever made the root info, or gathers the ranks of a rank table.
        2 Join { ticket: u64, place: Place, size: u32, rank: u32, device: u32, name: Option<String>, timeout: Option<u64> }
        /// It waits no longer.
        3 Quit { ticket: u64 }
        /// These ranks are there by now.
        4 Present { ticket: u64, ranks: Vec<u32> }
        /// It cannot join.
        5 Refused { ticket: u64, code: i32, text: String }
        /// All are there: the group, and where each rank is.
        6 Formed { ticket: u64, key: u64, name: String, timeout: Option<u64>, members: Vec<(Id, u32)> }
        /// What happens in a group; `epoch` is how often it was resumed.
        7 InGroup { key: u64, epoch: u64, event: Event }
    }
}

messages! {
    /// Where ranks gather, at the process that is asked.
    Place {
        /// By the number in a root info.
        1 Number { number: u64 }
        /// By what a rank table says.
        2 Table { hash: u64 }
    }
}

messages! {
    /// What happens in a group.
    Event {
        /// A rank has enqueued a call.
        1 Called { rank: u32, call: Described }
        /// A party's call heads its stream.
        2 Arrived { round: RoundId, party: u32 }
        /// The process has done its share of the work.
        3 Done { round: RoundId }
        /// It will not come to anything.
        4 Failed { round: RoundId, code: i32, text: String }
        /// Two ranks do not agree.
        5 Broken { why: String }
        /// A rank has ended its part.
        6 Left { rank: u32, how: u8 }
        /// A rank takes no calls until it is resumed.
        7 Suspended { rank: u32 }
        /// A rank starts anew, with this epoch.
        8 Resumed { rank: u32, epoch: u64 }
        /// A rank has made its part of a sub-communicator.
        9 Sub { rank: u32, id: u64, generation: u64, ranks: Vec<u32>, name: String, timeout: Option<u64> }
    }
}

/// Which collective of a group (`pair` none), or which message between two ranks of it; from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RoundId {
    pub pair: Option<(u32, u32)>,
    pub number: u64,
}

impl Code for RoundId {
    fn put(&self, out: &mut Vec<u8>) {
        (self.pair, self.number).put(out);
    }
    fn take(from: &mut &[u8]) -> Option<RoundId> {
        let (pair, number) = Code::take(from)?;
        Some(RoundId { pair, number })
    }
}

/// A place in a file of device memory; none for a buffer that the call does not use.
pub(crate) type Spot = Option<(u64, u64)>;

/// A call as it travels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Described {
    pub what: What,
    pub count: u64,
    pub dtype: HcclDataType,
    pub send: Spot,
    pub recv: Spot,
    pub parts: Vec<(Part, Part)>,
    pub member: Option<Stated>,
}

/// A tensor as it travels: its dtype, dims, strides, and where it begins.
pub(crate) type Seen = (i32, Vec<u64>, Vec<u64>, Spot);

/// A rank's part of an operator as it travels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stated {
    pub terms: Vec<u64>,
    pub own: Vec<u64>,
    pub tensors: Vec<Option<Seen>>,
}

impl Code for Stated {
    fn put(&self, out: &mut Vec<u8>) {
        self.terms.put(out);
        self.own.put(out);
        self.tensors.put(out);
    }
    fn take(from: &mut &[u8]) -> Option<Stated> {
        Some(Stated { terms: Code::take(from)?, own: Code::take(from)?, tensors: Code::take(from)? })
    }
}

impl Code for Described {
    fn put(&self, out: &mut Vec<u8>) {
        (self.what, self.count, self.dtype.0).put(out);
        (self.send, self.recv).put(out);
        self.parts.put(out);
        self.member.put(out);
    }
    fn take(from: &mut &[u8]) -> Option<Described> {
        let (what, count, dtype) = Code::take(from)?;
        let (send, recv) = Code::take(from)?;
        let dtype = HcclDataType(dtype);
        Some(Described { what, count, dtype, send, recv, parts: Code::take(from)?, member: Code::take(from)? })
    }
}

impl Code for Part {
    fn put(&self, out: &mut Vec<u8>) {
        (self.count, self.at).put(out);
    }
    fn take(from: &mut &[u8]) -> Option<Part> {
        let (count, at) = Code::take(from)?;
        Some(Part { count, at })
    }
}

impl Code for What {
    fn put(&self, out: &mut Vec<u8>) {
        // The number of the kind, a rank, an operation.
        let (kind, rank, op): (u8, u32, i32) = match *self {
            What::AllReduce(op) => (0, 0, op.0),
            What::Broadcast { root } => (1, root, 0),
            What::ReduceScatter(op) => (2, 0, op.0),
            What::Scatter { root } => (3, root, 0),
            What::AllGather => (4, 0, 0),
            What::Reduce { op, root } => (5, root, op.0),
            What::AlltoAll => (6, 0, 0),
            What::AlltoAllV => (7, 0, 0),
            What::AlltoAllVC => (8, 0, 0),
            What::AllGatherV => (9, 0, 0),
            What::ReduceScatterV(op) => (10, 0, op.0),
            What::Barrier => (11, 0, 0),
            What::Send { to } => (12, to, 0),
            What::Recv { from } => (13, from, 0),
            What::Operator(operation) => (14, joint::number(operation) as u32, 0),
        };
        (kind, rank, op).put(out);
    }
    fn take(from: &mut &[u8]) -> Option<What> {
        let (kind, rank, op): (u8, u32, i32) = Code::take(from)?;
        let op = HcclReduceOp(op);
        Some(match kind {
            0 => What::AllReduce(op),
            1 => What::Broadcast { root: rank },
            2 => What::ReduceScatter(op),
            3 => What::Scatter { root: rank },
            4 => What::AllGather,
            5 => What::Reduce { op, root: rank },
            6 => What::AlltoAll,
            7 => What::AlltoAllV,
            8 => What::AlltoAllVC,
            9 => What::AllGatherV,
            10 => What::ReduceScatterV(op),
            11 => What::Barrier,
            12 => What::Send { to: rank },
            13 => What::Recv { from: rank },
            14 => What::Operator(joint::operation(rank as usize)?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_arrive_as_they_were_made() {
        let op = HcclReduceOp(2);
        let whats = [
            What::AllReduce(op),
            What::Broadcast { root: 3 },
            What::ReduceScatter(op),
            What::Scatter { root: 4 },
            What::AllGather,
            What::Reduce { op, root: 5 },
            What::AlltoAll,
            What::AlltoAllV,
            What::AlltoAllVC,
            What::AllGatherV,
            What::ReduceScatterV(op),
            What::Barrier,
            What::Send { to: 6 },
            What::Recv { from: 7 },
            What::Operator(joint::operation(1).unwrap()),
        ];
        for what in whats {
            let parts = vec![(Part { count: 1, at: 2 }, Part { count: 3, at: 4 })];
            let tensors = vec![None, Some((27, vec![2, 3], vec![3, 1], Some((5, 6))))];
            let member = Some(Stated { terms: vec![1, u64::MAX], own: Vec::new(), tensors });
            let call = Described { what, count: 9, dtype: HcclDataType(4), send: Some((1, 2)), recv: None, parts, member };
            let message = Message::InGroup { key: 1, epoch: 0, event: Event::Called { rank: 2, call } };
            let mut bytes = Vec::new();
            message.put(&mut bytes);
            assert_eq!(Message::take(&mut &bytes[..]), Some(message));
        }
    }
}
