//! Launches.

use std::ffi::c_void;
use std::time::Duration;

use ascend_rl_sys::types::*;

use super::super::chip::chip;
use super::super::copy::on_this_device;
use super::{Function, args, binary, not_null, resolve, stream};
use crate::engine::Task;
use crate::kernel::Launch;
use crate::kernel::launch::{Packed, Source};
use crate::memory::Place;
use crate::reject::{Outcome, check, reject};

/// Blocks of a launch: the hardware's field has 16 bits.
const MOST_BLOCKS: u32 = 0xFFFF;

/// The attributes that the simulator has a use for.
#[derive(Default)]
struct Config {
    schedule_mode: Option<u32>,
    timeout: Option<Duration>,
}

/// Reads and checks attributes; one that cannot be honoured is refused.
fn config(cfg: *const aclrtLaunchKernelCfg) -> Outcome<Config> {
    let mut config = Config::default();
    // SAFETY: null, or C's contract.
    let Some(cfg) = (unsafe { cfg.as_ref() }) else { return Ok(config) };
    check!(!cfg.attrs.is_null(), ACL_ERROR_RT_PARAM_INVALID, "cfg->attrs is null");
    let (mut seconds, mut micros) = (None, None);
    for i in 0..cfg.numAttrs {
        // SAFETY: C's contract: so many are there. All members of the value are plain numbers that begin at its start.
        let (id, bytes, half, words) = unsafe {
            let attr = &*cfg.attrs.add(i);
            (attr.id, attr.value.schemMode, attr.value.timeout, attr.value.rsv)
        };
        let name = id.name().unwrap_or("?");
        let flag = |member: &str| {
            check!(bytes <= 1, ACL_ERROR_RT_PARAM_INVALID, "cfg->attrs[{i}].value.{member} is {bytes}: 0 or 1 is taken");
            Ok(bytes == 1)
        };
        match id {
            ACL_RT_LAUNCH_KERNEL_ATTR_SCHEM_MODE => {
                check!(
                    bytes <= 1,
                    ACL_ERROR_RT_PARAM_INVALID,
                    "cfg->attrs[{i}].value.schemMode is {bytes}: 0 (as cores become free) or 1 (all at once) is taken"
                );
                config.schedule_mode = Some(bytes.into());
            }
            ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT => seconds = Some(Duration::from_secs(half.into())),
            ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT_US => {
                micros = Some(Duration::from_micros(u64::from(words[0]) | u64::from(words[1]) << 32));
            }
            // It makes a launch faster on a card, and nothing else.
            ACL_RT_LAUNCH_KERNEL_ATTR_BLOCK_TASK_PREFETCH => _ = flag("isBlockTaskPrefetch")?,
            ACL_RT_LAUNCH_KERNEL_ATTR_DATA_DUMP if !flag("isDataDump")? => {}
            ACL_RT_LAUNCH_KERNEL_ATTR_ENABLE_PROFILING if !flag("enableProfiling")? => {}
            ACL_RT_LAUNCH_KERNEL_ATTR_DYN_UBUF_SIZE if words[0] == 0 => {}
            ACL_RT_LAUNCH_KERNEL_ATTR_DATA_DUMP | ACL_RT_LAUNCH_KERNEL_ATTR_ENABLE_PROFILING => reject!(
                ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
                "cfg->attrs[{i}] is {name}: the simulator has no dumps and no profiles of single launches"
            ),
            ACL_RT_LAUNCH_KERNEL_ATTR_DYN_UBUF_SIZE
            | ACL_RT_LAUNCH_KERNEL_ATTR_ENGINE_TYPE
            | ACL_RT_LAUNCH_KERNEL_ATTR_BLOCKDIM_OFFSET => {
                reject!(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "cfg->attrs[{i}] is {name}, which is not for Atlas A2 and A3")
            }
            other => reject!(ACL_ERROR_RT_PARAM_INVALID, "cfg->attrs[{i}].id is {}, which is no attribute of a launch", other.0),
        }
    }
    check!(
        seconds.is_none() || micros.is_none(),
        ACL_ERROR_RT_PARAM_INVALID,
        "cfg->attrs has both ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT and ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT_US: one is taken"
    );
    config.timeout = seconds.or(micros).filter(|timeout| !timeout.is_zero());
    Ok(config)
}

