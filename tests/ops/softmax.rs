//! Softmax and its logarithm along any dim.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::{FLOATS, filled, rounding};
use ascend_rl::ops;

#[test]
fn softmax_and_log_softmax_along_any_dim_of_a_transposed_view() {
    let s = stream();
    for dtype in FLOATS {
        for (a, b) in [(1, 1), (3, 7), (5, 130)] {
            // [a, b] as a view of [b, a].
            let base = upload(&s, &[b, a], dtype, &noise(1, a * b).iter().map(|v| 20.0 * v).collect::<Vec<_>>());
            let host = values(&s, &base);
            let x = |i: usize, j: usize| host[j * a + i];
            for dim in 0..2 {
                let [mut soft, mut log] = [(); 2].map(|()| filled(&s, &[a, b], dtype, 7.0));
                ops::softmax(&s, base.view().t(), dim, &mut soft).unwrap();
                ops::log_softmax(&s, base.view().t(), dim, &mut log).unwrap();
                let want: Vec<f64> = (0..a * b)
                    .map(|at| {
                        let (i, j) = (at / b, at % b);
                        let total: f64 =
                            if dim == 0 { (0..a).map(|i| x(i, j).exp()).sum() } else { (0..b).map(|j| x(i, j).exp()).sum() };
                        x(i, j) - total.ln()
                    })
                    .collect();
                // Differences of logits reach 40: a relative error of an f32 exponential of that is 40 roundings.
                assert_close(&values(&s, &log), &want, rounding(dtype), 5e-6);
                let want: Vec<f64> = want.into_iter().map(f64::exp).collect();
                assert_close(&values(&s, &soft), &want, rounding(dtype) + 5e-6, 1e-12);
            }
        }
    }
}
