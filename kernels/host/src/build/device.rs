//! The image for the device: the vendor's compiler, where a CANN toolkit has it.
//!
//! The command is the one that both the toolkit's CMake files of 8.1 and the operator compiler of 9.x use for an object that is
//! loaded from memory: the source as device code only, for one kind of core. What differs is where headers and compiler lie. Not
//! covered: kernels of both kinds of cores (the vendor's CMake flow compiles them twice and merges the objects).

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::source::Declared;
use super::{Error, host};
use crate::abi::kernel_type;

/// What leads to a toolkit, in the order of trust.
pub(super) const VARIABLES: [&str; 2] = ["ASCEND_TOOLKIT_HOME", "ASCEND_HOME_PATH"];
const DEFAULT: &str = "/usr/local/Ascend/ascend-toolkit/latest";

/// A toolkit that can compile kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Toolkit {
    pub compiler: PathBuf,
    pub includes: Vec<PathBuf>,
}

/// The first toolkit with a compiler; headers alone are none.
pub(super) fn toolkit() -> Option<Toolkit> {
    let given = VARIABLES.iter().filter_map(env::var_os).map(PathBuf::from);
    given.chain([PathBuf::from(DEFAULT)]).find_map(|root| at(&root))
}

fn at(root: &Path) -> Option<Toolkit> {
    // `bin` since 8.5; the others as the CMake files of 8.1 look for them.
    let rooms = ["", "tools", "compiler", "ascendc_devkit"].map(|room| root.join(room));
    let compilers = rooms.iter().flat_map(|room| ["bin/bisheng", "ccec_compiler/bin/bisheng"].map(|path| room.join(path)));
    let compiler = compilers.into_iter().find(|path| path.is_file())?;
    // The devkit of 8.5 and later, or the folders of 8.1.
    let asc = root.join("asc");
    let includes: Vec<PathBuf> = if asc.join("include/kernel_operator.h").is_file() {
        vec![asc.join("include"), asc.join("include/basic_api"), asc.join("impl"), asc]
    } else {
        let tikcfw = rooms.iter().map(|room| room.join("tikcpp/tikcfw")).find(|path| path.join("kernel_operator.h").is_file())?;
        vec![tikcfw.join("interface"), tikcfw.join("impl"), tikcfw]
    };
    Some(Toolkit { compiler, includes })
}

/// The kind of core that all kernels of a source run on, as the compiler names it; none for mixed ones.
pub(super) fn core(kernels: &[Declared]) -> Option<&'static str> {
    let all = |kinds: &[u32]| kernels.iter().all(|kernel| kinds.contains(&kernel.kind));
    if all(&[kernel_type::AIV_ONLY, kernel_type::MIX_AIV_1_0]) {
        Some("dav-c220-vec")
    } else if all(&[kernel_type::AIC_ONLY, kernel_type::MIX_AIC_1_0]) {
        Some("dav-c220-cube")
    } else {
        None
    }
}

/// What is passed to the compiler. Barriers within a pipe are the kernel's own: `--cce-auto-sync` would add them on vector cores,
/// and what relies on that is broken in the twin too.
pub(super) fn arguments(
    toolkit: &Toolkit,
    core: &str,
    includes: &[PathBuf],
    defines: &[(String, String)],
    source: &Path,
    out: &Path,
) -> Vec<OsString> {
    let mut args: Vec<OsString> = ["-c", "-O3", "-std=c++17", "-x", "cce", "--cce-aicore-only"].map(Into::into).into();
    args.push(format!("--cce-aicore-arch={core}").into());
    for option in [
        "-cce-aicore-stack-size=0x8000",
        "-cce-aicore-function-stack-size=0x8000",
        "-cce-aicore-record-overflow=true",
        "-cce-aicore-addr-transform",
        "-cce-aicore-dcci-insert-for-scalar=false",
    ] {
        args.extend(["-mllvm".into(), option.into()]);
    }
    args.push("-DTILING_KEY_VAR=0".into());
    args.extend(defines.iter().map(|(name, value)| format!("-D{name}={value}").into()));
    for folder in toolkit.includes.iter().chain(includes) {
        args.extend(["-I".into(), folder.clone().into_os_string()]);
    }
    args.extend([source.into(), "-o".into(), out.into()]);
    args
}

/// Compiles. A refusal ends the build, and says how to go on without a device image.
pub(super) fn compile(toolkit: &Toolkit, args: &[OsString], out: &Path) -> Result<(), Error> {
    let mut command = Command::new(&toolkit.compiler);
    command.args(args);
    host::run(command).map_err(|error| match error {
        Error::Compiler { command, output } => Error::Compiler {
            command,
            output: format!(
                "{}\nfor the device, by the toolkit's compiler; ASCENDC_TWIN_DEVICE=0 builds without",
                output.trim_end()
            ),
        },
        other => other,
    })?;
    fs::metadata(out).map(|_| ()).map_err(|e| Error::io(out, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with empty files, as a toolkit has them.
    fn fake(name: &str, files: &[&str]) -> PathBuf {
        let root = env::temp_dir().join(format!("ascendc-twin-{}-{name}", std::process::id()));
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        root
    }

    #[test]
    fn a_toolkit_is_found_as_8_1_and_as_later_ones_lay_it_out() {
        let old = fake("old", &["compiler/ccec_compiler/bin/bisheng", "compiler/tikcpp/tikcfw/kernel_operator.h"]);
        let found = at(&old).unwrap();
        assert_eq!(found.compiler, old.join("compiler/ccec_compiler/bin/bisheng"));
        assert!(found.includes.contains(&old.join("compiler/tikcpp/tikcfw/interface")), "{found:?}");

        let new = fake("new", &["bin/bisheng", "asc/include/kernel_operator.h"]);
        let found = at(&new).unwrap();
        assert_eq!(found.compiler, new.join("bin/bisheng"));
        assert_eq!(found.includes[0], new.join("asc/include"));

        let headers = fake("headers", &["asc/include/kernel_operator.h"]);
        assert_eq!(at(&headers), None);
        for folder in [old, new, headers] {
            fs::remove_dir_all(folder).unwrap();
        }
    }

    #[test]
    fn one_kind_of_core_for_a_source() {
        let kernel = |kind| Declared { name: "k".to_owned(), kind, schedule_mode: 0, params: vec![] };
        assert_eq!(core(&[kernel(kernel_type::AIV_ONLY), kernel(kernel_type::MIX_AIV_1_0)]), Some("dav-c220-vec"));
        assert_eq!(core(&[kernel(kernel_type::AIC_ONLY)]), Some("dav-c220-cube"));
        assert_eq!(core(&[kernel(kernel_type::AIC_ONLY), kernel(kernel_type::AIV_ONLY)]), None);
        assert_eq!(core(&[kernel(kernel_type::MIX_AIC_1_2)]), None);
    }

    #[test]
    fn the_command_is_for_the_device_only() {
        let toolkit = Toolkit { compiler: "bisheng".into(), includes: vec!["/tk/asc/include".into()] };
        let args = arguments(&toolkit, "dav-c220-vec", &[], &[("N".into(), "1".into())], Path::new("k.cpp"), Path::new("k.o"));
        for expected in ["--cce-aicore-only", "--cce-aicore-arch=dav-c220-vec", "-DN=1", "/tk/asc/include", "k.cpp", "k.o"] {
            assert!(args.contains(&expected.into()), "{expected}: {args:?}");
        }
    }
}
