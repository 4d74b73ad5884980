//! Rank, size and place on the host, from what a launcher has set.

use super::RankTable;
use super::place::Get;
use crate::error::{Error, ErrorKind, Result};
use std::fmt;

/// What started the processes of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Launcher {
    /// `torchrun`, or whatever sets `RANK`, `WORLD_SIZE` and `LOCAL_RANK`.
    Torchrun,
    /// OpenMPI's `mpirun`.
    OpenMpi,
    /// MPICH's `mpiexec`, Intel MPI's, and others that speak PMI.
    Mpich,
    /// Slurm's `srun`.
    Slurm,
    /// `RANK_TABLE_FILE` and `RANK_ID`.
    RankTable,
}

impl fmt::Display for Launcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Launcher::Torchrun => "torchrun",
            Launcher::OpenMpi => "OpenMPI",
            Launcher::Mpich => "MPICH",
            Launcher::Slurm => "Slurm",
            Launcher::RankTable => "a rank table",
        })
    }
}

/// One process among those of its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub launcher: Launcher,
    pub rank: usize,
    pub size: usize,
    pub local_rank: usize,
    pub local_size: Option<usize>,
    /// The device that a rank table names, as the host numbers them.
    pub device: Option<u32>,
}

/// The variables of one launcher.
struct Names {
    launcher: Launcher,
    rank: &'static str,
    size: &'static str,
    local_rank: &'static str,
    local_size: &'static str,
}

/// In the order in which they are believed: what was started last has set the first of these.
const SETS: [Names; 3] = [
    Names {
        launcher: Launcher::Torchrun,
        rank: "RANK",
        size: "WORLD_SIZE",
        local_rank: "LOCAL_RANK",
        local_size: "LOCAL_WORLD_SIZE",
    },
    Names {
        launcher: Launcher::OpenMpi,
        rank: "OMPI_COMM_WORLD_RANK",
        size: "OMPI_COMM_WORLD_SIZE",
        local_rank: "OMPI_COMM_WORLD_LOCAL_RANK",
        local_size: "OMPI_COMM_WORLD_LOCAL_SIZE",
    },
    Names {
        launcher: Launcher::Mpich,
        rank: "PMI_RANK",
        size: "PMI_SIZE",
        local_rank: "MPI_LOCALRANKID",
        local_size: "MPI_LOCALNRANKS",
    },
];

/// Slurm sets these also for a script that starts one of the launchers above: they count where those are not there, or agree.
const SLURM: Names = Names {
    launcher: Launcher::Slurm,
    rank: "SLURM_PROCID",
    size: "SLURM_NTASKS",
    local_rank: "SLURM_LOCALID",
    local_size: "SLURM_NTASKS_PER_NODE",
};

/// Who this is; `None` if nobody has said so.
pub(super) fn read(get: Get<'_>, table: Option<&RankTable>) -> Result<Option<Who>> {
    let slurm = slurm(get)?;
    let mut found: Vec<(&Names, Who)> = Vec::new();
    for names in &SETS {
        // `srun` speaks PMI too, and says the place on the host by its own variable.
        let spare = slurm.filter(|_| names.launcher == Launcher::Mpich);
        found.extend(of_set(get, names, spare)?.map(|who| (names, who)));
    }
    if let Some([(a, one), (b, other)]) =
        found.windows(2).find(|pair| at(pair[0].1) != at(pair[1].1)).map(|pair| [pair[0], pair[1]])
    {
        let text = format!(
            "two launchers contradict one another: {}={} and {}={}, but {}={} and {}={}; unset those of the outer one",
            a.rank, one.rank, a.size, one.size, b.rank, other.rank, b.size, other.size
        );
        return Err(Error::new(ErrorKind::Argument, text));
    }
    let launched = match (found.first().map(|(_, who)| *who), slurm) {
        // That is `srun`, which speaks PMI too.
        (Some(who), Some(slurm)) if who.launcher == Launcher::Mpich && at(who) == at(slurm) => Some(slurm),
        (Some(who), _) => Some(who),
        (None, slurm) => slurm,
    };
    match table {
        None => Ok(launched),
        Some(table) => of_table(get, table, launched).map(Some),
    }
}

fn at(who: Who) -> (usize, usize) {
    (who.rank, who.size)
}

