//! Cross entropy and its gradient.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::{FLOATS, filled, random, rounding};
use ascend_rl::{Tensor, ops};

const IGNORED: i64 = -100;

fn log_softmax(x: &[f64]) -> Vec<f64> {
    let total: f64 = x.iter().map(|v| v.exp()).sum();
    x.iter().map(|v| v - total.ln()).collect()
}

#[test]
fn cross_entropy_and_its_gradient() {
    let s = stream();
    for dtype in FLOATS {
        for (n, v) in [(1, 1), (4, 3), (5, 61), (3, 2500)] {
            let logits = upload(&s, &[n, v], dtype, &noise(1, n * v).iter().map(|x| 5.0 * x).collect::<Vec<_>>());
            // The second row, where there is one, is ignored.
            let picks: Vec<i64> = (0..n).map(|i| if i == 1 { IGNORED } else { ((i * 37 + 2) % v) as i64 }).collect();
            let targets = Tensor::from_slice(&s, &[n], &picks).unwrap();
            let dloss = random(&s, &[n], dtype, 2);
            let mut loss = filled(&s, &[n], dtype, 7.0);
            let [mut log_prob, mut dlogits] = [(); 2].map(|()| filled(&s, &[n, v], dtype, 7.0));
            ops::cross_entropy(&s, &logits, &targets, &mut loss, &mut log_prob).unwrap();
            ops::cross_entropy_backward(&s, &dloss, &log_prob, &targets, &mut dlogits).unwrap();

            let (logits, dloss) = (values(&s, &logits), values(&s, &dloss));
            let rows: Vec<Vec<f64>> = logits.chunks(v).map(log_softmax).collect();
            // Logits reach 5 and the logarithm of the sum 13, in f32.
            assert_close(&values(&s, &log_prob), &rows.concat(), rounding(dtype), 3e-6);
            let picked = |i: usize| if picks[i] == IGNORED { 0.0 } else { -rows[i][picks[i] as usize] };
            assert_close(&values(&s, &loss), &(0..n).map(picked).collect::<Vec<_>>(), 2.0 * rounding(dtype), 3e-6);

            // The gradient starts from the log-probabilities that the forward kept, rounded.
            let kept = values(&s, &log_prob);
            let want: Vec<f64> = (0..n * v)
                .map(|at| {
                    let (i, j) = (at / v, (at % v) as i64);
                    let hit = (picks[i] == j) as u8 as f64;
                    if picks[i] == IGNORED { 0.0 } else { dloss[i] * (kept[at].exp() - hit) }
                })
                .collect();
            assert_close(&values(&s, &dlogits), &want, rounding(dtype) + 1e-6, 1e-6);
        }
    }
}
