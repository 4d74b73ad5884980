//! Random numbers as a task of a stream, by Philox: uniform, normal, truncated normal, and masks of dropout.
//!
//! The counter's first half is where in the stream of numbers to begin, its second half which stream; it is read when the task runs, and
//! stays. The numbers are the simulator's own (see [`crate::ops::random`]). Source: runtime, 12_execution_control (aclrtRandomNumAsync),
//! 25-04_Structs, and `random_num_task.cc` (which dtypes, what is checked).

use std::ffi::c_void;
use std::sync::Arc;

use ascend_rl_sys::types::*;
use half::{bf16, f16};

use super::{not_null, stream};
use crate::engine::Task;
use crate::memory::Place;
use crate::ops::random::{four_normals, four_units, four_words};
use crate::reject::{Outcome, check, reject};

/// What one thread makes at a time.
const PIECE: usize = 1 << 14;
/// Groups of four normal numbers that a truncated one is looked for in: that none of 32 fits has odds of 1 in 10^42.
const TRIES: u64 = 8;

/// A parameter: a value, or where it will be.
struct Param {
    value: [u8; 8],
    bytes: usize,
    /// Held; an address of a device stays mapped after it is freed.
    at: Option<(usize, Place)>,
}

impl Param {
    fn take(name: &str, info: &aclrtRandomParaInfo, bytes: usize) -> Outcome<Param> {
        check!(info.isAddr <= 1, ACL_ERROR_RT_PARAM_INVALID, "{name}.isAddr is {}: 0 or 1 is taken", info.isAddr);
        let most = if info.isAddr == 1 { 8 } else { bytes };
        check!(
            info.size > 0 && info.size as usize <= most,
            ACL_ERROR_RT_PARAM_INVALID,
            "{name}.size is {}: 1 to {most} are taken",
            info.size
        );
        let mut value = [0; 8];
        value[..info.size as usize].copy_from_slice(&info.valueOrAddr[..info.size as usize]);
        let at = match info.isAddr {
            0 => None,
            _ => Some(device_memory(name, u64::from_ne_bytes(value) as *mut c_void, bytes)?),
        };
        Ok(Param { value, bytes, at })
    }

    /// As it is now.
    fn get(&self) -> [u8; 8] {
        let Some((address, _)) = &self.at else { return self.value };
        read(*address, self.bytes)
    }

    /// As a number of a dtype.
    fn real(&self, dtype: aclDataType) -> f32 {
        let v = self.get();
        match dtype {
            ACL_BF16 => bf16::from_ne_bytes([v[0], v[1]]).to_f32(),
            ACL_FLOAT16 => f16::from_ne_bytes([v[0], v[1]]).to_f32(),
            _ => f32::from_ne_bytes([v[0], v[1], v[2], v[3]]),
        }
    }

    /// As an integer of a dtype, in 64 bits of two's complement.
    fn integer(&self, dtype: aclDataType) -> u64 {
        let value = u64::from_ne_bytes(self.get());
        match dtype {
            ACL_INT32 => value as i32 as u64,
            ACL_UINT32 => u64::from(value as u32),
            _ => value,
        }
    }
}

/// Up to eight bytes of a device.
fn read(address: usize, bytes: usize) -> [u8; 8] {
    let mut value = [0; 8];
    // SAFETY: so many bytes of a device's mapping, which stays; nobody in here has them as a Rust place.
    unsafe { std::ptr::copy_nonoverlapping(address as *const u8, value.as_mut_ptr(), bytes.min(8)) };
    value
}

fn device_memory(name: &str, address: *mut c_void, bytes: usize) -> Outcome<(usize, Place)> {
    let place = Place::of(name, address as usize, bytes)?;
    check!(
        matches!(place, Place::Device(_)),
        ACL_ERROR_RT_PARAM_INVALID,
        "{name} is {}: memory of a device is needed",
        place.name()
    );
    Ok((address as usize, place))
}

enum Kind {
    Mask(Param),
    Uniform(Param, Param),
    Normal { mean: Param, deviation: Param, truncated: bool },
}

