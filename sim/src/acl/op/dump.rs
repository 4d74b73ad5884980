//! Dumps of operators, as programs ask for them. What they are: [`crate::dump`].

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::path::{Path, PathBuf};
use std::ptr::null;

use ascend_rl_sys::types::*;

use super::super::config::read;
use super::super::context::current;
use super::super::process;
use super::not_null;
use crate::dump::{self, Contents, Entry, Part};
use crate::memory::Place;
use crate::reject::{Outcome, check, reject};

/// "aclInit" comes first, as CANN has it (`toolchain/dump.cpp`).
fn started() -> Outcome {
    check!(process::is_started(), ACL_ERROR_UNINITIALIZE, "aclInit was not called");
    Ok(())
}

pub(crate) fn aclmdlInitDump() -> Outcome {
    started()?;
    dump::change(|state| {
        check!(!state.on, ACL_ERROR_REPEAT_INITIALIZE, "dumps are on already: call aclmdlFinalizeDump first");
        state.on = true;
        Ok(())
    })
}

/// The last one counts. A file without "dump" asks for nothing.
pub(crate) fn aclmdlSetDump(dump_cfg_path: *const c_char) -> Outcome {
    started()?;
    check!(dump::look(|state| state.on), ACL_ERROR_DUMP_NOT_RUN, "dumps are not on: call aclmdlInitDump first");
    not_null("dumpCfgPath", dump_cfg_path)?;
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let path = unsafe { CStr::from_ptr(dump_cfg_path) };
    let keys = read("dumpCfgPath", Path::new(&*path.to_string_lossy()))?;
    if let Some(dump) = keys.get("dump") {
        let config = dump::Config::of(dump)?;
        dump::change(|state| state.configure(config));
    }
    Ok(())
}

pub(crate) fn aclmdlFinalizeDump() -> Outcome {
    started()?;
    dump::change(|state| {
        check!(state.on, ACL_ERROR_DUMP_NOT_RUN, "dumps are not on: call aclmdlInitDump first");
        state.on = false;
        state.configure(dump::Config::default());
        Ok(())
    })
}

/// All of the refusals of these two have one code in CANN (`adump_api_platform.cpp`).
pub(crate) fn aclopStartDumpArgs(dump_type: u32, path: *const c_char) -> Outcome {
    check!(!path.is_null(), ACL_ERROR_FAILURE, "path is null");
    check!(
        dump_type & ACL_OP_DUMP_OP_AICORE_ARGS != 0,
        ACL_ERROR_FAILURE,
        "dumpType is {dump_type}: ACL_OP_DUMP_OP_AICORE_ARGS (1) is taken"
    );
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let folder = PathBuf::from(&*unsafe { CStr::from_ptr(path) }.to_string_lossy());
    check!(!folder.as_os_str().is_empty(), ACL_ERROR_FAILURE, "path is empty");
    if let Err(error) = std::fs::create_dir_all(&folder) {
        reject!(ACL_ERROR_FAILURE, "path \"{}\" cannot be made: {error}", folder.display())
    }
    dump::change(|state| {
        check!(state.arguments.is_none(), ACL_ERROR_FAILURE, "arguments are dumped already: call aclopStopDumpArgs first");
        state.arguments = Some(folder);
        Ok(())
    })
}

/// Of nothing that is dumped, it is no mistake.
pub(crate) fn aclopStopDumpArgs(dump_type: u32) -> Outcome {
    if dump_type & ACL_OP_DUMP_OP_AICORE_ARGS != 0 {
        dump::change(|state| state.arguments = None);
    }
    Ok(())
}

pub(crate) fn acldumpRegCallback(
    message_callback: Option<unsafe extern "C" fn(chunk: *const acldumpChunk, length: i32) -> i32>,
    flag: i32,
) -> Outcome {
    check!(message_callback.is_some(), ACL_ERROR_FAILURE, "messageCallback is null");
    check!(flag == 0, ACL_ERROR_FAILURE, "flag is {flag}: 0 is taken");
    dump::change(|state| state.taker = message_callback);
    Ok(())
}

pub(crate) fn acldumpUnregCallback() -> Outcome {
    dump::change(|state| state.taker = None);
    Ok(())
}

/// Null where dumps of the kind are not on. The text lives until the next call on the thread.
pub(crate) fn acldumpGetPath(dump_type: acldumpType) -> Outcome<*const c_char> {
    thread_local! {
        static GIVEN: RefCell<CString> = RefCell::default();
    }
    let folder = dump::look(|state| match dump_type {
        AIC_ERR_BRIEF_DUMP | AIC_ERR_NORM_DUMP | AIC_ERR_DETAIL_DUMP => state.failure_folder().cloned(),
        DATA_DUMP | OVERFLOW_DUMP => state.data_folder().cloned(),
        _ => None,
    });
    Ok(folder.map_or(null(), |folder| {
        // The program keeps its own files there.
        _ = std::fs::create_dir_all(&*folder.to_string_lossy());
        GIVEN.with_borrow_mut(|given| {
            *given = folder;
            given.as_ptr()
        })
    }))
}

