//! What the machine can do, measured by the process that then measures us: achieved over possible.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use pulp::{Arch, Simd, WithSimd};

/// Enough independent accumulators to hide the latency of a multiply-add on two units.
const CHAINS: usize = 12;
const STEPS: usize = 500_000;

struct Fma;

impl WithSimd for Fma {
    type Output = (f32, usize);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (f32, usize) {
        let (x, y) = (simd.splat_f32s(black_box(0.999)), simd.splat_f32s(black_box(0.001)));
        let mut sums = [simd.splat_f32s(0.0); CHAINS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, x, y);
            }
        }
        let total = sums.into_iter().fold(simd.splat_f32s(0.0), |a, b| simd.add_f32s(a, b));
        (simd.reduce_sum_f32s(total), 2 * STEPS * CHAINS * S::F32_LANES)
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

/// Runs `work` on every core at once; the best of five, in units of work over seconds. Threads begin together, once all are there:
/// starting them takes as long as a twentieth of the work.
fn rate(work: impl Fn() -> usize + Sync) -> f64 {
    let ready = Barrier::new(threads());
    let timed = || {
        ready.wait();
        let start = Instant::now();
        (start, work(), Instant::now())
    };
    let round = || {
        let all: Vec<_> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..threads()).map(|_| scope.spawn(timed)).collect();
            all.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        let done: usize = all.iter().map(|(_, done, _)| done).sum();
        let (start, end) = (all.iter().map(|t| t.0).min(), all.iter().map(|t| t.2).max());
        let took = start.zip(end).map_or(Duration::ZERO, |(start, end)| end - start);
        done as f64 / took.max(Duration::from_nanos(1)).as_secs_f64()
    };
    (0..5).map(|_| round()).fold(0.0, f64::max)
}

/// f32 multiply-adds of all cores, FLOP/s.
#[allow(dead_code)] // Each bench measures the limit it is bound by.
pub fn fma_flops() -> f64 {
    rate(|| {
        let (sum, flops) = Arch::new().dispatch(Fma);
        black_box(sum);
        flops
    })
}

/// Dot products of bf16 of all cores, FLOP/s, where the CPU has them.
#[allow(dead_code)] // Each bench measures the limit it is bound by.
pub fn bf16_flops() -> Option<f64> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512bf16") && is_x86_feature_detected!("avx512f") {
        // SAFETY: the CPU has the features.
        return Some(rate(|| unsafe { dot_bf16() }));
    }
    None
}

/// As [`Fma`], of pairs of bf16.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bf16")]
fn dot_bf16() -> usize {
    use std::arch::x86_64::*;
    let (x, y) = black_box((_mm512_set1_ps(0.999), _mm512_set1_ps(0.001)));
    let (x, y) = (_mm512_cvtne2ps_pbh(x, x), _mm512_cvtne2ps_pbh(y, y));
    let mut sums = [_mm512_setzero_ps(); CHAINS];
    for _ in 0..STEPS {
        for sum in &mut sums {
            *sum = _mm512_dpbf16_ps(*sum, x, y);
        }
    }
    black_box(sums);
    2 * STEPS * CHAINS * 32
}

/// Reading memory with all cores, bytes/s.
#[allow(dead_code)] // Each bench measures the limit it is bound by.
pub fn read_bytes() -> f64 {
    /// What a core reads, and no other: what two read at once comes from memory once, and from their shared cache for the second.
    const BYTES: usize = 128 << 20;
    let buffers: Vec<_> = (0..threads()).map(|_| std::sync::Mutex::new(vec![1.0f32; BYTES / 4])).collect();
    rate(|| {
        let Some(data) = buffers.iter().find_map(|data| data.try_lock().ok()) else { return 0 };
        let sum = Arch::new().dispatch(|| {
            let mut sums = [0.0f32; 64];
            for chunk in data.chunks_exact(64) {
                sums.iter_mut().zip(chunk).for_each(|(s, x)| *s += x);
            }
            sums.iter().sum::<f32>()
        });
        black_box(sum);
        BYTES
    })
}

/// Copying memory with all cores, bytes read and written per second.
#[allow(dead_code)] // Each bench measures the limit it is bound by.
pub fn copy_bytes() -> f64 {
    /// What a core copies: more than its share of the caches.
    const BYTES: usize = 64 << 20;
    let buffers: Vec<_> = (0..threads()).map(|_| std::sync::Mutex::new((vec![1u8; BYTES], vec![0u8; BYTES]))).collect();
    rate(|| {
        // One pair for each thread of a round: whoever holds it has it alone.
        let Some(mut pair) = buffers.iter().find_map(|pair| pair.try_lock().ok()) else { return 0 };
        let (src, dst) = &mut *pair;
        dst.copy_from_slice(black_box(src));
        black_box(dst);
        2 * BYTES
    })
}
