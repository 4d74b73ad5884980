//! Checks of kernels, for Rust programs: whether they are on, what they found, and what launches moved. Programs of other languages have
//! `CANN_SIM_CHECK`.
//!
//! A binary that is loaded while checks are on runs with the checks of its twin. What breaks a rule fails the stream, as an exception of
//! a core does on a card, and the text that `aclGetRecentErrMsg` gives then names the kernel, the block, the call and the rule. Here the
//! same is found as values.

pub use crate::kernel::{Alignment, CheckedLaunch as Launch, Finding, Runs, Traffic, Transfers};

/// Whether kernels that are loaded from here on run with checks, whatever `CANN_SIM_CHECK` says. Binaries that are loaded already stay as
/// they are.
pub fn set_checks(on: bool) {
    crate::kernel::set_checks(on);
}

/// The launches with checks on a device (as the program counts them) that have ended since this was last asked, the first one first; of
/// all devices, the last 1024 are kept. Synchronise the stream before.
pub fn take_launches(device: u32) -> Vec<Launch> {
    crate::kernel::take_launches(device)
}
