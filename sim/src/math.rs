//! Elementary functions in f32 that vectorise: no branches, no calls, so that a loop over them inside
//! [`crate::simd::vectorized`] becomes SIMD code for whatever the CPU has. The standard library's do not (they are calls).
//!
//! Multiplications and additions stay separate instructions (`mul_add` is a slow call where there is no FMA), so all CPUs
//! give the same bits.

/// `1.5 * 2^23`: adding and subtracting it rounds to an integer, which is then in the low bits of the sum.
const ROUND: f32 = 12_582_912.0;

/// `2^n` for `-126 <= n <= 127`.
#[inline(always)]
fn pow2(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// `e^x` within 2 ulp; 0 and infinity beyond f32's range (subnormal results are right), NaN for NaN.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let x = x.clamp(-104.0, 89.0);
    // x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts, the first short enough for n * LN2_HI to be exact.
    const LN2_HI: f32 = 0.693_359_4;
    const LN2_LO: f32 = -2.121_944_4e-4;
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN2_HI - n * LN2_LO;
    let r2 = r * r;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_5e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let e = p * r2 + r + 1.0;
    // 2^n in two factors, since n reaches from -150 to 128.
    let n = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let half = n >> 1;
    e * pow2(half) * pow2(n.wrapping_sub(half))
}

/// The natural logarithm within 2 ulp; -infinity at 0, NaN below, subnormals included.
#[inline(always)]
pub(crate) fn log(x: f32) -> f32 {
    const LN2_HI: f32 = 0.693_359_4;
    const LN2_LO: f32 = -2.121_944_4e-4;
    let subnormal = x < f32::MIN_POSITIVE;
    let scaled = if subnormal { x * 8_388_608.0 } else { x };
    // x = m 2^n with sqrt(1/2) <= m < sqrt(2).
    let bits = scaled.to_bits().wrapping_sub(0x3f35_04f3);
    let n = (bits as i32 >> 23) as f32 - if subnormal { 23.0 } else { 0.0 };
    let f = f32::from_bits((bits & 0x007f_ffff).wrapping_add(0x3f35_04f3)) - 1.0;
    let f2 = f * f;
    let mut p = 7.037_683_6e-2;
    p = p * f - 1.151_461e-1;
    p = p * f + 1.167_699_9e-1;
    p = p * f - 1.242_014_1e-1;
    p = p * f + 1.424_932_3e-1;
    p = p * f - 1.666_805_8e-1;
    p = p * f + 2.000_071_5e-1;
    p = p * f - 2.499_999_4e-1;
    p = p * f + 3.333_333e-1;
    let y = f * f2 * p + n * LN2_LO - 0.5 * f2 + f + n * LN2_HI;
    let y = if x == f32::INFINITY { x } else { y };
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    if x >= 0.0 { y } else { f32::NAN }
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The sum of `at(0) .. at(n - 1)`: in 16 chains, which keep any vector unit busy, then those pairwise. The order depends on `n`
/// alone.
#[inline(always)]
pub(crate) fn sum(n: usize, at: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0f32; 16];
    for chunk in 0..n / 16 {
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane += at(chunk * 16 + i);
        }
    }
    for (i, lane) in lanes.iter_mut().enumerate().take(n % 16) {
        *lane += at(n / 16 * 16 + i);
    }
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance in units of the last place of `want` rounded to f32 (subnormals count as their own steps).
    fn ulps(got: f32, want: f64) -> f64 {
        let step = (f64::from(want.abs() as f32).log2().floor() - 23.0).max(-149.0);
        (f64::from(got) - want).abs() / step.exp2()
    }

    #[test]
    fn exp_is_within_two_ulp_over_its_range() {
        let mut x = -103.0f32;
        while x < 88.7 {
            assert!(ulps(exp(x), f64::from(x).exp()) <= 2.0, "exp({x}) = {} is not {}", exp(x), f64::from(x).exp());
            x += 0.000_73;
        }
        assert_eq!((exp(0.0), exp(-200.0), exp(f32::NEG_INFINITY)), (1.0, 0.0, 0.0));
        assert_eq!((exp(90.0), exp(f32::INFINITY)), (f32::INFINITY, f32::INFINITY));
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn log_is_within_two_ulp_over_its_range() {
        for step in 0..1_000_000u32 {
            let x = f32::from_bits(step * 2139 + 1);
            assert!(ulps(log(x), f64::from(x).ln()) <= 2.0, "log({x}) = {} is not {}", log(x), f64::from(x).ln());
        }
        assert_eq!((log(0.0), log(1.0), log(f32::INFINITY)), (f32::NEG_INFINITY, 0.0, f32::INFINITY));
        assert!(log(-1.0).is_nan() && log(f32::NAN).is_nan());
    }

    #[test]
    fn sigmoid_saturates() {
        assert_eq!((sigmoid(0.0), sigmoid(-1000.0), sigmoid(1000.0)), (0.5, 0.0, 1.0));
        assert!((f64::from(sigmoid(-3.0)) - 1.0 / (1.0 + 3f64.exp())).abs() < 1e-8);
    }

    #[test]
    fn sums_cover_every_index_once() {
        for n in [0, 1, 15, 16, 17, 100] {
            assert_eq!(sum(n, |i| (i + 1) as f32), (n * (n + 1) / 2) as f32);
        }
    }
}
