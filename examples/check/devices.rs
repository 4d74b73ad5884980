//! Which devices are there, and whether they are enough.

use ascend_rl::hccl::HcclEnv;

use crate::machine::{Machine, Runtime};
use crate::plan::Plan;
use crate::report::Report;

pub fn check(machine: &Machine, runtime: &Runtime, env: &HcclEnv, plan: &Plan, report: &mut Report) {
    if let Some(visible) = &env.visible_devices {
        visible_ones(machine, runtime, visible, report);
    }
    let (ranks, devices) = (plan.ranks_per_host, runtime.devices as usize);
    if ranks > devices {
        let more = if runtime.is_sim() {
            "CANN_SIM_DEVICES sets how many are simulated"
        } else {
            "ASCEND_RT_VISIBLE_DEVICES hides some, or the job needs more hosts"
        };
        report.error("devices", format!("{ranks} ranks are planned for this host, which has {devices} visible devices; {more}"));
    } else {
        let unused = if ranks < devices { format!("; {} stay unused", devices - ranks) } else { String::new() };
        report.ok("devices", format!("{devices} visible devices for {ranks} of {} ranks{unused}", plan.ranks));
    }
}

fn visible_ones(machine: &Machine, runtime: &Runtime, visible: &[u32], report: &mut Report) {
    let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    if runtime.is_sim() {
        report.ok("devices", format!("ASCEND_RT_VISIBLE_DEVICES={} is for cards; there is none", list(visible)));
        return;
    }
    let cards = machine.cards();
    let absent: Vec<u32> = visible.iter().copied().filter(|number| !cards.contains(number)).collect();
    if !absent.is_empty() {
        report.error(
            "devices",
            format!(
                "ASCEND_RT_VISIBLE_DEVICES={} names cards that are not there ({}): there are {}; CANN stops reading at the first such",
                list(visible),
                list(&absent),
                list(&cards)
            ),
        );
    } else if visible.len() < cards.len() {
        report.warning(
            "devices",
            format!("ASCEND_RT_VISIBLE_DEVICES={} hides {} cards", list(visible), cards.len() - visible.len()),
        );
    }
}
