//! Joins, turns, borders, indices and masks: against the host's own.

use crate::common::{assert_close, stream, values};
use crate::{FLOATS, doomed_stream, filled, random, rounding};
use ascend_rl::ops::Reduce;
use ascend_rl::{DType, ErrorKind, Result, Tensor, ops};

/// Rows of 5 columns, as the host has them.
fn at(host: &[f64], row: usize, column: usize) -> f64 {
    host[row * 5 + column]
}

/// `f(row, column)` of each element, row by row.
fn grid(rows: usize, columns: usize, f: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..rows * columns).map(|i| f(i / columns, i % columns)).collect()
}

#[test]
fn joins_turns_and_borders() {
    let s = stream();
    for dtype in FLOATS {
        let (x, y) = (random(&s, &[3, 5], dtype, 1), random(&s, &[3, 5], dtype, 2));
        let (a, b) = (values(&s, &x), values(&s, &y));
        let mut wide = filled(&s, &[3, 7], dtype, 9.0);
        ops::cat(&s, &[x.view(), y.view().narrow(1, 1, 2).unwrap()], 1, &mut wide).unwrap();
        assert_eq!(values(&s, &wide), grid(3, 7, |i, j| if j < 5 { at(&a, i, j) } else { at(&b, i, j - 4) }));
        let mut pair = filled(&s, &[3, 2, 5], dtype, 9.0);
        ops::stack(&s, &[x.view(), y.view()], 1, &mut pair).unwrap();
        assert_eq!(values(&s, &pair), grid(6, 5, |i, j| at(if i % 2 == 0 { &a } else { &b }, i / 2, j)));
        let mut out = filled(&s, &[3, 5], dtype, 9.0);
        ops::flip(&s, &x, &[0, 1], &mut out).unwrap();
        assert_eq!(values(&s, &out), grid(3, 5, |i, j| at(&a, 2 - i, 4 - j)));
        ops::roll(&s, &x, -1, 1, &mut out).unwrap();
        assert_eq!(values(&s, &out), grid(3, 5, |i, j| at(&a, i, (j + 1) % 5)));
        ops::tril(&s, &x, 1, &mut out).unwrap();
        assert_eq!(values(&s, &out), grid(3, 5, |i, j| if j <= i + 1 { at(&a, i, j) } else { 0.0 }));
        let mut tall = filled(&s, &[6, 10], dtype, 9.0);
        ops::tile(&s, &x, &[2, 2], &mut tall).unwrap();
        assert_eq!(values(&s, &tall), grid(6, 10, |i, j| at(&a, i % 3, j % 5)));
        let mut bordered = filled(&s, &[6, 5], dtype, 9.0);
        ops::pad(&s, &x, 0, (1, 2), -4.0, &mut bordered).unwrap();
        assert_eq!(values(&s, &bordered), grid(6, 5, |i, j| if (1..4).contains(&i) { at(&a, i - 1, j) } else { -4.0 }));
        let mut steps = filled(&s, &[9], dtype, 9.0);
        ops::arange(&s, 0.5, -0.25, &mut steps).unwrap();
        assert_eq!(values(&s, &steps), (0..9).map(|i| 0.5 - 0.25 * i as f64).collect::<Vec<_>>());
    }
    let mut positions = Tensor::zeros(&s, &[6], DType::I64).unwrap();
    ops::arange(&s, 3.0, 1.0, &mut positions).unwrap();
    assert_eq!(values(&s, &positions), [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    // Tenths are no floats: still ten of them, and the last is the tenth.
    let mut tenths = filled(&s, &[10], DType::F32, 9.0);
    ops::arange(&s, 0.0, 0.1, &mut tenths).unwrap();
    assert_close(&values(&s, &tenths), &(0..10).map(|i| i as f64 * 0.1).collect::<Vec<_>>(), 2e-7, 0.0);
}

#[test]
fn indices_take_put_and_add() {
    let s = stream();
    for dtype in FLOATS {
        let (x, new) = (random(&s, &[4, 5], dtype, 1), random(&s, &[3, 5], dtype, 2));
        let (a, b) = (values(&s, &x), values(&s, &new));
        let rows = Tensor::from_slice(&s, &[3], &[2i64, 0, 2]).unwrap();
        let mut taken = filled(&s, &[3, 5], dtype, 9.0);
        ops::index_select(&s, &x, 0, &rows, &mut taken).unwrap();
        assert_eq!(values(&s, &taken), grid(3, 5, |i, j| at(&a, [2, 0, 2][i], j)));
        let mut sums = filled(&s, &[4, 5], dtype, 9.0);
        ops::index_add(&s, &x, 0, &rows, &new, 0.5, &mut sums).unwrap();
        let want =
            grid(4, 5, |i, j| at(&a, i, j) + (0..3).filter(|&k| [2, 0, 2][k] == i).map(|k| 0.5 * at(&b, k, j)).sum::<f64>());
        assert_close(&values(&s, &sums), &want, rounding(dtype), 2e-7);
        let mut pool = filled(&s, &[4, 5], dtype, 7.0);
        let apart = Tensor::from_slice(&s, &[3], &[3i32, 0, 2]).unwrap();
        ops::index_copy_(&s, &mut pool, 0, &apart, &new).unwrap();
        assert_eq!(values(&s, &pool), grid(4, 5, |i, j| if i == 1 { 7.0 } else { at(&b, [1, 0, 2, 0][i], j) }));
        // One column of each row.
        let columns = Tensor::from_slice(&s, &[3, 1], &[4i64, 1, 1]).unwrap();
        let place = |i: usize, j: usize| i < 3 && j == [4, 1, 1][i];
        let source = new.view().narrow(1, 0, 1).unwrap();
        for reduce in [Reduce::Write, Reduce::Add, Reduce::Multiply] {
            let meets = |x: f64, y: f64| match reduce {
                Reduce::Write => y,
                Reduce::Add => x + y,
                Reduce::Multiply => x * y,
            };
            let want = grid(4, 5, |i, j| if place(i, j) { meets(at(&a, i, j), at(&b, i, 0)) } else { at(&a, i, j) });
            let mut out = filled(&s, &[4, 5], dtype, 9.0);
            ops::scatter(&s, &x, 1, &columns, source, reduce, &mut out).unwrap();
            assert_close(&values(&s, &out), &want, rounding(dtype), 0.0);
            let mut own = filled(&s, &[4, 5], dtype, 9.0);
            ops::copy(&s, &x, &mut own).unwrap();
            ops::scatter_(&s, &mut own, 1, &columns, source, reduce).unwrap();
            assert_eq!(values(&s, &own), values(&s, &out));
        }
        let mut hot = filled(&s, &[3, 5], dtype, 0.0);
        ops::scatter_value_(&s, &mut hot, 1, &columns, 1.0, Reduce::Write).unwrap();
        assert_eq!(values(&s, &hot), grid(3, 5, |i, j| f64::from(place(i, j))));
        let mut group = filled(&s, &[40], dtype, 9.0);
        ops::repeat_interleave(&s, &x, 2, &mut group).unwrap();
        assert_eq!(values(&s, &group), (0..40).map(|i| a[i / 2]).collect::<Vec<_>>());
    }
}

#[test]
fn an_index_outside_is_an_asynchronous_error() {
    let s = doomed_stream(6);
    let (x, rows) = (random(&s, &[4, 5], DType::F32, 1), Tensor::from_slice(&s, &[1], &[4i64]).unwrap());
    let mut out = filled(&s, &[1, 5], DType::F32, 9.0);
    let waited = ops::index_select(&s, &x, 0, &rows, &mut out).and_then(|()| s.synchronize());
    let error = waited.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Async);
    assert!(error.to_string().contains("aclnnIndexSelect: index holds 4, but dim 0 of self has 4 elements"), "{error}");
}

#[test]
fn variances_and_truths() {
    let s = stream();
    for dtype in FLOATS {
        let x = random(&s, &[4, 5], dtype, 1);
        let a = values(&s, &x);
        let mut out = filled(&s, &[4, 1], dtype, 9.0);
        for unbiased in [false, true] {
            ops::variance(&s, &x, 1, unbiased, &mut out).unwrap();
            let want = grid(4, 1, |i, _| {
                let mean = (0..5).map(|j| at(&a, i, j)).sum::<f64>() / 5.0;
                (0..5).map(|j| (at(&a, i, j) - mean).powi(2)).sum::<f64>() / if unbiased { 4.0 } else { 5.0 }
            });
            assert_close(&values(&s, &out), &want, rounding(dtype), 1e-9);
        }
    }
    let flags = Tensor::from_slice(&s, &[3, 2], &[1i64, 2, 0, 3, 0, 0]).unwrap();
    let mut out = Tensor::zeros(&s, &[3, 1], DType::Bool).unwrap();
    ops::all(&s, &flags, 1, &mut out).unwrap();
    assert_eq!(values(&s, &out), [1.0, 0.0, 0.0]);
    ops::any(&s, &flags, 1, &mut out).unwrap();
    assert_eq!(values(&s, &out), [1.0, 1.0, 0.0]);
}

#[test]
fn dropout_and_its_gradient_share_a_mask() {
    let s = stream();
    for dtype in FLOATS {
        let (x, dy) = (filled(&s, &[50, 30], dtype, 3.0), filled(&s, &[50, 30], dtype, 1.0));
        let [mut out, mut again, mut dx] = [(); 3].map(|()| filled(&s, &[50, 30], dtype, 9.0));
        let mut mask = Tensor::zeros(&s, &[ops::dropout_mask_len(1500)], DType::U8).unwrap();
        ops::dropout(&s, &x, 0.5, (7, 0), &mut again, &mut mask).unwrap();
        ops::dropout(&s, &x, 0.5, (7, 0), &mut out, &mut mask).unwrap();
        ops::dropout_backward(&s, &dy, &mask, 0.5, &mut dx).unwrap();
        let (kept, gradient) = (values(&s, &out), values(&s, &dx));
        assert_eq!(kept, values(&s, &again));
        assert!(kept.iter().all(|&v| v == 0.0 || v == 6.0));
        assert_eq!(gradient, kept.iter().map(|v| v / 3.0).collect::<Vec<_>>());
        // Of 1500 draws, six standard deviations are 117.
        let count = kept.iter().filter(|&&v| v != 0.0).count();
        assert!((633..867).contains(&count), "{count}");
    }
}

#[test]
fn what_does_not_fit_is_refused_before_the_call() {
    let s = stream();
    let any = |shape: &[usize]| Tensor::zeros(&s, shape, DType::F32).unwrap();
    let ids = |shape: &[usize]| Tensor::zeros(&s, shape, DType::I64).unwrap();
    let text = |result: Result<()>| result.unwrap_err().to_string();
    let (x, y, mut out) = (any(&[2, 3]), any(&[3, 2]), any(&[4, 3]));
    let cat = ops::cat(&s, &[x.view(), y.view()], 0, &mut out);
    assert_eq!(text(cat), "cat: parts have the shapes [2, 3] and [3, 2], which do not fit along dim 0");
    assert_eq!(text(ops::cat(&s, &[], 0, &mut out)), "cat: parts is empty, one tensor at least is needed");
    assert_eq!(text(ops::stack(&s, &[x.view()], 0, &mut out)), "stack: out is [4, 3], [1, 2, 3] is needed");
    let flip = ops::flip(&s, &x, &[1, 1], &mut any(&[2, 3]));
    assert_eq!(text(flip), "flip: dims is [1, 1], dims of x [2, 3], each once, are needed");
    assert_eq!(text(ops::pad(&s, &x, 0, (1, 2), 0.0, &mut out)), "pad: out is [4, 3], [5, 3] is needed");
    assert_eq!(text(ops::tile(&s, &x, &[2], &mut out)), "tile: times is [2], a number for each dim of x [2, 3] is needed");
    let arange = ops::arange(&s, 0.0, 0.5, &mut ids(&[3]));
    assert_eq!(text(arange), "arange: step is 0, a number other than 0 is needed");
    let take = ops::index_select(&s, &x, 0, &x, &mut out);
    assert_eq!(text(take), "index_select: index is [2, 3], [n] is needed");
    let put = ops::scatter_(&s, &mut out, 0, &ids(&[2, 4]), &x, Reduce::Add);
    let needed = "one rank is needed, dim 0 in it, and index no larger but there";
    assert_eq!(text(put), format!("scatter_: x is [4, 3] and index [2, 4]: {needed}"));
    let mut mask = Tensor::zeros(&s, &[8], DType::U8).unwrap();
    let drop = ops::dropout(&s, &x, 0.5, (1, 0), &mut any(&[2, 3]), &mut mask);
    assert_eq!(text(drop), "dropout: mask is [8], [16] is needed");
    assert_eq!(text(ops::all(&s, &x, 1, &mut any(&[2, 1]))), "all: out is f32, bool is needed");
    assert_eq!(text(ops::variance(&s, &x, 2, true, &mut out)), "variance: there is no dim 2 in x [2, 3]");
}
