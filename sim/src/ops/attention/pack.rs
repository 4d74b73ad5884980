//! Rows of queries, keys and values from device memory into f32 scratch, in the layouts that the products read.

use super::gemm::{PANEL, load};
use crate::convert::{Float, narrow, widen};
use crate::ops::lanes::joined;
use crate::simd::{prefetch, transpose};
use pulp::Simd;

/// The next multiple of a panel's width.
pub(super) const fn pad(n: usize) -> usize {
    n.next_multiple_of(PANEL)
}

/// `to[d / 16 * step + d % 16] = from[d] * scale` for `dim` elements. In pieces of a constant length: straight vector code for the usual head
/// sizes, whose loops are too short to pay for the start and the end of a vectorised loop.
///
/// # Safety
/// `from` is readable and `to` writable for `dim` elements.
#[inline(always)]
unsafe fn row<T: Float>(from: *const T, dim: usize, scale: f32, to: *mut f32, step: usize) {
    let (mut d, mut to) = (0, to);
    // SAFETY: the caller's contract.
    unsafe {
        while d + PANEL <= dim {
            let mut piece = [0f32; PANEL];
            widen(from.add(d), 1, &mut piece);
            to.cast::<[f32; PANEL]>().write(piece.map(|x| x * scale));
            d += PANEL;
            to = to.wrapping_add(step);
        }
        for i in 0..dim - d {
            to.add(i).write(from.add(d + i).read().widen() * scale);
        }
    }
}

/// Rows that the CPU fetches ahead: they are a token apart, where it does not foresee them.
pub(super) const AHEAD: usize = 8;

/// A hint that rows are read soon.
#[inline(always)]
pub(super) fn fetch<T>(rows: std::ops::Range<usize>, dim: usize, at: impl Fn(usize) -> *const T) {
    for i in rows {
        prefetch(at(i), dim);
    }
}

/// `to[i][..dim] = row(i)`, times `scale`; rows of `to` are `stride` apart.
///
/// # Safety
/// `at(i)` is readable for `dim` elements for each `i < n`, and `to` writable for `n` rows.
#[inline(always)]
pub(super) unsafe fn rows<T: Float>(
    n: usize,
    dim: usize,
    scale: f32,
    at: impl Fn(usize) -> *const T,
    to: *mut f32,
    stride: usize,
) {
    for i in 0..n {
        fetch(i + AHEAD..n.min(i + AHEAD + 1), dim, &at);
        // SAFETY: the caller's contract.
        unsafe { row(at(i), dim, scale, to.add(i * stride), PANEL) }
    }
}

/// Rows as the panels of a matrix `[n][dim]`: `to[d / 16][i][d % 16]`, panels of `capacity` rows. Columns beyond `dim` keep
/// what the scratch held: products of them land in columns that nobody reads.
///
/// # Safety
/// As [`rows`]; `to` is writable for `pad(dim) * capacity`, and `n <= capacity`.
#[inline(always)]
pub(super) unsafe fn panels<T: Float>(
    n: usize,
    dim: usize,
    scale: f32,
    at: impl Fn(usize) -> *const T,
    to: *mut f32,
    capacity: usize,
) {
    for i in 0..n {
        fetch(i + AHEAD..n.min(i + AHEAD + 1), dim, &at);
        // SAFETY: the caller's contract.
        unsafe { row(at(i), dim, scale, to.add(i * PANEL), PANEL * capacity) }
    }
}

/// `to = from * scale`, rounded to `T`.
///
/// # Safety
/// `from` is readable and `to` writable for `dim` elements.
#[inline(always)]
pub(super) unsafe fn store<T: Float>(from: *const f32, dim: usize, scale: f32, to: *mut T) {
    let mut d = 0;
    // SAFETY: the caller's contract.
    unsafe {
        while d + PANEL <= dim {
            narrow(&from.add(d).cast::<[f32; PANEL]>().read().map(|x| x * scale), to.add(d));
            d += PANEL;
        }
        while d < dim {
            to.add(d).write(T::narrow(from.add(d).read() * scale));
            d += 1;
        }
    }
}