/// The checks that all launches share, and the enqueue.
fn launch(function: Function, num_blocks: u32, config: Config, source: Source, stream: aclrtStream) -> Outcome {
    let stream = stream::resolve(stream)?;
    let kernel = function.kernel();
    check!(
        binary::is_on(function.program, stream.device),
        ACL_ERROR_RT_INVALID_HANDLE,
        "kernel {} is not on device {}: its binary was loaded on another (load it once for each device)",
        kernel.name,
        stream.device
    );
    let chip = chip()?;
    let cores = if kernel.cores.aic > 0 { chip.cube_cores } else { chip.vector_cores() };
    let schedule_mode = config.schedule_mode.unwrap_or(kernel.schedule_mode);
    check!(
        num_blocks <= MOST_BLOCKS,
        ACL_ERROR_RT_PARAM_INVALID,
        "numBlocks is {num_blocks}, and a launch has at most {MOST_BLOCKS}"
    );
    check!(
        schedule_mode == 0 || num_blocks <= cores,
        ACL_ERROR_RT_PARAM_INVALID,
        "numBlocks is {num_blocks}, and with schedule mode {schedule_mode} all blocks of kernel {} need a core at once: there are {cores} \
         {}",
        kernel.name,
        match (kernel.cores.aic, kernel.cores.aiv) {
            (0, _) => "vector cores",
            (_, 0) => "cube cores",
            _ => "groups of a cube core and its vector cores",
        }
    );
    let launch = Launch {
        image: function.image.clone(),
        kernel: function.index,
        blocks: num_blocks,
        device_cores: cores,
        schedule_mode,
        timeout: config.timeout,
        device: stream.device,
        source,
    };
    stream.enqueue(Task::Operator(launch.planned().into()))
}

/// Whether `size` bytes hold the kernel's arguments, and no more than a C struct of them would.
fn check_size(function: &Function, size: usize, exact: bool) -> Outcome {
    let kernel = function.kernel();
    if let Some((i, (offset, bytes))) = kernel.params.iter().enumerate().find(|(_, (offset, bytes))| offset + bytes > size) {
        reject!(
            ACL_ERROR_RT_PARAM_INVALID,
            "argsSize is {size}, and kernel {} takes {} bytes: parameter {i} (from 0) is {bytes} bytes at {offset}",
            kernel.name,
            kernel.args_size
        )
    }
    check!(
        !exact || size <= kernel.args_size.next_multiple_of(8),
        ACL_ERROR_RT_PARAM_INVALID,
        "argsSize is {size}, more than the {} bytes that kernel {} takes: these are not its {} parameters",
        kernel.args_size,
        kernel.name,
        kernel.params.len()
    );
    Ok(())
}

pub(crate) fn aclrtLaunchKernel(
    func_handle: aclrtFuncHandle,
    num_blocks: u32,
    args_data: *const c_void,
    args_size: usize,
    stream: aclrtStream,
) -> Outcome {
    aclrtLaunchKernelV2(func_handle, num_blocks, args_data, args_size, std::ptr::null_mut(), stream)
}

pub(crate) fn aclrtLaunchKernelV2(
    func_handle: aclrtFuncHandle,
    num_blocks: u32,
    args_data: *const c_void,
    args_size: usize,
    cfg: *mut aclrtLaunchKernelCfg,
    stream: aclrtStream,
) -> Outcome {
    not_null("funcHandle", func_handle)?;
    not_null("argsData", args_data)?;
    let function = resolve("funcHandle", func_handle)?;
    check!(args_size > 0, ACL_ERROR_RT_PARAM_INVALID, "argsSize is 0");
    check!(num_blocks > 0, ACL_ERROR_RT_PARAM_INVALID, "numBlocks is 0");
    let config = config(cfg)?;
    check_size(&function, args_size, true)?;
    let address = args_data as usize;
    let place = Place::of("argsData", address, args_size)?;
    check!(
        matches!(place, Place::Device(_)),
        ACL_ERROR_RT_PARAM_INVALID,
        "argsData is {}: the arguments must be in device memory (aclrtLaunchKernelWithHostArgs takes them from the host)",
        place.name()
    );
    on_this_device(&*stream::resolve(stream)?, "argsData", &place)?;
    launch(function, num_blocks, config, Source::Device(address, args_size), stream)
}

