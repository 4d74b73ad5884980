//! The job that is planned: from the launcher, else from the command line, else one rank a device.

use std::time::Duration;

use ascend_rl::hccl::launch::Launch;

use crate::cli::Cli;
use crate::machine::Runtime;

#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub ranks: usize,
    pub ranks_per_host: usize,
    pub processes_per_device: usize,
    pub longest_wait: Option<Duration>,
    /// Buffers of HCCL on one device: each process has its own for each of its groups.
    pub groups: usize,
}

impl Plan {
    pub fn new(cli: &Cli, launch: Option<&Launch>, runtime: Option<&Runtime>) -> Plan {
        let devices = runtime.map_or(1, |runtime| runtime.devices as usize);
        let ranks = cli.ranks.or(launch.map(Launch::size));
        let local = cli.ranks_per_host.or(launch.and_then(Launch::local_size));
        Plan {
            ranks: ranks.or(local).unwrap_or(devices),
            // Of several hosts nobody has said how many it is: what fits.
            ranks_per_host: local.unwrap_or(match launch {
                Some(_) => devices.min(ranks.unwrap_or(devices)),
                None => ranks.unwrap_or(devices),
            }),
            processes_per_device: cli.processes_per_device,
            longest_wait: cli.longest_wait.map(Duration::from_secs),
            groups: cli.groups,
        }
    }

    /// Processes on this host that listen.
    pub fn processes(&self) -> usize {
        self.ranks_per_host * self.processes_per_device
    }
}
