//! What `Cann::load` does with a toolkit that is there, broken, old or absent.
//!
//! Toolkits are made here: C libraries with CANN's names, compiled from the list of symbols. Each case runs in a child process
//! (this very program again), because a search reads the environment and a library is never unloaded.

use ascend_rl::hccl::CommOptions;
use ascend_rl::{Cann, Communicator, Device, Result, sys::Flavor};
use ascend_rl_sys::{Lib, symbols, types::ACL_OPT_DETERMINISTIC};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A toolkit to compile. The default is a good one.
struct Toolkit {
    version: &'static str,
    init: i32,
    devices: u32,
    without: &'static [&'static str],
    runtime: &'static str,
    operators: &'static str,
    descriptors: bool,
    collectives: Option<&'static str>,
}

impl Default for Toolkit {
    fn default() -> Toolkit {
        Toolkit {
            version: "8.3.RC1",
            init: 0,
            devices: 2,
            without: &[],
            runtime: "libascendcl.so",
            operators: "libopapi.so",
            descriptors: true,
            collectives: Some("libhccl.so"),
        }
    }
}

impl Toolkit {
    fn build(&self) -> TempDir {
        let root = tempfile::tempdir().unwrap();
        let lib64 = lib64(&root);
        std::fs::create_dir(&lib64).unwrap();
        for (lib, file) in [
            (Lib::AscendCl, Some(self.runtime)),
            (Lib::NnOpBase, self.descriptors.then_some("libnnopbase.so")),
            (Lib::OpApi, Some(self.operators)),
            (Lib::Hccl, self.collectives),
        ] {
            let Some(file) = file else { continue };
            let source = lib64.join("source.c");
            std::fs::write(&source, self.source(lib)).unwrap();
            let done = Command::new("cc")
                .args(["-shared", "-fPIC", "-w", "-fno-builtin", "-o"])
                .arg(lib64.join(file))
                .arg(&source)
                .status();
            assert!(done.expect("the tests need a C compiler, `cc`").success());
        }
        root
    }

    fn source(&self, lib: Lib) -> String {
        let without: HashSet<_> = self.without.iter().copied().collect();
        let mut source = String::from("#include <string.h>\nstatic long deterministic;\n");
        for name in symbols().filter(|s| s.lib == lib && !without.contains(s.name)).map(|s| s.name) {
            source += &match name {
                "aclInit" => format!("int aclInit(const char *config) {{ return {}; }}\n", self.init),
                "aclrtGetDeviceCount" => format!("int aclrtGetDeviceCount(unsigned *n) {{ *n = {}; return 0; }}\n", self.devices),
                "aclsysGetCANNVersion" => {
                    format!("int aclsysGetCANNVersion(int p, char *v) {{ strcpy(v, \"{}\"); return p; }}\n", self.version)
                }
                "aclGetRecentErrMsg" => "const char *aclGetRecentErrMsg(void) { return \"EL0003: from\\n CANN\"; }\n".to_owned(),
                "aclrtSetSysParamOpt" => {
                    "int aclrtSetSysParamOpt(int o, long v) { if (o == 0) deterministic = v; return 0; }\n".to_owned()
                }
                "aclrtGetSysParamOpt" => "int aclrtGetSysParamOpt(int o, long *v) { *v = deterministic; return o; }\n".to_owned(),
                _ => format!("int {name}(void) {{ return 0; }}\n"),
            };
        }
        source
    }
}

fn lib64(root: &TempDir) -> PathBuf {
    root.path().join("lib64")
}

/// What a child process with only these variables says.
fn child(variables: &[(&str, &Path)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "in_a_child", "--nocapture"]).env_clear().env("CHILD", "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.split_once("child: ").map(|(_, said)| said));
    line.unwrap_or_else(|| panic!("the child said {text:?} and {:?}", String::from_utf8_lossy(&output.stderr))).to_owned()
}

/// The body of the children: loads and says what came of it. Outside of one it checks what no case below can reach.
#[test]
fn in_a_child() {
    if std::env::var_os("CHILD").is_none() {
        let error = Cann::load_from(Path::new("/nonexistent")).unwrap_err();
        assert_eq!(error.to_string(), "no CANN toolkit in /nonexistent: it has neither libascendcl.so nor libacl_rt.so");
        return;
    }
    let loaded = match std::env::var_os("LOAD_FROM") {
        Some(dir) => Cann::load_from(Path::new(&dir)),
        None => Cann::load(),
    };
    match loaded {
        Err(error) => println!("child: {:?} {error}", error.kind()),
        Ok(cann) if cann.flavor() == Flavor::Sim => println!("child: {cann:?}"),
        Ok(cann) => {
            let mut deterministic = 0;
            // SAFETY: the value outlives the call.
            unsafe { (cann.api().acl.aclrtGetSysParamOpt)(ACL_OPT_DETERMINISTIC, &mut deterministic) };
            let devices = cann.device_count().unwrap();
            let operator = "aclnnRotaryPositionEmbedding";
            let rope = if cann.has(operator) { "has rope".to_owned() } else { cann.missing(operator).to_string() };
            let group = match std::env::var_os("GROUP") {
                None => String::new(),
                Some(_) => format!(", {:?}", group(&cann)),
            };
            println!("child: {cann:?}, {devices} devices, deterministic {deterministic}, {rope}{group}");
        }
    }
}

