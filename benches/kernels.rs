//! Our kernels: the bytes that they move through global memory over the fewest possible, counted by their twins (a table, no times);
//! and, without checks, the rate of copying over the machine's.

mod limits;

use std::time::{Duration, Instant};

use ascend_rl::attention::{BlockId, KvPair, KvScales, PageLayout, block_copy, kv_write, kv_write_int8};
use ascend_rl::reshard::{CastRect, RectAt, ScaleAt, cast_copy};
use ascend_rl::{Cann, DType, Device, Result, Stream, Tensor, ViewMut};
use cann_sim::kernels::{self, Alignment, Traffic, Transfers};
use criterion::{Criterion, Throughput};

/// A shape of a model whose layers the cases are.
#[derive(Clone, Copy)]
struct Model {
    name: &'static str,
    layers: usize,
    kv_heads: usize,
    /// Rows and columns of its `o_proj`.
    out: (usize, usize),
}

const MODELS: [Model; 2] = [
    Model { name: "Qwen3-8B", layers: 36, kv_heads: 8, out: (4096, 4096) },
    Model { name: "Qwen3-30B-A3B", layers: 48, kv_heads: 4, out: (2048, 4096) },
];
const HEAD_DIM: usize = 128;
/// Tokens of a block of the cache.
const BLOCK: usize = 128;
/// From here on a transfer runs at full speed.
const LONG: usize = 16 << 10;

type Launch<'a> = Box<dyn FnMut(&Stream) -> Result<()> + 'a>;

/// A launch, and what it must at least do.
struct Case<'a> {
    name: String,
    /// Bytes of global memory.
    read: usize,
    written: usize,
    /// The longest runs that the layouts permit, in bytes.
    read_run: usize,
    write_run: usize,
    launch: Launch<'a>,
}

fn tensor(s: &Stream, shape: &[usize], dtype: DType) -> Result<Tensor> {
    Tensor::zeros(s, shape, dtype)
}

/// Slots of `tokens` new tokens: a prompt's in the order of the cache, or one for each sequence.
fn slots(s: &Stream, tokens: usize, prompt: bool) -> Result<Tensor> {
    let slots: Vec<i64> = (0..tokens as i64).map(|i| if prompt { i } else { i * BLOCK as i64 + i % BLOCK as i64 }).collect();
    Tensor::from_slice(s, &[tokens], &slots)
}

fn kv_case<'a>(s: &Stream, model: Model, layout: PageLayout, tokens: usize, prompt: bool, int8: bool) -> Result<Case<'a>> {
    let (heads, blocks) = (model.kv_heads, if prompt { tokens.div_ceil(BLOCK) } else { tokens });
    let (dtype, size) = if int8 { (DType::I8, 1) } else { (DType::BF16, 2) };
    let shape = match layout {
        PageLayout::Bsnd => vec![blocks, BLOCK, heads, HEAD_DIM],
        PageLayout::Bnsd => vec![blocks, heads, BLOCK, HEAD_DIM],
        PageLayout::Nz => vec![blocks, heads * HEAD_DIM * size / 32, BLOCK, 32 / size],
    };
    let new = [tensor(s, &[tokens, heads, HEAD_DIM], DType::BF16)?, tensor(s, &[tokens, heads, HEAD_DIM], DType::BF16)?];
    let mut caches = [tensor(s, &shape, dtype)?, tensor(s, &shape, dtype)?];
    let scales = [tensor(s, &[heads, HEAD_DIM], DType::F32)?, tensor(s, &[heads, HEAD_DIM], DType::F32)?];
    let slots = slots(s, tokens, prompt)?;
    let (row, row_in) = (heads * HEAD_DIM * size, heads * HEAD_DIM * 2);
    // What of a row stays together in a page, and how many of those follow one another: all tokens of a prompt where it is the whole
    // row; those of a block in a plane for each head; and in NZ all planes of a block.
    let (piece, together) = match layout {
        PageLayout::Bsnd => (row, tokens),
        PageLayout::Bnsd => (HEAD_DIM * size, BLOCK),
        PageLayout::Nz => (32, BLOCK * row / 32),
    };
    let together = if prompt { together } else { 1 };
    Ok(Case {
        name: format!(
            "kv_write{} {layout:?}, {tokens} tokens of {}, {}",
            if int8 { "_int8" } else { "" },
            if prompt { "a prompt" } else { "as many sequences" },
            model.name
        ),
        read: 2 * tokens * row_in + 8 * tokens + if int8 { 2 * 4 * heads * HEAD_DIM } else { 0 },
        written: 2 * tokens * row,
        read_run: tokens * row_in,
        write_run: piece * together,
        launch: Box::new(move |s| {
            let ([k, v], [k_cache, v_cache]) = (&new, &mut caches);
            let keys = KvPair { new: k.view(), cache: k_cache.view_mut() };
            let values = Some(KvPair { new: v.view(), cache: v_cache.view_mut() });
            if int8 {
                let scales = KvScales { k: scales[0].view(), v: Some(scales[1].view()) };
                kv_write_int8(s, layout, keys, values, scales, &slots)
            } else {
                kv_write(s, layout, keys, values, &slots)
            }
        }),
    })
}

