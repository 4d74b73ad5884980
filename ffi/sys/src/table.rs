//! How a list of symbols becomes a table: the row grammar, and what a symbol is.

use std::ffi::{CStr, c_void};

use crate::types::{aclOpExecutor, aclnnStatus, aclrtStream};

/// The library of CANN that exports a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lib {
    /// `libascendcl.so`; `libacl_rt.so` from 8.5 on.
    AscendCl,
    /// `libnnopbase.so`.
    NnOpBase,
    /// `libopapi.so`; split by domain from 8.5 on.
    OpApi,
    /// `libhccl.so`; communicator management is in `libhcomm.so` from 8.5 on.
    Hccl,
    /// ATB (package "nnal", `libatb.so`), through the C face that `build.rs` compiles where ATB's headers are.
    Atb,
    /// `libmsprofiler.so`, and `libprofapi.so` below it.
    MsProfiler,
    /// `libacl_tdt_channel.so`.
    TdtChannel,
    /// `libacl_tdt_queue.so`.
    TdtQueue,
}

impl Lib {
    /// Where the symbols of this library may live, in the order to try.
    pub fn file_names(self) -> &'static [&'static str] {
        match self {
            // 9.x keeps libascendcl.so as a front only; dlsym searches its dependencies, so either will do.
            Lib::AscendCl => &["libascendcl.so", "libacl_rt.so"],
            Lib::NnOpBase => &["libnnopbase.so"],
            // One library up to 8.3; by domain from 8.5 on, with the first as a remainder.
            Lib::OpApi => &[
                "libopapi.so",
                "libopapi_math.so",
                "libopapi_nn.so",
                "libopapi_transformer.so",
                "libaclnn_math.so",
                "libaclnn_ops_infer.so",
                "libaclnn_ops_train.so",
            ],
            Lib::Hccl => &["libhccl.so", "libhcomm.so"],
            Lib::Atb => &["libascend_rl_atb.so"],
            Lib::MsProfiler => &["libmsprofiler.so", "libprofapi.so"],
            Lib::TdtChannel => &["libacl_tdt_channel.so"],
            Lib::TdtQueue => &["libacl_tdt_queue.so"],
        }
    }
}

/// One row of a list: what is needed to look a function up and to say what is missing.
#[derive(Clone, Copy, Debug)]
pub struct Symbol {
    /// The C name.
    pub name: &'static str,
    /// The C name, NUL-terminated, as `dlsym` wants it.
    pub c_name: &'static CStr,
    /// The library that exports it.
    pub lib: Lib,
    /// The first CANN release whose public headers have it.
    pub since: &'static str,
    /// Whether the library refuses to load without it.
    pub required: bool,
    /// Its arguments and result as Rust declares them: "(device_id : i32) -> aclError". For the tools that write headers and
    /// compare with a toolkit's.
    pub signature: &'static str,
    /// What it does, as its row says.
    pub doc: &'static str,
}

