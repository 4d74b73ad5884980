//! What a rank has moved.

/// Bytes between this rank and others, by the definition of its calls: what must cross, not what an algorithm makes of it.
///
/// With `n` ranks: `all_gather` sends its part `n - 1` times and receives `n - 1` parts; `reduce_scatter` and `all_to_all` likewise;
/// `all_reduce` is a reduce-scatter and an all-gather, `2 (n - 1) / n` of the tensor each way; in `broadcast` and `scatter` the root
/// sends to `n - 1` ranks, in `reduce` it receives from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// To other ranks.
    pub sent_bytes: u64,
    /// From other ranks.
    pub received_bytes: u64,
}

impl Traffic {
    pub(crate) fn new(sent: usize, received: usize) -> Traffic {
        Traffic { sent_bytes: sent as u64, received_bytes: received as u64 }
    }

    /// The same both ways.
    pub(crate) fn both(bytes: usize) -> Traffic {
        Traffic::new(bytes, bytes)
    }
}

impl std::ops::Add for Traffic {
    type Output = Traffic;

    fn add(self, other: Traffic) -> Traffic {
        Traffic { sent_bytes: self.sent_bytes + other.sent_bytes, received_bytes: self.received_bytes + other.received_bytes }
    }
}
