//! How what was found is put.

use ascendc_twin::abi::{pipe, space};

use super::clock::{Access, PIPES as COUNT};
use super::{Broken, Strict};
use crate::kernel::shape::SPACES;
use crate::world::world;

/// Names of the pipes, as in Ascend C.
pub(super) const PIPES: [&str; COUNT] = ["S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX"];

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    Reads,
    Writes,
}

impl Does {
    fn verb(self) -> &'static str {
        match self {
            Does::Reads => "reads",
            Does::Writes => "writes",
        }
    }
}

impl Strict {
    /// "bytes 32..64 of UB"; of global memory, in which allocation.
    pub(super) fn bytes(&self, of: u8, start: u64, end: u64) -> String {
        if of != space::GM {
            return format!("bytes {start}..{end} of {}", SPACES[of as usize]);
        }
        let block = world().ok().and_then(|world| {
            let device = world.device_at(start as usize)?;
            device.memory.block_at(start as usize)
        });
        match block {
            Some((at, _)) => format!("bytes {}..{} of the allocation at {at:#x} in GM", start - at as u64, end - at as u64),
            None => format!("{} bytes at {start:#x} in GM", end - start),
        }
    }

    /// An instruction: "DataCopy at k.cpp:3 (MTE2)", with its block where that is another one.
    pub(super) fn instruction(&self, core: usize, access: Access) -> String {
        let of = access.core as usize;
        let site = self.cores[of].order.site(access.pipe as usize, access.time);
        let (place, pipe) = (&self.sites.places[site as usize], PIPES[access.pipe as usize]);
        if of == core { format!("{place} ({pipe})") } else { format!("{place} of {} ({pipe})", self.names[of]) }
    }

    /// An access met one that may not be done.
    pub(super) fn undone(&self, by: Access, does: Does, what: &str, other: Access, other_does: Does) -> Broken {
        let core = by.core as usize;
        let missing = match (other.core == by.core, other.pipe == by.pipe) {
            (false, _) => "no SyncAll and no flag between cores orders them".to_string(),
            (true, true) => format!("no PipeBarrier<PIPE_{}> is between them", PIPES[by.pipe as usize]),
            (true, false) => {
                let event = format!("{}_{}", PIPES[other.pipe as usize], PIPES[by.pipe as usize]);
                format!("no SetFlag and WaitFlag<HardEvent::{event}> are between them")
            }
        };
        let message = format!("{} {what}, which {} {}: {missing}", does.verb(), self.instruction(core, other), other_does.verb());
        Broken { rule: "order", message, fatal: false }
    }

    /// A write through the data cache is not in memory yet.
    pub(super) fn in_cache(&self, by: Access, does: Does, what: &str, other: Access) -> Broken {
        let why = match does {
            Does::Reads => "it is in that core's data cache and not in memory",
            Does::Writes => "it is still in that core's data cache, and goes to memory later, over this",
        };
        let message = format!(
            "{} {what}, which {} has written: {why}; DataCacheCleanAndInvalid is missing behind it",
            does.verb(),
            self.instruction(by.core as usize, other)
        );
        Broken { rule: "data cache", message, fatal: false }
    }

    /// The data cache has a line from before a write.
    pub(super) fn stale(&self, by: Access, what: &str, other: Access) -> Broken {
        let message = format!(
            "reads {what} through the data cache, which loaded that line before {} wrote it: DataCacheCleanAndInvalid is missing before \
             the read",
            self.instruction(by.core as usize, other)
        );
        Broken { rule: "data cache", message, fatal: false }
    }

    /// Two cores write into one line of 64 bytes, one of them through its data cache, which writes lines whole.
    pub(super) fn shared_line(&self, by: Access, what: &str, other: Access) -> Broken {
        let message = format!(
            "writes {what}, in one line of 64 bytes with what {} writes: a data cache writes its lines whole, so one of them may be lost; \
             keep them 64 bytes apart, or order them",
            self.instruction(by.core as usize, other)
        );
        Broken { rule: "data cache", message, fatal: false }
    }

    /// Nothing was written there.
    pub(super) fn empty(&self, what: &str) -> Broken {
        Broken { rule: "not written", message: format!("reads {what}, where nothing was written"), fatal: false }
    }
}

/// Whether an access goes through the data cache.
pub(super) const SCALAR: usize = pipe::S as usize;
