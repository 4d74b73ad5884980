//! A crate outside of this workspace builds, launches and trusts a kernel of its own, by the means that ours are built with.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The crate as a user has it: elsewhere, with paths to ours. Its lock file begins as ours, so that no version is looked for.
fn copy_of_the_crate(to: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (from, crate_dir) = (root.join("tests/kernel_crate"), to.join("scaled_add"));
    for file in ["build.rs", "src/main.rs", "kernels/scaled_add/kernel.cpp"] {
        let to = crate_dir.join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let text = fs::read(from.join(file)).unwrap();
        // What has not changed is not written: cargo compares times.
        if fs::read(&to).ok().as_ref() != Some(&text) {
            fs::write(&to, text).unwrap();
        }
    }
    let manifest = fs::read_to_string(from.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("\"../..\"") && manifest.contains("\"../../kernels/host\""));
    let manifest = manifest
        .replace("\"../..\"", &format!("{:?}", root))
        .replace("\"../../kernels/host\"", &format!("{:?}", root.join("kernels/host")));
    // Apart from any workspace that the folder lies in.
    fs::write(crate_dir.join("Cargo.toml"), manifest + "\n[workspace]\n").unwrap();
    fs::copy(root.join("Cargo.lock"), crate_dir.join("Cargo.lock")).unwrap();
    crate_dir
}

#[test]
fn a_users_crate_builds_and_launches_its_own_kernel() {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let crate_dir = copy_of_the_crate(place);
    // Its own target folder, which stays: only the first run builds all.
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["run", "--offline", "--quiet"]).current_dir(&crate_dir);
    cargo.env("CARGO_TARGET_DIR", place.join("scaled_add-target")).env("ASCEND_RL_DEVICE", "sim").env_remove("RUSTFLAGS");
    let output = cargo.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert_eq!(out.lines().filter(|line| line.ends_with("values agree")).count(), 6, "{out}{err}");
}
