//! CANN's C interface as data: **one list of symbols**, the C types they use, and the error codes.
//!
//! Nothing here is linked. Each library of CANN has a list ([`acl_symbols!`], [`nnopbase_symbols!`], [`opapi_symbols!`],
//! [`hccl_symbols!`], [`atb_symbols!`], [`prof_symbols!`], [`tdt_symbols!`], [`queue_symbols!`]); graph capture, kernels and single operators have their own
//! ([`graph_symbols!`], [`kernel_symbols!`], [`op_symbols!`]), and so have operators that only programs of others call ([`opapi_others_symbols!`], and [`opapi_images_symbols!`] for those on images) and what the operators'
//! library computes on the host ([`opapi_host_symbols!`]). Operators that are only refused by name are names alone ([`opapi_refused_names!`]). From a list come the table of function pointers ([`Acl`], [`NnOpBase`],
//! [`OpApi`], [`OpApiOthers`], [`OpApiImages`], [`OpApiHost`], [`Hccl`], [`Atb`], [`Prof`], [`AclGraph`], [`AclKernel`], [`AclOp`],
//! [`Tdt`], [`TdtQueue`]), the look-up of each symbol ([`Api::load`]), the simulator's own table, and the coverage list ([`symbols`]). To
//! bind one more function, add a row to its list: the compiler then names every place that must answer for it.
//!
//! Conventions: C enums are newtypes over integers (a value that no header listed must not be undefined behaviour),
//! handles are `*mut c_void`, and structs have layout assertions. Names are CANN's own, verbatim.
//!
//! Sources: the public headers of CANN 8.1.RC1 (`acl/*.h`, `aclnn/*.h`, `aclnnop/*.h`) and of the open source runtime
//! and operator repositories (8.5 and later). Each row says since which release the symbol exists.
//!
//! # Not covered
//! `aclop*`/`aclmdl*` but `aclmdlRI*` and what [`op_symbols!`] has (graph engine), DVPP, and everything that no module above uses yet.
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]

#[macro_use]
mod table;
#[macro_use]
mod acl;
#[macro_use]
mod acl_graph;
#[macro_use]
mod acl_kernel;
#[macro_use]
mod acl_op;
#[macro_use]
mod nnopbase;
#[macro_use]
mod opapi;
#[macro_use]
mod opapi_host;
#[macro_use]
mod opapi_images;
#[macro_use]
mod opapi_others;
#[macro_use]
mod opapi_refused;
#[macro_use]
mod hccl;
#[macro_use]
mod atb;
#[macro_use]
mod prof;
#[macro_use]
mod tdt;
pub mod codes;
pub mod types;

pub use acl::Acl;
pub use acl_graph::AclGraph;
pub use acl_kernel::AclKernel;
pub use acl_op::AclOp;
pub use atb::Atb;
pub use hccl::Hccl;
pub use nnopbase::NnOpBase;
pub use opapi::OpApi;
pub use opapi_host::OpApiHost;
pub use opapi_images::OpApiImages;
pub use opapi_others::OpApiOthers;
pub use opapi_refused::{PROBED, REFUSED, Refused};
pub use prof::Prof;
pub(crate) use table::RUN_OPERATOR;
pub use table::{Lib, Missing, Op, RunOperator, Symbol};
pub use tdt::{Tdt, TdtQueue};

/// Every function that the library calls, resolved. The one seam between the library and a device.
#[derive(Clone, Copy)]
pub struct Api {
    /// The device runtime.
    pub acl: Acl,
    /// Descriptors of the operator library.
    pub nn: NnOpBase,
    /// The operators.
    pub ops: OpApi,
    /// The operators that only programs of others call.
    pub ops_others: OpApiOthers,
    /// Of those, the ones on images.
    pub ops_images: OpApiImages,
    /// What the operators' library computes on the host.
    pub ops_host: OpApiHost,
    /// The collectives.
    pub hccl: Hccl,
    /// The transformer operators of ATB.
    pub atb: Atb,
    /// Profiling.
    pub prof: Prof,
    /// Graph capture and replay.
    pub graph: AclGraph,
    /// Kernels and their launches.
    pub kernel: AclKernel,
    /// Single operators by name.
    pub single: AclOp,
    /// Tensor channels.
    pub tdt: Tdt,
    /// Queues.
    pub queue: TdtQueue,
}

impl Api {
    /// Fills the table from `resolve`, which maps a symbol to its address or to null.
    ///
    /// A null for a required symbol ends the look-up with that symbol; an optional one becomes `None`.
    ///
    /// # Safety
    /// Each address must be a function of the C signature that the symbol's row states, valid for the life of the process.
    pub unsafe fn load(resolve: &mut dyn FnMut(&'static Symbol) -> *mut std::ffi::c_void) -> Result<Api, Missing> {
        // SAFETY: the caller's promise is the one each table asks for.
        unsafe {
            Ok(Api {
                acl: Acl::load(resolve)?,
                nn: NnOpBase::load(resolve)?,
                ops: OpApi::load(resolve)?,
                ops_others: OpApiOthers::load(resolve)?,
                ops_images: OpApiImages::load(resolve)?,
                ops_host: OpApiHost::load(resolve)?,
                hccl: Hccl::load(resolve)?,
                atb: Atb::load(resolve)?,
                prof: Prof::load(resolve)?,
                graph: AclGraph::load(resolve)?,
                kernel: AclKernel::load(resolve)?,
                single: AclOp::load(resolve)?,
                tdt: Tdt::load(resolve)?,
                queue: TdtQueue::load(resolve)?,
            })
        }
    }

    /// Whether a function is there, by its C name.
    pub fn has(&self, symbol: &str) -> bool {
        self.acl.has(symbol)
            || self.nn.has(symbol)
            || self.ops.has(symbol)
            || self.ops_others.has(symbol)
            || self.ops_images.has(symbol)
            || self.ops_host.has(symbol)
            || self.hccl.has(symbol)
            || self.atb.has(symbol)
            || self.prof.has(symbol)
            || self.graph.has(symbol)
            || self.kernel.has(symbol)
            || self.single.has(symbol)
            || self.tdt.has(symbol)
            || self.queue.has(symbol)
    }
}

/// All symbols of all lists, in order: the coverage of this binding.
pub fn symbols() -> impl Iterator<Item = &'static Symbol> {
    let lists = [
        Acl::SYMBOLS,
        NnOpBase::SYMBOLS,
        OpApi::SYMBOLS,
        OpApiOthers::SYMBOLS,
        OpApiImages::SYMBOLS,
        OpApiHost::SYMBOLS,
        Hccl::SYMBOLS,
        Atb::SYMBOLS,
        Prof::SYMBOLS,
        AclGraph::SYMBOLS,
        AclKernel::SYMBOLS,
        AclOp::SYMBOLS,
        Tdt::SYMBOLS,
        TdtQueue::SYMBOLS,
    ];
    lists.into_iter().flatten()
}

/// Where the source of these declarations is, for the tools that read the types from it.
#[doc(hidden)]
pub const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// The oldest CANN release the library runs on: (major, minor), "8.3".
pub const FLOOR: (u32, u32) = (8, 3);
