//! `libnnopbase.so`: descriptors (tensors, scalars, arrays, lists) and executors. C objects are checked ids, never addresses.

mod objects;
mod run;
pub(crate) mod tensor;

pub(crate) use objects::*;
pub(crate) use run::{needs_device, run};
