//! How a communicator is made: `HcclCommConfig` of any version, and the variables of the environment behind it.
//!
//! What only shapes the traffic on an interconnect (buffer size, traffic class, service level, where the work is unfolded) is
//! checked and has no effect here. What would change what a program sees and is not simulated is refused by name.

use std::ffi::CStr;
use std::mem::offset_of;
use std::time::Duration;

use ascend_rl_sys::codes::HCCL_E_PARA;
use ascend_rl_sys::types::*;

use super::checks::not_null;
use crate::reject::{Outcome, Reject, check};

/// What a configuration comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Config {
    /// The name, where one is given.
    pub name: Option<String>,
    /// How long a collective waits for its ranks; `None` for ever.
    pub timeout: Option<Duration>,
}

impl Config {
    /// Without a configuration: all from the environment.
    pub(super) fn from_environment() -> Outcome<Config> {
        Ok(Config { name: None, timeout: exec_timeout(|name| std::env::var(name).ok())? })
    }

    /// Of a structure that C filled with the header's `HcclCommConfigInit`, of any of its versions.
    pub(super) fn read(config: *const HcclCommConfig) -> Outcome<Config> {
        not_null("config", config)?;
        let mut read = HcclCommConfig::new(HCCL_COMM_CONFIG_BUFFER_NAME.0 as u32 + 1);
        const HEAD: usize = offset_of!(HcclCommConfig, hcclBufferSize);
        let copy = |bytes: usize, to: &mut HcclCommConfig| {
            // SAFETY: C's contract is `size` readable bytes, of which the first 8 say how many; `bytes` is 8 or no more than that,
            // and no more than the structure has, all of whose fields are plain numbers.
            unsafe { std::ptr::copy_nonoverlapping(config.cast::<u8>(), std::ptr::from_mut(to).cast(), bytes) }
        };
        read.magicWord = 0;
        copy(offset_of!(HcclCommConfig, magicWord), &mut read);
        let size = read.size;
        copy(size.min(HEAD), &mut read);
        check!(
            read.magicWord == HCCL_COMM_CONFIG_MAGIC_WORD,
            HCCL_E_PARA,
            "config was not initialised: magicWord is {:#x}",
            read.magicWord
        );
        // Whatever the size and the version: what they do not reach keeps its default (hcomm, comm_config.cc, Load).
        copy(size.min(end(read.version)), &mut read);
        check_fields(&read)?;
        let name = text("hcclCommName", &read.hcclCommName)?;
        Ok(Config {
            name: Some(name).filter(|name| !name.is_empty()),
            timeout: match read.hcclExecTimeOut as u32 {
                HCCL_COMM_CONFIG_NOT_SET => Config::from_environment()?.timeout,
                seconds => seconds_of(seconds),
            },
        })
    }
}

/// The bytes that a version's members end with (hcomm, comm_config.cc, SetConfigByVersion).
fn end(version: u32) -> usize {
    match version {
        0 => offset_of!(HcclCommConfig, hcclBufferSize),
        1 => offset_of!(HcclCommConfig, hcclCommName),
        2 => offset_of!(HcclCommConfig, hcclUdi),
        3 => offset_of!(HcclCommConfig, hcclOpExpansionMode),
        4 => offset_of!(HcclCommConfig, hcclRdmaTrafficClass),
        5 => offset_of!(HcclCommConfig, hcclWorldRankID),
        6 => offset_of!(HcclCommConfig, aclGraphZeroCopyEnable),
        7 => offset_of!(HcclCommConfig, hcclExecTimeOut),
        8 => offset_of!(HcclCommConfig, hcclBufferName),
        9 => offset_of!(HcclCommConfig, hcclQos),
        10 => offset_of!(HcclCommConfig, hcclChannelSqDepth),
        _ => size_of::<HcclCommConfig>(),
    }
}

/// A time-out as it travels.
pub(super) fn nanos(timeout: Option<Duration>) -> Option<u64> {
    timeout.map(|timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX))
}

/// A time-out that has travelled.
pub(super) fn from_nanos(timeout: Option<u64>) -> Option<Duration> {
    timeout.map(Duration::from_nanos)
}

fn check_fields(config: &HcclCommConfig) -> Outcome {
    let numbers = [
        ("hcclBufferSize", config.hcclBufferSize, 1..=i32::MAX as u32, "1 or more MiB"),
        ("hcclDeterministic", config.hcclDeterministic, 0..=2, "0, 1 or 2"),
        ("hcclRdmaTrafficClass", config.hcclRdmaTrafficClass, 0..=255, "0 to 255"),
        ("hcclRdmaServiceLevel", config.hcclRdmaServiceLevel, 0..=7, "0 to 7"),
        ("hcclQos", config.hcclQos, 0..=7, "0 to 7"),
    ];
    for (field, value, taken, words) in numbers {
        let fits = value == HCCL_COMM_CONFIG_NOT_SET || taken.contains(&value);
        check!(fits, HCCL_E_PARA, "config.{field} is {value}: {words}, or 0xffffffff for the default is taken");
    }
    check!(
        config.hcclOpExpansionMode <= 4,
        HCCL_E_PARA,
        "config.hcclOpExpansionMode is {}: 0 to 4 is taken",
        config.hcclOpExpansionMode
    );
    check!(
        config.hcclExecTimeOut >= -1,
        HCCL_E_PARA,
        "config.hcclExecTimeOut is {}: seconds, 0 for ever, or -1 for the default",
        config.hcclExecTimeOut
    );
    check!(
        config.aclGraphZeroCopyEnable == 0,
        HCCL_E_NOT_SUPPORT,
        "config.aclGraphZeroCopyEnable: the simulator captures no graphs"
    );
    text("hcclUdi", &config.hcclUdi)?;
    let texts: [(&str, &[u8]); 4] = [
        ("hcclAlgo", &config.hcclAlgo),
        ("hcclRetryEnable", &config.hcclRetryEnable),
        ("hcclRetryParams", &config.hcclRetryParams),
        ("hcclBufferName", &config.hcclBufferName),
    ];
    for (field, bytes) in texts {
        let value = text(field, bytes)?;
        check!(
            value.is_empty(),
            HCCL_E_NOT_SUPPORT,
            "config.{field} is \"{value}\": the simulator has no choice there; leave it empty"
        );
    }
    Ok(())
}

