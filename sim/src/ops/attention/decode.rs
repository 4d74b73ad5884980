//! Attention of one query a sequence over a long cache: what counts is reading each key and value once, at the speed of
//! memory. All query heads of a group are computed for each row read; 16-bit rows become f32 in registers, but for scores of bf16
//! where the CPU has dot products of those.
//!
//! A sequence is split into parts of [`SPLIT`] keys, a number that depends on nothing else, so that few long sequences still
//! use all threads; the parts' softmaxes are merged in order ("flash decoding"). Within a part, tiles of [`TILE`] keys go
//! through all heads before the next tile: the cache's blocks are read front to back.

use std::cell::Cell;
use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

use super::forward::{Stats, soften};
use super::gemm::{PANEL, load};
use super::scratch::{self, Scratch};
use super::view::{Heads, Rows, Seq, Source};
use crate::convert::narrow;
use crate::isa::{Kernel, MultiplyAdd};
use crate::math::exp;
use crate::pairs::{Half, load_pairs};
use crate::simd::{LINE, prefetch_far, totals_of};

/// Keys of a part.
const SPLIT: usize = 256;

/// Keys of a tile: one panel of scores, and few enough rows that those of a head, a power of two apart, stay in the first-level cache.
const TILE: usize = PANEL;

/// Keys `start .. end` of a sequence; `partial` where the sequence has several parts.
struct Part {
    seq: usize,
    start: usize,
    end: usize,
    partial: Option<usize>,
}

/// A decode step, planned.
pub(super) struct Decode {
    pub arch: Arch,
    pub q: Heads,
    pub out: Heads,
    pub kv: Source,
    pub stats: Stats,
    pub kv_heads: usize,
    pub group: usize,
    pub dim: usize,
    pub scale: f32,
    seqs: Vec<Seq>,
    parts: Vec<Part>,
    /// Sequences of several parts: the first partial, and how many.
    merges: Vec<(usize, usize, usize)>,
    partials: usize,
    work: usize,
}

thread_local! {
    /// The partial softmaxes of a step, kept for the next: the thread that runs operations is always the same.
    static PARTIALS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// An address that tasks share; each writes its own part.
#[derive(Clone, Copy)]
struct Shared(*mut f32);
// SAFETY: tasks touch disjoint parts, and the merge begins when they are done.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Decode {
    /// A step without sequences yet.
    #[allow(clippy::too_many_arguments)] // The plan's own fields.
    pub(super) fn new(
        arch: Arch,
        q: Heads,
        out: Heads,
        kv: Source,
        stats: Stats,
        (kv_heads, group, dim): (usize, usize, usize),
        scale: f32,
    ) -> Decode {
        let (seqs, parts, merges) = (Vec::new(), Vec::new(), Vec::new());
        Decode { arch, q, out, kv, stats, kv_heads, group, dim, scale, seqs, parts, merges, partials: 0, work: 0 }
    }

    /// Adds a sequence of one query.
    pub(super) fn push(&mut self, seq: Seq) {
        let (index, count) = (self.seqs.len(), seq.kv_len.div_ceil(SPLIT).max(1));
        for i in 0..count {
            let partial = (count > 1).then_some(self.partials + i);
            self.parts.push(Part { seq: index, start: i * SPLIT, end: seq.kv_len.min((i + 1) * SPLIT), partial });
        }
        if count > 1 {
            self.merges.push((index, self.partials, count));
            self.partials += count;
        }
        self.work += (seq.kv_len + 1) * self.group * self.kv_heads * self.dim;
        self.seqs.push(seq);
    }

    /// Floats of one row of the query or of sums: a whole number of pairs of registers, for any register.
    fn width(&self) -> usize {
        self.dim.next_multiple_of(2 * PANEL)
    }

    /// Floats of a partial: sums of all heads, then their maxima, then their totals.
    fn partial_len(&self) -> usize {
        self.kv_heads * self.group * (self.width() + 2)
    }

    /// Computes.
    ///
    /// # Safety
    /// The views are readable (queries, table, cache) and writable (output, statistics) as the sequences say, all of `T`.
    pub(super) unsafe fn run<T: Half>(&self) {
        let mut memory = PARTIALS.take();
        let floats = self.partials * self.partial_len();
        if memory.len() < floats {
            memory.resize(floats, 0.0);
        }
        let partials = Shared(memory.as_mut_ptr());
        // SAFETY: the caller's contract.
        scratch::for_each(self.parts.len(), self.work, |i| unsafe { self.part::<T>(i, partials) });
        // SAFETY: the caller's contract.
        scratch::for_each(self.merges.len(), floats, |i| unsafe { self.merge::<T>(i, partials) });
        PARTIALS.set(memory);
    }

    /// Not inlined, as everything large here: closures are compiled anew wherever they are used.
    #[inline(never)]
    unsafe fn part<T: Half>(&self, i: usize, partials: Shared) {
        T::isa(self.arch).run(PartTask::<T> { plan: self, part: &self.parts[i], partials, element: PhantomData })
    }

    #[inline(never)]
    unsafe fn merge<T: Half>(&self, i: usize, partials: Shared) {
        self.arch.dispatch(MergeTask::<T> { plan: self, merge: self.merges[i], partials, element: PhantomData })
    }

    /// Writes a head's output and statistics.
    #[inline(always)]
    unsafe fn finish<T: Half, S: Simd>(&self, seq: &Seq, head: usize, sums: *const f32, max: f32, total: f32, temp: *mut f32) {
        let inverse = if total == 0.0 { 0.0 } else { 1.0 / total };
        let lanes = S::F32_LANES;
        // SAFETY: the contract of `run`; `sums` and `temp` are `width` long.
        unsafe {
            // Back from even and odd registers to the elements' order.
            for at in (0..self.dim).step_by(2 * lanes) {
                for i in 0..lanes {
                    temp.add(at + 2 * i).write(sums.add(at + i).read() * inverse);
                    temp.add(at + 2 * i + 1).write(sums.add(at + lanes + i).read() * inverse);
                }
            }
            narrow(std::slice::from_raw_parts(temp, self.dim), self.out.at::<T>(seq, seq.q_start, head));
            self.stats.write(self.kv_heads * self.group, seq, 0, head, max, total);
        }
    }
}

