//! Floor 0: where CANN's functions come from.
//!
//! [`Cann`] is a table of functions with a started runtime behind it: a CANN toolkit opened at run time, or the simulated
//! NPU. Everything above calls through the table and cannot tell which it is. This is the only place that knows the simulator.
//!
//! May use: [`ascend_rl_sys`], the dynamic loader. Must not: know of devices, streams or memory.
//!
//! # Not covered
//! A configuration file for `aclInit`; several toolkits at once on one card.

mod cann;
mod check;
#[cfg(any(test, miri))]
mod in_process;
mod search;
mod toolkit;

pub use cann::{Cann, Flavor};
pub(crate) use check::{check, failure, of_atb, recent_message};
