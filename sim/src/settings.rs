//! What the environment sets: `CANN_SIM_*`, and CANN's own `ASCEND_RT_VISIBLE_DEVICES`. Read once, at the first call that needs
//! a device.

use std::ffi::CString;
use std::sync::OnceLock;

use crate::reject::{Outcome, Reject};

/// Which runnable operation runs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// As soon as possible, in the order of the enqueues.
    Eager,
    /// Nothing runs before a wait requires it, and the seed decides among the runnable: missing waits show.
    Lazy { seed: u64 },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `CANN_SIM_DEVICES`: those of the machine.
    pub devices: u32,
    /// `ASCEND_RT_VISIBLE_DEVICES`: those that this process sees, by the machine's numbers; it counts them from 0.
    pub visible: Vec<u32>,
    /// `CANN_SIM_MEMORY`: bytes of each device.
    pub memory: usize,
    /// `CANN_SIM_THREADS`: threads that work inside one operation.
    pub threads: usize,
    /// `CANN_SIM_SCHEDULE`, `CANN_SIM_SEED`
    pub schedule: Schedule,
    /// `CANN_SIM_SOC`: the chip that `aclrtGetSocName` names.
    pub soc: CString,
    /// `CANN_SIM_PROFILE`: whether to print the time of each operator at the end of the process.
    pub profile: bool,
    /// `CANN_SIM_CHECK`: whether kernels run with the checks of their twin, and allocations end where they were asked to: CANN rounds
    /// up, and a card lets a program use what it added.
    pub check: bool,
}

/// The settings of this process; an unusable variable is refused by name at every call.
pub(crate) fn settings() -> Outcome<&'static Settings> {
    static SETTINGS: OnceLock<Result<Settings, String>> = OnceLock::new();
    let read = SETTINGS.get_or_init(|| {
        Settings::read(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())).inspect(|settings| {
            if let Schedule::Lazy { seed } = settings.schedule {
                eprintln!("cann-sim: CANN_SIM_SCHEDULE=lazy CANN_SIM_SEED={seed}");
            }
        })
    });
    read.as_ref().map_err(|text| Reject { code: ascend_rl_sys::codes::ACL_ERROR_INVALID_PARAM, text: text.clone() })
}

const VISIBLE: &str = "ASCEND_RT_VISIBLE_DEVICES";

