//! `libcann_sim.so`: the functions of CANN by their C names, answered by the simulated NPU.
//!
//! One object holds the one state of the simulator; CANN's own library names lead to it (see the program of this crate). The functions
//! come from the lists of `ascend-rl-sys`, as everything else does. They are here and not in `cann-sim`, so that a Rust program that
//! links the simulator does not export them.
#![allow(non_snake_case)]

mod log;
mod refused;
mod securec;

use std::ffi::{c_char, c_int, c_void};
use std::sync::LazyLock;

use ascend_rl_sys::types::*;
use ascend_rl_sys::{
    Api, acl_symbols, atb_symbols, graph_symbols, hccl_symbols, kernel_symbols, nnopbase_symbols, op_symbols, opapi_host_symbols,
    opapi_images_symbols, opapi_others_symbols, opapi_symbols, prof_symbols, queue_symbols, tdt_symbols,
};

static API: LazyLock<Api> = LazyLock::new(cann_sim::api);

/// Says to whoever loads a folder of libraries that the simulator is behind them, not a card.
#[unsafe(no_mangle)]
pub static CANN_SIM: u32 = 1;

/// Exports a function for each row.
macro_rules! exports {
    (Acl, $($rest:tt)*) => { exports! { @table acl, $($rest)* } };
    (NnOpBase, $($rest:tt)*) => { exports! { @table nn, $($rest)* } };
    (OpApiHost, $($rest:tt)*) => { exports! { @table ops_host, $($rest)* } };
    (Hccl, $($rest:tt)*) => { exports! { @table hccl, $($rest)* } };
    (Atb, $($rest:tt)*) => { exports! { @table atb, $($rest)* } };
    (Prof, $($rest:tt)*) => { exports! { @table prof, $($rest)* } };
    (AclGraph, $($rest:tt)*) => { exports! { @table graph, $($rest)* } };
    (AclKernel, $($rest:tt)*) => { exports! { @table kernel, $($rest)* } };
    (AclOp, $($rest:tt)*) => { exports! { @table single, $($rest)* } };
    (Tdt, $($rest:tt)*) => { exports! { @table tdt, $($rest)* } };
    (TdtQueue, $($rest:tt)*) => { exports! { @table queue, $($rest)* } };
    (@table $table:ident, $lib:expr; $( $(#[$doc:meta])* [$need:ident $since:literal]
        fn $name:ident ( $($arg:ident : $ty:ty),* $(,)? ) -> $ret:ty; )*) => { $(
        $(#[$doc])*
        ///
        /// # Safety
        /// C's: pointers are null or valid for what the function reads and writes there.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $ty),*) -> $ret {
            // SAFETY: the caller's promise.
            unsafe { exports!(@there $need API.$table.$name)($($arg),*) }
        }
    )* };
    (@there required $slot:expr) => { $slot };
    (@there optional $slot:expr) => { $slot.expect("the simulator answers every row") };
}
acl_symbols!(exports);
nnopbase_symbols!(exports);
opapi_host_symbols!(exports);
hccl_symbols!(exports);
atb_symbols!(exports);
prof_symbols!(exports);
graph_symbols!(exports);
kernel_symbols!(exports);
op_symbols!(exports);
tdt_symbols!(exports);
queue_symbols!(exports);

/// The same for operators, whose rows have two functions.
macro_rules! operator_exports {
    (OpApi, $($rest:tt)*) => { operator_exports! { @table ops, $($rest)* } };
    (OpApiImages, $($rest:tt)*) => { operator_exports! { @table ops_images, $($rest)* } };
    (OpApiOthers, $($rest:tt)*) => { operator_exports! { @table ops_others, $($rest)* } };
    (@table $table:ident, $lib:expr; $( $(#[$doc:meta])* [$since:literal]
        op $name:ident, $plan:ident ( $($arg:ident : $ty:ty),* $(,)? ); )*) => { $(
        $(#[$doc])*
        ///
        /// # Safety
        /// C's: pointers are null or valid for what the function reads and writes there.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $plan($($arg: $ty,)* workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> aclnnStatus {
            // SAFETY: the caller's promise.
            unsafe { (API.$table.$name.expect("the simulator answers every row").plan)($($arg,)* workspace_size, executor) }
        }

        /// Phase two.
        ///
        /// # Safety
        /// As phase one.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            workspace: *mut c_void, workspace_size: u64, executor: *mut aclOpExecutor, stream: aclrtStream,
        ) -> aclnnStatus {
            // SAFETY: the caller's promise.
            unsafe { (API.$table.$name.expect("the simulator answers every row").run)(workspace, workspace_size, executor, stream) }
        }
    )* };
}
opapi_symbols!(operator_exports);
opapi_others_symbols!(operator_exports);
opapi_images_symbols!(operator_exports);
