//! Names the shared object, so that programs linked through any of its fronts ask for the one object.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libcann_sim.so");
}