/// One part of a sequence, all heads.
struct PartTask<'a, T> {
    plan: &'a Decode,
    part: &'a Part,
    partials: Shared,
    element: PhantomData<T>,
}

/// Where the rows of a part are, and the sums so far.
struct State {
    /// Offsets of the part's keys and values, in elements; the last is repeated to the end of its tile.
    keys: [usize; SPLIT],
    values: [usize; SPLIT],
    q: *mut f32,
    sums: *mut f32,
    max: *mut f32,
    total: *mut f32,
    /// A tile's scores, `[group][TILE]`.
    scores: *mut f32,
}

impl<T: Half> Kernel for PartTask<'_, T> {
    #[inline(always)]
    fn run<S: Simd, M: MultiplyAdd>(self, simd: S) {
        let p = self.plan;
        let (heads, width) = (p.kv_heads * p.group, p.width());
        let floats = heads * (2 * width) + 2 * heads.next_multiple_of(16) + p.group * TILE + width;
        let mut memory = Scratch::take(floats);
        let mut parts = memory.parts();
        let q = parts.take(heads * width);
        let scores = parts.take(p.group * TILE);
        let temp = parts.take(width);
        let (own_sums, own_max, own_total) = (parts.take(heads * width), parts.take(heads), parts.take(heads));
        let (sums, max, total) = match self.part.partial {
            None => (own_sums, own_max, own_total),
            Some(i) => {
                let at = self.partials.0.wrapping_add(i * p.partial_len());
                (at, at.wrapping_add(heads * width), at.wrapping_add(heads * width + heads))
            }
        };
        // SAFETY: the parts are as large as taken, and `Decode::run`, the only maker of tasks, has the rest as its contract.
        unsafe {
            let mut state = State { keys: [0; SPLIT], values: [0; SPLIT], q, sums, max, total, scores };
            self.start::<S, M>(&mut state);
            for tile in (0..self.part.end - self.part.start).step_by(TILE) {
                for head in 0..p.kv_heads {
                    self.tile::<S, M>(simd, &state, tile, head);
                }
            }
            if self.part.partial.is_none() {
                let seq = &p.seqs[self.part.seq];
                for head in 0..heads {
                    p.finish::<T, S>(seq, head, sums.add(head * width), *max.add(head), *total.add(head), temp);
                }
            }
        }
    }
}

