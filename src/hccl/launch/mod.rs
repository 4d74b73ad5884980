//! Who am I among how many: what a launcher has told this process, and how the ranks of several processes make a group.
//!
//! ```no_run
//! use ascend_rl::hccl::{CommOptions, launch::Launch};
//! use ascend_rl::{Cann, Result};
//!
//! fn main() -> Result<()> {
//!     let cann = Cann::load()?;
//!     if let Some(launch) = Launch::from_env()? {
//!         let device = launch.device(&cann)?;
//!         let world = launch.communicator(&device, &CommOptions::default())?;
//!         println!("{world:?} of {}", world.size());
//!     }
//!     Ok(())
//! }
//! ```
//!
//! | launcher | rank, size | place on the host | where ranks meet |
//! |---|---|---|---|
//! | `torchrun` and alike | `RANK`, `WORLD_SIZE` | `LOCAL_RANK`, `LOCAL_WORLD_SIZE` | `MASTER_ADDR`, `MASTER_PORT` |
//! | OpenMPI's `mpirun` | `OMPI_COMM_WORLD_RANK`, `_SIZE` | `OMPI_COMM_WORLD_LOCAL_RANK`, `_LOCAL_SIZE` | one host: a file; else `MASTER_ADDR`, `MASTER_PORT` |
//! | MPICH's `mpiexec` (PMI) | `PMI_RANK`, `PMI_SIZE` | `MPI_LOCALRANKID`, `MPI_LOCALNRANKS` | as OpenMPI |
//! | Slurm's `srun` | `SLURM_PROCID`, `SLURM_NTASKS` | `SLURM_LOCALID` | one host: a file; else the first host of `SLURM_STEP_NODELIST` |
//! | a rank table | `RANK_ID`, or a launcher above | the table | `RANK_TABLE_FILE` |
//!
//! `ASCEND_RL_RENDEZVOUS=tcp://HOST:PORT` or `=file:///PATH` (a file that all hosts see) says where to meet in any case. Variables that
//! are there in part, or that contradict one another, are errors that name them. With none of them a program is on its own, and
//! has its ranks as threads ([`Communicator::all`]).
//!
//! Where ranks meet over TCP, rank 0 waits at that address for all others, and sends them HCCL's root info; nothing else listens, and
//! the port is free again when all have joined. `torchrun` itself holds `MASTER_PORT` for its agents: the next port is used then.
//! How long ranks wait for one another is `HCCL_CONNECT_TIMEOUT` (120 s).
//!
//! Room: it may use [`crate::hccl`]'s communicators and environment. Must not: know of devices beyond their number.

mod file;
mod party;
mod place;
mod process;
mod slurm;
mod tcp;
mod who;
mod wire;

pub use who::Launcher;

use super::table::RankTable;
use super::{CommOptions, Communicator, HcclEnv, RootInfo};
use crate::acl::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::{Cann, Flavor};
use party::Party;
use place::Meeting;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use who::Who;

/// One process of a job, as its launcher started it: a rank, its place on its host, and where the ranks meet.
pub struct Launch {
    who: Who,
    meeting: Meeting,
    /// Tells this job's ranks from those of another that meets at the same place.
    job: u64,
    timeout: Duration,
    visible: Option<Vec<u32>>,
    /// Groups made so far: all ranks make them in the same order.
    made: AtomicU32,
}

