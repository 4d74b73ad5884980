//! Launches: the one place that follows CANN's protocol of arguments and attributes.

use super::loaded::Entry;
use super::{ArgList, BlockKind, Function, Kernel, Stream, blocks};
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
        let entry = device.0.kernels().carried(device, K::IMAGE, name)?;
        if let Some(block) = entry.block.filter(|block| *block != K::BLOCK) {
            let text = format!("{name}: its contract says a block is {}, its image says {block}", K::BLOCK);
            return Err(Error::new(ErrorKind::Argument, text));
        }
        let resident = K::RESIDENT || options.resident || entry.resident;
        blocks::check(device, name, blocks, resident.then_some(K::BLOCK))?;
        kernel.check(blocks)?;
        let mut list = ArgList::new(name, self);
        kernel.push_all(&mut list)?;
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
        function.binary.device().check_same(name, self.device())?;
        let resident = options.resident || function.is_resident();
        // Of unknown kind, the fewest that any kernel can have at once.
        let block = function.block().unwrap_or(BlockKind::Mixed2);
        blocks::check(self.device(), name, blocks, resident.then_some(block))?;
        let mut list = ArgList::new(name, self);
        args(&mut list)?;
        if self.mode() == Mode::Capture {
            self.keep(Box::new(function.clone()));
        }
        // SAFETY: the caller's promise; as in `launch_with`.
        unsafe { queue(&function.entry, blocks, &LaunchOptions { resident, ..*options }, &list) }
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
