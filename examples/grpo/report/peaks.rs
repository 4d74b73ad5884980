//! What the device can do, measured through the library: "achieved" is compared with this, not with a data sheet.

use std::time::{Duration, Instant};

use anyhow::Result;
use ascend_rl::acl::Stream;
use ascend_rl::ops;
use ascend_rl::tensor::{DType, Tensor};

/// Products of this many rows and columns.
const SIDE: usize = 1024;
/// Bytes copied: more than caches hold.
const COPIED: usize = 32 << 20;
/// Each rate is the best of so many tries, after one that is not counted.
const TRIES: usize = 4;

/// Measured rates of one device, or of several together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peaks {
    /// FLOP/s of a matrix product, 1024 cubed, in the dtype of training.
    pub flops: f64,
    /// The same in the dtype of the rollout.
    pub rollout_flops: f64,
    /// Bytes a second, read and written, of a copy on the device.
    pub bytes: f64,
}

impl Peaks {
    /// Nothing is known: no time is the least.
    pub const UNKNOWN: Peaks = Peaks { flops: f64::INFINITY, rollout_flops: f64::INFINITY, bytes: f64::INFINITY };

    /// Measures a device that does nothing else, for products in the dtypes of training and rollout. A fraction of a second;
    /// some 76 MB of its memory, which it has back afterwards.
    pub fn measure(s: &Stream, training: DType, rollout: DType) -> Result<Peaks> {
        let flops = products(s, training)?;
        let rollout_flops = if rollout == training { flops } else { products(s, rollout)? };
        let bytes = copies(s)?;
        s.device().trim()?;
        Ok(Peaks { flops, rollout_flops, bytes })
    }

    /// Those of so many devices that share nothing.
    pub fn of_devices(self, devices: usize) -> Peaks {
        let all = |of_one: f64| of_one * devices as f64;
        Peaks { flops: all(self.flops), rollout_flops: all(self.rollout_flops), bytes: all(self.bytes) }
    }
}

/// FLOP/s of products in a dtype.
fn products(s: &Stream, dtype: DType) -> Result<f64> {
    let filled = || -> Result<Tensor> {
        let (ones, mut out) = (vec![1.0_f32; SIDE * SIDE], Tensor::empty(s, &[SIDE, SIDE], dtype)?);
        ops::cast(s, &Tensor::from_slice(s, &[SIDE, SIDE], &ones)?, &mut out)?;
        Ok(out)
    };
    let (a, b, mut c) = (filled()?, filled()?, Tensor::empty(s, &[SIDE, SIDE], dtype)?);
    Ok(2.0 * (SIDE as f64).powi(3) / quickest(s, || Ok(ops::mm(s, &a, &b, &mut c)?))?)
}

/// Bytes a second of copies.
fn copies(s: &Stream) -> Result<f64> {
    let (from, mut to) = (s.zeros::<u8>(COPIED)?, s.zeros::<u8>(COPIED)?);
    Ok(2.0 * COPIED as f64 / quickest(s, || Ok(s.copy(&from, &mut to)?))?)
}

/// Seconds of the quickest try.
fn quickest(s: &Stream, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = Duration::MAX;
    for tries in 0..=TRIES {
        s.synchronize()?;
        let begin = Instant::now();
        work()?;
        s.synchronize()?;
        if tries > 0 {
            best = best.min(begin.elapsed());
        }
    }
    Ok(best.max(Duration::from_nanos(1)).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ascend_rl::{Cann, Device};

    #[test]
    fn a_device_has_rates_and_several_have_more() {
        let s = Device::open(&Cann::sim().unwrap(), 0).unwrap().stream().unwrap();
        let peaks = Peaks::measure(&s, DType::F32, DType::BF16).unwrap();
        // Any machine: between 10 MFLOP/s and 1 PFLOP/s, 10 MB/s and 10 TB/s.
        let Peaks { flops, rollout_flops, bytes } = peaks;
        assert!([flops, rollout_flops].iter().all(|f| (1e7..1e15).contains(f)) && (1e7..1e13).contains(&bytes), "{peaks:?}");
        let twice = Peaks { flops: 2.0 * flops, rollout_flops: 2.0 * rollout_flops, bytes: 2.0 * bytes };
        assert_eq!(peaks.of_devices(2), twice);
    }
}