fn text(field: &str, bytes: &[u8]) -> Outcome<String> {
    let text = CStr::from_bytes_until_nul(bytes).ok().and_then(|text| text.to_str().ok());
    let refusal = || Reject { code: HCCL_E_PARA, text: format!("config.{field} is not UTF-8 that ends with a NUL") };
    Ok(text.ok_or_else(refusal)?.to_owned())
}

/// 0 is for ever.
fn seconds_of(seconds: u32) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

/// `HCCL_EXEC_TIMEOUT`: seconds that a collective waits for its ranks.
fn exec_timeout(variable: impl Fn(&str) -> Option<String>) -> Outcome<Option<Duration>> {
    seconds("HCCL_EXEC_TIMEOUT", 1836, 0..=i32::MAX as u32, variable).map(seconds_of)
}

/// `HCCL_CONNECT_TIMEOUT`: seconds that making a communicator waits for its ranks.
pub(super) fn connect_timeout() -> Outcome<Duration> {
    let seconds = seconds("HCCL_CONNECT_TIMEOUT", 120, 120..=7200, |name| std::env::var(name).ok())?;
    Ok(Duration::from_secs(seconds.into()))
}

fn seconds(
    name: &str,
    default: u32,
    taken: std::ops::RangeInclusive<u32>,
    variable: impl Fn(&str) -> Option<String>,
) -> Outcome<u32> {
    let Some(text) = variable(name) else { return Ok(default) };
    let seconds = text.trim().parse().ok().filter(|seconds| taken.contains(seconds));
    let (least, most) = taken.into_inner();
    let refusal =
        || Reject { code: HCCL_E_PARA, text: format!("{name} is \"{text}\": {least} to {most} whole seconds are taken") };
    seconds.ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_told_by_size_and_version() {
        for capability in [5, 6, 12] {
            let mut config = HcclCommConfig::new(capability);
            config.hcclCommName[..3].copy_from_slice(b"abc");
            // In the shortest layouts this field is not there: what the memory holds must not be read.
            config.hcclExecTimeOut = 7;
            let read = Config::read(&config).unwrap();
            assert_eq!(read.name.as_deref(), Some("abc"));
            let default = exec_timeout(|name| std::env::var(name).ok()).unwrap();
            assert_eq!(read.timeout, if capability == 12 { Some(Duration::from_secs(7)) } else { default });
        }
        let mut config = HcclCommConfig::new(12);
        config.hcclExecTimeOut = 7;
        // Newer than what is known, older than its size, and cut in the middle of a member.
        for (version, size, timeout) in
            [(12, 4096, Some(7)), (11, 2248, Some(7)), (8, 2248, Some(7)), (7, 2248, None), (11, 316, None)]
        {
            (config.version, config.size) = (version, size);
            let default = exec_timeout(|name| std::env::var(name).ok()).unwrap();
            let read = Config::read(&config).unwrap();
            assert_eq!(read.timeout, timeout.map(Duration::from_secs).or(default), "{version} {size}");
        }
        config.size = 8;
        assert!(Config::read(&config).unwrap_err().text.contains("magicWord"));
        config.size = 2248;
        config.magicWord = 0;
        assert!(Config::read(&config).unwrap_err().text.contains("magicWord"));
    }

    #[test]
    fn fields_are_refused_by_name() {
        let refused = |field: &str, set: &dyn Fn(&mut HcclCommConfig)| {
            let mut config = HcclCommConfig::new(12);
            set(&mut config);
            let text = Config::read(&config).unwrap_err().text;
            assert!(text.contains(field), "{text}");
        };
        refused("hcclBufferSize", &|config| config.hcclBufferSize = 0);
        refused("hcclDeterministic", &|config| config.hcclDeterministic = 3);
        refused("hcclOpExpansionMode", &|config| config.hcclOpExpansionMode = 9);
        refused("hcclExecTimeOut", &|config| config.hcclExecTimeOut = -2);
        refused("aclGraphZeroCopyEnable", &|config| config.aclGraphZeroCopyEnable = 1);
        refused("hcclAlgo", &|config| config.hcclAlgo[0] = b'x');
        refused("hcclCommName", &|config| config.hcclCommName = [b'x'; 128]);
    }

    #[test]
    fn variables_have_canns_defaults_and_bad_ones_are_named() {
        let given = |text: &'static str| move |_: &str| Some(text.to_owned());
        assert_eq!(exec_timeout(|_| None), Ok(Some(Duration::from_secs(1836))));
        assert_eq!(exec_timeout(given("0")), Ok(None), "for ever");
        assert_eq!(exec_timeout(given(" 5 ")), Ok(Some(Duration::from_secs(5))));
        for text in ["-1", "soon", ""] {
            assert!(exec_timeout(given(text)).unwrap_err().text.starts_with("HCCL_EXEC_TIMEOUT"));
        }
    }
}
