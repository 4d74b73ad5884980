//! An instruction's part in global memory.

use std::ops::Range as Bytes;

use ascendc_twin::abi::{Range, access, space};

use super::cache::LINE;
use super::clock::Access;
use super::global::{Kind, Write};
use super::poll::FLAG;
use super::reach::runs;
use super::text::{Does, SCALAR};
use super::{Broken, Strict};

/// What an access met that it must not.
#[derive(Clone, Debug)]
pub(super) enum Met {
    Undone(Access, Does),
    InCache(Access),
    Stale(Access),
    SharedLine(Access),
}

impl Strict {
    /// Reads or writes the runs of a range.
    pub(super) fn gm(&mut self, by: Access, range: &Range, does: Does) -> Option<Broken> {
        let cached = range.access & access::CACHED != 0 && by.pipe as usize == SCALAR;
        let mut first = None;
        for (start, bytes) in runs(range) {
            let bytes = start..start + bytes;
            if cached {
                self.load_lines(by, &bytes);
            }
            let met = match does {
                Does::Reads => self.read_gm(by, bytes, cached),
                Does::Writes => {
                    let kind = match range.access & access::ATOMIC {
                        0 if cached => Kind::Dirty,
                        0 => Kind::Plain,
                        _ => Kind::Atomic,
                    };
                    self.write_gm(by, bytes, kind)
                }
            };
            first = first.or(met);
        }
        first.map(|(met, bytes)| self.put(by, does, met, bytes))
    }

    /// In words.
    pub(super) fn put(&self, by: Access, does: Does, met: Met, bytes: Bytes<u64>) -> Broken {
        let what = self.bytes(space::GM, bytes.start, bytes.end);
        match met {
            Met::Undone(other, other_does) => self.undone(by, does, &what, other, other_does),
            Met::InCache(other) => self.in_cache(by, does, &what, other),
            Met::Stale(other) => self.stale(by, &what, other),
            Met::SharedLine(other) => self.shared_line(by, &what, other),
        }
    }

    fn read_gm(&mut self, by: Access, bytes: Bytes<u64>, cached: bool) -> Option<(Met, Bytes<u64>)> {
        let Strict { cores, global, .. } = self;
        let core = &mut cores[by.core as usize];
        let (order, lines) = (&core.order, &core.lines);
        let pipe = by.pipe as usize;
        let (mut met, mut aside) = (None, Vec::new());
        global.each(bytes.clone(), |at, segment| {
            let before = aside.len();
            for write in &segment.writes {
                let own = cached && write.by.core == by.core && write.by.pipe == by.pipe;
                let found = match write.kind {
                    Kind::Beside { .. } => None,
                    Kind::Dirty if !own => Some(Met::InCache(write.origin)),
                    _ if write.by.core != by.core && !order.knows(pipe, write.by) && write.released.is_some() => {
                        aside.push((Met::Undone(write.origin, Does::Writes), at.clone(), write.released.clone()));
                        None
                    }
                    _ if !order.knows(pipe, write.by) => Some(Met::Undone(write.origin, Does::Writes)),
                    _ if cached && !own && super::cache::is_stale(lines, by.core, &at, write.by) => {
                        Some(Met::Stale(write.origin))
                    }
                    _ => None,
                };
                if met.is_none() {
                    met = found.map(|found| (found, at.clone()));
                }
            }
            if aside.len() == before {
                segment.reads.retain(|read| !(order.knows(pipe, *read) || (read.core, read.pipe) == (by.core, by.pipe)));
                segment.reads.push(by);
            }
        });
        for (_, _, released) in &aside {
            released.iter().for_each(|news| core.order.hear_on(pipe, news));
        }
        for (met, bytes, _) in aside {
            self.put_aside(by, Does::Reads, met, bytes);
        }
        met
    }

    fn write_gm(&mut self, by: Access, bytes: Bytes<u64>, kind: Kind) -> Option<(Met, Bytes<u64>)> {
        let short = self.resident && bytes.end - bytes.start <= FLAG;
        let Strict { cores, global, .. } = self;
        let pipe = by.pipe as usize;
        let released = short.then(|| cores[by.core as usize].order.release(pipe));
        let order = &cores[by.core as usize].order;
        let (mut met, mut aside) = (None, Vec::new());
        global.each(bytes.clone(), |at, segment| {
            for read in segment.reads.iter().filter(|read| **read != by && !order.knows(pipe, **read)) {
                let found = (Met::Undone(*read, Does::Reads), at.clone());
                match short && read.core != by.core {
                    true => aside.push(found),
                    false => met = met.take().or(Some(found)),
                }
            }
            for write in &segment.writes {
                let own = kind == Kind::Dirty && write.by.core == by.core && write.by.pipe == by.pipe;
                let found = match write.kind {
                    Kind::Atomic if kind == Kind::Atomic => None,
                    Kind::Dirty if !own => Some(Met::InCache(write.origin)),
                    Kind::Beside { dirty } if !own && (dirty || !order.knows(pipe, write.by)) => {
                        Some(Met::SharedLine(write.origin))
                    }
                    Kind::Beside { .. } => None,
                    _ if !order.knows(pipe, write.by) => Some(Met::Undone(write.origin, Does::Writes)),
                    _ => None,
                };
                if met.is_none() {
                    met = found.map(|found| (found, at.clone()));
                }
            }
            let stays = |write: &Write| {
                kind == Kind::Atomic && write.kind == Kind::Atomic && (write.by.core, write.by.pipe) != (by.core, by.pipe)
            };
            segment.writes.retain(stays);
            segment.writes.push(Write { by, origin: by, kind, released: released.clone() });
            segment.reads.clear();
        });
        for (met, bytes) in aside {
            self.put_aside(by, Does::Writes, met, bytes);
        }
        if kind == Kind::Dirty {
            let beside = self.write_lines(by, &bytes);
            met = met.or(beside);
        }
        met
    }

    /// The lines of the data cache that bytes lie in.
    pub(super) fn lines_of(bytes: &Bytes<u64>) -> impl Iterator<Item = u64> + use<> {
        (bytes.start / LINE..bytes.end.div_ceil(LINE)).map(|line| line * LINE)
    }
}
