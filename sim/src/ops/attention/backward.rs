//! The gradient of attention, one pass for each sequence and key/value head: the weights are recomputed from the saved
//! maxima and sums, tile by tile, and `dK` and `dV` are summed over the group's query heads on the way.

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

use super::exp::exp;
use super::forward::{hide, tile_keys};
use super::gemm::{PANEL, Product, ROWS, load, row_groups};
use super::pack::{self, pad};
use super::scratch::{self, Parts, Scratch};
use super::sink::Sink;
use super::view::{Bits, Heads, Mask, Order, Row, Seq};
use crate::convert::Float;
use crate::parallel;
use crate::simd::prefetch_far;

/// Rows (positions times query heads) of a block.
const BLOCK_ROWS: usize = 48;

/// A backward pass, planned.
pub(super) struct Backward {
    pub arch: Arch,
    pub q: Heads,
    pub k: Heads,
    pub v: Heads,
    pub dy: Heads,
    /// The forward pass' output.
    pub out: Heads,
    pub dq: Heads,
    pub dk: Heads,
    pub dv: Heads,
    /// Eight times over, in `order`.
    pub max: *const f32,
    pub sum: *const f32,
    pub order: Order,
    pub mask: Mask,
    /// A mask given in full, on top of the rule.
    pub bits: Option<Bits>,
    /// The scores of sinks, and their gradients.
    pub sinks: Option<(Sink, Sink)>,
    pub kv_heads: usize,
    pub group: usize,
    pub dim: usize,
    pub scale: f32,
    pub seqs: Vec<Seq>,
}

// SAFETY: addresses and numbers, as `Tensor` is.
unsafe impl Send for Backward {}
// SAFETY: as above.
unsafe impl Sync for Backward {}

impl Backward {
    /// Computes.
    ///
    /// # Safety
    /// The views are readable (inputs) and writable (`dq`, `dk`, `dv`, the gradients of sinks) as the sequences say, all of `T`.
    pub(super) unsafe fn run<T: Float>(&self) {
        let pairs: usize = self.seqs.iter().map(|seq| self.mask.pairs(seq) + seq.q_len + seq.kv_len).sum();
        let work = pairs * self.group * self.kv_heads * self.dim * 2;
        // SAFETY: the caller's contract.
        scratch::for_each(self.seqs.len() * self.kv_heads, work, |i| unsafe { self.task::<T>(i) });
        if let Some((sink, to)) = &self.sinks {
            // SAFETY: the caller's contract.
            unsafe { self.sinks::<T>(sink, to) }
        }
    }

    /// Not inlined, as everything large here: closures are compiled anew wherever they are used.
    #[inline(never)]
    unsafe fn task<T: Float>(&self, i: usize) {
        let (seq, kv_head) = (&self.seqs[i / self.kv_heads], i % self.kv_heads);
        let next = parallel::after(i, self.seqs.len() * self.kv_heads);
        self.arch.dispatch(Task::<T> { plan: self, seq, kv_head, next, element: PhantomData })
    }

    /// Asks for part `part` of `of` of the memory that task `i` reads and writes: it is a few cache lines here and a few there, which
    /// the CPU does not foresee.
    #[inline(always)]
    fn fetch<T: Float>(&self, i: usize, part: usize, of: usize) {
        let (seq, kv_head) = (&self.seqs[i / self.kv_heads], i % self.kv_heads);
        let share = |n: usize| n * part / of..n * (part + 1) / of;
        for position in share(seq.q_len) {
            for head in kv_head * self.group..(kv_head + 1) * self.group {
                for heads in [&self.q, &self.dy, &self.out, &self.dq] {
                    prefetch_far(heads.at::<T>(seq, seq.q_start + position, head).cast_const(), self.dim);
                }
                let saved = self.order.index(self.kv_heads * self.group, seq, position, head) * 8;
                prefetch_far(self.max.wrapping_add(saved), 1);
                prefetch_far(self.sum.wrapping_add(saved), 1);
            }
        }
        for key in share(seq.kv_len) {
            for heads in [&self.k, &self.v, &self.dk, &self.dv] {
                prefetch_far(heads.at::<T>(seq, seq.kv + key, kv_head).cast_const(), self.dim);
            }
        }
    }
}

