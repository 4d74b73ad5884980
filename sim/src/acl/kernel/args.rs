//! Arguments, by their handles.
//!
//! A thread has one list of arguments in memory of the runtime: beginning another ends it, as in CANN. A list in memory of the program
//! is known by the address that the program gave for its handle; nothing is written there.

use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};

use ascend_rl_sys::types::*;

use super::{Function, give, not_null, resolve};
use crate::kernel::args::{Args, needed};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

type Shared = Arc<Mutex<Args>>;

static LISTS: Registry<Shared> = Registry::new(Kind::KernelArgs);
/// By the address of the program's handle.
static OF_USER: Mutex<Option<HashMap<usize, Shared>>> = Mutex::new(None);

/// The list of a thread, which ends with it.
struct Own(Cell<usize>);

impl Drop for Own {
    fn drop(&mut self) {
        LISTS.remove(self.0.get());
    }
}

thread_local! {
    static OWN: Own = const { Own(Cell::new(0)) };
}

fn next_id() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Relaxed)
}

fn of_user() -> MutexGuard<'static, Option<HashMap<usize, Shared>>> {
    OF_USER.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

pub(super) fn lock(list: &Mutex<Args>) -> MutexGuard<'_, Args> {
    list.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The list of a handle.
pub(super) fn list(handle: aclrtArgsHandle) -> Outcome<Shared> {
    not_null("argsHandle", handle)?;
    let found = LISTS.get(handle as usize).or_else(|| of_user().as_ref()?.get(&(handle as usize)).cloned());
    match found {
        Some(list) => Ok(list),
        None => reject!(
            ACL_ERROR_RT_INVALID_HANDLE,
            "argsHandle is no list of arguments: never made, or another was begun on its thread (aclrtKernelArgsInit)"
        ),
    }
}

/// The handle of a parameter: the list's number and the index.
fn param_handle(args: &Args, index: usize) -> aclrtParamHandle {
    (0xDB << 56 | (args.id as usize) << 8 | index) as aclrtParamHandle
}

/// The index of a parameter of this list.
fn param(args: &Args, handle: aclrtParamHandle) -> Outcome<usize> {
    not_null("paramHandle", handle)?;
    let index = handle as usize & 0xFF;
    let own = handle == param_handle(args, index) && index < args.count();
    check!(own, ACL_ERROR_RT_INVALID_HANDLE, "paramHandle is no parameter of this list of arguments");
    Ok(index)
}

/// The kernel that a list is for.
fn function(args: &Args) -> Outcome<Function> {
    resolve("the kernel of argsHandle", args.function as aclrtFuncHandle)
}

pub(crate) fn aclrtKernelArgsInit(func_handle: aclrtFuncHandle, args_handle: *mut aclrtArgsHandle) -> Outcome {
    not_null("funcHandle", func_handle)?;
    not_null("argsHandle", args_handle)?;
    resolve("funcHandle", func_handle)?;
    let handle = LISTS.insert(Arc::new(Mutex::new(Args::own(next_id(), func_handle as usize))));
    LISTS.remove(OWN.with(|own| own.0.replace(handle)));
    give(args_handle, handle as aclrtArgsHandle);
    Ok(())
}

pub(crate) fn aclrtKernelArgsInitByUserMem(
    func_handle: aclrtFuncHandle,
    args_handle: aclrtArgsHandle,
    user_host_mem: *mut c_void,
    actual_args_size: usize,
) -> Outcome {
    not_null("funcHandle", func_handle)?;
    not_null("argsHandle", args_handle)?;
    not_null("userHostMem", user_host_mem)?;
    check!(actual_args_size > 0, ACL_ERROR_INVALID_PARAM, "actualArgsSize is 0");
    resolve("funcHandle", func_handle)?;
    // SAFETY: C's contract: the memory has so many bytes, and is the runtime's while the arguments are used.
    let args = unsafe { Args::of_user(next_id(), func_handle as usize, user_host_mem.cast(), actual_args_size) };
    of_user().get_or_insert_default().insert(args_handle as usize, Arc::new(Mutex::new(args)));
    Ok(())
}