impl Settings {
    /// Whether the chip is one of Atlas A3.
    pub(crate) fn is_a3(&self) -> bool {
        self.soc.to_bytes().starts_with(b"Ascend910_93")
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Settings, String> {
        let number = |name: &str, default: usize, most: usize| match variable(name) {
            None => Ok(default),
            Some(text) => match text.trim().parse() {
                Ok(n) if (1..=most).contains(&n) => Ok(n),
                _ => Err(format!("{name} is \"{text}\": a whole number from 1 to {most} is taken")),
            },
        };
        let switch = |name: &str| match variable(name).as_deref() {
            None | Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(text) => Err(format!("{name} is \"{text}\": 0 or 1 is taken")),
        };
        let machine = std::thread::available_parallelism().map_or(1, |n| n.get());
        let devices = number("CANN_SIM_DEVICES", 8, 64)? as u32;
        Ok(Settings {
            devices,
            visible: match variable(VISIBLE) {
                None => (0..devices).collect(),
                Some(text) => visible(&text, devices)?,
            },
            memory: match variable("CANN_SIM_MEMORY") {
                None => 64 << 30,
                Some(text) => bytes(&text)
                    .ok_or_else(|| format!("CANN_SIM_MEMORY is \"{text}\": bytes from 1M to 1024G are taken, as 64G or 512M"))?,
            },
            threads: number("CANN_SIM_THREADS", machine, 1024)?,
            schedule: match variable("CANN_SIM_SCHEDULE").as_deref() {
                None | Some("eager") => Schedule::Eager,
                Some("lazy") => Schedule::Lazy { seed: seed(variable("CANN_SIM_SEED"))? },
                Some(text) => return Err(format!("CANN_SIM_SCHEDULE is \"{text}\": eager or lazy is taken")),
            },
            soc: match variable("CANN_SIM_SOC") {
                None => c"Ascend910B3".to_owned(),
                Some(text) if text.trim().is_empty() => return Err("CANN_SIM_SOC is empty: the name of a chip is taken".into()),
                Some(text) => CString::new(text).map_err(|_| "CANN_SIM_SOC holds a NUL".to_string())?,
            },
            profile: switch("CANN_SIM_PROFILE")?,
            check: switch("CANN_SIM_CHECK")?,
        })
    }
}

/// "0,2,5": numbers of devices that are there, rising. CANN ends the list at the first mistake, which hides devices without a
/// word: here a mistake is named.
fn visible(text: &str, devices: u32) -> Result<Vec<u32>, String> {
    let mut ids: Vec<u32> = Vec::new();
    for part in text.split(',') {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let Some(id) = part.parse().ok().filter(|_| digits) else {
            return Err(format!(
                "{VISIBLE} is \"{text}\": \"{part}\" is no number; numbers with commas between, and nothing else, are taken"
            ));
        };
        if id >= devices {
            return Err(format!(
                "{VISIBLE} is \"{text}\": there is no device {id}, only 0 to {} (CANN_SIM_DEVICES)",
                devices - 1
            ));
        }
        match ids.last() {
            Some(last) if *last == id => return Err(format!("{VISIBLE} is \"{text}\": {id} is there twice")),
            Some(last) if *last > id => {
                return Err(format!("{VISIBLE} is \"{text}\": {id} comes after {last}; numbers must rise"));
            }
            _ => ids.push(id),
        }
    }
    Ok(ids)
}

/// "64G", "512M", "1048576".
fn bytes(text: &str) -> Option<usize> {
    let text = text.trim();
    let (digits, shift) = match text.as_bytes().last()?.to_ascii_uppercase() {
        b'K' => (&text[..text.len() - 1], 10),
        b'M' => (&text[..text.len() - 1], 20),
        b'G' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let bytes = digits.trim().parse::<usize>().ok()?.checked_mul(1 << shift)?;
    (1 << 20..=1 << 40).contains(&bytes).then_some(bytes)
}

/// A given seed, or a fresh one: [`settings`] prints it, so that a run can be repeated.
fn seed(given: Option<String>) -> Result<u64, String> {
    match given {
        Some(text) => text.trim().parse().map_err(|_| format!("CANN_SIM_SEED is \"{text}\": a whole number is taken")),
        None => Ok(std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64 & 0xffff_ffff)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::read(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string()))
    }

    #[test]
    fn defaults_and_suffixes() {
        let defaults = read(&[]).unwrap();
        assert_eq!((defaults.devices, defaults.memory, defaults.schedule), (8, 64 << 30, Schedule::Eager));
        assert_eq!(read(&[("CANN_SIM_MEMORY", "3g")]).unwrap().memory, 3 << 30);
        assert_eq!(read(&[("CANN_SIM_MEMORY", "2097152")]).unwrap().memory, 2 << 20);
        assert!(!defaults.profile && read(&[("CANN_SIM_PROFILE", "1")]).unwrap().profile);
        assert!(!defaults.check && read(&[("CANN_SIM_CHECK", "1")]).unwrap().check);
        assert_eq!(defaults.visible, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(read(&[(VISIBLE, "1,3,7")]).unwrap().visible, [1, 3, 7]);
        let lazy = read(&[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "7")]).unwrap();
        assert_eq!(lazy.schedule, Schedule::Lazy { seed: 7 });
    }

    #[test]
    fn a_bad_value_is_named() {
        for (name, value) in [
            ("CANN_SIM_DEVICES", "0"),
            ("CANN_SIM_DEVICES", "many"),
            ("CANN_SIM_MEMORY", "64T"),
            ("CANN_SIM_MEMORY", ""),
            ("CANN_SIM_MEMORY", "99999999999G"),
            ("CANN_SIM_THREADS", "-1"),
            ("CANN_SIM_SCHEDULE", "fast"),
            ("CANN_SIM_SOC", " "),
            ("CANN_SIM_PROFILE", "yes"),
            ("CANN_SIM_CHECK", "2"),
            (VISIBLE, ""),
            (VISIBLE, "1, 2"),
            (VISIBLE, "1,2,"),
            (VISIBLE, "+1"),
            (VISIBLE, "0,8"),
            (VISIBLE, "1,1"),
            (VISIBLE, "2,1"),
        ] {
            let text = read(&[(name, value)]).unwrap_err();
            assert!(text.starts_with(name), "{text}");
        }
        assert!(read(&[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "x")]).unwrap_err().starts_with("CANN_SIM_SEED"));
    }
}
