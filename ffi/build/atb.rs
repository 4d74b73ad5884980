//! Compiles ATB's C face, `ffi/atb_shim.cpp`, into a shared object that the library carries, where ATB is installed.
//!
//! ATB is C++, so the face is compiled for the C++ ABI of the installation in use: `ATB_HOME_PATH` ends in `cxx_abi_0` or
//! `cxx_abi_1`, as `set_env.sh` of the package "nnal" chose it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Where ATB is.
const HOME: &str = "ATB_HOME_PATH";
/// Where the toolkit is, whose headers ATB's include. The first that is set.
const TOOLKIT: [&str; 2] = ["ASCEND_TOOLKIT_HOME", "ASCEND_HOME_PATH"];

/// Builds it where `ATB_HOME_PATH` is set; else does nothing.
pub fn build() {
    println!("cargo:rustc-check-cfg=cfg(atb_shim)");
    for variable in [&TOOLKIT[..], &[HOME]].concat() {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    for file in ["ffi/atb_shim.cpp", "ffi/atb_shim.h", "ffi/build/atb.rs"] {
        println!("cargo:rerun-if-changed={file}");
    }
    let Some(home) = env::var_os(HOME).filter(|home| !home.is_empty()).map(PathBuf::from) else { return };
    if let Err(why) = face(&home) {
        panic!("ATB's C face cannot be built: {why}");
    }
}

fn face(home: &Path) -> Result<(), String> {
    let header = home.join("include/atb/atb_infer.h");
    if !header.is_file() {
        return Err(format!(
            "{HOME} is {}, but there is no {}; source the set_env.sh of the package nnal, or unset {HOME}",
            home.display(),
            header.display()
        ));
    }
    let toolkit = TOOLKIT.iter().find_map(env::var_os).map(PathBuf::from);
    let toolkit = toolkit.ok_or_else(|| format!("{HOME} is set and {} is not; source the toolkit's set_env.sh", TOOLKIT[0]))?;
    let old_abi = home.file_name().is_some_and(|name| name == "cxx_abi_0");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets no OUT_DIR")?).join("libascend_rl_atb.so");
    let library = home.join("lib/libatb.so").is_file();
    let compiler = cc::Build::new().cpp(true).cargo_warnings(false).try_get_compiler().map_err(|e| e.to_string())?;
    let mut command: Command = compiler.to_command();
    command.args(["-std=c++17", "-O2", "-fPIC", "-Wall", "-Wextra"]);
    command.arg(format!("-D_GLIBCXX_USE_CXX11_ABI={}", u8::from(!old_abi)));
    command.args(["-isystem".into(), home.join("include"), "-isystem".into(), toolkit.join("include")]);
    command.args(["-I", "ffi", "ffi/atb_shim.cpp", "-o"]).arg(&out);
    if library {
        let lib = home.join("lib");
        command.args(["-shared".into(), format!("-L{}", lib.display()), "-latb".into(), format!("-Wl,-rpath,{}", lib.display())]);
    } else {
        command.arg("-c");
    }
    let done = command.output().map_err(|error| format!("{}: {error}", compiler.path().display()))?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned());
    }
    if library {
        println!("cargo:rustc-cfg=atb_shim");
    } else {
        // Symbols that nothing resolves would end the program at the first call.
        fs::remove_file(&out).map_err(|error| error.to_string())?;
        println!(
            "cargo:warning=ATB's headers are in {}, its library is not: the C face compiles and is left out",
            home.display()
        );
    }
    Ok(())
}