/// The folder of what failed on the current device.
fn failures(function: &str) -> Outcome<PathBuf> {
    let Some(folder) = dump::look(|state| state.failure_folder().cloned()) else {
        reject!(ACL_ERROR_FAILURE, "what failed is not dumped: {function} needs \"dump_scene\" in the configuration")
    };
    let folder = Path::new(&*folder.to_string_lossy()).join(current()?.device.id.to_string());
    if let Err(error) = std::fs::create_dir_all(&folder) {
        reject!(ACL_ERROR_FAILURE, "\"{}\" cannot be made: {error}", folder.display())
    }
    Ok(folder)
}

pub(crate) fn acldumpGetExceptionInfoPath(path: *mut c_char, max_len: usize) -> Outcome {
    not_null("path", path)?;
    check!(max_len > 1, ACL_ERROR_INVALID_PARAM, "maxLen is {max_len}: more than 1 is needed");
    let folder = format!("{}/", failures("acldumpGetExceptionInfoPath")?.display());
    check!(folder.len() < max_len, ACL_ERROR_INVALID_PARAM, "maxLen is {max_len}: {} bytes are needed", folder.len() + 1);
    for (i, byte) in folder.bytes().chain([0]).enumerate() {
        // SAFETY: not null, and C's contract is room for `max_len` bytes, which are enough as checked.
        unsafe { path.add(i).write(byte as c_char) };
    }
    Ok(())
}

pub(crate) fn acldumpSaveExceptionInfo(
    file_name: *const c_char,
    user_tag: *const c_char,
    tensors: *const acldumpTensorInfo,
    tensor_count: usize,
) -> Outcome {
    not_null("fileName", file_name)?;
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let name = unsafe { CStr::from_ptr(file_name) }.to_string_lossy();
    let inside = !name.is_empty() && !name.starts_with('/') && !name.split('/').any(|part| part == "..");
    check!(inside, ACL_ERROR_INVALID_PARAM, "fileName is \"{name}\": a path inside the folder of what failed is taken");
    not_null("tensors", tensors)?;
    check!(tensor_count > 0, ACL_ERROR_INVALID_PARAM, "tensorCount is 0");
    let folder = failures("acldumpSaveExceptionInfo")?;
    // SAFETY: C's contract: so many values, and null or a NUL-terminated string.
    let (tensors, note) = unsafe {
        let note = (!user_tag.is_null()).then(|| CStr::from_ptr(user_tag).to_string_lossy());
        (std::slice::from_raw_parts(tensors, tensor_count), note.unwrap_or_default())
    };
    let mut entries = Vec::new();
    for (i, tensor) in tensors.iter().enumerate() {
        entries.extend(entry(&format!("tensors[{i}]"), tensor)?);
    }
    let now = dump::now();
    let file = folder.join(format!("{name}.custom.{}", now.as_millis()));
    let bytes = Contents { name: &name, time: now.as_micros() as u64, note: &note, entries }.bytes();
    let written = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, bytes));
    if let Err(error) = written {
        reject!(ACL_ERROR_FAILURE, "\"{}\" cannot be written: {error}", file.display())
    }
    Ok(())
}

/// A tensor with its data; one without any is left out.
fn entry(param: &str, tensor: &acldumpTensorInfo) -> Outcome<Option<Entry>> {
    let part = match tensor.r#type {
        ACL_DUMP_TENSOR_INPUT => Part::Input,
        ACL_DUMP_TENSOR_OUTPUT => Part::Output,
        ACL_DUMP_TENSOR_WORKSPACE => Part::Workspace,
        other => reject!(ACL_ERROR_INVALID_PARAM, "{param}: type is {}: input, output or workspace is taken", other.0),
    };
    let dims = tensor.shapeNum as usize;
    check!(dims <= tensor.shape.len(), ACL_ERROR_INVALID_PARAM, "{param}: shapeNum is {dims}: at most 25 is taken");
    check!(
        tensor.addrType == ACL_DUMP_ADDR_RAW,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{param}: addrType is {}: the simulator takes ACL_DUMP_ADDR_RAW",
        tensor.addrType.name().map_or_else(|| tensor.addrType.0.to_string(), str::to_owned)
    );
    let (address, size) = (tensor.tensorAddr as usize, tensor.tensorSize);
    if address == 0 || size == 0 {
        return Ok(None);
    }
    let on_device = match tensor.placement {
        ACL_DUMP_PLACEMENT_DEVICE => true,
        ACL_DUMP_PLACEMENT_HOST => false,
        other => reject!(ACL_ERROR_INVALID_PARAM, "{param}: placement is {}: device or host is taken", other.0),
    };
    let place = Place::of(param, address, size)?;
    check!(
        matches!(place, Place::Device(_)) == on_device,
        ACL_ERROR_INVALID_PARAM,
        "{param}: tensorAddr {address:#x} is {}, against its placement",
        place.name()
    );
    // SAFETY: memory of a device, as checked, or (C's contract) of the host with so many bytes.
    let data = unsafe { std::slice::from_raw_parts(address as *const u8, size) }.to_vec();
    let (dtype, format) = (aclDataType(tensor.dataType), aclFormat(tensor.format));
    Ok(Some(Entry { part, dtype, format, shape: tensor.shape[..dims].to_vec(), data }))
}

/// For `aclInit`, whose file may ask for dumps.
pub(in crate::acl) fn configure(config: Option<dump::Config>) {
    dump::change(|state| state.configure(config.unwrap_or_default()));
}
