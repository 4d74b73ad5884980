//! Matrix products: weights transposed, activations sliced, results written into slices.

use crate::common::{assert_close, stream, values};
use crate::{FLOATS, columns, filled, random, rounding};
use ascend_rl::ops;

/// (m, k, n): one, odd, not multiples of a block, and a sum of nothing.
const SHAPES: [(usize, usize, usize); 7] = [(1, 1, 1), (1, 40, 7), (5, 3, 2), (33, 17, 65), (64, 130, 48), (2, 0, 3), (20, 0, 9)];

/// What f32 sums of `k` products of values below 1 may lose.
fn lost(k: usize) -> f64 {
    k as f64 * f32::EPSILON as f64
}

fn product(m: usize, k: usize, n: usize, a: impl Fn(usize, usize) -> f64, b: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..m * n).map(|at| (0..k).map(|i| a(at / n, i) * b(i, at % n)).sum()).collect()
}

#[test]
fn mm_of_a_slice_and_a_transposed_weight_into_a_slice() {
    let s = stream();
    for dtype in FLOATS {
        for (m, k, n) in SHAPES {
            let (x, w) = (random(&s, &[m, k + 5], dtype, 1), random(&s, &[n, k], dtype, 2));
            let mut out = filled(&s, &[m, n + 3], dtype, 7.0);
            let to = out.view_mut().narrow(1, 1, n).unwrap();
            ops::mm(&s, x.view().narrow(1, 2, k).unwrap(), w.view().t(), to).unwrap();
            let (x, w, out) = (values(&s, &x), values(&s, &w), values(&s, &out));
            let want = product(m, k, n, |i, j| x[i * (k + 5) + 2 + j], |i, j| w[j * k + i]);
            assert_close(&columns(&out, n + 3, 1, n), &want, rounding(dtype), lost(k));
            for at in [0, n + 1, n + 2] {
                assert!(columns(&out, n + 3, at, 1).iter().all(|&v| v == 7.0), "column {at} is not the result's");
            }
        }
    }
}

#[test]
fn mm_of_plain_and_of_transposed_operands() {
    let s = stream();
    for dtype in FLOATS {
        for (m, k, n) in SHAPES {
            let (a, b) = (random(&s, &[m, k], dtype, 3), random(&s, &[k, n], dtype, 4));
            let mut out = filled(&s, &[m, n], dtype, 7.0);
            ops::mm(&s, &a, &b, &mut out).unwrap();
            let mut turned = filled(&s, &[n, m], dtype, 7.0);
            // (a b)^T = b^T a^T, written through a transposed view of a third layout.
            ops::mm(&s, b.view().t(), a.view().t(), &mut turned).unwrap();
            let (a, b) = (values(&s, &a), values(&s, &b));
            let want = product(m, k, n, |i, j| a[i * k + j], |i, j| b[i * n + j]);
            assert_close(&values(&s, &out), &want, rounding(dtype), lost(k));
            let want: Vec<f64> = (0..n * m).map(|at| want[at % m * n + at / m]).collect();
            assert_close(&values(&s, &turned), &want, rounding(dtype), lost(k));
        }
    }
}

#[test]
fn addmm_with_a_bias_for_each_column_and_one_for_each_element() {
    let s = stream();
    for dtype in FLOATS {
        for (m, k, n) in SHAPES {
            let (a, w) = (random(&s, &[m, k], dtype, 5), random(&s, &[n, k], dtype, 6));
            let (row, full) = (random(&s, &[n], dtype, 7), random(&s, &[m, n], dtype, 8));
            let mut outs = [filled(&s, &[m, n], dtype, 7.0), filled(&s, &[m, n], dtype, 7.0)];
            ops::addmm(&s, &row, &a, w.view().t(), &mut outs[0]).unwrap();
            ops::addmm(&s, &full, &a, w.view().t(), &mut outs[1]).unwrap();
            let (a, w) = (values(&s, &a), values(&s, &w));
            let product = product(m, k, n, |i, j| a[i * k + j], |i, j| w[j * k + i]);
            for (bias, out) in [values(&s, &row), values(&s, &full)].iter().zip(&outs) {
                let want: Vec<f64> = product.iter().enumerate().map(|(at, p)| p + bias[at % bias.len()]).collect();
                assert_close(&values(&s, out), &want, rounding(dtype), lost(k + 1));
            }
        }
    }
}

#[test]
fn mm_acc_gathers_weight_gradients() {
    let s = stream();
    for dtype in FLOATS {
        for (m, k, n) in SHAPES {
            // dW += dy^T x: over the tokens, which are the rows of both.
            let (dy, x) = (random(&s, &[k, m], dtype, 9), random(&s, &[k, n + 2], dtype, 10));
            let mut acc = random(&s, &[m, n], dtype, 11);
            let before = values(&s, &acc);
            ops::mm_acc(&s, dy.view().t(), x.view().narrow(1, 2, n).unwrap(), &mut acc).unwrap();
            let (dy, x) = (values(&s, &dy), values(&s, &x));
            let mut want = product(m, k, n, |i, j| dy[j * m + i], |i, j| x[i * (n + 2) + 2 + j]);
            want.iter_mut().zip(before).for_each(|(w, b)| *w += b);
            assert_close(&values(&s, &acc), &want, rounding(dtype), lost(k + 1));
        }
    }
}

#[test]
fn the_same_product_has_the_same_bits() {
    let s = stream();
    let (a, b) = (random(&s, &[65, 300], FLOATS[0], 12), random(&s, &[300, 70], FLOATS[0], 13));
    let run = || {
        let mut out = filled(&s, &[65, 70], FLOATS[0], 7.0);
        ops::mm(&s, &a, &b, &mut out).unwrap();
        out.to_vec::<f32>(&s).unwrap()
    };
    assert_eq!(run(), run());
}
