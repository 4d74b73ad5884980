//! The helper: what it writes, when it compiles, and what it says. A build script's environment is given to a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use ascendc_twin::build::Kernel;
use ascendc_twin::container::{self, Isa};

const SOURCE: &str = r#"#include "kernel_operator.h"
#include "more.h"
extern "C" __global__ __aicore__ void nothing(GM_ADDR x, uint32_t n) { KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY); ABOUT }
"#;

/// An empty folder with a kernel in it.
fn room(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("helper").join(name);
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("plain.cpp"), SOURCE).unwrap();
    fs::write(folder.join("more.h"), "#define ABOUT (void)x; (void)n;\n").unwrap();
    folder
}

/// As a build script of a crate at `folder` would run.
fn script(folder: &Path, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "build::as_a_build_script", "--ignored", "--nocapture"]);
    for variable in ["CXX", "CXXFLAGS", "ASCEND_TOOLKIT_HOME", "ASCEND_HOME_PATH", "ASCENDC_TWIN_DEVICE", "PROFILE"] {
        command.env_remove(variable);
    }
    command.env("CARGO_MANIFEST_DIR", folder).env("OUT_DIR", folder).envs(variables.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Not a test: what `script` runs.
#[test]
#[ignore = "a build script's body"]
fn as_a_build_script() {
    if env::var_os("OUT_DIR").is_some() {
        Kernel::new("plain.cpp").build();
        Kernel::new("plain.cpp").name("second").build();
    }
}

fn variants(folder: &Path) -> Vec<(Isa, bool)> {
    let bytes = fs::read(folder.join("plain-twin/image.bin")).unwrap();
    container::read(&bytes).unwrap().iter().map(|variant| (variant.isa, variant.checked)).collect()
}

#[test]
fn a_debug_build_makes_what_this_machine_runs_and_a_release_build_all() {
    let folder = room("variants");
    let output = script(&folder, &[]);
    assert!(output.status.success(), "{}", said(&output));
    let best = Isa::ALL.iter().copied().rfind(|isa| isa.runs_here()).unwrap();
    assert_eq!(variants(&folder), [(Isa::Base, true), (best, false)]);
    assert!(!said(&output).contains("cargo:warning"), "nothing to warn of: {}", said(&output));

    let output = script(&folder, &[("PROFILE", "release")]);
    assert!(output.status.success(), "{}", said(&output));
    let all: Vec<(Isa, bool)> = [(Isa::Base, true)].into_iter().chain(Isa::ALL.iter().map(|&isa| (isa, false))).collect();
    assert_eq!(variants(&folder), all);

    let constant = fs::read_to_string(folder.join("plain.rs")).unwrap();
    assert!(constant.contains("pub static PLAIN: ::ascendc_twin::Image"), "{constant}");
    assert!(constant.contains("device: None") && constant.contains("plain-twin/image.bin"), "{constant}");
    assert!(constant.contains(r#"Param { name: "n", size: Some(4) }"#), "{constant}");
}

/// Each file that counts is named to cargo, and what is unchanged is not compiled again.
#[test]
fn only_what_has_changed_is_compiled_again() {
    let folder = room("again");
    let output = script(&folder, &[]);
    for file in ["plain.cpp", "more.h", "kernel_operator.h", "twin/tpipe.h"] {
        assert!(said(&output).lines().any(|line| line.starts_with("cargo:rerun-if-changed=") && line.ends_with(file)), "{file}");
    }
    let image = folder.join("plain-twin/image.bin");
    let first = fs::metadata(&image).unwrap().modified().unwrap();
    assert!(script(&folder, &[]).status.success());
    assert_eq!(fs::metadata(&image).unwrap().modified().unwrap(), first);
    fs::write(folder.join("more.h"), "#define ABOUT x[0] = n;\n").unwrap();
    assert!(script(&folder, &[]).status.success());
    assert_ne!(fs::metadata(&image).unwrap().modified().unwrap(), first);
}

/// A compiler that knows no instruction set but the plainest: what it makes is fast all the same.
#[test]
fn an_old_compiler_makes_the_plainest_image() {
    use std::os::unix::fs::PermissionsExt;
    let folder = room("old");
    let compiler = folder.join("old-c++");
    let body =
        "#!/bin/sh\ncase \"$*\" in *-march=*) echo \"bad value for '-march=' switch\" >&2; exit 1;; esac\nexec c++ \"$@\"\n";
    fs::write(&compiler, body).unwrap();
    fs::set_permissions(&compiler, fs::Permissions::from_mode(0o755)).unwrap();
    let compiler = compiler.display().to_string();
    for profile in ["debug", "release"] {
        let output = script(&folder, &[("CXX", &compiler), ("PROFILE", profile)]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(variants(&folder), [(Isa::Base, true), (Isa::Base, false)], "{profile}");
    }
}

#[test]
fn without_a_compiler_one_line_says_so() {
    let folder = room("compiler");
    let output = script(&folder, &[("CXX", "/no/such/compiler")]);
    assert!(output.status.success(), "{}", said(&output));
    let said = said(&output);
    let warnings: Vec<&str> = said.lines().filter(|line| line.starts_with("cargo:warning")).collect();
    assert_eq!(
        warnings,
        [
            "cargo:warning=no C++ compiler: /no/such/compiler does not run, so that kernels cannot be launched on the simulated NPU; \
          install g++ or clang++, or set CXX"
        ]
    );
    assert!(fs::read_to_string(folder.join("plain.rs")).unwrap().contains("twin: None"));
}

#[test]
fn what_the_compiler_refuses_is_shown() {
    let folder = room("refused");
    fs::write(folder.join("more.h"), "#define ABOUT no_such_function(x);\n").unwrap();
    let output = script(&folder, &[]);
    assert!(!output.status.success());
    let said = said(&output);
    assert!(said.lines().any(|line| line.starts_with("cargo:warning") && line.contains("no_such_function")), "{said}");
}

#[test]
fn a_source_must_say_what_its_kernels_are() {
    let folder = room("source");
    fs::write(folder.join("plain.cpp"), "extern \"C\" __global__ __aicore__ void k(GM_ADDR x) {}").unwrap();
    let output = script(&folder, &[]);
    assert!(!output.status.success());
    assert!(said(&output).contains("`k` does not say which cores it runs on: KERNEL_TASK_TYPE_DEFAULT"), "{}", said(&output));
    fs::write(folder.join("plain.cpp"), "void k() {}").unwrap();
    assert!(said(&script(&folder, &[])).contains("no `__global__ __aicore__ void NAME(...) {` in it"));
}

/// A stand-in for the vendor's compiler, which writes down how it was called.
#[test]
fn a_toolkit_makes_the_device_image() {
    use std::os::unix::fs::PermissionsExt;
    let folder = room("toolkit");
    let toolkit = folder.join("cann");
    fs::create_dir_all(toolkit.join("compiler/ccec_compiler/bin")).unwrap();
    fs::create_dir_all(toolkit.join("compiler/tikcpp/tikcfw")).unwrap();
    fs::write(toolkit.join("compiler/tikcpp/tikcfw/kernel_operator.h"), "").unwrap();
    let compiler = toolkit.join("compiler/ccec_compiler/bin/bisheng");
    let body = "#!/bin/sh\necho run >> \"$(dirname \"$0\")/runs\"\nfor last; do :; done\necho \"$@\" > \"$last\"\n";
    fs::write(&compiler, body).unwrap();
    fs::set_permissions(&compiler, fs::Permissions::from_mode(0o755)).unwrap();
    let home = toolkit.display().to_string();

    let output = script(&folder, &[("ASCEND_TOOLKIT_HOME", &home)]);
    assert!(output.status.success(), "{}", said(&output));
    let called = fs::read_to_string(folder.join("plain-device.o")).unwrap();
    assert!(called.contains("--cce-aicore-arch=dav-c220-vec") && called.contains("plain.cpp"), "{called}");
    assert!(!called.contains(ascendc_twin::INCLUDE), "the twin's headers are not the vendor's: {called}");
    assert!(fs::read_to_string(folder.join("plain.rs")).unwrap().contains("device: Some(include_bytes!("));
    // Both names of the source, and no more for a second build.
    assert!(script(&folder, &[("ASCEND_TOOLKIT_HOME", &home)]).status.success());
    assert_eq!(fs::read_to_string(compiler.with_file_name("runs")).unwrap().lines().count(), 2);

    fs::write(&compiler, "#!/bin/sh\necho 'this one refuses' >&2\nexit 1\n").unwrap();
    fs::remove_file(folder.join("plain-device.o")).unwrap();
    let output = script(&folder, &[("ASCEND_TOOLKIT_HOME", &home)]);
    assert!(!output.status.success());
    assert!(said(&output).contains("this one refuses") && said(&output).contains("ASCENDC_TWIN_DEVICE=0"), "{}", said(&output));
    let output = script(&folder, &[("ASCEND_TOOLKIT_HOME", &home), ("ASCENDC_TWIN_DEVICE", "0")]);
    assert!(output.status.success(), "{}", said(&output));
}

/// Nothing but its one symbol leaves a shared object, so that images do not meet.
#[test]
fn an_image_exports_one_symbol() {
    let folder = room("symbols");
    assert!(script(&folder, &[]).status.success());
    let object = fs::read_dir(folder.join("plain-twin"))
        .unwrap()
        .flatten()
        .find(|entry| entry.path().extension().is_some_and(|e| e == "so"));
    let Ok(output) = Command::new("nm").args(["-D", "--defined-only"]).arg(object.unwrap().path()).output() else { return };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert_eq!(names, ["ascendc_twin_image"]);
}
