//! HCCL's environment variables, read once and checked: what CANN would say late, or not at all, as one line each.
//!
//! HCCL reads these itself; nothing here changes what it does. A field of [`CommOptions`](super::CommOptions) goes before its
//! variable, and that before CANN's default.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::ports::Ports;

/// HCCL's variables of this process, with CANN's defaults where they are not set.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HcclEnv {
    /// `HCCL_HOST_SOCKET_PORT_RANGE`: where ranks listen on their hosts while a group is made. Not set: 32 ports from
    /// `HCCL_IF_BASE_PORT` (60000) on.
    pub host_ports: Option<Ports>,
    /// `HCCL_NPU_SOCKET_PORT_RANGE`: where devices listen. Not set: port 16666, one process a device.
    pub npu_ports: Option<Ports>,
    /// `HCCL_IF_BASE_PORT`: the first of 32 host ports; 60000. [`HcclEnv::host_ports`] goes before it.
    pub base_port: u16,
    /// `HCCL_CONNECT_TIMEOUT`: how long a rank waits for the others while a group is made; 120 s.
    pub connect_timeout: Duration,
    /// `HCCL_EXEC_TIMEOUT`: how long a collective waits for a rank; 1836 s. `None`: for ever.
    pub exec_timeout: Option<Duration>,
    /// `HCCL_BUFFSIZE`: MiB of each of the two buffers of a group; 200.
    pub buffer_mib: u32,
    /// `HCCL_IF_IP`: the host's address for making groups.
    pub if_ip: Option<IpAddr>,
    /// `HCCL_SOCKET_IFNAME`: which network interfaces may be used for making groups.
    pub socket_ifname: Option<Interfaces>,
    /// `ASCEND_RT_VISIBLE_DEVICES`: the devices of the host that this process sees, which it numbers from 0. Not set: all.
    pub visible_devices: Option<Vec<u32>>,
    /// `HCCL_INTRA_PCIE_ENABLE` and `HCCL_INTRA_ROCE_ENABLE`: how devices of one server that HCCS does not join reach each other; PCIe.
    pub intra_server: IntraServer,
}

/// The way between devices of one server that HCCS does not join: on an A2 of 16 cards those of the two halves. (Dispatch and combine
/// of experts on an A2 read the variables for themselves: both set, to 1 and 0, choose their algorithm by servers.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntraServer {
    /// Over PCIe.
    #[default]
    Pcie,
    /// Over the cards' network interfaces: `HCCL_INTRA_ROCE_ENABLE=1`, and `HCCL_INTRA_PCIE_ENABLE` 0 or not set.
    Roce,
}

/// A variable that cannot be what was meant. As text one line: variable, value, way out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The variable.
    pub variable: &'static str,
    /// What it holds.
    pub value: String,
    /// What is wrong with it, and what to do.
    pub way_out: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}: {}", self.variable, self.value, self.way_out)
    }
}

/// `HCCL_SOCKET_IFNAME`: network interfaces by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interfaces {
    /// The names, or their beginnings.
    pub names: Vec<String>,
    /// Whether the names are whole (`=eth0`), and not beginnings (`eth`).
    pub exact: bool,
    /// Whether these are the ones not to use (`^eth`).
    pub exclude: bool,
}

impl Interfaces {
    /// Whether an interface may be used.
    pub fn allows(&self, name: &str) -> bool {
        let named = self.names.iter().any(|one| if self.exact { name == one } else { name.starts_with(one.as_str()) });
        named != self.exclude
    }

    fn parse(text: &str) -> Option<Interfaces> {
        let (exclude, rest) = text.strip_prefix('^').map_or((false, text), |rest| (true, rest));
        let (exact, rest) = rest.strip_prefix('=').map_or((false, rest), |rest| (true, rest));
        let names: Vec<String> = rest.split(',').map(|name| name.trim().to_owned()).collect();
        let sound = |name: &String| !name.is_empty() && !name.contains(['^', '=', ' ']);
        names.iter().all(sound).then_some(Interfaces { names, exact, exclude })
    }
}

