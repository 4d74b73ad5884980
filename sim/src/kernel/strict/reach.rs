//! What an instruction may touch at all.

use ascendc_twin::abi::{Range, access, space};

use super::{Broken, Strict};
use crate::kernel::shape::{SPACES, sizes};
use crate::memory::Bound;
use crate::world::world;

/// An access so close behind an allocation was meant for it.
const NEAR: u64 = 4096;

/// The runs of a range: start and bytes of each. Runs that adjoin are one.
pub(in crate::kernel) fn runs(range: &Range) -> impl Iterator<Item = (u64, u64)> + Clone {
    let whole = range.count > 1 && range.stride == i64::from(range.bytes);
    let (count, bytes) = match whole {
        true => (1, u64::from(range.bytes) * u64::from(range.count)),
        false => (u64::from(range.count), u64::from(range.bytes)),
    };
    let (start, stride) = (range.address, range.stride);
    // Runs without a stride are the same bytes.
    let count = if stride == 0 { count.min(1) } else { count };
    (0..count).map(move |i| (start.wrapping_add_signed(stride.wrapping_mul(i as i64)), bytes)).filter(|run| run.1 > 0)
}

/// The same for a look-up.
fn ranges(runs: &[(u64, u64)]) -> impl Iterator<Item = (usize, usize)> {
    runs.iter().map(|run| (run.0 as usize, run.1 as usize))
}

impl Strict {
    /// What is wrong with a range whatever else happens; `lengths`: whether its rule is about its length too.
    pub(super) fn check_range(&self, core: usize, range: &Range, lengths: bool, broken: &mut Vec<Broken>) {
        if range.space as usize >= space::COUNT {
            let message = format!("the image names memory {}, which there is not", range.space);
            return broken.push(Broken { rule: "bounds", message, fatal: true });
        }
        let outside = if range.space == space::GM { self.outside_gm(range) } else { self.outside_local(core, range) };
        if let Some(message) = outside {
            return broken.push(Broken { rule: "bounds", message, fatal: true });
        }
        if let Some(message) = misaligned(range, lengths) {
            broken.push(Broken { rule: "alignment", message, fatal: false });
        }
    }

    fn outside_local(&self, core: usize, range: &Range) -> Option<String> {
        let kind = self.cores[core].kind;
        let (size, name) = (u64::from(sizes(kind)[range.space as usize]), SPACES[range.space as usize]);
        let (start, end) =
            runs(range).fold((u64::MAX, 0), |(start, end), (at, bytes)| (start.min(at), end.max(at.saturating_add(bytes))));
        if end <= size {
            return None;
        }
        Some(match size {
            0 => format!("touches {name}, which a core of this kind has none of"),
            _ => format!("touches bytes {start}..{end} of {name}, of which a kernel may use {size}"),
        })
    }

    /// A range of global memory lies in what the device may reach.
    fn outside_gm(&self, range: &Range) -> Option<String> {
        let device = world().ok()?.device(self.device as i32).ok()?;
        let writes = range.access & access::WRITE != 0;
        let runs: Vec<(u64, u64)> = runs(range).collect();
        let mut from = 0;
        while let Some(found) = device.memory.beyond(ranges(&runs[from..]), Bound::Asked) {
            let (at, bytes) = runs[from + found];
            if let Some(message) = self.outside_run(at, bytes, writes) {
                return Some(message);
            }
            from += found + 1;
        }
        None
    }

