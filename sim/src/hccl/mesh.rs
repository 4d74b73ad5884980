//! Where the ranks of a group are that has some in other processes.
//!
//! Each process has its own copy of the group ([`super::group`]). What a rank does is told to the processes that it concerns,
//! which do to their copy what it did to its own; messages of one process come in order, so that all copies agree.

use super::message::{Event, Message, RoundId};
use super::peers;
use crate::wire::{Id, Post};

pub(super) struct Mesh {
    /// The group's, in all processes.
    pub key: u64,
    /// The process of each rank.
    pub homes: Vec<Id>,
    pub post: &'static Post,
}

impl Mesh {
    pub(super) fn is_here(&self, rank: usize) -> bool {
        self.homes[rank] == self.post.id
    }

    /// The processes of these ranks, each once.
    pub(super) fn processes(&self, ranks: &[usize]) -> Vec<Id> {
        let mut processes: Vec<Id> = Vec::new();
        for home in ranks.iter().map(|rank| self.homes[*rank]) {
            if !processes.contains(&home) {
                processes.push(home);
            }
        }
        processes
    }

    /// All processes but this one.
    pub(super) fn others(&self) -> Vec<Id> {
        let ranks: Vec<usize> = (0..self.homes.len()).collect();
        self.processes(&ranks).into_iter().filter(|process| *process != self.post.id).collect()
    }

    /// Tells those of `to` that are other processes.
    pub(super) fn tell(&self, to: &[Id], epoch: u64, event: Event) {
        let message = Message::InGroup { key: self.key, epoch, event };
        to.iter().filter(|process| **process != self.post.id).for_each(|process| peers::send(self.post, *process, &message));
    }

    /// The same mesh for some of its ranks; none where they are all here.
    pub(super) fn part(&self, ranks: &[u32], id: u64, generation: u64) -> Option<Mesh> {
        let homes: Vec<Id> = ranks.iter().map(|rank| self.homes[*rank as usize]).collect();
        let numbers = [self.key, id, generation].into_iter().chain(ranks.iter().map(|rank| u64::from(*rank)));
        let part = Mesh { key: mixed(numbers), homes, post: self.post };
        (!part.others().is_empty()).then_some(part)
    }
}

impl RoundId {
    /// The n-th collective of a group.
    pub(super) fn collective(number: u64) -> RoundId {
        RoundId { pair: None, number }
    }
}

/// One number of several, the same in every process (64-bit FNV-1a).
pub(super) fn mixed(numbers: impl Iterator<Item = u64>) -> u64 {
    let bytes = numbers.flat_map(u64::to_le_bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
