//! What a launcher has told this process.

use ascend_rl::hccl::launch::Launch;

use crate::machine::Machine;
use crate::report::Report;

pub fn check(machine: &Machine, report: &mut Report) -> Option<Launch> {
    match Launch::from_variables(&|name| machine.variable(name)) {
        Err(error) => {
            report.error("launcher", error.to_string());
            None
        }
        Ok(None) => {
            report.ok("launcher", "none (no torchrun, mpirun, srun or rank table): one process has its ranks as threads");
            None
        }
        Ok(Some(launch)) => {
            report.ok("launcher", format!("{launch:?}"));
            Some(launch)
        }
    }
}
