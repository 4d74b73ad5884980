//! One instruction.

use ascendc_twin::abi::{self, Range, access, pipe, space};

use super::clock::Access;
use super::reach::runs;
use super::shadow::{Met, Shadow};
use super::text::Does;
use super::{Broken, Strict};
use crate::kernel::shape::{SPACES, sizes};

/// A product that accumulates waits for the one before it where it is big enough: the documentation of `Mmad` asks for
/// `PipeBarrier<PIPE_M>` where `(m / 16) * (n / 16)` is less than ten fractals.
const FRACTALS: u64 = 10;
const FRACTAL: u64 = 16 * 16 * 4;

impl Strict {
    /// An instruction is about to take effect.
    pub(in crate::kernel) fn call(&mut self, core: usize, call: &abi::Call, ranges: &[Range]) -> Vec<Broken> {
        let mut broken = Vec::new();
        for range in ranges {
            // The vector unit takes any number of elements.
            self.check_range(core, range, call.pipe != pipe::V, &mut broken);
        }
        let Some(pipe) = super::pipe(call.pipe) else {
            let message = format!("the image names pipe {}, which there is not", call.pipe);
            broken.push(Broken { rule: "bounds", message, fatal: true });
            return broken;
        };
        if broken.iter().any(|broken| broken.fatal) {
            return broken;
        }
        let site = self.sites.of(call.name, call.file, call.line);
        let by = self.cores[core].order.begin(pipe, site);
        for range in ranges.iter().filter(|range| range.space == space::GM && range.access & access::READ != 0) {
            self.look_for_polls(core, site, range.address, u64::from(range.bytes) * u64::from(range.count));
        }
        // Reads first: one instruction may read what it writes.
        for does in [Does::Reads, Does::Writes] {
            let flag = if does == Does::Reads { access::READ } else { access::WRITE };
            for range in ranges.iter().filter(|range| range.access & flag != 0) {
                let found = if range.space == space::GM { self.gm(by, range, does) } else { self.local(by, range, does) };
                broken.extend(found);
            }
        }
        self.traffic.count(call, ranges);
        broken
    }

    /// Its part in one of the core's own memories. Where bounds were checked.
    fn local(&mut self, by: Access, range: &Range, does: Does) -> Option<Broken> {
        let core = &mut self.cores[by.core as usize];
        let size = sizes(core.kind)[range.space as usize] as usize;
        let shadow = core.memory[range.space as usize].get_or_insert_with(|| Shadow::new(size));
        let mut done = core.order.clock(by.pipe as usize).own;
        let bytes = u64::from(range.bytes) * u64::from(range.count);
        if range.space == space::L0C && u32::from(by.pipe) == pipe::M && bytes >= FRACTALS * FRACTAL {
            done[pipe::M as usize] = by.time;
        }
        let mut first = None;
        for (start, bytes) in runs(range) {
            let bytes = start as usize..(start + bytes) as usize;
            let met = match does {
                Does::Reads => shadow.read(bytes.clone(), by, &done),
                Does::Writes => shadow.write(bytes.clone(), by, &done),
            };
            first = first.or(met.map(|met| (met, bytes)));
        }
        let (met, bytes) = first?;
        let what = |from: usize| self.bytes(range.space, from as u64, bytes.end as u64);
        Some(match met {
            Met::Nothing(at) => {
                let mut broken = self.empty(&what(bytes.start));
                if at != bytes.start {
                    broken.message += &format!(" from byte {at} of {} on", SPACES[range.space as usize]);
                }
                broken
            }
            Met::Undone { at, pipe, time, writes } => {
                let other = Access { core: by.core, pipe: pipe as u8, time };
                self.undone(by, does, &what(at), other, if writes { Does::Writes } else { Does::Reads })
            }
        })
    }
}
