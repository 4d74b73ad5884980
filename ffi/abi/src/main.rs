//! `cargo run -p ascend-rl-abi`: writes what follows from the lists of symbols, `ffi/include` and `ffi/COVERAGE.md`.
//! With the feature `bindgen`, `-- compare` shows all that the comparison with a toolkit's headers finds.

use std::process::ExitCode;

use ascend_rl_abi::files;

const USAGE: &str = "\
Writes ffi/include and ffi/COVERAGE.md from the lists of symbols in ffi/sys.

usage: cargo run -p ascend-rl-abi
       cargo run -p ascend-rl-abi --features bindgen -- compare

compare: with the headers of the toolkit at ASCEND_TOOLKIT_HOME, a line for each place where ours and theirs differ.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => write(),
        ["compare"] => compare(),
        ["--help" | "-h"] => {
            print!("{USAGE}");
            Ok(true)
        }
        _ => {
            eprint!("error: unknown arguments\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<bool, String> {
    let changed = files::write(&files::workspace())?;
    for path in &changed {
        println!("{}", path.display());
    }
    println!("{} files written", changed.len());
    Ok(true)
}

#[cfg(feature = "bindgen")]
fn compare() -> Result<bool, String> {
    let (report, toolkit) = ascend_rl_abi::toolkit::check(|name| std::env::var_os(name))?;
    print!("{}", report.text());
    println!("{}", report.summary(&toolkit));
    Ok(report.differences.is_empty())
}

#[cfg(not(feature = "bindgen"))]
fn compare() -> Result<bool, String> {
    Err("this was built without the feature `bindgen`: cargo run -p ascend-rl-abi --features bindgen -- compare".into())
}