/// A group of two devices of these functions, which do nothing and succeed.
fn group(cann: &Cann) -> Result<String> {
    let devices = [Device::open(cann, 0)?, Device::open(cann, 1)?];
    let options = CommOptions { name: Some("world".into()), ..Default::default() };
    Ok(format!("{:?}", Communicator::all(&devices, &options)?))
}

#[track_caller]
fn assert_says(said: &str, kind: &str, parts: &[&str]) {
    assert!(said.starts_with(kind), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
}

/// On a machine with a toolkit in the vendor's folder, "nothing is installed" cannot be shown; `sys::search` tests the words.
fn installed() -> bool {
    ["/usr/local/Ascend/ascend-toolkit/latest", "/usr/local/Ascend/cann"].iter().any(|root| Path::new(root).exists())
}

#[test]
fn nothing_found_and_npu_forced_names_what_was_looked_for_and_where() {
    let said = child(&[("ASCEND_RL_DEVICE", Path::new("npu")), ("ASCEND_HOME_PATH", Path::new("/opt/none"))]);
    if !installed() {
        let places =
            ["ASCEND_TOOLKIT_HOME (not set)", "ASCEND_HOME_PATH=/opt/none (/opt/none/lib64)", "/usr/local/Ascend/cann/lib64"];
        assert_says(&said, "Load no CANN toolkit found", &places);
        assert_says(&said, "Load", &["libascendcl.so or libacl_rt.so", "LD_LIBRARY_PATH not set", "CANN 8.3 or later"]);
    }
}

#[test]
fn another_value_of_the_variable_is_refused() {
    let said = child(&[("ASCEND_RL_DEVICE", Path::new("gpu"))]);
    assert_eq!(said, "Argument ASCEND_RL_DEVICE=gpu is neither npu nor sim");
}

#[test]
#[cfg(feature = "sim")]
fn the_simulator_is_the_fallback_and_can_be_forced() {
    let toolkit = Toolkit::default().build();
    let forced = child(&[("ASCEND_RL_DEVICE", Path::new("sim")), ("ASCEND_TOOLKIT_HOME", toolkit.path())]);
    assert_says(&forced, "Cann(sim 8.", &["from the simulator"]);
    if !installed() {
        assert_eq!(child(&[]), forced);
    }
}

#[test]
#[cfg(not(feature = "sim"))]
fn without_the_feature_the_error_names_it() {
    let said = child(&[("ASCEND_RL_DEVICE", Path::new("sim"))]);
    assert_says(&said, "Load this build has no simulated NPU", &["`sim`"]);
    if !installed() {
        assert_says(&child(&[]), "Load no CANN toolkit found", &["the feature `sim`"]);
    }
}

#[test]
fn a_good_toolkit_is_found_by_each_way() {
    let toolkit = Toolkit::default().build();
    let dir = lib64(&toolkit);
    let wanted = |from: &str| format!("Cann(npu 8.3.RC1 from {from}), 2 devices, deterministic 1, has rope");
    let by_folder = wanted(&dir.display().to_string());
    assert_eq!(child(&[("ASCEND_TOOLKIT_HOME", toolkit.path())]), by_folder);
    assert_eq!(child(&[("ASCEND_HOME_PATH", toolkit.path()), ("ASCEND_RL_DEVICE", Path::new("npu"))]), by_folder);
    assert_eq!(child(&[("LOAD_FROM", &dir)]), by_folder);
    if !installed() {
        assert_eq!(child(&[("LD_LIBRARY_PATH", &dir)]), wanted("the dynamic loader's path"));
    }
}

#[test]
fn the_layout_of_later_releases_is_found_too() {
    let toolkit =
        Toolkit { version: "8.5.0", runtime: "libacl_rt.so", operators: "libopapi_transformer.so", ..Default::default() }.build();
    let said = child(&[("ASCEND_HOME_PATH", toolkit.path())]);
    assert_says(&said, "Cann(npu 8.5.0 from ", &["2 devices", "has rope"]);
}

#[test]
fn libraries_without_a_device_are_an_error_and_no_fallback() {
    let no_driver = Toolkit { init: 507033, ..Default::default() }.build();
    let said = child(&[("ASCEND_HOME_PATH", no_driver.path())]);
    let how = if cfg!(feature = "sim") { "ASCEND_RL_DEVICE=sim" } else { "the feature `sim`" };
    let dir = lib64(&no_driver);
    let wanted = ["aclInit returned 507033 (ACL_ERROR_RT_DEV_SETUP_ERROR): EL0003: from CANN", dir.to_str().unwrap(), how];
    assert_says(&said, "NoDevice", &wanted);

    let no_card = Toolkit { devices: 0, ..Default::default() }.build();
    let said = child(&[("ASCEND_HOME_PATH", no_card.path())]);
    assert_says(&said, "NoDevice", &["CANN 8.3.RC1", "sees no device", "aclrtGetDeviceCount says 0", how]);
}

#[test]
fn a_runtime_that_runs_already_is_fine() {
    let toolkit = Toolkit { init: 100002, ..Default::default() }.build();
    assert_says(&child(&[("ASCEND_HOME_PATH", toolkit.path())]), "Cann(npu 8.3.RC1", &[]);
}

#[test]
fn a_missing_required_symbol_is_named_with_its_library_and_release() {
    let toolkit = Toolkit { without: &["aclrtStreamQuery"], ..Default::default() }.build();
    let said = child(&[("ASCEND_HOME_PATH", toolkit.path())]);
    let dir = lib64(&toolkit);
    let wanted = ["aclrtStreamQuery is missing", dir.to_str().unwrap(), "libascendcl.so, libacl_rt.so", "CANN 8.1 and later"];
    assert_says(&said, "MissingSymbol", &wanted);

    let toolkit = Toolkit { descriptors: false, ..Default::default() }.build();
    let said = child(&[("ASCEND_HOME_PATH", toolkit.path())]);
    assert_says(&said, "MissingSymbol aclCreateTensor is missing", &["libnnopbase.so"]);
}

#[test]
fn a_missing_operator_is_an_error_only_when_it_is_asked_for() {
    for phase in [&["aclnnRotaryPositionEmbedding"], &["aclnnRotaryPositionEmbeddingGetWorkspaceSize"]] {
        let toolkit = Toolkit { without: phase, ..Default::default() }.build();
        let said = child(&[("ASCEND_HOME_PATH", toolkit.path())]);
        let wanted = ["aclnnRotaryPositionEmbedding is missing: CANN 8.3.RC1", "libopapi.so", "CANN 8.5 and later"];
        assert_says(&said, "Cann(npu", &wanted);
    }
}

#[test]
fn a_missing_library_of_collectives_is_an_error_only_when_a_group_is_made() {
    let group = ("GROUP", Path::new("1"));
    let toolkit = Toolkit { collectives: None, ..Default::default() }.build();
    let root = ("ASCEND_HOME_PATH", toolkit.path());
    assert_says(&child(&[root]), "Cann(npu 8.3.RC1", &["2 devices", "has rope"]);
    let wanted = ["Err(MissingSymbol: Hccl", "is missing: CANN 8.3.RC1", "libhccl.so, libhcomm.so", "CANN 8.1 and later"];
    assert_says(&child(&[root, group]), "Cann(npu 8.3.RC1", &wanted);

    let toolkit = Toolkit { collectives: Some("libhcomm.so"), ..Default::default() }.build();
    let said = child(&[("ASCEND_HOME_PATH", toolkit.path()), group]);
    assert_says(&said, "Cann(npu", &["Ok(\"[rank 0 of `world`, rank 1 of `world`]\")"]);
}

#[test]
fn an_old_toolkit_names_both_versions_and_the_folder() {
    for (version, text) in [("8.2.RC1", "is 8.2.RC1"), ("7.0.0", "is 7.0.0"), ("banana", "calls its version \"banana\"")] {
        let toolkit = Toolkit { version, ..Default::default() }.build();
        let said = child(&[("ASCEND_HOME_PATH", toolkit.path())]);
        assert_says(&said, "Load", &[text, "8.3 or later is needed", lib64(&toolkit).to_str().unwrap()]);
    }
}

#[test]
fn a_library_that_cannot_be_opened_is_no_reason_to_fall_back() {
    let toolkit = Toolkit::default().build();
    let library = lib64(&toolkit).join("libascendcl.so");
    std::fs::write(&library, "not a library").unwrap();
    let said = child(&[("ASCEND_HOME_PATH", toolkit.path())]);
    assert_says(&said, "Load", &[library.to_str().unwrap(), "cannot be opened", "set_env.sh"]);
}
