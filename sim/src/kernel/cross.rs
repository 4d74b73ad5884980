//! What cores of a launch tell each other: barriers, and flags that count.
//!
//! A flag of a core counts to 15. `CrossCoreSetFlag` says that its core has come so far; once all of the set's cores have said so, each
//! of those that it is for counts one more, and `CrossCoreWaitFlag` takes one off. Mode 0: all cores of the same kind, for each of them.
//! Mode 1: the vector cores of one group, for each of them. Mode 2: the cube core of a group, for its vector cores; or all vector cores
//! of a group, for the cube core.

use ascendc_twin::abi::core_kind;

use super::shape::Place;

/// Flags of a core.
pub(super) const FLAGS: usize = 16;
const MOST: u8 = 15;

#[derive(Clone, Copy, Default)]
struct Flags {
    /// What waits can take.
    count: [u8; FLAGS],
    /// How often this core has set the flag, by mode, and not all others of the set have yet.
    said: [[u8; 3]; FLAGS],
}

/// Barriers and flags of a launch.
pub(super) struct Cross {
    places: Vec<Place>,
    flags: Vec<Flags>,
    /// Cores that have come to the barrier: of vector cores, and of all.
    come: [Vec<bool>; 2],
    /// How often each barrier was passed.
    passed: [u64; 2],
}

/// A flag that counts one more: whose setting it for that was, and for whom it does.
pub(super) type Given = (Vec<usize>, Vec<usize>);

/// A flag that cannot count further.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overflow {
    /// The core that it is of.
    pub of: usize,
}

impl Cross {
    pub(super) fn new(places: &[Place]) -> Cross {
        let none = vec![false; places.len()];
        Cross { places: places.into(), flags: vec![Flags::default(); places.len()], come: [none.clone(), none], passed: [0; 2] }
    }

    fn cores(&self, want: impl Fn(&Place) -> bool) -> Vec<usize> {
        self.places.iter().enumerate().filter(|(_, place)| want(place)).map(|(i, _)| i).collect()
    }

    /// Who else must set the flag, and whom it is for.
    fn set_of(&self, core: usize, mode: u32) -> (Vec<usize>, Vec<usize>) {
        let Place { kind, block, .. } = self.places[core];
        match mode {
            0 => {
                let all = self.cores(|place| place.kind == kind);
                (all.clone(), all)
            }
            1 => {
                let group = self.cores(|place| place.block == block && place.kind == core_kind::AIV);
                (group.clone(), group)
            }
            _ => {
                let group = |want: u32| self.cores(|place| place.block == block && place.kind == want);
                (group(kind), group(if kind == core_kind::AIC { core_kind::AIV } else { core_kind::AIC }))
            }
        }
    }

    /// `CrossCoreSetFlag`: where all of a set have set it now, who they are and whose flags count one more; or a flag that cannot count.
    pub(super) fn set(&mut self, core: usize, mode: u32, id: usize) -> Result<Option<Given>, Overflow> {
        let (by, to) = self.set_of(core, mode);
        let at = (mode as usize).min(2);
        let said = &mut self.flags[core].said[id][at];
        if *said == MOST {
            return Err(Overflow { of: core });
        }
        *said += 1;
        if by.iter().any(|core| self.flags[*core].said[id][at] == 0) {
            return Ok(None);
        }
        by.iter().for_each(|core| self.flags[*core].said[id][at] -= 1);
        if let Some(of) = to.iter().find(|core| self.flags[**core].count[id] == MOST) {
            return Err(Overflow { of: *of });
        }
        to.iter().for_each(|core| self.flags[*core].count[id] += 1);
        Ok(Some((by, to)))
    }

    /// `CrossCoreWaitFlag`: whether there is one to take, which is taken.
    pub(super) fn take(&mut self, core: usize, id: usize) -> bool {
        let count = &mut self.flags[core].count[id];
        let there = *count > 0;
        *count -= u8::from(there);
        there
    }

