//! Flags and barriers between cores: what each lets the others know.

use std::collections::{HashMap, VecDeque};

use super::Strict;
use super::clock::{Far, latest};

#[derive(Default)]
pub(super) struct Between {
    /// What cores knew when they set a flag that others of the set have still to set: by core, mode and flag.
    said: HashMap<(usize, u32, usize), VecDeque<Far>>,
    /// What those that a flag is for will know when they have waited for it: by core and flag.
    given: HashMap<(usize, usize), VecDeque<Far>>,
    /// What cores knew when they came to a barrier: by core, and whether it is of vector cores only.
    come: HashMap<(usize, bool), Far>,
}

impl Strict {
    /// A core sets a flag, once a pipe has done all that it was given (or all pipes have).
    pub(in crate::kernel) fn cross_set(&mut self, core: usize, mode: u32, pipe: u32, id: usize) {
        let known = self.cores[core].order.publish(super::pipe(pipe));
        self.between.said.entry((core, mode, id)).or_default().push_back(known);
    }

    /// All of a set have set the flag: it counts one more for each of `to`.
    pub(in crate::kernel) fn cross_given(&mut self, mode: u32, id: usize, by: &[usize], to: &[usize]) {
        let said = &mut self.between.said;
        let known = by.iter().filter_map(|core| said.get_mut(&(*core, mode, id))?.pop_front());
        let Some(known) = known.reduce(|a, b| latest(&a, &b)) else { return };
        for core in to {
            self.between.given.entry((*core, id)).or_default().push_back(known.clone());
        }
    }

    /// A core has waited for the flag. On this chip all its pipes have.
    pub(in crate::kernel) fn cross_taken(&mut self, core: usize, id: usize) {
        if let Some(known) = self.between.given.get_mut(&(core, id)).and_then(VecDeque::pop_front) {
            self.cores[core].order.hear(&known);
        }
    }

    /// A core comes to a barrier, with all its pipes.
    pub(in crate::kernel) fn comes(&mut self, core: usize, vector_only: bool) {
        let known = self.cores[core].order.publish(None);
        self.between.come.insert((core, vector_only), known);
    }

    /// All have come.
    pub(in crate::kernel) fn met(&mut self, cores: &[usize], vector_only: bool) {
        let come = &mut self.between.come;
        let known = cores.iter().filter_map(|core| come.remove(&(*core, vector_only)));
        let Some(known) = known.reduce(|a, b| latest(&a, &b)) else { return };
        for core in cores {
            self.cores[*core].order.hear(&known);
        }
    }
}