    /// The same for a run that is not inside the device's own allocations.
    fn outside_run(&self, at: u64, bytes: u64, writes: bool) -> Option<String> {
        let end = at.saturating_add(bytes);
        let verb = if writes { "writes" } else { "reads" };
        if at >= self.args.start && end <= self.args.end {
            return writes.then(|| format!("writes {bytes} bytes at {at:#x}, among its arguments, which are read-only"));
        }
        if at < 4096 {
            return Some(format!("{verb} {bytes} bytes at {at:#x} in GM: a null pointer"));
        }
        let world = world().ok()?;
        let own = world.device(self.device as i32).ok()?;
        let Some(owner) = world.device_at(at as usize) else {
            return Some(format!("{verb} {bytes} bytes at {at:#x}, which is no memory of device {}", self.device));
        };
        if owner.id != own.id && !own.reaches(owner) {
            return Some(format!(
                "{verb} {bytes} bytes at {at:#x}, memory of device {}, which device {} may not reach (aclrtDeviceEnablePeerAccess)",
                owner.id, own.id
            ));
        }
        if owner.id != own.id && owner.memory.beyond(ranges(&[(at, bytes)]), Bound::Asked).is_none() {
            return None;
        }
        Some(match owner.memory.block_at(at as usize).filter(|(start, size)| at < (start + size) as u64) {
            Some((start, size)) => format!(
                "{verb} bytes {}..{} of the allocation at {start:#x} in GM, which has {size}",
                at - start as u64,
                end - start as u64
            ),
            None => {
                let before =
                    owner.memory.block_before(at as usize).map(|(start, size)| (start, size, at - (start + size) as u64));
                match before.filter(|(_, _, behind)| *behind < NEAR) {
                    Some((start, size, behind)) => format!(
                        "{verb} {bytes} bytes at {at:#x} in GM, {behind} bytes behind the end of the allocation at {start:#x}, which has \
                         {size}; no other is there"
                    ),
                    None => format!(
                        "{verb} {bytes} bytes at {at:#x} in GM, outside of every live allocation: freed already, or never allocated"
                    ),
                }
            }
        })
    }
}

fn misaligned(range: &Range, lengths: bool) -> Option<String> {
    let align = u64::from(range.align);
    let name = SPACES[range.space as usize];
    if align < 2 {
        None
    } else if !range.address.is_multiple_of(align) {
        Some(format!("byte {:#x} of {name} is no multiple of {align}", range.address))
    } else if lengths && range.space != space::GM && !u64::from(range.bytes).is_multiple_of(align) {
        Some(format!("{} bytes of {name} are no multiple of {align}", range.bytes))
    } else if range.count > 1 && !range.stride.unsigned_abs().is_multiple_of(align) {
        Some(format!("runs in {name} start {} bytes apart, no multiple of {align}", range.stride))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(address: u64, stride: i64, count: u32, bytes: u32) -> Range {
        Range { address, stride, count, bytes, space: space::UB, access: access::READ, align: 32, reserved: 0 }
    }

    #[test]
    fn runs_that_adjoin_are_one() {
        let of = |range: Range| runs(&range).collect::<Vec<_>>();
        assert_eq!(of(range(64, 32, 4, 32)), [(64, 128)]);
        assert_eq!(of(range(64, 96, 3, 32)), [(64, 32), (160, 32), (256, 32)]);
        assert_eq!(of(range(64, 0, 9, 32)), [(64, 32)]);
        assert_eq!(of(range(64, -32, 2, 32)), [(64, 32), (32, 32)]);
        assert_eq!(of(range(64, 32, 4, 0)), []);
        assert_eq!(of(range(64, 32, 0, 32)), []);
    }

    #[test]
    fn alignment_of_start_length_and_stride() {
        let misaligned = |range: &Range| misaligned(range, true);
        assert_eq!(misaligned(&range(64, 96, 3, 32)), None);
        assert!(misaligned(&range(48, 96, 3, 32)).is_some_and(|text| text.contains("0x30")));
        assert!(misaligned(&range(64, 96, 3, 40)).is_some_and(|text| text.contains("40 bytes")));
        assert!(misaligned(&range(64, 72, 3, 32)).is_some_and(|text| text.contains("72 bytes apart")));
        assert_eq!(misaligned(&range(64, 72, 1, 32)), None);
        let gm = Range { space: space::GM, align: 4, ..range(64, 72, 3, 35) };
        assert_eq!(misaligned(&gm), None);
        assert_eq!(super::misaligned(&range(64, 96, 3, 40), false), None);
    }
}