/// The dot product of a row in f32 with a row in memory, lane by lane and then pairwise.
///
/// # Safety
/// Both are readable for `dim` elements.
#[inline(always)]
pub(super) unsafe fn dot<T: Float>(a: *const f32, b: *const T, dim: usize) -> f32 {
    let mut lanes = [0f32; PANEL];
    let mut d = 0;
    // SAFETY: the caller's contract.
    unsafe {
        while d + PANEL <= dim {
            let mut piece = [0f32; PANEL];
            widen(b.add(d), 1, &mut piece);
            let a = a.add(d).cast::<[f32; PANEL]>().read();
            for i in 0..PANEL {
                lanes[i] += a[i] * piece[i];
            }
            d += PANEL;
        }
        for (i, lane) in lanes.iter_mut().enumerate().take(dim - d) {
            *lane += a.add(d + i).read() * b.add(d + i).read().widen();
        }
    }
    joined(lanes, |a, b| a + b)
}

/// `row[from..to] = value`; touches whole panels only, as `to` is a multiple of a panel. By registers: what the compiler makes of a
/// loop writes single elements, which who reads the panel next waits for.
///
/// # Safety
/// `row` is readable and writable for `to` elements.
#[inline(always)]
pub(super) unsafe fn fill<S: Simd>(simd: S, row: *mut f32, from: usize, to: usize, value: f32) {
    const NUMBERS: [f32; PANEL] = [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15.];
    let value = simd.splat_f32s(value);
    let first = from / PANEL * PANEL;
    // How many of the first panel stay; of all others none does.
    let kept = simd.splat_f32s((from - first) as f32);
    for at in (first..to).step_by(S::F32_LANES) {
        // SAFETY: the caller's contract; a panel is whole registers, and any bits are one.
        unsafe {
            let here = row.add(at).cast::<S::f32s>();
            here.write_unaligned(if at < first + PANEL {
                let kept = simd.less_than_f32s(load(simd, NUMBERS.as_ptr().add(at - first)), kept);
                simd.select_f32s(kept, here.read_unaligned(), value)
            } else {
                value
            });
        }
    }
}

/// Rows as the panels of the transposed matrix `[dim][n]`: `to[i / 16][d][i % 16]`. Columns beyond `n` keep what the scratch held.
///
/// # Safety
/// As [`rows`]; `to` is writable for `pad(n) * dim` and `temp` for `8 * pad(dim)`.
#[inline(always)]
pub(super) unsafe fn transposed<T: Float>(n: usize, dim: usize, at: impl Fn(usize) -> *const T, to: *mut f32, temp: *mut f32) {
    const SIDE: usize = 8;
    let stride = pad(dim);
    let mut first = 0;
    while first < n {
        fetch(first + SIDE..n.min(first + 2 * SIDE), dim, &at);
        // SAFETY: the caller's contract; the 8 columns from `first` on lie in one panel.
        unsafe {
            rows(SIDE.min(n - first), dim, 1.0, |i| at(first + i), temp, stride);
            let to = to.add(first / PANEL * PANEL * dim + first % PANEL);
            let mut d = 0;
            while d < dim {
                let square = transpose(std::array::from_fn(|i| temp.add(i * stride + d).cast::<[f32; SIDE]>().read()));
                let lines = SIDE.min(dim - d);
                if lines == SIDE {
                    for (i, line) in square.iter().enumerate() {
                        to.add((d + i) * PANEL).cast::<[f32; SIDE]>().write(*line);
                    }
                } else {
                    for (i, line) in square.iter().enumerate().take(lines) {
                        to.add((d + i) * PANEL).cast::<[f32; SIDE]>().write(*line);
                    }
                }
                d += SIDE;
            }
        }
        first += SIDE;
    }
}
