//! Attention of many queries a sequence: flash attention over tiles of keys, for the training operator and for prefill.
//!
//! A task is a run of query positions of one sequence with all query heads of one key/value head, so that each tile of keys
//! is packed once and used by the whole group. Rows are ordered by position, then head: a causal mask is then a growing
//! limit over rows, and tiles beyond a row group's limit are never computed.

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

use super::exp::exp;
use super::gemm::{PANEL, Product, ROWS, load, row_groups};
use super::pack::{self, pad};
use super::scratch::{self, Scratch};
use super::shift::Shift;
use super::sink::Sink;
use super::view::{Bits, Heads, Mask, Order, Row, Seq, Source};
use crate::convert::Float;
use crate::math;

/// Rows of a task: enough that packing a tile of keys is a small part of the work.
const TASK_ROWS: usize = 192;

/// Keys of a tile for a head size: the tile and a task's rows fit the second-level cache.
pub(super) fn tile_keys(dim: usize) -> usize {
    (16384 / pad(dim)).clamp(64, 256) / PANEL * PANEL
}

/// What becomes of the softmax's maxima and sums.
#[derive(Clone, Copy)]
pub(super) enum Stats {
    /// Maximum and sum of each row, 8 times over.
    MaxSum {
        max: *mut f32,
        sum: *mut f32,
        order: Order,
    },
    /// `max + ln(sum)`, infinite for a row without keys.
    Lse {
        lse: *mut f32,
        order: Order,
    },
    None,
}

// SAFETY: addresses and numbers, as `Tensor` is.
unsafe impl Send for Stats {}
// SAFETY: as above.
unsafe impl Sync for Stats {}

impl Stats {
    /// Writes one row's; no keys at all is a sum of 0.
    ///
    /// # Safety
    /// The addresses are writable for the tensors named above.
    #[inline(always)]
    pub(super) unsafe fn write(&self, heads: usize, seq: &Seq, position: usize, head: usize, max: f32, sum: f32) {
        match *self {
            Stats::MaxSum { max: to_max, sum: to_sum, order } => {
                let at = order.index(heads, seq, position, head) * 8;
                // SAFETY: the caller's contract.
                unsafe {
                    to_max.add(at).cast::<[f32; 8]>().write([max; 8]);
                    to_sum.add(at).cast::<[f32; 8]>().write([sum; 8]);
                }
            }
            Stats::Lse { lse, order } => {
                let value = if sum == 0.0 { f32::INFINITY } else { max + sum.ln() };
                // SAFETY: the caller's contract.
                unsafe { lse.add(order.index(heads, seq, position, head)).write(value) }
            }
            Stats::None => {}
        }
    }
}

/// A run of query positions of a sequence.
struct Chunk {
    seq: usize,
    start: usize,
    end: usize,
}

/// A forward pass, planned.
pub(super) struct Forward {
    pub arch: Arch,
    pub q: Heads,
    pub out: Heads,
    pub kv: Source,
    pub stats: Stats,
    pub mask: Mask,
    /// A mask given in full, on top of the rule.
    pub bits: Option<Bits>,
    pub sink: Option<Sink>,
    /// What is added to the scores.
    pub shift: Option<Shift>,
    pub kv_heads: usize,
    /// Query heads of a key/value head.
    pub group: usize,
    pub dim: usize,
    pub scale: f32,
    seqs: Vec<Seq>,
    chunks: Vec<Chunk>,
    work: usize,
}

impl Forward {
    /// Attention without sequences yet.
    #[allow(clippy::too_many_arguments)] // The plan's own fields.
    pub(super) fn new(
        arch: Arch,
        q: Heads,
        out: Heads,
        kv: Source,
        stats: Stats,
        mask: Mask,
        (kv_heads, group, dim): (usize, usize, usize),
        scale: f32,
    ) -> Forward {
        let (seqs, chunks) = (Vec::new(), Vec::new());
        Forward {
            arch,
            q,
            out,
            kv,
            stats,
            mask,
            bits: None,
            sink: None,
            shift: None,
            kv_heads,
            group,
            dim,
            scale,
            seqs,
            chunks,
            work: 0,
        }
    }