impl<T: Half> PartTask<'_, T> {
    /// The query: its elements as registers of even and of odd ones, or where lanes hold pairs as it is; empty sums; where the rows
    /// are.
    #[inline(always)]
    unsafe fn start<S: Simd, M: MultiplyAdd>(&self, state: &mut State) {
        let (p, seq, lanes) = (self.plan, &self.plan.seqs[self.part.seq], S::F32_LANES);
        let (heads, width) = (p.kv_heads * p.group, p.width());
        // SAFETY: the contract of `Decode::run`.
        unsafe {
            std::slice::from_raw_parts_mut(state.q, heads * width).fill(0.0);
            std::slice::from_raw_parts_mut(state.sums, heads * width).fill(0.0);
            std::slice::from_raw_parts_mut(state.max, heads).fill(f32::NEG_INFINITY);
            std::slice::from_raw_parts_mut(state.total, heads).fill(0.0);
            for head in 0..heads {
                let (from, to) = (p.q.at::<T>(seq, seq.q_start, head), state.q.add(head * width));
                if M::TOGETHER == 2 {
                    std::ptr::copy_nonoverlapping(from, to.cast(), p.dim);
                    continue;
                }
                for d in 0..p.dim {
                    let place = d / (2 * lanes) * 2 * lanes + d % 2 * lanes + d % (2 * lanes) / 2;
                    to.add(place).write(from.add(d).read().widen());
                }
            }
            let count = self.part.end - self.part.start;
            for j in 0..count.next_multiple_of(TILE) {
                let place = p.kv.locate(seq, self.part.start + j.min(count - 1));
                state.keys[j] = p.kv.k.offset(place);
                state.values[j] = p.kv.v.offset(place);
            }
        }
    }

    /// One tile of keys and values with the query heads of one key/value head.
    #[inline(always)]
    unsafe fn tile<S: Simd, M: MultiplyAdd>(&self, simd: S, state: &State, tile: usize, kv_head: usize) {
        let p = self.plan;
        let (width, count) = (p.width(), self.part.end - self.part.start);
        let first = kv_head * p.group;
        let rows = |data: *mut u8, offsets: &[usize; SPLIT], tile: usize, head: usize| -> [*const T; TILE] {
            let mut rows = [std::ptr::null(); TILE];
            for (row, offset) in rows.iter_mut().zip(&offsets[tile..tile + TILE]) {
                *row = data.cast_const().cast::<T>().wrapping_add(offset + head);
            }
            rows
        };
        let keys = rows(p.kv.k.data, &state.keys, tile, kv_head * p.kv.k.head);
        let values = rows(p.kv.v.data, &state.values, tile, kv_head * p.kv.v.head);
        // What is fetched meanwhile, spread over the work: a share of the next tile, in the order of memory, where the rows of one
        // head are apart. The last tile has none after it, and fetches what it has.
        let next = if tile + TILE < count { tile + TILE } else { tile };
        let (mut row, mut head) = (next + kv_head * TILE / p.kv_heads, kv_head * TILE % p.kv_heads);
        let piece =
            |rows: &Rows, offset: usize, head: usize| rows.data.cast_const().cast::<T>().wrapping_add(offset + head * rows.head);
        let (mut next_keys, mut next_values) = ([std::ptr::null(); TILE], [std::ptr::null(); TILE]);
        for (key, value) in next_keys.iter_mut().zip(&mut next_values) {
            *key = piece(&p.kv.k, state.keys[row], head);
            *value = piece(&p.kv.v, state.values[row], head);
            head += 1;
            if head == p.kv_heads {
                (row, head) = (row + 1, 0);
            }
        }
        // SAFETY: the contract of `Decode::run`; rows beyond the last repeat it, and weigh nothing.
        unsafe {
            let mut at = 0;
            while at < p.group {
                let left = p.group - at;
                let q = state.q.add((first + at) * width);
                let scores = state.scores.add(at * TILE);
                let ahead = if at == 0 { &next_keys } else { &keys };
                at += match (M::TOGETHER, left) {
                    (2, 4..) => score::<T, S, M, 4, 4>(simd, p.dim, q, width, &keys, scores, ahead),
                    (2, 2..) => score::<T, S, M, 2, 4>(simd, p.dim, q, width, &keys, scores, ahead),
                    (2, _) => score::<T, S, M, 1, 8>(simd, p.dim, q, width, &keys, scores, ahead),
                    (_, 4..) => score::<T, S, M, 4, 2>(simd, p.dim, q, width, &keys, scores, ahead),
                    (_, 2..) => score::<T, S, M, 2, 4>(simd, p.dim, q, width, &keys, scores, ahead),
                    _ => score::<T, S, M, 1, 8>(simd, p.dim, q, width, &keys, scores, ahead),
                };
            }
            for i in 0..p.group {
                let row = std::slice::from_raw_parts_mut(state.scores.add(i * TILE), TILE);
                row.iter_mut().for_each(|score| *score *= p.scale);
                row[(count - tile).min(TILE)..].fill(f32::NEG_INFINITY);
                let head = first + i;
                let factor = soften(simd, row, &mut *state.max.add(head), &mut *state.total.add(head));
                if factor != 1.0 {
                    let sums = std::slice::from_raw_parts_mut(state.sums.add(head * width), width);
                    sums.iter_mut().for_each(|x| *x *= factor);
                }
            }
            at = 0;
            while at < p.group {
                let left = p.group - at;
                let sums = state.sums.add((first + at) * width);
                let scores = state.scores.add(at * TILE);
                let ahead = if at == 0 { &next_values } else { &values };
                at += match left {
                    4.. => add::<T, S, 4, 1>(simd, p.dim, scores, &values, sums, width, ahead),
                    2.. => add::<T, S, 2, 2>(simd, p.dim, scores, &values, sums, width, ahead),
                    _ => add::<T, S, 1, 4>(simd, p.dim, scores, &values, sums, width, ahead),
                };
            }
        }
    }
}

