//! Loops compiled for several vector units, the best picked at run time.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use bytemuck::cast;
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

/// The transpose of a square. By instructions where it can: for AVX-512 the compiler makes gathers of plain exchanges, which take
/// several times as long.
#[inline(always)]
pub(crate) fn transpose(m: [[f32; 8]; 8]) -> [[f32; 8]; 8] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx") {
        // SAFETY: the CPU has AVX.
        return unsafe { transpose_avx(m) };
    }
    transpose_plain(m)
}

/// [`transpose`] for any CPU, written so that it compiles to shuffles.
#[inline(always)]
fn transpose_plain(m: [[f32; 8]; 8]) -> [[f32; 8]; 8] {
    type Line = [f32; 8];
    let singles =
        |a: Line, b: Line| ([a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5]], [a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7]]);
    let pairs =
        |a: Line, b: Line| ([a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5]], [a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7]]);
    let halves =
        |a: Line, b: Line| ([a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]], [a[4], a[5], a[6], a[7], b[4], b[5], b[6], b[7]]);
    exchanges(m, singles, pairs, halves)
}

/// [`transpose`] for AVX.
///
/// # Safety
/// The CPU has it.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
#[inline]
unsafe fn transpose_avx(m: [[f32; 8]; 8]) -> [[f32; 8]; 8] {
    let singles = |a, b| (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    let pairs = |a, b| (_mm256_shuffle_ps::<0b01_00_01_00>(a, b), _mm256_shuffle_ps::<0b11_10_11_10>(a, b));
    let halves = |a, b| (_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b));
    cast(exchanges::<__m256>(cast(m), singles, pairs, halves))
}

/// Three rounds of exchanges between two lines: of single elements and of pairs, inside the halves of each, and of halves. Each gives
/// what is lower in both, mixed, and what is upper.
#[inline(always)]
fn exchanges<L: Copy>(
    m: [L; 8],
    singles: impl Fn(L, L) -> (L, L),
    pairs: impl Fn(L, L) -> (L, L),
    halves: impl Fn(L, L) -> (L, L),
) -> [L; 8] {
    let ((a, b), (c, d), (e, f), (g, h)) = (singles(m[0], m[1]), singles(m[2], m[3]), singles(m[4], m[5]), singles(m[6], m[7]));
    let ((a, b), (c, d), (e, f), (g, h)) = (pairs(a, c), pairs(b, d), pairs(e, g), pairs(f, h));
    let ((a, e), (b, f), (c, g), (d, h)) = (halves(a, e), halves(b, f), halves(c, g), halves(d, h));
    [a, b, c, d, e, f, g, h]
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
    let (mut all, from) = ([[0.0; C]; R], sums.as_flattened());
    for (to, from) in all.as_flattened_mut().chunks_mut(4).zip(from.chunks(4)) {
        let line = |i: usize| from[i.min(from.len() - 1)];
        let four = [line(0), line(1), line(2), line(3)];
        match S::F32_LANES {
            8 => to.copy_from_slice(&totals([cast(four[0]), cast(four[1]), cast(four[2]), cast(four[3])])[..to.len()]),
            #[cfg(target_arch = "x86_64")]
            16 => to.copy_from_slice(&totals_512(cast(four[0]), cast(four[1]), cast(four[2]), cast(four[3]))[..to.len()]),
            _ => to.iter_mut().zip(four).for_each(|(to, sum)| *to = simd.reduce_sum_f32s(sum)),
        }
    }
    all
}

/// The totals of four registers of AVX-512. By instructions: of arrays of sixteen the compiler makes gathers, which take several
/// times as long as all of this.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn totals_512(a: __m512, b: __m512, c: __m512, d: __m512) -> [f32; 4] {
    // SAFETY: registers of that size are made where the CPU has AVX-512 only.
    unsafe {
        let mut halves = [_mm256_setzero_ps(); 4];
        for (half, all) in halves.iter_mut().zip([a, b, c, d]) {
            let high = _mm512_extractf64x4_pd::<1>(_mm512_castps_pd(all));
            *half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm256_castpd_ps(high));
        }
        let [a, b, c, d] = halves;
        let four = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
        cast(_mm_add_ps(_mm256_castps256_ps128(four), _mm256_extractf128_ps::<1>(four)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_is_transposed() {
        let square: [[f32; 8]; 8] = std::array::from_fn(|i| std::array::from_fn(|j| (8 * i + j) as f32));
        for turned in [vectorized(|| transpose(square)), transpose(square), transpose_plain(square)] {
            assert!((0..64).all(|at| turned[at % 8][at / 8] == at as f32));
        }
    }

    #[test]
    fn lines_are_added_up_each_for_itself() {
        let lines: [[f32; 8]; 4] = std::array::from_fn(|i| std::array::from_fn(|j| (1 << (3 * i + j)) as f32));
        assert_eq!(vectorized(|| totals(lines)), lines.map(|line| line.iter().sum::<f32>()));
    }

    /// Totals of registers of one CPU's size: 3 rows of 2, which is not whole fours.
    struct Totals;

    impl WithSimd for Totals {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let value = |register: usize, lane: usize| (1000 * register + lane * lane) as f32;
            let register = |register: usize| {
                let lanes: Vec<f32> = (0..S::F32_LANES).map(|lane| value(register, lane)).collect();
                simd.partial_load_f32s(&lanes)
            };
            let sums = [[register(0), register(1)], [register(2), register(3)], [register(4), register(5)]];
            for (at, total) in totals_of(simd, sums).as_flattened().iter().enumerate() {
                let expected: f32 = (0..S::F32_LANES).map(|lane| value(at, lane)).sum();
                assert_eq!(*total, expected, "register {at} of {} lanes", S::F32_LANES);
            }
        }
    }

    #[test]
    fn registers_of_every_size_are_added_up() {
        Arch::Scalar.dispatch(Totals);
        Arch::new().dispatch(Totals);
        Totals.with_simd(pulp::Scalar256b);
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = pulp::x86::V3::try_new() {
            Arch::V3(v3).dispatch(Totals);
        }
    }
}