struct Draw {
    kind: Kind,
    dtype: aclDataType,
    seed: Param,
    counter: (usize, Place),
    result: (usize, Place),
    /// Of numbers, or of bits.
    number: usize,
}

impl Draw {
    /// Where numbers begin, and in which stream.
    fn counter(&self) -> (u64, u64) {
        (u64::from_ne_bytes(read(self.counter.0, 8)), u64::from_ne_bytes(read(self.counter.0 + 8, 8)))
    }

    fn run(&self) {
        let (seed, (first, offset)) = (u64::from_ne_bytes(self.seed.get()), self.counter());
        let at = |i: u64| first.wrapping_add(i);
        let real = |value: f32| -> [u8; 8] {
            let mut bytes = [0; 8];
            match self.dtype {
                ACL_BF16 => bytes[..2].copy_from_slice(&bf16::from_f32(value).to_ne_bytes()),
                ACL_FLOAT16 => bytes[..2].copy_from_slice(&f16::from_f32(value).to_ne_bytes()),
                _ => bytes[..4].copy_from_slice(&value.to_ne_bytes()),
            }
            bytes
        };
        match &self.kind {
            Kind::Mask(ratio) => {
                let ratio = ratio.real(self.dtype);
                // A bit is 0 where it drops. Two groups of four make a byte.
                self.fill(self.number.div_ceil(8), 1, |byte| {
                    let units = [four_units(seed, offset, at(2 * byte)), four_units(seed, offset, at(2 * byte + 1))];
                    let bits = units.iter().flatten().enumerate();
                    let kept = |bit: usize| 8 * byte as usize + bit < self.number;
                    let byte = bits.fold(0u8, |all, (bit, unit)| all | u8::from(*unit >= ratio && kept(bit)) << bit);
                    [byte, 0, 0, 0, 0, 0, 0, 0]
                });
            }
            Kind::Uniform(min, max) if is_real(self.dtype) => {
                let (min, max) = (min.real(self.dtype), max.real(self.dtype));
                self.fill(self.number, self.dtype.size(), |i| {
                    real(min + (max - min) * four_units(seed, offset, at(i / 4))[(i % 4) as usize])
                });
            }
            Kind::Uniform(min, max) => {
                let (min, max) = (min.integer(self.dtype), max.integer(self.dtype));
                let width = max.wrapping_sub(min).max(1);
                self.fill(self.number, self.dtype.size(), |i| {
                    let words = four_words(seed, offset, at(i / 2));
                    let [high, low] = if i % 2 == 0 { [words[0], words[1]] } else { [words[2], words[3]] };
                    min.wrapping_add((u64::from(high) << 32 | u64::from(low)) % width).to_ne_bytes()
                });
            }
            Kind::Normal { mean, deviation, truncated } => {
                let (mean, deviation) = (mean.real(self.dtype), deviation.real(self.dtype));
                self.fill(self.number, self.dtype.size(), |i| {
                    let normal = if *truncated {
                        let mut all = (0..TRIES).flat_map(|n| four_normals(seed, offset, at(i * TRIES + n)));
                        all.find(|normal| normal.abs() <= 2.0).unwrap_or(0.0)
                    } else {
                        four_normals(seed, offset, at(i / 4))[(i % 4) as usize]
                    };
                    real(mean + deviation * normal)
                });
            }
        }
    }

    /// Writes `n` values of `bytes` bytes.
    fn fill(&self, n: usize, bytes: usize, value: impl Fn(u64) -> [u8; 8] + Sync) {
        let result = self.result.0;
        crate::parallel::for_each(n.div_ceil(PIECE), |piece| {
            for i in piece * PIECE..n.min((piece + 1) * PIECE) {
                let value = value(i as u64);
                // SAFETY: `Place::of` found room for all values there, the mapping stays, and each is written by one thread.
                unsafe { std::ptr::copy_nonoverlapping(value.as_ptr(), (result + i * bytes) as *mut u8, bytes) };
            }
        });
    }
}

