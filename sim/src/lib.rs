//! `cann-sim`: a simulated Ascend NPU. CANN's C interface, on the CPU.
//!
//! What is behind CANN's table of function pointers here: devices with memory limits, ordered asynchronous streams, events,
//! copies, and the aclnn operators. It is fast (operators are blocked, vectorised and parallel), since it is what everyone
//! without a card runs, and it is strict: it answers misuse with CANN's own codes, and what it does not support it
//! **rejects** by name, never ignores.
//!
//! The crate knows nothing of the library above. It exports no C symbols: a separate cdylib does that.
#![allow(non_snake_case, dead_code)]

pub(crate) mod nn;
pub(crate) mod ops;
pub(crate) mod parallel;
pub(crate) mod registry;
pub(crate) mod reject;