impl HcclEnv {
    /// This process's variables, and every mistake in them: a variable that cannot be read has its default.
    pub fn read() -> (HcclEnv, Vec<Mistake>) {
        HcclEnv::from_variables(&|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// The same of any set of variables. An empty one counts as not set, as CANN has it.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> (HcclEnv, Vec<Mistake>) {
        let mut reader = Reader { variable, mistakes: Vec::new() };
        let env = HcclEnv {
            host_ports: reader.ports("HCCL_HOST_SOCKET_PORT_RANGE"),
            npu_ports: reader.ports("HCCL_NPU_SOCKET_PORT_RANGE"),
            base_port: reader
                .get("HCCL_IF_BASE_PORT", |text| {
                    let port = text.parse().ok().filter(|port| (1024..=65520).contains(port));
                    port.ok_or_else(|| "1024 to 65520 is taken; unset it for 60000".into())
                })
                .unwrap_or(60000),
            connect_timeout: reader
                .get("HCCL_CONNECT_TIMEOUT", |text| {
                    let seconds = text.parse().ok().filter(|seconds| (120..=7200).contains(seconds));
                    seconds.map(Duration::from_secs).ok_or_else(|| "120 to 7200 whole seconds are taken; unset it for 120".into())
                })
                .unwrap_or(Duration::from_secs(120)),
            exec_timeout: reader
                .get("HCCL_EXEC_TIMEOUT", |text| {
                    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=f64::from(i32::MAX)).contains(seconds));
                    let wait = |seconds| (seconds > 0.0).then(|| Duration::from_secs_f64(seconds));
                    seconds.map(wait).ok_or_else(|| "0 (for ever) to 2147483647 seconds are taken; unset it for 1836".into())
                })
                .unwrap_or(Some(Duration::from_secs(1836))),
            buffer_mib: reader
                .get("HCCL_BUFFSIZE", |text| {
                    let mib = text.parse().ok().filter(|mib| (1..=i32::MAX as u32).contains(mib));
                    mib.ok_or_else(|| "a whole number of MiB from 1 on is taken, without a unit; unset it for 200".into())
                })
                .unwrap_or(200),
            if_ip: reader.get("HCCL_IF_IP", |text| {
                text.parse()
                    .map_err(|_| "an IPv4 or IPv6 address of this host is taken, as 10.0.0.8; unset it to let HCCL choose".into())
            }),
            socket_ifname: reader.get("HCCL_SOCKET_IFNAME", |text| {
                let way_out =
                    "interface names are taken: eth0,eth1 (beginnings), =eth0 (exactly), ^eth or ^=eth0 (all but these)";
                Interfaces::parse(text).ok_or_else(|| way_out.into())
            }),
            visible_devices: reader.get("ASCEND_RT_VISIBLE_DEVICES", devices),
            intra_server: reader.intra_server(),
        };
        (env, reader.mistakes)
    }
}

/// "0,1,5".
fn devices(text: &str) -> Result<Vec<u32>, String> {
    let numbers: Option<Vec<u32>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
    let numbers = numbers.ok_or("device numbers with commas are taken, as 0,1,2,3; unset it to see all devices")?;
    match numbers.iter().enumerate().find(|(at, number)| numbers[..*at].contains(number)) {
        Some((_, twice)) => Err(format!("device {twice} is there twice; name each device once")),
        None => Ok(numbers),
    }
}

