//! `libopapi.so`: the operators. One body for phase one of each row of `opapi_symbols!`, with the C name; phase two is the
//! same for all and lives in `nn`.
//!
//! A body reads its arguments through a [`call::Call`], checks them as CANN does (null: 161001; shapes, dtypes, values:
//! 161002; each text names the parameter, what was given and what is taken), and ends with [`call::Call::finish`], which
//! takes the closure that computes. The closure runs later, on the engine's thread, in the order of the stream; it may use
//! [`crate::parallel`] for work inside the operation.
//!
//! Rules for closures: sums in f32 (or wider) whatever the dtype; the result must not depend on the number of threads, so
//! split over outputs, never over what is summed, or sum in a fixed tree.

pub(crate) mod call;