/// Scores, not yet scaled, of a tile's keys with `H` query heads, `K` keys at a time: eight sums in registers, or up to
/// sixteen where lanes hold pairs, which leaves registers free. Returns `H`.
#[inline(always)]
unsafe fn score<T: Half, S: Simd, M: MultiplyAdd, const H: usize, const K: usize>(
    simd: S,
    dim: usize,
    q: *const f32,
    width: usize,
    rows: &[*const T; TILE],
    scores: *mut f32,
    ahead: &[*const T; TILE],
) -> usize {
    let step = 2 * S::F32_LANES;
    let mut first = 0;
    while first < TILE {
        let mut sums = [[simd.splat_f32s(0.0); H]; K];
        let mut d = 0;
        while d < dim {
            // SAFETY: the caller's rows and query.
            unsafe {
                let mut pairs = [simd.splat_u32s(0); K];
                for (k, pairs) in pairs.iter_mut().enumerate() {
                    if d.is_multiple_of(LINE / size_of::<T>()) {
                        prefetch_far(ahead[first + k].wrapping_add(d), 1);
                    }
                    *pairs = load_pairs(simd, rows[first + k].add(d).cast(), (dim - d) / 2);
                }
                if M::TOGETHER == 2 {
                    for h in 0..H {
                        let q = load(simd, q.add(h * width + d / 2));
                        for (sums, pairs) in sums.iter_mut().zip(pairs) {
                            sums[h] = M::multiply_add(simd, q, simd.transmute_f32s_u32s(pairs), sums[h]);
                        }
                    }
                    d += step;
                    continue;
                }
                let mut split = [(simd.splat_f32s(0.0), simd.splat_f32s(0.0)); K];
                for (split, pairs) in split.iter_mut().zip(pairs) {
                    *split = T::split(simd, pairs);
                }
                let mut at = q.add(d);
                for h in 0..H {
                    let (even, odd) = (load(simd, at), load(simd, at.add(S::F32_LANES)));
                    for (sums, split) in sums.iter_mut().zip(&split) {
                        sums[h] = simd.mul_add_e_f32s(even, split.0, sums[h]);
                        sums[h] = simd.mul_add_e_f32s(odd, split.1, sums[h]);
                    }
                    at = at.wrapping_add(width);
                }
            }
            d += step;
        }
        for (k, totals) in totals_of(simd, sums).iter().enumerate() {
            for (h, total) in totals.iter().enumerate() {
                // SAFETY: the caller's scores, `[H][TILE]`.
                unsafe { scores.add(h * TILE + first + k).write(*total) }
            }
        }
        first += K;
    }
    H
}