fn block_case<'a>(s: &Stream, model: Model, pairs: usize) -> Result<Case<'a>> {
    let (shape, block) = ([2 * pairs, BLOCK, model.kv_heads, HEAD_DIM], BLOCK * model.kv_heads * HEAD_DIM * 2);
    let mut pools = (0..2 * model.layers).map(|_| tensor(s, &shape, DType::BF16)).collect::<Result<Vec<_>>>()?;
    let copies: Vec<_> = (0..pairs as u32).map(|i| (BlockId(i), BlockId(2 * pairs as u32 - 1 - i))).collect();
    let bytes = pairs * pools.len() * block;
    Ok(Case {
        name: format!("block_copy, {pairs} blocks in {} layers, {}", model.layers, model.name),
        read: bytes + 8 * pairs + 16 * model.layers,
        written: bytes,
        read_run: block,
        write_run: block,
        launch: Box::new(move |s| {
            let mut views: Vec<ViewMut<'_>> = pools.iter_mut().map(Tensor::view_mut).collect();
            let (keys, values) = views.split_at_mut(model.layers);
            block_copy(s, keys, values, &copies)
        }),
    })
}

/// Half of `o_proj`, by rows (one run) or by columns (a run for each row): a rank's part under TP 2.
fn cast_case<'a>(s: &Stream, model: Model, by_columns: bool, from: DType, to: DType) -> Result<Case<'a>> {
    let (height, width) = model.out;
    let (rows, cols) = if by_columns { (height, width / 2) } else { (height / 2, width) };
    let (src, mut dst) = (tensor(s, &[height, width], from)?, tensor(s, &[rows, cols], to)?);
    let scaled = (from == DType::I8) != (to == DType::I8);
    let scales = tensor(s, &[rows], DType::F32)?;
    let rect = CastRect {
        // The second half.
        src: RectAt { buffer: 0, offset: if by_columns { cols } else { rows * width }, pitch: width },
        dst: RectAt { buffer: 0, offset: 0, pitch: cols },
        rows,
        cols,
        scale: scaled.then_some(ScaleAt { offset: 0, per_row: true }),
    };
    let how = if by_columns { "columns" } else { "rows" };
    Ok(Case {
        name: format!("cast_copy {from} to {to}, half of o_proj by {how}, {}", model.name),
        read: rows * cols * from.size() + if scaled { 4 * rows } else { 0 },
        written: rows * cols * to.size(),
        read_run: if by_columns { cols } else { rows * cols } * from.size(),
        write_run: rows * cols * to.size(),
        launch: Box::new(move |s| {
            let scales = scaled.then(|| scales.view());
            cast_copy(s, &[src.view()], &mut [dst.view_mut()], scales, &[rect])
        }),
    })
}