    /// Adds a sequence; one without queries is no work.
    pub(super) fn push(&mut self, seq: Seq) {
        let positions = (TASK_ROWS / self.group).max(1);
        for start in (0..seq.q_len).step_by(positions) {
            self.chunks.push(Chunk { seq: self.seqs.len(), start, end: seq.q_len.min(start + positions) });
        }
        self.work += (self.mask.pairs(&seq) + seq.q_len) * self.group * self.kv_heads * self.dim;
        self.seqs.push(seq);
    }

    /// Computes.
    ///
    /// # Safety
    /// The views are readable (queries, keys, values) and writable (output, statistics) as the sequences say, all of `T`.
    pub(super) unsafe fn run<T: Float>(&self) {
        // SAFETY: the caller's contract.
        scratch::for_each(self.chunks.len() * self.kv_heads, self.work, |i| unsafe { self.task::<T>(i) })
    }

    /// Not inlined, as everything large here: closures are compiled anew wherever they are used.
    #[inline(never)]
    unsafe fn task<T: Float>(&self, i: usize) {
        let (chunk, kv_head) = (&self.chunks[i / self.kv_heads], i % self.kv_heads);
        self.arch.dispatch(Task::<T> { plan: self, chunk, kv_head, element: PhantomData })
    }
}

/// One chunk of positions with one key/value head.
struct Task<'a, T> {
    plan: &'a Forward,
    chunk: &'a Chunk,
    kv_head: usize,
    element: PhantomData<T>,
}

impl<T: Float> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: `Forward::run`, the only maker, has it as its contract.
        unsafe { self.run(simd) }
    }
}

impl<T: Float> Task<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self, simd: S) {
        let p = self.plan;
        let seq = &p.seqs[self.chunk.seq];
        let (group, dim, width) = (p.group, p.dim, pad(p.dim));
        let positions = self.chunk.end - self.chunk.start;
        let count = positions * group;
        let most = p.mask.limit(self.chunk.end - 1, seq);
        let tiles = most.div_ceil(tile_keys(dim));
        let keys = if tiles == 0 { 0 } else { pad(most.div_ceil(tiles)) };
        let floats = 2 * count * width
            + pad(count) * 2
            + pad(Row::floats(count))
            + keys * (dim + width)
            + 8 * width
            + ROWS * keys
            + 16 * 8;
        let mut memory = Scratch::take(floats);
        let mut parts = memory.parts();
        let q = parts.take(count * width);
        let sums = parts.take(count * width);
        let (max, total) = (parts.take(count), parts.take(count));
        let (kt, v) = (parts.take(keys * dim), parts.take(keys * width));
        let (temp, scores) = (parts.take(8 * width), parts.take(ROWS * keys));
        let listed = parts.take(Row::floats(count));
        // SAFETY: the parts are as large as taken, what is read of them was written, and `Forward::run`'s contract holds.
        unsafe {
            let list = Row::list(listed, p.mask, seq, (self.chunk.start, positions), (self.kv_head, group));
            pack::rows(count, dim, p.scale, |r| p.q.row::<T>(seq, &list[r]).cast_const(), q, width);
            if tiles == 0 {
                std::slice::from_raw_parts_mut(sums, count * width).fill(0.0);
            }
            std::slice::from_raw_parts_mut(max, count).fill(f32::NEG_INFINITY);
            std::slice::from_raw_parts_mut(total, count).fill(0.0);
            for tile in 0..tiles {
                let first = tile * keys;
                let here = keys.min(most.saturating_sub(first));
                pack::transposed(here, dim, |j| p.kv.k.at::<T>(p.kv.locate(seq, first + j), self.kv_head), kt, temp);
                pack::panels(here, dim, 1.0, |j| p.kv.v.at::<T>(p.kv.locate(seq, first + j), self.kv_head), v, keys);
                for (r, rows) in row_groups(count) {
                    let seen = here.min((list[r + rows - 1].limit as usize).saturating_sub(first));
                    if seen == 0 {
                        continue;
                    }
                    let product = |a, a_row, k, b, panel, panels, c, c_row, add| Product {
                        a,
                        a_row,
                        a_k: 1,
                        rows,
                        k,
                        b,
                        b_k: PANEL,
                        panel,
                        panels,
                        c,
                        c_row,
                        add,
                    };
                    let blocks = seen.div_ceil(PANEL);
                    product(q.add(r * width), width, dim, kt, PANEL * dim, blocks, scores, keys, false).run(simd);
                    for i in 0..rows {
                        let row = std::slice::from_raw_parts_mut(scores.add(i * keys), blocks * PANEL);
                        let (r, seen) = (r + i, here.min((list[r + i].limit as usize).saturating_sub(first)));
                        let hidden = p.bits.as_ref().map(|bits| bits.row(seq, &list[r], first, seen));
                        if seen == 0 || hidden.is_some_and(|hidden| !hidden.contains(&0)) {
                            row.fill(0.0);
                            continue;
                        }
                        if let Some(hidden) = hidden {
                            hide(&mut row[..seen], hidden, f32::NEG_INFINITY);
                        }
                        if let Some(shift) = &p.shift
                            && !shift.add::<T>(seq, &list[r], first, &mut row[..seen])
                        {
                            row.fill(0.0);
                            continue;
                        }
                        pack::fill(simd, row.as_mut_ptr(), seen, row.len(), f32::NEG_INFINITY);
                        let factor = soften(simd, row, &mut *max.add(r), &mut *total.add(r));
                        if factor != 1.0 {
                            let sums = std::slice::from_raw_parts_mut(sums.add(r * width), width);
                            sums.iter_mut().for_each(|x| *x *= factor);
                        }
                    }
                    let (b, to) = (v, sums.add(r * width));
                    // Every row group sees a key of the first tile, or has weights of 0 there.
                    product(scores, keys, seen, b, PANEL * keys, width / PANEL, to, width, tile > 0).run(simd);
                }
            }
            for (r, at) in list.iter().enumerate() {
                let (mut max, mut total, mut factor) = (*max.add(r), *total.add(r), 1.0);
                if let Some(sink) = &p.sink {
                    (max, total, factor) = sink.join(at.head as usize, max, total);
                }
                let inverse = if total == 0.0 { 0.0 } else { factor / total };
                pack::store(sums.add(r * width), dim, inverse, p.out.row::<T>(seq, at));
                p.stats.write(p.kv_heads * group, seq, at.position as usize, at.head as usize, max, total);
            }
        }
    }
}

