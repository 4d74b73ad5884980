//! CANN's functions in plain Rust, for tests under miri, which runs neither a toolkit nor the simulator (mapped memory, SIMD, C).
//!
//! It holds the part of the runtime that [`crate::acl`] and [`crate::tensor`] call, over memory of `Vec`s, and a copy and a fill of
//! tensors. One thread of its own runs what all streams have queued, in the order of the calls: so a borrow that ends too early, memory
//! that is freed too soon and a race show in miri, which looks at every access to the host's memory. Device addresses are numbers that are
//! looked up and never reused, so a use after free and an access out of bounds of the device show anywhere. Misuse ends the process.
//!
//! May use: [`ascend_rl_sys`]. Must not: be in a build that is neither a test nor miri's.
//!
//! # Not covered
//! Graphs, kernels, virtual memory, profiles, settings, what other libraries make, collectives, operators; several orders of the streams.
#![allow(non_snake_case)]

mod memory;
mod nn;
mod runtime;
mod world;

use super::cann::{Cann, Flavor};
use crate::error::Result;
use ascend_rl_sys::types::*;
use ascend_rl_sys::{
    Acl, AclGraph, AclKernel, AclOp, Api, Atb, Hccl, NnOpBase, Op, OpApi, OpApiHost, OpApiImages, OpApiOthers, Prof, Tdt,
    TdtQueue, acl_symbols, atb_symbols, graph_symbols, hccl_symbols, kernel_symbols, nnopbase_symbols, op_symbols,
    opapi_host_symbols, opapi_images_symbols, opapi_others_symbols, opapi_symbols, prof_symbols, queue_symbols, tdt_symbols,
};
use std::ffi::{c_char, c_int, c_void};

/// Makes `fn $table() -> Table` with no optional function, and required ones that end the process.
macro_rules! nothing {
    (Acl, $($rest:tt)*) => { nothing! { @table acl, Acl, $($rest)* } };
    (NnOpBase, $($rest:tt)*) => { nothing! { @table nn, NnOpBase, $($rest)* } };
    (Hccl, $($rest:tt)*) => { nothing! { @table hccl, Hccl, $($rest)* } };
    (Atb, $($rest:tt)*) => { nothing! { @table atb, Atb, $($rest)* } };
    (Prof, $($rest:tt)*) => { nothing! { @table prof, Prof, $($rest)* } };
    (AclGraph, $($rest:tt)*) => { nothing! { @table graph, AclGraph, $($rest)* } };
    (AclKernel, $($rest:tt)*) => { nothing! { @table kernel, AclKernel, $($rest)* } };
    (AclOp, $($rest:tt)*) => { nothing! { @table single, AclOp, $($rest)* } };
    (Tdt, $($rest:tt)*) => { nothing! { @table tdt, Tdt, $($rest)* } };
    (TdtQueue, $($rest:tt)*) => { nothing! { @table queue, TdtQueue, $($rest)* } };
    (OpApiHost, $($rest:tt)*) => { nothing! { @table ops_host, OpApiHost, $($rest)* } };
    (@table $table:ident, $Table:ident, $lib:expr; $( $(#[$doc:meta])* [$need:ident $since:literal]
        fn $name:ident ( $($arg:ident : $ty:ty),* $(,)? ) -> $ret:ty; )*) => {
        fn $table() -> $Table {
            $Table { $( $name: nothing!(@fill $need $name ($($ty),*) -> $ret) ),* }
        }
    };
    (@fill required $name:ident ($($ty:ty),*) -> $ret:ty) => {{
        unsafe extern "C" fn $name($(_: $ty),*) -> $ret {
            world::misuse(concat!("the table of the tests has no ", stringify!($name)))
        }
        $name
    }};
    (@fill optional $name:ident ($($ty:ty),*) -> $ret:ty) => {{
        const NONE: Option<unsafe extern "C" fn($($ty),*) -> $ret> = None;
        NONE
    }};
    (OpApi, $($rest:tt)*) => { nothing! { @operators ops, OpApi, $($rest)* } };
    (OpApiImages, $($rest:tt)*) => { nothing! { @operators ops_images, OpApiImages, $($rest)* } };
    (OpApiOthers, $($rest:tt)*) => { nothing! { @operators ops_others, OpApiOthers, $($rest)* } };
    (@operators $table:ident, $Table:ident, $lib:expr; $( $(#[$doc:meta])* [$since:literal]
        op $name:ident, $plan:ident ( $($arg:ident : $ty:ty),* $(,)? ); )*) => {
        fn $table() -> $Table {
            $Table { $( $name: None ),* }
        }
    };
}
acl_symbols!(nothing);
nnopbase_symbols!(nothing);
hccl_symbols!(nothing);
atb_symbols!(nothing);
prof_symbols!(nothing);
graph_symbols!(nothing);
kernel_symbols!(nothing);
op_symbols!(nothing);
tdt_symbols!(nothing);
queue_symbols!(nothing);
opapi_host_symbols!(nothing);
opapi_symbols!(nothing);
opapi_others_symbols!(nothing);
opapi_images_symbols!(nothing);

/// Puts the functions of a module into a table, under their own names.
macro_rules! set {
    ($table:ident, $module:ident: $($required:ident)*; $($optional:ident)*) => {
        $( $table.$required = $module::$required; )*
        $( $table.$optional = Some($module::$optional); )*
    };
}

fn api() -> Api {
    let (mut acl, mut nn, mut ops) = (acl(), nn(), ops());
    set!(acl, runtime: aclInit aclsysGetCANNVersion aclGetRecentErrMsg aclrtSetDevice aclrtResetDevice aclrtGetDevice aclrtGetDeviceCount
        aclrtGetSocName aclrtGetCurrentContext aclrtSetCurrentContext aclrtCreateStream aclrtCreateStreamWithConfig aclrtDestroyStream
        aclrtDestroyStreamForce aclrtSynchronizeStream aclrtSynchronizeStreamWithTimeout aclrtStreamQuery aclrtSynchronizeDevice
        aclrtCreateEventExWithFlag aclrtDestroyEvent aclrtRecordEvent aclrtQueryEventStatus aclrtSynchronizeEvent
        aclrtSynchronizeEventWithTimeout aclrtEventElapsedTime aclrtStreamWaitEvent;
        aclFinalizeReference aclrtSynchronizeDeviceWithTimeout aclrtLaunchHostFunc);
    set!(acl, memory: aclrtMalloc aclrtFree aclrtMallocHost aclrtFreeHost aclrtGetMemInfo aclrtMemcpy aclrtMemcpyAsync aclrtMemsetAsync;
        aclrtHostRegister aclrtHostUnregister aclrtMemcpy2d aclrtMemcpy2dAsync aclrtMemcpyBatchAsync aclrtMemsetD32Async);
    set!(nn, nn: aclCreateTensor aclDestroyTensor aclCreateScalar aclDestroyScalar aclDestroyAclOpExecutor;);
    ops.aclnnInplaceCopy = Some(Op { plan: nn::plan_copy, run: nn::run });
    ops.aclnnInplaceFillScalar = Some(Op { plan: nn::plan_fill, run: nn::run });
    Api {
        acl,
        nn,
        ops,
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

impl Cann {
    /// The table of the tests: eight devices in plain Rust. What [`Cann::load`] and [`Cann::sim`] give under miri.
    pub fn in_process() -> Result<Cann> {
        // SAFETY: the functions of this module, with the signatures of the rows.
        super::cann::shared("the table of the tests", || unsafe { Cann::from_api(Flavor::Sim, "the table of the tests", api()) })
    }
}

#[cfg(test)]
mod tests;