impl Launch {
    /// What the environment says; `None` if no launcher has started this process.
    ///
    /// Errors: `Argument` for variables that are there in part, make no sense or contradict one another, or if nothing says where
    /// the ranks of several hosts meet; `Io` and `Argument` for a rank table.
    pub fn from_env() -> Result<Option<Launch>> {
        Launch::from_variables(&|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// The same of any set of variables. An empty one counts as not set.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<Launch>> {
        let get = |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let table = place::rank_table(&get)?;
        let Some(who) = who::read(&get, table.as_ref())? else { return Ok(None) };
        let (env, mistakes) = HcclEnv::from_variables(variable);
        let ours = |mistake: &&super::Mistake| ["HCCL_CONNECT_TIMEOUT", "ASCEND_RT_VISIBLE_DEVICES"].contains(&mistake.variable);
        if let Some(mistake) = mistakes.iter().find(ours) {
            return Err(Error::new(ErrorKind::Argument, mistake.to_string()));
        }
        Ok(Some(Launch {
            meeting: place::meeting(&who, &get)?,
            job: place::job(&get),
            timeout: env.connect_timeout,
            visible: env.visible_devices,
            made: AtomicU32::new(0),
            who,
        }))
    }

    /// Who started it.
    pub fn launcher(&self) -> Launcher {
        self.who.launcher
    }

    /// This process's rank, from 0.
    pub fn rank(&self) -> usize {
        self.who.rank
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.who.size
    }

    /// Its place among the ranks of its host, from 0.
    pub fn local_rank(&self) -> usize {
        self.who.local_rank
    }

    /// The ranks of its host, where the launcher says so.
    pub fn local_size(&self) -> Option<usize> {
        self.who.local_size
    }

    /// Where the ranks meet, in words: "node01:29500 (MASTER_ADDR, MASTER_PORT)".
    pub fn meeting_place(&self) -> String {
        self.meeting.to_string()
    }

    /// Host and port where the ranks meet, if it is over TCP.
    pub fn address(&self) -> Option<(&str, u16)> {
        match &self.meeting {
            Meeting::Tcp { host, port, .. } => Some((host, *port)),
            _ => None,
        }
    }

    /// The number of this rank's device, of `count` visible ones: its place on the host; with a rank table the one that it names;
    /// the only one where `ASCEND_RT_VISIBLE_DEVICES` leaves the process one.
    ///
    /// Errors: `NoDevice` if there is none of that number.
    pub fn ordinal(&self, count: u32) -> Result<u32> {
        let none = |what: String| Error::new(ErrorKind::NoDevice, format!("rank {} of {}: {what}", self.rank(), self.size()));
        if let Some(device) = self.who.device {
            let ordinal = match &self.visible {
                Some(visible) => visible.iter().position(|&one| one == device).map(|at| at as u32),
                None => Some(device),
            };
            let hidden = || none(format!("its device {device} of the rank table is not among the {count} visible devices"));
            return ordinal.filter(|&ordinal| ordinal < count).ok_or_else(hidden);
        }
        match u32::try_from(self.local_rank()) {
            Ok(place) if place < count => Ok(place),
            _ if count == 1 && self.visible.as_ref().is_some_and(|visible| visible.len() == 1) => Ok(0),
            _ => Err(none(format!(
                "it is number {} of its host, which has {count} visible devices; start fewer ranks on a host, or make more visible",
                self.local_rank()
            ))),
        }
    }

    /// Opens this rank's device, see [`Launch::ordinal`].
    ///
    /// Errors: `NoDevice`.
    pub fn device(&self, cann: &Cann) -> Result<Device> {
        let ordinal = self.ordinal(cann.device_count()?).map_err(|error| match cann.flavor() {
            Flavor::Sim => error.hint("CANN_SIM_DEVICES sets how many are simulated"),
            Flavor::Npu => error.hint("ASCEND_RT_VISIBLE_DEVICES hides some"),
        })?;
        Device::open(cann, ordinal)
    }

    /// A group of all ranks of the job. Every rank calls it, with the same `options`; a second call makes a second group.
    ///
    /// Order: blocks until all ranks have come, at most twice `HCCL_CONNECT_TIMEOUT`: to meet, and to join.
    /// Errors: `Timeout` if a rank does not come, or rank 0 cannot be reached; `Collective` if ranks of the job contradict one
    /// another (another size, one rank twice); `Io` if the place cannot be used (a port in use, say); and as
    /// [`Communicator::from_root_info`] and [`Communicator::from_rank_table`].
    /// CANN: HcclGetRootInfo, HcclCommInitRootInfoConfig, HcclCommInitClusterInfoConfig.
    pub fn communicator(&self, device: &Device, options: &CommOptions) -> Result<Communicator> {
        let (rank, size) = (self.rank(), self.size());
        if let Meeting::Table(path) = &self.meeting {
            return Communicator::from_rank_table(device, path, rank, options);
        }
        let party = Party { rank, size, number: self.made.fetch_add(1, Relaxed), job: self.job, timeout: self.timeout };
        let info = if rank == 0 { Some(RootInfo::new(device)?) } else { None };
        let met = self
            .meet(&party, info.as_ref().map(RootInfo::as_bytes))
            .map_err(|error| error.context(format!("rank {rank} of {size} could not meet the others at {}", self.meeting)))?;
        let info = info.map_or_else(|| RootInfo::from_bytes(&met), Ok)?;
        Communicator::from_root_info(device, &info, rank, size, options)
    }

    /// Brings the bytes of rank 0 to the others.
    fn meet(&self, party: &Party, info: Option<&[u8]>) -> Result<Vec<u8>> {
        match (&self.meeting, info) {
            (Meeting::Tcp { host, port, .. }, Some(info)) => tcp::serve(party, host, *port, info).map(|()| Vec::new()),
            (Meeting::Tcp { host, port, .. }, None) => tcp::fetch(party, host, *port),
            (Meeting::File(path), Some(info)) => file::serve(party, path, info).map(|()| Vec::new()),
            (Meeting::File(path), None) => file::fetch(party, path),
            (Meeting::Alone | Meeting::Table(_), _) => Ok(Vec::new()),
        }
    }
}

impl fmt::Debug for Launch {
    /// "rank 1 of 4, started by torchrun, that meet at node01:29500 (MASTER_ADDR, MASTER_PORT)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Who { rank, size, launcher, .. } = self.who;
        write!(f, "rank {rank} of {size}, started by {launcher}")?;
        if self.meeting == Meeting::Alone { Ok(()) } else { write!(f, ", that meet at {}", self.meeting) }
    }
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
