//! `cargo run --release -p cann-sim-so -- DIR`: the simulated NPU as a folder that looks like a CANN toolkit.

mod folder;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
Writes the simulated NPU as shared libraries with CANN's own names, so that a program in C, C++ or Python that was written
for CANN runs on the CPU as it is.

usage: cargo run --release -p cann-sim-so -- DIR

DIR is new, empty, or a folder that this program wrote before. It gets:
  libascendcl.so, libnnopbase.so, libopapi.so, libhccl.so ...   fronts of one object, libcann_sim.so
  include/                                                      C headers of what these libraries have
  set_env.sh                                                    to source, as a toolkit's own
  lib64                                                         leads to DIR itself, as programs look for a toolkit's
  runtime/, compiler/, opp/                                     empty: programs look whether they are there
Copy the folder with `cp -a`, not `cp -rL`: a front that became a copy of the object would be a second simulator.
";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let dir = match &arguments[..] {
        [word] if word == "--help" || word == "-h" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [dir] if !dir.to_string_lossy().starts_with('-') && !dir.is_empty() => Path::new(dir),
        [] => return refuse("no folder is given"),
        [word] => return refuse(&format!("{:?} is not known", word.to_string_lossy())),
        _ => return refuse("one folder is taken"),
    };
    let object = match object() {
        Ok(object) => object,
        Err(why) => return fail(&why),
    };
    // The workspace that this program was built in.
    let headers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ffi/include");
    match folder::write(dir, &object, &headers) {
        Ok(dir) => {
            print!("{}", how_to_use(&dir));
            ExitCode::SUCCESS
        }
        Err(why) => fail(&why),
    }
}

fn refuse(why: &str) -> ExitCode {
    eprintln!("error: {why}\n\n{USAGE}");
    ExitCode::from(2)
}

fn fail(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    ExitCode::FAILURE
}

/// The shared object, which cargo builds together with this program.
fn object() -> Result<PathBuf, String> {
    const NAME: &str = "libcann_sim_so.so";
    let program = std::env::current_exe().map_err(|e| format!("this program's own folder is unknown: {e}"))?;
    let folder = program.parent().unwrap_or(Path::new("."));
    // Cargo puts what a program needs into `deps`; beside the program is where a library lands that was built by itself.
    let places = [folder.join("deps").join(NAME), folder.join(NAME)];
    let found = places.iter().find(|place| place.exists()).cloned();
    found.ok_or_else(|| {
        let places = places.map(|place| place.display().to_string()).join(" nor ");
        format!("the shared object is neither {places}: run this program with cargo, which builds both")
    })
}

fn how_to_use(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        "{dir} is ready. Compile against it, and run:
  cc program.c -I'{dir}/include' -L'{dir}' -lascendcl -lnnopbase -lopapi -lhccl -o program
  LD_LIBRARY_PATH='{dir}' ./program
Or `source '{dir}/set_env.sh'`, as with a toolkit. Python: ctypes.CDLL('{dir}/libascendcl.so').
"
    )
}
