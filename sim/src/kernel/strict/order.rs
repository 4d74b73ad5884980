//! The order of a core's instructions.
//!
//! Each pipe begins its instructions in the order they were given to it, which is the program's, but an instruction does not wait until
//! the one before it is done: within a pipe that takes `PipeBarrier`, between pipes `SetFlag` and `WaitFlag`. Only the scalar unit waits for
//! itself. An instruction is given to its pipe when the scalar unit comes to it, so it begins behind whatever the scalar unit has waited
//! for; but the scalar unit's own stores may still be on their way then.

use std::collections::HashMap;

use ascendc_twin::abi::pipe;

use super::clock::{Access, Clock, Far, PIPES};

const S: usize = pipe::S as usize;

/// The pipes of one core.
pub(super) struct Order {
    core: usize,
    cores: usize,
    /// Instructions given to each.
    count: [u32; PIPES],
    /// What is done for certain when the pipe begins its next.
    pipes: [Clock; PIPES],
    flags: HashMap<(u32, u32, u32), Clock>,
    /// The place in the source of each instruction, by pipe and time.
    sites: [Vec<u32>; PIPES],
    /// What was released last, which mostly is what is released next.
    released: [Option<Far>; PIPES],
}

impl Order {
    pub(super) fn new(core: usize, cores: usize) -> Order {
        Order {
            core,
            cores,
            count: [0; PIPES],
            pipes: Default::default(),
            flags: HashMap::new(),
            sites: Default::default(),
            released: Default::default(),
        }
    }

    /// Gives an instruction to a pipe.
    pub(super) fn begin(&mut self, pipe: usize, site: u32) -> Access {
        self.issue(pipe);
        self.count[pipe] += 1;
        self.sites[pipe].push(site);
        if pipe == S {
            self.pipes[S].own[S] = self.count[S];
        }
        Access { core: self.core as u32, pipe: pipe as u8, time: self.count[pipe] }
    }

    fn issue(&mut self, pipe: usize) {
        if pipe != S {
            let scalar = std::mem::take(&mut self.pipes[S]);
            self.pipes[pipe].join_issue(&scalar);
            self.pipes[S] = scalar;
        }
    }

    /// What is done for the instruction that the pipe has begun last.
    pub(super) fn clock(&self, pipe: usize) -> &Clock {
        &self.pipes[pipe]
    }

    /// Whether an instruction of this or another core is done for it.
    pub(super) fn knows(&self, pipe: usize, access: Access) -> bool {
        if access.core as usize == self.core {
            self.pipes[pipe].own[access.pipe as usize] >= access.time
        } else {
            self.pipes[pipe].knows_far(access)
        }
    }

    /// Where in the source an instruction is.
    pub(super) fn site(&self, pipe: usize, time: u32) -> u32 {
        self.sites[pipe][time as usize - 1]
    }

    /// What is done once the pipe has done all that it was given.
    fn behind(&mut self, pipe: usize) -> Clock {
        self.issue(pipe);
        let mut clock = self.pipes[pipe].clone();
        clock.own[pipe] = self.count[pipe];
        clock
    }

    pub(super) fn set_flag(&mut self, from: u32, to: u32, id: u32) {
        let clock = self.behind(from as usize);
        self.flags.insert((from, to, id), clock);
    }

    /// False where nothing has set it.
    pub(super) fn wait_flag(&mut self, from: u32, to: u32, id: u32) -> bool {
        self.issue(to as usize);
        match self.flags.remove(&(from, to, id)) {
            Some(clock) => {
                self.pipes[to as usize].join(&clock);
                true
            }
            None => false,
        }
    }

    pub(super) fn barrier(&mut self, pipe: usize) {
        self.pipes[pipe] = self.behind(pipe);
    }

    /// Everything given so far is done before anything further.
    pub(super) fn barrier_all(&mut self) {
        let mut all = std::mem::take(&mut self.pipes[S]);
        for pipe in &self.pipes {
            all.join(pipe);
        }
        all.own = self.count;
        self.pipes = std::array::from_fn(|_| all.clone());
    }