/// Sets what a mask hides.
#[inline(always)]
pub(super) fn hide(row: &mut [f32], hidden: &[u8], to: f32) {
    for (x, &hidden) in row.iter_mut().zip(hidden) {
        if hidden != 0 {
            *x = to;
        }
    }
}

/// One tile of the running softmax of a row: scores become weights relative to the new maximum. Returns the factor that
/// brings earlier weights to that maximum. `row` is whole panels, what the query does not see is -infinity.
///
/// # Safety
/// The length of `row` is a multiple of a panel's width.
#[inline(always)]
pub(super) unsafe fn soften<S: Simd>(simd: S, row: &mut [f32], max: &mut f32, total: &mut f32) -> f32 {
    let mut largest = simd.splat_f32s(f32::NEG_INFINITY);
    let mut at = 0;
    while at < row.len() {
        // SAFETY: a row is whole panels, and a panel whole registers.
        largest = simd.max_f32s(unsafe { load(simd, row.as_ptr().add(at)) }, largest);
        at += S::F32_LANES;
    }
    let largest = simd.reduce_max_f32s(largest).max(*max);
    // Before the first tile there is nothing to bring anywhere.
    let factor = if largest == *max || *max == f32::NEG_INFINITY { 1.0 } else { math::exp(*max - largest) };
    *max = largest;
    let (largest, mut sum) = (simd.splat_f32s(largest), simd.splat_f32s(0.0));
    let mut at = 0;
    while at < row.len() {
        // SAFETY: as above.
        unsafe {
            let place = row.as_mut_ptr().add(at);
            let weight = exp(simd, simd.sub_f32s(load(simd, place), largest));
            place.cast::<S::f32s>().write_unaligned(weight);
            sum = simd.add_f32s(sum, weight);
        }
        at += S::F32_LANES;
    }
    *total = *total * factor + simd.reduce_sum_f32s(sum);
    factor
}
