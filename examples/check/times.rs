//! How long ranks wait for one another.

use std::time::Duration;

use ascend_rl::hccl::HcclEnv;

use crate::plan::Plan;
use crate::report::Report;

/// Ranks from which on CANN's default time for making a group tends to be short.
const MANY_RANKS: usize = 128;
const LONG_ENOUGH: Duration = Duration::from_secs(600);

pub fn check(env: &HcclEnv, plan: &Plan, report: &mut Report) {
    let before = report.findings.len();
    if plan.ranks >= MANY_RANKS && env.connect_timeout < LONG_ENOUGH {
        report.warning(
            "timeouts",
            format!(
                "HCCL_CONNECT_TIMEOUT is {} s for {} ranks, which start one after another: 600 or more, up to 7200, is safer",
                env.connect_timeout.as_secs(),
                plan.ranks
            ),
        );
    }
    let exec = env.exec_timeout.unwrap_or(Duration::MAX);
    if let Some(wait) = plan.longest_wait.filter(|&wait| wait >= exec) {
        let text = format!(
            "HCCL_EXEC_TIMEOUT is {} s, but a rank may keep the others waiting for {} s: set it to {} or more, or to 0 for no limit",
            exec.as_secs(),
            wait.as_secs(),
            wait.as_secs().saturating_mul(2).max(1)
        );
        report.error("timeouts", text);
    } else if plan.longest_wait.is_none() && exec < env.connect_timeout {
        let text = format!(
            "HCCL_EXEC_TIMEOUT is {} s: a rank that loads or generates for longer ends the job; --longest-wait SECONDS checks it",
            exec.as_secs_f32()
        );
        report.warning("timeouts", text);
    }
    if report.findings.len() == before {
        let exec = env.exec_timeout.map_or("for ever".to_owned(), |limit| format!("{} s", limit.as_secs_f32()));
        report.ok("timeouts", format!("ranks wait {} s to join a group, {exec} in a collective", env.connect_timeout.as_secs()));
    }
}
