//! Binaries.

use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard};

use ascend_rl_sys::types::*;

use super::super::context::current;
use super::{Callback, FUNCTIONS, Function, give, not_null, unsupported};
use crate::kernel::image::Image;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

/// A loaded binary.
#[derive(Clone)]
pub(super) struct Program {
    image: Arc<Image>,
    /// The devices that it is on, a bit each.
    devices: Arc<AtomicU64>,
    /// What is told of failures.
    callback: Arc<Mutex<Option<Callback>>>,
}

static PROGRAMS: Registry<Program> = Registry::new(Kind::Program);
/// `aclrtCreateBinary`: address and size of the program's bytes.
static BINARIES: Registry<(usize, usize)> = Registry::new(Kind::Binary);

/// Whether the binary is on a device.
pub(super) fn is_on(program: usize, device: u32) -> bool {
    PROGRAMS.with(program, |program| program.devices.load(SeqCst) >> device & 1 == 1) == Some(true)
}

fn resolve(handle: aclrtBinHandle) -> Outcome<Program> {
    not_null("binHandle", handle)?;
    match PROGRAMS.get(handle as usize) {
        Some(program) => Ok(program),
        None => reject!(ACL_ERROR_RT_INVALID_HANDLE, "binHandle is not a loaded binary: unloaded already, or never loaded"),
    }
}

pub(crate) fn aclrtCreateBinary(data: *const c_void, data_len: usize) -> Outcome<aclrtBinary> {
    not_null("data", data)?;
    Ok(BINARIES.insert((data as usize, data_len)) as aclrtBinary)
}

pub(crate) fn aclrtDestroyBinary(binary: aclrtBinary) -> Outcome {
    not_null("binary", binary)?;
    match BINARIES.remove(binary as usize) {
        Some(_) => Ok(()),
        None => reject!(ACL_ERROR_RT_INVALID_HANDLE, "binary is not of aclrtCreateBinary: destroyed already, or never made"),
    }
}

pub(crate) fn aclrtBinaryLoad(binary: aclrtBinary, bin_handle: *mut aclrtBinHandle) -> Outcome {
    not_null("binary", binary)?;
    not_null("binHandle", bin_handle)?;
    let Some((data, len)) = BINARIES.get(binary as usize) else {
        reject!(ACL_ERROR_RT_INVALID_HANDLE, "binary is not of aclrtCreateBinary: destroyed already, or never made")
    };
    load_data(data as *const c_void, len, false, bin_handle)
}

pub(crate) fn aclrtBinaryLoadFromFile(
    bin_path: *const c_char,
    options: *mut aclrtBinaryLoadOptions,
    bin_handle: *mut aclrtBinHandle,
) -> Outcome {
    not_null("binPath", bin_path)?;
    not_null("binHandle", bin_handle)?;
    let lazy = lazy(options, true)?;
    // SAFETY: C's contract: a C string.
    let path = unsafe { CStr::from_ptr(bin_path) }.to_string_lossy();
    let bytes = std::fs::read(&*path).or_else(|why| reject!(ACL_ERROR_RT_PARAM_INVALID, "binPath \"{path}\": {why}"))?;
    load(&bytes, lazy, bin_handle)
}

pub(crate) fn aclrtBinaryLoadFromData(
    data: *const c_void,
    length: usize,
    options: *const aclrtBinaryLoadOptions,
    bin_handle: *mut aclrtBinHandle,
) -> Outcome {
    not_null("data", data)?;
    not_null("binHandle", bin_handle)?;
    let lazy = lazy(options, false)?;
    load_data(data, length, lazy, bin_handle)
}

fn load_data(data: *const c_void, length: usize, lazy: bool, bin_handle: *mut aclrtBinHandle) -> Outcome {
    check!(length > 0, ACL_ERROR_RT_PARAM_INVALID, "length is 0");
    // SAFETY: C's contract: so many bytes are there.
    load(unsafe { std::slice::from_raw_parts(data.cast(), length) }, lazy, bin_handle)
}