pub(crate) fn aclrtLaunchKernelWithConfig(
    func_handle: aclrtFuncHandle,
    num_blocks: u32,
    stream: aclrtStream,
    cfg: *mut aclrtLaunchKernelCfg,
    args_handle: aclrtArgsHandle,
    reserve: *mut c_void,
) -> Outcome {
    not_null("funcHandle", func_handle)?;
    check!(num_blocks > 0, ACL_ERROR_INVALID_PARAM, "numBlocks is 0");
    not_null("argsHandle", args_handle)?;
    check!(reserve.is_null(), ACL_ERROR_INVALID_PARAM, "reserve is not null");
    let function = resolve("funcHandle", func_handle)?;
    let list = args::list(args_handle)?;
    let mut args = args::lock(&list);
    check!(
        args.function == func_handle as usize,
        ACL_ERROR_RT_PARAM_INVALID,
        "argsHandle is for another kernel than {}",
        function.kernel().name
    );
    let packed = args.packed()?;
    drop(args);
    launch(function, num_blocks, config(cfg)?, Source::Copied(packed), stream)
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclrtLaunchKernelWithHostArgs(
    func_handle: aclrtFuncHandle,
    num_blocks: u32,
    stream: aclrtStream,
    cfg: *mut aclrtLaunchKernelCfg,
    host_args: *mut c_void,
    args_size: usize,
    place_holder_array: *mut aclrtPlaceHolderInfo,
    place_holder_num: usize,
) -> Outcome {
    not_null("funcHandle", func_handle)?;
    not_null("hostArgs", host_args)?;
    let function = resolve("funcHandle", func_handle)?;
    check!(args_size > 0, ACL_ERROR_RT_PARAM_INVALID, "argsSize is 0");
    check!(
        place_holder_num == 0 || !place_holder_array.is_null(),
        ACL_ERROR_RT_PARAM_INVALID,
        "placeHolderArray is null, and placeHolderNum is {place_holder_num}"
    );
    check!(num_blocks > 0, ACL_ERROR_RT_PARAM_INVALID, "numBlocks is 0");
    check_size(&function, args_size, place_holder_num == 0)?;
    // SAFETY: C's contract: so many bytes are there.
    let mut packed = unsafe { Packed::copy(host_args.cast(), args_size) };
    let address = packed.address();
    for i in 0..place_holder_num {
        // SAFETY: C's contract: so many are there.
        let holder = unsafe { *place_holder_array.add(i) };
        let (at, data) = (holder.addrOffset as usize, holder.dataOffset as usize);
        check!(
            at < args_size && data < args_size,
            ACL_ERROR_RT_PARAM_INVALID,
            "placeHolderArray[{i}] has addrOffset {at} and dataOffset {data}, and argsSize is {args_size}"
        );
        check!(
            function.kernel().params.contains(&(at, 8)),
            ACL_ERROR_RT_PARAM_INVALID,
            "placeHolderArray[{i}] has addrOffset {at}, where kernel {} has no parameter of 8 bytes",
            function.kernel().name
        );
        packed.bytes_mut()[at..at + 8].copy_from_slice(&(address + data).to_ne_bytes());
    }
    launch(function, num_blocks, config(cfg)?, Source::Copied(packed), stream)
}

pub(crate) fn aclrtLaunchKernelWithArgsArray(
    func: *mut c_void,
    num_blocks: u32,
    stream: aclrtStream,
    cfg: *mut aclrtLaunchKernelCfg,
    args: *mut *mut c_void,
) -> Outcome {
    not_null("func", func)?;
    check!(num_blocks > 0, ACL_ERROR_INVALID_PARAM, "numBlocks is 0");
    let function = resolve("func", func)?;
    let kernel = function.kernel();
    check!(args.is_null() == kernel.params.is_empty() || !args.is_null(), ACL_ERROR_RT_PARAM_INVALID, "args is null");
    let mut packed = Packed::new(kernel.args_size);
    for (i, (offset, bytes)) in kernel.params.iter().copied().enumerate() {
        // SAFETY: C's contract: a pointer for each parameter.
        let value = unsafe { *args.add(i) };
        check!(!value.is_null(), ACL_ERROR_RT_PARAM_INVALID, "args[{i}] is null");
        // SAFETY: C's contract: it points to the parameter's value, which has this size.
        let value = unsafe { std::slice::from_raw_parts(value.cast::<u8>(), bytes) };
        packed.bytes_mut()[offset..offset + bytes].copy_from_slice(value);
    }
    launch(function, num_blocks, config(cfg)?, Source::Copied(packed), stream)
}
