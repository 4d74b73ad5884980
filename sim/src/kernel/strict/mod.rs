//! The checks of a launch whose image tells its calls.
//!
//! Calls come one at a time and in the program's order; what the hardware may do beside each other is found by what orders it
//! ([`order`]), whichever way the race would go. For each byte of a core's own memories ([`shadow`]) and each range of global memory
//! ([`global`]) the last accesses are known; an access that meets one which may not be done breaks a rule.
//!
//! - [`reach`]: what an instruction may touch at all: live allocations, the sizes of memories, alignment.
//! - [`call`]: one instruction. [`gm`]: its part in global memory. [`cache`]: the data cache of the scalar unit.
//! - [`between`]: flags and barriers between cores. [`poll`]: flags in memory. [`text`]: how what was found is put.
//!
//! # Not covered
//! Whether global memory holds anything when a kernel begins (the simulator does not follow who wrote an allocation); what a program
//! reads of global memory through a plain pointer; lines that the hardware loads into the data cache by itself.

mod between;
mod cache;
mod call;
mod clock;
mod global;
mod gm;
mod order;
mod poll;
mod reach;
mod shadow;
mod text;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::c_char;
use std::ops::Range;

use ascendc_twin::abi::space;

use super::findings::Where;
use super::shape::{Named, Place, sizes};
use super::traffic::Traffic;
use between::Between;
use clock::Clock;
use global::Global;
use order::Order;
use poll::Polls;
pub(super) use reach::runs;
use shadow::Shadow;

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub rule: &'static str,
    pub message: String,
    /// The call must not take effect.
    pub fatal: bool,
}

/// One core, as far as the checks follow it.
struct Core {
    kind: u32,
    order: Order,
    /// Made when first touched.
    memory: [Option<Shadow>; space::COUNT],
    /// Lines of the data cache, each with what was done when it was loaded.
    lines: HashMap<u64, Clock>,
    /// Those that it has written, and not cleaned.
    dirty: BTreeSet<u64>,
    /// It has let others run since its last read of global memory.
    yielded: bool,
    /// Where it has read a little of global memory.
    seen: HashSet<u64>,
    /// It has written a little of global memory.
    sent: bool,
}

/// What is known of a launch.
pub(super) struct Strict {
    cores: Vec<Core>,
    /// For messages.
    names: Vec<Named>,
    global: Global,
    sites: Sites,
    between: Between,
    polls: Polls,
    pub traffic: Traffic,
    device: u32,
    /// Where the kernel's arguments are, and the data that went with them: it may read them.
    args: Range<u64>,
    /// Whether blocks are all there at once, so that they may poll what others write.
    resident: bool,
}

impl Strict {
    pub(super) fn new(places: &[Place], name: impl Fn(usize) -> Named, device: u32, args: Range<u64>, resident: bool) -> Strict {
        let core = |(i, place): (usize, &Place)| Core {
            kind: place.kind,
            order: Order::new(i, places.len()),
            memory: Default::default(),
            lines: HashMap::new(),
            dirty: BTreeSet::new(),
            yielded: false,
            seen: HashSet::new(),
            sent: false,
        };
        Strict {
            cores: places.iter().enumerate().map(core).collect(),
            names: (0..places.len()).map(name).collect(),
            global: Global::default(),
            sites: Sites::default(),
            between: Between::default(),
            polls: Polls::default(),
            traffic: Traffic::default(),
            device,
            args,
            resident: resident && places.len() > 1,
        }
    }

    pub(super) fn set_flag(&mut self, core: usize, from: u32, to: u32, id: u32) {
        if let (Some(from), Some(to)) = (pipe(from), pipe(to)) {
            self.cores[core].order.set_flag(from as u32, to as u32, id);
        }
    }

    pub(super) fn wait_flag(&mut self, core: usize, from: u32, to: u32, id: u32) -> Option<Broken> {
        let (from, to) = (pipe(from)? as u32, pipe(to)? as u32);
        if self.cores[core].order.wait_flag(from, to, id) {
            return None;
        }
        let message = format!(
            "nothing has set event {id} from {} to {}: the core hangs",
            text::PIPES[from as usize],
            text::PIPES[to as usize]
        );
        Some(Broken { rule: "events", message, fatal: true })
    }

    /// A barrier of one pipe, or of all.
    pub(super) fn pipe_barrier(&mut self, core: usize, of: u32) {
        match pipe(of) {
            Some(pipe) => self.cores[core].order.barrier(pipe),
            None => self.cores[core].order.barrier_all(),
        }
    }

    /// `DataSyncBarrier`.
    pub(super) fn memory_barrier(&mut self, core: usize) {
        self.cores[core].order.scalar_done();
    }

    /// Bytes of a core's memory hold nothing from now on.
    pub(super) fn forget(&mut self, core: usize, space: u32, offset: u32, bytes: u32) {
        let core = &mut self.cores[core];
        let Some(size) = sizes(core.kind).get(space as usize).copied() else { return };
        let (start, end) = (offset.min(size), offset.saturating_add(bytes).min(size));
        if let Some(shadow) = &mut core.memory[space as usize] {
            shadow.forget(start as usize..end as usize);
        }
    }

    /// The core's program has come to its end.
    pub(super) fn end(&mut self, core: usize) -> Option<Broken> {
        self.cores[core].memory = Default::default();
        self.left_in_cache(core)
    }
}

/// A pipe's index; none for all of them.
fn pipe(of: u32) -> Option<usize> {
    (of < clock::PIPES as u32).then_some(of as usize)
}

/// Places in the source, each once.
#[derive(Default)]
struct Sites {
    known: HashMap<(usize, usize, u32), u32>,
    places: Vec<Where>,
}

impl Sites {
    fn of(&mut self, name: *const c_char, file: *const c_char, line: u32) -> u32 {
        let next = self.places.len() as u32;
        let places = &mut self.places;
        *self.known.entry((name as usize, file as usize, line)).or_insert_with(|| {
            places.push(Where::of(name, file, line));
            next
        })
    }
}