struct Reader<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    /// What a variable holds; `None` if it is not set, or cannot be read: then that is noted.
    fn get<T>(&mut self, variable: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = (self.variable)(variable).filter(|value| !value.trim().is_empty())?;
        parse(value.trim()).map_err(|way_out| self.mistakes.push(Mistake { variable, value, way_out })).ok()
    }

    /// A pair of switches, of which one at most is on.
    fn intra_server(&mut self) -> IntraServer {
        let switch = |text: &str| match text {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err("0 or 1 is taken; unset HCCL_INTRA_PCIE_ENABLE and HCCL_INTRA_ROCE_ENABLE for PCIe".to_owned()),
        };
        let pcie = self.get("HCCL_INTRA_PCIE_ENABLE", switch);
        let exclusive = |text: &str| match (switch(text)?, pcie) {
            (true, Some(true)) => Err("HCCL_INTRA_PCIE_ENABLE is 1 too, and one of them at most can be; unset one".into()),
            (on, _) => Ok(on),
        };
        match self.get("HCCL_INTRA_ROCE_ENABLE", exclusive) {
            Some(true) => IntraServer::Roce,
            _ => IntraServer::Pcie,
        }
    }

    fn ports(&mut self, variable: &'static str) -> Option<Ports> {
        self.get(variable, Ports::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> (HcclEnv, Vec<Mistake>) {
        HcclEnv::from_variables(&|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn defaults_are_canns() {
        let (env, mistakes) = read(&[("HCCL_BUFFSIZE", " ")]);
        assert!(mistakes.is_empty());
        assert_eq!((env.buffer_mib, env.base_port, env.connect_timeout.as_secs()), (200, 60000, 120));
        assert_eq!((env.exec_timeout, env.host_ports, env.visible_devices), (Some(Duration::from_secs(1836)), None, None));
        assert_eq!(env.intra_server, IntraServer::Pcie);
    }

    #[test]
    fn values_are_read() {
        let (env, mistakes) = read(&[
            ("HCCL_HOST_SOCKET_PORT_RANGE", "60000-60050"),
            ("HCCL_NPU_SOCKET_PORT_RANGE", "auto"),
            ("HCCL_CONNECT_TIMEOUT", "7200"),
            ("HCCL_EXEC_TIMEOUT", "0"),
            ("HCCL_BUFFSIZE", "400"),
            ("HCCL_IF_IP", "fe80::1"),
            ("HCCL_SOCKET_IFNAME", "^=eth0,lo"),
            ("ASCEND_RT_VISIBLE_DEVICES", "4, 5,0"),
        ]);
        assert_eq!(mistakes, []);
        assert_eq!((env.host_ports.unwrap().count(), env.npu_ports), (Some(51), Some(Ports::Auto)));
        assert_eq!((env.connect_timeout.as_secs(), env.exec_timeout, env.buffer_mib), (7200, None, 400));
        assert_eq!((env.if_ip.unwrap().is_ipv6(), env.visible_devices.unwrap()), (true, vec![4, 5, 0]));
        let interfaces = env.socket_ifname.unwrap();
        assert_eq!(["eth0", "lo", "eth00", "ib0"].map(|name| interfaces.allows(name)), [false, false, true, true]);
        let begins = Interfaces::parse("eth").unwrap();
        assert_eq!(["eth0", "xeth", "lo"].map(|name| begins.allows(name)), [true, false, false]);
    }

    #[test]
    fn the_way_within_a_server_is_one_of_two() {
        let way = |pcie, roce| {
            let (env, mistakes) = read(&[("HCCL_INTRA_PCIE_ENABLE", pcie), ("HCCL_INTRA_ROCE_ENABLE", roce)]);
            (env.intra_server, mistakes.into_iter().map(|mistake| mistake.variable).collect::<Vec<_>>())
        };
        for (pcie, roce) in [("", "0"), ("1", ""), ("1", "0"), ("0", "0")] {
            assert_eq!(way(pcie, roce), (IntraServer::Pcie, vec![]));
        }
        for pcie in ["", "0"] {
            assert_eq!(way(pcie, "1"), (IntraServer::Roce, vec![]));
        }
        assert_eq!(way("1", "1"), (IntraServer::Pcie, vec!["HCCL_INTRA_ROCE_ENABLE"]));
        assert_eq!(way("on", "yes").1, ["HCCL_INTRA_PCIE_ENABLE", "HCCL_INTRA_ROCE_ENABLE"]);
    }

    #[test]
    fn each_mistake_is_one_line_with_the_way_out() {
        for (variable, value, way_out) in [
            ("HCCL_HOST_SOCKET_PORT_RANGE", "60050-60000", "60050-60000 ends before it begins"),
            ("HCCL_NPU_SOCKET_PORT_RANGE", "61000-61050,61020", "overlap"),
            ("HCCL_IF_BASE_PORT", "80", "1024 to 65520"),
            ("HCCL_CONNECT_TIMEOUT", "5", "120 to 7200"),
            ("HCCL_CONNECT_TIMEOUT", "2m", "120 to 7200"),
            ("HCCL_EXEC_TIMEOUT", "-1", "0 (for ever)"),
            ("HCCL_EXEC_TIMEOUT", "nan", "0 (for ever)"),
            ("HCCL_BUFFSIZE", "0", "from 1 on"),
            ("HCCL_BUFFSIZE", "200M", "without a unit"),
            ("HCCL_IF_IP", "eth0", "IPv4 or IPv6"),
            ("HCCL_INTRA_PCIE_ENABLE", "true", "0 or 1"),
            ("HCCL_INTRA_ROCE_ENABLE", "on", "0 or 1"),
            ("HCCL_SOCKET_IFNAME", "eth0,,eth1", "interface names"),
            ("HCCL_SOCKET_IFNAME", "^", "interface names"),
            ("ASCEND_RT_VISIBLE_DEVICES", "0,1,0", "device 0 is there twice"),
            ("ASCEND_RT_VISIBLE_DEVICES", "0-7", "device numbers"),
        ] {
            let (env, mistakes) = read(&[(variable, value)]);
            assert_eq!(mistakes.len(), 1, "{variable}={value}");
            let text = mistakes[0].to_string();
            assert!(text.starts_with(&format!("{variable}={value:?}: ")) && text.contains(way_out), "{text}");
            assert_eq!(env, read(&[]).0, "the default stays: {variable}");
        }
        let all = read(&[("HCCL_BUFFSIZE", "x"), ("HCCL_IF_IP", "x")]).1;
        assert_eq!(all.len(), 2, "all are found at once");
    }
}