/// The makers of a model's cases for the table: one is in memory at a time.
fn cases(s: &Stream, model: Model, each: &mut impl FnMut(Case<'_>) -> Result<()>) -> Result<()> {
    use DType::{BF16, F32, I8};
    for layout in [PageLayout::Bsnd, PageLayout::Bnsd, PageLayout::Nz] {
        each(kv_case(s, model, layout, 8192, true, false)?)?;
        each(kv_case(s, model, layout, 256, false, false)?)?;
        each(kv_case(s, model, layout, 8192, true, true)?)?;
        each(kv_case(s, model, layout, 256, false, true)?)?;
    }
    each(block_case(s, model, 4)?)?;
    for (from, to) in [(BF16, BF16), (F32, BF16), (BF16, F32), (BF16, I8), (I8, BF16)] {
        each(cast_case(s, model, false, from, to)?)?;
        each(cast_case(s, model, true, from, to)?)?;
    }
    Ok(())
}

/// The share of bytes that are in runs of `longest` bytes or more (or of 16 KB), which start at whole lines of 512 bytes, or, if
/// they are shorter than a line, at whole blocks of 32.
fn in_long_runs(moved: &Transfers, longest: usize) -> f64 {
    let longest = longest.min(LONG) as u64;
    let aligned = |alignment| alignment == Alignment::Line || (longest < 512 && alignment == Alignment::Block);
    moved.bytes_of(|runs| runs.bytes >= longest && aligned(runs.alignment)) as f64 / moved.bytes().max(1) as f64
}

/// The table: one launch of each case, with checks and counts.
fn traffic() -> Result<()> {
    // A device of its own: images are loaded once for each, with checks or without.
    const DEVICE: u32 = 1;
    kernels::set_checks(true);
    let s = Device::open(&Cann::sim()?, DEVICE)?.stream()?;
    println!(
        "counted by the twins on {}; runs in bytes, of the longest that the layout permits up to {LONG}",
        s.device().soc_name()
    );
    println!("| launch | fewest | moved | reads in runs of | | writes in runs of | |");
    println!("|---|---|---|---|---|---|---|");
    for model in MODELS {
        cases(&s, model, &mut |mut case| {
            kernels::take_launches(DEVICE);
            (case.launch)(&s)?;
            s.synchronize()?;
            let mut all = Traffic::default();
            kernels::take_launches(DEVICE).iter().for_each(|launch| all.merge(&launch.traffic));
            let fewest = (case.read + case.written) as f64;
            // Words that programs read for themselves are slots.
            let moved = all.reads.bytes() + 8 * all.scalar_reads + all.writes.bytes();
            println!(
                "| {} | {:.2} MB | {:.1} % | {} | {:.1} % | {} | {:.1} % |",
                case.name,
                fewest / 1e6,
                100.0 * moved as f64 / fewest,
                case.read_run.min(LONG),
                100.0 * in_long_runs(&all.reads, case.read_run),
                case.write_run.min(LONG),
                100.0 * in_long_runs(&all.writes, case.write_run),
            );
            Ok(())
        })?;
    }
    kernels::set_checks(false);
    Ok(())
}

/// Runs a case as often as asked; the time.
fn run(s: &Stream, case: &mut Case<'_>, times: u64) -> Result<Duration> {
    let start = Instant::now();
    for _ in 0..times {
        (case.launch)(s)?;
    }
    s.synchronize()?;
    Ok(start.elapsed())
}

/// Bytes read and written over time, of sizes that no cache holds.
fn rates(cann: &Cann, criterion: &mut Criterion) -> Result<()> {
    let s = Device::open(cann, 0)?.stream()?;
    let mut group = criterion.benchmark_group("kernels");
    for model in MODELS {
        let kv = |layout, int8| kv_case(&s, model, layout, 32768, true, int8);
        let cast = |from, to| cast_case(&s, model, true, from, to);
        let makers: [(&str, &dyn Fn() -> Result<Case<'static>>); 10] = [
            ("kv_write", &|| kv(PageLayout::Bsnd, false)),
            ("kv_write_bnsd", &|| kv(PageLayout::Bnsd, false)),
            ("kv_write_nz", &|| kv(PageLayout::Nz, false)),
            ("kv_write_int8", &|| kv(PageLayout::Bsnd, true)),
            ("kv_write_int8_nz", &|| kv(PageLayout::Nz, true)),
            ("block_copy", &|| block_case(&s, model, 8)),
            ("cast_copy_bf16_bf16", &|| cast(DType::BF16, DType::BF16)),
            ("cast_copy_f32_bf16", &|| cast(DType::F32, DType::BF16)),
            ("cast_copy_bf16_int8", &|| cast(DType::BF16, DType::I8)),
            ("cast_copy_int8_bf16", &|| cast(DType::I8, DType::BF16)),
        ];
        for (kernel, make) in makers {
            let mut case = make()?;
            let bytes = (case.read + case.written) as f64;
            run(&s, &mut case, 2)?;
            // The limit before and after: shared machines drift within seconds.
            let before = limits::copy_bytes();
            let best =
                (0..10).map(|_| run(&s, &mut case, 3)).collect::<Result<Vec<_>>>()?.into_iter().min().unwrap_or_default() / 3;
            let copy = before.max(limits::copy_bytes());
            let rate = bytes / best.as_secs_f64();
            println!("{}: {:.2} GB/s, {:.0} % of the {:.2} of copies", case.name, rate / 1e9, 100.0 * rate / copy, copy / 1e9);
            group.throughput(Throughput::Bytes(bytes as u64));
            let name = format!("{kernel}/{}", model.name);
            group.bench_function(name, |bench| bench.iter_custom(|times| run(&s, &mut case, times).unwrap_or_default()));
        }
    }
    group.finish();
    Ok(())
}

fn main() -> Result<()> {
    let cann = Cann::load()?;
    println!("{:?}, CANN {}", cann.flavor(), cann.version());
    traffic()?;
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    rates(&cann, &mut criterion)?;
    criterion.final_summary();
    Ok(())
}
