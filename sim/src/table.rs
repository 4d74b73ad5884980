//! The simulator's table: one `extern "C"` function for each row of the lists in `ascend-rl-sys`.
//!
//! A row's body is the function of the same name in [`crate::acl`], [`crate::nn`], [`crate::ops`], [`crate::hccl`],
//! [`crate::atb`] or [`crate::prof`]; a row without a body does not compile. Phase two of all operators has one body,
//! [`crate::nn::run`].

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;
use ascend_rl_sys::{
    Acl, AclGraph, AclKernel, AclOp, Api, Atb, Hccl, NnOpBase, Op, OpApi, OpApiHost, OpApiImages, OpApiOthers, Prof, Tdt,
    TdtQueue, acl_symbols, atb_symbols, graph_symbols, hccl_symbols, kernel_symbols, nnopbase_symbols, op_symbols,
    opapi_host_symbols, opapi_images_symbols, opapi_others_symbols, opapi_symbols, prof_symbols, queue_symbols, tdt_symbols,
};

use crate::boundary::call;
use crate::nn::Plan;

/// Makes `fn $table() -> Table`, a struct literal with a wrapper for each row.
macro_rules! functions {
    (Acl, $($rest:tt)*) => { functions! { @table acl, Acl, crate::acl, ACL_ERROR_INTERNAL_ERROR, $($rest)* } };
    (NnOpBase, $($rest:tt)*) => { functions! { @table nn, NnOpBase, crate::nn, ACLNN_ERR_INNER, $($rest)* } };
    (OpApiHost, $($rest:tt)*) => { functions! { @table ops_host, OpApiHost, crate::ops, ACLNN_ERR_INNER, $($rest)* } };
    (Hccl, $($rest:tt)*) => { functions! { @table hccl, Hccl, crate::hccl, HCCL_E_INTERNAL, $($rest)* } };
    (Atb, $($rest:tt)*) => { functions! { @table atb, Atb, crate::atb, ATB_INTERNAL_ERROR, $($rest)* } };
    (Prof, $($rest:tt)*) => { functions! { @table prof, Prof, crate::prof, ACL_ERROR_PROFILING_FAILURE, $($rest)* } };
    (AclGraph, $($rest:tt)*) => {
        functions! { @table graph, AclGraph, crate::acl::graph, ACL_ERROR_INTERNAL_ERROR, $($rest)* }
    };
    (AclKernel, $($rest:tt)*) => {
        functions! { @table kernel, AclKernel, crate::acl::kernel, ACL_ERROR_INTERNAL_ERROR, $($rest)* }
    };
    (AclOp, $($rest:tt)*) => { functions! { @table single, AclOp, crate::acl::op, ACL_ERROR_INTERNAL_ERROR, $($rest)* } };
    (Tdt, $($rest:tt)*) => { functions! { @table tdt, Tdt, crate::acl::tdt, ACL_ERROR_INTERNAL_ERROR, $($rest)* } };
    (TdtQueue, $($rest:tt)*) => { functions! { @table queue, TdtQueue, crate::acl::tdt, ACL_ERROR_INTERNAL_ERROR, $($rest)* } };
    (@table $table:ident, $Table:ident, $bodies:path, $on_panic:ident, $lib:expr; $( $(#[$doc:meta])* [$need:ident $since:literal]
        fn $name:ident ( $($arg:ident : $ty:ty),* $(,)? ) -> $ret:ty; )*) => {
        fn $table() -> $Table {
            use $bodies as bodies;
            $( unsafe extern "C" fn $name($($arg: $ty),*) -> $ret {
                call(stringify!($name), $on_panic, || bodies::$name($($arg),*))
            } )*
            $Table { $( $name: functions!(@fill $need $name) ),* }
        }
    };
    (@fill required $name:ident) => { $name };
    (@fill optional $name:ident) => { Some($name) };
}
acl_symbols!(functions);
nnopbase_symbols!(functions);
opapi_host_symbols!(functions);
hccl_symbols!(functions);
atb_symbols!(functions);
prof_symbols!(functions);
graph_symbols!(functions);
kernel_symbols!(functions);
op_symbols!(functions);
tdt_symbols!(functions);
queue_symbols!(functions);

/// The same for operators: phase one is the row's body, behind the check that CANN makes for all of them.
macro_rules! sim_operators {
    (OpApi, $($rest:tt)*) => { sim_operators! { @table ops, OpApi, $($rest)* } };
    (OpApiImages, $($rest:tt)*) => { sim_operators! { @table ops_images, OpApiImages, $($rest)* } };
    (OpApiOthers, $($rest:tt)*) => { sim_operators! { @table ops_others, OpApiOthers, $($rest)* } };
    (@table $table:ident, $Table:ident, $lib:expr; $( $(#[$doc:meta])* [$since:literal]
        op $name:ident, $plan:ident ( $($arg:ident : $ty:ty),* $(,)? ); )*) => {
        fn $table() -> $Table {
            $Table { $( $name: {
                unsafe extern "C" fn plan($($arg: $ty,)* workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> aclnnStatus {
                    let kept = ($(crate::nn::Keep::keep($arg),)*);
                    let plan = move |workspace_size, executor| {
                        let ($($arg,)*) = &kept;
                        crate::ops::$plan($(crate::nn::Keep::give($arg),)* workspace_size, executor)
                    };
                    phase_one(stringify!($plan), workspace_size, executor, Arc::new(plan))
                }
                unsafe extern "C" fn run(workspace: *mut c_void, workspace_size: u64, executor: *mut aclOpExecutor, stream: aclrtStream) -> aclnnStatus {
                    phase_two(stringify!($name), workspace, workspace_size, executor, stream)
                }
                Some(Op { plan, run })
            } ),* }
        }
    };
}
opapi_symbols!(sim_operators);
opapi_others_symbols!(sim_operators);
opapi_images_symbols!(sim_operators);

/// Phase one of any operator, its body and the arguments in `plan`.
fn phase_one(function: &str, workspace_size: *mut u64, executor: *mut *mut aclOpExecutor, plan: Arc<dyn Plan>) -> aclnnStatus {
    call(function, ACLNN_ERR_INNER, || {
        crate::nn::needs_device()?;
        crate::nn::with_plan(workspace_size, executor, plan)
    })
}

/// Phase two of any operator.
fn phase_two(
    name: &'static str,
    workspace: *mut c_void,
    workspace_size: u64,
    executor: *mut aclOpExecutor,
    stream: aclrtStream,
) -> aclnnStatus {
    call(name, ACLNN_ERR_INNER, || crate::nn::run(name, workspace, workspace_size, executor, stream))
}

/// CANN's functions, as the simulator answers them. Every row of every list is there.
///
/// The functions may be called from any thread, with CANN's own rules for pointers: a non-null pointer must be valid for
/// what the function's documentation says is read or written there. Handles may be anything: they are checked.
pub fn api() -> Api {
    Api {
        acl: acl(),
        nn: nn(),
        ops: ops(),
        ops_others: ops_others(),
        ops_images: ops_images(),
        ops_host: ops_host(),
        hccl: hccl(),
        atb: atb(),
        prof: prof(),
        graph: graph(),
        kernel: kernel(),
        single: single(),
        tdt: tdt(),
        queue: queue(),
    }
}
