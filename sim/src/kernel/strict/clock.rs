//! What is known to be done: vector clocks over the pipes of all cores.
//!
//! Time of a pipe is the number of instructions that were given to it. A clock says, for each pipe, up to which of its instructions all
//! are done. Most kernels' cores never hear of each other: what a clock knows of other cores is made only when they do, and shared.

use std::sync::Arc;

use ascendc_twin::abi::pipe;

pub(super) const PIPES: usize = pipe::COUNT;
const S: usize = pipe::S as usize;

/// One instruction: the core, the pipe, its number there from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub core: u32,
    pub pipe: u8,
    pub time: u32,
}

/// What is known of all cores, by core and pipe.
pub(super) type Far = Arc<[u32]>;

#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    /// Of the pipes of the core that it is of.
    pub own: [u32; PIPES],
    /// Of the others.
    far: Option<Far>,
}

impl Clock {
    /// Whether an instruction of another core is done.
    pub(super) fn knows_far(&self, access: Access) -> bool {
        let at = access.core as usize * PIPES + access.pipe as usize;
        self.far.as_ref().is_some_and(|far| far[at] >= access.time)
    }

    /// Takes over what another clock of the same core knows.
    pub(super) fn join(&mut self, other: &Clock) {
        for (own, other) in self.own.iter_mut().zip(other.own) {
            *own = (*own).max(other);
        }
        self.join_far(other);
    }

    /// The same, but of the scalar unit's own accesses: that it goes on says nothing of its stores.
    pub(super) fn join_issue(&mut self, scalar: &Clock) {
        for pipe in (0..PIPES).filter(|pipe| *pipe != S) {
            self.own[pipe] = self.own[pipe].max(scalar.own[pipe]);
        }
        self.join_far(scalar);
    }

    fn join_far(&mut self, other: &Clock) {
        match (&mut self.far, &other.far) {
            (_, None) => {}
            (Some(own), Some(other)) if Arc::ptr_eq(own, other) => {}
            (Some(own), Some(other)) => *own = latest(own, other),
            (own @ None, Some(other)) => *own = Some(other.clone()),
        }
    }

    /// For other cores: everything that this one knows, its own pipes too.
    pub(super) fn publish(&self, core: usize, cores: usize) -> Far {
        let mut far: Vec<u32> = self.far.as_ref().map_or_else(|| vec![0; cores * PIPES], |far| far.to_vec());
        for (known, own) in far[core * PIPES..][..PIPES].iter_mut().zip(self.own) {
            *known = (*known).max(own);
        }
        far.into()
    }

    /// Takes over what others published.
    pub(super) fn hear(&mut self, core: usize, news: &Far) {
        for (own, news) in self.own.iter_mut().zip(&news[core * PIPES..][..PIPES]) {
            *own = (*own).max(*news);
        }
        self.far = Some(match &self.far {
            None => news.clone(),
            Some(own) => latest(own, news),
        });
    }
}

/// Of both, the later of each.
pub(super) fn latest(a: &Far, b: &Far) -> Far {
    a.iter().zip(b.iter()).map(|(a, b)| *a.max(b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_core_publishes_reaches_others_and_comes_back() {
        let mut a = Clock { own: [0, 5, 0, 0, 7, 0, 0], far: None };
        let news = a.publish(1, 3);
        let mut b = Clock::default();
        b.hear(0, &news);
        let of = |core, time| Access { core, pipe: 4, time };
        assert!(b.knows_far(of(1, 7)) && !b.knows_far(of(1, 8)) && !b.knows_far(of(2, 1)));
        b.own[4] = 3;
        // What came from a core itself, it knows by its own numbers.
        a.own[1] = 2;
        a.hear(1, &b.publish(0, 3));
        assert_eq!(a.own[1], 5);
        assert!(a.knows_far(of(0, 3)) && !a.knows_far(of(0, 4)));
    }

    #[test]
    fn issuing_says_nothing_of_scalar_stores() {
        let scalar = Clock { own: [9, 1, 0, 0, 4, 0, 0], far: None };
        let mut vector = Clock { own: [2, 3, 0, 0, 0, 0, 0], far: None };
        vector.join_issue(&scalar);
        assert_eq!(vector.own, [2, 3, 0, 0, 4, 0, 0]);
        vector.join(&scalar);
        assert_eq!(vector.own, [9, 3, 0, 0, 4, 0, 0]);
    }
}
