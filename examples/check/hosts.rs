//! Names and addresses: where the ranks meet, and the interfaces that HCCL may use.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

use ascend_rl::hccl::HcclEnv;
use ascend_rl::hccl::launch::Launch;

use crate::machine::Machine;
use crate::report::Report;

/// How long a host may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

pub fn check(machine: &Machine, env: &HcclEnv, launch: Option<&Launch>, report: &mut Report) {
    if let Some(address) = env.if_ip {
        if is_ours(address) {
            report.ok("network", format!("HCCL_IF_IP={address} is an address of this host"));
        } else {
            report.error(
                "network",
                format!(
                    "HCCL_IF_IP={address} is no address of this host: `ip addr` lists those that are; unset it to let HCCL choose"
                ),
            );
        }
    }
    if let Some(interfaces) = &env.socket_ifname {
        let all = machine.list("/sys/class/net");
        let allowed: Vec<&str> = all.iter().map(String::as_str).filter(|name| interfaces.allows(name)).collect();
        if allowed.is_empty() {
            let value = machine.variable("HCCL_SOCKET_IFNAME").unwrap_or_default();
            report.error("network", format!("HCCL_SOCKET_IFNAME={value} leaves no interface of this host ({})", all.join(", ")));
        } else {
            report.ok("network", format!("HCCL_SOCKET_IFNAME leaves {}", allowed.join(", ")));
        }
    }
    if let Some((launch, (host, port))) = launch.and_then(|launch| Some((launch, launch.address()?))) {
        meeting(launch, host, port, report);
    }
}

/// The host where the ranks meet, and its port.
fn meeting(launch: &Launch, host: &str, port: u16, report: &mut Report) {
    let place = launch.meeting_place();
    let addresses: Vec<SocketAddr> = match (host, port).to_socket_addrs() {
        Ok(addresses) => addresses.collect(),
        Err(error) => {
            report.error(
                "meeting",
                format!(
                    "{place}: the host is not known here ({error}); set MASTER_ADDR to a name or address that all hosts know"
                ),
            );
            return;
        }
    };
    let ours = addresses.iter().find(|address| is_ours(address.ip()));
    match (ours, launch.rank()) {
        (Some(address), 0) => match TcpListener::bind(address) {
            Ok(_) => report.ok("meeting", format!("{place}: rank 0 can wait there")),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                report
                    .error("meeting", format!("{place}: the port is in use on this host; set another MASTER_PORT on all ranks"));
            }
            Err(error) => report.error("meeting", format!("{place}: rank 0 cannot wait there ({error})")),
        },
        (None, 0) => {
            report.error("meeting", format!("{place}: that is no address of this host, where rank 0 is; set MASTER_ADDR to one"))
        }
        (Some(address), _) if address.ip().is_loopback() && launch.local_size() != Some(launch.size()) => {
            report.warning(
                "meeting",
                format!("{place}: every host has that address for itself; ranks of other hosts do not find rank 0 there"),
            );
        }
        (Some(_), _) => report.ok("meeting", format!("{place}: on this host")),
        (None, _) => reachable(&place, &addresses, report),
    }
}

/// A host that refuses is there: rank 0 does not wait yet.
fn reachable(place: &str, addresses: &[SocketAddr], report: &mut Report) {
    let mut why = "no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(address, PATIENCE) {
            Ok(_) => return report.ok("meeting", format!("{place}: something waits there")),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                return report.ok("meeting", format!("{place}: the host answers; rank 0 does not wait there yet"));
            }
            Err(error) => why = error.to_string(),
        }
    }
    report.error(
        "meeting",
        format!(
            "{place}: the host does not answer within {} s ({why}); is it the right address, and no firewall between?",
            PATIENCE.as_secs()
        ),
    );
}

fn is_ours(address: IpAddr) -> bool {
    TcpListener::bind((address, 0)).is_ok()
}