/// One sequence with one key/value head.
struct Task<'a, T> {
    plan: &'a Backward,
    seq: &'a Seq,
    kv_head: usize,
    /// The task that is likely to come next on this thread.
    next: Option<usize>,
    element: PhantomData<T>,
}

/// A task's scratch. `keys` and `width` are the padded counts of keys and of the head's elements.
#[derive(Clone, Copy)]
struct Memory {
    /// Panels of the transposed keys and values, `[keys / 16][dim][16]`.
    kt: *mut f32,
    vt: *mut f32,
    /// The keys, `[keys][width]`.
    k: *mut f32,
    /// Sums, `[keys][width]`.
    dk: *mut f32,
    dv: *mut f32,
    /// A block's scaled queries and output gradients, `[BLOCK_ROWS][width]`.
    q: *mut f32,
    dy: *mut f32,
    dq: *mut f32,
    /// A block's weights and their gradients over a tile of keys, rows `step` apart.
    p: *mut f32,
    ds: *mut f32,
    /// Of each row of the block: the maximum, the inverse sum, and `dy·out`.
    max: *mut f32,
    inverse: *mut f32,
    delta: *mut f32,
    temp: *mut f32,
    /// All rows of the task, listed.
    rows: *mut f32,
    keys: usize,
    width: usize,
    tile: usize,
    step: usize,
}

impl Memory {
    /// Floats that [`Memory::new`] hands out.
    fn floats(dim: usize, keys: usize, queries: usize) -> usize {
        let (keys, width, step) = (pad(keys), pad(dim), step(dim, keys));
        2 * keys * dim + 3 * keys * width + BLOCK_ROWS * (3 * width + 2 * step + 3) + 8 * width + pad(Row::floats(queries))
    }

    fn new(mut parts: Parts, dim: usize, keys: usize, queries: usize) -> Memory {
        let (keys, width, step) = (pad(keys), pad(dim), step(dim, keys));
        Memory {
            kt: parts.take(keys * dim),
            vt: parts.take(keys * dim),
            k: parts.take(keys * width),
            dk: parts.take(keys * width),
            dv: parts.take(keys * width),
            q: parts.take(BLOCK_ROWS * width),
            dy: parts.take(BLOCK_ROWS * width),
            dq: parts.take(BLOCK_ROWS * width),
            p: parts.take(BLOCK_ROWS * step),
            ds: parts.take(BLOCK_ROWS * step),
            max: parts.take(BLOCK_ROWS),
            inverse: parts.take(BLOCK_ROWS),
            delta: parts.take(BLOCK_ROWS),
            temp: parts.take(8 * width),
            rows: parts.take(Row::floats(queries)),
            keys,
            width,
            tile: tile_keys(dim),
            step,
        }
    }
}

/// From one row of a tile to the next: a row has a panel of zeros beyond it, where groups of keys end.
fn step(dim: usize, keys: usize) -> usize {
    tile_keys(dim).min(pad(keys)) + PANEL
}

impl<T: Float> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (dim, keys, rows) = (self.plan.dim, self.seq.kv_len, self.seq.q_len * self.plan.group);
        let mut scratch = Scratch::take(Memory::floats(dim, keys, rows));
        let memory = Memory::new(scratch.parts(), dim, keys, rows);
        // SAFETY: the parts are as large as taken, and `Backward::run`, the only maker of tasks, has the rest as its contract.
        unsafe { self.run(simd, &memory) }
    }
}

