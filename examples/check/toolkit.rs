//! The CANN toolkit, ATB, the driver.

use crate::machine::{Machine, Runtime};
use crate::report::Report;

/// Where the vendor's installers put a toolkit: up to 8.3, and from 8.5 on.
const ROOTS: [&str; 2] = ["/usr/local/Ascend/ascend-toolkit", "/usr/local/Ascend/cann"];
const ATB_ROOT: &str = "/usr/local/Ascend/nnal/atb";
const DRIVER: &str = "/usr/local/Ascend/driver";

pub fn check(machine: &Machine, runtime: &Result<Runtime, String>, report: &mut Report) {
    let home = machine.variable("ASCEND_TOOLKIT_HOME").or_else(|| machine.variable("ASCEND_HOME_PATH"));
    let installed = ROOTS.iter().find(|root| machine.exists(root));
    let wants_card = machine.variable("ASCEND_RL_DEVICE").as_deref() == Some("npu");
    let simulated = runtime.as_ref().is_ok_and(Runtime::is_sim);
    match (&home, installed) {
        (Some(home), _) if !machine.exists(home) => {
            report.error("toolkit", format!("the environment says that CANN is in {home}, which does not exist; source the set_env.sh of the installed one"));
        }
        (Some(home), _) => sourced(machine, home, report),
        (None, Some(root)) if !simulated || machine.variable("ASCEND_RL_DEVICE").as_deref() != Some("sim") => {
            report.error("toolkit", format!("CANN is in {root}, but its environment is not set: source {root}/set_env.sh"));
        }
        (None, None) if wants_card => {
            report.error("toolkit", format!("no CANN toolkit in {}, and ASCEND_RL_DEVICE=npu asks for one", ROOTS.join(" or ")));
        }
        (None, _) => report.ok("toolkit", "no CANN toolkit: none is needed for the simulator"),
    }
    match runtime {
        Ok(runtime) if runtime.is_sim() => report.ok(
            "runtime",
            format!(
                "everything runs on the simulator: {} simulated {} on this CPU (CANN {}); with a card, install CANN 8.3 or later and \
                 source its set_env.sh",
                runtime.devices, runtime.soc_name, runtime.version
            ),
        ),
        Ok(runtime) => {
            let Runtime { version, origin, devices, soc_name, .. } = runtime;
            report.ok("runtime", format!("CANN {version} from {origin} answers: {devices} devices, {soc_name}"));
        }
        Err(text) => report.error("runtime", text.clone()),
    }
    // A card is there, or is wanted.
    if wants_card || home.is_some() || installed.is_some() || !machine.cards().is_empty() {
        atb(machine, report);
        driver(machine, report);
    }
}

/// The environment names a folder that is there.
fn sourced(machine: &Machine, home: &str, report: &mut Report) {
    let libraries = format!("{home}/lib64");
    if !["libascendcl.so", "libacl_rt.so"].iter().any(|name| machine.exists(format!("{libraries}/{name}"))) {
        report.error(
            "toolkit",
            format!("{libraries} has neither libascendcl.so nor libacl_rt.so: the toolkit is not whole; install it again"),
        );
        return;
    }
    let path = machine.variable("LD_LIBRARY_PATH").unwrap_or_default();
    if !path.split(':').any(|folder| folder.trim_end_matches('/') == libraries) {
        report
            .error("toolkit", format!("LD_LIBRARY_PATH lacks {libraries}: source set_env.sh, in the shell that starts the job"));
    }
    if machine.variable("ASCEND_OPP_PATH").is_none() {
        report
            .error("toolkit", "ASCEND_OPP_PATH is not set, without which no operator is found: source the toolkit's set_env.sh");
    }
    match installed_version(machine, home) {
        Some(version) if release(&version).is_some_and(|found| found < (8, 3)) => {
            report.error(
                "toolkit",
                format!("CANN {version} is in {home}; 8.3 or later is needed: install it and source its set_env.sh"),
            );
        }
        Some(version) => report.ok("toolkit", format!("CANN {version} in {home}")),
        None => report.ok("toolkit", format!("CANN in {home}")),
    }
}

/// What the installer has written down.
fn installed_version(machine: &Machine, home: &str) -> Option<String> {
    ["x86_64-linux", "aarch64-linux"].iter().find_map(|arch| {
        let text = machine.read(format!("{home}/{arch}/ascend_toolkit_install.info"))?;
        text.lines().find_map(|line| Some(line.strip_prefix("version=")?.trim().to_owned()))
    })
}

fn release(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn atb(machine: &Machine, report: &mut Report) {
    match machine.variable("ATB_HOME_PATH") {
        Some(home) if machine.exists(format!("{home}/lib/libatb.so")) => report.ok("atb", format!("ATB in {home}")),
        Some(home) => {
            report.error("atb", format!("ATB_HOME_PATH={home} has no lib/libatb.so: source the set_env.sh of the installed nnal"))
        }
        None if machine.exists(ATB_ROOT) => {
            report.error("atb", format!("ATB is in {ATB_ROOT}, but its environment is not set: source {ATB_ROOT}/set_env.sh"));
        }
        None => report.warning("atb", "ATB is not installed: its operators are not there; the nnal package has it"),
    }
}

fn driver(machine: &Machine, report: &mut Report) {
    let cards = machine.cards();
    if !machine.exists("/dev/davinci_manager") || cards.is_empty() {
        report.error(
            "driver",
            "the driver shows no card: /dev/davinci_manager and /dev/davinci0 are not both there; install it, or give the container \
             --device /dev/davinci_manager --device /dev/devmm_svm --device /dev/hisi_hdc --device /dev/davinci0 and so on",
        );
        return;
    }
    let version = machine
        .read(format!("{DRIVER}/version.info"))
        .and_then(|text| text.lines().find_map(|line| Some(line.strip_prefix("Version=")?.trim().to_owned())));
    match version {
        Some(version) => report.ok("driver", format!("driver {version}, {} cards", cards.len())),
        None => report.warning(
            "driver",
            format!(
                "{} cards are there, but {DRIVER}/version.info is not; give the container -v {DRIVER}:{DRIVER}:ro",
                cards.len()
            ),
        ),
    }
}
