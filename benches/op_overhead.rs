//! The cost of one operator through the safe layer, with next to no arithmetic in it: called, repeated, and in a graph; and of one
//! launch of a kernel of our own.

use std::time::{Duration, Instant};

use ascend_rl::acl::CaptureMode;
use ascend_rl::attention::{KvSpec, PagedKvCache};
use ascend_rl::{Cann, DType, Device, Result, Tensor, ops};
use criterion::Criterion;

/// Operators between two waits, as in a few decode steps.
const OPERATORS: u64 = 1000;
/// Operators of a graph, as in one decode step of a small model.
const IN_GRAPH: u64 = 100;

fn main() -> Result<()> {
    let cann = Cann::load()?;
    let device = Device::open(&cann, 0)?;
    println!("{:?} {}, CANN {}", cann.flavor(), device.soc_name(), cann.version());
    let s = device.stream()?;
    let x = Tensor::zeros(&s, &[16], DType::F32)?;
    let mut y = Tensor::zeros(&s, &[16], DType::F32)?;
    let repeat = ops::repeat(&s, |s| ops::add_(s, &mut y, &x))?;
    let graph = s.capture(CaptureMode::default(), |s| (0..IN_GRAPH).try_for_each(|_| ops::add_(s, &mut y, &x)))?;

    let spec = KvSpec { layers: 1, num_kv_heads: 1, head_dim: 16, block_size: 16, dtype: DType::BF16 };
    let mut cache = PagedKvCache::new(&s, spec, 1)?;
    let (kv, slot) = (Tensor::zeros(&s, &[1, 16], DType::BF16)?, Tensor::zeros(&s, &[1], DType::I32)?);

    // What enqueues so many operators at a time; the time of the host alone, or with the wait.
    let mut failed = None;
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut bench = |name: &str, at_a_time: u64, enqueue: &mut dyn FnMut() -> Result<()>| {
        for (wait, suffix) in [(true, ""), (false, "_enqueue")] {
            let mut round = || -> Result<Duration> {
                let start = Instant::now();
                for _ in 0..OPERATORS / at_a_time {
                    enqueue()?;
                }
                let queued = start.elapsed();
                s.synchronize()?;
                Ok(if wait { start.elapsed() } else { queued })
            };
            criterion.bench_function(&format!("op_overhead/{name}{suffix}"), |b| {
                b.iter_custom(|iters| {
                    let rounds = iters.div_ceil(OPERATORS);
                    let mut total = Duration::ZERO;
                    for _ in 0..rounds {
                        match round() {
                            Ok(time) => total += time,
                            Err(error) => failed = Some(error),
                        }
                    }
                    total.mul_f64(iters as f64 / (rounds * OPERATORS) as f64)
                });
            });
        }
    };
    bench("add_16", 1, &mut || ops::add_(&s, &mut y, &x));
    bench("add_16_repeat", 1, &mut || repeat.enqueue(&s));
    bench("add_16_graph", IN_GRAPH, &mut || graph.launch(&s));
    bench("kv_write_1", 1, &mut || cache.write(&s, 0, &kv, &kv, &slot));
    criterion.final_summary();
    failed.map_or(Ok(()), Err)
}