fn load(bytes: &[u8], lazy: bool, bin_handle: *mut aclrtBinHandle) -> Outcome {
    let device = current()?.device.id;
    let image = Arc::new(Image::load(bytes)?);
    let devices = Arc::new(AtomicU64::new(if lazy { 0 } else { 1 << device }));
    give(bin_handle, PROGRAMS.insert(Program { image, devices, callback: Arc::default() }) as aclrtBinHandle);
    Ok(())
}

/// Reads the options: whether the binary goes to a device only when a function is asked for.
fn lazy(options: *const aclrtBinaryLoadOptions, from_file: bool) -> Outcome<bool> {
    // SAFETY: null, or C's contract.
    let Some(options) = (unsafe { options.as_ref() }) else { return Ok(false) };
    check!(!options.options.is_null(), ACL_ERROR_RT_PARAM_INVALID, "options->options is null");
    let mut lazy = false;
    for i in 0..options.numOpt {
        // SAFETY: C's contract: so many are there. All members of the value are plain numbers.
        let (option, lazy_load, magic) = unsafe {
            let option = &*options.options.add(i);
            (option.r#type, option.value.isLazyLoad, option.value.magic)
        };
        match option {
            ACL_RT_BINARY_LOAD_OPT_LAZY_LOAD => {
                check!(
                    lazy_load <= 1,
                    ACL_ERROR_RT_PARAM_INVALID,
                    "options[{i}].value.isLazyLoad is {lazy_load}: 0 or 1 is taken"
                );
                lazy = lazy_load == 1;
            }
            ACL_RT_BINARY_LOAD_OPT_MAGIC => {
                check!(
                    !from_file,
                    ACL_ERROR_RT_PARAM_INVALID,
                    "options[{i}] is ACL_RT_BINARY_LOAD_OPT_MAGIC, which is for aclrtBinaryLoadFromData only"
                );
                // A twin image says itself what its kernels run on.
                let known =
                    [ACL_RT_BINARY_MAGIC_ELF_AICORE, ACL_RT_BINARY_MAGIC_ELF_VECTOR_CORE, ACL_RT_BINARY_MAGIC_ELF_CUBE_CORE];
                check!(
                    known.contains(&magic),
                    ACL_ERROR_RT_PARAM_INVALID,
                    "options[{i}].value.magic is {magic:#x}: one of ACL_RT_BINARY_MAGIC_ELF_... ({known:#x?}) is taken"
                );
            }
            ACL_RT_BINARY_LOAD_OPT_CPU_KERNEL_MODE => reject!(
                ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
                "options[{i}] is ACL_RT_BINARY_LOAD_OPT_CPU_KERNEL_MODE: the simulator has no AI CPU kernels"
            ),
            other => reject!(ACL_ERROR_RT_PARAM_INVALID, "options[{i}].type is {}, which is no option of loading", other.0),
        }
    }
    Ok(lazy)
}

/// What was enqueued still runs: it holds the image.
pub(crate) fn aclrtBinaryUnLoad(bin_handle: aclrtBinHandle) -> Outcome {
    resolve(bin_handle)?;
    let program = bin_handle as usize;
    PROGRAMS.remove(program);
    for function in FUNCTIONS.handles(|function| function.program == program) {
        FUNCTIONS.remove(function);
    }
    Ok(())
}

/// A twin image is memory of the host: its kernels have addresses, the binary none that a device could use.
pub(crate) fn aclrtBinaryGetDevAddress(
    bin_handle: aclrtBinHandle,
    _bin_addr: *mut *mut c_void,
    _bin_size: *mut usize,
) -> Outcome {
    resolve(bin_handle)?;
    reject!(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "a twin image is code of the host: it is nowhere in the simulated device's memory")
}

/// The handle of a kernel: the same each time. The binary is on the current device from now on.
fn function(program: aclrtBinHandle, index: usize, func_handle: *mut aclrtFuncHandle) -> Outcome {
    let found = resolve(program)?;
    let device = current()?.device.id;
    let (program, image) = (program as usize, found.image);
    found.devices.fetch_or(1 << device, SeqCst);
    let known = FUNCTIONS.handles(|function| function.program == program && function.index == index);
    let handle = known.first().copied().unwrap_or_else(|| FUNCTIONS.insert(Function { program, image, index }));
    give(func_handle, handle as aclrtFuncHandle);
    Ok(())
}

pub(crate) fn aclrtBinaryGetFunction(
    bin_handle: aclrtBinHandle,
    kernel_name: *const c_char,
    func_handle: *mut aclrtFuncHandle,
) -> Outcome {
    not_null("binHandle", bin_handle)?;
    not_null("kernelName", kernel_name)?;
    not_null("funcHandle", func_handle)?;
    let program = resolve(bin_handle)?;
    // SAFETY: C's contract: a C string.
    let name = unsafe { CStr::from_ptr(kernel_name) }.to_string_lossy();
    let kernels = &program.image.kernels;
    let Some(index) = kernels.iter().position(|kernel| kernel.name == name) else {
        let nearest = kernels.iter().min_by_key(|kernel| distance(kernel.name, &name));
        let hint = nearest
            .map_or("it has no kernel".into(), |kernel| format!("the nearest of its {} is \"{}\"", kernels.len(), kernel.name));
        reject!(ACL_ERROR_RT_PARAM_INVALID, "kernelName is \"{name}\", and the binary has no such kernel: {hint}")
    };
    function(bin_handle, index, func_handle)
}

/// A tiling key is what a kernel's name ends with: `name_KEY`.
pub(crate) fn aclrtBinaryGetFunctionByEntry(
    bin_handle: aclrtBinHandle,
    func_entry: u64,
    func_handle: *mut aclrtFuncHandle,
) -> Outcome {
    not_null("binHandle", bin_handle)?;
    not_null("funcHandle", func_handle)?;
    let program = resolve(bin_handle)?;
    let of_key = |name: &str| name.rsplit_once('_').is_some_and(|(_, key)| key == func_entry.to_string());
    let Some(index) = program.image.kernels.iter().position(|kernel| of_key(kernel.name)) else {
        reject!(
            ACL_ERROR_RT_PARAM_INVALID,
            "funcEntry is {func_entry}, and no kernel of the binary has that tiling key (a name that ends in \"_{func_entry}\")"
        )
    };
    function(bin_handle, index, func_handle)
}

pub(crate) fn aclrtBinaryGetGlobal(
    bin_handle: aclrtBinHandle,
    name: *const c_char,
    dptr: *mut *mut c_void,
    size: *mut usize,
) -> Outcome {
    not_null("binHandle", bin_handle)?;
    not_null("name", name)?;
    check!(!dptr.is_null() || !size.is_null(), ACL_ERROR_INVALID_PARAM, "dptr and size are both null");
    resolve(bin_handle)?;
    unsupported("global variables of a binary are symbols that a twin image does not have")
}

/// The binary that an image is of, and the function that is told of its failures.
pub(super) fn of_image(image: &Arc<Image>) -> Option<(usize, Option<Callback>)> {
    let program = *PROGRAMS.handles(|program| Arc::ptr_eq(&program.image, image)).first()?;
    Some((program, PROGRAMS.with(program, |program| *lock(&program.callback))?))
}

/// Sets that function.
pub(super) fn set_callback(handle: aclrtBinHandle, callback: Callback) -> Outcome {
    *lock(&resolve(handle)?.callback) = Some(callback);
    Ok(())
}

fn lock(callback: &Mutex<Option<Callback>>) -> MutexGuard<'_, Option<Callback>> {
    callback.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// How many letters must be changed, added or left out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let best = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        for (a, b, n) in
            [("kv_write", "kv_write", 0), ("kv_write", "kvwrite", 1), ("", "abc", 3), ("cast", "copy", 3), ("ab", "ba", 2)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (n, n), "{a} {b}");
        }
    }
}