fn is_real(dtype: aclDataType) -> bool {
    [ACL_BF16, ACL_FLOAT16, ACL_FLOAT].contains(&dtype)
}

pub(crate) fn aclrtRandomNumAsync(
    task_info: *const aclrtRandomNumTaskInfo,
    stream: aclrtStream,
    reserve: *mut c_void,
) -> Outcome {
    not_null("taskInfo", task_info)?;
    // SAFETY: not null, and C's contract is that it points to a value of this type.
    let info = unsafe { task_info.read() };
    let dtype = info.dataType;
    let integer = [ACL_INT32, ACL_INT64, ACL_UINT32, ACL_UINT64].contains(&dtype);
    check!(
        integer || is_real(dtype),
        ACL_ERROR_INVALID_PARAM,
        "taskInfo.dataType is {}: integers of 32 and 64 bits, ACL_BF16, ACL_FLOAT16 and ACL_FLOAT are taken",
        dtype.name().unwrap_or("no dtype")
    );
    check!(reserve.is_null(), ACL_ERROR_RT_PARAM_INVALID, "reserve is not null: it is reserved");
    let stream = stream::resolve(stream)?;
    let (what, bytes) = (info.randomNumFuncParaInfo.funcType, dtype.size());
    let uniform = what == ACL_RT_RANDOM_NUM_FUNC_TYPE_UNIFORM_DIS;
    check!(
        uniform || !integer,
        ACL_ERROR_RT_PARAM_INVALID,
        "taskInfo.dataType is {}, which only uniform numbers have",
        dtype.name().unwrap_or_default()
    );
    // SAFETY: all fields of the union are plain bytes; those that the function does not name are not looked at.
    let [first, second] = unsafe {
        [info.randomNumFuncParaInfo.paramInfo.normalDisInfo.mean, info.randomNumFuncParaInfo.paramInfo.normalDisInfo.stddev]
    };
    let kind = match what {
        ACL_RT_RANDOM_NUM_FUNC_TYPE_DROPOUT_BITMASK => Kind::Mask(Param::take("dropoutRation", &first, bytes)?),
        ACL_RT_RANDOM_NUM_FUNC_TYPE_UNIFORM_DIS => {
            Kind::Uniform(Param::take("min", &first, bytes)?, Param::take("max", &second, bytes)?)
        }
        ACL_RT_RANDOM_NUM_FUNC_TYPE_NORMAL_DIS | ACL_RT_RANDOM_NUM_FUNC_TYPE_TRUNCATED_NORMAL_DIS => Kind::Normal {
            mean: Param::take("mean", &first, bytes)?,
            deviation: Param::take("stddev", &second, bytes)?,
            truncated: what == ACL_RT_RANDOM_NUM_FUNC_TYPE_TRUNCATED_NORMAL_DIS,
        },
        _ => reject!(ACL_ERROR_RT_PARAM_INVALID, "funcType is {}, which is no distribution", what.0),
    };
    let (seed, number) = (Param::take("randomSeed", &info.randomSeed, 8)?, Param::take("randomNum", &info.randomNum, 8)?);
    check!(
        number.at.is_none(),
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "randomNum.isAddr is 1: the simulator takes the number itself, so that it knows whether the result has room"
    );
    let number = u64::from_ne_bytes(number.value) as usize;
    let size = match kind {
        Kind::Mask(_) => number.div_ceil(8),
        _ => number.saturating_mul(bytes),
    };
    let counter = device_memory("randomCounterAddr", info.randomCounterAddr, 16)?;
    let result = device_memory("randomResultAddr", info.randomResultAddr, size.max(1))?;
    if !info.randomParaAddr.is_null() {
        // Where a card keeps the parameters.
        device_memory("randomParaAddr", info.randomParaAddr, 16)?;
    }
    let draw = Draw { kind, dtype, seed, counter, result, number };
    stream.enqueue(Task::Work("aclrtRandomNumAsync", Arc::new(move || draw.run())))
}
