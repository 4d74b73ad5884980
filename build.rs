//! What is compiled besides Rust, where there is something to compile it against. Nothing in a default build.

#[path = "ffi/build/atb.rs"]
mod atb;

fn main() {
    atb::build();
}