/// What one launcher has set; `None` if nothing.
fn of_set(get: Get<'_>, names: &Names, spare: Option<Who>) -> Result<Option<Who>> {
    let rank = number(get, names.rank)?;
    let size = number(get, names.size)?;
    let local_rank = number(get, names.local_rank)?.or(spare.filter(|who| Some(who.rank) == rank).map(|who| who.local_rank));
    let all = [(names.rank, rank), (names.size, size), (names.local_rank, local_rank)];
    let (Some(rank), Some(size), Some(local_rank)) = (rank, size, local_rank) else {
        let list =
            |set: bool| all.iter().filter(|(_, v)| v.is_some() == set).map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let (set, missing) = (list(true), list(false));
        if set.is_empty() {
            return Ok(None);
        }
        let text = format!("{set} set, but not {missing}: {} sets all of them; set or unset all", names.launcher);
        return Err(Error::new(ErrorKind::Argument, text));
    };
    let local_size = number(get, names.local_size)?;
    check(names, rank, size, local_rank, local_size)?;
    Ok(Some(Who { launcher: names.launcher, rank, size, local_rank, local_size, device: None }))
}

fn check(names: &Names, rank: usize, size: usize, local_rank: usize, local_size: Option<usize>) -> Result<()> {
    let refuse = |text: String| Err(Error::new(ErrorKind::Argument, text));
    if rank >= size {
        return refuse(format!(
            "{}={rank}, but {}={size}: ranks go from 0 to {}",
            names.rank,
            names.size,
            size.saturating_sub(1)
        ));
    }
    if local_rank >= size {
        return refuse(format!("{}={local_rank}, but {}={size} in all", names.local_rank, names.size));
    }
    match local_size {
        Some(local) if local_rank >= local => {
            refuse(format!("{}={local_rank}, but {}={local} on this host", names.local_rank, names.local_size))
        }
        Some(local) if local > size => refuse(format!("{}={local}, but {}={size} in all", names.local_size, names.size)),
        _ => Ok(()),
    }
}

/// A task of `srun`; `None` in a batch script, which has the variables too.
fn slurm(get: Get<'_>) -> Result<Option<Who>> {
    if get("SLURM_STEP_ID").or_else(|| get("SLURM_STEPID")).is_none() {
        return Ok(None);
    }
    let names = match get("SLURM_STEP_NUM_TASKS") {
        Some(_) => Names { size: "SLURM_STEP_NUM_TASKS", ..SLURM },
        None => SLURM,
    };
    // Asked of the job, not of the step, so only good where it fits: what is on one host is known from the number of hosts.
    let hosts = get("SLURM_STEP_NUM_NODES").or_else(|| get("SLURM_NNODES"));
    let without = |name: &str| if name == SLURM.local_size { None } else { get(name) };
    let who = of_set(&without, &names, None)?;
    Ok(who.map(|who| Who { local_size: (hosts.as_deref() == Some("1")).then_some(who.size), ..who }))
}

/// Which rank of a table this is: what a launcher says, or `RANK_ID`.
fn of_table(get: Get<'_>, table: &RankTable, launched: Option<Who>) -> Result<Who> {
    let refuse = |text: String| Err(Error::new(ErrorKind::Argument, text));
    let (said, size) = (number(get, "RANK_ID")?, table.size());
    let rank = match (said, launched) {
        (Some(said), Some(who)) if said != who.rank => {
            return refuse(format!("RANK_ID={said}, but {} has made this rank {}; unset one", who.launcher, who.rank));
        }
        (None, None) => {
            return refuse(
                "RANK_TABLE_FILE is set, but nothing says which of its ranks this is; set RANK_ID, or unset it".into(),
            );
        }
        (Some(rank), _) => rank,
        (None, Some(who)) => who.rank,
    };
    if let Some(who) = launched
        && who.size != size
    {
        return refuse(format!("RANK_TABLE_FILE has {size} ranks, but {} has started {}", who.launcher, who.size));
    }
    if let Some(said) = number(get, "RANK_SIZE")?
        && said != size
    {
        return refuse(format!("RANK_SIZE={said}, but RANK_TABLE_FILE has {size} ranks"));
    }
    if rank >= size {
        return refuse(format!("rank {rank} is not in RANK_TABLE_FILE, which has ranks 0 to {}", size.saturating_sub(1)));
    }
    let (local_rank, local_size) = table.local(rank);
    let launcher = launched.map_or(Launcher::RankTable, |who| who.launcher);
    let device = Some(table.ranks[rank].device);
    Ok(Who { launcher, rank, size, local_rank, local_size: Some(local_size), device })
}

fn number(get: Get<'_>, name: &str) -> Result<Option<usize>> {
    let Some(text) = get(name) else { return Ok(None) };
    let wrong = || Error::new(ErrorKind::Argument, format!("{name}={text:?} is no whole number"));
    text.parse().map(Some).map_err(|_| wrong())
}
