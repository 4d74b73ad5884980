//! The gated activation.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::{FLOATS, dot, filled, random, rounding, slope};
use ascend_rl::ops;

/// `x` is gate and up, one after the other.
fn swiglu(x: &[f64]) -> Vec<f64> {
    let (gate, up) = x.split_at(x.len() / 2);
    gate.iter().zip(up).map(|(g, u)| g / (1.0 + (-g).exp()) * u).collect()
}

#[test]
fn swiglu_and_its_slope() {
    let s = stream();
    for dtype in FLOATS {
        for (t, i) in [(1, 1), (3, 5), (2, 77), (9, 16)] {
            let x = upload(&s, &[t, 2 * i], dtype, &noise(1, t * 2 * i).iter().map(|v| 8.0 * v).collect::<Vec<_>>());
            let dy = random(&s, &[t, i], dtype, 2);
            let (mut y, mut dx) = (filled(&s, &[t, i], dtype, 7.0), filled(&s, &[t, 2 * i], dtype, 7.0));
            ops::swiglu(&s, &x, &mut y).unwrap();
            ops::swiglu_backward(&s, &dy, &x, &mut dx).unwrap();
            let (x, dy) = (values(&s, &x), values(&s, &dy));
            let want: Vec<f64> = x.chunks(2 * i).flat_map(swiglu).collect();
            // The sigmoid is three roundings in f32.
            assert_close(&values(&s, &y), &want, rounding(dtype) + 1e-6, 1e-9);
            let rows = x.chunks(2 * i).zip(dy.chunks(i));
            let want: Vec<f64> = rows.flat_map(|(x, dy)| slope(x, |x| dot(&swiglu(x), dy))).collect();
            // 1 + a(1 - sigmoid) passes through zero: its terms are of order one, times up to 8.
            assert_close(&values(&s, &dx), &want, rounding(dtype) + 1e-6, 2e-6);
        }
    }
}
