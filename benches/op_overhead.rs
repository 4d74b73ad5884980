//! The cost of one operator through the safe layer, with next to no arithmetic in it.

use std::time::{Duration, Instant};

use ascend_rl::{Cann, DType, Device, Result, Tensor, ops};
use criterion::Criterion;

/// Operators between two waits, as in a few decode steps.
const OPERATORS: u64 = 1000;

fn main() -> Result<()> {
    let cann = Cann::load()?;
    let device = Device::open(&cann, 0)?;
    println!("{:?} {}, CANN {}", cann.flavor(), device.soc_name(), cann.version());
    let s = device.stream()?;
    let x = Tensor::zeros(&s, &[16], DType::F32)?;
    let mut y = Tensor::zeros(&s, &[16], DType::F32)?;
    let mut failed = None;
    let mut round = || -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..OPERATORS {
            ops::add_(&s, &mut y, &x)?;
        }
        s.synchronize()?;
        Ok(start.elapsed())
    };
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    criterion.bench_function("op_overhead/add_16", |b| {
        b.iter_custom(|iters| {
            let mut total = Duration::ZERO;
            for _ in 0..iters.div_ceil(OPERATORS) {
                match round() {
                    Ok(time) => total += time,
                    Err(error) => failed = Some(error),
                }
            }
            total.mul_f64(iters as f64 / (iters.div_ceil(OPERATORS) * OPERATORS) as f64)
        });
    });
    criterion.final_summary();
    failed.map_or(Ok(()), Err)
}
