//! The bytes that kernels move through global memory, counted by the twin, on shapes of two models: within 5 % of the fewest possible,
//! and at least 90 % of them in the longest runs that the layout permits, up to 16 KB, with aligned starts. `--nocapture` prints them.

use crate::on_cores;
use ascend_rl::attention::{BlockId, KvPair, KvScales, PageLayout, block_copy, kv_write, kv_write_int8};
use ascend_rl::kernels::rms_norm;
use ascend_rl::reshard::{CastRect, RectAt, ScaleAt, cast_copy};
use ascend_rl::{DType, Stream, Tensor};
use cann_sim::kernels::{Alignment, Traffic, Transfers, take_launches};

/// The fewest cores and the most.
const CORES: [u32; 2] = [1, 48];
/// From here on a transfer runs at full speed.
const LONG: usize = 16 << 10;
const BLOCK: usize = 128;
const HEAD: usize = 128;

struct Model {
    name: &'static str,
    hidden: usize,
    kv_heads: usize,
    layers: usize,
}

const MODELS: [Model; 2] = [
    Model { name: "Qwen3-8B", hidden: 4096, kv_heads: 8, layers: 36 },
    Model { name: "Qwen3-30B-A3B", hidden: 2048, kv_heads: 4, layers: 48 },
];

/// What a launch cannot do without: bytes, and the longest runs that the layout permits (0: nothing of the sort).
struct Least {
    read: usize,
    written: usize,
    read_run: usize,
    write_run: usize,
    /// Words that programs read of memory one by one, through their cache.
    words: u64,
}

/// The share of bytes that are in runs of `run` bytes or more (or of 16 KB), which start at whole lines (or, if they are shorter than
/// a line, at whole blocks of 32 bytes).
fn in_long_runs(moved: &Transfers, run: usize) -> f64 {
    let run = run.min(LONG);
    let aligned = |alignment| alignment == Alignment::Line || (run < 512 && alignment == Alignment::Block);
    moved.bytes_of(|runs| runs.bytes >= run as u64 && aligned(runs.alignment)) as f64 / moved.bytes() as f64
}

/// Runs it, counts, and judges.
fn judge(what: &str, s: &Stream, cores: u32, least: &Least, launch: impl FnOnce(&Stream)) {
    take_launches(0);
    launch(s);
    s.synchronize().unwrap();
    let mut traffic = Traffic::default();
    take_launches(0).iter().for_each(|launch| traffic.merge(&launch.traffic));
    // Words are slots here.
    let (read, written) = (traffic.reads.bytes() + 4 * traffic.scalar_reads, traffic.writes.bytes());
    let waste = (read + written) as f64 / (least.read + least.written) as f64 - 1.0;
    let long = [in_long_runs(&traffic.reads, least.read_run), in_long_runs(&traffic.writes, least.write_run)];
    println!(
        "{what} | {cores} | {:.2} MB | {:+.2} % | {} {:.1} % | {} {:.1} %",
        (read + written) as f64 / 1e6,
        100.0 * waste,
        least.read_run.min(LONG),
        100.0 * long[0],
        least.write_run.min(LONG),
        100.0 * long[1],
    );
    assert!((0.0..0.05).contains(&waste), "{what} on {cores} cores moves {waste} more than it must");
    assert!(long.iter().all(|&share| share >= 0.9), "{what} on {cores} cores: {long:?} in long runs: {traffic:?}");
    assert!(traffic.scalar_reads <= least.words && traffic.scalar_writes == 0, "{what} reads memory word by word: {traffic:?}");
}

fn zeros(s: &Stream, shape: &[usize], dtype: DType) -> Tensor {
    Tensor::zeros(s, shape, dtype).unwrap()
}

/// What tokens `kv` writes.
#[derive(Clone, Copy)]
enum Tokens {
    /// Those of a prompt, whose slots follow one another from this one on.
    PromptFrom(usize),
    /// One for each of many sequences.
    Decode,
}
use Tokens::{Decode, PromptFrom};

