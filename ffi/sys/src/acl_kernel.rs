//! Kernel binaries, their functions, arguments and launches, `libascendcl.so` (`libacl_rt.so` from 8.5): `acl/acl_rt.h`.

use crate::types::*;
use std::ffi::{c_char, c_void};

/// The symbols of kernels and their launches. Calls `$emit! { AclKernel, Lib::AscendCl; rows }`.
#[macro_export]
macro_rules! kernel_symbols {
    ($emit:ident) => { $emit! { AclKernel, $crate::Lib::AscendCl;
        // ---- binaries
        /// Keeps the address of a binary, which stays the caller's; null where it cannot.
        [optional "8.1"] fn aclrtCreateBinary(data: *const c_void, data_len: usize) -> aclrtBinary;
        /// Forgets it. What was loaded from it stays.
        [optional "8.1"] fn aclrtDestroyBinary(binary: aclrtBinary) -> aclError;
        /// Loads a binary on the current device. Its kernels are launched with arguments in device memory.
        [optional "8.1"] fn aclrtBinaryLoad(binary: aclrtBinary, bin_handle: *mut aclrtBinHandle) -> aclError;
        /// Loads a binary from a file on the current device. `options` may be null.
        [optional "8.1"] fn aclrtBinaryLoadFromFile(bin_path: *const c_char, options: *mut aclrtBinaryLoadOptions, bin_handle: *mut aclrtBinHandle) -> aclError;
        /// Loads a binary from memory of the host on the current device. `options` may be null.
        [optional "8.5"] fn aclrtBinaryLoadFromData(data: *const c_void, length: usize, options: *const aclrtBinaryLoadOptions, bin_handle: *mut aclrtBinHandle) -> aclError;
        /// Unloads a binary: its functions are no more.
        [optional "8.1"] fn aclrtBinaryUnLoad(bin_handle: aclrtBinHandle) -> aclError;
        /// Where the binary is on the device.
        [optional "8.5"] fn aclrtBinaryGetDevAddress(bin_handle: aclrtBinHandle, bin_addr: *mut *mut c_void, bin_size: *mut usize) -> aclError;
        /// A kernel of a binary, by its name.
        [optional "8.1"] fn aclrtBinaryGetFunction(bin_handle: aclrtBinHandle, kernel_name: *const c_char, func_handle: *mut aclrtFuncHandle) -> aclError;
        /// A kernel of a binary, by its tiling key.
        [optional "8.1"] fn aclrtBinaryGetFunctionByEntry(bin_handle: aclrtBinHandle, func_entry: u64, func_handle: *mut aclrtFuncHandle) -> aclError;
        /// A global variable of a binary, by its name.
        [optional "9.1"] fn aclrtBinaryGetGlobal(bin_handle: aclrtBinHandle, name: *const c_char, dptr: *mut *mut c_void, size: *mut usize) -> aclError;
        /// `callback(info, user_data)` is called when a kernel of the binary fails.
        [optional "9.0"] fn aclrtBinarySetExceptionCallback(bin_handle: aclrtBinHandle, callback: aclrtOpExceptionCallback, user_data: *mut c_void) -> aclError;
        // ---- functions
        /// Where the kernel's programs for cube and vector cores are on the device; null for the kind that it has none for.
        [optional "8.1"] fn aclrtGetFunctionAddr(func_handle: aclrtFuncHandle, aic_addr: *mut *mut c_void, aiv_addr: *mut *mut c_void) -> aclError;
        /// The sizes of the kernel's programs for cube and vector cores.
        [optional "9.1"] fn aclrtGetFunctionSize(func_handle: aclrtFuncHandle, aic_size: *mut usize, aiv_size: *mut usize) -> aclError;
        /// The kernel's name, at most `max_len` bytes with the NUL.
        [optional "8.5"] fn aclrtGetFunctionName(func_handle: aclrtFuncHandle, max_len: u32, name: *mut c_char) -> aclError;
        /// A fact about a kernel.
        [optional "8.5"] fn aclrtGetFunctionAttribute(func_handle: aclrtFuncHandle, attr_type: aclrtFuncAttribute, attr_value: *mut i64) -> aclError;
        /// The binary that a kernel is of.
        [optional "9.1"] fn aclrtFunctionGetBinary(func_handle: aclrtFuncHandle, bin_handle: *mut aclrtBinHandle) -> aclError;
        /// How many parameters the kernel has.
        [optional "9.1"] fn aclrtFunctionGetParamCount(func: *const c_void, param_count: *mut usize) -> aclError;
        /// Where a parameter of the kernel lies in its packed arguments, and its bytes.
        [optional "9.1"] fn aclrtFunctionGetParamInfo(func: *const c_void, param_index: usize, param_offset: *mut usize, param_size: *mut usize) -> aclError;
        /// How much memory of a vector core a SIMT kernel may still ask for.
        [optional "9.1"] fn aclrtFunctionGetAvailDynUbufPerBlock(func: *mut c_void, flags: u32, dynamic_ubuf_size: *mut usize) -> aclError;
        /// The address that kernels with barriers of the hardware take as their first argument.
        [optional "8.5"] fn aclrtGetHardwareSyncAddr(addr: *mut *mut c_void) -> aclError;
        /// What the kernel that failed was given. For exception callbacks.
        [optional "9.0"] fn aclrtGetArgsFromExceptionInfo(info: *const aclrtExceptionInfo, dev_args_ptr: *mut *mut c_void, dev_args_len: *mut u32) -> aclError;
        /// The kernel that failed. For exception callbacks.
        [optional "9.0"] fn aclrtGetFuncHandleFromExceptionInfo(info: *const aclrtExceptionInfo, func: *mut aclrtFuncHandle) -> aclError;
        // ---- arguments
        /// Begins a kernel's arguments, in memory of the runtime.
        [optional "8.1"] fn aclrtKernelArgsInit(func_handle: aclrtFuncHandle, args_handle: *mut aclrtArgsHandle) -> aclError;
        /// Begins a kernel's arguments, in memory of the caller: both the handle's and theirs.
        [optional "8.1"] fn aclrtKernelArgsInitByUserMem(func_handle: aclrtFuncHandle, args_handle: aclrtArgsHandle, user_host_mem: *mut c_void, actual_args_size: usize) -> aclError;
        /// The bytes that arguments of `user_args_size` bytes need.
        [optional "8.1"] fn aclrtKernelArgsGetMemSize(func_handle: aclrtFuncHandle, user_args_size: usize, actual_args_size: *mut usize) -> aclError;
        /// The bytes that a handle of arguments needs.
        [optional "8.1"] fn aclrtKernelArgsGetHandleMemSize(func_handle: aclrtFuncHandle, mem_size: *mut usize) -> aclError;
        /// The next argument, copied.
        [optional "8.1"] fn aclrtKernelArgsAppend(args_handle: aclrtArgsHandle, param: *mut c_void, param_size: usize, param_handle: *mut aclrtParamHandle) -> aclError;
        /// The next argument is the address of data that goes to the device with the arguments.
        [optional "8.1"] fn aclrtKernelArgsAppendPlaceHolder(args_handle: aclrtArgsHandle, param_handle: *mut aclrtParamHandle) -> aclError;
        /// Where the host writes that data.
        [optional "8.1"] fn aclrtKernelArgsGetPlaceHolderBuffer(args_handle: aclrtArgsHandle, param_handle: aclrtParamHandle, data_size: usize, buffer_addr: *mut *mut c_void) -> aclError;
        /// Puts another value in an argument's place.
        [optional "8.1"] fn aclrtKernelArgsParaUpdate(args_handle: aclrtArgsHandle, param_handle: aclrtParamHandle, param: *mut c_void, param_size: usize) -> aclError;
        /// Ends the arguments: they can be launched with.
        [optional "8.1"] fn aclrtKernelArgsFinalize(args_handle: aclrtArgsHandle) -> aclError;
        // ---- launches
        /// Runs `num_blocks` blocks of a kernel in the order of the stream. The arguments are in device memory.
        [optional "8.1"] fn aclrtLaunchKernel(func_handle: aclrtFuncHandle, num_blocks: u32, args_data: *const c_void, args_size: usize, stream: aclrtStream) -> aclError;
        /// The same with attributes. `cfg` may be null.
        [optional "8.5"] fn aclrtLaunchKernelV2(func_handle: aclrtFuncHandle, num_blocks: u32, args_data: *const c_void, args_size: usize, cfg: *mut aclrtLaunchKernelCfg, stream: aclrtStream) -> aclError;
        /// The same with finalised arguments. `cfg` may be null, `reserve` is null.
        [optional "8.1"] fn aclrtLaunchKernelWithConfig(func_handle: aclrtFuncHandle, num_blocks: u32, stream: aclrtStream, cfg: *mut aclrtLaunchKernelCfg, args_handle: aclrtArgsHandle, reserve: *mut c_void) -> aclError;
        /// The same with packed arguments in memory of the host, which are copied. `cfg` may be null.
        [optional "8.5"] fn aclrtLaunchKernelWithHostArgs(func_handle: aclrtFuncHandle, num_blocks: u32, stream: aclrtStream, cfg: *mut aclrtLaunchKernelCfg, host_args: *mut c_void, args_size: usize, place_holder_array: *mut aclrtPlaceHolderInfo, place_holder_num: usize) -> aclError;
        /// The same with an array of pointers, one to each argument in memory of the host. `cfg` may be null.
        [optional "9.1"] fn aclrtLaunchKernelWithArgsArray(func: *mut c_void, num_blocks: u32, stream: aclrtStream, cfg: *mut aclrtLaunchKernelCfg, args: *mut *mut c_void) -> aclError;
        // ---- launches by the address of a host function, of the runtime below ACL (`runtime/kernel.h`, among a toolkit's inner headers)
        /// Registers a binary: `rtDevBinary_t`. CANN advises against it.
        [optional "8.1"] fn rtDevBinaryRegister(bin: *const c_void, hdl: *mut *mut c_void) -> aclError;
        /// Ties a kernel of it to the address of a function of the host.
        [optional "8.1"] fn rtFunctionRegister(bin_handle: *mut c_void, stub_func: *const c_void, stub_name: *const c_char, kernel_info_ext: *const c_void, func_mode: u32) -> aclError;
        /// Runs the kernel of such an address. `sm_desc` (`rtSmDesc_t`) may be null.
        [optional "8.1"] fn rtKernelLaunch(stub_func: *const c_void, num_blocks: u32, args: *mut c_void, args_size: u32, sm_desc: *mut c_void, stm: aclrtStream) -> aclError;
    } };
}
kernel_symbols!(function_table);
