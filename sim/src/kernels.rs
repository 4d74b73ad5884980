//! What a Rust program sets and reads of kernels' checks. Programs of other languages have `CANN_SIM_CHECK`.

/// Whether kernels that are loaded from here on run with checks, whatever `CANN_SIM_CHECK` says. Binaries that are loaded already stay as
/// they are.
pub fn set_checks(on: bool) {
    crate::kernel::set_checks(on);
}