fn kv(model: &Model, layout: PageLayout, which: Tokens, int8: bool, cores: u32) {
    let (prompt, tokens, first) = match which {
        PromptFrom(first) => (true, 8192, first),
        Decode => (false, 256, 0),
    };
    let (dtype, size) = if int8 { (DType::I8, 1) } else { (DType::BF16, 2) };
    let (heads, row_in, row) = (model.kv_heads, model.kv_heads * HEAD * 2, model.kv_heads * HEAD * size);
    let blocks = if prompt { (first + tokens).div_ceil(BLOCK) } else { tokens };
    let (shape, piece) = match layout {
        PageLayout::Bsnd => ([blocks, BLOCK, heads, HEAD], row),
        PageLayout::Bnsd => ([blocks, heads, BLOCK, HEAD], HEAD * size),
        PageLayout::Nz => ([blocks, row / 32, BLOCK, 32 / size], 32),
    };
    // What follows one another in the cache: all tokens where rows stay together; planes of a block, and in NZ all of them, where the
    // planes are pieces of what each token has. A plane of heads is long enough for itself.
    let together = match (prompt, layout) {
        (false, _) => 1,
        (true, PageLayout::Bsnd) => tokens,
        (true, PageLayout::Bnsd) => BLOCK,
        (true, PageLayout::Nz) => BLOCK * row / 32,
    };
    let least = Least {
        read: 2 * tokens * row_in + 4 * tokens + if int8 { 2 * 4 * heads * HEAD } else { 0 },
        written: 2 * tokens * row,
        read_run: tokens * row_in,
        write_run: piece * together,
        // Cube cores have no other way to the slots, which count little: each for the keys and for the values, and up to a block of
        // them where the part of a core begins and ends.
        words: if prompt && !int8 && layout == PageLayout::Nz { 2 * (tokens + 24 * 2 * BLOCK) as u64 } else { 0 },
    };
    let kind = if prompt { format!("prompt from slot {first}") } else { "decode".into() };
    let what = format!("kv_write{} {layout:?} {kind} {}", if int8 { "_int8" } else { "" }, model.name);
    on_cores(cores, |s| {
        let slots: Vec<i32> = (0..tokens).map(|i| if prompt { first + i } else { i * BLOCK + i * 7 % BLOCK } as i32).collect();
        let slots = Tensor::from_slice(s, &[tokens], &slots).unwrap();
        let new = zeros(s, &[tokens, heads, HEAD], DType::BF16);
        let scale = zeros(s, &[heads, HEAD], DType::F32);
        let (mut k_cache, mut v_cache) = (zeros(s, &shape, dtype), zeros(s, &shape, dtype));
        judge(&what, s, cores, &least, |s| {
            let keys = KvPair { new: new.view(), cache: k_cache.view_mut() };
            let values = Some(KvPair { new: new.view(), cache: v_cache.view_mut() });
            match int8 {
                false => kv_write(s, layout, keys, values, &slots).unwrap(),
                true => {
                    let scales = KvScales { k: scale.view(), v: Some(scale.view()) };
                    kv_write_int8(s, layout, keys, values, scales, &slots).unwrap();
                }
            }
        });
    });
}

#[test]
fn kv_write_moves_little_more_than_it_must() {
    use PageLayout::{Bnsd, Bsnd, Nz};
    for model in &MODELS {
        for layout in [Bsnd, Bnsd, Nz] {
            for cores in CORES {
                kv(model, layout, PromptFrom(0), false, cores);
                kv(model, layout, Decode, true, cores);
            }
            kv(model, layout, Decode, false, 48);
            kv(model, layout, PromptFrom(0), true, 48);
        }
    }
}

/// All pages but the first and the last are written whole, though the parts of the cores begin inside them.
#[test]
fn kv_write_fills_nz_pages_wherever_a_prompt_begins() {
    for model in &MODELS {
        for first in [1, 37, 127] {
            kv(model, PageLayout::Nz, PromptFrom(first), false, 48);
        }
    }
}