    /// The scalar unit's loads and stores are done before anything further.
    pub(super) fn scalar_done(&mut self) {
        for pipe in &mut self.pipes {
            pipe.own[S] = self.count[S];
        }
    }

    /// For other cores: what is done once the pipe has done all that it was given; `None` for all pipes.
    pub(super) fn publish(&mut self, pipe: Option<usize>) -> Far {
        let clock = match pipe {
            Some(pipe) => self.behind(pipe),
            None => {
                self.barrier_all();
                self.pipes[S].clone()
            }
        };
        clock.publish(self.core, self.cores)
    }

    /// For who polls what the pipe's last instruction writes: what was done before that began. What the same pipe did before it counts
    /// only behind a barrier.
    pub(super) fn release(&mut self, pipe: usize) -> Far {
        let news = self.pipes[pipe].publish(self.core, self.cores);
        match &self.released[pipe] {
            Some(last) if **last == *news => last.clone(),
            _ => self.released[pipe].insert(news).clone(),
        }
    }

    /// All pipes have waited for what others published.
    pub(super) fn hear(&mut self, news: &Far) {
        let core = self.core;
        self.pipes.iter_mut().for_each(|clock| clock.hear(core, news));
    }

    /// One pipe has.
    pub(super) fn hear_on(&mut self, pipe: usize, news: &Far) {
        self.pipes[pipe].hear(self.core, news);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: usize = pipe::V as usize;
    const MTE2: usize = pipe::MTE2 as usize;
    const MTE3: usize = pipe::MTE3 as usize;

    #[test]
    fn within_a_pipe_a_barrier_orders_and_between_pipes_a_flag() {
        let mut order = Order::new(0, 1);
        let load = order.begin(MTE2, 0);
        order.begin(V, 0);
        assert!(!order.knows(V, load));
        order.set_flag(MTE2 as u32, V as u32, 0);
        let later = order.begin(MTE2, 0);
        assert!(order.wait_flag(MTE2 as u32, V as u32, 0) && !order.wait_flag(MTE2 as u32, V as u32, 0));
        let add = order.begin(V, 0);
        assert!(order.knows(V, load) && !order.knows(V, later));
        order.begin(V, 0);
        assert!(!order.knows(V, add));
        order.barrier(V);
        order.begin(V, 0);
        assert!(order.knows(V, add));
        // Through V, copy-out knows of the load too.
        order.set_flag(V as u32, MTE3 as u32, 1);
        order.wait_flag(V as u32, MTE3 as u32, 1);
        order.begin(MTE3, 0);
        assert!(order.knows(MTE3, load) && order.knows(MTE3, add) && !order.knows(MTE3, later));
        order.barrier_all();
        assert!((0..PIPES).all(|pipe| order.knows(pipe, later)));
    }

    #[test]
    fn what_the_scalar_unit_waited_for_is_done_for_what_it_issues_then() {
        let mut order = Order::new(0, 1);
        let load = order.begin(MTE2, 0);
        order.set_flag(MTE2 as u32, S as u32, 0);
        order.wait_flag(MTE2 as u32, S as u32, 0);
        let store = order.begin(S, 0);
        order.begin(V, 0);
        assert!(order.knows(V, load) && !order.knows(V, store) && order.knows(S, store));
        order.set_flag(S as u32, V as u32, 0);
        order.wait_flag(S as u32, V as u32, 0);
        order.begin(V, 0);
        assert!(order.knows(V, store));
    }

    #[test]
    fn cores_hear_of_each_other() {
        let (mut a, mut b) = (Order::new(0, 2), Order::new(1, 2));
        let first = a.begin(MTE3, 0);
        let news = a.publish(Some(MTE3));
        let second = a.begin(MTE3, 0);
        b.hear(&news);
        b.begin(MTE2, 0);
        assert!(b.knows(MTE2, first) && !b.knows(MTE2, second));
        // Not what another pipe of that core does.
        let other = a.begin(V, 0);
        b.hear(&a.publish(Some(MTE3)));
        assert!(b.knows(MTE2, second) && !b.knows(MTE2, other));
        b.hear(&a.publish(None));
        assert!(b.knows(MTE2, other));
    }
}
