//! The ports that the ranks of a host listen on while groups are made.

use ascend_rl::hccl::launch::Launch;
use ascend_rl::hccl::{HcclEnv, Ports};

use crate::machine::{Machine, Runtime};
use crate::plan::Plan;
use crate::report::Report;

const HOST: &str = "HCCL_HOST_SOCKET_PORT_RANGE";
const NPU: &str = "HCCL_NPU_SOCKET_PORT_RANGE";
/// Ports from `HCCL_IF_BASE_PORT` on that HCCL takes where no range is given.
const DEFAULT_PORTS: u16 = 32;

pub fn check(machine: &Machine, runtime: &Runtime, env: &HcclEnv, plan: &Plan, launch: Option<&Launch>, report: &mut Report) {
    let before = report.errors();
    if let Some(ports) = &env.host_ports {
        enough(HOST, ports, plan.processes(), "processes of this host", report);
    }
    if let Some(ports) = &env.npu_ports {
        enough(NPU, ports, plan.processes_per_device, "processes of each device", report);
    }
    together(env, plan, report);
    let host = env.host_ports.clone().unwrap_or_else(|| {
        let last = env.base_port + (DEFAULT_PORTS - 1);
        Ports::Ranges(vec![env.base_port..=last])
    });
    if let Some((_, port)) = launch.and_then(Launch::address)
        && host.contains(port)
    {
        report.error(
            "ports",
            format!("the ranks meet at port {port}, which HCCL may take too ({host}): set MASTER_PORT outside of these"),
        );
    }
    if !runtime.is_sim() {
        ephemeral(machine, &host, report);
    }
    if report.errors() == before {
        let npu = env.npu_ports.as_ref().map_or("16666".to_owned(), Ports::to_string);
        report.ok("ports", format!("hosts listen on {host}, devices on {npu}; processes of this host: {}", plan.processes()));
    }
}

fn enough(variable: &str, ports: &Ports, needed: usize, of: &str, report: &mut Report) {
    let Some(count) = ports.count().filter(|&count| count < needed) else { return };
    report.error(
        "ports",
        format!("{variable}={ports} has {count} ports for {needed} {of}: each needs one; name {needed} or more, or auto"),
    );
}

/// What the two say together.
fn together(env: &HcclEnv, plan: &Plan, report: &mut Report) {
    let shared = plan.processes_per_device > 1;
    match (&env.host_ports, &env.npu_ports) {
        (Some(host), Some(npu)) => {
            if let Some(port) = host.overlap(npu) {
                let text =
                    format!("{HOST}={host} and {NPU}={npu} overlap at {port}: keep them apart, as 60000-60050 and 61000-61050");
                report.error("ports", text);
            }
        }
        (None, None) if shared => report.error(
            "ports",
            format!(
                "{} processes share a device: set {HOST} and {NPU} for all of them, as 60000-60050 and 61000-61050, or auto",
                plan.processes_per_device
            ),
        ),
        (None, None) => {}
        (host, _) => {
            let (set, missing) = if host.is_some() { (HOST, NPU) } else { (NPU, HOST) };
            let text = format!("{set} is set, but not {missing}: where processes share a device, both are needed");
            if shared { report.error("ports", text) } else { report.warning("ports", text) }
        }
    }
}

/// Ports that the kernel may give to any outgoing connection.
fn ephemeral(machine: &Machine, host: &Ports, report: &mut Report) {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u16>().ok());
    let text = machine.read("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut words = text.split_whitespace();
    let (Some(first), Some(last)) = (number(words.next()), number(words.next())) else { return };
    let Some(port) = host.overlap(&Ports::Ranges(vec![first..=last])) else { return };
    let reserved = machine.read("/proc/sys/net/ipv4/ip_local_reserved_ports").unwrap_or_default();
    let is_reserved = reserved.trim().split(',').any(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        number(Some(from)).zip(number(Some(to))).is_some_and(|(from, to)| (from..=to).contains(&port))
    });
    if !is_reserved {
        report.warning(
            "ports",
            format!(
                "HCCL's port {port} is one of {first}-{last}, which the kernel gives to any connection: \
                 sysctl -w net.ipv4.ip_local_reserved_ports={host} keeps it free"
            ),
        );
    }
}
