//! Operands into panels: `width` rows of `a` (or columns of `b`) side by side, one term of the sum after another, in f32. Where the
//! CPU multiplies bf16 in pairs, a panel holds those: two terms stand where one f32 would.

use std::ops::Range;

use crate::convert::{Float, with_float};
use crate::simd::{prefetch, transpose, vectorized};
use ascend_rl_sys::types::aclDataType;
use half::bf16;

/// What is packed: rows of `a` or columns of `b`, the lanes, each a sequence of terms.
pub(super) struct Lanes {
    pub dtype: aclDataType,
    /// The first term of the first lane.
    pub data: *const u8,
    pub count: usize,
    pub terms: usize,
    /// In elements, from lane to lane and from term to term.
    pub lane_stride: usize,
    pub term_stride: usize,
}

/// Where panels of one width and length lie, one after another. Different panels may be written from different threads.
pub(super) struct Panels {
    data: *mut f32,
    pub width: usize,
    /// Lengths of 32 bits each: terms, or pairs of them.
    terms: usize,
    /// Terms of 32 bits: one f32, or two bf16.
    together: usize,
}

// SAFETY: an address and numbers; `pack`'s contract answers for the memory.
unsafe impl Sync for Panels {}

// SAFETY: as above, of `Panels::pack`.
unsafe impl Sync for Lanes {}

/// What 32 bits of a panel are made of.
trait Term: Copy {
    fn packed(self) -> f32;
}

impl<T: Float> Term for T {
    #[inline(always)]
    fn packed(self) -> f32 {
        self.widen()
    }
}

/// Two neighbouring terms of bf16.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Pair(u32);

impl Term for Pair {
    #[inline(always)]
    fn packed(self) -> f32 {
        f32::from_bits(self.0)
    }
}

/// Neighbours at once. By a loop: `map` and `from_fn` of arrays may be calls, and those are compiled for the baseline.
#[inline(always)]
fn packed<T: Term, const N: usize>(terms: [T; N]) -> [f32; N] {
    let mut to = [0.0; N];
    for (to, term) in to.iter_mut().zip(terms) {
        *to = term.packed();
    }
    to
}

/// Terms that the CPU fetches ahead where lanes lie side by side.
const AHEAD: usize = 8;

/// Most panels that one thread packs at a time.
const PACKED_TOGETHER: usize = 8;

/// Elements of a panel that are worth another thread.
const PIECE: usize = 1 << 13;

impl Panels {
    /// Panels of `terms` times `together` terms of a sum.
    pub(super) fn new(space: &mut [f32], width: usize, terms: usize, together: usize) -> Panels {
        Panels { data: space.as_mut_ptr(), width, terms, together }
    }

    /// Elements of a panel.
    pub(super) fn len(&self) -> usize {
        Panels::length(self.width, self.terms)
    }

    /// Elements from one panel to the next, of so many terms: a line more than they need, so that the same terms of several panels,
    /// which are written together, are in different sets of the cache.
    pub(super) fn length(width: usize, terms: usize) -> usize {
        (width * terms).next_multiple_of(16) + 16
    }

    /// Address of a term of a panel.
    pub(super) fn at(&self, panel: usize, term: usize) -> *mut f32 {
        self.data.wrapping_add(panel * self.len() + term * self.width)
    }

    /// Into how many pieces the packing of so many panels is cut: as many for each thread, unless they are small.
    pub(super) fn pieces(&self, panels: usize) -> usize {
        let even = panels.div_ceil(PACKED_TOGETHER).next_multiple_of(crate::parallel::threads());
        even.min(panels).min((panels * self.len()).div_ceil(PIECE))
    }

    /// Fills piece `i` of [`Panels::pieces`] of the first `panels` panels.
    ///
    /// # Safety
    /// As [`Panels::pack`].
    pub(super) unsafe fn pack_piece(&self, i: usize, panels: usize, lanes: &Lanes) {
        let pieces = self.pieces(panels);
        // SAFETY: the caller's contract.
        unsafe { self.pack(panels * i / pieces..panels * (i + 1) / pieces, lanes) }
    }

