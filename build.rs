//! What is compiled besides Rust, where there is something to compile it against, and what is compared with it. Nothing in a
//! default build.

#[path = "ffi/build/atb.rs"]
mod atb;
#[cfg(feature = "bindgen")]
#[path = "ffi/build/headers.rs"]
mod headers;

fn main() {
    #[cfg(feature = "bindgen")]
    headers::compare();
    atb::build();
}
