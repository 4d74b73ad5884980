//! Flags in memory: a core polls what another writes.
//!
//! That is a race on purpose, and it orders: who sees the flag is behind what the writer had done before it. Whether a read polls shows
//! only where it came too early, let others run, and came again; where it came late, it looks like any read that should have waited. So
//! what short accesses of different cores do to each other is put aside until the launch has ended, and is found where the place in the
//! source that reads has never polled. Before a core writes so little for the first time, the others run, so that who waits for it comes
//! too early. All that is possible only where all blocks are there at once.

use std::collections::HashSet;

use ascendc_twin::abi::{Range, access, space};

use super::clock::Access;
use super::gm::Met;
use super::text::Does;
use super::{Broken, Strict};
use crate::kernel::findings::Where;

/// Flags, alone or with the data that they are for, have no more bytes.
pub(super) const FLAG: u64 = 1024;
/// So many different pairs are put aside.
const MOST: usize = 1000;

#[derive(Default)]
pub(super) struct Polls {
    /// Places in the source that read the same again after they have let others run.
    places: HashSet<u32>,
    aside: Vec<Aside>,
    /// Pairs of places that are aside.
    pairs: HashSet<(u32, u32)>,
}

struct Aside {
    core: usize,
    site: u32,
    reader: u32,
    broken: Broken,
}

impl Strict {
    /// The core lets others run.
    pub(in crate::kernel) fn yields(&mut self, core: usize) {
        self.cores[core].yielded = true;
    }

    /// Whether an instruction may be the first flag of its core: then others run before it.
    pub(in crate::kernel) fn lets_others_look(&mut self, core: usize, ranges: &[Range]) -> bool {
        let short = |range: &Range| u64::from(range.bytes) * u64::from(range.count) <= FLAG;
        let flag = |range: &Range| range.space == space::GM && range.access & access::WRITE != 0 && short(range);
        if !self.resident || self.cores[core].sent || !ranges.iter().any(flag) {
            return false;
        }
        self.cores[core].sent = true;
        true
    }

    /// A place in the source reads so many bytes of global memory.
    pub(super) fn look_for_polls(&mut self, core: usize, site: u32, address: u64, bytes: u64) {
        let of = &mut self.cores[core];
        let yielded = std::mem::take(&mut of.yielded);
        if self.resident && bytes <= FLAG && !of.seen.insert(address) && yielded {
            self.polls.places.insert(site);
        }
    }

    /// Short accesses of two cores with nothing between them, one of which may poll.
    pub(super) fn put_aside(&mut self, by: Access, does: Does, met: Met, bytes: std::ops::Range<u64>) {
        let Met::Undone(other, _) = &met else { return };
        let site = |access: &Access| self.cores[access.core as usize].order.site(access.pipe as usize, access.time);
        let (own, others) = (site(&by), site(other));
        let reader = if does == Does::Reads { own } else { others };
        if self.polls.pairs.len() < MOST && self.polls.pairs.insert((own, others)) {
            let broken = self.put(by, does, met, bytes);
            self.polls.aside.push(Aside { core: by.core as usize, site: own, reader, broken });
        }
    }

    /// At the end: what was put aside and did not poll, with its core and place.
    pub(in crate::kernel) fn not_polled(&mut self) -> Vec<(usize, Where, Broken)> {
        let places = &self.polls.places;
        let found = self.polls.aside.drain(..).filter(|aside| !places.contains(&aside.reader));
        found.map(|aside| (aside.core, self.sites.places[aside.site as usize].clone(), aside.broken)).collect()
    }
}