    /// Fills panels, which hold the lanes from `panel * width` on; lanes beyond the last become zeros.
    ///
    /// # Safety
    /// The space holds the panels and nobody else touches them; all terms of the lanes are readable.
    pub(super) unsafe fn pack(&self, panels: Range<usize>, lanes: &Lanes) {
        if self.together == 2 {
            return vectorized(
                #[inline(always)]
                // SAFETY: the caller's contract.
                || unsafe {
                    match self.width {
                        8 => self.pack_pairs::<8>(&panels, lanes),
                        12 => self.pack_pairs::<12>(&panels, lanes),
                        16 => self.pack_pairs::<16>(&panels, lanes),
                        32 => self.pack_pairs::<32>(&panels, lanes),
                        width => unreachable!("no register tile of pairs is {width} wide"),
                    }
                },
            );
        }
        with_float!(lanes.dtype, T => vectorized(
            #[inline(always)]
            // SAFETY: the caller's contract.
            || unsafe {
                match self.width {
                    6 => self.pack_as::<6, T>(&panels, lanes),
                    8 => self.pack_as::<8, T>(&panels, lanes),
                    12 => self.pack_as::<12, T>(&panels, lanes),
                    16 => self.pack_as::<16, T>(&panels, lanes),
                    32 => self.pack_as::<32, T>(&panels, lanes),
                    width => unreachable!("no register tile is {width} wide"),
                }
            },
        ))
    }

    /// As [`Panels::pack`], of bf16 in pairs.
    ///
    /// # Safety
    /// As [`Panels::pack`], of elements of bf16.
    #[inline(always)]
    unsafe fn pack_pairs<const W: usize>(&self, panels: &Range<usize>, lanes: &Lanes) {
        if lanes.term_stride == 1 && lanes.lane_stride.is_multiple_of(2) && lanes.terms >= 2 * self.terms {
            // They lie in pairs already.
            let pairs = Lanes { terms: self.terms, lane_stride: lanes.lane_stride / 2, ..*lanes };
            // SAFETY: the caller's contract.
            return unsafe { self.pack_as::<W, Pair>(panels, &pairs) };
        }
        for panel in panels.clone() {
            let (first, to) = (panel * W, self.at(panel, 0).cast::<[[bf16; 2]; W]>());
            let from = lanes.data.cast::<bf16>().wrapping_add(first * lanes.lane_stride);
            let whole = lanes.lane_stride == 1 && lanes.count - first >= W;
            for pair in 0..self.terms {
                let odd = 2 * pair + 1 < lanes.terms;
                let terms = [2 * pair, 2 * pair + usize::from(odd)].map(|term| from.wrapping_add(term * lanes.term_stride));
                if whole {
                    prefetch(terms[0].wrapping_add(AHEAD * lanes.term_stride), W);
                    prefetch(terms[1].wrapping_add(AHEAD * lanes.term_stride), W);
                }
                // SAFETY: the caller's contract.
                unsafe {
                    let [even, last] = if whole {
                        terms.map(|lanes| lanes.cast::<[bf16; W]>().read_unaligned())
                    } else {
                        let lane = |term: *const bf16, i: usize| {
                            if first + i < lanes.count { term.add(i * lanes.lane_stride).read_unaligned() } else { bf16::ZERO }
                        };
                        terms.map(|term| std::array::from_fn(|i| lane(term, i)))
                    };
                    let last = if odd { last } else { [bf16::ZERO; W] };
                    to.add(pair).write(std::array::from_fn(|i| [even[i], last[i]]));
                }
            }
        }
    }

    /// Panels of lanes that lie side by side are filled together, in the order of memory; others one by one.
    ///
    /// # Safety
    /// As [`Panels::pack`].
    #[inline(always)]
    unsafe fn pack_as<const W: usize, T: Term>(&self, panels: &Range<usize>, lanes: &Lanes) {
        // The last panel may be too wide for the lanes that are left.
        let whole = if lanes.lane_stride == 1 { panels.end.min(lanes.count / W).max(panels.start) } else { panels.start };
        // SAFETY: the caller's contract.
        unsafe { self.copy::<W, T>(panels.start..whole, lanes) };
        for panel in whole..panels.end {
            let first = panel * W;
            let from = Source {
                data: lanes.data.cast::<T>().wrapping_add(first * lanes.lane_stride),
                lane_stride: lanes.lane_stride,
                term_stride: lanes.term_stride,
                lanes: lanes.count - first,
            };
            // SAFETY: the caller's contract.
            unsafe { from.interleave::<W>(self.terms, self.at(panel, 0)) };
        }
    }