/// Adds a tile's weighted values to the sums of `H` query heads, `C` pairs of registers at a time. Returns `H`.
#[inline(always)]
unsafe fn add<T: Half, S: Simd, const H: usize, const C: usize>(
    simd: S,
    dim: usize,
    weights: *const f32,
    rows: &[*const T; TILE],
    sums: *mut f32,
    width: usize,
    ahead: &[*const T; TILE],
) -> usize {
    let step = 2 * S::F32_LANES;
    let mut d = 0;
    // SAFETY: the caller's rows, weights and sums.
    unsafe {
        while d + C * step <= dim {
            columns::<T, S, H, C>(simd, dim, d, weights, rows, sums, width, ahead);
            d += C * step;
        }
        while d < dim {
            columns::<T, S, H, 1>(simd, dim, d, weights, rows, sums, width, ahead);
            d += step;
        }
    }
    H
}

/// [`add`] for `C` pairs of registers from element `d` on.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // What `add` has, and a place in it.
unsafe fn columns<T: Half, S: Simd, const H: usize, const C: usize>(
    simd: S,
    dim: usize,
    d: usize,
    weights: *const f32,
    rows: &[*const T; TILE],
    sums: *mut f32,
    width: usize,
    ahead: &[*const T; TILE],
) {
    let lanes = S::F32_LANES;
    let at = |h: usize, c: usize| sums.wrapping_add(h * width + d + c * 2 * lanes);
    let mut acc = [[(simd.splat_f32s(0.0), simd.splat_f32s(0.0)); H]; C];
    // SAFETY: the caller's rows, weights and sums.
    unsafe {
        for (c, acc) in acc.iter_mut().enumerate() {
            for (h, acc) in acc.iter_mut().enumerate() {
                *acc = (load(simd, at(h, c)), load(simd, at(h, c).add(lanes)));
            }
        }
        for (j, row) in rows.iter().enumerate() {
            for (c, acc) in acc.iter_mut().enumerate() {
                let from = d + c * 2 * lanes;
                if from.is_multiple_of(LINE / size_of::<T>()) {
                    prefetch_far(ahead[j].wrapping_add(from), 1);
                }
                let (even, odd) = T::split(simd, load_pairs(simd, row.add(from).cast(), (dim - from) / 2));
                for (h, acc) in acc.iter_mut().enumerate() {
                    let weight = simd.splat_f32s(*weights.add(h * TILE + j));
                    acc.0 = simd.mul_add_e_f32s(weight, even, acc.0);
                    acc.1 = simd.mul_add_e_f32s(weight, odd, acc.1);
                }
            }
        }
        for (c, acc) in acc.iter().enumerate() {
            for (h, acc) in acc.iter().enumerate() {
                at(h, c).cast::<S::f32s>().write_unaligned(acc.0);
                at(h, c).add(lanes).cast::<S::f32s>().write_unaligned(acc.1);
            }
        }
    }
}

/// The merge of one sequence's parts, in their order.
struct MergeTask<'a, T> {
    plan: &'a Decode,
    merge: (usize, usize, usize),
    partials: Shared,
    element: PhantomData<T>,
}

impl<T: Half> WithSimd for MergeTask<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let p = self.plan;
        let (heads, width) = (p.kv_heads * p.group, p.width());
        let (seq, first, count) = self.merge;
        let partial = |i: usize| self.partials.0.wrapping_add((first + i) * p.partial_len());
        let mut scratch = Scratch::take(2 * width);
        let mut parts = scratch.parts();
        let (memory, temp) = (parts.take(width), parts.take(width));
        // SAFETY: the parts' tasks wrote the partials; the rest is the contract of `Decode::run`.
        unsafe {
            let sums = std::slice::from_raw_parts_mut(memory, width);
            for head in 0..heads {
                let max_of = |i: usize| *partial(i).add(heads * width + head);
                let max = (0..count).map(max_of).fold(f32::NEG_INFINITY, f32::max);
                sums.fill(0.0);
                let mut total = 0.0;
                for i in 0..count {
                    let factor = if max_of(i) == max { 1.0 } else { exp(max_of(i) - max) };
                    total += factor * *partial(i).add(heads * width + heads + head);
                    let part = std::slice::from_raw_parts(partial(i).add(head * width), width);
                    for (sum, x) in sums.iter_mut().zip(part) {
                        *sum += factor * x;
                    }
                }
                p.finish::<T, S>(&p.seqs[seq], head, memory, max, total, temp);
            }
        }
    }
}
