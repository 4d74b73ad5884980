//! Kernels. Not yet: each function refuses.

use std::ffi::{c_char, c_void};

use ascend_rl_sys::types::*;

use super::unsupported;
use crate::reject::Outcome;

pub(crate) fn aclrtCreateBinary(_: *const c_void, _: usize) -> Outcome<aclrtBinary> {
    unsupported("kernels")
}

pub(crate) fn aclrtDestroyBinary(_: aclrtBinary) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtBinaryLoad(_: aclrtBinary, _: *mut aclrtBinHandle) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtBinaryLoadFromFile(_: *const c_char, _: *mut aclrtBinaryLoadOptions, _: *mut aclrtBinHandle) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtBinaryLoadFromData(
    _: *const c_void,
    _: usize,
    _: *const aclrtBinaryLoadOptions,
    _: *mut aclrtBinHandle,
) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtBinaryUnLoad(_: aclrtBinHandle) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtBinaryGetDevAddress(_: aclrtBinHandle, _: *mut *mut c_void, _: *mut usize) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtBinaryGetFunction(_: aclrtBinHandle, _: *const c_char, _: *mut aclrtFuncHandle) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtBinaryGetFunctionByEntry(_: aclrtBinHandle, _: u64, _: *mut aclrtFuncHandle) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtBinaryGetGlobal(_: aclrtBinHandle, _: *const c_char, _: *mut *mut c_void, _: *mut usize) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtBinarySetExceptionCallback(_: aclrtBinHandle, _: aclrtOpExceptionCallback, _: *mut c_void) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtGetFunctionAddr(_: aclrtFuncHandle, _: *mut *mut c_void, _: *mut *mut c_void) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtGetFunctionSize(_: aclrtFuncHandle, _: *mut usize, _: *mut usize) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtGetFunctionName(_: aclrtFuncHandle, _: u32, _: *mut c_char) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtGetFunctionAttribute(_: aclrtFuncHandle, _: aclrtFuncAttribute, _: *mut i64) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtFunctionGetBinary(_: aclrtFuncHandle, _: *mut aclrtBinHandle) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtFunctionGetParamCount(_: *const c_void, _: *mut usize) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtFunctionGetParamInfo(_: *const c_void, _: usize, _: *mut usize, _: *mut usize) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtFunctionGetAvailDynUbufPerBlock(_: *mut c_void, _: u32, _: *mut usize) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtGetHardwareSyncAddr(_: *mut *mut c_void) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtGetArgsFromExceptionInfo(_: *const aclrtExceptionInfo, _: *mut *mut c_void, _: *mut u32) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtGetFuncHandleFromExceptionInfo(_: *const aclrtExceptionInfo, _: *mut aclrtFuncHandle) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtKernelArgsInit(_: aclrtFuncHandle, _: *mut aclrtArgsHandle) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtKernelArgsInitByUserMem(_: aclrtFuncHandle, _: aclrtArgsHandle, _: *mut c_void, _: usize) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtKernelArgsGetMemSize(_: aclrtFuncHandle, _: usize, _: *mut usize) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtKernelArgsGetHandleMemSize(_: aclrtFuncHandle, _: *mut usize) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtKernelArgsAppend(_: aclrtArgsHandle, _: *mut c_void, _: usize, _: *mut aclrtParamHandle) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtKernelArgsAppendPlaceHolder(_: aclrtArgsHandle, _: *mut aclrtParamHandle) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtKernelArgsGetPlaceHolderBuffer(
    _: aclrtArgsHandle,
    _: aclrtParamHandle,
    _: usize,
    _: *mut *mut c_void,
) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtKernelArgsParaUpdate(_: aclrtArgsHandle, _: aclrtParamHandle, _: *mut c_void, _: usize) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtKernelArgsFinalize(_: aclrtArgsHandle) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtLaunchKernel(_: aclrtFuncHandle, _: u32, _: *const c_void, _: usize, _: aclrtStream) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtLaunchKernelV2(
    _: aclrtFuncHandle,
    _: u32,
    _: *const c_void,
    _: usize,
    _: *mut aclrtLaunchKernelCfg,
    _: aclrtStream,
) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtLaunchKernelWithConfig(
    _: aclrtFuncHandle,
    _: u32,
    _: aclrtStream,
    _: *mut aclrtLaunchKernelCfg,
    _: aclrtArgsHandle,
    _: *mut c_void,
) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtLaunchKernelWithHostArgs(
    _: aclrtFuncHandle,
    _: u32,
    _: aclrtStream,
    _: *mut aclrtLaunchKernelCfg,
    _: *mut c_void,
    _: usize,
    _: *mut aclrtPlaceHolderInfo,
    _: usize,
) -> Outcome {
    unsupported("kernels")
}

pub(crate) fn aclrtLaunchKernelWithArgsArray(
    _: *mut c_void,
    _: u32,
    _: aclrtStream,
    _: *mut aclrtLaunchKernelCfg,
    _: *mut *mut c_void,
) -> Outcome {
    unsupported("kernels")
}
