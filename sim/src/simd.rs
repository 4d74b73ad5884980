//! Loops compiled for several vector units, the best picked at run time.

use pulp::{Arch, Simd, WithSimd};

/// Runs `f` compiled for the vector unit of this CPU; on any other CPU the same code runs as the baseline allows.
///
/// `f` and what it calls must be `#[inline(always)]`: what is not inlined is compiled for the baseline. It is taken as `FnMut`
/// for the same reason: a closure called as `FnOnce` goes through an adapter that is not inlined, and with it all of the loop.
#[inline(always)]
pub(crate) fn vectorized<R>(f: impl FnMut() -> R) -> R {
    struct Loop<F>(F);
    impl<R, F: FnMut() -> R> WithSimd for Loop<F> {
        type Output = R;
        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _: S) -> R {
            (self.0)()
        }
    }
    Arch::new().dispatch(Loop(f))
}

/// Bytes of a cache line.
pub(crate) const LINE: usize = 64;

/// A hint that `n` elements are read or written soon: asks for their cache lines, where Rust has an instruction for it.
#[inline(always)]
pub(crate) fn prefetch<T>(at: *const T, n: usize) {
    let mut line = 0;
    while line < n {
        prefetch_line(at.wrapping_add(line));
        line += LINE / size_of::<T>();
    }
}

/// As [`prefetch`], of the one line that an address is in.
#[inline(always)]
pub(crate) fn prefetch_line<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which touches no memory in the program's sense; no address is wrong for it.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// As [`prefetch`], into the second cache: of what is needed later than the first would keep it.
#[inline(always)]
pub(crate) fn prefetch_far<T>(at: *const T, n: usize) {
    let mut line = 0;
    while line < n {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as in `prefetch_line`.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T1>(at.wrapping_add(line).cast());
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
        line += LINE / size_of::<T>();
    }
}

/// The transpose of a square: three rounds of exchanges between lines, written so that they compile to shuffles.
#[inline(always)]
pub(crate) fn transpose(m: [[f32; 8]; 8]) -> [[f32; 8]; 8] {
    // Of each half of four: a0 b0 a1 b1, then a2 b2 a3 b3.
    let low = |a: [f32; 8], b: [f32; 8]| [a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5]];
    let high = |a: [f32; 8], b: [f32; 8]| [a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7]];
    let pairs_low = |a: [f32; 8], b: [f32; 8]| [a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5]];
    let pairs_high = |a: [f32; 8], b: [f32; 8]| [a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7]];
    let halves_low = |a: [f32; 8], b: [f32; 8]| [a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]];
    let halves_high = |a: [f32; 8], b: [f32; 8]| [a[4], a[5], a[6], a[7], b[4], b[5], b[6], b[7]];
    let (t0, t1) = (low(m[0], m[1]), high(m[0], m[1]));
    let (t2, t3) = (low(m[2], m[3]), high(m[2], m[3]));
    let (t4, t5) = (low(m[4], m[5]), high(m[4], m[5]));
    let (t6, t7) = (low(m[6], m[7]), high(m[6], m[7]));
    let (u0, u1) = (pairs_low(t0, t2), pairs_high(t0, t2));
    let (u2, u3) = (pairs_low(t1, t3), pairs_high(t1, t3));
    let (u4, u5) = (pairs_low(t4, t6), pairs_high(t4, t6));
    let (u6, u7) = (pairs_low(t5, t7), pairs_high(t5, t7));
    [
        halves_low(u0, u4),
        halves_low(u1, u5),
        halves_low(u2, u6),
        halves_low(u3, u7),
        halves_high(u0, u4),
        halves_high(u1, u5),
        halves_high(u2, u6),
        halves_high(u3, u7),
    ]
}

/// The totals of four lines: pairs of lines are mixed and added, which takes half the shuffles of a total at a time.
#[inline(always)]
pub(crate) fn totals(m: [[f32; 8]; 4]) -> [f32; 4] {
    let add = |a: [f32; 8], b: [f32; 8]| -> [f32; 8] { std::array::from_fn(|i| a[i] + b[i]) };
    let mixed = |a: [f32; 8], b: [f32; 8]| {
        add([a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5]], [a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7]])
    };
    let (a, b) = (mixed(m[0], m[1]), mixed(m[2], m[3]));
    let halves = add([a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5]], [a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7]]);
    std::array::from_fn(|i| halves[i] + halves[i + 4])
}

/// The totals of the lanes of some registers.
#[inline(always)]
pub(crate) fn totals_of<S: Simd, const R: usize, const C: usize>(simd: S, sums: [[S::f32s; C]; R]) -> [[f32; C]; R] {
    match S::F32_LANES {
        8 => in_fours(bytemuck::cast_slice(sums.as_flattened())),
        16 => {
            let lanes: &[[[f32; 8]; 2]] = bytemuck::cast_slice(sums.as_flattened());
            let mut halves = [[[0.0; 8]; C]; R];
            for (to, [low, high]) in halves.as_flattened_mut().iter_mut().zip(lanes) {
                for i in 0..8 {
                    to[i] = low[i] + high[i];
                }
            }
            in_fours(halves.as_flattened())
        }
        _ => {
            let mut all = [[0.0; C]; R];
            for (to, sum) in all.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
                *to = simd.reduce_sum_f32s(*sum);
            }
            all
        }
    }
}

/// The totals of lines, four at a time.
#[inline(always)]
fn in_fours<const R: usize, const C: usize>(lines: &[[f32; 8]]) -> [[f32; C]; R] {
    let mut all = [[0.0; C]; R];
    for (to, lines) in all.as_flattened_mut().chunks_mut(4).zip(lines.chunks(4)) {
        let four = std::array::from_fn(|i| lines[i.min(lines.len() - 1)]);
        to.copy_from_slice(&totals(four)[..to.len()]);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_is_transposed() {
        let square: [[f32; 8]; 8] = std::array::from_fn(|i| std::array::from_fn(|j| (8 * i + j) as f32));
        let turned = vectorized(|| transpose(square));
        assert!((0..64).all(|at| turned[at % 8][at / 8] == at as f32));
    }

    #[test]
    fn lines_are_added_up_each_for_itself() {
        let lines: [[f32; 8]; 4] = std::array::from_fn(|i| std::array::from_fn(|j| (1 << (3 * i + j)) as f32));
        assert_eq!(vectorized(|| totals(lines)), lines.map(|line| line.iter().sum::<f32>()));
    }
}
