//! Weights from four FSDP shards in f32 to TP 2 x DP 2 in bf16, achieved over possible.
//!
//! Layers of a Qwen3-0.6B: hidden 1024, 16 query and 8 key/value heads of 128, intermediate 3072. `RESHARD_LAYERS` sets how many
//! (28: 440 M parameters, 3.5 GB on the devices), `RESHARD_STAGING` the bytes of staging: by default 1 MiB, which stays in a CPU's
//! caches.

mod limits;

use std::time::{Duration, Instant};

use ascend_rl::hccl::CommOptions;
use ascend_rl::reshard::{FlatUnit, Layout, Moved, Options, Packer, Plan, Split, TensorSpec};
use ascend_rl::{Cann, Communicator, DType, Device, Result, Tensor, ops};
use criterion::{Criterion, Throughput};

const RANKS: usize = 4;
const TP: usize = 2;
/// (name, rows, columns, divided by columns) of a layer's matrices.
const LAYER: &[(&str, usize, usize, bool)] = &[
    ("q", 2048, 1024, false),
    ("k", 1024, 1024, false),
    ("v", 1024, 1024, false),
    ("o", 1024, 2048, true),
    ("gate", 3072, 1024, false),
    ("up", 3072, 1024, false),
    ("down", 1024, 3072, true),
];

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// A unit a layer, cut in four; a buffer a layer on each side.
fn layouts(layers: usize) -> Result<(Vec<TensorSpec>, Layout, Layout)> {
    let layer = |l: usize| LAYER.iter().map(move |&(name, rows, cols, _)| TensorSpec::matrix(format!("{l}.{name}"), rows, cols));
    let tensors: Vec<TensorSpec> = (0..layers).flat_map(layer).collect();
    let n = LAYER.len();
    let unit = |l: usize| FlatUnit::packed(&tensors, l * n..(l + 1) * n, 16 * RANKS);
    let units = (0..layers).map(unit).collect::<Result<Vec<_>>>()?;
    let from = Layout::flat_shards(&tensors, &units, RANKS)?;
    let mut to = Layout::default();
    for rank in 0..RANKS {
        let mut packer = Packer::new(&tensors);
        for t in 0..tensors.len() {
            let (parts, part) = (TP, rank % TP);
            let split = if LAYER[t % n].3 { Split::Cols { parts, part } } else { Split::Rows { parts, part } };
            packer.push(t / n, t, split)?;
        }
        to.ranks.push(packer.pieces());
    }
    Ok((tensors, from, to))
}

fn main() -> Result<()> {
    let cann = Cann::load()?;
    let devices = (0..RANKS as u32).map(|ordinal| Device::open(&cann, ordinal)).collect::<Result<Vec<_>>>()?;
    println!("{:?} {}, CANN {}", cann.flavor(), devices[0].soc_name(), cann.version());
    let (layers, staging_bytes) = (setting("RESHARD_LAYERS", 28), setting("RESHARD_STAGING", 1 << 20));
    let (tensors, from, to) = layouts(layers)?;
    let start = Instant::now();
    let plan = Plan::new(&tensors, &from, &to)?;
    println!("{plan:?}; planned in {:.1} ms, {} copies on rank 0", start.elapsed().as_secs_f64() * 1e3, plan.copies(0));

    let ranks = Communicator::all(&devices, &CommOptions::default())?;
    let parameters: usize = tensors.iter().map(TensorSpec::numel).sum();
    let mut buffers = Vec::new();
    for comm in &ranks {
        let filled = |len: usize, dtype: DType| -> Result<Vec<Tensor>> {
            let one = |_| {
                let mut x = Tensor::empty(comm.stream(), &[len], dtype)?;
                ops::fill(comm.stream(), &mut x, comm.rank() as f64)?;
                Ok(x)
            };
            (0..layers).map(one).collect()
        };
        buffers.push((filled(parameters / layers / RANKS, DType::F32)?, filled(parameters / layers / TP, DType::BF16)?));
    }
    let options = Options { staging_bytes, dtype: Some(DType::BF16) };
    let mut run = |times: u64| -> Result<(Duration, Vec<Moved>)> {
        let start = Instant::now();
        let mut moved = Vec::new();
        for _ in 0..times {
            moved.clear();
            for (comm, (src, dst)) in ranks.iter().zip(&mut buffers) {
                let src: Vec<_> = src.iter().map(Tensor::view).collect();
                let mut dst: Vec<_> = dst.iter_mut().map(Tensor::view_mut).collect();
                moved.push(plan.execute(comm, &src, &mut dst, &options)?);
            }
        }
        ranks.iter().try_for_each(|comm| comm.stream().synchronize())?;
        Ok((start.elapsed(), moved))
    };

    run(1)?;
    // The limit before and after: shared machines drift within seconds.
    let before = limits::copy_bytes();
    let mut best = run(1)?;
    for _ in 0..9 {
        let (time, _) = run(1)?;
        best.0 = best.0.min(time);
    }
    let (time, moved) = best;
    let copy = before.max(limits::copy_bytes());
    let sum = |of: fn(&Moved) -> u64| moved.iter().map(of).sum::<u64>() as f64;
    let arrived = sum(|m| m.kept_bytes) + sum(|m| m.received_bytes);
    // A parameter that arrives is at least read once, in f32, and written once, in bf16.
    let least = arrived * 3.0;
    println!(
        "reshard: {:.0} M parameters, FSDP {RANKS} -> TP {TP} x DP {}, staging {} KiB, {} rounds: {:.3} s",
        parameters as f64 / 1e6,
        RANKS / TP,
        staging_bytes >> 10,
        moved[0].rounds,
        time.as_secs_f64(),
    );
    println!(
        "reshard: sent {:.1} MB, the fewest are {:.1} MB; kept {:.1} MB; {:.2} GB/s of bf16 weights arrive",
        sum(|m| m.sent_bytes) / 1e6,
        sum(|m| m.fewest_bytes) / 1e6,
        sum(|m| m.kept_bytes) / 1e6,
        arrived / time.as_secs_f64() / 1e9,
    );
    println!(
        "reshard: {:.2} GB/s read and written, {:.0} % of the {:.2} of copies",
        least / time.as_secs_f64() / 1e9,
        100.0 * least / time.as_secs_f64() / copy,
        copy / 1e9,
    );
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("reshard");
    group.throughput(Throughput::Bytes(arrived as u64));
    group.bench_function("fsdp_4_to_tp_2_dp_2", |bench| bench.iter_custom(|times| run(times).map(|r| r.0).unwrap_or_default()));
    group.finish();
    criterion.final_summary();
    Ok(())
}
