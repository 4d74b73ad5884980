//! Decode attention over a paged cache: bound by reading keys and values.

mod limits;

use std::time::{Duration, Instant};

use ascend_rl::attention::{KvSpec, PagedKvCache, Sequence};
use ascend_rl::{Cann, DType, Device, Result, Tensor};
use criterion::{Criterion, Throughput};

/// Heads of Qwen3-8B.
const HEADS: usize = 32;
const KV_HEADS: usize = 8;
const HEAD_DIM: usize = 128;

fn main() -> Result<()> {
    let cann = Cann::load()?;
    let device = Device::open(&cann, 0)?;
    println!("{:?} {}, CANN {}", cann.flavor(), device.soc_name(), cann.version());
    let peak = limits::read_bytes();
    println!("reading memory with all cores: {:.1} GB/s", peak / 1e9);
    let s = device.stream()?;
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("decode_attention/bf16");
    for (batch, context) in [(8, 4096), (64, 512), (1, 32768)] {
        let spec = KvSpec { layers: 1, num_kv_heads: KV_HEADS, head_dim: HEAD_DIM, block_size: 128, dtype: DType::BF16 };
        let mut cache = PagedKvCache::new(&s, spec, batch * spec.blocks_for(context))?;
        let mut sequences: Vec<Sequence> = (0..batch).map(|_| cache.sequence()).collect();
        let rows = Tensor::zeros(&s, &[context, KV_HEADS * HEAD_DIM], DType::BF16)?;
        for sequence in &mut sequences {
            let slots = sequence.append(context)?;
            let slots = Tensor::from_slice(&s, &[context], &slots)?;
            cache.write(&s, 0, &rows, &rows, &slots)?;
        }
        let plan = cache.plan_decode(&s, &sequences)?;
        let q = Tensor::zeros(&s, &[batch, HEADS, HEAD_DIM], DType::BF16)?;
        let mut out = Tensor::zeros(&s, &[batch, HEADS, HEAD_DIM], DType::BF16)?;
        let scale = (HEAD_DIM as f64).powf(-0.5);
        let mut run = |times: u64| -> Result<Duration> {
            let start = Instant::now();
            for _ in 0..times {
                cache.decode(&s, 0, &q, &plan, scale, &mut out)?;
            }
            s.synchronize()?;
            Ok(start.elapsed())
        };
        let bytes = (batch * context * spec.block_bytes() / spec.block_size) as f64;
        run(3)?;
        let best = (0..10).map(|_| run(3)).collect::<Result<Vec<_>>>()?.into_iter().min().unwrap_or_default() / 3;
        let rate = bytes / best.as_secs_f64();
        let name = format!("{batch}x{context}");
        println!("decode_attention/bf16/{name}: {:.1} GB/s, {:.0} % of possible", rate / 1e9, 100.0 * rate / peak);
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(name, |bench| bench.iter_custom(|iters| run(iters).unwrap_or_default()));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
