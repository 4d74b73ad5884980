//! Both phases of the operators that refuse by name.
//!
//! Their arguments differ and are stated nowhere here: the functions declare none. That is sound in C's calling conventions on
//! x86-64 (System V) and AArch64 (AAPCS64): who calls puts arguments into registers and on its own stack and takes them off
//! again, so a function that reads none need not know how many there are; and all of them return a status, an `int` in a
//! register.

use std::ffi::c_int;

use ascend_rl_sys::opapi_refused_names;
use cann_sim::refuse_operator;

/// Exports two functions for each name.
macro_rules! refusals {
    ($( $source:literal: $($name:ident)*; )*) => { $($( const _: () = {
        #[unsafe(export_name = concat!(stringify!($name), "GetWorkspaceSize"))]
        extern "C" fn plan() -> c_int {
            refuse_operator(concat!(stringify!($name), "GetWorkspaceSize"))
        }
        #[unsafe(export_name = stringify!($name))]
        extern "C" fn run() -> c_int {
            refuse_operator(stringify!($name))
        }
    }; )*)* };
}
opapi_refused_names!(refusals);
