//! Kernel binaries, their functions, arguments and launches. One body for each row of `kernel_symbols!`.
//!
//! What is checked, and in which order, follows the open source runtime (`src/acl/aclrt_impl/kernel.cpp`,
//! `src/runtime/api/impl/api_error.cc`, `src/runtime/core/src/kernel/binary_loader.cc`); what each call is for, its API page
//! (`docs/zh/api_ref/14_Kernel_loading_and_execution.md`).
//!
//! # Not covered
//! Binaries of devices: the simulator runs twin images ([`crate::kernel`]). AI CPU kernels, SIMT kernels (Ascend 950), launches by the
//! symbol of a host stub, which are refused ([`stub`]).

mod args;
mod binary;
mod exception;
mod function;
mod launch;
mod stub;

use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::{give, not_null, stream, unsupported};
use crate::kernel::image::{Image, Kernel};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, reject};

pub(crate) use args::*;
pub(crate) use binary::*;
pub(crate) use exception::*;
pub(crate) use function::*;
pub(crate) use launch::*;
pub(crate) use stub::*;

/// A function of the program's, and what it is given.
type Callback = (unsafe extern "C" fn(info: *mut aclrtExceptionInfo, user_data: *mut std::ffi::c_void), usize);

/// A kernel of a loaded binary.
#[derive(Clone)]
struct Function {
    /// The binary's handle.
    program: usize,
    image: Arc<Image>,
    /// Its index among the image's.
    index: usize,
}

impl Function {
    fn kernel(&self) -> &Kernel {
        &self.image.kernels[self.index]
    }
}

static FUNCTIONS: Registry<Function> = Registry::new(Kind::Function);

/// The kernel of a handle.
fn resolve(param: &str, handle: aclrtFuncHandle) -> Outcome<Function> {
    not_null(param, handle)?;
    match FUNCTIONS.get(handle as usize) {
        Some(function) => Ok(function),
        None => reject!(
            ACL_ERROR_RT_INVALID_HANDLE,
            "{param} is no kernel of a loaded binary: unloaded already (aclrtBinaryUnLoad), or never found"
        ),
    }
}
