//! What is compiled besides Rust, where there is something to compile it with, and what is compared with it. In a default build that
//! is the kernels, for the simulated NPU.

#[path = "ffi/build/atb.rs"]
mod atb;
#[cfg(feature = "bindgen")]
#[path = "ffi/build/headers.rs"]
mod headers;
#[path = "kernels/build.rs"]
mod kernels;

fn main() {
    #[cfg(feature = "bindgen")]
    headers::compare();
    atb::build();
    kernels::build();
}
