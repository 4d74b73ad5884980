//! Writes the folder: the object, its fronts, the headers, and what a shell sources.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use ascend_rl_sys::symbols;

/// The one object, which holds the one state of the simulator.
const OBJECT: &str = "libcann_sim.so";

/// Libraries of CANN that programs name when they are linked and whose functions, as far as there are any here, are in the others.
const ALSO_LINKED: [&str; 8] = [
    "libopapi_cv.so",
    "libacl_op_compiler.so",
    "libruntime.so",
    "libge_runner.so",
    "libgraph.so",
    "libacl_rt_impl.so",
    "libascend_dump.so",
    "libc_sec.so",
];

/// Parts of a toolkit that programs only look for, to tell that they are installed: torch_npu does. They are empty.
const PARTS: [&str; 3] = ["runtime", "compiler", "opp"];

/// Writes `dir` from the built object and the folder of headers. The result is the folder's full path.
pub fn write(dir: &Path, object: &Path, headers: &Path) -> Result<PathBuf, String> {
    let taken = |e: io::Error| format!("{}: {e}", dir.display());
    refuse_foreign(dir)?;
    fs::create_dir_all(dir).map_err(taken)?;
    let dir = dir.canonicalize().map_err(taken)?;
    let failed = |what: &Path, e: io::Error| format!("{} cannot be written: {e}", what.display());

    // Beside its place first: a program that has the old object open keeps it.
    let (new, place) = (dir.join("libcann_sim.so.new"), dir.join(OBJECT));
    fs::copy(object, &new).map_err(|e| failed(&new, e))?;
    fs::rename(&new, &place).map_err(|e| failed(&place, e))?;
    // Links to one file, not copies: the loader knows by device and inode that it has the object already, whatever name asks.
    for front in fronts() {
        link(OBJECT, &dir.join(front)).map_err(|e| failed(&dir.join(front), e))?;
    }
    link(".", &dir.join("lib64")).map_err(|e| failed(&dir.join("lib64"), e))?;

    for part in PARTS {
        fs::create_dir_all(dir.join(part)).map_err(|e| failed(&dir.join(part), e))?;
    }

    let include = dir.join("include");
    if include.exists() {
        fs::remove_dir_all(&include).map_err(|e| failed(&include, e))?;
    }
    copy_tree(headers, &include).map_err(|e| format!("the headers in {} cannot be copied: {e}", headers.display()))?;
    let face = headers.with_file_name("atb_shim.h");
    fs::copy(&face, include.join("atb_shim.h")).map_err(|e| format!("{} cannot be copied: {e}", face.display()))?;
    let script = dir.join("set_env.sh");
    fs::write(&script, set_env(&dir)).map_err(|e| failed(&script, e))?;
    Ok(dir)
}

/// All names of CANN's libraries, those of the lists first.
fn fronts() -> BTreeSet<&'static str> {
    symbols().flat_map(|symbol| symbol.lib.file_names()).copied().chain(ALSO_LINKED).collect()
}

/// A folder with files of somebody else is not ours to fill.
fn refuse_foreign(dir: &Path) -> Result<(), String> {
    let entries = match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(format!("{}: {e}", dir.display())),
        Ok(entries) => entries,
    };
    if dir.join(OBJECT).exists() {
        return Ok(());
    }
    match entries.flatten().next() {
        None => Ok(()),
        Some(entry) => Err(format!(
            "{} has files of its own ({}, say); name a new or empty folder, or one that this program wrote",
            dir.display(),
            entry.file_name().to_string_lossy()
        )),
    }
}

fn link(to: &str, at: &Path) -> io::Result<()> {
    match fs::remove_file(at) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    symlink(to, at)
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// What a toolkit's script of this name sets. A shell that cannot tell where the script is takes where it was written.
fn set_env(dir: &Path) -> String {
    let quoted = dir.display().to_string().replace('\'', "'\\''");
    format!(
        "# Source this: the simulated NPU in the place of a CANN toolkit.
_cann_sim='{quoted}'
if [ -n \"${{BASH_SOURCE:-}}\" ]; then
    _cann_sim=\"$(cd \"$(dirname \"$BASH_SOURCE\")\" && pwd)\"
fi
export ASCEND_TOOLKIT_HOME=\"$_cann_sim\"
export ASCEND_HOME_PATH=\"$_cann_sim\"
export ASCEND_OPP_PATH=\"$_cann_sim/opp\"
export LD_LIBRARY_PATH=\"$_cann_sim${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\"
unset _cann_sim
"
    )
}
