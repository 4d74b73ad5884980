//! Who gives what to whom: the cases, and loops that say which row is whose.

use super::*;

/// Which tokens and choices take part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mask {
    All,
    /// The first tokens of each rank.
    Tokens,
    /// Choices here and there, and some tokens not at all.
    Choices,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub version: u32,
    pub ranks: usize,
    /// Experts of each rank that is not shared.
    pub local: usize,
    pub shared: usize,
    pub shared_ranks: usize,
    /// The most tokens of a rank; where `uneven` the others have fewer.
    pub bs: usize,
    pub uneven: bool,
    pub k: usize,
    pub h: usize,
    pub quantised: bool,
    /// With factors that smooth.
    pub smooth: bool,
    pub mask: Mask,
    /// Zero, copy, constant.
    pub special: [usize; 3],
    /// `sharedExpertX`
    pub own_shared: bool,
    /// `expertTokenNumsType`
    pub counts: bool,
    /// With the weights for dispatch of A3 too, and a `groupListType` of 1, as CANN's samples have it.
    pub as_samples: bool,
    pub a3: bool,
}

pub(crate) const PLAIN: Case = Case {
    version: 2,
    ranks: 2,
    local: 2,
    shared: 0,
    shared_ranks: 0,
    bs: 5,
    uneven: false,
    k: 3,
    h: 1024,
    quantised: false,
    smooth: false,
    mask: Mask::All,
    special: [0; 3],
    own_shared: false,
    counts: true,
    as_samples: false,
    a3: true,
};

/// What a rank gives, as any rank can compute it.
pub(crate) struct Inputs {
    pub bs: usize,
    pub x: Vec<bf16>,
    pub ids: Vec<i32>,
    pub weights: Vec<f32>,
    pub smooth: Vec<f32>,
    pub active: Vec<bool>,
}

impl Case {
    pub(crate) fn experts(&self) -> usize {
        self.local * (self.ranks - self.shared_ranks)
    }

    pub(crate) fn ids(&self) -> usize {
        self.experts() + self.special.iter().sum::<usize>()
    }

    pub(crate) fn inputs(&self, rank: usize) -> Inputs {
        let bs = if self.uneven { 1 + (self.bs + rank - 1) % self.bs } else { self.bs };
        let mut next = noise(rank as u64 + 100);
        // No token chooses an expert twice.
        let mut choose = || {
            let mut pool: Vec<i32> = (0..self.ids() as i32).collect();
            (0..self.k).map(|_| pool.swap_remove(next() as usize % pool.len())).collect::<Vec<i32>>()
        };
        let ids: Vec<i32> = (0..bs).flat_map(|_| choose()).collect();
        let x = fractions(rank as u64 + 7, bs * self.h).into_iter().map(bf16::from_f32).collect();
        let active = match self.mask {
            Mask::All => vec![true; bs * self.k],
            // One rank has none at all.
            Mask::Tokens => (0..bs * self.k).map(|at| at / self.k < (bs / 2 + rank) % (bs + 1)).collect(),
            Mask::Choices => (0..bs * self.k).map(|at| at / self.k != 1 && !next().is_multiple_of(3)).collect(),
        };
        let weights = fractions(rank as u64 + 31, bs * self.k);
        let smooth = fractions(rank as u64 + 57, (self.shared + self.experts()) * self.h);
        Inputs { bs, x, ids, weights, smooth, active }
    }

    /// The shared rank that has shared expert `which` for a token.
    fn shared_rank(&self, from: usize, token: usize, bs: usize, which: usize) -> usize {
        if self.version > 1 {
            // Groups of ranks, one a shared expert; ranks take turns in a group.
            let group = self.shared_ranks / self.shared;
            return which * group + from % group;
        }
        if from < self.shared_ranks {
            return from;
        }
        // The first version cuts the line of all tokens of all ranks at multiples of bs / shared ranks.
        let cut = |i: usize| i * bs / self.shared_ranks;
        (0..self.shared_ranks).filter(|s| token + cut(from) >= cut(s + from)).max().unwrap()
    }

    /// Rank, token and choice of each row of a rank, with the counts of its parts.
    pub(crate) fn rows(&self, all: &[Inputs], rank: usize) -> (Vec<[usize; 3]>, Vec<usize>) {
        let (mut rows, mut parts) = (Vec::new(), Vec::new());
        let mut part = |from: usize, wanted: &dyn Fn(usize, usize) -> Vec<usize>| {
            let before = rows.len();
            for token in 0..all[from].bs {
                rows.extend(wanted(from, token).into_iter().map(|choice| [from, token, choice]));
            }
            parts.push(rows.len() - before);
        };
        if rank < self.shared_ranks {
            for from in 0..self.ranks {
                part(from, &|from, token| {
                    let input = &all[from];
                    let takes_part = input.active[token * self.k..][..self.k].iter().any(|active| *active);
                    let here = |which: &usize| self.shared_rank(from, token, input.bs, *which) == rank;
                    (0..self.shared).filter(here).filter(|_| takes_part).map(|which| self.k + which).collect()
                });
            }
        } else {
            for expert in 0..self.local {
                let id = ((rank - self.shared_ranks) * self.local + expert) as i32;
                for from in 0..self.ranks {
                    part(from, &|from, token| {
                        let at = |choice: &usize| token * self.k + choice;
                        let input = &all[from];
                        (0..self.k).filter(|c| input.ids[at(c)] == id && input.active[at(c)]).collect()
                    });
                }
            }
        }
        (rows, parts)
    }

    /// A, of a rank.
    pub(crate) fn capacity(&self, rank: usize) -> usize {
        let all = self.bs * self.ranks;
        if rank < self.shared_ranks {
            let group = self.shared_ranks / self.shared;
            return if self.version == 1 { all / group } else { self.bs * self.ranks.div_ceil(group) };
        }
        all * self.local.min(self.k)
    }

    pub(crate) fn global_bs(&self) -> i64 {
        if self.uneven { (self.bs * self.ranks) as i64 } else { 0 }
    }
}
