//! One rank of a run: its device, its streams, its place among the others.

use std::rc::Rc;

use anyhow::{Result, bail};
use ascend_rl::acl::{Device, Stream};
use ascend_rl::hccl::{CommOptions, Communicator};
use ascend_rl::tensor::DType;

use crate::checkpoint::ModelConfig;
use crate::exchange;
use crate::interrupt;
use crate::layout::{Layout, TpRank};
use crate::policy::Policy;
use crate::report::{self, Progress, Trace};
use crate::rollout::TensorParallel;

/// What a rank's thread has. Everything that a run puts on a device hangs on one of its three streams.
pub struct Worker {
    pub rank: usize,
    pub layout: Layout,
    /// The first rank of its process: it keeps the process's trace.
    pub leads: bool,
    /// Where the policy computes.
    pub stream: Stream,
    /// All ranks; `None` on one device. Training shards live on its stream.
    pub world: Option<Rc<Communicator>>,
    /// The ranks of this rank's replica of the rollout; `None` where that is one. The rollout lives on its stream then, else
    /// on [`Worker::stream`].
    tp: Option<Communicator>,
}

impl Worker {
    /// Joins the groups that the layout asks for. All ranks call it.
    pub fn new(
        rank: usize,
        layout: Layout,
        device: &Device,
        world: Option<Rc<Communicator>>,
        options: &CommOptions,
    ) -> Result<Worker> {
        let stream = device.stream()?;
        let mut tp = None;
        if let Some(world) = &world
            && layout.tp_size > 1
        {
            // Every rank makes every group, in the same order: that is how HCCL keeps them apart.
            for replica in 0..layout.dp_size() {
                let ranks: Vec<usize> = layout.replica(replica).collect();
                let name = options.name.as_ref().map(|name| format!("{name} tp {replica}"));
                let joined = world.sub(&ranks, replica as u64, &CommOptions { name, ..options.clone() })?;
                tp = tp.or(joined);
            }
            if tp.is_none() {
                bail!("rank {rank} is in none of the rollout's replicas");
            }
        }
        Ok(Worker { rank, layout, leads: rank == 0, stream, world, tp })
    }

    /// The same, of a rank that has its process to itself.
    pub fn leading(self) -> Worker {
        Worker { leads: true, ..self }
    }

    /// Whether this rank talks to the person and writes the files.
    pub fn is_main(&self) -> bool {
        self.rank == 0
    }

    /// A policy with all weights zero, sharded over all ranks. All ranks call it.
    pub fn policy(&self, config: &ModelConfig, compute: DType) -> Result<Policy> {
        match &self.world {
            Some(world) => Policy::sharded(&self.stream, config, compute, world.clone()),
            None => Policy::new(&self.stream, config, compute),
        }
    }

    /// Progress that rank 0 shows.
    pub fn progress(&self, title: &str, steps: usize) -> Progress {
        if self.is_main() { Progress::new(title, steps) } else { Progress::silent() }
    }

    /// A line on standard output, of rank 0.
    pub fn say(&self, text: &str) {
        if self.is_main() {
            report::say(text);
        }
    }

    /// This rank's device.
    pub fn device(&self) -> &Device {
        self.stream.device()
    }

    /// Where the rollout runs, with whom.
    pub fn rollout(&self) -> TensorParallel<'_> {
        match &self.tp {
            Some(comm) => TensorParallel::of(comm),
            None => TensorParallel::alone(&self.stream),
        }
    }

    /// This rank's place in its replica.
    pub fn tp_rank(&self) -> TpRank {
        self.layout.tp_rank(self.rank)
    }

    /// Traces what this rank's streams do from now on.
    pub fn trace(&self, trace: &Trace) -> Result<()> {
        trace.attach(&self.stream, if self.tp.is_some() { "training" } else { "training and rollout" })?;
        if let Some(world) = &self.world {
            trace.attach(world.stream(), "shards, gathers, optimiser")?;
        }
        match &self.tp {
            Some(tp) => trace.attach(tp.stream(), "rollout"),
            None => Ok(()),
        }
    }

    /// An error that ends the run once Ctrl-C has been pressed. Rank 0 decides, which also writes what is saved: it is then
    /// never in the middle of that, and its going ends the others.
    pub fn check_interrupt(&self, kept: impl FnOnce() -> String) -> Result<()> {
        if self.is_main() { interrupt::check(kept) } else { Ok(()) }
    }

    /// Waits for everything that every rank has queued.
    pub fn meet(&self) -> Result<()> {
        self.synchronize()?;
        self.world.as_ref().map_or(Ok(()), |world| exchange::words(world, &[]).map(drop))
    }

    /// Waits for everything that this rank has queued.
    pub fn synchronize(&self) -> Result<()> {
        self.stream.synchronize()?;
        if let Some(world) = &self.world {
            world.stream().synchronize()?;
        }
        Ok(self.rollout().s.synchronize()?)
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rank {} of {}", self.rank, self.layout.world_size)
    }
}