/// A required symbol that could not be found.
#[derive(Clone, Copy, Debug)]
pub struct Missing(pub &'static Symbol);

/// Phase two of every operator: enqueue `executor` on `stream`. All of CANN's operators share this signature.
pub type RunOperator = unsafe extern "C" fn(
    workspace: *mut c_void,
    workspace_size: u64,
    executor: *mut aclOpExecutor,
    stream: aclrtStream,
) -> aclnnStatus;

/// [`RunOperator`], as a row's signature.
pub(crate) const RUN_OPERATOR: &str =
    "(workspace: *mut c_void, workspace_size: u64, executor: *mut aclOpExecutor, stream: aclrtStream) -> aclnnStatus";

/// An operator: its two phases. `F` is the signature of phase one.
#[derive(Clone, Copy)]
pub struct Op<F> {
    /// Phase one, `aclnn…GetWorkspaceSize`: checks, and makes an executor.
    pub plan: F,
    /// Phase two, `aclnn…`: enqueues, and consumes the executor.
    pub run: RunOperator,
}

/// Turns the rows of a list into a struct of function pointers, its look-up and its list of [`Symbol`]s.
macro_rules! function_table {
    ($Table:ident, $lib:expr; $( $(#[doc = $doc:literal])* [$need:ident $since:literal]
        fn $name:ident ( $($arg:ident : $ty:ty),* $(,)? ) -> $ret:ty; )*) => {
        #[doc = concat!("The functions of one CANN library, resolved. Optional ones are `None` where the toolkit lacks them.")]
        #[derive(Clone, Copy)]
        pub struct $Table { $( $(#[doc = $doc])* pub $name: function_table!(@slot $need unsafe extern "C" fn($($arg: $ty),*) -> $ret), )* }

        impl $Table {
            /// The rows of this table.
            pub const SYMBOLS: &'static [$crate::Symbol] = &[ $( function_table!(@symbol $name $need $since $lib,
                concat!("(", $( stringify!($arg), ": ", stringify!($ty), ", ", )* ") -> ", stringify!($ret)), concat!($($doc, "\n"),*)), )* ];

            /// Whether the table has a function, by its C name.
            pub fn has(&self, symbol: &str) -> bool {
                match symbol { $( stringify!($name) => function_table!(@has $need self.$name), )* _ => false }
            }

            pub(crate) unsafe fn load(
                resolve: &mut dyn FnMut(&'static $crate::Symbol) -> *mut std::ffi::c_void,
            ) -> Result<Self, $crate::Missing> {
                let mut rows = Self::SYMBOLS.iter();
                $( let $name = {
                    let symbol = rows.next().expect("a row for each field");
                    // SAFETY: `Api::load`'s caller promises that the address has this row's signature; null is `None`.
                    let found: Option<unsafe extern "C" fn($($arg: $ty),*) -> $ret> = unsafe { std::mem::transmute(resolve(symbol)) };
                    function_table!(@fill $need found symbol)
                }; )*
                Ok(Self { $($name),* })
            }
        }
    };
    (@has required $slot:expr) => { true };
    (@has optional $slot:expr) => { $slot.is_some() };
    (@slot required $f:ty) => { $f };
    (@slot optional $f:ty) => { Option<$f> };
    (@fill required $found:ident $symbol:ident) => { $found.ok_or($crate::Missing($symbol))? };
    (@fill optional $found:ident $symbol:ident) => { $found };
    (@symbol $name:ident $need:ident $since:literal $lib:expr, $signature:expr, $doc:expr) => {
        $crate::Symbol {
            name: stringify!($name),
            // SAFETY: an identifier has no NUL, and one is appended.
            c_name: unsafe { std::ffi::CStr::from_bytes_with_nul_unchecked(concat!(stringify!($name), "\0").as_bytes()) },
            lib: $lib,
            since: $since,
            required: function_table!(@required $need),
            signature: $signature,
            doc: $doc,
        }
    };
    (@required required) => { true };
    (@required optional) => { false };
}

/// The same for operators, whose rows name both phases and state phase one's arguments without the trailing
/// `workspaceSize` and `executor`. Operators are always optional: what lacks one is an error when it is called.
macro_rules! operator_table {
    ($Table:ident, $lib:expr; $( $(#[doc = $doc:literal])* [$since:literal]
        op $name:ident, $plan:ident ( $($arg:ident : $ty:ty),* $(,)? ); )*) => {
        /// The operators, resolved. An operator is `None` where the toolkit lacks one of its two phases.
        #[derive(Clone, Copy)]
        pub struct $Table { $( $(#[doc = $doc])*
            pub $name: Option<$crate::Op<unsafe extern "C" fn($($arg: $ty,)* workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> aclnnStatus>>, )* }

        impl $Table {
            /// The rows of this table, both phases of each operator.
            pub const SYMBOLS: &'static [$crate::Symbol] = &[ $(
                function_table!(@symbol $plan optional $since $lib, concat!("(", $( stringify!($arg), ": ", stringify!($ty), ", ", )*
                    "workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> aclnnStatus"), concat!($($doc, "\n"),*)),
                function_table!(@symbol $name optional $since $lib, $crate::RUN_OPERATOR, concat!("Phase two of `", stringify!($plan), "`.\n")),
            )* ];

            /// Whether the table has an operator, by the C name of either phase.
            pub fn has(&self, symbol: &str) -> bool {
                match symbol { $( stringify!($name) | stringify!($plan) => self.$name.is_some(), )* _ => false }
            }

            pub(crate) unsafe fn load(
                resolve: &mut dyn FnMut(&'static $crate::Symbol) -> *mut std::ffi::c_void,
            ) -> Result<Self, $crate::Missing> {
                let mut rows = Self::SYMBOLS.iter();
                $( let $name = {
                    let (plan, run) = (resolve(rows.next().expect("a row")), resolve(rows.next().expect("a row")));
                    (!plan.is_null() && !run.is_null()).then(|| $crate::Op {
                        // SAFETY: not null, and `Api::load`'s caller promises that it has this row's signature.
                        plan: unsafe { std::mem::transmute::<*mut std::ffi::c_void, unsafe extern "C" fn($($arg: $ty,)* *mut u64, *mut *mut aclOpExecutor) -> aclnnStatus>(plan) },
                        // SAFETY: as above; phase two has one signature for all operators.
                        run: unsafe { std::mem::transmute::<*mut std::ffi::c_void, $crate::RunOperator>(run) },
                    })
                }; )*
                Ok(Self { $($name),* })
            }
        }
    };
}
