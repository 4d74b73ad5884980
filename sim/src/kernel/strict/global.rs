//! What is known of global memory during a launch: for ranges of bytes, who wrote them last and who has read them since.

use std::collections::BTreeMap;
use std::ops::Range;

use super::clock::{Access, Far};

/// A write that no later one has replaced.
#[derive(Clone, Debug)]
pub(super) struct Write {
    /// What others have to be behind: the instruction, or what has brought it from a data cache to memory.
    pub by: Access,
    /// The instruction, for messages.
    pub origin: Access,
    pub kind: Kind,
    /// What the writer knew to be done, for others that poll these bytes; only of short writes.
    pub released: Option<Far>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// The memory adds: such writes do not race with each other.
    Atomic,
    /// Through the data cache, and not yet in memory.
    Dirty,
    /// Not written, but beside bytes that were, in the same line of the cache: the line goes to memory whole.
    Beside {
        dirty: bool,
    },
}

/// Bytes with the same history.
#[derive(Clone, Debug, Default)]
pub(super) struct Segment {
    end: u64,
    pub writes: Vec<Write>,
    pub reads: Vec<Access>,
}

#[derive(Default)]
pub(super) struct Global {
    /// By their start; they do not overlap.
    segments: BTreeMap<u64, Segment>,
}

impl Global {
    /// Shows all bytes of the range to `look`, each with its history, which may be changed.
    pub(super) fn each(&mut self, bytes: Range<u64>, mut look: impl FnMut(Range<u64>, &mut Segment)) {
        if let Some(segment) = self.segments.get_mut(&bytes.start)
            && segment.end == bytes.end
        {
            return look(bytes, segment);
        }
        self.split(bytes.start);
        self.split(bytes.end);
        let mut gaps = Vec::new();
        let mut at = bytes.start;
        for (start, segment) in self.segments.range_mut(bytes.clone()) {
            if at < *start {
                gaps.push(at..*start);
            }
            at = segment.end;
            look(*start..at, segment);
        }
        if at < bytes.end {
            gaps.push(at..bytes.end);
        }
        for gap in gaps {
            let mut segment = Segment { end: gap.end, ..Segment::default() };
            look(gap.clone(), &mut segment);
            self.segments.insert(gap.start, segment);
        }
    }

    /// The same for bytes that have a history only.
    pub(super) fn known(&mut self, bytes: Range<u64>, mut look: impl FnMut(Range<u64>, &mut Segment)) {
        let before = self.segments.range(..bytes.start).next_back().filter(|(_, segment)| segment.end > bytes.start);
        let from = before.map_or(bytes.start, |(start, _)| *start);
        for (start, segment) in self.segments.range_mut(from..bytes.end) {
            look(*start..segment.end, segment);
        }
    }

    /// A segment ends at `at`, if any is there.
    fn split(&mut self, at: u64) {
        let Some((_, segment)) = self.segments.range_mut(..at).next_back().filter(|(_, segment)| segment.end > at) else {
            return;
        };
        let rest = segment.clone();
        segment.end = at;
        self.segments.insert(at, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks bytes by a reader's time, and says what ranges it met.
    fn mark(global: &mut Global, bytes: Range<u64>, time: u32) -> Vec<(Range<u64>, Vec<u32>)> {
        let mut met = Vec::new();
        global.each(bytes, |range, segment| {
            met.push((range, segment.reads.iter().map(|read| read.time).collect()));
            segment.reads.push(Access { core: 0, pipe: 0, time });
        });
        met.sort_by_key(|(range, _)| range.start);
        met
    }

    #[test]
    fn ranges_are_cut_where_their_histories_differ() {
        let mut global = Global::default();
        assert_eq!(mark(&mut global, 100..200, 1), [(100..200, vec![])]);
        assert_eq!(mark(&mut global, 100..200, 2), [(100..200, vec![1])]);
        assert_eq!(mark(&mut global, 150..250, 3), [(150..200, vec![1, 2]), (200..250, vec![])]);
        assert_eq!(mark(&mut global, 120..130, 4), [(120..130, vec![1, 2])]);
        let all = mark(&mut global, 90..260, 5);
        let cuts: Vec<Range<u64>> = all.iter().map(|(range, _)| range.clone()).collect();
        assert_eq!(cuts, [90..100, 100..120, 120..130, 130..150, 150..200, 200..250, 250..260]);
        assert_eq!(all[2].1, [1, 2, 4]);
    }

    #[test]
    fn against_a_byte_by_byte_record() {
        let (mut global, mut bytes) = (Global::default(), vec![Vec::new(); 300]);
        let mut state = 7_u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % below
        };
        for time in 0..400 {
            let start = random(290);
            let end = start + 1 + random(300 - start);
            let met = mark(&mut global, start..end, time);
            assert_eq!((met[0].0.start, met[met.len() - 1].0.end), (start, end));
            assert!(met.windows(2).all(|pair| pair[0].0.end == pair[1].0.start));
            for (range, reads) in met {
                range.for_each(|at| assert_eq!(bytes[at as usize], reads));
            }
            (start..end).for_each(|at| bytes[at as usize].push(time));
        }
    }
}
