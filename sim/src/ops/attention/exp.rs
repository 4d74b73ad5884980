//! `e^x` in registers, for weights: attention spends as much on them as on a product of short heads.

use pulp::Simd;

/// `1.5 * 2^23 + 127`: adding it rounds to an integer, which then stands, with the exponent's bias, in the low bits of the sum.
const ROUND: f32 = 12_583_039.0;
/// Below it `e^x` is no normal number.
const LEAST: f32 = -87.33;

/// `e^x` within 2 ulp for `x <= 88`; 0 for what would be subnormal, so also for -infinity; NaN for NaN.
///
/// As [`crate::math::exp`], in half as many instructions: fused where the CPU can, and with less of a range.
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let splat = |value| simd.splat_f32s(value);
    // x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts, the first short enough for n times it to be exact.
    let shifted = simd.mul_add_e_f32s(x, splat(std::f32::consts::LOG2_E), splat(ROUND));
    let n = simd.sub_f32s(shifted, splat(ROUND));
    let r = simd.mul_add_e_f32s(n, splat(-0.693_359_4), x);
    let r = simd.mul_add_e_f32s(n, splat(2.121_944_4e-4), r);
    let mut p = splat(1.987_569_1e-4);
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_5e-2, 1.666_666_5e-1, 0.5, 1.0, 1.0] {
        p = simd.mul_add_e_f32s(p, r, splat(c));
    }
    let power = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let e = simd.mul_f32s(p, simd.transmute_f32s_u32s(power));
    simd.select_f32s(simd.less_than_f32s(x, splat(LEAST)), splat(0.0), e)
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;
    use crate::ops::attention::tests::on_all_paths;

    /// `e^x` of all, on the path that the test asks for.
    struct All(Vec<f32>);

    impl WithSimd for All {
        type Output = Vec<f32>;

        #[inline(always)]
        fn with_simd<S: Simd>(mut self, simd: S) -> Vec<f32> {
            let (registers, rest) = S::as_mut_simd_f32s(&mut self.0);
            assert!(rest.is_empty(), "whole registers are asked for");
            registers.iter_mut().for_each(|x| *x = exp(simd, *x));
            self.0
        }
    }

    #[test]
    fn within_two_ulp_and_zero_where_nothing_is_left() {
        on_all_paths(|| {
            let arch: Arch = super::super::scratch::arch();
            let xs: Vec<f32> = (0..1_600_000).map(|i| 88.0 - 1e-4 * i as f32).collect();
            for (x, got) in xs.iter().zip(arch.dispatch(All(xs.clone()))) {
                let want = f64::from(*x).exp();
                let near = (f64::from(got) - want).abs() <= 2.0 * f64::from(f32::EPSILON) * want;
                assert!(if *x < LEAST { got == 0.0 } else { near }, "exp({x}) = {got} is not {want}");
            }
            let special = [0.0, -0.0, f32::NEG_INFINITY, -1e30, f32::NAN, 1.0, -1.0, LEAST];
            let got = arch.dispatch(All([special, special].concat()));
            assert_eq!(got[..4], [1.0, 1.0, 0.0, 0.0]);
            assert!(got[4].is_nan() && got[7] >= f32::MIN_POSITIVE);
        });
    }
}
