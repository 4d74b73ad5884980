//! `libnnopbase.so`: descriptors (tensors, scalars, arrays, lists) and executors. C objects are checked ids, never addresses.

mod address;
mod arrays;
mod executor;
mod getters;
mod objects;
mod process;
mod run;
pub(crate) mod tensor;

pub(crate) use address::*;
pub(crate) use arrays::*;
pub(crate) use executor::{Keep, Plan, with_plan};
pub(crate) use getters::*;
pub(crate) use objects::*;
pub(crate) use process::*;
pub(crate) use run::{needs_device, run};