#[test]
fn block_copy_moves_little_more_than_it_must() {
    for model in &MODELS {
        for (pairs, cores) in CORES.iter().map(|&cores| (4, cores)).chain([(1, 48)]) {
            let block = BLOCK * model.kv_heads * HEAD * 2;
            let bytes = 2 * model.layers * pairs * block;
            let tables = 8 * pairs + 16 * model.layers;
            let least = Least { read: bytes + tables, written: bytes, read_run: block, write_run: block, words: 0 };
            on_cores(cores, |s| {
                let shape = [2 * pairs, BLOCK, model.kv_heads, HEAD];
                let mut pools: Vec<_> = (0..2 * model.layers).map(|_| zeros(s, &shape, DType::BF16)).collect();
                let mut views: Vec<_> = pools.iter_mut().map(|pool| pool.view_mut()).collect();
                let (keys, values) = views.split_at_mut(model.layers);
                let copies: Vec<_> = (0..pairs as u32).map(|i| (BlockId(i), BlockId(2 * pairs as u32 - 1 - i))).collect();
                let what = format!("block_copy {pairs} blocks {}", model.name);
                judge(&what, s, cores, &least, |s| block_copy(s, keys, values, &copies).unwrap());
            });
        }
    }
}

/// A part of a weight `[rows, width]`: some rows, which is one run, or some columns, whose rows are all that is together in the source.
fn part(model: &Model, columns: bool, from: DType, to: DType, cores: u32) {
    let (rows, width, first, cols) = match columns {
        false => (1024, model.hidden, 0, model.hidden),
        true => (1024, 4 * model.hidden, model.hidden, model.hidden),
    };
    let scaled = (from == DType::I8) != (to == DType::I8);
    let (run_in, run_out) = (if columns { cols } else { rows * cols } * from.size(), rows * cols * to.size());
    let least = Least {
        read: rows * cols * from.size() + if scaled { 4 * rows } else { 0 },
        written: rows * cols * to.size(),
        read_run: run_in,
        write_run: run_out,
        words: 0,
    };
    let what = format!("cast_copy {from} to {to} {} {}", if columns { "columns" } else { "rows" }, model.name);
    on_cores(cores, |s| {
        let (src, mut dst) = (zeros(s, &[rows, width], from), zeros(s, &[rows, cols], to));
        let scales = zeros(s, &[rows], DType::F32);
        let rect = CastRect {
            src: RectAt { buffer: 0, offset: first, pitch: width },
            dst: RectAt { buffer: 0, offset: 0, pitch: cols },
            rows,
            cols,
            scale: scaled.then_some(ScaleAt { offset: 0, per_row: true }),
        };
        judge(&what, s, cores, &least, |s| {
            cast_copy(s, &[src.view()], &mut [dst.view_mut()], Some(scales.view()), &[rect]).unwrap();
        });
    });
}

#[test]
fn cast_copy_moves_little_more_than_it_must() {
    use DType::{BF16, F32, I8};
    for model in &MODELS {
        for columns in [false, true] {
            for cores in CORES {
                part(model, columns, F32, BF16, cores);
            }
            for (from, to) in [(BF16, BF16), (BF16, F32), (BF16, I8), (F32, I8), (I8, BF16)] {
                part(model, columns, from, to, 48);
            }
        }
    }
}

#[test]
fn rms_norm_moves_little_more_than_it_must() {
    for model in &MODELS {
        for cores in CORES {
            let (rows, d) = (4096, model.hidden);
            let bytes = rows * d * 2;
            let least = Least { read: bytes + 2 * d, written: bytes, read_run: bytes, write_run: bytes, words: 0 };
            on_cores(cores, |s| {
                let (x, gamma, mut y) =
                    (zeros(s, &[rows, d], DType::BF16), zeros(s, &[d], DType::BF16), zeros(s, &[rows, d], DType::BF16));
                let what = format!("rms_norm {}", model.name);
                judge(&what, s, cores, &least, |s| rms_norm(s, &x, &gamma, 1e-6, &mut y).unwrap());
            });
        }
    }
}
