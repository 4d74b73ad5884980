//! `cargo run -p ascend-rl-abi`: writes what follows from the lists of symbols, `ffi/include` and `ffi/COVERAGE.md`.

use std::process::ExitCode;

use ascend_rl_abi::files;

fn main() -> ExitCode {
    if std::env::args_os().len() > 1 {
        eprintln!(
            "usage: {}\nWrites ffi/include and ffi/COVERAGE.md from the lists of symbols in ffi/sys. Takes no arguments.",
            files::COMMAND
        );
        return ExitCode::from(2);
    }
    match files::write(&files::workspace()) {
        Ok(changed) if changed.is_empty() => println!("all in step"),
        Ok(changed) => changed.iter().for_each(|path| println!("{}", path.display())),
        Err(why) => {
            eprintln!("error: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
