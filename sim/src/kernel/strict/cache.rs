//! The data cache of the scalar unit: what a program reads and writes of global memory element by element. It is coherent with nothing,
//! and writes its lines whole.

use std::collections::HashMap;
use std::ffi::c_char;
use std::ops::Range as Bytes;

use ascendc_twin::abi::pipe;

use super::clock::{Access, Clock};
use super::global::{Kind, Write};
use super::gm::Met;
use super::text::SCALAR;
use super::{Broken, Strict};

/// Bytes of a line.
pub(super) const LINE: u64 = 64;

/// Whether the line of core `core` at these bytes was loaded before a write was there.
pub(super) fn is_stale(lines: &HashMap<u64, Clock>, core: u32, at: &Bytes<u64>, write: Access) -> bool {
    let known = |clock: &Clock| {
        if write.core == core { clock.own[write.pipe as usize] >= write.time } else { clock.knows_far(write) }
    };
    lines.get(&(at.start / LINE * LINE)).is_some_and(|loaded| !known(loaded))
}

impl Strict {
    /// The scalar unit touches bytes: lines that are not in the cache are loaded.
    pub(super) fn load_lines(&mut self, by: Access, bytes: &Bytes<u64>) {
        let core = &mut self.cores[by.core as usize];
        for line in Self::lines_of(bytes) {
            let order = &core.order;
            core.lines.entry(line).or_insert_with(|| order.clock(SCALAR).clone());
        }
    }

    /// It has written bytes: the rest of their lines will be written too.
    pub(super) fn write_lines(&mut self, by: Access, bytes: &Bytes<u64>) -> Option<(Met, Bytes<u64>)> {
        let Strict { cores, global, .. } = self;
        let core = &mut cores[by.core as usize];
        core.dirty.extend(Self::lines_of(bytes));
        let (order, lines) = (&core.order, &core.lines);
        let (start, end) = (bytes.start / LINE * LINE, bytes.end.next_multiple_of(LINE));
        let mut met = None;
        for beside in [start..bytes.start, bytes.end..end] {
            if beside.is_empty() {
                continue;
            }
            global.each(beside, |at, segment| {
                for write in segment.writes.iter().filter(|write| !matches!(write.kind, Kind::Beside { .. })) {
                    let own = write.by.core == by.core && u32::from(write.by.pipe) == pipe::S;
                    if met.is_none() && !own && (!order.knows(SCALAR, write.by) || is_stale(lines, by.core, &at, write.by)) {
                        met = Some((Met::SharedLine(write.origin), bytes.clone()));
                    }
                }
                let own = |write: &Write| matches!(write.kind, Kind::Beside { .. }) && write.by.core == by.core;
                segment.writes.retain(|write| !own(write));
                // What it has written itself there stays known as such.
                let dirty = segment.writes.iter().any(|write| write.kind == Kind::Dirty && write.by.core == by.core);
                if !dirty {
                    segment.writes.push(Write { by, origin: by, kind: Kind::Beside { dirty: true }, released: None });
                }
            });
        }
        met
    }

    /// `DataCacheCleanAndInvalid` of the line at an address, or of all.
    pub(in crate::kernel) fn clean(&mut self, core: usize, address: Option<u64>, file: *const c_char, line: u32) {
        let site = self.sites.of(c"DataCacheCleanAndInvalid".as_ptr(), file, line);
        let by = self.cores[core].order.begin(SCALAR, site);
        let at = address.map(|address| address / LINE * LINE);
        let of = &mut self.cores[core];
        of.lines.retain(|line, _| at.is_some_and(|at| at != *line));
        let cleaned: Vec<u64> = of.dirty.iter().copied().filter(|line| at.is_none_or(|at| at == *line)).collect();
        for line in cleaned {
            of.dirty.remove(&line);
            self.global.known(line..line + LINE, |at, segment| {
                if at.start >= line + LINE || at.end <= line {
                    return;
                }
                for write in segment.writes.iter_mut().filter(|write| write.by.core as usize == core) {
                    match write.kind {
                        Kind::Dirty => (write.by, write.kind) = (by, Kind::Plain),
                        Kind::Beside { dirty: true } => (write.by, write.kind) = (by, Kind::Beside { dirty: false }),
                        _ => {}
                    }
                }
            });
        }
    }

    /// The program ends with lines that are not in memory.
    pub(super) fn left_in_cache(&mut self, core: usize) -> Option<Broken> {
        let first = *self.cores[core].dirty.first()?;
        let mut write = None;
        self.global.known(first..first + LINE, |at, segment| {
            let dirty = segment.writes.iter().find(|write| write.kind == Kind::Dirty && write.by.core as usize == core);
            write = write.take().or(dirty.map(|dirty| (dirty.origin, at)));
        });
        let (by, at) = write?;
        let message = format!(
            "the kernel ends with {} lines of the data cache that are not written to memory: {} has written {}, and no \
             DataCacheCleanAndInvalid is behind it",
            self.cores[core].dirty.len(),
            self.instruction(core, by),
            self.bytes(ascendc_twin::abi::space::GM, at.start, at.end),
        );
        Some(Broken { rule: "data cache", message, fatal: false })
    }
}
