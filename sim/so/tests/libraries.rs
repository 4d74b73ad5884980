//! Programs for CANN run on the folder of libraries: in C, linked in both ways; in Python; in Rust, through the library.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use ascend_rl::{Cann, Device, Flavor, Tensor, ops};
use ascend_rl_sys::{Lib, PROBED, REFUSED, symbols};

/// The folder, written once for all tests of this program.
fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cann-sim");
        text_of(write(&dir));
        // As the program says it, links followed.
        dir.canonicalize().unwrap()
    });
    &FOLDER
}

fn write(dir: impl AsRef<OsStr>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cann-sim-so")).arg(dir).output().unwrap()
}

/// Runs a tool; `None`, with a word on why, where it is not installed.
fn tool(command: &mut Command) -> Option<Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(e) => {
            println!("skipped: {} cannot be run: {e}", command.get_program().to_string_lossy());
            None
        }
    }
}

#[track_caller]
fn text_of(output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}\n{said}{}", output.status, String::from_utf8_lossy(&output.stderr));
    said
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Compiles a program of `tests/c`; the libraries come from `libraries`.
fn compile(compiler: &str, options: &[&str], name: &str, libraries: &Path, program: &Path) -> Option<()> {
    let mut command = Command::new(compiler);
    command.args(["-Wall", "-Wextra", "-pedantic", "-Werror"]).args(options).arg(source(name)).arg("-o").arg(program);
    command.arg("-I").arg(folder().join("include")).arg("-L").arg(libraries);
    command.args(["-x", "none", "-lascendcl", "-lnnopbase", "-lopapi", "-lhccl", "-lm", "-ldl"]);
    text_of(tool(&mut command)?);
    Some(())
}

