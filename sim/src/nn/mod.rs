//! `libnnopbase.so`: descriptors (tensors, scalars, arrays, lists) and executors. C objects are checked ids, never addresses.

mod objects;
pub(crate) mod tensor;

pub(crate) use objects::*;
