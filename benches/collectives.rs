//! Collectives between devices of one process, achieved over possible.

mod limits;

use std::time::{Duration, Instant};

use ascend_rl::hccl::{CommOptions, ReduceOp};
use ascend_rl::{Cann, Communicator, DType, Device, Result, Tensor};
use criterion::{Criterion, Throughput};

/// Bytes of the whole tensor, all parts together: more than the caches hold.
const BYTES: usize = 64 << 20;

/// One rank with the tensors of all four calls: a part and a whole.
struct Rank {
    comm: Communicator,
    part: Tensor,
    whole: Tensor,
    other: Tensor,
}

type Call = fn(&mut Rank) -> Result<()>;
/// The bytes that a call must read and write in memory on one rank of `n`, in wholes.
type Wholes = fn(f64) -> f64;

const CALLS: &[(&str, Call, Wholes)] = &[
    ("all_gather", |rank| rank.comm.all_gather(&rank.part, &mut rank.whole), |n| 1.0 / n + 1.0),
    ("reduce_scatter", |rank| rank.comm.reduce_scatter(&rank.whole, &mut rank.part, ReduceOp::Sum), |n| 1.0 + 1.0 / n),
    ("all_reduce", |rank| rank.comm.all_reduce(&mut rank.whole, ReduceOp::Sum), |_| 2.0),
    ("all_to_all", |rank| rank.comm.all_to_all(&rank.whole, &mut rank.other), |_| 2.0),
];

impl Rank {
    fn new(comm: Communicator, dtype: DType) -> Result<Rank> {
        let (s, n) = (comm.stream(), BYTES / dtype.size());
        let (part, whole, other) =
            (Tensor::zeros(s, &[n / comm.size()], dtype)?, Tensor::zeros(s, &[n], dtype)?, Tensor::zeros(s, &[n], dtype)?);
        Ok(Rank { comm, part, whole, other })
    }
}

/// `times` calls on all ranks, which one thread makes: no call waits for another rank.
fn run(ranks: &mut [Rank], call: Call, times: u64) -> Result<Duration> {
    let start = Instant::now();
    for _ in 0..times {
        ranks.iter_mut().try_for_each(call)?;
    }
    ranks.iter().try_for_each(|rank| rank.comm.stream().synchronize())?;
    Ok(start.elapsed())
}

fn main() -> Result<()> {
    let cann = Cann::load()?;
    let devices = (0..cann.device_count()?.min(4)).map(|i| Device::open(&cann, i)).collect::<Result<Vec<_>>>()?;
    println!("{:?} {}, CANN {}", cann.flavor(), devices[0].soc_name(), cann.version());
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    for n in [2, 4] {
        let Some(devices) = devices.get(..n) else { continue };
        for dtype in [DType::F32, DType::BF16] {
            let comms = Communicator::all(devices, &CommOptions::default())?;
            let mut ranks = comms.into_iter().map(|comm| Rank::new(comm, dtype)).collect::<Result<Vec<_>>>()?;
            let mut group = criterion.benchmark_group(format!("collectives/{n}/{dtype}"));
            for &(name, call, wholes) in CALLS {
                let before = limits::copy_bytes();
                run(&mut ranks, call, 1)?;
                let rounds = (0..5).map(|_| run(&mut ranks, call, 3)).collect::<Result<Vec<_>>>()?;
                let time = rounds.into_iter().min().unwrap_or_default() / 3;
                let bytes = wholes(n as f64) * (n * BYTES) as f64;
                let (rate, possible) = (bytes / time.as_secs_f64(), before.max(limits::copy_bytes()));
                println!(
                    "collectives/{n}/{dtype}/{name}: {:.1} GB/s read and written, {:.0} % of the {:.1} of copies",
                    rate / 1e9,
                    100.0 * rate / possible,
                    possible / 1e9
                );
                group.throughput(Throughput::Bytes(bytes as u64));
                let mut time = |iters| run(&mut ranks, call, iters).unwrap_or_default();
                group.bench_function(name, |bench| bench.iter_custom(&mut time));
            }
            group.finish();
        }
    }
    criterion.final_summary();
    Ok(())
}
