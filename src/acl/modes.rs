//! How a device, or the whole process on it, is to work: determinism, out-of-range results, cores, bounds on time.

use super::Device;
use crate::error::Result;
use ascend_rl_sys::types::*;
use std::time::Duration;

/// The cores that operators may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cores {
    /// Cores that multiply matrices.
    pub cube: u32,
    /// Cores that do all else.
    pub vector: u32,
}

impl Device {
    /// Whether operators that this process queues on the device give the same bits each time. On a card the library switches
    /// that on when it loads CANN; off is faster for some operators. The simulator is deterministic in any case.
    ///
    /// Errors: `MissingSymbol` where the toolkit lacks the function. CANN: aclrtCtxSetSysParamOpt with ACL_OPT_DETERMINISTIC.
    pub fn set_deterministic(&self, on: bool) -> Result<()> {
        let set = self.optional("aclrtCtxSetSysParamOpt", self.api().acl.aclrtCtxSetSysParamOpt)?;
        // SAFETY: takes two numbers; the device's context is current.
        self.call("aclrtCtxSetSysParamOpt", || unsafe { set(ACL_OPT_DETERMINISTIC, i64::from(on)) })
    }

    /// Whether results out of range become the largest finite value (true), or Inf and NaN (false, as these chips are made). For
    /// streams that are made afterwards.
    ///
    /// Errors: `Unsupported` in the simulator, which keeps Inf and NaN; `MissingSymbol` where the toolkit lacks the function.
    /// CANN: aclrtSetDeviceSatMode.
    pub fn set_saturation(&self, on: bool) -> Result<()> {
        let set = self.optional("aclrtSetDeviceSatMode", self.api().acl.aclrtSetDeviceSatMode)?;
        let mode = if on { ACL_RT_OVERFLOW_MODE_SATURATION } else { ACL_RT_OVERFLOW_MODE_INFNAN };
        // SAFETY: takes a number; the device's context is current.
        self.call("aclrtSetDeviceSatMode", || unsafe { set(mode) })
    }

    /// Whether results saturate.
    ///
    /// Errors: `MissingSymbol` where the toolkit lacks the function. CANN: aclrtGetDeviceSatMode.
    pub fn saturation(&self) -> Result<bool> {
        let get = self.optional("aclrtGetDeviceSatMode", self.api().acl.aclrtGetDeviceSatMode)?;
        let mut mode = ACL_RT_OVERFLOW_MODE_UNDEF;
        // SAFETY: `mode` outlives the call; the device's context is current.
        self.call("aclrtGetDeviceSatMode", || unsafe { get(&mut mode) })?;
        Ok(mode == ACL_RT_OVERFLOW_MODE_SATURATION)
    }

    /// The cores that operators of this process may use on the device: all, unless limited.
    ///
    /// Errors: `MissingSymbol` before CANN 8.3. CANN: aclrtGetDeviceResLimit.
    pub fn cores(&self) -> Result<Cores> {
        let get = self.optional("aclrtGetDeviceResLimit", self.api().acl.aclrtGetDeviceResLimit)?;
        let ask = |kind| -> Result<u32> {
            let mut value = 0;
            // SAFETY: takes numbers; `value` outlives the call.
            self.call("aclrtGetDeviceResLimit", || unsafe { get(self.ordinal() as i32, kind, &mut value) })?;
            Ok(value)
        };
        Ok(Cores { cube: ask(ACL_RT_DEV_RES_CUBE_CORE)?, vector: ask(ACL_RT_DEV_RES_VECTOR_CORE)? })
    }

    /// Limits the cores that operators of this process may use on the device; `None` lifts the limits. Operators that are queued
    /// afterwards keep to it: cores are left for communication, say.
    ///
    /// Errors: `Argument` for more cores than there are; `MissingSymbol` before CANN 8.3.
    /// CANN: aclrtSetDeviceResLimit, aclrtResetDeviceResLimit.
    pub fn limit_cores(&self, cores: Option<Cores>) -> Result<()> {
        let id = self.ordinal() as i32;
        let Some(cores) = cores else {
            let reset = self.optional("aclrtResetDeviceResLimit", self.api().acl.aclrtResetDeviceResLimit)?;
            // SAFETY: takes a number.
            return self.call("aclrtResetDeviceResLimit", || unsafe { reset(id) });
        };
        let set = self.optional("aclrtSetDeviceResLimit", self.api().acl.aclrtSetDeviceResLimit)?;
        for (kind, value) in [(ACL_RT_DEV_RES_CUBE_CORE, cores.cube), (ACL_RT_DEV_RES_VECTOR_CORE, cores.vector)] {
            // SAFETY: takes numbers.
            self.call("aclrtSetDeviceResLimit", || unsafe { set(id, kind, value) })?;
        }
        Ok(())
    }

    /// Bounds how long any operator of this process runs, on any device, before it counts as hung; `None` is the longest time
    /// that the hardware can count, some 18 minutes. The bound that counts is returned: hardware counts in steps (of 4.3
    /// seconds).
    ///
    /// Before CANN 8.5 it is the asked one, in whole seconds. In the simulator, which counts its own time, an operator that took
    /// longer fails its stream once it has run.
    /// Errors: `MissingSymbol` where the toolkit lacks the function.
    /// CANN: aclrtSetOpExecuteTimeOutV2, before 8.5 aclrtSetOpExecuteTimeOut.
    pub fn set_operator_timeout(&self, bound: Option<Duration>) -> Result<Duration> {
        // 0 is CANN's word for the longest; less than a step is a step.
        let us = bound.map_or(0, |bound| u64::try_from(bound.as_micros()).unwrap_or(u64::MAX).max(1));
        if let Some(set) = self.api().acl.aclrtSetOpExecuteTimeOutV2 {
            let mut actual = 0;
            // SAFETY: takes a number; `actual` outlives the call; the device's context is current.
            self.call("aclrtSetOpExecuteTimeOutV2", || unsafe { set(us, &mut actual) })?;
            return Ok(Duration::from_micros(actual));
        }
        let set = self.optional("aclrtSetOpExecuteTimeOut", self.api().acl.aclrtSetOpExecuteTimeOut)?;
        let seconds = u32::try_from(us.div_ceil(1_000_000)).unwrap_or(u32::MAX);
        // SAFETY: takes a number.
        self.call("aclrtSetOpExecuteTimeOut", || unsafe { set(seconds) })?;
        Ok(Duration::from_secs(u64::from(seconds)))
    }

    /// Bounds how long any stream of this process waits for an event, for waits that are queued afterwards, in whole seconds
    /// (rounded up); `None` is for ever, as it is from the start. A stream that has waited longer fails.
    ///
    /// Errors: `MissingSymbol` where the toolkit lacks the function. CANN: aclrtSetOpWaitTimeout.
    pub fn set_event_timeout(&self, bound: Option<Duration>) -> Result<()> {
        let set = self.optional("aclrtSetOpWaitTimeout", self.api().acl.aclrtSetOpWaitTimeout)?;
        let seconds = bound.map_or(0, |bound| u32::try_from(bound.as_nanos().div_ceil(1_000_000_000)).unwrap_or(u32::MAX).max(1));
        // SAFETY: takes a number.
        self.call("aclrtSetOpWaitTimeout", || unsafe { set(seconds) })
    }
}