    /// Whole panels of lanes that lie side by side: memory is read term by term, as it lies, and fetched ahead, for terms are often
    /// a page and more apart.
    ///
    /// # Safety
    /// As [`Panels::pack`].
    #[inline(always)]
    unsafe fn copy<const W: usize, T: Term>(&self, panels: Range<usize>, lanes: &Lanes) {
        if panels.is_empty() {
            return;
        }
        for term in 0..self.terms {
            let mut from = lanes.data.cast::<T>().wrapping_add(term * lanes.term_stride + panels.start * W);
            let mut to = self.at(panels.start, term);
            prefetch(from.wrapping_add(AHEAD * lanes.term_stride), panels.len() * W);
            for _ in panels.clone() {
                // SAFETY: the caller's contract.
                unsafe { to.cast::<[f32; W]>().write(packed(from.cast::<[T; W]>().read_unaligned())) };
                (from, to) = (from.wrapping_add(W), to.wrapping_add(self.len()));
            }
        }
    }
}

/// A piece of one panel.
struct Source<T> {
    data: *const T,
    lane_stride: usize,
    term_stride: usize,
    /// May be more than the panel is wide, or fewer.
    lanes: usize,
}

/// Terms, and lanes, that a transposition takes at a time.
const RUN: usize = 8;

impl<T: Term> Source<T> {
    /// # Safety
    /// As [`Panels::pack`].
    #[inline(always)]
    unsafe fn interleave<const W: usize>(&self, terms: usize, to: *mut f32) {
        // SAFETY: the caller's contract, for both.
        unsafe { if self.lanes < W { self.partly::<W>(terms, to) } else { self.transposed::<W>(terms, to) } }
    }

    /// # Safety
    /// As [`Panels::pack`].
    #[inline(always)]
    unsafe fn partly<const W: usize>(&self, terms: usize, to: *mut f32) {
        for term in 0..terms {
            for lane in 0..W {
                // SAFETY: the caller's contract.
                unsafe {
                    let value = if lane < self.lanes { self.at(lane, term) } else { 0.0 };
                    to.add(term * W + lane).write(value);
                }
            }
        }
    }

    /// Lanes are apart: short runs of each are read, then written side by side.
    ///
    /// # Safety
    /// As [`Panels::pack`].
    #[inline(always)]
    unsafe fn transposed<const W: usize>(&self, terms: usize, to: *mut f32) {
        let whole = if self.term_stride == 1 { terms / RUN * RUN } else { 0 };
        for term in (0..whole).step_by(RUN) {
            // SAFETY: the caller's contract.
            unsafe {
                if W.is_multiple_of(RUN) {
                    for first in (0..W).step_by(RUN) {
                        self.square::<W>(first, term, to);
                    }
                } else {
                    let mut runs = [[0.0; RUN]; W];
                    for (lane, run) in runs.iter_mut().enumerate() {
                        *run = self.run(lane, term);
                    }
                    let line = |i: usize| std::array::from_fn(|lane| runs[lane][i]);
                    for i in 0..RUN {
                        to.add((term + i) * W).cast::<[f32; W]>().write(line(i));
                    }
                }
            }
        }
        for term in whole..terms {
            for lane in 0..W {
                // SAFETY: the caller's contract.
                unsafe { to.add(term * W + lane).write(self.at(lane, term)) }
            }
        }
    }

    /// [`RUN`] terms of as many lanes from `first` on, of a panel of `W`.
    ///
    /// # Safety
    /// As [`Panels::pack`].
    #[inline(always)]
    unsafe fn square<const W: usize>(&self, first: usize, term: usize, to: *mut f32) {
        // SAFETY: the caller's contract.
        unsafe {
            let lines = transpose(std::array::from_fn(|i| self.run(first + i, term)));
            for (i, line) in lines.into_iter().enumerate() {
                to.add((term + i) * W + first).cast::<[f32; RUN]>().write(line);
            }
        }
    }

    /// [`RUN`] terms of a lane, which lie side by side.
    ///
    /// # Safety
    /// As [`Panels::pack`].
    #[inline(always)]
    unsafe fn run(&self, lane: usize, term: usize) -> [f32; RUN] {
        let from = self.data.wrapping_add(lane * self.lane_stride + term).cast::<[T; RUN]>();
        // SAFETY: the caller's contract.
        packed(unsafe { from.read_unaligned() })
    }

    /// # Safety
    /// As [`Panels::pack`].
    #[inline(always)]
    unsafe fn at(&self, lane: usize, term: usize) -> f32 {
        // SAFETY: the caller's contract.
        unsafe { self.data.add(lane * self.lane_stride + term * self.term_stride).read_unaligned() }.packed()
    }
}
