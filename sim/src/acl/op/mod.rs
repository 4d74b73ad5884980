//! Single operators by name (`aclop*`). One body for each row of `op_symbols!`.
//!
//! What describes an operator is real: tensors, data, attributes and the compiler's options are kept and give what they were given. To
//! run one is refused with its name and what it was to run on, since the simulator computes operators by their functions (`aclnn`). A
//! program that links both ways, as torch_npu does, thus starts, and where it takes the old way it is told which operator that was.
//!
//! What is checked, and in which order, follows the open source graph engine (`api/acl`): `acl_model/types/tensor_desc_internal_om2.cpp`,
//! `acl_op_executor/types/op_attr.{h,cpp}`, `acl_op_compiler/single_op/op_compiler.cpp`; data, the runtime's
//! `src/acl/aclrt_impl/data_buffer.cpp`. Trap: a setter or a getter whose result is no code gives nothing for a null, without a word.
//!
//! May use: what [`super`] has. Must not: follow a handle of C's. Not covered: operators themselves, loaded models of operators
//! (`aclopLoad`, `aclopExecute`), `aclopCast` and its kin, ranges of shapes and values, other shapes than a tensor's own in memory.

mod allocator;
mod attributes;
mod data;
mod dump;
mod options;
mod run;
mod tensor;

use super::{give, not_null};

pub(crate) use allocator::*;
pub(crate) use attributes::*;
pub(crate) use data::*;
pub(crate) use dump::*;
pub(crate) use options::*;
pub(crate) use run::*;
pub(crate) use tensor::*;
