//! Launches: the one place that follows CANN's protocol of arguments and attributes.

use super::image::pick;
use super::loaded::Entry;
use super::{ArgList, BlockKind, Function, Kernel, KernelImage, Stream, blocks};
use crate::acl::Mode;
use crate::acl::optional::optional;
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use std::ffi::c_void;
use std::ptr;
use std::time::Duration;

/// How a kernel is to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaunchOptions {
    /// Blocks wait for each other, so that they start together: CANN's batch schedule. A [`Kernel`] says so itself.
    pub resident: bool,
    /// How long it may run before it counts as hung, instead of
    /// [`Device::set_operator_timeout`](super::Device::set_operator_timeout)'s bound.
    pub timeout: Option<Duration>,
}

impl Stream {
    /// Launches a kernel on `blocks` blocks. [`Device::blocks_for`](super::Device::blocks_for) gives a number.
    ///
    /// Order: enqueues. The views among the arguments may be reused or dropped after the call.
    /// Errors: those of [`Kernel::check`]; `WrongStream` for memory of another stream or device; `Unsupported` if the image has no
    /// part for this device, and inside a repeat or an update of a graph; `Argument` for 0 blocks, for more than can wait for each
    /// other, and if the image has no such kernel, or one of another kind; `Length` if it has other parameters; `MissingSymbol`.
    /// CANN: aclrtBinaryLoadFromData, aclrtBinaryGetFunction (at the first launch on a device), aclrtKernelArgsInit,
    /// aclrtKernelArgsAppend, aclrtKernelArgsFinalize, aclrtLaunchKernelWithConfig (8.1).
    pub fn launch<K: Kernel>(&self, kernel: K, blocks: u32) -> Result<()> {
        self.launch_with(kernel, blocks, &LaunchOptions::default())
    }

    /// The same, with options.
    pub fn launch_with<K: Kernel>(&self, kernel: K, blocks: u32, options: &LaunchOptions) -> Result<()> {
        let (device, name) = (self.device(), kernel.name());
        self.check_launch(name)?;
        blocks::check(name, blocks)?;
        kernel.check(blocks)?;
        let mut list = ArgList::new(name, self);
        kernel.push_all(&mut list)?;
        check_source(K::IMAGE, K::BLOCK, name, &list)?;
        let entry = device.0.kernels().carried(device, K::IMAGE, name)?;
        let source = K::IMAGE.kernel(name).is_some_and(|kernel| kernel.schedule_mode == 1);
        let resident = K::RESIDENT || options.resident || source || entry.resident;
        if resident {
            blocks::check_resident(device, name, blocks, K::BLOCK)?;
        }
        // SAFETY: whoever implemented `Kernel` vouches for what the kernel does with arguments that have passed its check. Memory
        // is at home here (checked as it was pushed) and borrowed until the launch is queued; the queue's order does the rest.
        unsafe { queue(&entry, blocks, &LaunchOptions { resident, ..*options }, &list) }
    }