impl<T: Float> Task<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd>(&self, simd: S, m: &Memory) {
        let (p, seq, dim) = (self.plan, self.seq, self.plan.dim);
        let k_row = |j: usize| p.k.at::<T>(seq, seq.kv + j, self.kv_head).cast_const();
        let v_row = |j: usize| p.v.at::<T>(seq, seq.kv + j, self.kv_head).cast_const();
        // SAFETY: the contract of `Backward::run`, and the sizes of `Memory::new`.
        unsafe {
            pack::fetch(0..seq.kv_len.min(pack::AHEAD), dim, k_row);
            pack::fetch(0..seq.kv_len.min(pack::AHEAD), dim, v_row);
            pack::transposed(seq.kv_len, dim, k_row, m.kt, m.temp);
            pack::transposed(seq.kv_len, dim, v_row, m.vt, m.temp);
            pack::rows(seq.kv_len, dim, 1.0, k_row, m.k, m.width);
            std::slice::from_raw_parts_mut(m.dk, m.keys * m.width).fill(0.0);
            std::slice::from_raw_parts_mut(m.dv, m.keys * m.width).fill(0.0);
            let list = Row::list(m.rows, p.mask, seq, (0, seq.q_len), (self.kv_head, p.group));
            for (block, rows) in list.chunks(BLOCK_ROWS).enumerate() {
                self.load_block(m, rows);
                std::slice::from_raw_parts_mut(m.dq, rows.len() * m.width).fill(0.0);
                let most = rows[rows.len() - 1].limit as usize;
                for start in (0..most).step_by(m.tile) {
                    self.tile(simd, m, rows, block * BLOCK_ROWS, start, m.tile.min(most - start));
                }
                for (r, at) in rows.iter().enumerate() {
                    pack::store(m.dq.add(r * m.width), dim, p.scale, p.dq.row::<T>(seq, at));
                }
            }
            for j in 0..seq.kv_len {
                pack::store(m.dk.add(j * m.width), dim, 1.0, p.dk.at::<T>(seq, seq.kv + j, self.kv_head));
                pack::store(m.dv.add(j * m.width), dim, 1.0, p.dv.at::<T>(seq, seq.kv + j, self.kv_head));
            }
        }
    }

    /// The queries, output gradients and statistics of a block's rows.
    #[inline(always)]
    unsafe fn load_block(&self, m: &Memory, rows: &[Row]) {
        let (p, seq, dim, count) = (self.plan, self.seq, self.plan.dim, rows.len());
        // SAFETY: the contract of `Backward::run`, and the sizes of `Memory::new`.
        unsafe {
            let q_row = |r: usize| p.q.row::<T>(seq, &rows[r]).cast_const();
            let dy_row = |r: usize| p.dy.row::<T>(seq, &rows[r]).cast_const();
            pack::fetch(0..count, dim, |r| p.out.row::<T>(seq, &rows[r]).cast_const());
            pack::rows(count, dim, p.scale, q_row, m.q, m.width);
            pack::rows(count, dim, 1.0, dy_row, m.dy, m.width);
            for (r, at) in rows.iter().enumerate() {
                let saved = p.order.index(p.kv_heads * p.group, seq, at.position as usize, at.head as usize) * 8;
                m.delta.add(r).write(pack::dot(m.dy.add(r * m.width), p.out.row::<T>(seq, at).cast_const(), dim));
                m.max.add(r).write(p.max.add(saved).read());
                m.inverse.add(r).write(1.0 / p.sum.add(saved).read());
            }
        }
    }

    /// The five products over one block of rows, the `first` of which is the task's, and the keys `start .. start + here`.
    #[inline(always)]
    unsafe fn tile<S: Simd>(&self, simd: S, m: &Memory, block: &[Row], first: usize, start: usize, here: usize) {
        let (p, seq, dim, count) = (self.plan, self.seq, self.plan.dim, block.len());
        let seen = |r: usize| here.min((block[r].limit as usize).saturating_sub(start));
        // SAFETY: the contract of `Backward::run`, and the sizes of `Memory::new`.
        unsafe {
            let groups = count.div_ceil(ROWS);
            for (group, (r, rows)) in row_groups(count).enumerate() {
                if let Some(next) = self.next.filter(|_| start == 0 && first + count == seq.q_len * p.group) {
                    p.fetch::<T>(next, group, groups);
                }
                let keys = seen(r + rows - 1);
                if keys == 0 {
                    continue;
                }
                let panels = keys.div_ceil(PANEL);
                let scores = |a: *mut f32, b: *mut f32, c: *mut f32| Product {
                    a: a.add(r * m.width),
                    a_row: m.width,
                    a_k: 1,
                    rows,
                    k: dim,
                    b: b.add(start * dim),
                    b_k: PANEL,
                    panel: PANEL * dim,
                    panels,
                    c: c.add(r * m.step),
                    c_row: m.step,
                    add: false,
                };
                scores(m.q, m.kt, m.p).run(simd);
                scores(m.dy, m.vt, m.ds).run(simd);
                for (i, row) in block.iter().enumerate().skip(r).take(rows) {
                    let (weights, grads, seen) = (m.p.add(i * m.step), m.ds.add(i * m.step), seen(i));
                    grade(simd, weights, grads, pad(seen), *m.max.add(i), *m.inverse.add(i), *m.delta.add(i));
                    if let Some(bits) = &p.bits {
                        let hidden = bits.row(seq, row, start, seen);
                        hide(std::slice::from_raw_parts_mut(weights, seen), hidden, 0.0);
                        hide(std::slice::from_raw_parts_mut(grads, seen), hidden, 0.0);
                    }
                    pack::fill(simd, weights, seen, (panels + 1) * PANEL, 0.0);
                    pack::fill(simd, grads, seen, (panels + 1) * PANEL, 0.0);
                }
                let dq = Product {
                    a: m.ds.add(r * m.step),
                    a_row: m.step,
                    a_k: 1,
                    rows,
                    k: keys,
                    b: m.k.add(start * m.width),
                    b_k: m.width,
                    panel: PANEL,
                    panels: m.width / PANEL,
                    c: m.dq.add(r * m.width),
                    c_row: m.width,
                    add: true,
                };
                dq.run(simd);
            }
            for (j, keys) in row_groups(here) {
                // Rows before the first that sees key `j` see none of this group.
                let r = (p.mask.first(start + j, seq) * p.group).saturating_sub(first).min(count);
                let product = |a: *mut f32, b: *mut f32, c: *mut f32| Product {
                    a: a.add(r * m.step + j),
                    a_row: 1,
                    a_k: m.step,
                    rows: keys,
                    k: count - r,
                    b: b.add(r * m.width),
                    b_k: m.width,
                    panel: PANEL,
                    panels: m.width / PANEL,
                    c: c.add((start + j) * m.width),
                    c_row: m.width,
                    add: true,
                };
                product(m.ds, m.q, m.dk).run(simd);
                product(m.p, m.dy, m.dv).run(simd);
            }
        }
    }
}

/// Scores become weights, and gradients of weights become gradients of scores, for `n` keys, in whole panels.
///
/// # Safety
/// Both are readable and writable for `n` floats.
#[inline(always)]
unsafe fn grade<S: Simd>(simd: S, weights: *mut f32, grads: *mut f32, n: usize, max: f32, inverse: f32, delta: f32) {
    let [max, inverse, delta] = [max, inverse, delta].map(|value| simd.splat_f32s(value));
    for at in (0..n).step_by(S::F32_LANES) {
        // SAFETY: the caller's contract; a panel is whole registers.
        unsafe {
            let (weights, grads) = (weights.add(at), grads.add(at));
            let weight = simd.mul_f32s(exp(simd, simd.sub_f32s(load(simd, weights), max)), inverse);
            let grad = simd.mul_f32s(weight, simd.sub_f32s(load(simd, grads), delta));
            weights.cast::<S::f32s>().write_unaligned(weight);
            grads.cast::<S::f32s>().write_unaligned(grad);
        }
    }
}