    /// Comes to a barrier: how often it was passed before, and the cores that it lets pass by that.
    pub(super) fn come(&mut self, core: usize, vector_only: bool) -> (u64, Option<Vec<usize>>) {
        let which = usize::from(!vector_only);
        let before = self.passed[which];
        self.come[which][core] = true;
        let all = self.cores(|place| !vector_only || place.kind == self.places[core].kind);
        if all.iter().any(|core| !self.come[which][*core]) {
            return (before, None);
        }
        all.iter().for_each(|core| self.come[which][*core] = false);
        self.passed[which] += 1;
        (before, Some(all))
    }

    /// Whether the barrier was passed since it was passed `before` times.
    pub(super) fn passed(&self, vector_only: bool, before: u64) -> bool {
        self.passed[usize::from(!vector_only)] > before
    }

    /// Flags that were set and not taken: core, flag, how many.
    pub(super) fn left(&self) -> Vec<(usize, usize, u8)> {
        let of = |(core, flags): (usize, &Flags)| (0..FLAGS).map(move |id| (core, id, flags.count[id])).collect::<Vec<_>>();
        self.flags.iter().enumerate().flat_map(of).filter(|left| left.2 > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::image::Cores;
    use super::super::shape::places;
    use super::*;

    fn groups(aic: u32, aiv: u32, blocks: u32) -> Cross {
        Cross::new(&places(Cores { aic, aiv, barriers: true }, blocks))
    }

    #[test]
    fn a_cube_core_and_its_vector_cores_count_each_others_flags() {
        // Cores 0 and 3 are cube cores.
        let mut cross = groups(1, 2, 2);
        assert_eq!(cross.set(0, 2, 5), Ok(Some((vec![0], vec![1, 2]))));
        assert!(cross.take(1, 5) && !cross.take(1, 5) && cross.take(2, 5) && !cross.take(4, 5));
        assert_eq!(cross.set(4, 2, 5), Ok(None), "the other vector core has not set it");
        assert!(!cross.take(3, 5));
        assert_eq!(cross.set(5, 2, 5), Ok(Some((vec![4, 5], vec![3]))));
        assert!(cross.take(3, 5) && !cross.take(0, 5));
    }

    #[test]
    fn modes_0_and_1_wait_for_all_of_a_kind() {
        let mut cross = groups(1, 2, 2);
        for core in [1, 2, 4] {
            assert_eq!(cross.set(core, 0, 1), Ok(None));
        }
        assert_eq!(cross.set(5, 0, 1), Ok(Some((vec![1, 2, 4, 5], vec![1, 2, 4, 5]))));
        assert_eq!(cross.set(1, 1, 2), Ok(None));
        assert_eq!(cross.set(2, 1, 2), Ok(Some((vec![1, 2], vec![1, 2]))));
        assert_eq!(cross.left().len(), 4 + 2);
    }

    #[test]
    fn flags_count_to_15() {
        let mut cross = groups(1, 1, 1);
        for _ in 0..15 {
            cross.set(0, 2, 0).unwrap();
        }
        assert_eq!(cross.set(0, 2, 0), Err(Overflow { of: 1 }));
        // Nor can a core say more often that it has come.
        let mut cross = groups(0, 1, 2);
        (0..15).for_each(|_| assert_eq!(cross.set(0, 0, 0), Ok(None)));
        assert_eq!(cross.set(0, 0, 0), Err(Overflow { of: 0 }));
    }

    #[test]
    fn a_barrier_lets_all_pass_at_once() {
        let mut cross = groups(1, 2, 1);
        let (before, passes) = cross.come(1, true);
        assert!(passes.is_none() && !cross.passed(true, before));
        assert_eq!(cross.come(2, true).1, Some(vec![1, 2]));
        assert!(cross.passed(true, before));
        assert_eq!((cross.come(1, false).1, cross.come(2, false).1), (None, None));
        assert_eq!(cross.come(0, false).1, Some(vec![0, 1, 2]));
    }
}
