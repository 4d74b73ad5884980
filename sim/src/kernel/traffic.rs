//! What a launch moves and computes, counted from the calls that its image tells.

use std::collections::BTreeMap;

use ascendc_twin::abi::{self, Range, access, space};

/// How the start of a run in global memory is aligned. The memory moves lines of 512 bytes; a start at a multiple of 32 only costs about a
/// third of the speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alignment {
    /// A multiple of 512.
    Line,
    /// Of 32, and not of 512.
    Block,
    /// Neither.
    Byte,
}

impl Alignment {
    fn of(address: u64) -> Alignment {
        match address {
            _ if address.is_multiple_of(512) => Alignment::Line,
            _ if address.is_multiple_of(32) => Alignment::Block,
            _ => Alignment::Byte,
        }
    }
}

/// Runs of the same length whose starts are aligned alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// Of one run.
    pub bytes: u64,
    /// Of their starts.
    pub alignment: Alignment,
    /// How many.
    pub count: u64,
}

/// Transfers between global memory and the cores, one way. A run is what one instruction moves to or from adjoining bytes of global
/// memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transfers(BTreeMap<(u64, Alignment), u64>);

impl Transfers {
    /// All of them, by length and then by alignment.
    pub fn runs(&self) -> impl Iterator<Item = Runs> + '_ {
        self.0.iter().map(|((bytes, alignment), count)| Runs { bytes: *bytes, alignment: *alignment, count: *count })
    }

    /// Bytes moved.
    pub fn bytes(&self) -> u64 {
        self.bytes_of(|_| true)
    }

    /// Bytes moved in the runs that `want` picks.
    pub fn bytes_of(&self, want: impl Fn(Runs) -> bool) -> u64 {
        self.runs().filter(|runs| want(*runs)).map(|runs| runs.bytes * runs.count).sum()
    }

    fn add(&mut self, range: &Range) {
        for (start, bytes) in super::strict::runs(range) {
            *self.0.entry((bytes, Alignment::of(start))).or_default() += 1;
        }
    }

    fn merge(&mut self, other: &Transfers) {
        other.0.iter().for_each(|(key, count)| *self.0.entry(*key).or_default() += count);
    }
}

/// What a launch moved and computed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// From global memory to the cores.
    pub reads: Transfers,
    /// From the cores to global memory.
    pub writes: Transfers,
    /// Elements of global memory that programs read one by one, through the data cache.
    pub scalar_reads: u64,
    /// The same for writes.
    pub scalar_writes: u64,
    /// Elements that vector units worked on.
    pub vector_elements: u64,
    /// Multiply-adds of cube units.
    pub cube_macs: u64,
    /// Instructions.
    pub calls: u64,
}

impl Traffic {
    pub(super) fn count(&mut self, call: &abi::Call, ranges: &[Range]) {
        self.calls += 1;
        self.vector_elements += call.vector_elements;
        self.cube_macs += call.cube_macs;
        for range in ranges.iter().filter(|range| range.space == space::GM) {
            let (reads, writes) = (range.access & access::READ != 0, range.access & access::WRITE != 0);
            match call.transfer {
                0 => {
                    self.scalar_reads += u64::from(reads);
                    self.scalar_writes += u64::from(writes);
                }
                _ if writes => self.writes.add(range),
                _ => self.reads.add(range),
            }
        }
    }

    /// Adds another launch's.
    pub fn merge(&mut self, other: &Traffic) {
        self.reads.merge(&other.reads);
        self.writes.merge(&other.writes);
        self.scalar_reads += other.scalar_reads;
        self.scalar_writes += other.scalar_writes;
        self.vector_elements += other.vector_elements;
        self.cube_macs += other.cube_macs;
        self.calls += other.calls;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_by_length_and_alignment() {
        let range = |address, stride, count, bytes| Range {
            address,
            stride,
            count,
            bytes,
            space: space::GM,
            access: access::READ,
            align: 0,
            reserved: 0,
        };
        let mut reads = Transfers::default();
        // Four runs that adjoin are one of 2048; three that do not: at 1024, 1664 and 2304.
        reads.add(&range(512, 512, 4, 512));
        reads.add(&range(1024, 640, 3, 512));
        reads.add(&range(1025, 0, 1, 7));
        let runs = |bytes, alignment, count| Runs { bytes, alignment, count };
        let want = [
            runs(7, Alignment::Byte, 1),
            runs(512, Alignment::Line, 1),
            runs(512, Alignment::Block, 2),
            runs(2048, Alignment::Line, 1),
        ];
        assert_eq!(reads.runs().collect::<Vec<_>>(), want);
        assert_eq!(reads.bytes(), 7 + 3 * 512 + 2048);
        assert_eq!(reads.bytes_of(|runs| runs.bytes >= 512 && runs.alignment == Alignment::Line), 512 + 2048);
        let mut twice = reads.clone();
        twice.merge(&reads);
        assert_eq!(twice.bytes(), 2 * reads.bytes());
    }
}
