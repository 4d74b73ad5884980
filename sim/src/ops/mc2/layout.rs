//! Which experts are where: the numbers that dispatch and combine share, as all ranks agree on them.

use crate::hccl::joint::Member;

/// What the numbers are called.
pub(super) const TERMS: &[&str] = &[
    "epWorldSize",
    "moeExpertNum",
    "sharedExpertNum",
    "sharedExpertRankNum",
    "tpWorldSize",
    "globalBs",
    "commAlg",
    "zeroExpertNum",
    "copyExpertNum",
    "constExpertNum",
    "H",
    "K",
    "dtype",
    "quantMode",
    // Without a `globalBs` all ranks have as many tokens.
    "Bs",
    "HCCL_BUFFSIZE",
];

/// The layout, and the shape of the tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub ranks: usize,
    pub experts: usize,
    /// Shared experts that have ranks of their own, and those ranks: the first ones.
    pub shared: usize,
    pub shared_ranks: usize,
    /// Experts after the others that have no rank: zero, copy, constant.
    pub special: [usize; 3],
    pub width: usize,
    pub choices: usize,
    /// The first version, which spreads tokens over the shared ranks in another way.
    pub first: bool,
}

impl Layout {
    /// As a member says it; the first of its own numbers is the version.
    pub(super) fn of(member: &Member) -> Layout {
        let term = |at: usize| member.terms[at] as usize;
        let shared_ranks = term(3);
        Layout {
            ranks: term(0),
            experts: term(1),
            shared: if shared_ranks == 0 { 0 } else { term(2) },
            shared_ranks,
            special: [term(7), term(8), term(9)],
            width: term(10),
            choices: term(11),
            first: member.own[0] == 1,
        }
    }

    /// Experts of each rank that is not shared.
    pub(super) fn local(&self) -> usize {
        self.experts / (self.ranks - self.shared_ranks)
    }

    /// How many parts the rows of a rank have: one for each of its experts and each rank that they come from.
    pub(super) fn parts(&self, rank: usize) -> usize {
        if rank < self.shared_ranks { self.ranks } else { self.ranks * self.local() }
    }

    /// The rank of an expert, and the first of its parts.
    pub(super) fn home(&self, expert: usize) -> (usize, usize) {
        let local = self.local();
        (self.shared_ranks + expert / local, expert % local * self.ranks)
    }

    /// The rank that has shared expert `which` for a token of `rank`, which has `tokens`.
    pub(super) fn shared_home(&self, rank: usize, token: usize, tokens: usize, which: usize) -> usize {
        if !self.first {
            let each = self.shared_ranks / self.shared;
            return rank % each + which * each;
        }
        // The first version: a shared rank keeps its own, the others cut theirs into even parts.
        if rank < self.shared_ranks {
            return rank;
        }
        let edge = |i: usize| (i + rank) * tokens / self.shared_ranks - rank * tokens / self.shared_ranks;
        (0..self.shared_ranks).find(|i| token < edge(i + 1)).unwrap_or(self.shared_ranks - 1)
    }

    /// All ids that a token may choose.
    pub(super) fn ids(&self) -> usize {
        self.experts + self.special.iter().sum::<usize>()
    }
}
