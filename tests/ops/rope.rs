//! Rotary position embedding of heads inside a fused projection, and back.

use crate::common::{assert_close, stream, upload, values};
use crate::{FLOATS, columns, filled, random, rounding};
use ascend_rl::ops;

/// Angles of a token at `position`, the two halves alike.
fn angles(position: usize, d: usize) -> Vec<f32> {
    (0..d).map(|j| position as f32 * 100f32.powf(-((j % (d / 2)) as f32) * 2.0 / d as f32)).collect()
}

#[test]
fn rope_rotates_pairs_and_minus_sin_rotates_back() {
    let s = stream();
    for dtype in FLOATS {
        for (t, heads, d) in [(1, 1, 2), (5, 3, 6), (4, 2, 64)] {
            let wide = (heads + 1) * d;
            let qk = random(&s, &[t, wide], dtype, 1);
            let angles: Vec<f32> = (0..t).flat_map(|i| angles(i, d)).collect();
            let table = |f: fn(f32) -> f32| upload(&s, &[t, d], dtype, &angles.iter().map(|&a| f(a)).collect::<Vec<_>>());
            let (cos, sin, back_sin) = (table(f32::cos), table(f32::sin), table(|a| -a.sin()));
            let x = qk.view().narrow(1, d, heads * d).unwrap().reshape(&[t, heads, d]).unwrap();
            let mut out = filled(&s, &[t, heads, d], dtype, 7.0);
            ops::rope(&s, x, &cos, &sin, &mut out).unwrap();
            let mut back = filled(&s, &[t, heads, d], dtype, 7.0);
            ops::rope(&s, &out, &cos, &back_sin, &mut back).unwrap();

            let x = columns(&values(&s, &qk), wide, d, heads * d);
            let (cos, sin) = (values(&s, &cos), values(&s, &sin));
            let want: Vec<f64> = (0..x.len())
                .map(|at| {
                    let (row, j) = (at / d * d, at % d);
                    let half = if j < d / 2 { -x[row + j + d / 2] } else { x[row + j - d / 2] };
                    let angle = at / (heads * d) * d + j;
                    x[at] * cos[angle] + half * sin[angle]
                })
                .collect();
            // Two f32 products that may cancel.
            assert_close(&values(&s, &out), &want, rounding(dtype), 2e-7);
            // Each of x, cos and sin is rounded once, of values up to 2.
            assert_close(&values(&s, &back), &x, 0.0, 8.0 * rounding(dtype));
        }
    }
}