    /// Launches any kernel of a binary; `args` pushes its arguments, in the order of its parameters.
    ///
    /// Order: enqueues. The views among the arguments may be reused or dropped after the call.
    /// Errors: as [`Stream::launch`]; `WrongDevice` if the binary was loaded onto another device. CANN: as [`Stream::launch`].
    ///
    /// # Safety
    /// With these arguments, on so many blocks, the kernel reads only memory that was pushed to be read or written, within the
    /// bounds of what was pushed; writes only memory that was pushed to be written; holds on to none of it; and ends. If its blocks
    /// wait for each other, the options or the binary say so.
    ///
    /// Where the toolkit tells the kernel's parameters, their number and sizes are checked. What the kernel does with them cannot
    /// be.
    pub unsafe fn launch_foreign(
        &self,
        function: &Function,
        blocks: u32,
        options: &LaunchOptions,
        args: impl FnOnce(&mut ArgList<'_>) -> Result<()>,
    ) -> Result<()> {
        let name = function.name();
        self.check_launch(name)?;
        self.device().check_same(name, function.binary.device())?;
        blocks::check(name, blocks)?;
        let mut list = ArgList::new(name, self);
        args(&mut list)?;
        let resident = options.resident || function.is_resident();
        if resident {
            // Of unknown kind, the fewest that any kernel can have at once.
            blocks::check_resident(self.device(), name, blocks, function.block().unwrap_or(BlockKind::Mixed2))?;
        }
        if self.mode() == Mode::Capture {
            self.keep(Box::new(function.clone()));
        }
        // SAFETY: the caller's promise; as in `launch_with`.
        unsafe { queue(&function.entry, blocks, &LaunchOptions { resident, ..*options }, &list) }
    }

    /// Whether [`Stream::launch`] can launch kernels of `image` now: this build has the part for the device, and what is queued is not
    /// kept for a repeat or an update, which hold operators only. Who has operators for the same takes them where it cannot.
    pub(crate) fn can_launch(&self, image: &KernelImage) -> bool {
        matches!(self.mode(), Mode::Queue | Mode::Capture) && pick(image, self.device().cann().flavor()).is_ok()
    }

    /// What is replaced in a graph is an operator, and what is repeated too.
    fn check_launch(&self, name: &str) -> Result<()> {
        match self.mode() {
            Mode::Queue | Mode::Capture => Ok(()),
            Mode::Update | Mode::Repeat => Err(self.not_recorded(name)),
        }
    }
}

/// Puts the launch into the stream's queue.
///
/// # Safety
/// As [`Stream::launch_foreign`].
unsafe fn queue(entry: &Entry, blocks: u32, options: &LaunchOptions, list: &ArgList<'_>) -> Result<()> {
    const CALL: &str = "aclrtLaunchKernelWithConfig";
    let (s, name) = (list.stream(), entry.name);
    check_params(entry, list)?;
    let device = s.device();
    let launch = optional!(device, kernel.aclrtLaunchKernelWithConfig)?;
    let args = arguments(entry, list)?;
    let mut attributes = [const { attribute(ACL_RT_LAUNCH_KERNEL_ATTR_SCHEM_MODE) }; 2];
    let mut count = 0;
    if options.resident {
        attributes[count].value.schemMode = 1;
        count += 1;
    }
    if let Some(time) = options.timeout {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        attributes[count].id = ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT_US;
        attributes[count].value.timeoutUs = aclrtTimeoutUs { timeoutLow: us as u32, timeoutHigh: (us >> 32) as u32 };
        count += 1;
    }
    let mut config = aclrtLaunchKernelCfg { attrs: attributes.as_mut_ptr(), numAttrs: count };
    let config = if count == 0 { ptr::null_mut() } else { &raw mut config };
    // SAFETY: the function's binary is loaded on this device; arguments and attributes outlive the call, which copies them; the rest
    // is the caller's promise.
    s.enqueue_as(name, CALL, |stream| unsafe { launch(entry.raw.0, blocks, stream, config, args, ptr::null_mut()) })
}

const fn attribute(id: aclrtLaunchKernelAttrId) -> aclrtLaunchKernelAttr {
    aclrtLaunchKernelAttr { id, value: aclrtLaunchKernelAttrValue { rsv: [0; 4] } }
}

/// Whether the contract is the one of the kernel's source: its cores, and its parameters by name and size.
fn check_source(image: &KernelImage, block: BlockKind, name: &str, list: &ArgList<'_>) -> Result<()> {
    let bad = |kind, detail: String| Err(Error::new(kind, format!("{name}: {detail}")));
    let Some(kernel) = image.kernel(name) else {
        let names: Vec<_> = image.kernels.iter().map(|kernel| kernel.name).collect();
        return bad(ErrorKind::Argument, format!("there is no such kernel in {}, which has {}", image.name, names.join(", ")));
    };
    match BlockKind::from_source(kernel.kernel_type) {
        Some(source) if source == block => {}
        Some(source) => {
            return bad(ErrorKind::Argument, format!("a block is {block} by its contract, and {source} by its source"));
        }
        None => return bad(ErrorKind::Argument, format!("its source is of an unknown type, {}", kernel.kernel_type)),
    }
    let (given, needed) = (list.params(), kernel.params);
    if given.len() != needed.len() {
        let text = format!("{} arguments are given, its source has {} parameters", given.len(), needed.len());
        return bad(ErrorKind::Length, text);
    }
    for (i, (given, needed)) in given.iter().zip(needed).enumerate() {
        if given.name != needed.name {
            let text = format!("parameter {} is {} by its contract, and {} by its source", i + 1, given.name, needed.name);
            return bad(ErrorKind::Argument, text);
        }
        // Of a struct only the image knows the size: see `check_params`.
        if let Some(size) = needed.size
            && size as usize != given.size()
        {
            return bad(ErrorKind::Length, format!("{} has {} bytes, {size} in its source", given.name, given.size()));
        }
    }
    Ok(())
}

/// `Length` if the binary says that the kernel has other parameters.
fn check_params(entry: &Entry, list: &ArgList<'_>) -> Result<()> {
    let (Some(needed), given) = (&entry.params, list.params()) else { return Ok(()) };
    if needed.len() != given.len() {
        let text = format!("{}: {} arguments are given, its image has {} parameters", entry.name, given.len(), needed.len());
        return Err(Error::new(ErrorKind::Length, text));
    }
    match given.iter().zip(needed).find(|(param, size)| param.size() != **size) {
        None => Ok(()),
        Some((param, size)) => {
            let text = format!("{}: {} has {} bytes, {size} in its image", entry.name, param.name, param.size());
            Err(Error::new(ErrorKind::Length, text))
        }
    }
}

/// CANN's list of the arguments, which is the thread's until it makes the next one.
fn arguments(entry: &Entry, list: &ArgList<'_>) -> Result<aclrtArgsHandle> {
    let device = list.stream().device();
    let (init, append) = (optional!(device, kernel.aclrtKernelArgsInit)?, optional!(device, kernel.aclrtKernelArgsAppend)?);
    let finalize = optional!(device, kernel.aclrtKernelArgsFinalize)?;
    let mut args = ptr::null_mut();
    // SAFETY: the function is alive, `args` outlives the call.
    device.call("aclrtKernelArgsInit", || unsafe { init(entry.raw.0, &mut args) })?;
    // Data goes behind all parameters, so its places are asked for at the end.
    let mut places = Vec::new();
    for param in list.params() {
        let mut handle = ptr::null_mut();
        if param.by_address {
            let place = optional!(device, kernel.aclrtKernelArgsAppendPlaceHolder)?;
            // SAFETY: the list is alive, `handle` outlives the call.
            device.call("aclrtKernelArgsAppendPlaceHolder", || unsafe { place(args, &mut handle) })?;
            places.push((param, handle));
        } else {
            let bytes = list.bytes_of(param);
            // SAFETY: as above; CANN copies the bytes, which it declares writable and does not write.
            let call = || unsafe { append(args, bytes.as_ptr().cast_mut().cast(), bytes.len(), &mut handle) };
            device.call("aclrtKernelArgsAppend", call)?;
        }
    }
    for (param, handle) in places {
        let place = optional!(device, kernel.aclrtKernelArgsGetPlaceHolderBuffer)?;
        let (bytes, mut at): (_, *mut c_void) = (list.bytes_of(param), ptr::null_mut());
        // SAFETY: list and handle are alive, `at` outlives the call.
        let call = || unsafe { place(args, handle, bytes.len(), &mut at) };
        device.call("aclrtKernelArgsGetPlaceHolderBuffer", call)?;
        // SAFETY: CANN gave a buffer of that many bytes.
        unsafe { at.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }
    // SAFETY: the list is alive.
    device.call("aclrtKernelArgsFinalize", || unsafe { finalize(args) })?;
    Ok(args)
}
