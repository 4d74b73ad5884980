//! Each mistake on a machine of its own: a folder as its root, a map as its variables.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ascend_rl::Flavor;
use clap::{CommandFactory, Parser};

use super::*;
use crate::report::Level;

/// A machine in the making.
struct Lab {
    root: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    runtime: Result<Runtime, String>,
}

impl Lab {
    /// Without anything: the simulator answers.
    fn bare() -> Lab {
        let runtime = Runtime {
            flavor: Flavor::Sim,
            version: "8.5.0".into(),
            origin: "the simulator".into(),
            soc_name: "Ascend910B3".into(),
            devices: 8,
            memory_bytes: 64 << 30,
        };
        Lab { root: tempfile::tempdir().unwrap(), variables: BTreeMap::new(), runtime: Ok(runtime) }
    }

    /// Eight cards, with all that belongs to them, sourced.
    fn with_cards() -> Lab {
        let mut lab = Lab::bare();
        let home = "/usr/local/Ascend/ascend-toolkit/latest";
        lab.file(&format!("{home}/lib64/libascendcl.so"), "");
        lab.file(
            &format!("{home}/aarch64-linux/ascend_toolkit_install.info"),
            "package_name=Ascend-cann-toolkit\nversion=8.3.RC1\n",
        );
        lab.file("/usr/local/Ascend/nnal/atb/latest/lib/libatb.so", "");
        lab.file("/usr/local/Ascend/driver/version.info", "Version=25.2.0\n");
        lab.file("/dev/davinci_manager", "");
        (0..8).for_each(|card| lab.file(&format!("/dev/davinci{card}"), ""));
        lab.file("/proc/sys/net/ipv4/ip_local_port_range", "32768\t50000\n");
        for (name, value) in [
            ("ASCEND_HOME_PATH", home),
            ("ASCEND_OPP_PATH", "/usr/local/Ascend/ascend-toolkit/latest/opp"),
            ("LD_LIBRARY_PATH", "/usr/lib:/usr/local/Ascend/ascend-toolkit/latest/lib64/"),
            ("ATB_HOME_PATH", "/usr/local/Ascend/nnal/atb/latest"),
        ] {
            lab = lab.set(name, value);
        }
        if let Ok(runtime) = &mut lab.runtime {
            (runtime.flavor, runtime.version, runtime.origin) = (Flavor::Npu, "8.3.RC1".into(), home.into());
        }
        lab
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.root.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn without(self, path: &str) -> Lab {
        let at = self.root.path().join(path.trim_start_matches('/'));
        if at.is_dir() { fs::remove_dir_all(at) } else { fs::remove_file(at) }.unwrap();
        self
    }

    fn set(mut self, name: &str, value: &str) -> Lab {
        self.variables.insert(name.into(), value.into());
        self
    }

    fn run(&self, line: &str) -> Report {
        let cli = Cli::try_parse_from(std::iter::once("check").chain(line.split_whitespace())).unwrap();
        let variables = self.variables.clone();
        let machine = Machine::new(self.root.path(), move |name| variables.get(name).cloned());
        check(&cli, &machine, self.runtime.clone())
    }

    /// There is one finding of that level, and it says this.
    #[track_caller]
    fn only(&self, line: &str, level: Level, parts: &[&str]) {
        let report = self.run(line);
        let found: Vec<_> = report.findings.iter().filter(|finding| finding.level == level).collect();
        assert_eq!(found.len(), 1, "{}", report.to_text());
        assert!(parts.iter().all(|part| found[0].text.contains(part)), "{parts:?}: {}", found[0].text);
        let worse = report.findings.iter().any(|finding| level == Level::Warning && finding.level == Level::Error);
        assert!(!worse, "{}", report.to_text());
    }

    #[track_caller]
    fn error(&self, line: &str, parts: &[&str]) {
        self.only(line, Level::Error, parts);
    }

    #[track_caller]
    fn warning(&self, line: &str, parts: &[&str]) {
        self.only(line, Level::Warning, parts);
    }

    /// Nothing but "ok".
    #[track_caller]
    fn fine(&self, line: &str) -> String {
        let report = self.run(line);
        assert!(report.findings.iter().all(|finding| finding.level == Level::Ok), "{}", report.to_text());
        report.to_text()
    }
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
    assert!(Cli::try_parse_from(["check", "--ep-size", "8"]).is_err(), "a formula needs all of its numbers");
}

#[test]
fn a_machine_without_a_card_runs_on_the_simulator() {
    let text = Lab::bare().fine("");
    assert!(text.contains("everything runs on the simulator: 8 simulated Ascend910B3"), "{text}");
    assert!(text.ends_with("a job can start: 0 errors, 0 warnings, 7 ok\n"), "{text}");
    Lab::bare().set("ASCEND_RT_VISIBLE_DEVICES", "0,1").fine("");
}

#[test]
fn a_machine_with_cards_is_fine_when_all_is_sourced() {
    let text = Lab::with_cards().fine("");
    for part in ["CANN 8.3.RC1 in /usr/local", "ATB in", "driver 25.2.0, 8 cards", "8 visible devices for 8 of 8 ranks"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn what_was_not_sourced_or_is_not_there() {
    let atb = "/usr/local/Ascend/nnal/atb/set_env.sh";
    let home = "/usr/local/Ascend/ascend-toolkit/latest";
    Lab::with_cards()
        .set("ASCEND_HOME_PATH", "")
        .error("", &["its environment is not set: source /usr/local/Ascend/ascend-toolkit/set_env.sh"]);
    Lab::with_cards().set("ASCEND_HOME_PATH", "/opt/cann").error("", &["/opt/cann, which does not exist"]);
    Lab::with_cards().set("LD_LIBRARY_PATH", "/usr/lib").error("", &["LD_LIBRARY_PATH lacks", "lib64", "set_env.sh"]);
    Lab::with_cards().set("ASCEND_OPP_PATH", "").error("", &["ASCEND_OPP_PATH is not set", "set_env.sh"]);
    Lab::with_cards()
        .without(&format!("{home}/lib64/libascendcl.so"))
        .error("", &["neither libascendcl.so nor", "install it again"]);
    let old = Lab::with_cards();
    old.file(&format!("{home}/aarch64-linux/ascend_toolkit_install.info"), "version=8.2.RC1\n");
    old.error("", &["CANN 8.2.RC1", "8.3 or later is needed"]);
    Lab::with_cards().set("ATB_HOME_PATH", "").error("", &["ATB is in", atb]);
    Lab::with_cards().set("ATB_HOME_PATH", "/opt/atb").error("", &["ATB_HOME_PATH=/opt/atb has no lib/libatb.so"]);
    let without = Lab::with_cards().without("/usr/local/Ascend/nnal").set("ATB_HOME_PATH", "");
    without.warning("", &["ATB is not installed", "nnal"]);
    Lab::with_cards().without("/dev/davinci_manager").error("", &["the driver shows no card", "--device /dev/davinci_manager"]);
    Lab::with_cards().without("/usr/local/Ascend/driver").warning("", &["version.info is not", "-v /usr/local/Ascend/driver"]);
    let mut silent = Lab::with_cards();
    silent.runtime = Err("aclInit returned 507008".into());
    silent.error("", &["aclInit returned 507008"]);
    let forced = Lab::bare().set("ASCEND_RL_DEVICE", "npu");
    let report = forced.run("");
    assert!(report.findings.iter().any(|finding| finding.text.contains("ASCEND_RL_DEVICE=npu asks for one")));
}

#[test]
fn devices_that_are_not_there_or_not_enough() {
    let visible = |list: &str| Lab::with_cards().set("ASCEND_RT_VISIBLE_DEVICES", list);
    visible("0,1,8").error("", &["names cards that are not there (8)", "0,1,2,3,4,5,6,7"]);
    visible("0,1,2,3").warning("--ranks 4", &["hides 4 cards"]);
    visible("0,0").error("", &["ASCEND_RT_VISIBLE_DEVICES=\"0,0\": device 0 is there twice"]);
    Lab::with_cards().error("--ranks 16", &["16 ranks are planned for this host, which has 8", "more hosts"]);
    Lab::bare().error("--ranks 9", &["9 ranks", "CANN_SIM_DEVICES"]);
    Lab::with_cards().fine("--ranks 16 --ranks-per-host 8");
    assert!(Lab::with_cards().fine("--ranks 6").contains("2 stay unused"));
}

#[test]
fn ports() {
    let ports =
        |host: &str, npu: &str| Lab::with_cards().set("HCCL_HOST_SOCKET_PORT_RANGE", host).set("HCCL_NPU_SOCKET_PORT_RANGE", npu);
    // The quickstart's.
    ports("60000-60050", "61000-61050").fine("--processes-per-device 4");
    ports("auto", "auto").fine("--processes-per-device 4");
    ports("60000-60006", "61000-61050")
        .error("", &["HCCL_HOST_SOCKET_PORT_RANGE=60000-60006 has 7 ports for 8 processes of this host"]);
    ports("60000-60050", "61000").error("--processes-per-device 2", &["HCCL_NPU_SOCKET_PORT_RANGE=61000 has 1 ports for 2"]);
    ports("60000-60050", "60050-60100").error("", &["overlap at 60050", "60000-60050 and 61000-61050"]);
    ports("60000-60050,60020", "61000-61050").error("", &["HCCL_HOST_SOCKET_PORT_RANGE=\"60000-60050,60020\"", "overlap"]);
    ports("60000-60050", "").warning("", &["HCCL_HOST_SOCKET_PORT_RANGE is set, but not HCCL_NPU_SOCKET_PORT_RANGE"]);
    ports("60000-60050", "").error("--processes-per-device 2", &["both are needed"]);
    ports("", "").error("--processes-per-device 2", &["2 processes share a device", "60000-60050 and 61000-61050, or auto"]);
    let busy = ports("60000-60050", "61000-61050");
    busy.file("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
    busy.warning("", &["port 60000 is one of 32768-60999", "sysctl -w net.ipv4.ip_local_reserved_ports=60000-60050"]);
    busy.file("/proc/sys/net/ipv4/ip_local_reserved_ports", "1000,59990-60050\n");
    busy.fine("");
}

#[test]
fn buffers_and_times() {
    let lab = Lab::with_cards;
    lab().error("--all-to-all-bytes 300000000", &["HCCL_BUFFSIZE is 200 MiB", "300000000 bytes", "HCCL_BUFFSIZE=287"]);
    lab().set("HCCL_BUFFSIZE", "287").fine("--all-to-all-bytes 300000000");
    // 2 x (128 x 16 x min(256/16, 8) x 7168 x 2 bytes + 2 MiB) is 452 MiB.
    let moe = "--ep-size 16 --tokens-per-rank 128 --hidden-size 7168 --num-experts 256 --top-k 8";
    lab().error(moe, &["dispatching tokens", "HCCL_BUFFSIZE=452"]);
    lab().set("HCCL_BUFFSIZE", "452").fine(moe);
    lab().set("HCCL_BUFFSIZE", "4000").warning("--groups 4", &["4 groups on a device hold 32000 MiB of its 65536"]);
    lab().set("HCCL_BUFFSIZE", "9000").error("--groups 4", &["hold 72000 MiB", "lower HCCL_BUFFSIZE"]);
    lab().set("HCCL_BUFFSIZE", "many").error("", &["HCCL_BUFFSIZE=\"many\": a whole number of MiB"]);
    lab().set("HCCL_EXEC_TIMEOUT", "600").error("--longest-wait 900", &["HCCL_EXEC_TIMEOUT is 600 s", "900 s", "1800 or more"]);
    lab().set("HCCL_EXEC_TIMEOUT", "0").fine("--longest-wait 90000");
    lab().set("HCCL_EXEC_TIMEOUT", "60").warning("", &["HCCL_EXEC_TIMEOUT is 60 s", "--longest-wait"]);
    lab().set("HCCL_CONNECT_TIMEOUT", "30").error("", &["HCCL_CONNECT_TIMEOUT=\"30\": 120 to 7200"]);
    lab().warning("--ranks 256 --ranks-per-host 8", &["HCCL_CONNECT_TIMEOUT is 120 s for 256 ranks", "600 or more"]);
}

fn launched(lab: Lab, rank: &str, address: &str, port: &str) -> Lab {
    [
        ("RANK", rank),
        ("WORLD_SIZE", "8"),
        ("LOCAL_RANK", rank),
        ("LOCAL_WORLD_SIZE", "8"),
        ("MASTER_ADDR", address),
        ("MASTER_PORT", port),
    ]
    .into_iter()
    .fold(lab, |lab, (name, value)| lab.set(name, value))
}

#[test]
fn launchers_and_where_ranks_meet() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    launched(Lab::bare(), "0", "127.0.0.1", &port).error("", &["the port is in use on this host", "MASTER_PORT"]);
    assert!(launched(Lab::bare(), "1", "127.0.0.1", &port).fine("").contains("on this host"));
    drop(free);
    assert!(launched(Lab::bare(), "0", "127.0.0.1", &port).fine("").contains("rank 0 of 8, started by torchrun"));
    // Reserved for documentation: nobody has it.
    launched(Lab::bare(), "0", "192.0.2.1", &port).error("", &["no address of this host, where rank 0 is", "MASTER_ADDR"]);
    launched(Lab::bare(), "1", "no such host", &port).error("", &["no such host:", "not known here"]);
    launched(Lab::bare(), "0", "127.0.0.1", "60010").error("", &["meet at port 60010, which HCCL may take too", "MASTER_PORT"]);
    launched(Lab::bare(), "1", "127.0.0.1", &port)
        .set("LOCAL_WORLD_SIZE", "4")
        .warning("", &["every host has that address for itself"]);
    Lab::bare().set("RANK", "0").error("", &["RANK set, but not WORLD_SIZE, LOCAL_RANK"]);
    let wide = launched(Lab::bare(), "1", "127.0.0.1", &port).set("WORLD_SIZE", "16").set("LOCAL_WORLD_SIZE", "16");
    wide.error("", &["16 ranks are planned for this host, which has 8"]);
}

#[test]
fn interfaces() {
    let lab = Lab::bare();
    lab.file("/sys/class/net/eth0", "");
    lab.file("/sys/class/net/lo", "");
    let lab = lab.set("HCCL_SOCKET_IFNAME", "ib");
    lab.error("", &["HCCL_SOCKET_IFNAME=ib leaves no interface of this host (eth0, lo)"]);
    assert!(lab.set("HCCL_SOCKET_IFNAME", "^lo").fine("").contains("leaves eth0"));
    Lab::bare().set("HCCL_IF_IP", "192.0.2.1").error("", &["HCCL_IF_IP=192.0.2.1 is no address of this host"]);
    Lab::bare().set("HCCL_IF_IP", "127.0.0.1").fine("");
    let both = Lab::bare().set("HCCL_INTRA_PCIE_ENABLE", "1").set("HCCL_INTRA_ROCE_ENABLE", "1");
    both.error("", &["HCCL_INTRA_ROCE_ENABLE=\"1\"", "HCCL_INTRA_PCIE_ENABLE is 1 too"]);
}

#[test]
fn json_says_the_same() {
    let lab = Lab::with_cards().set("HCCL_BUFFSIZE", "0").set("ASCEND_RT_VISIBLE_DEVICES", "0");
    let report = lab.run("--json --ranks 1");
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!((json["ready"].as_bool(), json["errors"].as_u64(), json["warnings"].as_u64()), (Some(false), Some(1), Some(1)));
    assert_eq!(json["findings"].as_array().unwrap().len(), report.findings.len());
    assert!(json["findings"].as_array().unwrap().iter().any(|one| one["level"] == "error" && one["topic"] == "variables"));
    assert!(report.to_text().contains("a job would not run: 1 error, 1 warning,"), "{}", report.to_text());
}

#[test]
fn this_machine_is_looked_at_as_it_is() {
    let machine = Machine::this();
    assert!(machine.exists("/proc/self") && machine.read("/proc/sys/kernel/ostype").is_some());
    assert_eq!(machine.path("/dev/null"), Path::new("/dev/null"));
}
