//! Compares our declarations with the headers of the toolkit in the environment; the build fails where they differ.

use ascend_rl_abi::toolkit::{HOME_VARIABLES, check};

pub fn compare() {
    for name in HOME_VARIABLES {
        println!("cargo::rerun-if-env-changed={name}");
        if let Some(root) = std::env::var_os(name) {
            println!("cargo::rerun-if-changed={}", std::path::Path::new(&root).join("include").display());
        }
    }
    let (report, toolkit) = match check(|name| std::env::var_os(name)) {
        Ok(found) => found,
        Err(why) => {
            println!("cargo::error={why}");
            std::process::exit(1);
        }
    };
    print!("{}", report.text());
    println!("cargo::warning={}", report.summary(&toolkit));
    for difference in &report.differences {
        println!("cargo::error={difference}");
    }
    if !report.differences.is_empty() {
        std::process::exit(1);
    }
}