pub(crate) fn aclrtKernelArgsGetMemSize(
    func_handle: aclrtFuncHandle,
    user_args_size: usize,
    actual_args_size: *mut usize,
) -> Outcome {
    not_null("funcHandle", func_handle)?;
    not_null("actualArgsSize", actual_args_size)?;
    let params = resolve("funcHandle", func_handle)?.kernel().params.len();
    let Some(size) = needed(user_args_size, params) else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "userArgsSize is {user_args_size}, more than there can be")
    };
    give(actual_args_size, size);
    Ok(())
}

/// What CANN keeps at the program's handle; the simulator keeps nothing there.
pub(crate) fn aclrtKernelArgsGetHandleMemSize(func_handle: aclrtFuncHandle, mem_size: *mut usize) -> Outcome {
    const HANDLE: usize = 128;
    const PARAM: usize = 48;
    not_null("funcHandle", func_handle)?;
    not_null("memSize", mem_size)?;
    give(mem_size, HANDLE + PARAM * resolve("funcHandle", func_handle)?.kernel().params.len());
    Ok(())
}

pub(crate) fn aclrtKernelArgsAppend(
    args_handle: aclrtArgsHandle,
    param: *mut c_void,
    param_size: usize,
    param_handle: *mut aclrtParamHandle,
) -> Outcome {
    not_null("argsHandle", args_handle)?;
    not_null("param", param)?;
    check!(param_size > 0, ACL_ERROR_INVALID_PARAM, "paramSize is 0");
    not_null("paramHandle", param_handle)?;
    let list = list(args_handle)?;
    let mut args = lock(&list);
    let function = function(&args)?;
    // SAFETY: C's contract: so many bytes are there.
    let index = unsafe { args.append(param.cast(), param_size, &function.kernel().params) }
        .map_err(|why| of_kernel(function.kernel().name, why))?;
    give(param_handle, self::param_handle(&args, index));
    Ok(())
}

/// Names the kernel that a refusal is about.
fn of_kernel(name: &str, mut why: crate::reject::Reject) -> crate::reject::Reject {
    why.text = format!("kernel {name}: {}", why.text);
    why
}

pub(crate) fn aclrtKernelArgsAppendPlaceHolder(args_handle: aclrtArgsHandle, param_handle: *mut aclrtParamHandle) -> Outcome {
    not_null("argsHandle", args_handle)?;
    not_null("paramHandle", param_handle)?;
    let list = list(args_handle)?;
    let mut args = lock(&list);
    let function = function(&args)?;
    let index = args.append_placeholder(&function.kernel().params).map_err(|why| of_kernel(function.kernel().name, why))?;
    give(param_handle, self::param_handle(&args, index));
    Ok(())
}

pub(crate) fn aclrtKernelArgsGetPlaceHolderBuffer(
    args_handle: aclrtArgsHandle,
    param_handle: aclrtParamHandle,
    data_size: usize,
    buffer_addr: *mut *mut c_void,
) -> Outcome {
    not_null("argsHandle", args_handle)?;
    not_null("paramHandle", param_handle)?;
    check!(data_size > 0, ACL_ERROR_INVALID_PARAM, "dataSize is 0");
    not_null("bufferAddr", buffer_addr)?;
    let list = list(args_handle)?;
    let mut args = lock(&list);
    let index = param(&args, param_handle)?;
    give(buffer_addr, args.buffer_of(index, data_size)?.cast());
    Ok(())
}

pub(crate) fn aclrtKernelArgsParaUpdate(
    args_handle: aclrtArgsHandle,
    param_handle: aclrtParamHandle,
    param: *mut c_void,
    param_size: usize,
) -> Outcome {
    not_null("argsHandle", args_handle)?;
    not_null("paramHandle", param_handle)?;
    not_null("param", param)?;
    check!(param_size > 0, ACL_ERROR_INVALID_PARAM, "paramSize is 0");
    let list = list(args_handle)?;
    let mut args = lock(&list);
    let index = self::param(&args, param_handle)?;
    // SAFETY: C's contract: so many bytes are there.
    unsafe { args.update(index, param.cast(), param_size) }
}

pub(crate) fn aclrtKernelArgsFinalize(args_handle: aclrtArgsHandle) -> Outcome {
    let list = list(args_handle)?;
    let mut args = lock(&list);
    let function = function(&args)?;
    args.finalise(&function.kernel().params).map_err(|why| of_kernel(function.kernel().name, why))
}