#[track_caller]
fn runs(program: &Path) {
    let said = text_of(Command::new(program).env("LD_LIBRARY_PATH", folder()).output().unwrap());
    for part in ["Ascend910", "refused: EZ1001: aclnnAddGetWorkspaceSize", "2000 sums are right"] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[test]
fn a_c_program_is_linked_against_the_folder() {
    let work = tempfile::tempdir().unwrap();
    let program = work.path().join("simulated");
    if compile("cc", &["-std=c11"], "c/simulated.c", folder(), &program).is_some() {
        runs(&program);
    }
}

/// A program that was linked against a card's toolkit asks for each library by its own name, and still gets one state.
#[test]
fn a_c_program_that_was_linked_against_a_toolkit() {
    let work = tempfile::tempdir().unwrap();
    for (lib, file) in [
        (Lib::AscendCl, "libascendcl.so"),
        (Lib::NnOpBase, "libnnopbase.so"),
        (Lib::OpApi, "libopapi.so"),
        (Lib::Hccl, "libhccl.so"),
    ] {
        let stub = work.path().join("stub.c");
        let functions: String =
            symbols().filter(|symbol| symbol.lib == lib).map(|symbol| format!("void {}(void) {{}}\n", symbol.name)).collect();
        std::fs::write(&stub, functions).unwrap();
        let mut command = Command::new("cc");
        command.args(["-shared", "-fPIC", "-w", &format!("-Wl,-soname,{file}"), "-o"]).arg(work.path().join(file)).arg(stub);
        let Some(output) = tool(&mut command) else { return };
        text_of(output);
    }
    let program = work.path().join("simulated");
    if compile("cc", &["-std=c11"], "c/simulated.c", work.path(), &program).is_some() {
        runs(&program);
    }
}

#[test]
fn the_headers_are_c11_and_cpp17() {
    let work = tempfile::tempdir().unwrap();
    for (compiler, language) in [("cc", ["-std=c11", "-xc"]), ("c++", ["-std=c++17", "-xc++"])] {
        let program = work.path().join("headers");
        if compile(compiler, &language, "c/headers.c", folder(), &program).is_some() {
            text_of(Command::new(&program).env("LD_LIBRARY_PATH", folder()).output().unwrap());
        }
    }
}

#[test]
fn a_python_program_loads_the_fronts() {
    if let Some(output) = tool(Command::new("python3").arg(source("simulated.py")).arg(folder())) {
        assert!(text_of(output).contains("negated: [-0.0, -1.0"));
    }
}

/// PyTorch on the simulated NPUs by way of torch_npu from PyPI: tested where the interpreter (`PYTHON`, python3) has both.
fn pytorch(program: &str, launcher: &[&str], devices: usize, wanted: &str) {
    let mut python = Command::new(std::env::var_os("PYTHON").unwrap_or("python3".into()));
    python.args(launcher).arg(source("pytorch").join(program)).env("CANN_SIM_DEVICES", devices.to_string());
    python.envs(["LD_LIBRARY_PATH", "ASCEND_HOME_PATH"].map(|name| (name, folder())));
    python.env("ASCEND_OPP_PATH", folder().join("opp"));
    let Some(output) = tool(&mut python) else { return };
    // A launcher that is not there is PyTorch that is not there.
    if !launcher.is_empty() && String::from_utf8_lossy(&output.stderr).contains("No module named 'torch'") {
        return println!("skipped: no PyTorch");
    }
    let said = text_of(output);
    println!("{said}");
    assert!(said.contains("skipped:") || said.matches(wanted).count() == devices, "{said}");
}

#[test]
fn pytorch_computes_and_trains() {
    pytorch("one_device.py", &[], 1, "all as on the CPU");
    pytorch("qwen3.py", &[], 1, "all as on the CPU");
}

#[test]
fn pytorch_communicates() {
    for ranks in ["2", "4"] {
        let launcher = ["-m", "torch.distributed.run", "--nproc-per-node", ranks, "--standalone"];
        pytorch("ranks.py", &launcher, ranks.parse().unwrap(), "all as it must be");
    }
}

/// Every row of every list is exported, and every front leads to the same function.
#[test]
fn every_symbol_is_in_every_front() {
    let open = |file: &str| {
        // SAFETY: the simulator has no initialisers.
        unsafe { libloading::os::unix::Library::new(folder().join(file)) }.unwrap()
    };
    let object = open("libcann_sim.so");
    for lib in symbols().map(|symbol| symbol.lib).collect::<HashSet<_>>() {
        for file in lib.file_names() {
            let front = open(file);
            for symbol in symbols() {
                let address = |library: &libloading::os::unix::Library| {
                    // SAFETY: only the address is taken.
                    unsafe { library.get::<*mut std::ffi::c_void>(symbol.c_name.to_bytes_with_nul()) }.ok().map(|s| s.into_raw())
                };
                let found = address(&object);
                assert!(found.is_some(), "{} is not exported: is its list missing in sim/so/src/lib.rs?", symbol.name);
                assert_eq!(address(&front), found, "{} in {file}", symbol.name);
            }
        }
    }
}

/// An operator that is not simulated is there by name and refuses by name; what is left out is not there.
#[test]
fn an_operator_that_is_not_simulated_refuses_by_name() {
    let work = tempfile::tempdir().unwrap();
    let (program, names) = (work.path().join("refused"), work.path().join("names"));
    if compile("cc", &["-std=c11"], "c/refused.c", folder(), &program).is_none() {
        return;
    }
    let refused: Vec<&str> = REFUSED.iter().map(|refused| refused.name).collect();
    for (names_of, mode) in [(&refused[..], "there"), (PROBED, "absent")] {
        std::fs::write(&names, names_of.join("\n")).unwrap();
        let mut command = Command::new(&program);
        command.arg(folder().join("libopapi.so")).arg(mode).stdin(std::fs::File::open(&names).unwrap());
        let said = text_of(command.env("LD_LIBRARY_PATH", folder()).output().unwrap());
        assert!(said.contains(&format!("{} names, 0 failures", names_of.len())), "{said}");
    }
}

/// The doubled values of a vector that went through a device of `cann`.
fn doubled(cann: &Cann) -> Vec<f32> {
    let stream = Device::open(cann, 0).unwrap().stream().unwrap();
    let values: Vec<f32> = (0..100).map(|i| i as f32).collect();
    let mut x = Tensor::from_slice(&stream, &[100], &values).unwrap();
    ops::mul_scalar_(&stream, &mut x, 2.0).unwrap();
    x.to_vec(&stream).unwrap()
}

#[test]
fn the_library_loads_the_folder_beside_the_simulator_that_it_links() {
    let loaded = Cann::load_from(folder()).unwrap();
    let linked = Cann::sim().unwrap();
    assert_eq!((loaded.flavor(), loaded.version()), (Flavor::Sim, linked.version()));
    assert_eq!(loaded.origin(), folder().display().to_string());
    let wanted: Vec<f32> = (0..100).map(|i| 2.0 * i as f32).collect();
    assert_eq!(doubled(&loaded), wanted);
    assert_eq!(doubled(&linked), wanted);
}

#[test]
fn what_is_asked_wrongly_is_refused_in_words() {
    let work = tempfile::tempdir().unwrap();
    let said = |output: Output| (output.status.code(), String::from_utf8(output.stderr).unwrap());
    std::fs::write(work.path().join("thesis.tex"), "").unwrap();
    let (code, text) = said(write(work.path()));
    assert!(code == Some(1) && text.contains("has files of its own (thesis.tex, say)"), "{text}");
    let (code, text) = said(write(work.path().join("thesis.tex")));
    assert!(code == Some(1) && text.contains("thesis.tex"), "{text}");
    let (code, text) = said(write("--frobnicate"));
    assert!(code == Some(2) && text.contains("\"--frobnicate\" is not known") && text.contains("usage:"), "{text}");
    let (code, text) = said(Command::new(env!("CARGO_BIN_EXE_cann-sim-so")).output().unwrap());
    assert!(code == Some(2) && text.contains("no folder is given"), "{text}");
    let help = Command::new(env!("CARGO_BIN_EXE_cann-sim-so")).arg("--help").output().unwrap();
    assert!(text_of(help).contains("usage: cargo run --release -p cann-sim-so -- DIR"));
}

/// Written twice, moved with its links, and sourced: still a toolkit.
#[test]
fn the_folder_can_be_renewed_moved_and_sourced() {
    let work = tempfile::tempdir().unwrap();
    let (first, moved) = (work.path().join("a folder"), work.path().join("moved"));
    for _ in 0..2 {
        let said = text_of(write(&first));
        assert!(said.contains("LD_LIBRARY_PATH") && said.contains("-lascendcl"), "{said}");
    }
    std::fs::rename(&first, &moved).unwrap();
    let script = format!(
        ". '{}/set_env.sh' && echo \"$ASCEND_TOOLKIT_HOME\" && ls \"$ASCEND_HOME_PATH/lib64/libhccl.so\" \
         && cd \"$ASCEND_OPP_PATH/../compiler/../runtime\"",
        moved.display()
    );
    if let Some(output) = tool(Command::new("bash").args(["-c", &script])) {
        assert!(text_of(output).starts_with(&moved.display().to_string()));
    }
    let environment = moved.canonicalize().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "in_a_child", "--nocapture"]).env("ASCEND_TOOLKIT_HOME", &environment).env("CHILD", "1");
    assert!(text_of(child.output().unwrap()).contains("child: Ok(Cann(sim 8."));
    child.env("ASCEND_RL_DEVICE", "npu");
    assert!(text_of(child.output().unwrap()).contains("libraries in"));
}

/// The body of the test above's children: what `Cann::load` finds in the environment.
#[test]
fn in_a_child() {
    if std::env::var_os("CHILD").is_some() {
        println!("child: {:?}", Cann::load());
    }
}
